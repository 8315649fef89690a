/* Any machine, in vectors of 4 floats: 4 × 12 of C take 12 of 16 registers (SSE2). AArch64 (NEON)
 * has 32 of them, 16 for 4 × 16 of C: enough independent sums for four FMA units with a latency of
 * four cycles, and the usual head size of 64 is a whole number of panels. */
#define INSTANCE kernels_generic
#define INSTANCE_NAME "generic"
#define MR 4
#if defined(__aarch64__)
#define NR 16
#else
#define NR 12
#endif
#include "math/kernels/instance.inc"
