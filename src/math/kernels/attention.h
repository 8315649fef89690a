/* One head of one sequence: the argument of the attention kernels. */
#ifndef MATH_KERNELS_ATTENTION_H
#define MATH_KERNELS_ATTENTION_H

#include "math/dropout.h"
#include "math/gemm.h"

typedef struct attention_head {
    const float *query;       /* [queries, size], rows `query_stride` apart */
    const float *key, *value; /* [length, size], rows `stride` apart */
    size_t queries, length, size, query_stride, stride;
    size_t out_stride;        /* floats between rows of out and d_out, one row per query */
    float scale;              /* of the scores */
    dropout dropout;          /* its site is the head's own */
    const uint64_t *row_keys; /* [queries] */
    gemm_precision precision;
} attention_head;

#endif
