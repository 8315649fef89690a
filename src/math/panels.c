#include "math/panels.h"

#include "base/memory.h"

#include <stdint.h>

enum {
    PACK_LINES = 32, /* fewer than the first translation buffer has pages */
    LINE_FLOATS = MEMORY_ALIGNMENT / sizeof(float),
};
_Static_assert(PACK_LINES % PIECE_VALUES == 0, "pack_piece packs panels in pieces");

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

void pack_piece(const operand *operand, const piece *piece, float *packed, panel_sums *sums)
{
    const product_kernels *operations = operand->operations;
    const size_t values = operations->values_in_place, ld = operand->ld;
    const block block = block_at(operand, piece->index);
    const size_t panels = piece->end - piece->first;
    float *out[MOST_PIECE_PANELS];
    size_t starts[MOST_PIECE_PANELS], counts[MOST_PIECE_PANELS];
    size_t line[MOST_PIECE_PANELS]; /* floats of a line of the panel */
    for (size_t i = 0; i < panels; i++) {
        size_t panel = piece->first + i;
        starts[i] = panel_start(operand, panel);
        counts[i] = panel_start(operand, panel + 1) - starts[i];
        line[i] = operand->side == A_PANEL ? counts[i] : operand->full;
        out[i] = panel_place(operand, packed, piece->first, panel, block.depth) +
                 piece->p / values * line[i];
    }
    const size_t first = block.p + piece->p;
    if (!operand->across) {
        for (size_t i = 0; i < panels; i++)
            operations->pack_rows(out[i], operand->values + starts[i] * ld + first, ld, counts[i],
                                  piece->k, operand->side);
        return;
    }
    /* Side by side, some lines at a time: what one panel leaves of a cache line, and of a page, the
     * next one takes. */
    for (size_t p = 0; p < piece->k; p += PACK_LINES)
        for (size_t i = 0; i < panels; i++)
            operations->pack_columns(out[i] + p / values * line[i],
                                     operand->values + (first + p) * ld + starts[i], ld, counts[i],
                                     smaller(PACK_LINES, piece->k - p), operand->side,
                                     sums ? sums[i].of_lines : NULL);
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
