#include "dist/heartbeat.h"

enum { BEAT = 1, FINALIZE = 2 };

static int previous_rank(const heartbeat *heartbeat)
{
    return (heartbeat->rank + heartbeat->size - 1) % heartbeat->size;
}

static bert_status send_message(heartbeat *heartbeat, char message, double now, bert_error *error)
{
    heartbeat->message_out = message;
    heartbeat->sent_at = now;
    heartbeat->finalize_sent = message == FINALIZE;
    return transport_send((heartbeat->rank + 1) % heartbeat->size, &heartbeat->message_out, 1,
                          &heartbeat->out, error);
}

bert_status heartbeat_start(heartbeat *heartbeat, int rank, int size, double timeout, double now,
                            bert_error *error)
{
    *heartbeat = (struct heartbeat){
        .rank = rank, .size = size, .timeout = timeout, .received_at = now, .advanced_at = now};
    heartbeat->alive_at = now;
    TRY(transport_receive(previous_rank(heartbeat), &heartbeat->message_in, 1, &heartbeat->in,
                          error));
    return send_message(heartbeat, BEAT, now, error);
}

double heartbeat_interval(const heartbeat *heartbeat)
{
    double interval = heartbeat->timeout / 8;
    return interval < 1.0 ? interval : 1.0;
}

/* A rank whose computation hangs sends no heartbeats, so that the others treat it as lost. */
static bool is_hung(const heartbeat *heartbeat, double now)
{
    return heartbeat->waiting == 0 && now - heartbeat->alive_at > heartbeat->timeout;
}

static bert_status send_if_due(heartbeat *heartbeat, double now, bert_error *error)
{
    bool due =
        heartbeat->finalizing ||
        (now - heartbeat->sent_at >= heartbeat_interval(heartbeat) && !is_hung(heartbeat, now));
    bool free_to_send;
    if (!due || heartbeat->finalize_sent)
        return BERT_OK;
    TRY(transport_test(&heartbeat->out, &free_to_send, error));
    return free_to_send
               ? send_message(heartbeat, heartbeat->finalizing ? FINALIZE : BEAT, now, error)
               : BERT_OK;
}

static bert_status receive_if_arrived(heartbeat *heartbeat, double now, bert_error *error)
{
    bool received;
    TRY(transport_test(&heartbeat->in, &received, error));
    if (received) {
        heartbeat->received_at = now;
        heartbeat->finalize_received = heartbeat->message_in == FINALIZE;
        return heartbeat->finalize_received
                   ? BERT_OK
                   : transport_receive(previous_rank(heartbeat), &heartbeat->message_in, 1,
                                       &heartbeat->in, error);
    }
    if (now - heartbeat->received_at <= heartbeat->timeout)
        return BERT_OK;
    return error_set(
        error, BERT_ERROR_IO,
        "rank %d of %d sent no heartbeat for %g seconds (params->rank_timeout): it hangs, or its "
        "machine or network failed; the job is aborted, the last checkpoint is intact",
        previous_rank(heartbeat), heartbeat->size, heartbeat->timeout);
}

bert_status heartbeat_advance(heartbeat *heartbeat, double now, bert_error *error)
{
    /* If this process itself did not run for a while (a suspended job or machine), the silence of
     * the others means nothing. */
    if (now - heartbeat->advanced_at > heartbeat->timeout / 2)
        heartbeat->received_at = now, heartbeat->alive_at = now;
    heartbeat->advanced_at = now;
    TRY(send_if_due(heartbeat, now, error));
    return heartbeat->finalize_received ? BERT_OK : receive_if_arrived(heartbeat, now, error);
}

bool heartbeat_has_ended(heartbeat *heartbeat)
{
    bool arrived;
    return heartbeat->finalize_received && heartbeat->finalize_sent &&
           transport_test(&heartbeat->out, &arrived, NULL) == BERT_OK && arrived;
}
