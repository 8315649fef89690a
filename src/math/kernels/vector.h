/* Vectors of floats, as wide as those of the target's instruction set. kernels/ is written once in
 * the vector extensions of GCC and clang and compiled for each instruction set; this file has the
 * intrinsics for what the extensions cannot express efficiently. Included by kernels/instance.inc.
 */
#ifndef MATH_KERNELS_VECTOR_H
#define MATH_KERNELS_VECTOR_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* FOR_EACH_ELEMENT(F): the list F(0), F(1), … F(WIDTH - 1), the constants that a shuffle takes. */
#define FOR_FOUR_ELEMENTS(F, i) F(i), F(i + 1), F(i + 2), F(i + 3)
#define FOR_EIGHT_ELEMENTS(F, i) FOR_FOUR_ELEMENTS(F, i), FOR_FOUR_ELEMENTS(F, i + 4)

#if defined(__AVX512F__)
#include <immintrin.h>
enum { WIDTH = 16 };
#define FOR_EACH_ELEMENT(F) FOR_EIGHT_ELEMENTS(F, 0), FOR_EIGHT_ELEMENTS(F, 8)
#elif defined(__AVX2__)
#include <immintrin.h>
enum { WIDTH = 8 };
#define FOR_EACH_ELEMENT(F) FOR_EIGHT_ELEMENTS(F, 0)
#else
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif
enum { WIDTH = 4 };
#define FOR_EACH_ELEMENT(F) FOR_FOUR_ELEMENTS(F, 0)
#endif

typedef float vector __attribute__((vector_size(4 * WIDTH)));
typedef int32_t vector_int __attribute__((vector_size(4 * WIDTH)));
typedef uint32_t vector_bits __attribute__((vector_size(4 * WIDTH)));
typedef uint64_t vector_long __attribute__((vector_size(4 * WIDTH)));
/* For unaligned loads and stores. */
typedef float vector_memory __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

INLINE vector vector_load(const float *from)
{
    return *(const vector_memory *)from;
}

INLINE void vector_store(float *to, vector value)
{
    *(vector_memory *)to = value;
}

/* The result of a comparison, lane by lane. */
#if defined(__AVX512F__)
typedef __mmask16 vector_mask;
#else
typedef vector_int vector_mask;
#endif

/* The first `count` ≤ WIDTH lanes. */
INLINE vector_mask vector_first(size_t count)
{
#if defined(__AVX512F__)
    return (__mmask16)((1u << count) - 1);
#else
    static const int32_t elements[2 * WIDTH] = {[0 ... WIDTH - 1] = -1};
    vector_mask first;
    memcpy(&first, elements + WIDTH - count, sizeof first);
    return first;
#endif
}

/* Loads `count` ≤ WIDTH elements; the other lanes are `rest`. */
INLINE vector vector_load_partial(const float *from, size_t count, float rest)
{
#if defined(__AVX512F__)
    return (vector)_mm512_mask_loadu_ps(_mm512_set1_ps(rest), vector_first(count), from);
#elif defined(__AVX2__)
    __m256i first = (__m256i)vector_first(count);
    return (vector)_mm256_blendv_ps(_mm256_set1_ps(rest), _mm256_maskload_ps(from, first),
                                    (__m256)first);
#else
    union {
        vector all;
        float each[WIDTH];
    } lanes;
    for (size_t i = 0; i < WIDTH; i++)
        lanes.each[i] = i < count ? from[i] : rest;
    return lanes.all;
#endif
}

INLINE void vector_store_partial(float *to, vector value, size_t count)
{
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(to, vector_first(count), (__m512)value);
#else
    union {
        vector all;
        float each[WIDTH];
    } lanes = {value};
    for (size_t i = 0; i < count; i++)
        to[i] = lanes.each[i];
#endif
}

