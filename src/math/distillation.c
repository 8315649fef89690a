#include "math/distillation.h"

#include "math/chunks.h"
#include "math/kernels/kernels.h"

#include <math.h>
#include <string.h>

enum {
    LOGITS_CHUNK = 1024, /* logits of a row that are taken at once, on the stack */
    ROWS_AT_ONCE = 256   /* losses held on the stack, so that they are added in order */
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* out[count] = exp((in − maximum) / temperature); returns their sum. */
static double exponentials(const kernels *kernels, float *out, const float *in, size_t count,
                           float maximum, float temperature)
{
    memcpy(out, in, count * sizeof *out);
    kernels->scale(out, count, 1 / temperature);
    return kernels->exponentials(out, out, count, maximum / temperature);
}

static double row_soft_targets(const kernels *kernels, const float *student, float *teacher,
                               size_t classes, float temperature, float scale)
{
    float known[LOGITS_CHUNK], learned[LOGITS_CHUNK];
    float known_maximum = kernels->maximum(teacher, classes);
    float learned_maximum = kernels->maximum(student, classes);
    double known_sum = 0, learned_sum = 0, difference = 0;
    for (size_t start = 0; start < classes; start += LOGITS_CHUNK) {
        size_t count = smaller(LOGITS_CHUNK, classes - start);
        known_sum +=
            exponentials(kernels, known, teacher + start, count, known_maximum, temperature);
        learned_sum +=
            exponentials(kernels, learned, student + start, count, learned_maximum, temperature);
        for (size_t i = 0; i < count; i++)
            difference += (double)known[i] * ((double)teacher[start + i] - student[start + i]);
    }
    for (size_t start = 0; start < classes; start += LOGITS_CHUNK) {
        size_t count = smaller(LOGITS_CHUNK, classes - start);
        exponentials(kernels, known, teacher + start, count, known_maximum, temperature);
        exponentials(kernels, learned, student + start, count, learned_maximum, temperature);
        float known_factor = (float)(scale * temperature / known_sum);
        float learned_factor = (float)(scale * temperature / learned_sum);
        for (size_t i = 0; i < count; i++)
            teacher[start + i] = learned_factor * learned[i] - known_factor * known[i];
    }
    double t = temperature;
    double normalizers =
        (learned_maximum - (double)known_maximum) / t + log(learned_sum / known_sum);
    return t * t * (difference / (t * known_sum) + normalizers);
}

double soft_targets(const float *student, float *teacher, size_t rows, size_t classes,
                    float temperature, float scale)
{
    const kernels *kernels = kernels_active();
    double sum = 0;
    for (size_t start = 0; start < rows; start += ROWS_AT_ONCE) {
        size_t count = smaller(ROWS_AT_ONCE, rows - start);
        double loss[ROWS_AT_ONCE];
#pragma omp parallel for schedule(static) if (count * classes > CHUNK_WORTH_THREADS)
        for (size_t i = 0; i < count; i++) {
            size_t offset = (start + i) * classes;
            loss[i] = row_soft_targets(kernels, student + offset, teacher + offset, classes,
                                       temperature, scale);
        }
        for (size_t i = 0; i < count; i++)
            sum += loss[i];
    }
    return sum;
}

static double row_cosine_distance(float *d_student, const float *student, const float *teacher,
                                  size_t columns, float scale)
{
    double product = 0, own = 1e-12, other = 1e-12;
    for (size_t i = 0; i < columns; i++) {
        product += (double)student[i] * teacher[i];
        own += (double)student[i] * student[i];
        other += (double)teacher[i] * teacher[i];
    }
    double norms = sqrt(own * other), cosine = product / norms;
    for (size_t i = 0; i < columns; i++)
        d_student[i] += (float)(scale * (cosine * student[i] / own - teacher[i] / norms));
    return 1 - cosine;
}

double cosine_distance(float *d_student, const float *student, const float *teacher, size_t rows,
                       size_t columns, float scale)
{
    double sum = 0;
    for (size_t start = 0; start < rows; start += ROWS_AT_ONCE) {
        size_t count = smaller(ROWS_AT_ONCE, rows - start);
        double loss[ROWS_AT_ONCE];
#pragma omp parallel for schedule(static) if (count * columns > CHUNK_WORTH_THREADS)
        for (size_t i = 0; i < count; i++) {
            size_t offset = (start + i) * columns;
            loss[i] = row_cosine_distance(d_student + offset, student + offset, teacher + offset,
                                          columns, scale);
        }
        for (size_t i = 0; i < count; i++)
            sum += loss[i];
    }
    return sum;
}

void values_add(float *sum, const float *other, size_t count)
{
#pragma omp parallel for simd schedule(static) if (count > CHUNK_WORTH_THREADS)
    for (size_t i = 0; i < count; i++)
        sum[i] += other[i];
}
