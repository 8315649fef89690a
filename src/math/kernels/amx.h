/* The tile instructions that gemm_matrix.inc uses: Intel's AMX-TILE and AMX-BF16. Registers are
 * named by literals from 0 to 7; strides between rows are in bytes. Empty asm statements keep loads
 * after earlier stores: GCC's intrinsics do not declare that these instructions read memory. */
#ifndef MATH_KERNELS_AMX_H
#define MATH_KERNELS_AMX_H

#include <immintrin.h>

/* `shapes`: the 64 bytes that LDTILECFG reads. Zeroes all registers. */
INLINE void matrix_configure(const void *shapes)
{
    __asm__ volatile("" : : "r"(shapes) : "memory");
    _tile_loadconfig(shapes);
}

INLINE void matrix_release(void)
{
    _tile_release();
}

#define matrix_zero(matrix) _tile_zero(matrix)

#define matrix_load(matrix, from, step)                \
    do {                                               \
        __asm__ volatile("" : : "r"(from) : "memory"); \
        _tile_loadd(matrix, from, step);               \
    } while (0)

#define matrix_store(matrix, to, step) _tile_stored(matrix, to, step)

/* sum += a · b over pairs of bfloat16 (TDPBF16PS). */
#define matrix_multiply_pairs(sum, a, b) _tile_dpbf16ps(sum, a, b)

#endif
