/* AVX-512 with bfloat16 matrix multiplications on tile registers (AMX-TILE, AMX-BF16): Sapphire
 * Rapids and later. Everything else is as in kernels_avx512_bf16. */
#define INSTANCE kernels_avx512_amx
#define INSTANCE_NAME "avx512_amx"
#define MR 14
#define NR 32
#define MATRIX_REGISTERS "math/kernels/amx.h"
#include "math/kernels/instance.inc"
