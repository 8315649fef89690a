/* Reads columns of strings and numbers from Arrow IPC data
 * (arrow.apache.org/docs/format/Columnar.html). A stream is read message by message; one record
 * batch is held in memory. A file is read by the blocks that its footer lists, of which memory
 * holds the buffers of the columns that are asked for. Dictionaries are held as a whole.
 *
 * Values: utf8, large_utf8, utf8 view, and binary in the same three forms; integers, floating-point
 * numbers and booleans. They may be nullable, dictionary-encoded (with delta and replacement
 * dictionaries), run-end encoded, in structs, and in lists of any kind and depth (list, large list,
 * list view, fixed-size list, map). Bodies may be compressed with LZ4 or Zstandard, also in the
 * form of Arrow 0.17. Streams and files older than Arrow 0.15, which lack the continuation marker,
 * are read too. Big-endian data and Feather version 1 are refused. The metadata is FlatBuffers,
 * every offset of which is checked before it is followed. Errors name the input and the byte
 * offset. */
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
                   the list, the entries of a map are "map.key" and "map.value" */
    char *type; /* "utf8", "int32", "list<int8>", "list<list<utf8>>", "dictionary<utf8>" … */
    bool is_text;    /* strings: arrow_text can read it */
    bool is_bytes;   /* arrow_text can read it, but only the user knows whether it is text:
                        binary, and a column of nulls without a type */
    bool is_integer; /* arrow_integers can read it: integers, and booleans as 0 and 1, in at most
                        one list */
    bool is_number;  /* arrow_text can read it, as decimals, true or false */
    bool is_list;    /* a row has any number of values; otherwise exactly one */
    uint64_t list_length; /* of a fixed-size list that is not in another list; otherwise 0 */
    /* Private to the reader: */
    struct arrow_level *levels; /* from the top-level field down to the values; owned */
    size_t level_count;
    uint64_t *values; /* rows of the last level: those of row `values_row`; owned */
    size_t value_count, value_capacity;
    uint64_t values_row; /* 0 if none were collected */
    uint64_t visits;     /* elements visited to collect them */
} arrow_column;

/* Whether an input that begins with these bytes is Arrow data of any kind, also one that is
 * refused. */
bool arrow_detect(const char *head, size_t size);

/* Whether it has the file format, whose footer needs random access. */
bool arrow_detect_file(const char *head, size_t size);

/* Reads the schema. `name` is used in messages and must outlive the reader. A file is read as the
 * stream in it, without its footer, which not every writer's files allow. */
bert_status arrow_open(arrow **out, arrow_input input, const char *name, bert_error *error);

/* The same for a seekable file of the file format; `descriptor` must outlive the reader. */
bert_status arrow_open_file(arrow **out, int descriptor, const char *name, bert_error *error);

void arrow_close(arrow *arrow); /* NULL is allowed */

/* The leaves of the schema, in its order; owned by the reader. */
const arrow_column *arrow_columns(const arrow *arrow, size_t *count);

/* Advances to the next row; *found is false after the last. */
bert_status arrow_next_row(arrow *arrow, bool *found, bert_error *error);

/* The number of values of the current row in a readable column: 1, or the number of elements of its
 * list. Nested lists are one list of their elements; a null list has none. */
bert_status arrow_value_count(arrow *arrow, size_t column, size_t *count, bert_error *error);

/* Value `index` of the current row, index < arrow_value_count: a string, or a number as text; valid
 * until the next call for the same column. *data is NULL for a null. */
bert_status arrow_text(arrow *arrow, size_t column, size_t index, const char **data, size_t *length,
                       bert_error *error);

/* All integers of the current row, into values[arrow_value_count]; booleans are 0 and 1. A null, or
 * a value that does not fit into an int64_t, is an error. */
bert_status arrow_integers(arrow *arrow, size_t column, int64_t *values, bert_error *error);

/* The byte offset at which the current record batch begins. */
uint64_t arrow_offset(const arrow *arrow);

#endif
