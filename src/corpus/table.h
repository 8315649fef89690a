/* Tables cell by cell, where each column has a meaning of its own: labelled examples, and what
 * bert/table.h gives to others. TSV, CSV, JSON lines, Parquet and Arrow, packed or not, behind one
 * interface. */
#ifndef CORPUS_TABLE_H
#define CORPUS_TABLE_H

#include "corpus/reader.h"

typedef bert_cell table_cell; /* valid until the next row */

typedef struct table_file {
    reader reader;
    char *fields; /* owned: what reader.options.text_field points to */
    size_t column_count;
    uint64_t rows; /* read so far, those that were skipped not counted */
    text cells;    /* owned */
} table_file;

typedef struct table_settings {
    const char *const *columns; /* [column_count], names; or numbers from 1, where a table of text
                                   has no row of names. At most COLUMNS_MAX */
    size_t column_count;
    const char *hint;    /* ends a message about columns that are not there: how to name others */
    bool skips_bad_rows; /* rows of a TSV or CSV that have not as many cells as the first are left
                            out and counted (table_bad_rows); false: they are an error */
} table_settings;

/* Opens `path` ("-": standard input). */
bert_status table_open(table_file *table, const char *path, const table_settings *settings,
                       bert_error *error);
void table_close(table_file *table); /* safe on a zeroed struct */

/* cells[column_count] of the next row, in the order in which the columns were named. */
bert_status table_next(table_file *table, table_cell *cells, bool *found, bert_error *error);

uint64_t table_bad_rows(const table_file *table);

/* For messages: "FILE:12", or "FILE: row 12" where the format has no lines. */
bert_status table_place(const table_file *table, char **place, bert_error *error);

#endif
