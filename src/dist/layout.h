/* The partition of a flat buffer into buckets, which are sent one after the other, and of each
 * bucket into one shard per rank. The owner of a shard sums its gradients; with ZeRO it also stores
 * and updates its share of the optimizer state. */
#ifndef DIST_LAYOUT_H
#define DIST_LAYOUT_H

#include <stddef.h>

typedef struct layout {
    size_t count;  /* floats in the buffer */
    size_t bucket; /* floats in a bucket; the last one may have fewer */
    size_t shard;  /* floats per rank in a bucket; the last ranks may have fewer or none */
    size_t buckets;
    int ranks;
} layout;

typedef struct layout_range {
    size_t start, count;
} layout_range;

/* `bucket`: floats in a bucket; 0: chosen, a few MB, so that a bucket outweighs its latency and
 * several of them are sent during the backward pass. */
layout layout_make(size_t count, int ranks, size_t bucket);

layout_range layout_bucket(const layout *layout, size_t bucket);
layout_range layout_shard(const layout *layout, size_t bucket, int rank);

#endif
