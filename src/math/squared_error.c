#include "math/squared_error.h"

double squared_error(const float *predictions, float *gradient, const float *targets, size_t rows,
                     size_t columns, float scale)
{
    double sum = 0;
    for (size_t i = 0; i < rows * columns; i++) {
        double error = (double)predictions[i] - targets[i];
        sum += error * error;
        if (gradient)
            gradient[i] = (float)(2.0 * error * scale / (double)columns);
    }
    return sum / (double)columns;
}
