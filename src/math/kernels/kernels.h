/* The inner loops of math/, compiled once for each instruction set and selected at run time from
 * what the processor supports. The environment variable BERT_KERNELS = avx512_amx | avx512_bf16 |
 * avx512 | avx2 | generic selects one; a name that the processor or the build does not support is
 * ignored. */
#ifndef MATH_KERNELS_KERNELS_H
#define MATH_KERNELS_KERNELS_H

#include "math/kernels/attention.h"

#include <stdbool.h>

enum { MR_MAX = 32 };

/* A panel may be packed in slices of k; every slice but the last is a multiple of this many values.
 */
enum { K_SLICE_MIN = 32 };

typedef enum panel_side { A_PANEL, B_PANEL } panel_side;

/* Adjacent panels: panel i has the next mn[i] > 0 rows of A, or columns of B. */
enum { PANELS_MAX = 8 };
typedef struct panel_group {
    size_t count;
    float *out[PANELS_MAX];
    size_t mn[PANELS_MAX];
} panel_group;

/* Sums over k of the rows of one A panel. */
typedef struct panel_sums {
    float row_sums[MR_MAX];
} panel_sums;

/* Steps of depth between two calls of prefetch_some. */
enum { PREFETCH_INTERVAL = 8 };

/* A block of a matrix to prefetch: `cache_lines` of each of its rows, a few at a time while the
 * micro-kernel runs. */
typedef struct prefetch_range {
    const float *row;
    size_t stride, rows;               /* floats from row to row; rows left */
    size_t cache_lines;                /* of each row */
    size_t cache_line;                 /* the next one of the present row */
    size_t at_once;                    /* cache lines to prefetch at a time */
    const struct prefetch_range *next; /* prefetched after this one; NULL: none */
} prefetch_range;

/* Matrix multiplications work on packed panels. A B panel is [depth][nr], zero after the last
 * column. An A panel has rows ≤ mr: consecutive blocks [rows][block_depth], the last one with the
 * remaining depth; with block_depth = 1 that is [depth][rows]. An element of a panel is a float, or
 * two neighbours of k as bfloat16 (the first in the low half; a zero after the last of odd k). */
typedef struct gemm_kernels {
    size_t mr;
    size_t k_pack;      /* depth = k / k_pack, rounded up */
    size_t block_depth; /* of an A panel */
    size_t kc;          /* an mr × kc block fills two thirds of L1 */

    /* An operand contiguous along k: row i < count of the panel is in[i × ld + p], p < k. */
    void (*pack_rows)(float *out, const float *in, size_t ld, size_t count, size_t k,
                      panel_side side);
    /* An operand contiguous along m or n: row i of all panels together is in[p × ld + i], p < k.
     * With `sums`, one for each panel (A only), the unrounded values are added to its row sums. */
    void (*pack_columns)(const panel_group *panels, const float *in, size_t ld, size_t k,
                         panel_side side, panel_sums *sums);
    /* c[rows, columns] = (accumulate ? c : 0) + a · b + (bias ? bias : 0); a is one A panel, b as
     * many B panels as the columns need. Issues some of `prefetch` meanwhile. */
    void (*multiply_panel)(size_t rows, size_t columns, size_t depth, const float *a,
                           const float *b, float *c, size_t ldc, const float *bias, bool accumulate,
                           prefetch_range *prefetch);
} gemm_kernels;

/* An activation function over a run of elements, on the calling thread. */
typedef struct activation_kernel {
    const char *name; /* as config.json's hidden_act */
    void (*forward)(float *out, const float *in, size_t count);
    /* out = f(in) too, unless it is NULL. Any of the arrays may be the same. */
    void (*backward)(float *d_in, float *out, const float *d_out, const float *in, size_t count);
} activation_kernel;

typedef struct kernels {
    const char *name;

    size_t nr;
    gemm_kernels float32, bfloat16;

    const activation_kernel *activations; /* terminated by an entry without a name */
    void (*tanh_forward)(float *out, const float *in, size_t count);

    /* One row. */
    void (*dropout)(float *out, const float *in, uint64_t row_key, size_t columns,
                    const dropout *dropout);
    /* Where residual is not NULL, sum = residual + dropout(in) is normalised, else in. */
    void (*layernorm_forward)(float *out, float *sum, float *mean, float *reciprocal_deviation,
                              const float *in, const float *residual, const dropout *dropout,
                              uint64_t row_key, const float *gamma, const float *beta,
                              size_t columns, float epsilon);
    /* gamma_sums and beta_sums [columns] are added to. */
    void (*layernorm_backward)(float *d_in, float *gamma_sums, float *beta_sums, const float *d_out,
                               const float *in, float mean, float reciprocal_deviation,
                               const float *gamma, size_t columns);
    float (*maximum)(const float *x, size_t count);
    /* Sum of exp(in − shift); the terms go to `out` unless it is NULL. */
    double (*exponentials)(float *out, const float *in, size_t count, float shift);
    void (*scale)(float *values, size_t count, float factor);

    /* One head of one sequence. `floats`, the length of the workspace, is at least
     * attention_workspace(size); a longer one is made use of. log_sum_exp [queries] may be NULL in
     * the forward pass. The gradients are overwritten; their rows have the strides of query, key
     * and value. The backward pass needs at least one query. */
    size_t (*attention_workspace)(size_t size);
    void (*attention_forward)(float *out, float *log_sum_exp, const attention_head *head,
                              float *workspace, size_t floats);
    void (*attention_backward)(float *d_query, float *d_key, float *d_value, const float *d_out,
                               const float *out, const float *log_sum_exp,
                               const attention_head *head, float *workspace, size_t floats);
} kernels;

/* The kernels in use: selected at the first call, then fixed for the life of the process. */
const kernels *kernels_active(void);

/* Kernels by name; NULL where the processor or the build does not support them. */
const kernels *kernels_named(const char *name);

extern const kernels kernels_generic;
#if defined(__x86_64__)
extern const kernels kernels_avx2, kernels_avx512, kernels_avx512_bf16, kernels_avx512_amx;
#endif

#endif
