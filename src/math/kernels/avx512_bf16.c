/* AVX-512 with dot products of bfloat16 pairs (AVX512-BF16): Cooper Lake, Sapphire Rapids, Zen 4
 * and later. In float32 it computes the same as kernels_avx512. */
#define INSTANCE kernels_avx512_bf16
#define INSTANCE_NAME "avx512_bf16"
#define MR 14
#define NR 32
#include "math/kernels/instance.inc"
