/* Attention where the workspace is too small for a block (attention_plain.c). */
#ifndef MATH_ATTENTION_PLAIN_H
#define MATH_ATTENTION_PLAIN_H

#include "math/kernels/attention.h"

/* As the functions of the same names in kernels/kernels.h. */
void attention_forward_plain(float *out, float *log_sum_exp, const attention_head *head);
void attention_backward_plain(float *d_query, float *d_key, float *d_value, const float *d_out,
                              const float *out, const float *log_sum_exp,
                              const attention_head *head);

#endif
