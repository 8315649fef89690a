#include "math/panels.h"

#include "base/memory.h"

#include <stdint.h>

enum { LINE_FLOATS = MEMORY_ALIGNMENT / sizeof(float) };

block block_at(const operand *operand, size_t index)
{
    size_t p = index * operand->k / operand->blocks;
    size_t k = (index + 1) * operand->k / operand->blocks - p;
    return (block){p, k, divide_up(k, operand->operations->values_in_place)};
}

size_t panel_start(const operand *operand, size_t panel)
{
    if (operand->side == A_PANEL)
        return panel * operand->lines / operand->panels;
    return smaller(panel * operand->full, operand->lines);
}

float *panel_place(const operand *operand, float *packed, size_t first, size_t panel, size_t depth)
{
    return packed + (panel_start(operand, panel) - panel_start(operand, first)) * depth;
}

piece piece_of_block(const operand *operand, size_t index, size_t first, size_t end, size_t slice,
                     size_t slices)
{
    const size_t k = block_at(operand, index).k, units = divide_up(k, PIECE_VALUES);
    piece piece = {.first = first, .end = end, .index = index};
    piece.p = slice * units / slices * PIECE_VALUES;
    piece.k = smaller((slice + 1) * units / slices * PIECE_VALUES, k) - piece.p;
    return piece;
}

void pack_piece(const operand *operand, const piece *piece, float *packed, panel_sums *sums)
{
    const product_kernels *operations = operand->operations;
    const block block = block_at(operand, piece->index);
    const size_t start = panel_start(operand, piece->first), first = block.p + piece->p;
    side_panels panels = {.count = piece->end - piece->first};
    for (size_t i = 0; i < panels.count; i++) {
        size_t panel = piece->first + i;
        panels.lines[i] = panel_start(operand, panel + 1) - panel_start(operand, panel);
        size_t line = operand->side == A_PANEL ? panels.lines[i] : operand->full;
        panels.out[i] = panel_place(operand, packed, piece->first, panel, block.depth) +
                        piece->p / operations->values_in_place * line;
    }
    const size_t ld = operand->ld;
    if (operand->across) {
        operations->pack_columns(&panels, operand->values + first * ld + start, ld, piece->k,
                                 operand->side, sums);
        return;
    }
    const float *from = operand->values + start * ld + first;
    for (size_t i = 0; i < panels.count; from += panels.lines[i++] * ld)
        operations->pack_rows(panels.out[i], from, ld, panels.lines[i], piece->k, operand->side);
}

void add_panel_sums(const operand *operand, float *row_sums, const panel_sums *sums, size_t first,
                    size_t end)
{
    for (size_t panel = first; panel < end; panel++, sums++) {
        size_t start = panel_start(operand, panel);
        size_t lines = panel_start(operand, panel + 1) - start;
        for (size_t line = 0; line < lines; line++)
            row_sums[start + line] += sums->of_lines[line];
    }
}

ahead ahead_of_piece(const operand *operand, const piece *piece, size_t steps)
{
    const size_t p = block_at(operand, piece->index).p + piece->p;
    const size_t start = panel_start(operand, piece->first);
    const size_t lines = panel_start(operand, piece->end) - start;
    ahead ahead = {.stride = operand->ld};
    size_t floats;
    if (operand->across) {
        ahead.row = operand->values + p * operand->ld + start;
        ahead.rows = piece->k;
        floats = lines;
    } else {
        ahead.row = operand->values + start * operand->ld + p;
        ahead.rows = lines;
        floats = piece->k;
    }
    size_t before = (uintptr_t)ahead.row / sizeof(float) % LINE_FLOATS; /* in its line of cache */
    ahead.lines = divide_up(before + floats, LINE_FLOATS);
    ahead.at_once = divide_up(ahead.rows * ahead.lines, steps);
    return ahead;
}
