/* Rows of integers out of JSON: objects one after another, as in JSON lines, or in one array. */
#ifndef DATASET_JSON_ROWS_H
#define DATASET_JSON_ROWS_H

#include "corpus/source.h"
#include "formats/json_reader.h"

enum { JSON_ROWS_MEMBERS = 8 };

/* A member of the current row: an integer or boolean, or a list of them. */
typedef struct json_cell {
    json_kind kind;  /* of the value; JSON_KIND_END: the row has no such member */
    bool has_others; /* it is no integer, or its list has something that is none */
    int64_t *values; /* [count], owned */
    size_t count, capacity;
} json_cell;

typedef struct json_rows {
    json_reader reader;
    source *source;
    const char *names[JSON_ROWS_MEMBERS]; /* of the members that are read */
    size_t count;
    bool in_array;
    uint64_t row; /* the current one, from 1 */
    json_cell cells[JSON_ROWS_MEMBERS];
    text word; /* owned; the scalar that is being read */
} json_rows;

/* The source and what the names [count] point to must outlive the rows. */
bert_status json_rows_open(json_rows **out, source *source, const char *const *names, size_t count,
                           bert_error *error);
void json_rows_close(json_rows *rows); /* NULL is allowed */

/* Reads the next row; *found is false after the last. */
bert_status json_rows_next(json_rows *rows, bool *found, bert_error *error);

#endif
