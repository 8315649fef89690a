/* All-reduce of gradients and all-gather of parameters, bucket by bucket, overlapped with
 * computation: the job's thread advances the transfers while the backward pass runs.
 *
 * An all-reduce has two halves. Reduce-scatter: every rank sends each shard of a bucket to its
 * owner, who adds the shards in the order of the ranks. All-gather: owners send their sums to all.
 * Together they send as much as a ring all-reduce, 2 (n − 1) / n of the buffer per rank; ZeRO needs
 * only the reduce-scatter (Rajbhandari et al. 2020, section 5). Summing here instead of inside MPI
 * fixes the order of summation, so results are bit-for-bit the same in every run, on every rank,
 * with ZeRO and without. */
#ifndef DIST_EXCHANGE_H
#define DIST_EXCHANGE_H

#include "dist/job.h"
#include "dist/layout.h"

typedef enum exchange_kind {
    EXCHANGE_ALLREDUCE,      /* every rank gets the sums of all shards */
    EXCHANGE_REDUCE_SCATTER, /* each rank gets the sums of its shards; the rest of the buffer is
                                undefined */
    EXCHANGE_ALLGATHER,      /* no sum: every rank gets the shards of all ranks */
} exchange_kind;

/* Of all exchanges since the last exchange_take_statistics. */
typedef struct exchange_statistics {
    uint64_t bytes_sent;    /* by this rank */
    double seconds;         /* during which an exchange ran */
    double exposed_seconds; /* those of them that the caller spent in exchange_finish */
} exchange_statistics;

typedef struct exchange exchange;

/* For buffers of layout->count floats. `bfloat16`: gradients (not parameters) are sent rounded to
 * bfloat16 and summed in float32; EXCHANGE_ALLREDUCE rounds the sums once more, identically on all
 * ranks. */
bert_status exchange_create(exchange **out, bert_job *job, const layout *layout, bool bfloat16,
                            bert_error *error);
void exchange_free(exchange *exchange); /* NULL is fine; no exchange may be running */

/* Begins an exchange of `buffer`. Sends nothing yet. */
void exchange_begin(exchange *exchange, exchange_kind kind, float *buffer);

/* Declares the elements of the buffer from `first` on final: they are sent, and the caller must not
 * access them until exchange_finish. */
void exchange_ready(exchange *exchange, size_t first);

/* Waits for the end of the exchange; exchange_ready(exchange, 0) must have been called. */
bert_status exchange_finish(exchange *exchange, bert_error *error);

exchange_statistics exchange_take_statistics(exchange *exchange);

#endif
