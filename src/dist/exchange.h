/* Gradients summed over all ranks, and parameters given to all, bucket by bucket and beside the
 * computation: the job's thread moves the transfers on while the backward pass runs.
 *
 * A sum goes in two halves: every rank sends each piece of a bucket to its owner, who adds what
 * came in the order of the ranks; then owners give their sums to all. Both halves together send
 * what a ring all-reduce sends, 2 (n − 1) / n of the buffer for each rank; the first half alone is
 * what ZeRO needs (Rajbhandari et al. 2020, section 5). That the sums are made here, and not inside
 * MPI, gives them an order: the same bits in every run, on every rank, with ZeRO and without. */
#ifndef DIST_EXCHANGE_H
#define DIST_EXCHANGE_H

#include "dist/job.h"
#include "dist/layout.h"

typedef enum exchange_kind {
    EXCHANGE_ALLREDUCE,      /* afterwards every rank has the sums of all pieces */
    EXCHANGE_REDUCE_SCATTER, /* each rank those of its own pieces; the rest of the buffer is
                              * undefined
                              */
    EXCHANGE_ALLGATHER,      /* no sum: each rank's own pieces are given to all */
} exchange_kind;

/* Of all exchanges since exchange_take_statistics. */
typedef struct exchange_statistics {
    uint64_t bytes_sent;    /* by this rank */
    double seconds;         /* in which something was under way */
    double exposed_seconds; /* of them, those in which the caller waited for the end */
} exchange_statistics;

typedef struct exchange exchange;

/* For buffers of layout->count floats. `bfloat16`: gradients (not parameters) travel rounded to
 * bfloat16 and are summed in float32; with EXCHANGE_ALLREDUCE the sums are rounded once more, on
 * all ranks alike. */
bert_status exchange_create(exchange **out, bert_job *job, const layout *layout, bool bfloat16,
                            bert_error *error);
void exchange_free(exchange *exchange); /* NULL is fine; none under way */

/* Begins one. Nothing is sent yet. */
void exchange_begin(exchange *exchange, exchange_kind kind, float *buffer);

/* All that lies at `first` or behind it in the buffer is final, and is not touched until the end.
 */
void exchange_ready(exchange *exchange, size_t first);

/* Waits for the end; all has been ready. */
bert_status exchange_finish(exchange *exchange, bert_error *error);

exchange_statistics exchange_take_statistics(exchange *exchange);

#endif
