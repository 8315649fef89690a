#include "math/layernorm.h"

#include <math.h>

void layernorm_forward(float *out, float *mean, float *reciprocal_deviation, const float *in,
                       const float *gamma, const float *beta, size_t rows, size_t columns,
                       float epsilon)
{
#pragma omp parallel for schedule(static)
    for (size_t row = 0; row < rows; row++) {
        const float *x = in + row * columns;
        float *y = out + row * columns;
        double sum = 0, squares = 0;
        for (size_t column = 0; column < columns; column++)
            sum += x[column];
        double average = sum / (double)columns;
        for (size_t column = 0; column < columns; column++)
            squares += (x[column] - average) * (x[column] - average);
        double scale = 1 / sqrt(squares / (double)columns + epsilon);
        for (size_t column = 0; column < columns; column++)
            y[column] = (float)((x[column] - average) * scale) * gamma[column] + beta[column];
        if (mean) {
            mean[row] = (float)average;
            reciprocal_deviation[row] = (float)scale;
        }
    }
}

void layernorm_backward(float *d_in, float *d_gamma, float *d_beta, const float *d_out,
                        const float *in, const float *mean, const float *reciprocal_deviation,
                        const float *gamma, size_t rows, size_t columns)
{
#pragma omp parallel for schedule(static)
    for (size_t column = 0; column < columns; column++) {
        float gamma_sum = 0, beta_sum = 0;
        for (size_t row = 0; row < rows; row++) {
            size_t i = row * columns + column;
            gamma_sum += d_out[i] * (in[i] - mean[row]) * reciprocal_deviation[row];
            beta_sum += d_out[i];
        }
        d_gamma[column] += gamma_sum;
        d_beta[column] += beta_sum;
    }
#pragma omp parallel for schedule(static)
    for (size_t row = 0; row < rows; row++) {
        const float *x = in + row * columns, *dy = d_out + row * columns;
        float *dx = d_in + row * columns;
        double sum = 0, products = 0;
        for (size_t column = 0; column < columns; column++) {
            float gradient = dy[column] * gamma[column];
            sum += gradient;
            products += gradient * (x[column] - mean[row]) * reciprocal_deviation[row];
        }
        double average = sum / (double)columns, projection = products / (double)columns;
        for (size_t column = 0; column < columns; column++) {
            double normal = (x[column] - mean[row]) * reciprocal_deviation[row];
            dx[column] = (float)(reciprocal_deviation[row] *
                                 (dy[column] * gamma[column] - average - normal * projection));
        }
    }
}

void dropout_residual_layernorm_forward(float *out, float *sum, float *mean,
                                        float *reciprocal_deviation, const float *in,
                                        const float *residual, const dropout *dropout,
                                        const uint64_t *row_keys, const float *gamma,
                                        const float *beta, size_t rows, size_t columns,
                                        float epsilon)
{
    dropout_apply(sum, in, row_keys, rows, columns, dropout);
    for (size_t i = 0; i < rows * columns; i++)
        sum[i] += residual[i];
    layernorm_forward(out, mean, reciprocal_deviation, sum, gamma, beta, rows, columns, epsilon);
}

void dropout_residual_layernorm_backward(float *d_in, float *d_residual, float *d_gamma,
                                         float *d_beta, const float *d_out, const float *sum,
                                         const float *mean, const float *reciprocal_deviation,
                                         const dropout *dropout, const uint64_t *row_keys,
                                         const float *gamma, size_t rows, size_t columns)
{
    layernorm_backward(d_residual, d_gamma, d_beta, d_out, sum, mean, reciprocal_deviation, gamma,
                       rows, columns);
    dropout_apply(d_in, d_residual, row_keys, rows, columns, dropout);
}
