#include "dist/watch.h"

enum { SIGN = 1, FAREWELL = 2 };

static int previous_rank(const watch *watch)
{
    return (watch->rank + watch->size - 1) % watch->size;
}

static bert_status send_sign(watch *watch, char sign, double now, bert_error *error)
{
    watch->sign_out = sign;
    watch->sent_at = now;
    watch->farewell_sent = sign == FAREWELL;
    return transport_send((watch->rank + 1) % watch->size, &watch->sign_out, 1, &watch->out, error);
}

bert_status watch_start(watch *watch, int rank, int size, double timeout, double now,
                        bert_error *error)
{
    *watch = (struct watch){
        .rank = rank, .size = size, .timeout = timeout, .heard_at = now, .advanced_at = now};
    watch->alive_at = now;
    TRY(transport_receive(previous_rank(watch), &watch->sign_in, 1, &watch->in, error));
    return send_sign(watch, SIGN, now, error);
}

double watch_interval(const watch *watch)
{
    double interval = watch->timeout / 8;
    return interval < 1.0 ? interval : 1.0;
}

/* A rank whose computation stands still sends no signs: to the others it is as good as dead. */
static bool is_stuck(const watch *watch, double now)
{
    return watch->waiting == 0 && now - watch->alive_at > watch->timeout;
}

static bert_status send_if_due(watch *watch, double now, bert_error *error)
{
    bool due =
        watch->leaving || (now - watch->sent_at >= watch_interval(watch) && !is_stuck(watch, now));
    bool free_to_send;
    if (!due || watch->farewell_sent)
        return BERT_OK;
    TRY(transport_test(&watch->out, &free_to_send, error));
    return free_to_send ? send_sign(watch, watch->leaving ? FAREWELL : SIGN, now, error) : BERT_OK;
}

static bert_status listen(watch *watch, double now, bert_error *error)
{
    bool heard;
    TRY(transport_test(&watch->in, &heard, error));
    if (heard) {
        watch->heard_at = now;
        watch->farewell_heard = watch->sign_in == FAREWELL;
        return watch->farewell_heard
                   ? BERT_OK
                   : transport_receive(previous_rank(watch), &watch->sign_in, 1, &watch->in, error);
    }
    if (now - watch->heard_at <= watch->timeout)
        return BERT_OK;
    return error_set(error, BERT_ERROR_IO,
                     "rank %d of %d gave no sign of life for %g seconds (--rank-timeout): it "
                     "hangs, or its machine or network is gone; the job is ended, the last "
                     "checkpoint is whole",
                     previous_rank(watch), watch->size, watch->timeout);
}

bert_status watch_advance(watch *watch, double now, bert_error *error)
{
    /* Where this process slept itself (a suspended job, a stopped machine), it cannot say how long
     * the others were silent. */
    if (now - watch->advanced_at > watch->timeout / 2)
        watch->heard_at = watch->alive_at = now;
    watch->advanced_at = now;
    TRY(send_if_due(watch, now, error));
    return watch->farewell_heard ? BERT_OK : listen(watch, now, error);
}

bool watch_has_ended(watch *watch)
{
    bool arrived;
    return watch->farewell_heard && watch->farewell_sent &&
           transport_test(&watch->out, &arrived, NULL) == BERT_OK && arrived;
}
