#include "math/distillation.h"

#include "base/minmax.h"
#include "math/chunks.h"
#include "math/kernels/kernels.h"
#include "math/reduce.h"

#include <math.h>
#include <string.h>

enum { LOGITS_CHUNK = 1024 }; /* logits of a row that are taken at once, on the stack */

/* out[count] = exp((in − maximum) / temperature); returns their sum. */
static double exponentials(const kernels *kernels, float *out, const float *in, size_t count,
                           float maximum, float temperature)
{
    memcpy(out, in, count * sizeof *out);
    kernels->scale(out, count, 1 / temperature);
    return kernels->exponentials(out, out, count, maximum / temperature);
}

typedef struct soft_target_arguments {
    const kernels *kernels;
    const float *student; /* [rows, classes] */
    float *teacher;       /* the same: logits, and then the gradient */
    size_t classes;
    float temperature, scale;
} soft_target_arguments;

static double row_soft_targets(void *context, size_t row)
{
    const soft_target_arguments *arguments = context;
    const kernels *kernels = arguments->kernels;
    const size_t classes = arguments->classes;
    const float temperature = arguments->temperature, scale = arguments->scale;
    const float *student = arguments->student + row * classes;
    float *teacher = arguments->teacher + row * classes;
    float known[LOGITS_CHUNK], learned[LOGITS_CHUNK];
    float known_maximum = kernels->maximum(teacher, classes);
    float learned_maximum = kernels->maximum(student, classes);
    double known_sum = 0, learned_sum = 0, difference = 0;
    for (size_t start = 0; start < classes; start += LOGITS_CHUNK) {
        size_t count = min_size(LOGITS_CHUNK, classes - start);
        known_sum +=
            exponentials(kernels, known, teacher + start, count, known_maximum, temperature);
        learned_sum +=
            exponentials(kernels, learned, student + start, count, learned_maximum, temperature);
        for (size_t i = 0; i < count; i++)
            difference += (double)known[i] * ((double)teacher[start + i] - student[start + i]);
    }
    for (size_t start = 0; start < classes; start += LOGITS_CHUNK) {
        size_t count = min_size(LOGITS_CHUNK, classes - start);
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
    soft_target_arguments arguments = {.kernels = kernels_active(),
                                       .student = student,
                                       .teacher = teacher,
                                       .classes = classes,
                                       .temperature = temperature,
                                       .scale = scale};
    return sum_over_rows(rows, classes, row_soft_targets, &arguments);
}

typedef struct cosine_arguments {
    float *d_student;
    const float *student, *teacher; /* [rows, columns], all three */
    size_t columns;
    float scale;
} cosine_arguments;

static double row_cosine_distance(void *context, size_t row)
{
    const cosine_arguments *arguments = context;
    const size_t columns = arguments->columns, offset = row * columns;
    const float *student = arguments->student + offset, *teacher = arguments->teacher + offset;
    float *d_student = arguments->d_student + offset, scale = arguments->scale;
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
    cosine_arguments arguments = {.d_student = d_student,
                                  .student = student,
                                  .teacher = teacher,
                                  .columns = columns,
                                  .scale = scale};
    return sum_over_rows(rows, columns, row_cosine_distance, &arguments);
}
