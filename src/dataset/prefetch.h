/* Prefetching: a thread makes batches ahead of the training step. */
#ifndef DATASET_PREFETCH_H
#define DATASET_PREFETCH_H

#include "dataset/sampler.h"

typedef struct prefetch prefetch;

/* The samples of one batch: `count` in the run's order, from `first` on. */
typedef struct prefetch_range {
    uint64_t first;
    int count;
} prefetch_range;

/* The samples of batch `number`; called from the prefetch thread. */
typedef prefetch_range prefetch_plan(const void *context, uint64_t number);

/* Starts making batches, from number `first` on, of at most `most` samples each, up to `depth`
 * ahead. The prefetcher has exclusive use of the sampler until it is stopped. */
bert_status prefetch_start(prefetch **out, sampler *sampler, prefetch_plan *plan,
                           const void *context, uint64_t first, int most, int depth,
                           bert_error *error);

/* Returns the next batch, waiting for it if necessary; it stays valid until the next call. If
 * making it failed, this call and all further ones return that error. */
bert_status prefetch_next(prefetch *prefetch, const batch **batch, bert_error *error);

void prefetch_stop(prefetch *prefetch); /* at any time; joins the thread, frees all; NULL is fine */

#endif
