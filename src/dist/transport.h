/* Communication between ranks: the functions of MPI that this module needs. Implemented by
 * transport_mpi.c, or in builds without MPI by transport_none.c, whose transport_open fails.
 *
 * Only opening and closing block: transfers are started, then polled with transport_test.
 * Thread-safe. The caller keeps the buffers of a transfer valid until it is done. */
#ifndef DIST_TRANSPORT_H
#define DIST_TRANSPORT_H

#include "base/error.h"

/* A channel is an MPI communicator. Every rank must start the transfers of a channel in the same
 * order; between channels the order is free. */
typedef enum transport_channel {
    CHANNEL_CONTROL,
    CHANNEL_REDUCE_SCATTER,
    CHANNEL_ALLGATHER,
    CHANNEL_HEARTBEAT, /* point-to-point messages */
    CHANNELS
} transport_channel;

/* Byte ranges of a buffer, one for each rank: starts[size], counts[size]. */
typedef struct transport_ranges {
    void *buffer;
    const int *starts, *counts;
} transport_ranges;

typedef struct transport_transfer {
    void *request; /* MPI's; NULL: no transfer, or done */
} transport_transfer;

/* Joins the other ranks. BERT_ERROR_UNSUPPORTED without MPI. */
bert_status transport_open(int *rank, int *size, bert_error *error);
void transport_close(void);

/* Aborts all ranks; does not return. */
_Noreturn void transport_abort(int code);

/* Range r of `send` goes to rank r; data from rank r arrives in range r of `receive`. */
bert_status transport_alltoall(transport_channel channel, const transport_ranges *send,
                               const transport_ranges *receive, transport_transfer *transfer,
                               bert_error *error);

/* `send` goes to every rank; that of rank r arrives in range r of `receive`. With `send` = NULL,
 * this rank's data is already in its range of `receive`. */
bert_status transport_allgather(transport_channel channel, const void *send, int bytes,
                                const transport_ranges *receive, transport_transfer *transfer,
                                bert_error *error);

/* A message to or from one rank, on CHANNEL_HEARTBEAT. */
bert_status transport_send(int rank, const void *data, int bytes, transport_transfer *transfer,
                           bert_error *error);
bert_status transport_receive(int rank, void *data, int bytes, transport_transfer *transfer,
                              bert_error *error);

/* Advances all transfers; sets *done if this one is done, after which it can be reused. A transfer
 * that was never started is done. */
bert_status transport_test(transport_transfer *transfer, bool *done, bert_error *error);

/* The same for `count` ≤ 64 transfers in a single poll of the network. */
bert_status transport_test_some(transport_transfer *const transfers[], int count,
                                bert_error *error);
bool transport_is_done(const transport_transfer *transfer);

/* Cancels a receive whose message will never come. */
void transport_cancel(transport_transfer *transfer);

#endif
