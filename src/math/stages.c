#include "math/stages.h"

#include <sched.h>

enum {
    UNIT_PANELS = 8,   /* of a unit whose matrix lines run mn_contiguous */
    SLICE_VALUES = 64, /* of k of such a unit */
    SPINS = 2000,      /* before a waiting thread yields */
};
_Static_assert((int)UNIT_PANELS <= (int)PANELS_MAX, "a unit is packed in one call");

static size_t blocks_of(const stages *stages)
{
    return stages->end_block - stages->first_block;
}

size_t stages_count(const stages *stages)
{
    return stages->chunks * (blocks_of(stages) / stages->stage_blocks);
}

void stages_plan(stages *stages, size_t chunks, bool one_block)
{
    const operand *operand = stages->operand;
    size_t panels = stages->end - stages->first, blocks = blocks_of(stages);
    stages->stage_blocks = one_block ? 1 : blocks;
    size_t most = max_size(1, MOST_STAGES / (blocks / stages->stage_blocks));
    stages->chunks = min_size(min_size(chunks, most), panels);
    /* Row sums are added in the order of k: one unit covers all values of its panels in a stage. */
    bool summed = stages->row_sums;
    stages->unit_blocks = summed ? stages->stage_blocks : 1;
    stages->unit_panels = operand->mn_contiguous ? UNIT_PANELS : 1;
    stages->slices = 1;
    if (operand->mn_contiguous && !summed)
        stages->slices = max_size(1, operand->k / operand->blocks / SLICE_VALUES);
    stages->units = divide_up(divide_up(panels, stages->chunks), stages->unit_panels) *
                    (stages->stage_blocks / stages->unit_blocks) * stages->slices;
}

float *stages_panels(const stages *stages, size_t index)
{
    size_t panels = stages->end - stages->first;
    return stages->packed +
           (index - stages->first_block) * panels * stages->operand->width * stages->depth;
}

static size_t chunk_start(const stages *stages, size_t chunk)
{
    return stages->first + chunk * (stages->end - stages->first) / stages->chunks;
}

size_t stage_of(const stages *stages, size_t index, size_t panel)
{
    size_t panels = stages->end - stages->first;
    size_t chunk = (panel - stages->first) * stages->chunks / panels;
    while (panel >= chunk_start(stages, chunk + 1))
        chunk++;
    return (index - stages->first_block) / stages->stage_blocks * stages->chunks + chunk;
}

/* The first of its pieces (one for each block); of no panels where it is empty. */
static piece piece_of_unit(const stages *stages, size_t unit)
{
    size_t stage = unit / stages->units, place = unit % stages->units;
    size_t slice = place % stages->slices;
    place /= stages->slices;
    size_t in_stage = stages->stage_blocks / stages->unit_blocks;
    size_t block = place % in_stage * stages->unit_blocks;
    size_t chunk = stage % stages->chunks, end = chunk_start(stages, chunk + 1);
    size_t first = chunk_start(stages, chunk) + place / in_stage * stages->unit_panels;
    size_t index = stages->first_block + stage / stages->chunks * stages->stage_blocks + block;
    return piece_of_block(stages->operand, index, min_size(first, end),
                          min_size(first + stages->unit_panels, end), slice, stages->slices);
}

bool stage_claim(const stages *stages, size_t stage, size_t *unit)
{
    atomic_size_t *claimed = &stages->counters->claimed;
    size_t end = (stage + 1) * stages->units;
    *unit = atomic_load_explicit(claimed, memory_order_relaxed);
    do {
        if (*unit >= end)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(claimed, unit, *unit + 1, memory_order_relaxed,
                                                    memory_order_relaxed));
    return true;
}

void stage_pack(const stages *stages, size_t unit)
{
    const operand *operand = stages->operand;
    piece piece = piece_of_unit(stages, unit);
    for (size_t i = 0; piece.first < piece.end && i < stages->unit_blocks; i++, piece.index++) {
        const block block = block_at(operand, piece.index);
        if (stages->unit_blocks > 1)
            piece.k = block.k;
        float *packed = panel_address(operand, stages_panels(stages, piece.index), stages->first,
                                      piece.first, block.depth);
        panel_sums sums[UNIT_PANELS] = {{{0}}};
        pack_piece(operand, &piece, packed, stages->row_sums ? sums : NULL);
        if (stages->row_sums)
            add_panel_sums(operand, stages->row_sums, sums, piece.first, piece.end);
    }
    atomic_fetch_add_explicit(&stages->counters->packed[unit / stages->units], 1,
                              memory_order_release);
}

prefetch_range stage_prefetch_range(const stages *stages, size_t unit, size_t steps)
{
    const piece piece = piece_of_unit(stages, unit);
    if (piece.first == piece.end)
        return (prefetch_range){0};
    return prefetch_range_of_piece(stages->operand, &piece, steps);
}

void stage_pack_all(const stages *stages, size_t stage)
{
    size_t unit;
    while (stage_claim(stages, stage, &unit))
        stage_pack(stages, unit);
}

void stage_wait(const stages *stages, size_t ready, size_t stage)
{
    for (; ready <= stage; ready++)
        for (int spins = 0; atomic_load_explicit(&stages->counters->packed[ready],
                                                 memory_order_acquire) < stages->units;)
            if (++spins % SPINS == 0)
                sched_yield();
}
