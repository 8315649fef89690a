/* Filling memory: with one value, or with the normal numbers that weights start from. */
#ifndef MATH_FILL_H
#define MATH_FILL_H

#include <stddef.h>
#include <stdint.h>

/* values[count] = value. */
void values_fill(float *values, size_t count, float value);

/* values[count] = 0: of large memory faster than values_fill, as it is not read first. */
void values_zero(float *values, size_t count);

/* values[count] drawn from normal(0, deviation): element i is a function of (seed, index, i) alone,
 * by Box and Muller's method on the stream (seed, RANDOM_INITIAL_WEIGHTS, index). Only operations
 * that IEEE 754 rounds exactly are used, so every machine gets the same bits. */
void normal_fill(float *values, size_t count, double deviation, uint64_t seed, uint64_t index);

/* values[positions, columns]: in row p, columns 2i and 2i + 1 are sine and cosine of
 * p / 10000^(2i / columns) (Vaswani et al. 2017, 3.5). */
void sinusoids_fill(float *values, size_t positions, size_t columns);

#endif
