/* How bytes get from rank to rank: what this module needs of MPI. One of two files is built behind
 * it, transport_mpi.c or transport_none.c, whose transport_open says that there is no MPI.
 *
 * Nothing blocks but opening and closing: what is started is asked after with transport_test.
 * Calls may come from several threads. Memory of a transfer stays the caller's and in place until
 * it has ended. */
#ifndef DIST_TRANSPORT_H
#define DIST_TRANSPORT_H

#include "base/error.h"

/* Transfers of one channel are started in the same order on every rank; between channels there is
 * no order. */
typedef enum transport_channel {
    CHANNEL_CONTROL,
    CHANNEL_EXCHANGE,
    CHANNEL_GATHER,
    CHANNEL_SIGNS, /* messages from one rank to one other */
    CHANNELS
} transport_channel;

/* Byte ranges of a buffer, one for each rank: starts[size], counts[size]. */
typedef struct transport_parts {
    void *buffer;
    const int *starts, *counts;
} transport_parts;

typedef struct transport_transfer {
    void *request; /* MPI's; NULL: nothing is under way */
} transport_transfer;

/* Finds the other ranks. BERT_ERROR_UNSUPPORTED where there is no MPI. */
bert_status transport_open(int *rank, int *size, bert_error *error);
void transport_close(void);

/* Ends all ranks at once; does not return. */
_Noreturn void transport_abort(int code);

/* Part r of `send` goes to rank r; what rank r sends arrives in part r of `receive`. */
bert_status transport_exchange(transport_channel channel, const transport_parts *send,
                               const transport_parts *receive, transport_transfer *transfer,
                               bert_error *error);

/* `send` goes to every rank; that of rank r arrives in part r of `receive`, which may hold it at
 * this rank's part already: `send` is then NULL. */
bert_status transport_gather(transport_channel channel, const void *send, int bytes,
                             const transport_parts *receive, transport_transfer *transfer,
                             bert_error *error);

/* One message to, or from, one rank, on CHANNEL_SIGNS. */
bert_status transport_send(int rank, const void *data, int bytes, transport_transfer *transfer,
                           bert_error *error);
bert_status transport_receive(int rank, void *data, int bytes, transport_transfer *transfer,
                              bert_error *error);

/* Moves all transfers on; *done where this one has ended, after which it is free for another. One
 * that was never started has ended. */
bert_status transport_test(transport_transfer *transfer, bool *done, bert_error *error);

/* The same for `count` ≤ 64 transfers at once, which takes one look at the network, not one each.
 */
bert_status transport_test_some(transport_transfer *const transfers[], int count,
                                bert_error *error);
bool transport_has_ended(const transport_transfer *transfer);

/* Gives a receive up that will never be answered. */
void transport_cancel(transport_transfer *transfer);

#endif
