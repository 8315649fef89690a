/* Arrow IPC data, the format of Hugging Face's save_to_disk. */
#include "base/memory.h"
#include "corpus/arrow_source.h"
#include "corpus/columns.h"
#include "corpus/rows.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct table {
    arrow *arrow;
    int descriptor; /* owned; -1 for a stream */
    columns columns;
} table;

static bool detect(const reader *reader, const char *head, size_t size)
{
    (void)reader;
    return arrow_detect(head, size);
}

/* Pre-tokenized data sets are the most likely mistake, so they get a message of their own. */
static bool is_tokenized(const arrow_column *columns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(columns[i].name, "input_ids") == 0)
            return true;
    return false;
}

static bert_status choose_columns(const reader *reader, table *table, bert_error *error)
{
    size_t count;
    const arrow_column *columns = arrow_columns(table->arrow, &count);
    if (!reader->options.text_field && is_tokenized(columns, count))
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: is a pre-tokenized data set (input_ids), expected text",
                         reader->source.name);
    column_kind *kinds;
    TRY(memory_array((void **)&kinds, count, sizeof *kinds, "columns", error));
    for (size_t i = 0; i < count; i++)
        kinds[i] = (column_kind){
            .name = columns[i].name,
            .type = columns[i].type,
            .is_text = columns[i].is_text ||
                       (reader->takes_numbers && columns[i].is_number && !columns[i].is_list),
            .is_bytes = columns[i].is_bytes,
            .is_key = (columns[i].is_text || columns[i].is_bytes || columns[i].is_integer) &&
                      !columns[i].is_list,
        };
    bert_status status =
        columns_choose(&table->columns, reader->options.text_field, reader->options.document_column,
                       kinds, count, reader->source.name, reader->columns_hint, error);
    free(kinds);
    return status;
}

static bert_status start(reader *reader, bert_error *error)
{
    table *table;
    TRY(memory_array((void **)&table, 1, sizeof *table, "a table", error));
    reader->state = table;
    table->descriptor = -1;
    TRY(arrow_source_open(&table->arrow, &table->descriptor, &reader->source, error));
    return choose_columns(reader, table, error);
}

static bert_status append_cells(reader *reader, size_t column, bert_error *error)
{
    table *table = reader->state;
    size_t count;
    const arrow_column *kind = &arrow_columns(table->arrow, &count)[column];
    TRY(arrow_value_count(table->arrow, column, &count, error));
    for (size_t i = 0; i < count; i++) {
        const char *data;
        size_t length;
        TRY(arrow_text(table->arrow, column, i, &data, &length, error));
        if (data)
            TRY(kind->is_list ? rows_append_item(reader, data, length, error)
                              : rows_append_cell(reader, data, length, error));
    }
    return BERT_OK;
}

static bert_status row(reader *reader, bool *found, bert_error *error)
{
    table *table = reader->state;
    TRY(arrow_next_row(table->arrow, found, error));
    reader->row.offset = arrow_offset(table->arrow);
    if (table->descriptor >= 0)
        source_note_offset(&reader->source, reader->row.offset);
    for (size_t i = 0; *found && i < table->columns.count; i++) {
        TRY(append_cells(reader, table->columns.index[i], error));
        rows_end_cell(reader);
    }
    return BERT_OK;
}

static void end(reader *reader)
{
    table *table = reader->state;
    arrow_close(table->arrow);
    if (table->descriptor >= 0)
        close(table->descriptor);
    free(table);
}

const reader_format reader_arrow = {.name = "Arrow",
                                    .binary = true,
                                    .detect = detect,
                                    .start = start,
                                    .next = rows_next,
                                    .row = row,
                                    .end = end};
