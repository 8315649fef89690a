/* When a request is sent again, and after how long. */
#ifndef HUB_RETRY_H
#define HUB_RETRY_H

#include "hub/libcurl.h"

/* Whether a transfer that ended with this code may go better in a moment. */
bool retry_is_worth(CURLcode code);

/* Whether an answer with this status may be another one in a moment: 408, 429, 500, 502–504. */
bool retry_status(long status);

/* Seconds that a Retry-After asks for at the time `now` (RFC 9110, 10.2.3): a number, or a date.
 * 0 for one that is neither, or NULL. */
double retry_after(const char *value, int64_t now);

/* Waits before attempt number `failures` + 1: half a second, doubled with each failure up to 16, or
 * as long as the server asks; one that asks for more than two minutes is an error. `error` holds
 * why the last attempt failed: the observer is told, and it stays where the wait is the last. */
bert_status retry_wait(int failures, const char *retry_after_value, const bert_observer *observer,
                       bert_error *error);

#endif
