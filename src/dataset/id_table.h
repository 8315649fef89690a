/* Rows of integers out of a table: Arrow, Parquet, or JSON (lines, or one array of objects). */
#ifndef DATASET_ID_TABLE_H
#define DATASET_ID_TABLE_H

#include "corpus/source.h"

typedef struct id_table id_table;

/* A column that is looked for. */
typedef struct id_column {
    const char *name;
    bool is_list;    /* of integers; else one integer or boolean a row, in a list or not */
    bool is_needed;  /* its absence is an error */
    bool may_differ; /* of another type it is another column, and counts as absent */
} id_column;

/* The integers of a row in one column. */
typedef struct id_cells {
    int64_t *values; /* [count], owned by the holder of the struct */
    size_t count, capacity;
    bool is_null; /* the row has none; count is 0 */
} id_cells;

/* Reads what follows in the source, by its first bytes. `columns` [count] and the source must
 * outlive the table. */
bert_status id_table_open(id_table **out, source *source, const id_column *columns, size_t count,
                          bert_error *error);
void id_table_close(id_table *table); /* NULL is allowed */

bool id_table_has(const id_table *table, size_t column);

/* Advances to the next row; *found is false after the last. */
bert_status id_table_next(id_table *table, bool *found, bert_error *error);

/* The cells of the current row, once for each row. A null among the integers of a list is an error.
 * Of a column that the table does not have, there are none. */
bert_status id_table_cells(id_table *table, size_t column, id_cells *cells, bert_error *error);

#endif
