/* libmicrohttpd, loaded with dlopen when a server starts: it depends on a TLS library, which would
 * cost every other command milliseconds and megabytes at startup. */
#ifndef SERVE_MICROHTTPD_H
#define SERVE_MICROHTTPD_H

#include "base/error.h"

#include <microhttpd.h>

/* The functions of libmicrohttpd that are used. */
#define MICROHTTPD_FUNCTIONS(F)    \
    F(add_response_header)         \
    F(create_response_from_buffer) \
    F(destroy_response)            \
    F(lookup_connection_value)     \
    F(queue_response)              \
    F(start_daemon)                \
    F(stop_daemon)

typedef struct microhttpd_functions {
#define MICROHTTPD_MEMBER(name) __typeof__(MHD_##name) *name;
    MICROHTTPD_FUNCTIONS(MICROHTTPD_MEMBER)
#undef MICROHTTPD_MEMBER
} microhttpd_functions;

/* Valid after microhttpd_load has succeeded. */
extern microhttpd_functions microhttpd;

/* Idempotent. BERT_ERROR_UNSUPPORTED if the library is not installed. */
bert_status microhttpd_load(bert_error *error);

#endif
