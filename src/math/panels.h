/* The operands of a matrix product, cut into panels (kernels/kernels.h, product_kernels) and, along
 * k, into blocks, and packed piece by piece. */
#ifndef MATH_PANELS_H
#define MATH_PANELS_H

#include "math/kernels/kernels.h"

static inline size_t divide_up(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

static inline size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* A or B: lines × k values. */
typedef struct operand {
    const product_kernels *operations;
    panel_side side;
    const float *values; /* value p of line i: values[across ? p × ld + i : i × ld + p] */
    size_t ld;
    bool across;
    size_t lines, k;
    size_t panels, full; /* panels; lines of a full one */
    size_t blocks;       /* of k */
} operand;

/* A block of k: its start, its length, and how deep its panels are. */
typedef struct block {
    size_t p, k, depth;
} block;

block block_at(const operand *operand, size_t index);

/* First line of a panel. A's panels are of equal height, to waste none; B's are full, but for the
 * last. */
size_t panel_start(const operand *operand, size_t panel);

/* Where a panel of a block so deep lies, if panel `first` lies at `packed` and those behind it
 * follow. */
float *panel_place(const operand *operand, float *packed, size_t first, size_t panel, size_t depth);

/* Panels `first` … `end` − 1, MOST_SIDE_PANELS at most, over `k` values of block `index` from its
 * value `p` on, a multiple of PIECE_VALUES. */
typedef struct piece {
    size_t first, end;
    size_t index, p, k;
} piece;

/* Slice `slice` of `slices` of the panels in a block. */
piece piece_of_block(const operand *operand, size_t index, size_t first, size_t end, size_t slice,
                     size_t slices);

/* `packed`: where panel `first` lies. `sums` [panels], of an A whose matrix lines run across, are
 * added to; NULL: not wanted. */
void pack_piece(const operand *operand, const piece *piece, float *packed, panel_sums *sums);

/* row_sums [lines of the operand] += those of panels `first` … `end` − 1. */
void add_panel_sums(const operand *operand, float *row_sums, const panel_sums *sums, size_t first,
                    size_t end);

/* The lines of cache that pack_piece will read, to be asked for in `steps` > 0 portions. */
ahead ahead_of_piece(const operand *operand, const piece *piece, size_t steps);

#endif
