/* Any machine, in vectors of 4 floats (SSE2, NEON): 4 × 12 of C take 12 of 16 registers. */
#define INSTANCE kernels_generic
#define INSTANCE_NAME "generic"
#define TILE_ROWS 4
#define TILE_COLUMNS 12
#include "math/kernels/instance.inc"
