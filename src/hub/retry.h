/* When to retry a request, and after how long. */
#ifndef HUB_RETRY_H
#define HUB_RETRY_H

#include "hub/libcurl.h"

/* Whether a transfer that failed with this code is worth a retry. */
bool retry_is_worth(CURLcode code);

/* Whether a response with this status is worth a retry: 408, 429, 500, 502–504. */
bool retry_status(long status);

/* The seconds of a Retry-After value at the time `now` (RFC 9110, 10.2.3): a number, or a date. 0
 * if it is neither, or NULL. */
double retry_after(const char *value, int64_t now);

/* Waits before attempt `failures` + 1: 0.5 s, doubled with each failure up to 16 s, or as long as
 * the server requests; more than two minutes is an error. `error` has the reason of the last
 * failure, which is reported to the observer and returned if waiting is given up. */
bert_status retry_wait(int failures, const char *retry_after_value, const bert_observer *observer,
                       bert_error *error);

#endif
