/* A pull parser for JSON of any size (RFC 8259), in bounded memory: the input comes in pieces, and
 * only the strings of json_reader_string are decoded. What is skipped is checked all the same. As
 * Python's json does, it reads NaN, Infinity and -Infinity as numbers, and lone surrogates.
 *
 *     json_reader_enter(reader)                              // after json_reader_peek: an object
 *     while (json_reader_member(reader, &found, &key, …), found)
 *         key is "text" ? json_reader_string(reader, &text, …) : json_reader_skip(reader)
 *
 * Values follow each other at the top level, with or without white space between them. Strings are
 * not checked to be UTF-8. Errors are BERT_ERROR_INPUT and begin with "NAME:LINE:COLUMN: ". */
#ifndef FORMATS_JSON_READER_H
#define FORMATS_JSON_READER_H

#include "base/text.h"

enum {
    JSON_DEPTH_MAX = 1000,  /* arrays and objects inside each other */
    JSON_WORD_MAX = 1 << 20 /* bytes of a number or the name of a member */
};

typedef enum json_kind {
    JSON_KIND_END, /* of the input */
    JSON_KIND_OBJECT,
    JSON_KIND_ARRAY,
    JSON_KIND_STRING,
    JSON_KIND_NUMBER,
    JSON_KIND_BOOLEAN,
    JSON_KIND_NULL
} json_kind;

/* Gives the next piece of the input, valid until the next call; *size is 0 at the end. */
typedef bert_status json_reader_fill(void *context, const char **data, size_t *size,
                                     bert_error *error);

typedef struct json_reader {
    const char *name; /* not owned; of the input, for messages */
    json_reader_fill *fill;
    void *context;
    const char *cursor, *end;      /* of the piece: what is not yet read */
    uint64_t end_offset;           /* of `end` in the input */
    bool ended;                    /* the input was read to its end */
    uint64_t line, line_offset;    /* number and offset of the current line */
    uint64_t lone_surrogates;      /* in the decoded strings; each became U+FFFD */
    uint64_t first_lone_surrogate; /* its offset */
    unsigned depth;                /* number of open arrays and objects */
    bool fresh; /* the innermost was just entered: no comma stands before the next value */
    unsigned char brackets[JSON_DEPTH_MAX]; /* [depth] '{' or '[' */
    uint64_t lines[JSON_DEPTH_MAX];         /* [depth] on which they stand */
    text word;                              /* owned; a name or number that is in two pieces */
} json_reader;

/* `offset`: of the first piece in the input. `name` must outlive the reader. */
void json_reader_start(json_reader *reader, const char *name, uint64_t offset,
                       json_reader_fill *fill, void *context);
void json_reader_free(json_reader *reader); /* safe on a zeroed struct */

/* The kind of the next value, which is not consumed. JSON_KIND_END only outside of all values. */
bert_status json_reader_peek(json_reader *reader, json_kind *kind, bert_error *error);

/* Enters the object or array that was peeked at. */
bert_status json_reader_enter(json_reader *reader, bert_error *error);

/* Inside an object: the name of the next member (valid until the next call), whose value is to be
 * read or skipped then. At the end of the object *found is false, and the object is left. */
bert_status json_reader_member(json_reader *reader, bool *found, const char **name, size_t *length,
                               bert_error *error);

/* Inside an array: whether there is another element, which is to be read or skipped then. At the
 * end of the array *found is false, and the array is left. */
bert_status json_reader_element(json_reader *reader, bool *found, bert_error *error);

/* Appends the string that was peeked at, decoded. It is an error if `out` becomes longer than
 * `limit` bytes. A lone surrogate becomes U+FFFD and is counted. */
bert_status json_reader_string(json_reader *reader, text *out, size_t limit, bert_error *error);

/* Appends the number, boolean or null that was peeked at, as it is written. */
bert_status json_reader_scalar(json_reader *reader, text *out, bert_error *error);

/* Skips the next value, of any kind. */
bert_status json_reader_skip(json_reader *reader, bert_error *error);

/* The offset in the input of what is read next. */
uint64_t json_reader_offset(const json_reader *reader);

/* "an object", "a number" … */
const char *json_kind_name(json_kind kind);

#endif
