/* Reads columns of strings and numbers from Apache Parquet files
 * (github.com/apache/parquet-format), row group by row group and page by page: memory holds the
 * footer and, for each open cursor, one page and one dictionary.
 *
 * Supported: columns that are required, optional, in structs, and in lists and maps of any depth,
 * in the forms of all writers; strings and other byte arrays, integers, floating-point numbers,
 * booleans; data pages of both versions; all encodings of these types; all codecs except LZO.
 * Encrypted columns are refused. All input is untrusted and checked. Errors name the file and the
 * byte offset. */
#ifndef FORMATS_PARQUET_H
#define FORMATS_PARQUET_H

#include "base/error.h"

typedef struct parquet parquet;

typedef struct parquet_column {
    char *name; /* "text"; "translation.en" for a struct member; a list's elements have the name of
                   the list, the entries of a map are "map.key" and "map.value" */
    char *type; /* "string", "list<string>", "int64" … */
    bool is_text;    /* strings: parquet_next_value can read it */
    bool is_bytes;   /* parquet_next_value can read it, but only the user knows whether it is text:
                        byte arrays without annotation, JSON, enumerations, nulls without a type */
    bool is_number;  /* parquet_next_value can read it, as decimals, true or false */
    bool is_integer; /* parquet_next_integer can read it: integers, and booleans as 0 and 1, in at
                        most one list */
    bool is_list;    /* a row has any number of values; otherwise exactly one */
    /* Private to the cursor. */
    unsigned max_definition, max_repetition; /* definition and repetition levels of Dremel */
    unsigned list_definition; /* from this definition level on, the innermost list has an element */
    int32_t physical_type;
    bool is_unsigned;
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

/* The next value of the row: a single one, or those of a list; nested lists are one list of their
 * elements. *data is NULL for a null and for an empty list, and valid until the next call; *found
 * is false if the row has no more. */
bert_status parquet_next_value(parquet_cursor *cursor, const char **data, size_t *length,
                               bool *found, bert_error *error);

/* The same of a column of integers: *is_null for a null among them; *found is false in an empty
 * list and in a null one, too. A value above INT64_MAX is an error. */
bert_status parquet_next_integer(parquet_cursor *cursor, int64_t *value, bool *is_null, bool *found,
                                 bert_error *error);

/* The byte offset in the file of the page that holds the last value. */
uint64_t parquet_cursor_offset(const parquet_cursor *cursor);

#endif
