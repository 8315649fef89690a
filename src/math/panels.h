/* The operands of a matrix multiplication, cut into panels (kernels/kernels.h, gemm_kernels) and,
 * along k, into blocks, and packed piece by piece. */
#ifndef MATH_PANELS_H
#define MATH_PANELS_H

#include "base/minmax.h"
#include "math/kernels/kernels.h"

static inline size_t divide_up(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* A [mn = m rows, k], or B [k, mn = n columns]. */
typedef struct operand {
    const gemm_kernels *kernels;
    panel_side side;
    const float
        *values; /* value p of row (column) i: values[mn_contiguous ? p × ld + i : i × ld + p] */
    size_t ld;
    bool mn_contiguous;
    size_t mn, k;
    size_t panels, width; /* width: mr of A, nr of B; the last panel may be narrower */
    size_t blocks;        /* of k */
} operand;

/* A block of k: its start, its length, and the depth of its panels in packed elements. */
typedef struct block {
    size_t p, k, depth;
} block;

block block_at(const operand *operand, size_t index);

/* First row (column) of a panel. A's panels have nearly equal heights, so that none is wasted; B's
 * are full, except the last. */
size_t panel_start(const operand *operand, size_t panel);

/* Address of a packed panel of depth `depth`, where panel `first` is at `packed` and the others
 * follow it. */
float *panel_address(const operand *operand, float *packed, size_t first, size_t panel,
                     size_t depth);

/* Panels `first` … `end` − 1, PANELS_MAX at most, over `k` values of block `index` from its
 * value `p` on, a multiple of K_SLICE_MIN. */
typedef struct piece {
    size_t first, end;
    size_t index, p, k;
} piece;

/* Slice `slice` of `slices` of the panels in a block. */
piece piece_of_block(const operand *operand, size_t index, size_t first, size_t end, size_t slice,
                     size_t slices);

/* `packed`: address of panel `first`. `sums` [panels], of an A that is contiguous along m, are
 * added to; NULL: not wanted. */
void pack_piece(const operand *operand, const piece *piece, float *packed, panel_sums *sums);

/* row_sums [mn] += those of panels `first` … `end` − 1. */
void add_panel_sums(const operand *operand, float *row_sums, const panel_sums *sums, size_t first,
                    size_t end);

/* The cache lines that pack_piece will read, to be prefetched in `steps` > 0 portions. */
prefetch_range prefetch_range_of_piece(const operand *operand, const piece *piece, size_t steps);

#endif
