/* Signs of life: every rank sends one to the next rank again and again, and watches the rank before
 * it. Where none came for too long, that rank is lost: dead without its launcher noticing, stopped,
 * cut off, or stuck in its computation. */
#ifndef DIST_HEARTBEAT_H
#define DIST_HEARTBEAT_H

#include "dist/transport.h"

#include <stdatomic.h>

typedef struct heartbeat {
    int rank, size;
    double timeout; /* seconds */
    double sent_at, heard_at, advanced_at;
    bool leaving, farewell_sent, farewell_heard;
    char sign_out, sign_in;
    transport_transfer out, in;
    _Atomic double alive_at; /* of this rank's own computation; any thread's to set */
    atomic_int waiting;      /* above 0: it waits for something, and may do so for long */
} heartbeat;

/* `now` is a monotonic clock in seconds. */
bert_status heartbeat_start(heartbeat *heartbeat, int rank, int size, double timeout, double now,
                            bert_error *error);

/* Sends, listens, and fails, naming the rank, where one is lost. To be called at least every
 * heartbeat_interval seconds. */
bert_status heartbeat_advance(heartbeat *heartbeat, double now, bert_error *error);
double heartbeat_interval(const heartbeat *heartbeat);

/* Whether the ranks on both sides know that this one leaves in good order (`leaving` is set). */
bool heartbeat_has_ended(heartbeat *heartbeat);

#endif
