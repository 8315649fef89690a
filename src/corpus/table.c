#include "corpus/table.h"

#include "base/file.h"
#include "base/memory.h"
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
                     "%s: is %s, expected a table with the columns %s (TSV, CSV, JSON Lines, "
                     "Parquet or Arrow). %s",
                     reader->source.name, reader->format->name, table->fields,
                     reader->columns_hint);
}

bert_status table_open(table_file *table, const char *path, const table_settings *settings,
                       bert_error *error)
{
    *table = (table_file){.column_count = settings->column_count};
    bert_status status = join_names(&table->fields, settings, error);
    bert_reader_options options = bert_reader_options_default();
    options.text_field = table->fields;
    options.zstd_window_log = ZSTD_WINDOW_LOG_LARGEST; /* tables have no option for it */
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

/* The next row; continues with the next file of an archive. */
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
    if (reader->row.cell_count != table->column_count) /* "a,b" is read as two names */
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: \"%s\" names %zu columns, expected %zu; a name that contains a comma "
                         "cannot be combined with others",
                         reader->source.name, table->fields, reader->row.cell_count,
                         table->column_count);
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

static bert_table_position where(const table_file *table)
{
    const reader *reader = &table->reader;
    bool is_line = reader->row.line > 0;
    return (bert_table_position){.name = reader->source.name,
                                 .number = is_line ? reader->row.line : table->rows,
                                 .is_line = is_line};
}

bert_status table_place(const table_file *table, char **position, bert_error *error)
{
    bert_table_position found = where(table);
    return path_format(position, error, found.is_line ? "%s:%llu" : "%s: row %llu", found.name,
                       (unsigned long long)found.number);
}

/* ----------------------------------------------------------------------------- bert/table.h --- */

struct bert_table {
    table_file file;
};

bert_status bert_table_open(bert_table **out, const char *path, const char *const *columns,
                            size_t column_count, const char *hint, bert_error *error)
{
    *out = NULL;
    if (column_count == 0 || column_count > BERT_TABLE_COLUMNS_MAX)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%zu columns are given, expected 1 to %d", column_count,
                         BERT_TABLE_COLUMNS_MAX);
    const table_settings settings = {
        .columns = columns, .column_count = column_count, .hint = hint ? hint : ""};
    bert_table *table;
    TRY(memory_array((void **)&table, 1, sizeof *table, "a table", error));
    bert_status status = table_open(&table->file, path, &settings, error);
    if (status == BERT_OK)
        *out = table;
    else
        free(table);
    return status;
}

bert_status bert_table_next(bert_table *table, bert_cell *cells, bool *found, bert_error *error)
{
    return table_next(&table->file, cells, found, error);
}

bert_table_position bert_table_last_position(const bert_table *table)
{
    return where(&table->file);
}

uint64_t bert_table_invalid_bytes(const bert_table *table)
{
    return table->file.reader.invalid.bytes;
}

void bert_table_close(bert_table *table)
{
    if (table)
        table_close(&table->file);
    free(table);
}
