/* The panels of an operand that all threads of a matrix multiplication need, packed by them
 * together. They are cut into stages, in the order in which they are first needed, and stages into
 * units, which threads claim one by one: the first stage before there is anything to compute, every
 * other one while the stage before it is computed with. */
#ifndef MATH_STAGES_H
#define MATH_STAGES_H

#include "math/panels.h"

#include <stdatomic.h>

enum { MOST_STAGES = 64 };

/* Units claimed, and units packed of each stage. Zero at first. */
typedef struct stage_counters {
    atomic_size_t claimed;
    atomic_size_t packed[MOST_STAGES];
} stage_counters;

typedef struct stages {
    const operand *operand;
    size_t first, end;             /* panels */
    size_t first_block, end_block; /* MOST_STAGES at most */
    size_t depth;                  /* of the longest block of k, in packed elements */
    float *packed;                 /* block by block, panels consecutive */
    float *row_sums;               /* [mn], are added to; NULL: not wanted */
    stage_counters *counters;

    /* Stages of a block of k, or of all blocks where a stage covers all. */
    size_t chunks, stage_blocks;
    size_t unit_panels, unit_blocks, slices, units; /* `units` of a stage; some may be empty */
} stages;

/* Fills in the lower half: `chunks` stages, or as many as there may be, of one block each; or one
 * stage of everything. */
void stages_plan(stages *stages, size_t chunks, bool one_block);

/* Address of the panels of a block. */
float *stages_panels(const stages *stages, size_t index);

/* The stage of a panel in a block. */
size_t stage_of(const stages *stages, size_t index, size_t panel);

size_t stages_count(const stages *stages);

/* The next unit of the stages up to `stage`; false: none is left. The thread that claims a unit
 * must pack it soon: others may wait for it. */
bool stage_claim(const stages *stages, size_t stage, size_t *unit);
void stage_pack(const stages *stages, size_t unit);

/* What stage_pack will read. */
prefetch_range stage_prefetch_range(const stages *stages, size_t unit, size_t steps);

/* Packs the unclaimed units of the stages up to `stage`; waits until stages `ready` … `stage` are
 * packed. */
void stage_pack_all(const stages *stages, size_t stage);
void stage_wait(const stages *stages, size_t ready, size_t stage);

#endif
