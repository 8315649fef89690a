#include "hub/retry.h"

#include "base/clock.h"
#include "base/observer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WAIT_MAX_SECONDS = 120 };

bool retry_is_worth(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_SSL_CONNECT_ERROR:
        return true;
    default:
        return false;
    }
}

bool retry_status(long status)
{
    return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

double retry_after(const char *value, int64_t now)
{
    if (!value)
        return 0;
    size_t digits = strspn(value, "0123456789");
    if (digits > 0 && value[digits] == '\0')
        return digits > 9 ? 1e9 : atof(value);
    if (libcurl_load(NULL) != BERT_OK)
        return 0;
    time_t date = libcurl.getdate(value, NULL);
    return date > now ? (double)(date - now) : 0;
}

bert_status retry_wait(int failures, const char *retry_after_value, const bert_observer *observer,
                       bert_error *error)
{
    double requested = retry_after(retry_after_value, time(NULL));
    double pause = fmax(requested, ldexp(0.5, failures < 6 ? failures - 1 : 5));
    if (pause > WAIT_MAX_SECONDS) {
        size_t length = strlen(error->message);
        snprintf(error->message + length, sizeof error->message - length,
                 ", and asks to retry after %.0f seconds", pause);
        return error->status;
    }
    observer_message(observer, BERT_MESSAGE_WARNING, "%s; retrying in %.3g s", error->message,
                     pause);
    for (double until = clock_seconds() + pause; clock_seconds() < until;) {
        if (observer_should_stop(observer))
            return error->status;
        double left = fmin(until - clock_seconds(), 0.1);
        struct timespec slice = {.tv_nsec = (long)(1e9 * fmax(left, 0.001))};
        nanosleep(&slice, NULL);
    }
    return BERT_OK;
}
