/* Reads columns of strings and of integers out of Arrow IPC data
 * (arrow.apache.org/docs/format/Columnar.html), the stream and the file form, from front to end: a
 * file is a stream between a magic number and a footer. Memory holds one record batch.
 *
 * Read are utf8, large_utf8 and integers of any width, nullable or not, inside structs, and in one
 * level of lists (list, large list, fixed-size list, map); bodies may be compressed with LZ4 or
 * Zstandard. The metadata are FlatBuffers, of which every offset is checked before it is followed;
 * errors name the input and the byte. */
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
    char *name;           /* "text"; of a struct's member "translation.en"; of a list the list's */
    char *type;           /* "utf8", "int32", "list<int8>", "list<list<utf8>>" … */
    bool is_text;         /* arrow_text can read it */
    bool is_integer;      /* arrow_integers can read it */
    bool is_list;         /* a row has any number of values, else one */
    uint64_t list_length; /* of a fixed-size list; else 0 */
    /* The rest is for the reader: from the top-level field down to the values. */
    struct arrow_level *levels; /* owned */
    size_t level_count;
} arrow_column;

/* Whether an input that begins with these bytes is of one of the two forms. */
bool arrow_detect(const char *head, size_t size);

/* Reads the schema. `name`, for messages, must outlive the result. */
bert_status arrow_open(arrow **out, arrow_input input, const char *name, bert_error *error);
void arrow_close(arrow *arrow); /* NULL is fine */

/* The leaves of the schema, in its order; the arrow's. */
const arrow_column *arrow_columns(const arrow *arrow, size_t *count);

/* Goes on to the next row; *found is false behind the last. */
bert_status arrow_next_row(arrow *arrow, bool *found, bert_error *error);

/* How many values the row has in a column of text or integers: 1, or the length of its list, which
 * is 0 also for a list that is null. */
bert_status arrow_value_count(arrow *arrow, size_t column, size_t *count, bert_error *error);

/* One of the row's strings, `index` less than their count; valid until the next row. *data is NULL
 * for a null. */
bert_status arrow_text(arrow *arrow, size_t column, size_t index, const char **data, size_t *length,
                       bert_error *error);

/* All of the row's integers, into values[count]. A null among them, and one that no int64_t holds,
 * is an error. */
bert_status arrow_integers(arrow *arrow, size_t column, int64_t *values, bert_error *error);

/* Where the record batch at hand begins. */
uint64_t arrow_offset(const arrow *arrow);

#endif