/* Loads min(left, WIDTH) elements where `left` > 0 remain; the other lanes are `rest`. */
INLINE vector vector_load_run(const float *from, size_t left, float rest)
{
    return left >= WIDTH ? vector_load(from) : vector_load_partial(from, left, rest);
}

INLINE void vector_store_run(float *to, vector value, size_t left)
{
    if (left >= WIDTH)
        vector_store(to, value);
    else
        vector_store_partial(to, value, left);
}

INLINE vector vector_of(float value)
{
    return value - (vector){0};
}

INLINE vector_mask vector_less(vector a, vector b)
{
#if defined(__AVX512F__)
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LT_OQ);
#else
    return a < b;
#endif
}

/* Where a ≥ b, or either is NaN. */
INLINE vector_mask vector_not_less(vector a, vector b)
{
#if defined(__AVX512F__)
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_NLT_UQ);
#else
    return ~(a < b);
#endif
}

/* a ≥ b as unsigned integers. */
INLINE vector_mask bits_at_least(vector_bits a, uint32_t b)
{
#if defined(__AVX512F__)
    return _mm512_cmpge_epu32_mask((__m512i)a, _mm512_set1_epi32((int32_t)b));
#else
    return a >= b;
#endif
}

/* mask ? yes : no. */
INLINE vector vector_select(vector_mask mask, vector yes, vector no)
{
#if defined(__AVX512F__)
    return (vector)_mm512_mask_mov_ps((__m512)no, mask, (__m512)yes);
#elif defined(__AVX2__)
    return (vector)_mm256_blendv_ps((__m256)no, (__m256)yes, (__m256)mask);
#else
    return (vector)((mask & (vector_int)yes) | (~mask & (vector_int)no));
#endif
}

/* mask ? x : 0. */
INLINE vector vector_keep(vector_mask mask, vector x)
{
#if defined(__AVX512F__)
    return (vector)_mm512_maskz_mov_ps(mask, (__m512)x);
#else
    return (vector)(mask & (vector_int)x);
#endif
}

/* max(a, b); `b` where either is NaN. */
INLINE vector vector_maximum(vector a, vector b)
{
#if defined(__AVX512F__)
    return (vector)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__)
    return (vector)_mm256_max_ps((__m256)a, (__m256)b);
#elif defined(__SSE2__)
    return (vector)_mm_max_ps((__m128)a, (__m128)b);
#else
    return vector_select(vector_less(b, a), a, b);
#endif
}

INLINE vector vector_absolute(vector x)
{
    return (vector)((vector_bits)x & 0x7fffffffu);
}

/* Sum of all lanes, pairwise, in the same order in every call. */
INLINE float vector_sum(vector x)
{
    union {
        vector all;
        float each[WIDTH];
    } lanes = {x};
    for (size_t half = WIDTH / 2; half > 0; half /= 2)
        for (size_t i = 0; i < half; i++)
            lanes.each[i] += lanes.each[i + half];
    return lanes.each[0];
}

INLINE float vector_greatest(vector x)
{
    union {
        vector all;
        float each[WIDTH];
    } lanes = {x};
    float greatest = lanes.each[0];
    for (size_t i = 1; i < WIDTH; i++)
        greatest = lanes.each[i] > greatest ? lanes.each[i] : greatest;
    return greatest;
}

/* 32 × 32 → 64 bits: the product of the low halves of a and b, lane by lane. */
INLINE vector_long vector_multiply_low(vector_long a, vector_long b)
{
#if defined(__AVX512F__)
    return (vector_long)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    return (vector_long)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
    return (vector_long)_mm_mul_epu32((__m128i)a, (__m128i)b);
#elif defined(__aarch64__)
    return (vector_long)vmull_u32(vmovn_u64((uint64x2_t)a), vmovn_u64((uint64x2_t)b));
#else
    const vector_long low = (vector_long){0} + 0xffffffffu;
    return (a & low) * (b & low);
#endif
}

