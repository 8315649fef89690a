/* The inner loops of math/, compiled once for each instruction set and chosen at run time by what
 * the processor can do. The environment variable BERT_KERNELS = avx512 | avx2 | generic asks for
 * one of them; where it names none, or one that the processor or the build does not have, it is as
 * if it were not set. */
#ifndef MATH_KERNELS_KERNELS_H
#define MATH_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct kernels {
    const char *name;

    /* Matrix products work on panels: an A panel is [k][rows] with rows ≤ tile_rows, a B panel
     * [k][tile_columns], filled with zeros behind the last column. */
    size_t tile_rows, tile_columns;

    /* out[p × stride + i] = in[i × ld + p] for i < count ≤ stride, p < k; zeros for i ≥ count.
     * stride is tile_columns, or count ≤ tile_rows. */
    void (*pack_rows)(float *out, const float *in, size_t ld, size_t count, size_t k,
                      size_t stride);
    /* out[p × stride + i] = in[p × ld + i]. */
    void (*pack_columns)(float *out, const float *in, size_t ld, size_t count, size_t k,
                         size_t stride);
    /* c[rows, columns] = (accumulate ? c : 0) + a · b + (bias ? bias : 0); a is one A panel, b as
     * many B panels as the columns need. */
    void (*multiply_panel)(size_t rows, size_t columns, size_t k, const float *a, const float *b,
                           float *c, size_t ldc, const float *bias, bool accumulate);

    /* One run of elements, on the calling thread. */
    void (*gelu_forward)(float *out, const float *in, size_t count);
    void (*gelu_backward)(float *d_in, const float *d_out, const float *in, size_t count);
    void (*tanh_forward)(float *out, const float *in, size_t count);
} kernels;

/* Those in use; the same for the whole life of the process. */
const kernels *kernels_active(void);

/* Those of one name; NULL where the processor or the build does not have them. */
const kernels *kernels_named(const char *name);

extern const kernels kernels_generic;
#if defined(__x86_64__)
extern const kernels kernels_avx2, kernels_avx512;
#endif

#endif
