/* Heartbeats: every rank sends them periodically to the next rank and monitors the previous one. A
 * rank whose heartbeats fail to appear for too long is lost: dead without its launcher noticing,
 * stopped, disconnected, or hung in its computation. */
#ifndef DIST_HEARTBEAT_H
#define DIST_HEARTBEAT_H

#include "dist/transport.h"

#include <stdatomic.h>

typedef struct heartbeat {
    int rank, size;
    double timeout; /* seconds */
    double sent_at, received_at, advanced_at;
    bool finalizing, finalize_sent, finalize_received;
    char message_out, message_in;
    transport_transfer out, in;
    _Atomic double alive_at; /* of this rank's own computation; set by any thread */
    atomic_int waiting;      /* above 0: the rank waits, for any length of time */
} heartbeat;

/* `now`: monotonic time in seconds. */
bert_status heartbeat_start(heartbeat *heartbeat, int rank, int size, double timeout, double now,
                            bert_error *error);

/* Sends and receives what is due; fails if the previous rank is lost, naming it. Call at least
 * every heartbeat_interval seconds. */
bert_status heartbeat_advance(heartbeat *heartbeat, double now, bert_error *error);
double heartbeat_interval(const heartbeat *heartbeat);

/* With `finalizing` set: whether the previous rank's notice that it finalizes has arrived, and this
 * rank's has been sent to the next. */
bool heartbeat_has_ended(heartbeat *heartbeat);

#endif
