/* Errors are values: a function that can fail returns a bert_status and fills a bert_error. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "bert/status.h"

/* Writes the message (printf style, truncated to the buffer) and returns `status`, so that a caller
 * can write `return error_set(error, BERT_ERROR_INPUT, "%s: …", path);`. `error` may be NULL. Line
 * breaks and other control characters, which untrusted text may contain, are replaced by '?'. */
bert_status error_set(bert_error *error, bert_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, with ": " and the description of `error_number` (an errno value) appended. */
bert_status error_set_errno(bert_error *error, int error_number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Prepends "prefix: " to the message that a callee set, e.g. the name of the file it was reading.
 * Returns the status in `error`, or `status` if `error` is NULL. */
bert_status error_prefix(bert_error *error, bert_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Returns the status of `call` if it fails. Use only where nothing has to be released. */
#define TRY(call)                        \
    do {                                 \
        bert_status try_status = (call); \
        if (try_status != BERT_OK)       \
            return try_status;           \
    } while (0)

/* Stores the status of `call` in `variable`; on failure jumps to `label`, which releases resources.
 */
#define TRY_OR_GO(variable, call, label) \
    do {                                 \
        (variable) = (call);             \
        if ((variable) != BERT_OK)       \
            goto label;                  \
    } while (0)

#endif
