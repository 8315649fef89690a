/* How a flat buffer is cut: into buckets, which travel one after the other, and each bucket into
 * one piece for every rank. The owner of a piece sums its gradients, and with ZeRO keeps and
 * updates its share of the optimizer's state. */
#ifndef DIST_LAYOUT_H
#define DIST_LAYOUT_H

#include <stddef.h>

typedef struct layout {
    size_t count;  /* floats in the buffer */
    size_t bucket; /* floats in a bucket, the last one may have fewer */
    size_t
        piece; /* floats of a bucket for each rank, those of the last ones may be fewer, or none */
    size_t buckets;
    int ranks;
} layout;

typedef struct layout_range {
    size_t start, count;
} layout_range;

/* `bucket` 0 chooses: some MB, so that a bucket is worth its latency and several of them are under
 * way before the backward pass is over. */
layout layout_make(size_t count, int ranks, size_t bucket);

layout_range layout_bucket(const layout *layout, size_t bucket);
layout_range layout_piece(const layout *layout, size_t bucket, int rank);

/* Floats that a rank owns, and those of them in the buckets before this one. */
size_t layout_owned(const layout *layout, int rank);
size_t layout_owned_before(const layout *layout, size_t bucket, int rank);

#endif
