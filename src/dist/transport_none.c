/* A build without MPI: a single process. */
#include "dist/transport.h"

#include <stdlib.h>

static bert_status none(bert_error *error)
{
    return error_set(error, BERT_ERROR_UNSUPPORTED, "this build of bert has no MPI");
}

bert_status transport_open(int *rank, int *size, bert_error *error)
{
    (void)rank, (void)size;
    return none(error);
}

void transport_close(void)
{
}

void transport_abort(int code)
{
    _Exit(code);
}

bert_status transport_alltoall(transport_channel channel, const transport_ranges *send,
                               const transport_ranges *receive, transport_transfer *transfer,
                               bert_error *error)
{
    (void)channel, (void)send, (void)receive, (void)transfer;
    return none(error);
}

bert_status transport_allgather(transport_channel channel, const void *send, int bytes,
                                const transport_ranges *receive, transport_transfer *transfer,
                                bert_error *error)
{
    (void)channel, (void)send, (void)bytes, (void)receive, (void)transfer;
    return none(error);
}

bert_status transport_send(int rank, const void *data, int bytes, transport_transfer *transfer,
                           bert_error *error)
{
    (void)rank, (void)data, (void)bytes, (void)transfer;
    return none(error);
}

bert_status transport_receive(int rank, void *data, int bytes, transport_transfer *transfer,
                              bert_error *error)
{
    (void)rank, (void)data, (void)bytes, (void)transfer;
    return none(error);
}

bert_status transport_test(transport_transfer *transfer, bool *done, bert_error *error)
{
    (void)transfer;
    *done = true;
    return none(error);
}

bert_status transport_test_some(transport_transfer *const transfers[], int count, bert_error *error)
{
    (void)transfers, (void)count;
    return none(error);
}

bool transport_is_done(const transport_transfer *transfer)
{
    (void)transfer;
    return true;
}

void transport_cancel(transport_transfer *transfer)
{
    (void)transfer;
}
