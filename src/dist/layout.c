#include "dist/layout.h"

#include "base/minmax.h"

enum {
    ALIGNMENT = 16,      /* floats in a cache line */
    BUCKET = 1 << 20,    /* 4 MiB */
    BUCKETS = 32,        /* of a small model, so that transfers start early */
    MIN_PIECE = 1 << 14, /* with many ranks buckets grow to keep messages large, */
    MIN_BUCKETS = 8,     /* but there are at least so many */
};

layout layout_make(size_t count, int ranks, size_t bucket)
{
    if (bucket == 0) {
        bucket = min_size(BUCKET, count / BUCKETS + 1);
        if (bucket < (size_t)ranks * MIN_PIECE)
            bucket = min_size((size_t)ranks * MIN_PIECE, count / MIN_BUCKETS + 1);
    }
    size_t unit = (size_t)ranks * ALIGNMENT;
    size_t shard = (bucket + unit - 1) / unit * ALIGNMENT;
    return (layout){
        .count = count,
        .bucket = shard * (size_t)ranks,
        .shard = shard,
        .buckets = (count + shard * (size_t)ranks - 1) / (shard * (size_t)ranks),
        .ranks = ranks,
    };
}

layout_range layout_bucket(const layout *layout, size_t bucket)
{
    size_t start = bucket * layout->bucket;
    return (layout_range){start, min_size(layout->bucket, layout->count - start)};
}

layout_range layout_shard(const layout *layout, size_t bucket, int rank)
{
    size_t start = bucket * layout->bucket + (size_t)rank * layout->shard;
    if (start >= layout->count)
        return (layout_range){layout->count, 0};
    return (layout_range){start, min_size(layout->shard, layout->count - start)};
}
