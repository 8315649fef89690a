/* libcurl, loaded when the hub is first asked for: it brings some thirty libraries with it, which
 * would cost every other command several milliseconds and megabytes at its start. */
#ifndef HUB_LIBCURL_H
#define HUB_LIBCURL_H

#include "base/error.h"

#define CURL_DISABLE_TYPECHECK /* its macros would call the functions by their own names */
#include <curl/curl.h>

/* Every function of libcurl that is used. */
#define LIBCURL_FUNCTIONS(F) \
    F(easy_cleanup)          \
    F(easy_getinfo)          \
    F(easy_init)             \
    F(easy_perform)          \
    F(easy_reset)            \
    F(easy_setopt)           \
    F(easy_strerror)         \
    F(free)                  \
    F(getdate)               \
    F(global_init)           \
    F(slist_append)          \
    F(slist_free_all)        \
    F(url)                   \
    F(url_cleanup)           \
    F(url_get)               \
    F(url_set)               \
    F(url_strerror)

typedef struct libcurl_functions {
#define LIBCURL_MEMBER(name) __typeof__(curl_##name) *name;
    LIBCURL_FUNCTIONS(LIBCURL_MEMBER)
#undef LIBCURL_MEMBER
} libcurl_functions;

/* To be called only after libcurl_load was well. */
extern libcurl_functions libcurl;

/* Loads and starts the library, once; any thread may call it, as often as it likes.
 * BERT_ERROR_UNSUPPORTED where it is not installed or cannot start. */
bert_status libcurl_load(bert_error *error);

#endif
