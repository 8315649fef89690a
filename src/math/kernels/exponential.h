/* exp, tanh and the normal distribution on vectors. The polynomials are minimax fits (Remez) made
 * for these ranges; tests/math/test_activation.c checks the error bounds stated here against double
 * precision. NaN in, NaN out. */
#ifndef MATH_KERNELS_EXPONENTIAL_H
#define MATH_KERNELS_EXPONENTIAL_H

#include "math/kernels/vector.h"

/* exp(r) for |r| ≤ ln 2 / 2. */
INLINE vector exp_of_remainder(vector r)
{
    vector p = r * 0.00138148407215f + 0.00836871638458f;
    p = p * r + 0.0416683848543f;
    p = p * r + 0.166665206359f;
    p = p * r + 0.499999934563f;
    return p * (r * r) + r + 1.0f;
}

/* exp(x) for x ≤ 0: error at most 2 ulp down to −86.6; below that the result is less than 1e-37. x
 * = n ln 2 + r (Cody and Waite). Rounding may bring x above 0: up to 1 or 2 is fine. */
INLINE vector vector_exp_not_above_zero(vector x)
{
    const float round_to_integer = 0x1.8p23f;
    vector inside = vector_maximum(vector_of(-86.6f), x);
    vector shifted = inside * 1.44269504088896341f + round_to_integer;
    vector n = shifted - round_to_integer;
    /* ln 2 as a sum of two constants, the first so short that n times it is exact. */
    vector p = exp_of_remainder((inside - n * 0.693359375f) - n * -2.12194440e-4f);
    /* The low bits of `shifted` hold n: add it to the exponent of p, which is close to 1. */
    p = (vector)((vector_bits)p + ((vector_bits)shifted << 23));
    return vector_keep(vector_not_less(x, vector_of(-86.6f)), p);
}

/* Standard normal distribution Φ(x) and density φ(x) = Φ′(x), from one exponential. With
 * t = 1 / (1 + 0.3 |x|), Φ(−|x|) = exp(−x² / 2) · t · P(t). Φ is within 1e-7 absolutely, and below
 * 0 within 5e-7 + 4e-8 x² relatively, down to x = −12.5. */
INLINE void vector_normal(vector x, vector *distribution, vector *density)
{
    vector t = 1.0f / (vector_absolute(x) * 0.3f + 1.0f);
    vector p = t * -0.0206128137331f + 0.112375692756f;
    p = p * t + -0.228067310845f;
    p = p * t + 0.191581421802f;
    p = p * t + -0.0792471112717f;
    p = p * t + 0.0960577060783f;
    p = p * t + 0.0784256223564f;
    p = p * t + 0.110227314795f;
    p = p * t + 0.119572842303f;
    p = p * t + 0.119686634035f;
    vector bell = vector_exp_not_above_zero(x * x * -0.5f);
    vector tail = bell * (t * p);
    *density = bell * 0.39894228040143267794f;
    *distribution = vector_select(vector_less(vector_of(0), x), 1.0f - tail, tail);
}

/* tanh(x) within 2 ulp: an odd polynomial where |x| < 0.625, (1 − e) / (1 + e), e = exp(−2 |x|),
 * elsewhere. */
INLINE vector vector_tanh(vector x)
{
    vector square = x * x;
    vector p = square * 0.00214753968652f + -0.00818267721648f;
    p = p * square + 0.0217029686088f;
    p = p * square + -0.0539472045817f;
    p = p * square + 0.133332097667f;
    p = p * square + -0.333333309068f;
    vector small = x + x * (square * p);
    vector size = vector_absolute(x);
    vector power = vector_exp_not_above_zero(size * -2.0f);
    vector large = (1.0f - power) / (1.0f + power);
    large = (vector)((vector_bits)large | ((vector_bits)x & 0x80000000u));
    return vector_select(vector_less(size, vector_of(0.625f)), small, large);
}

#endif
