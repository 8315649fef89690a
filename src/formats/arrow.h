/* Reads columns of strings and integers from Arrow IPC data
 * (arrow.apache.org/docs/format/Columnar.html), in stream and file format, sequentially: a file is
 * a stream between a magic number and a footer. One record batch is held in memory.
 *
 * Supported: utf8, large_utf8, booleans and integers of any width, nullable or not, inside structs,
 * and in one level of lists (list, large list, fixed-size list, map); bodies compressed with LZ4 or
 * Zstandard. The metadata is FlatBuffers, every offset of which is checked before it is followed.
 * Errors name the input and the byte offset. */
#ifndef FORMATS_ARROW_H
#define FORMATS_ARROW_H

#include "base/error.h"

typedef struct arrow arrow;

/* The source of the bytes: `read` fills data[0, size); *got is less than size only at the end of
 * the input. */
typedef struct arrow_input {
    void *context;
    bert_status (*read)(void *context, void *data, size_t size, size_t *got, bert_error *error);
} arrow_input;

typedef struct arrow_column {
    char *name; /* "text"; "translation.en" for a struct member; a list's elements have the name of
                   the list */
    char *type; /* "utf8", "int32", "list<int8>", "list<list<utf8>>" … */
    bool is_text;         /* arrow_text can read it */
    bool is_integer;      /* arrow_integers can read it */
    bool is_boolean;      /* arrow_integers can read it, as 0 and 1 */
    bool is_list;         /* a row has any number of values; otherwise exactly one */
    uint64_t list_length; /* of a fixed-size list; otherwise 0 */
    /* Private to the reader: from the top-level field down to the values. */
    struct arrow_level *levels; /* owned */
    size_t level_count;
} arrow_column;

/* Whether an input that begins with these bytes is Arrow IPC data in either format. */
bool arrow_detect(const char *head, size_t size);

/* Reads the schema. `name` is used in messages and must outlive the reader. */
bert_status arrow_open(arrow **out, arrow_input input, const char *name, bert_error *error);
void arrow_close(arrow *arrow); /* NULL is allowed */

/* The leaves of the schema, in its order; owned by the reader. */
const arrow_column *arrow_columns(const arrow *arrow, size_t *count);

/* Advances to the next row; *found is false after the last. */
bert_status arrow_next_row(arrow *arrow, bool *found, bert_error *error);

/* The number of values of the current row in a column that can be read: 1, or the length of its
 * list, which is 0 for a null list too. */
bert_status arrow_value_count(arrow *arrow, size_t column, size_t *count, bert_error *error);

/* String `index` of the current row, index < arrow_value_count; valid until the next row. *data is
 * NULL for a null. */
bert_status arrow_text(arrow *arrow, size_t column, size_t index, const char **data, size_t *length,
                       bert_error *error);

/* All integers or booleans of the current row, into values[arrow_value_count]. A null, or a value
 * that does not fit into an int64_t, is an error. */
bert_status arrow_integers(arrow *arrow, size_t column, int64_t *values, bert_error *error);

/* The byte offset at which the current record batch begins. */
uint64_t arrow_offset(const arrow *arrow);

#endif
