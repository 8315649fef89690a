/* Writes what a json_reader reads in a form that tells all values apart: strings with their length,
 * numbers as they are written. tests/formats/json_text.py writes the same. */
#ifndef TESTS_FORMATS_JSON_TEXT_H
#define TESTS_FORMATS_JSON_TEXT_H

#include "formats/json_reader.h"

#include <string.h>

static inline bert_status json_text_string(text *out, const char *data, size_t length,
                                           bert_error *error)
{
    TRY(text_format(out, error, "%zu\"", length));
    return text_append(out, data, length, error);
}

static inline bert_status json_text_value(json_reader *reader, text *out, bert_error *error)
{
    json_kind kind;
    TRY(json_reader_peek(reader, &kind, error));
    if (kind == JSON_KIND_STRING) {
        text string = {0};
        bert_status status = json_reader_string(reader, &string, SIZE_MAX, error);
        if (status == BERT_OK)
            status = json_text_string(out, string.data ? string.data : "", string.length, error);
        text_free(&string);
        return status;
    }
    if (kind != JSON_KIND_OBJECT && kind != JSON_KIND_ARRAY)
        return json_reader_scalar(reader, out, error);
    TRY(json_reader_enter(reader, error));
    TRY(text_append(out, kind == JSON_KIND_OBJECT ? "{" : "[", 1, error));
    for (;;) {
        bool found;
        const char *name;
        size_t length;
        if (kind == JSON_KIND_OBJECT)
            TRY(json_reader_member(reader, &found, &name, &length, error));
        else
            TRY(json_reader_element(reader, &found, error));
        if (!found)
            return text_append(out, kind == JSON_KIND_OBJECT ? "}" : "]", 1, error);
        if (kind == JSON_KIND_OBJECT) {
            TRY(json_text_string(out, name, length, error));
            TRY(text_append(out, ":", 1, error));
        }
        TRY(json_text_value(reader, out, error));
        TRY(text_append(out, ",", 1, error));
    }
}

/* Gives an input in pieces of a few bytes; each is overwritten when the next is asked for. */
typedef struct json_pieces {
    const char *data;
    size_t left, size;
    char piece[64];
} json_pieces;

static inline bert_status json_pieces_fill(void *context, const char **data, size_t *size,
                                           bert_error *error)
{
    (void)error;
    json_pieces *pieces = context;
    *size = pieces->left < pieces->size ? pieces->left : pieces->size;
    memset(pieces->piece, '#', sizeof pieces->piece);
    memcpy(pieces->piece, pieces->data, *size);
    *data = pieces->piece;
    pieces->data += *size;
    pieces->left -= *size;
    return BERT_OK;
}

/* Reads the one value that `data` must be, in pieces of `size` bytes (at most 64). */
static inline bert_status json_text_read(text *out, const char *data, size_t length, size_t size,
                                         bool skip, bert_error *error)
{
    json_pieces pieces = {.data = data, .left = length, .size = size};
    json_reader reader;
    json_kind kind;
    json_reader_start(&reader, "input", 0, json_pieces_fill, &pieces);
    bert_status status = json_reader_peek(&reader, &kind, error);
    if (status == BERT_OK && kind == JSON_KIND_END)
        status = error_set(error, BERT_ERROR_INPUT, "input: is empty");
    if (status == BERT_OK)
        status = skip ? json_reader_skip(&reader, error) : json_text_value(&reader, out, error);
    if (status == BERT_OK)
        status = json_reader_peek(&reader, &kind, error);
    if (status == BERT_OK && kind != JSON_KIND_END)
        status = error_set(error, BERT_ERROR_INPUT, "input: has more than one value");
    json_reader_free(&reader);
    return status;
}

#endif
