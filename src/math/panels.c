#include "math/panels.h"

#include "base/memory.h"
#include "base/minmax.h"

#include <stdint.h>

enum { LINE_FLOATS = MEMORY_ALIGNMENT / sizeof(float) };

block block_at(const operand *operand, size_t index)
{
    size_t p = index * operand->k / operand->blocks;
    size_t k = (index + 1) * operand->k / operand->blocks - p;
    return (block){p, k, divide_up(k, operand->kernels->k_pack)};
}

size_t panel_start(const operand *operand, size_t panel)
{
    if (operand->side == A_PANEL)
        return panel * operand->mn / operand->panels;
    return min_size(panel * operand->width, operand->mn);
}

float *panel_address(const operand *operand, float *packed, size_t first, size_t panel,
                     size_t depth)
{
    return packed + (panel_start(operand, panel) - panel_start(operand, first)) * depth;
}

piece piece_of_block(const operand *operand, size_t index, size_t first, size_t end, size_t slice,
                     size_t slices)
{
    const size_t k = block_at(operand, index).k, units = divide_up(k, K_SLICE_MIN);
    piece piece = {.first = first, .end = end, .index = index};
    piece.p = slice * units / slices * K_SLICE_MIN;
    piece.k = min_size((slice + 1) * units / slices * K_SLICE_MIN, k) - piece.p;
    return piece;
}

void pack_piece(const operand *operand, const piece *piece, float *packed, panel_sums *sums)
{
    const gemm_kernels *kernels = operand->kernels;
    const block block = block_at(operand, piece->index);
    const size_t start = panel_start(operand, piece->first), first = block.p + piece->p;
    panel_group panels = {.count = piece->end - piece->first};
    for (size_t i = 0; i < panels.count; i++) {
        size_t panel = piece->first + i;
        panels.mn[i] = panel_start(operand, panel + 1) - panel_start(operand, panel);
        size_t line = operand->side == A_PANEL ? panels.mn[i] : operand->width;
        panels.out[i] = panel_address(operand, packed, piece->first, panel, block.depth) +
                        piece->p / kernels->k_pack * line;
    }
    const size_t ld = operand->ld;
    if (operand->mn_contiguous) {
        kernels->pack_columns(&panels, operand->values + first * ld + start, ld, piece->k,
                              operand->side, sums);
        return;
    }
    const float *from = operand->values + start * ld + first;
    for (size_t i = 0; i < panels.count; from += panels.mn[i++] * ld)
        kernels->pack_rows(panels.out[i], from, ld, panels.mn[i], piece->k, operand->side);
}

void add_panel_sums(const operand *operand, float *row_sums, const panel_sums *sums, size_t first,
                    size_t end)
{
    for (size_t panel = first; panel < end; panel++, sums++) {
        size_t start = panel_start(operand, panel);
        size_t lines = panel_start(operand, panel + 1) - start;
        for (size_t line = 0; line < lines; line++)
            row_sums[start + line] += sums->row_sums[line];
    }
}

prefetch_range prefetch_range_of_piece(const operand *operand, const piece *piece, size_t steps)
{
    const size_t p = block_at(operand, piece->index).p + piece->p;
    const size_t start = panel_start(operand, piece->first);
    const size_t lines = panel_start(operand, piece->end) - start;
    prefetch_range prefetch = {.stride = operand->ld};
    size_t floats;
    if (operand->mn_contiguous) {
        prefetch.row = operand->values + p * operand->ld + start;
        prefetch.rows = piece->k;
        floats = lines;
    } else {
        prefetch.row = operand->values + start * operand->ld + p;
        prefetch.rows = lines;
        floats = piece->k;
    }
    size_t before = (uintptr_t)prefetch.row / sizeof(float) % LINE_FLOATS; /* in its cache line */
    prefetch.cache_lines = divide_up(before + floats, LINE_FLOATS);
    prefetch.at_once = divide_up(prefetch.rows * prefetch.cache_lines, steps);
    return prefetch;
}
