/* Filling, copying and adding flat memory on the CPU: see operations.h. */
#ifndef MATH_FILL_H
#define MATH_FILL_H

#include <stddef.h>
#include <stdint.h>

void values_fill(float *out, size_t count, float value);
void values_zero(float *out, size_t count);
void values_copy(float *out, const float *in, size_t count);
void values_add(float *sum, const float *other, size_t count);
void values_axpby(float *y, const float *x, size_t count, float a, float b);
void normal_fill(float *out, size_t count, double deviation, uint64_t seed, uint64_t index);
void sinusoids_fill(float *out, size_t positions, size_t columns);

#endif