/* A vector consists of 128-bit lanes of four floats; moving values between lanes is expensive.
 * Returns the even (or odd) lanes of x, followed by those of y. */
INLINE vector vector_every_second_lane(vector x, vector y, int odd)
{
#if defined(__AVX512F__)
    return odd ? (vector)_mm512_shuffle_f32x4((__m512)x, (__m512)y, 0xdd)
               : (vector)_mm512_shuffle_f32x4((__m512)x, (__m512)y, 0x88);
#else
#define EVEN_LANE(i) ((i) / 4 * 8 + (i) % 4)
#define ODD_LANE(i) (EVEN_LANE(i) + 4)
    return odd ? __builtin_shufflevector(x, y, FOR_EACH_ELEMENT(ODD_LANE))
               : __builtin_shufflevector(x, y, FOR_EACH_ELEMENT(EVEN_LANE));
#undef EVEN_LANE
#undef ODD_LANE
#endif
}

/* In each lane, interleaves the first (or last) two elements of x and y. */
#define LOW_ELEMENT(i) ((i) / 4 * 4 + (i) % 4 / 2 + (i) % 2 * WIDTH)
#define HIGH_ELEMENT(i) (LOW_ELEMENT(i) + 2)

INLINE vector interleave_low(vector x, vector y)
{
    return __builtin_shufflevector(x, y, FOR_EACH_ELEMENT(LOW_ELEMENT));
}

INLINE vector interleave_high(vector x, vector y)
{
    return __builtin_shufflevector(x, y, FOR_EACH_ELEMENT(HIGH_ELEMENT));
}

/* In each lane, the first (or last) pair of elements of x, then that of y. */
#define LOW_PAIR(i) ((i) / 4 * 4 + (i) % 2 + (i) % 4 / 2 * WIDTH)
#define HIGH_PAIR(i) (LOW_PAIR(i) + 2)

INLINE vector interleave_low_pairs(vector x, vector y)
{
    return __builtin_shufflevector(x, y, FOR_EACH_ELEMENT(LOW_PAIR));
}

INLINE vector interleave_high_pairs(vector x, vector y)
{
    return __builtin_shufflevector(x, y, FOR_EACH_ELEMENT(HIGH_PAIR));
}

/* Transposes a WIDTH × WIDTH block in place: first 4 × 4 blocks within each lane, by interleaving
 * single values and then pairs; then whole lanes are permuted. */
INLINE void vector_transpose(vector rows[WIDTH])
{
    enum { LANES = WIDTH / 4 };
#pragma GCC unroll 4
    for (int i = 0; i < WIDTH; i += 4) {
        vector first = interleave_low(rows[i], rows[i + 1]);
        vector second = interleave_high(rows[i], rows[i + 1]);
        vector third = interleave_low(rows[i + 2], rows[i + 3]);
        vector fourth = interleave_high(rows[i + 2], rows[i + 3]);
        rows[i] = interleave_low_pairs(first, third);
        rows[i + 1] = interleave_high_pairs(first, third);
        rows[i + 2] = interleave_low_pairs(second, fourth);
        rows[i + 3] = interleave_high_pairs(second, fourth);
    }
    /* Lane j of row 4 i + column holds rows 4 i … 4 i + 3 of column 4 j + column. */
#pragma GCC unroll 4
    for (int column = 0; column < 4; column++) {
#pragma GCC unroll 2
        for (int round = 1; round < LANES; round *= 2) {
            vector mixed[LANES];
#pragma GCC unroll 2
            for (int i = 0; i < LANES; i += 2)
#pragma GCC unroll 2
                for (int odd = 0; odd < 2; odd++)
                    mixed[odd * LANES / 2 + i / 2] = vector_every_second_lane(
                        rows[4 * i + column], rows[4 * i + 4 + column], odd);
#pragma GCC unroll 4
            for (int i = 0; i < LANES; i++)
                rows[4 * i + column] = mixed[i];
        }
    }
}

#endif
