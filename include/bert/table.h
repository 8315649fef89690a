/* Tables row by row: TSV, CSV, JSON lines, Parquet and Arrow, compressed or not, behind one
 * interface. Part of bert.h. */
#ifndef BERT_TABLE_H
#define BERT_TABLE_H

#include "bert/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bert_table bert_table;

enum { BERT_TABLE_COLUMNS_MAX = 16 };

typedef struct bert_cell {
    const char *data; /* UTF-8, not terminated; what was not UTF-8 is U+FFFD. A null is empty */
    size_t length;
} bert_cell;

/* Where the last row was read, for messages. */
typedef struct bert_table_position {
    const char *name; /* the path, followed by /MEMBER in an archive, or "standard input" */
    uint64_t number;  /* of the row, from 1 */
    bool is_line;     /* the format has lines, and the number is that of one */
} bert_table_position;

/* Opens `path` ("-": standard input) for these columns: names; or numbers from 1, where a table of
 * text has no row of names. `hint` ends a message about a column that is not there: how to name
 * another. `path` is read as it comes; memory does not grow with it. */
BERT_API bert_status bert_table_open(bert_table **table, const char *path,
                                     const char *const *columns, size_t column_count,
                                     const char *hint, bert_error *error);

/* cells[column_count] of the next row, in the order in which the columns were named; valid until
 * the next call. */
BERT_API bert_status bert_table_next(bert_table *table, bert_cell *cells, bool *found,
                                     bert_error *error);

/* `name` is valid until the next row is read. */
BERT_API bert_table_position bert_table_last_position(const bert_table *table);

/* Bytes so far that were not UTF-8. */
BERT_API uint64_t bert_table_invalid_bytes(const bert_table *table);

BERT_API void bert_table_close(bert_table *table); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
