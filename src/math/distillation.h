/* The losses by which a student learns from a teacher (Hinton et al. 2015; Sanh et al. 2019), on
 * the CPU: see operations.h. */
#ifndef MATH_DISTILLATION_H
#define MATH_DISTILLATION_H

#include <stddef.h>

double soft_targets(const float *student, float *teacher, size_t rows, size_t classes,
                    float temperature, float scale);
double cosine_distance(float *d_student, const float *student, const float *teacher, size_t rows,
                       size_t columns, float scale);

#endif
