/* One head of one sequence, as the attention kernels take it. */
#ifndef MATH_KERNELS_ATTENTION_H
#define MATH_KERNELS_ATTENTION_H

#include "math/dropout.h"

typedef struct attention_head {
    const float *query, *key, *value; /* [length, size], rows `stride` apart */
    size_t length, size, stride;
    size_t out_stride; /* rows of out and d_out */
    float scale;       /* of the scores */
    dropout dropout;   /* its place is the head's own */
    const uint64_t *row_keys;
} attention_head;

#endif
