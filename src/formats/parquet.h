/* Reads columns of strings, and of numbers converted to strings, from Apache Parquet files
 * (github.com/apache/parquet-format), row group by row group and page by page: memory holds the
 * footer and, for each open cursor, one page and one dictionary.
 *
 * Supported: strings, integers and booleans that are required, optional, inside structs, or in one
 * level of lists; floating-point numbers outside of lists; data pages of both versions; all
 * encodings of strings, integers and booleans but BYTE_STREAM_SPLIT; all codecs except LZO and the
 * deprecated Hadoop LZ4. All input is untrusted and checked. Errors name the file and the byte
 * offset. */
#ifndef FORMATS_PARQUET_H
#define FORMATS_PARQUET_H

#include "base/error.h"

typedef struct parquet parquet;

typedef struct parquet_column {
    char *name; /* "text"; "translation.en" for a struct member; a list's elements have the name of
                   the list */
    const char *type; /* "string", "list<string>", "int64" … */
    bool is_text;     /* a cursor can read it as strings */
    bool is_number;   /* a cursor can read it, as the shortest decimal that round-trips */
    bool is_integer;  /* parquet_next_integer can read it: integers, and booleans as 0 and 1 */
    /* Private to the cursor. */
    unsigned max_definition, max_repetition; /* definition and repetition levels of Dremel */
    unsigned list_definition; /* from this definition level on, a list has an element */
    int32_t physical_type;
} parquet_column;

/* `descriptor` is a seekable file that holds the Parquet file from its beginning. It and `name`,
 * which is used in messages, must outlive the result. */
bert_status parquet_open(parquet **out, int descriptor, const char *name, bert_error *error);
void parquet_close(parquet *parquet); /* NULL is allowed */

/* The leaves of the schema, in its order; owned by the reader. */
const parquet_column *parquet_columns(const parquet *parquet, size_t *count);

/* Iterates over one column. */
typedef struct parquet_cursor parquet_cursor;
bert_status parquet_cursor_open(parquet_cursor **out, const parquet *parquet, size_t column,
                                bert_error *error);
void parquet_cursor_close(parquet_cursor *cursor); /* NULL is allowed */

/* Advances to the next row; *found is false after the last. */
bert_status parquet_next_row(parquet_cursor *cursor, bool *found, bert_error *error);

/* The next value of the row: a single one, or those of a list. *data is NULL for a null and for an
 * empty list, and valid until the next call; *found is false if the row has no more. */
bert_status parquet_next_value(parquet_cursor *cursor, const char **data, size_t *length,
                               bool *found, bert_error *error);

/* The same of a column of integers: *is_null for a null among them; *found is false in an empty
 * list and in a null one, too. */
bert_status parquet_next_integer(parquet_cursor *cursor, int64_t *value, bool *is_null, bool *found,
                                 bert_error *error);

/* The byte offset in the file of the page that holds the last value. */
uint64_t parquet_cursor_offset(const parquet_cursor *cursor);

#endif
