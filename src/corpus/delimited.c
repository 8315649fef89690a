/* Tables as text, in the dialects of corpus/dialect.h.
 *
 * The first row is a header with the names of the columns. If --text-field is a number (CoLA's file
 * has no header), columns are numbered from 1 and there is no header. */
#include "base/file.h"
#include "base/memory.h"
#include "corpus/columns.h"
#include "corpus/dialect.h"
#include "corpus/rows.h"

#include <stdlib.h>
#include <string.h>

/* A longer record is an error: it must fit in memory to be split. */
enum { RECORD_LIMIT = 4 * DOCUMENT_LIMIT };

typedef struct cell {
    size_t start, length; /* range in reader->scratch */
} cell;

typedef struct table {
    dialect dialect;
    columns columns;
    size_t column_count;     /* expected number of cells of every record */
    bool has_pending_record; /* the first record is data, not yet returned */
    cell *cells;             /* [cell_count] cells of the record in reader->scratch */
    size_t cell_count, cell_capacity;
    uint64_t record_line;   /* line on which the record begins */
    uint64_t record_offset; /* byte offset at which the record begins */
} table;

static bool detect(const reader *reader, const char *head, size_t size)
{
    dialect dialect;
    return dialect_find(&dialect, reader, head, size);
}

/* --------------------------------------------------------------------------------- records --- */

enum quotes { CELL_BEGINS, IN_CELL, IN_QUOTES, AFTER_QUOTE };

static enum quotes scan_quotes(enum quotes state, const char *data, size_t length, dialect dialect)
{
    for (size_t i = 0; i < length; i++) {
        char c = data[i];
        if (state == IN_QUOTES)
            state = c == dialect.quote ? AFTER_QUOTE : IN_QUOTES;
        else if (c == dialect.delimiter)
            state = CELL_BEGINS;
        else if (c == dialect.quote && state != IN_CELL) /* an escaped quotation mark: "" */
            state = IN_QUOTES;
        else
            state = IN_CELL;
    }
    return state;
}

/* Reads a record into reader->scratch; several lines if quoted cells contain line breaks. */
static bert_status read_record(reader *reader, table *table, bool *found, bert_error *error)
{
    enum quotes quotes = CELL_BEGINS;
    text_clear(&reader->scratch);
    table->record_line = reader->line_number + 1;
    line line = {0};
    do {
        bool more;
        TRY(source_line(&reader->source, &line, &more, error));
        if (!more && quotes == IN_QUOTES)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s:%llu: unterminated quotation mark; those that are not around a "
                             "cell but in it must be doubled",
                             reader->source.name, (unsigned long long)table->record_line);
        *found = more;
        if (!more)
            return BERT_OK;
        if (reader->scratch.length == 0)
            table->record_offset = line.offset;
        reader->line_number += !line.continues;
        TRY(text_append(&reader->scratch, line.data, line.length, error));
        if (table->dialect.quote)
            quotes = scan_quotes(quotes, line.data, line.length, table->dialect);
        if (quotes == IN_QUOTES && !line.continues)
            TRY(text_append(&reader->scratch, "\n", 1, error));
        if (reader->scratch.length > RECORD_LIMIT)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s:%llu: a row of more than %d MiB; is a quotation mark missing?",
                             reader->source.name, (unsigned long long)table->record_line,
                             RECORD_LIMIT >> 20);
    } while (line.continues || quotes == IN_QUOTES);
    return BERT_OK;
}

/* Unquotes, in place, a cell that begins with a quotation mark; *next is the position of the
 * delimiter after it. */
static bert_status unquote(const reader *reader, const table *table, cell *cell, size_t *next,
                           bert_error *error)
{
    char *data = reader->scratch.data;
    size_t from = cell->start + 1, to = cell->start, end = reader->scratch.length;
    char quote = table->dialect.quote;
    while (from < end && (data[from] != quote || (from + 1 < end && data[from + 1] == quote))) {
        from += data[from] == quote;
        data[to++] = data[from++];
    }
    *next = from + 1;
    cell->length = to - cell->start;
    if (*next < end && data[*next] != table->dialect.delimiter)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s:%llu: text after a closing quotation mark in column %zu; a quotation "
                         "mark inside quotes must be doubled",
                         reader->source.name, (unsigned long long)table->record_line,
                         table->cell_count + 1);
    return BERT_OK;
}

static bert_status split_record(reader *reader, table *table, bert_error *error)
{
    const text *record = &reader->scratch;
    table->cell_count = 0;
    for (size_t start = 0, next; start <= record->length; start = next + 1) {
        cell cell = {.start = start};
        if (table->dialect.quote && start < record->length &&
            record->data[start] == table->dialect.quote) {
            TRY(unquote(reader, table, &cell, &next, error));
        } else {
            const char *stop =
                memchr(record->data + start, table->dialect.delimiter, record->length - start);
            next = stop ? (size_t)(stop - record->data) : record->length;
            cell.length = next - start;
        }
        TRY(memory_grow((void **)&table->cells, &table->cell_capacity, table->cell_count + 1,
                        sizeof *table->cells, "cells of a row", error));
        table->cells[table->cell_count++] = cell;
    }
    return BERT_OK;
}

