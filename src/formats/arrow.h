/* Reads columns of strings out of Arrow IPC data (arrow.apache.org/docs/format/Columnar.html), the
 * stream and the file form, from front to end: a file is a stream between a magic number and a
 * footer. Memory holds one record batch.
 *
 * Read are utf8 and large_utf8, nullable or not; bodies may be compressed with LZ4 or Zstandard.
 * The metadata are FlatBuffers, of which every offset is checked before it is followed; errors name
 * the input and the byte. */
#ifndef FORMATS_ARROW_H
#define FORMATS_ARROW_H

#include "base/error.h"

typedef struct arrow arrow;

/* Where the bytes come from: fills data[0, size), *got is less only at the end. */
typedef struct arrow_input {
    void *context;
    bert_status (*read)(void *context, void *data, size_t size, size_t *got, bert_error *error);
} arrow_input;

typedef struct arrow_column {
    char *name;
    const char *type; /* "utf8", "list", "int" … */
    bool is_text;
    /* The rest is for the reader: the first of its nodes and buffers in a record batch. */
    bool large; /* 64-bit offsets */
    size_t node, buffer;
} arrow_column;

/* Whether an input that begins with these bytes is of one of the two forms. */
bool arrow_detect(const char *head, size_t size);

/* Reads the schema. `name`, for messages, must outlive the result. */
bert_status arrow_open(arrow **out, arrow_input input, const char *name, bert_error *error);
void arrow_close(arrow *arrow); /* NULL is fine */

/* The top-level columns; the arrow's. */
const arrow_column *arrow_columns(const arrow *arrow, size_t *count);

/* Goes on to the next row; *found is false behind the last. */
bert_status arrow_next_row(arrow *arrow, bool *found, bert_error *error);

/* A string of the row, valid until the next row; *data is NULL for a null. */
bert_status arrow_value(arrow *arrow, size_t column, const char **data, size_t *length,
                        bert_error *error);

/* Where the record batch at hand begins. */
uint64_t arrow_offset(const arrow *arrow);

#endif
