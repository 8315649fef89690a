/* libcurl, loaded with dlopen on first use: it depends on about thirty libraries, which would cost
 * every other command several milliseconds and megabytes at startup. */
#ifndef HUB_LIBCURL_H
#define HUB_LIBCURL_H

#include "base/error.h"

#define CURL_DISABLE_TYPECHECK /* its macros would bypass the function pointers */
#include <curl/curl.h>

/* The functions of libcurl that are used. */
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

/* Valid after libcurl_load has succeeded. */
extern libcurl_functions libcurl;

/* Loads and initializes the library once; thread-safe and idempotent. BERT_ERROR_UNSUPPORTED if it
 * is not installed or cannot be initialized. */
bert_status libcurl_load(bert_error *error);

#endif
