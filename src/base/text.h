/* A growable string. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/error.h"

/* Zero-initialise. `data` is NULL until something was appended, then zero-terminated. It may hold
 * any bytes, zeros included. */
typedef struct text {
    char *data;
    size_t length, capacity;
} text;

bert_status text_append(text *text, const char *data, size_t length, bert_error *error);
bert_status text_format(text *text, bert_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void text_clear(text *text); /* length becomes 0, the memory is kept */
void text_free(text *text);

/* "linear, cosine or constant" of names[count] into `out`, cut where it does not fit: for messages
 * that list what is known. */
void names_join(char *out, size_t size, const char *const *names, size_t count);

#endif
