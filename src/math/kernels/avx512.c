/* x86-64 with AVX-512 (F, DQ, BW, VL): 32 registers of 16 floats. 14 × 32 of C take 28 of them. */
#define INSTANCE kernels_avx512
#define INSTANCE_NAME "avx512"
#define MR 14
#define NR 32
#include "math/kernels/instance.inc"
