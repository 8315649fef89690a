/* Errors are values: a function that can fail returns a bert_status and fills a bert_error. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "bert/status.h"

/* Writes the message (printf style; cut where it does not fit) and returns `status`, so that a
 * caller can say `return error_set(error, BERT_ERROR_INPUT, "%s: …", path);`. `error` may be NULL.
 * Line breaks and control characters that came in with hostile text are shown as '?'. */
bert_status error_set(bert_error *error, bert_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with ": " and the text of `error_number` (an errno) behind the message. */
bert_status error_set_errno(bert_error *error, int error_number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before a message that a callee left, e.g. the name of the file it read. Returns
 * the status in `error`, or `status` where error is NULL. */
bert_status error_prefix(bert_error *error, bert_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Forwards a failure at once. Only where nothing has to be released. */
#define TRY(call)                        \
    do {                                 \
        bert_status try_status = (call); \
        if (try_status != BERT_OK)       \
            return try_status;           \
    } while (0)

/* Stores the status in `variable` and jumps to `label`, which releases what is held. */
#define TRY_OR_GO(variable, call, label) \
    do {                                 \
        (variable) = (call);             \
        if ((variable) != BERT_OK)       \
            goto label;                  \
    } while (0)

#endif