/* Reads and splits the next record that is not an empty line. */
static bert_status next_record(reader *reader, table *table, bool *found, bert_error *error)
{
    do
        TRY(read_record(reader, table, found, error));
    while (*found && reader->scratch.length == 0);
    return *found ? split_record(reader, table, error) : BERT_OK;
}

/* ---------------------------------------------------------------------------------- reader --- */

static bert_status choose_number(const reader *reader, table *table, const char *name,
                                 size_t length, bert_error *error)
{
    unsigned long long number = strtoull(name, NULL, 10);
    if (number == 0 || number > table->cell_count)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s:%llu: has %zu columns, but column %.*s was requested",
                         reader->source.name, (unsigned long long)table->record_line,
                         table->cell_count, (int)length, name);
    if (table->columns.count == COLUMNS_MAX)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "more than %d columns are named",
                         COLUMNS_MAX);
    table->columns.index[table->columns.count++] = (size_t)number - 1;
    return BERT_OK;
}

static bert_status choose_numbers(const reader *reader, table *table, bert_error *error)
{
    const char *fields = reader->options.text_field, *name;
    const char *document_column = reader->options.document_column;
    size_t length;
    if (document_column)
        TRY(choose_number(reader, table, document_column, strlen(document_column), error));
    while (columns_next_name(&fields, &name, &length))
        TRY(choose_number(reader, table, name, length, error));
    return BERT_OK;
}

static bert_status choose_names(const reader *reader, table *table, bert_error *error)
{
    column_kind *kinds = NULL;
    char *position = NULL;
    bert_status status;
    TRY_OR_GO(status,
              memory_array((void **)&kinds, table->cell_count, sizeof *kinds, "columns", error),
              done);
    TRY_OR_GO(status,
              path_format(&position, error, "%s:%llu", reader->source.name,
                          (unsigned long long)table->record_line),
              done);
    for (size_t i = 0; i < table->cell_count; i++) {
        const cell *cell = &table->cells[i];
        char *name = reader->scratch.data + cell->start;
        name[cell->length] =
            '\0'; /* overwrites the delimiter, a quotation mark or the terminator */
        kinds[i] = (column_kind){.name = name, .is_text = true, .is_key = true};
    }
    status =
        columns_choose(&table->columns, reader->options.text_field, reader->options.document_column,
                       kinds, table->cell_count, position, reader->columns_hint, error);
done:
    free(kinds);
    free(position);
    return status;
}

/* Files from before Mac OS X have only carriage returns. */
static bert_status check_line_breaks(const reader *reader, const char *head, size_t size,
                                     bert_error *error)
{
    const char *cr = memchr(head, '\r', size);
    if (!cr || cr + 1 == head + size || memchr(head, '\n', size))
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT,
                     "%s: its lines end in carriage returns alone, expected line feeds; convert "
                     "it first, e.g. with tr '\\r' '\\n'",
                     reader->source.name);
}

static bert_status start(reader *reader, bert_error *error)
{
    table *table;
    TRY(memory_array((void **)&table, 1, sizeof *table, "a table", error));
    reader->state = table;
    const char *head = reader->source.buffer + reader->source.begin;
    size_t size = reader->source.end - reader->source.begin;
    TRY(check_line_breaks(reader, head, size, error));
    if (!dialect_find(&table->dialect, reader, head, size))
        table->dialect = (dialect){',', '"'}; /* unreachable after `detect` */
    bool found;
    TRY(next_record(reader, table, &found, error));
    if (!found)
        return BERT_OK; /* only empty lines: no documents */
    table->column_count = table->cell_count;
    table->has_pending_record = dialect_is_numbered(reader->options.text_field);
    return table->has_pending_record ? choose_numbers(reader, table, error)
                                     : choose_names(reader, table, error);
}

static const char *hint_of_more(const table *table)
{
    if (table->cell_count < table->column_count)
        return "";
    return table->dialect.quote ? "; a cell that holds the delimiter must be in quotation marks"
                                : "; a cell cannot hold a tab, unless the names of all columns are "
                                  "in quotation marks";
}

static bert_status row(reader *reader, bool *found, bert_error *error)
{
    table *table = reader->state;
    *found = true;
    for (bool complete = false; !complete;) {
        if (!table->has_pending_record)
            TRY(next_record(reader, table, found, error));
        table->has_pending_record = false;
        if (!*found)
            return BERT_OK;
        complete = table->cell_count == table->column_count;
        if (!complete && !reader->skips_bad_rows)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s:%llu: has %zu columns, but the first row has %zu%s",
                             reader->source.name, (unsigned long long)table->record_line,
                             table->cell_count, table->column_count, hint_of_more(table));
        reader->bad_rows += !complete;
    }
    reader->row.offset = table->record_offset;
    reader->row.line = table->record_line;
    for (size_t i = 0; i < table->columns.count; i++) {
        const cell *cell = &table->cells[table->columns.index[i]];
        TRY(rows_append_cell(reader, reader->scratch.data + cell->start, cell->length, error));
        rows_end_cell(reader);
    }
    return BERT_OK;
}

static void end(reader *reader)
{
    table *table = reader->state;
    free(table->cells);
    free(table);
}

const reader_format reader_delimited = {.name = "a table of text",
                                        .detect = detect,
                                        .start = start,
                                        .next = rows_next,
                                        .row = row,
                                        .end = end};
