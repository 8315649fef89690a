#include "dist/heartbeat.h"

enum { SIGN = 1, FAREWELL = 2 };

static int previous_rank(const heartbeat *heartbeat)
{
    return (heartbeat->rank + heartbeat->size - 1) % heartbeat->size;
}

static bert_status send_sign(heartbeat *heartbeat, char sign, double now, bert_error *error)
{
    heartbeat->sign_out = sign;
    heartbeat->sent_at = now;
    heartbeat->farewell_sent = sign == FAREWELL;
    return transport_send((heartbeat->rank + 1) % heartbeat->size, &heartbeat->sign_out, 1,
                          &heartbeat->out, error);
}

bert_status heartbeat_start(heartbeat *heartbeat, int rank, int size, double timeout, double now,
                            bert_error *error)
{
    *heartbeat = (struct heartbeat){
        .rank = rank, .size = size, .timeout = timeout, .heard_at = now, .advanced_at = now};
    heartbeat->alive_at = now;
    TRY(transport_receive(previous_rank(heartbeat), &heartbeat->sign_in, 1, &heartbeat->in, error));
    return send_sign(heartbeat, SIGN, now, error);
}

double heartbeat_interval(const heartbeat *heartbeat)
{
    double interval = heartbeat->timeout / 8;
    return interval < 1.0 ? interval : 1.0;
}

/* A rank whose computation stands still sends no signs: to the others it is as good as dead. */
static bool is_stuck(const heartbeat *heartbeat, double now)
{
    return heartbeat->waiting == 0 && now - heartbeat->alive_at > heartbeat->timeout;
}

static bert_status send_if_due(heartbeat *heartbeat, double now, bert_error *error)
{
    bool due = heartbeat->leaving || (now - heartbeat->sent_at >= heartbeat_interval(heartbeat) &&
                                      !is_stuck(heartbeat, now));
    bool free_to_send;
    if (!due || heartbeat->farewell_sent)
        return BERT_OK;
    TRY(transport_test(&heartbeat->out, &free_to_send, error));
    return free_to_send ? send_sign(heartbeat, heartbeat->leaving ? FAREWELL : SIGN, now, error)
                        : BERT_OK;
}

static bert_status listen(heartbeat *heartbeat, double now, bert_error *error)
{
    bool heard;
    TRY(transport_test(&heartbeat->in, &heard, error));
    if (heard) {
        heartbeat->heard_at = now;
        heartbeat->farewell_heard = heartbeat->sign_in == FAREWELL;
        return heartbeat->farewell_heard
                   ? BERT_OK
                   : transport_receive(previous_rank(heartbeat), &heartbeat->sign_in, 1,
                                       &heartbeat->in, error);
    }
    if (now - heartbeat->heard_at <= heartbeat->timeout)
        return BERT_OK;
    return error_set(error, BERT_ERROR_IO,
                     "rank %d of %d gave no sign of life for %g seconds (params->rank_timeout): it "
                     "hangs, or its machine or network is gone; the job is ended, the last "
                     "checkpoint is whole",
                     previous_rank(heartbeat), heartbeat->size, heartbeat->timeout);
}

bert_status heartbeat_advance(heartbeat *heartbeat, double now, bert_error *error)
{
    /* Where this process slept itself (a suspended job, a stopped machine), it cannot say how long
     * the others were silent. */
    if (now - heartbeat->advanced_at > heartbeat->timeout / 2)
        heartbeat->heard_at = now, heartbeat->alive_at = now;
    heartbeat->advanced_at = now;
    TRY(send_if_due(heartbeat, now, error));
    return heartbeat->farewell_heard ? BERT_OK : listen(heartbeat, now, error);
}

bool heartbeat_has_ended(heartbeat *heartbeat)
{
    bool arrived;
    return heartbeat->farewell_heard && heartbeat->farewell_sent &&
           transport_test(&heartbeat->out, &arrived, NULL) == BERT_OK && arrived;
}
