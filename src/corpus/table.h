/* Reads tables cell by cell, for labelled examples and bert/table.h. TSV, CSV, JSON Lines, Parquet
 * and Arrow, optionally compressed, behind one interface. */
#ifndef CORPUS_TABLE_H
#define CORPUS_TABLE_H

#include "corpus/reader.h"

typedef bert_cell table_cell; /* valid until the next row */

typedef struct table_file {
    reader reader;
    char *fields; /* owned; reader.options.text_field points to it */
    size_t column_count;
    uint64_t rows; /* read so far, without skipped rows */
    text cells;    /* owned */
} table_file;

typedef struct table_settings {
    const char *const *columns; /* [column_count ≤ COLUMNS_MAX] names; or numbers from 1, for a text
                                   table without a header */
    size_t column_count;
    const char *hint;    /* end of messages about missing columns: how to name others */
    bool skips_bad_rows; /* rows of a TSV or CSV whose number of cells differs from the first row
                            are skipped and counted (table_bad_rows); false: they are errors */
} table_settings;

/* Opens `path` ("-": standard input). */
bert_status table_open(table_file *table, const char *path, const table_settings *settings,
                       bert_error *error);
void table_close(table_file *table); /* safe on a zeroed struct */

/* cells[column_count] of the next row, in the order of table_settings.columns. */
bert_status table_next(table_file *table, table_cell *cells, bool *found, bert_error *error);

uint64_t table_bad_rows(const table_file *table);

/* For messages: "FILE:12", or "FILE: row 12" if the format has no lines. */
bert_status table_place(const table_file *table, char **position, bert_error *error);

#endif
