#include "base/text.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bert_status text_append(text *text, const char *data, size_t length, bert_error *error)
{
    size_t needed;
    if (__builtin_add_overflow(text->length, length, &needed) ||
        __builtin_add_overflow(needed, 1, &needed))
        return error_set(error, BERT_ERROR_MEMORY, "a string of more than %zu bytes", SIZE_MAX);
    TRY(memory_grow((void **)&text->data, &text->capacity, needed, 1, "text", error));
    if (length)
        memcpy(text->data + text->length, data, length);
    text->length += length;
    text->data[text->length] = '\0';
    return BERT_OK;
}

bert_status text_format(text *text, bert_error *error, const char *format, ...)
{
    char *formatted = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&formatted, format, arguments);
    va_end(arguments);
    if (length < 0)
        return error_set(error, BERT_ERROR_MEMORY, "no memory to format a string");
    bert_status status = text_append(text, formatted, (size_t)length, error);
    free(formatted);
    return status;
}

void text_clear(text *text)
{
    text->length = 0;
    if (text->data)
        text->data[0] = '\0';
}

void text_free(text *text)
{
    free(text->data);
    *text = (struct text){0};
}

void names_join(char *out, size_t size, const char *const *names, size_t count)
{
    size_t length = 0;
    *out = '\0';
    for (size_t i = 0; i < count && length < size; i++)
        length += (size_t)snprintf(out + length, size - length, "%s%s",
                                   i == 0           ? ""
                                   : i + 1 == count ? " or "
                                                    : ", ",
                                   names[i]);
}
