/* Batches made ahead of the training step by a thread of their own. */
#ifndef DATASET_PREFETCH_H
#define DATASET_PREFETCH_H

#include "dataset/sampler.h"

typedef struct prefetch prefetch;

/* The samples of one batch: `count` of the run's order from `first` on. */
typedef struct prefetch_range {
    uint64_t first;
    int count;
} prefetch_range;

/* Which samples batch `number` is made of; asked from the prefetcher's thread. */
typedef prefetch_range prefetch_plan(const void *context, uint64_t number);

/* Starts making batches, from number `first` on, of at most `most` samples each, `depth` ahead. The
 * sampler belongs to the prefetcher until it is stopped. */
bert_status prefetch_start(prefetch **out, sampler *sampler, prefetch_plan *plan,
                           const void *context, uint64_t first, int most, int depth,
                           bert_error *error);

/* The next batch, waiting for it if need be; it stays valid until the next call. Where making it
 * failed, the error of that, at this and every further call. */
bert_status prefetch_next(prefetch *prefetch, const batch **batch, bert_error *error);

void prefetch_stop(prefetch *prefetch); /* at any time; joins the thread, frees all; NULL is fine */

#endif
