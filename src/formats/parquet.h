/* Reads columns of strings, and of numbers as strings, out of Apache Parquet files
 * (github.com/apache/parquet-format), row group by row group and page by page: memory holds the
 * footer and, for each open cursor, a page and a dictionary.
 *
 * Read are strings that are required, optional, inside structs, or in one level of lists; integers
 * and floating-point numbers outside of lists, plain or by a dictionary; data pages of both
 * versions; all encodings of strings; all codecs but LZO and the old Hadoop LZ4. What
 * a file says is checked before it is believed; errors name the file and the byte. */
#ifndef FORMATS_PARQUET_H
#define FORMATS_PARQUET_H

#include "base/error.h"

typedef struct parquet parquet;

typedef struct parquet_column {
    char *name;       /* "text"; of a struct's member "translation.en"; of a list the list's */
    const char *type; /* "string", "list<string>", "int64" … */
    bool is_text;     /* a cursor can read it */
    bool is_number;   /* it can, too, and gives the decimal digits that tell the value apart */
    /* The rest is for the cursor. */
    unsigned max_definition, max_repetition; /* levels, as Dremel counts them */
    int32_t physical_type;
} parquet_column;

/* `descriptor` is a file that can be read anywhere, with the Parquet file at its beginning; it and
 * `name`, for messages, must outlive the result. */
bert_status parquet_open(parquet **out, int descriptor, const char *name, bert_error *error);
void parquet_close(parquet *parquet); /* NULL is fine */

/* The leaves of the schema, in its order; the parquet's. */
const parquet_column *parquet_columns(const parquet *parquet, size_t *count);

/* Goes through one column. */
typedef struct parquet_cursor parquet_cursor;
bert_status parquet_cursor_open(parquet_cursor **out, const parquet *parquet, size_t column,
                                bert_error *error);
void parquet_cursor_close(parquet_cursor *cursor); /* NULL is fine */

/* Goes on to the next row; *found is false behind the last. */
bert_status parquet_next_row(parquet_cursor *cursor, bool *found, bert_error *error);

/* The next value of the row: one, or those of a list. *data is NULL for a null and an empty list,
 * and valid until the next call; *found is false where the row has no more. */
bert_status parquet_next_value(parquet_cursor *cursor, const char **data, size_t *length,
                               bool *found, bert_error *error);

/* Where in the file the page of the last value begins. */
uint64_t parquet_cursor_offset(const parquet_cursor *cursor);

#endif
