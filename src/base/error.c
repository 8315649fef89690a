#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Messages quote untrusted file names and tokens; control characters must not break the line. */
static void make_one_line(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c; c++)
        if (*c < 0x20 || *c == 0x7f)
            *c = '?';
}

bert_status error_set(bert_error *error, bert_status status, const char *format, ...)
{
    if (!error)
        return status;
    va_list arguments;
    va_start(arguments, format);
    error->status = status;
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    make_one_line(error->message);
    return status;
}

bert_status error_set_errno(bert_error *error, int error_number, const char *format, ...)
{
    if (!error)
        return BERT_ERROR_IO;
    va_list arguments;
    va_start(arguments, format);
    error->status = BERT_ERROR_IO;
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    size_t length = strlen(error->message);
    snprintf(error->message + length, sizeof error->message - length, ": %s",
             strerrordesc_np(error_number) ? strerrordesc_np(error_number) : "unknown error");
    make_one_line(error->message);
    return BERT_ERROR_IO;
}

bert_status error_prefix(bert_error *error, bert_status status, const char *format, ...)
{
    if (!error)
        return status;
    char prefixed[sizeof error->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(prefixed, sizeof prefixed, format, arguments);
    va_end(arguments);
    size_t length = strlen(prefixed);
    snprintf(prefixed + length, sizeof prefixed - length, ": %s", error->message);
    memcpy(error->message, prefixed, sizeof prefixed);
    make_one_line(error->message);
    return error->status;
}
