#include "math/gemm.h"

#include <string.h>

/* One row of C. The inner loops run along contiguous memory in all three kinds. */
static void gemm_row(gemm_kind kind, size_t i, size_t n, size_t k, const float *a, size_t lda,
                     const float *b, size_t ldb, float *row, bool accumulate)
{
    if (!accumulate)
        memset(row, 0, n * sizeof *row);
    if (kind == GEMM_NT) {
        for (size_t j = 0; j < n; j++) {
            float sum = 0;
#pragma omp simd reduction(+ : sum)
            for (size_t p = 0; p < k; p++)
                sum += a[i * lda + p] * b[j * ldb + p];
            row[j] += sum;
        }
        return;
    }
    for (size_t p = 0; p < k; p++) {
        float factor = kind == GEMM_TN ? a[p * lda + i] : a[i * lda + p];
        for (size_t j = 0; j < n; j++)
            row[j] += factor * b[p * ldb + j];
    }
}

void gemm(gemm_kind kind, size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
          size_t ldb, float *c, size_t ldc, bool accumulate)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < m; i++)
        gemm_row(kind, i, n, k, a, lda, b, ldb, c + i * ldc, accumulate);
}

const char *gemm_kernel_name(void)
{
    return "generic";
}
