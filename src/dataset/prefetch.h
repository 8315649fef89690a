/* Batches made ahead of the training step by a thread of their own. */
#ifndef DATASET_PREFETCH_H
#define DATASET_PREFETCH_H

#include "dataset/sampler.h"

typedef struct prefetch prefetch;

/* Starts making batches of `count` samples each from sample `first` on, `depth` ahead. The sampler
 * belongs to the prefetcher until it is stopped. */
bert_status prefetch_start(prefetch **out, sampler *sampler, uint64_t first, int count, int depth,
                           bert_error *error);

/* The next batch, waiting for it if need be; it stays valid until the next call. Where making it
 * failed, the error of that, at this and every further call. */
bert_status prefetch_next(prefetch *prefetch, const batch **batch, bert_error *error);

void prefetch_stop(prefetch *prefetch); /* at any time; joins the thread, frees all; NULL is fine */

#endif
