/* The inner loops of math/, compiled once for each instruction set and chosen at run time by what
 * the processor can do. The environment variable BERT_KERNELS = avx512_amx | avx512_bf16 |
 * avx512 | avx2 | generic asks for one of them; where it names none, or one that the processor or
 * the build does not have, it is as if it were not set. */
#ifndef MATH_KERNELS_KERNELS_H
#define MATH_KERNELS_KERNELS_H

#include "math/kernels/attention.h"

#include <stdbool.h>

enum { MOST_TILE_ROWS = 32 };

/* A panel may be packed in pieces of k, each but the last of a multiple of so many values. */
enum { PIECE_VALUES = 32 };

typedef enum panel_side { A_PANEL, B_PANEL } panel_side;

/* Panels side by side: of the lines of a matrix, panel i takes the next lines[i] > 0. */
enum { MOST_SIDE_PANELS = 8 };
typedef struct side_panels {
    size_t count;
    float *out[MOST_SIDE_PANELS];
    size_t lines[MOST_SIDE_PANELS];
} side_panels;

/* Sums of the lines of one panel of A. */
typedef struct panel_sums {
    float of_lines[MOST_TILE_ROWS];
} panel_sums;

/* Places of depth from one time that memory is asked for something to the next. */
enum { AHEAD_PLACES = 8 };

/* A part of a matrix that is wanted soon: `lines` lines of cache of each of its rows, asked for a
 * few at a time while something else is computed. */
typedef struct ahead {
    const float *row;
    size_t stride, rows, lines; /* stride: floats from row to row; rows: that are left */
    size_t line;                /* of the row, that comes next */
    size_t at_once;             /* lines to ask for at a time */
    const struct ahead *then;   /* wanted when this has been asked for; NULL: nothing */
} ahead;

/* Matrix products work on panels. A B panel is [depth][tile_columns], filled with zeros behind the
 * last column. An A panel has rows ≤ tile_rows: blocks [rows][block_places] one behind the other,
 * in the last one as many places as are left of depth; with block_places = 1 that is [depth][rows].
 * A place of a panel is a float, or two neighbours of k as bfloat16 (the first in the low half; a
 * zero behind the last of odd k). */
typedef struct product_kernels {
    size_t tile_rows;
    size_t values_in_place; /* depth = k / values_in_place, rounded up */
    size_t block_places;    /* of an A panel */
    size_t best_depth;      /* tile_rows of it fill two thirds of the processors' L1 */

    /* Line i of a panel, i < count, is in[i × ld + p] for p < k. */
    void (*pack_rows)(float *out, const float *in, size_t ld, size_t count, size_t k,
                      panel_side side);
    /* Line i of all panels together is in[p × ld + i] for p < k. Where there are `sums`, one for
     * each panel, the panels are of A, and what goes into a line is added up, not rounded. */
    void (*pack_columns)(const side_panels *panels, const float *in, size_t ld, size_t k,
                         panel_side side, panel_sums *sums);
    /* c[rows, columns] = (accumulate ? c : 0) + a · b + (bias ? bias : 0); a is one A panel, b as
     * many B panels as the columns need. Meanwhile some of what lies `ahead` is asked for. */
    void (*multiply_panel)(size_t rows, size_t columns, size_t depth, const float *a,
                           const float *b, float *c, size_t ldc, const float *bias, bool accumulate,
                           ahead *ahead);
} product_kernels;

/* An activation function over a run of elements, on the calling thread. */
typedef struct activation_kernel {
    const char *name; /* as config.json's hidden_act */
    void (*forward)(float *out, const float *in, size_t count);
    /* out = f(in) too, unless it is NULL. Any of the arrays may be the same. */
    void (*backward)(float *d_in, float *out, const float *d_out, const float *in, size_t count);
} activation_kernel;

typedef struct kernels {
    const char *name;

    size_t tile_columns;
    product_kernels float32, bfloat16;

    const activation_kernel *activations; /* up to one without a name */
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

    /* One head of one sequence. The workspace has at least attention_workspace(size) floats; more
     * of it is used. log_sum_exp [queries] may be NULL in the forward pass; the gradients are
     * overwritten, their rows as far apart as those of query, key and value. Backward, there is at
     * least one query. */
    size_t (*attention_workspace)(size_t size);
    void (*attention_forward)(float *out, float *log_sum_exp, const attention_head *head,
                              float *workspace, size_t floats);
    void (*attention_backward)(float *d_query, float *d_key, float *d_value, const float *d_out,
                               const float *out, const float *log_sum_exp,
                               const attention_head *head, float *workspace, size_t floats);
} kernels;

/* Those in use; the same for the whole life of the process. */
const kernels *kernels_active(void);

/* Those of one name; NULL where the processor or the build does not have them. */
const kernels *kernels_named(const char *name);

extern const kernels kernels_generic;
#if defined(__x86_64__)
extern const kernels kernels_avx2, kernels_avx512, kernels_avx512_bf16, kernels_avx512_amx;
#endif

#endif
