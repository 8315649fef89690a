/* libmicrohttpd, loaded when a server is first asked for: it brings a TLS library with it, which
 * would cost every other command milliseconds and megabytes at its start. */
#ifndef SERVE_MICROHTTPD_H
#define SERVE_MICROHTTPD_H

#include "base/error.h"

#include <microhttpd.h>

/* Every function of libmicrohttpd that is used. */
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

/* To be called only after microhttpd_load was well. */
extern microhttpd_functions microhttpd;

/* As often as one likes. BERT_ERROR_UNSUPPORTED where the library is not installed. */
bert_status microhttpd_load(bert_error *error);

#endif
