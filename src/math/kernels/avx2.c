/* x86-64 with AVX2 and FMA: 16 registers of 8 floats. 6 × 16 of C take 12 of them. */
#define INSTANCE kernels_avx2
#define INSTANCE_NAME "avx2"
#define MR 6
#define NR 16
#include "math/kernels/instance.inc"
