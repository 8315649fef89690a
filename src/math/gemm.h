/* Matrix multiplication (BLAS GEMM), the one interface to the matrix kernels (docs/architecture.md,
 * decision 5). All matrices are row-major float32 and accumulated in float32; the operands may be
 * rounded to bfloat16. */
#ifndef MATH_GEMM_H
#define MATH_GEMM_H

#include "math/types.h"

typedef enum gemm_kind {
    GEMM_NN, /* C[m, n] = A[m, k] · B[k, n]       gradient of a linear layer's input */
    GEMM_NT, /* C[m, n] = A[m, k] · B[n, k]ᵀ      forward of a linear layer */
    GEMM_TN, /* C[m, n] = A[k, m]ᵀ · B[k, n]      gradient of its weight */
} gemm_kind;

/* C = op(A) · op(B), or C += where `accumulate`. Leading dimensions are row strides in floats. The
 * work is shared between the OpenMP threads; called inside a parallel region it runs on the calling
 * thread alone. An element is summed in an order that depends on the shape only: the same bits for
 * any number of threads and in every run. Of float32 precision. */
void gemm(gemm_kind kind, size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
          size_t ldb, float *c, size_t ldc, bool accumulate);

/* Fused with the multiplication, while operands and results are in cache. */
typedef struct gemm_epilogue {
    const float *bias; /* [n], added to every row; NULL: none */
    float *row_sums;   /* [m] += sums over k of op(A), not rounded: the gradient of a bias; with
                        * GEMM_TN only; NULL: not wanted */
    activation activation;
    float *activated; /* [m, n], row stride as C: becomes activation(C); NULL: not computed */
} gemm_epilogue;

/* The same in the given precision and with an epilogue (NULL: none). */
void gemm_fused(gemm_precision precision, gemm_kind kind, size_t m, size_t n, size_t k,
                const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc,
                bool accumulate, const gemm_epilogue *epilogue);

/* Name of the kernels in use on this machine: "avx512_amx", "avx512_bf16", "avx512", "avx2",
 * "generic" (see BERT_KERNELS in kernels/kernels.h). */
const char *gemm_kernel_name(void);

#endif
