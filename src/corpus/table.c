#include "corpus/table.h"

#include "base/file.h"
#include "corpus/rows.h"

#include <stdlib.h>

static bert_status join_names(char **fields, const table_settings *settings, bert_error *error)
{
    text joined = {0};
    bert_status status = BERT_OK;
    for (size_t i = 0; i < settings->column_count && status == BERT_OK; i++)
        status = text_format(&joined, error, "%s%s", i > 0 ? "," : "", settings->columns[i]);
    *fields = joined.data;
    return status;
}

static bert_status check_format(const table_file *table, bert_error *error)
{
    const reader *reader = &table->reader;
    if (reader->format->row)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT,
                     "%s: is %s, expected a table with the columns %s (TSV, CSV, JSON lines, "
                     "Parquet or Arrow). %s",
                     reader->source.name, reader->format->name, table->fields,
                     reader->columns_hint);
}

bert_status table_open(table_file *table, const char *path, const table_settings *settings,
                       bert_error *error)
{
    *table = (table_file){.column_count = settings->column_count};
    bert_status status = join_names(&table->fields, settings, error);
    const bert_reader_options options = {.text_field = table->fields};
    if (status == BERT_OK)
        status = reader_open_table(&table->reader, path, &options, settings->hint,
                                   settings->skips_bad_rows, error);
    if (status == BERT_OK)
        status = check_format(table, error);
    if (status != BERT_OK)
        table_close(table);
    return status;
}

void table_close(table_file *table)
{
    if (table->reader.format)
        reader_close(&table->reader);
    text_free(&table->cells);
    free(table->fields);
    *table = (table_file){0};
}

/* The next row, of the next file of an archive where one ends. */
static bert_status take_row(table_file *table, bool *found, bert_error *error)
{
    for (;;) {
        TRY(rows_take(&table->reader, found, error));
        if (*found)
            return BERT_OK;
        TRY(reader_next_member(&table->reader, found, error));
        if (!*found)
            return BERT_OK;
        TRY(check_format(table, error));
    }
}

bert_status table_next(table_file *table, table_cell *cells, bool *found, bert_error *error)
{
    reader *reader = &table->reader;
    TRY(take_row(table, found, error));
    if (!*found)
        return BERT_OK;
    table->rows++;
    size_t ends[COLUMNS_MAX];
    text_clear(&table->cells);
    for (size_t i = 0; i < table->column_count; i++) {
        const char *data;
        size_t length;
        rows_cell(reader, i, &data, &length);
        TRY(reader_append(reader, &table->cells, data, length, reader->row.offset, error));
        ends[i] = table->cells.length;
    }
    for (size_t i = 0; i < table->column_count; i++) {
        size_t begin = i > 0 ? ends[i - 1] : 0;
        cells[i] = (table_cell){.data = table->cells.data ? table->cells.data + begin : "",
                                .length = ends[i] - begin};
    }
    return BERT_OK;
}

uint64_t table_bad_rows(const table_file *table)
{
    return table->reader.bad_rows;
}

bert_status table_place(const table_file *table, char **place, bert_error *error)
{
    const reader *reader = &table->reader;
    if (reader->row.line > 0)
        return path_format(place, error, "%s:%llu", reader->source.name,
                           (unsigned long long)reader->row.line);
    return path_format(place, error, "%s: row %llu", reader->source.name,
                       (unsigned long long)table->rows);
}
