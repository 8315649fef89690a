/* The losses by which a student learns from a teacher (Hinton et al. 2015; Sanh et al. 2019). */
#ifndef MATH_DISTILLATION_H
#define MATH_DISTILLATION_H

#include <stddef.h>

/* The sum over the rows of temperature² × KL(softmax(teacher / temperature) ‖ softmax(student /
 * temperature)), in nats; both logits are [rows, classes]. In place of the teacher's logits stands
 * afterwards scale × the gradient with respect to the student's. */
double soft_targets(const float *student, float *teacher, size_t rows, size_t classes,
                    float temperature, float scale);

/* The sum over the rows of 1 − cos(student, teacher), both [rows, columns]; scale × its gradient is
 * added to d_student. As PyTorch's CosineEmbeddingLoss has it, with 1e-12 beside each square. */
double cosine_distance(float *d_student, const float *student, const float *teacher, size_t rows,
                       size_t columns, float scale);

/* sum[count] += other[count]. */
void values_add(float *sum, const float *other, size_t count);

#endif
