/* Parquet files, the format of data sets on the Hugging Face Hub. */
#include "base/memory.h"
#include "corpus/columns.h"
#include "corpus/rows.h"
#include "formats/parquet.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct table {
    int descriptor; /* owned */
    parquet *parquet;
    parquet_cursor *cursors[COLUMNS_MAX];
    bool is_list[COLUMNS_MAX]; /* of the cursors' columns */
    size_t cursor_count;
    uint64_t rows;
} table;

/* "PARE" is an encrypted file, which is refused by name; it is also how French text may begin. */
static bool detect(const reader *reader, const char *head, size_t size)
{
    (void)reader;
    return size >= 4 && (memcmp(head, "PAR1", 4) == 0 ||
                         (memcmp(head, "PARE", 4) == 0 && memchr(head, '\0', size)));
}

static bert_status choose_columns(const reader *reader, const parquet *parquet, columns *chosen,
                                  bert_error *error)
{
    size_t count;
    const parquet_column *columns = parquet_columns(parquet, &count);
    column_kind *kinds;
    TRY(memory_array((void **)&kinds, count, sizeof *kinds, "columns", error));
    for (size_t i = 0; i < count; i++)
        kinds[i] = (column_kind){
            .name = columns[i].name,
            .type = columns[i].type,
            .is_text = columns[i].is_text ||
                       (reader->takes_numbers && columns[i].is_number && !columns[i].is_list),
            .is_bytes = columns[i].is_bytes,
            .is_key = (columns[i].is_text || columns[i].is_bytes || columns[i].is_number) &&
                      !columns[i].is_list};
    bert_status status =
        columns_choose(chosen, reader->options.text_field, reader->options.document_column, kinds,
                       count, reader->source.name, reader->columns_hint, error);
    free(kinds);
    return status;
}

static bert_status start(reader *reader, bert_error *error)
{
    table *table;
    TRY(memory_array((void **)&table, 1, sizeof *table, "a table", error));
    reader->state = table;
    table->descriptor = -1;
    TRY(source_file(&reader->source, &table->descriptor, error));
    TRY(parquet_open(&table->parquet, table->descriptor, reader->source.name, error));
    columns columns;
    TRY(choose_columns(reader, table->parquet, &columns, error));
    for (size_t i = 0; i < columns.count; i++) {
        TRY(parquet_cursor_open(&table->cursors[i], table->parquet, columns.index[i], error));
        size_t count;
        table->is_list[i] = parquet_columns(table->parquet, &count)[columns.index[i]].is_list;
        table->cursor_count++;
    }
    return BERT_OK;
}

static bert_status row(reader *reader, bool *found, bert_error *error)
{
    table *table = reader->state;
    size_t found_count = 0;
    for (size_t i = 0; i < table->cursor_count; i++) {
        TRY(parquet_next_row(table->cursors[i], found, error));
        found_count += *found;
        for (bool more = *found; more;) {
            const char *data;
            size_t length;
            TRY(parquet_next_value(table->cursors[i], &data, &length, &more, error));
            if (more && data)
                TRY(table->is_list[i] ? rows_append_item(reader, data, length, error)
                                      : rows_append_cell(reader, data, length, error));
        }
        rows_end_cell(reader);
    }
    *found = found_count == table->cursor_count;
    if (!*found && found_count > 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: its columns have different numbers of rows, one ends after row %llu",
                         reader->source.name, (unsigned long long)table->rows);
    table->rows += *found;
    reader->row.offset = parquet_cursor_offset(table->cursors[0]);
    source_note_offset(&reader->source, reader->row.offset);
    return BERT_OK;
}

static void end(reader *reader)
{
    table *table = reader->state;
    for (size_t i = 0; i < table->cursor_count; i++)
        parquet_cursor_close(table->cursors[i]);
    parquet_close(table->parquet);
    if (table->descriptor >= 0)
        close(table->descriptor);
    free(table);
}

const reader_format reader_parquet = {.name = "Parquet",
                                      .binary = true,
                                      .detect = detect,
                                      .start = start,
                                      .next = rows_next,
                                      .row = row,
                                      .end = end};
