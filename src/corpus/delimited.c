/* Tables as text: comma-separated values with the quotes of RFC 4180, and tab-separated ones, which
 * have none (GLUE's files hold quotation marks wherever their sentences do).
 *
 * The first row names the columns; where --text-field is a number (CoLA's file has no names), the
 * columns are counted from 1 and the first row is a row like the others. */
#include "base/file.h"
#include "base/memory.h"
#include "corpus/columns.h"
#include "corpus/rows.h"

#include <stdlib.h>
#include <string.h>

/* A longer record is an error: it has to be in memory to be taken apart. */
enum { RECORD_LIMIT = 4 * DOCUMENT_LIMIT };

typedef struct cell {
    size_t start, length; /* in reader->scratch */
} cell;

typedef struct table {
    char delimiter;
    columns columns;
    size_t column_count; /* that every record must have */
    bool record_waits;   /* the first record was no header */
    cell *cells;         /* [cell_count] of the record in reader->scratch */
    size_t cell_count, cell_capacity;
    uint64_t record_line;   /* where the record begins */
    uint64_t record_offset; /* the same in bytes */
} table;

/* ---------------------------------------------------------------------------------- detect --- */

/* Whether the first line has a cell with this name, and others. */
static bool names_column(const char *head, size_t size, char delimiter, const char *name,
                         size_t length)
{
    const char *end = memchr(head, '\n', size);
    if (!end || end == head)
        return false;
    end -= end[-1] == '\r';
    size_t cells = 1;
    bool found = false;
    for (const char *start = head; start <= end; cells++) {
        const char *stop = memchr(start, delimiter, (size_t)(end - start));
        if (!stop)
            stop = end;
        found |= (size_t)(stop - start) == length && memcmp(start, name, length) == 0;
        start = stop + 1;
    }
    return found && cells > 2;
}

/* 0 where the input is no such table. */
static char find_delimiter(const reader *reader, const char *head, size_t size)
{
    if (reader_name_ends(reader, ".tsv") || reader_name_ends(reader, ".tab"))
        return '\t';
    if (reader_name_ends(reader, ".csv"))
        return ',';
    const char *fields = reader->options.text_field ? reader->options.text_field : "text", *name;
    size_t length;
    if (!columns_next_name(&fields, &name, &length))
        return 0;
    for (const char *delimiter = "\t,"; *delimiter; delimiter++)
        if (names_column(head, size, *delimiter, name, length))
            return *delimiter;
    return 0;
}

static bool detect(const reader *reader, const char *head, size_t size)
{
    return find_delimiter(reader, head, size) != 0;
}

/* --------------------------------------------------------------------------------- records --- */

enum quotes { CELL_BEGINS, IN_CELL, IN_QUOTES, BEHIND_QUOTE };

static enum quotes scan_quotes(enum quotes state, const char *data, size_t length, char delimiter)
{
    for (size_t i = 0; i < length; i++) {
        char c = data[i];
        if (state == IN_QUOTES)
            state = c == '"' ? BEHIND_QUOTE : IN_QUOTES;
        else if (c == delimiter)
            state = CELL_BEGINS;
        else if (c == '"' && state != IN_CELL) /* the second of two stands for itself */
            state = IN_QUOTES;
        else
            state = IN_CELL;
    }
    return state;
}

/* Reads a record, several lines where line breaks stand in quotes, into reader->scratch. */
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
                             "%s:%llu: a quotation mark opens here that nothing closes",
                             reader->source.name, (unsigned long long)table->record_line);
        *found = more;
        if (!more)
            return BERT_OK;
        if (reader->scratch.length == 0)
            table->record_offset = line.offset;
        reader->line_number += !line.continues;
        TRY(text_append(&reader->scratch, line.data, line.length, error));
        if (table->delimiter == ',')
            quotes = scan_quotes(quotes, line.data, line.length, table->delimiter);
        if (quotes == IN_QUOTES && !line.continues)
            TRY(text_append(&reader->scratch, "\n", 1, error));
        if (reader->scratch.length > RECORD_LIMIT)
            return error_set(error, BERT_ERROR_INPUT, "%s:%llu: a row of more than %d MiB",
                             reader->source.name, (unsigned long long)table->record_line,
                             RECORD_LIMIT >> 20);
    } while (line.continues || quotes == IN_QUOTES);
    return BERT_OK;
}

/* Takes the quotes off a cell that begins with one, in place; *next is where the next cell's
 * delimiter stands. */
static bert_status unquote(const reader *reader, const table *table, cell *cell, size_t *next,
                           bert_error *error)
{
    char *data = reader->scratch.data;
    size_t from = cell->start + 1, to = cell->start, end = reader->scratch.length;
    while (from < end && (data[from] != '"' || (from + 1 < end && data[from + 1] == '"'))) {
        from += data[from] == '"';
        data[to++] = data[from++];
    }
    *next = from + 1;
    cell->length = to - cell->start;
    if (*next < end && data[*next] != table->delimiter)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s:%llu: text behind a closing quotation mark in column %zu; a quotation "
                         "mark inside quotes is written twice",
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
        if (table->delimiter == ',' && start < record->length && record->data[start] == '"') {
            TRY(unquote(reader, table, &cell, &next, error));
        } else {
            const char *stop =
                memchr(record->data + start, table->delimiter, record->length - start);
            next = stop ? (size_t)(stop - record->data) : record->length;
            cell.length = next - start;
        }
        TRY(memory_grow((void **)&table->cells, &table->cell_capacity, table->cell_count + 1,
                        sizeof *table->cells, "cells of a row", error));
        table->cells[table->cell_count++] = cell;
    }
    return BERT_OK;
}

/* The next record that is not an empty line. */
static bert_status next_record(reader *reader, table *table, bool *found, bert_error *error)
{
    do
        TRY(read_record(reader, table, found, error));
    while (*found && reader->scratch.length == 0);
    return *found ? split_record(reader, table, error) : BERT_OK;
}

/* ---------------------------------------------------------------------------------- reader --- */

static bool is_number_list(const char *fields)
{
    return fields && fields[0] >= '1' && fields[0] <= '9' &&
           fields[strspn(fields, "0123456789,")] == '\0';
}

static bert_status choose_numbers(const reader *reader, table *table, bert_error *error)
{
    const char *fields = reader->options.text_field, *name;
    size_t length;
    while (columns_next_name(&fields, &name, &length)) {
        unsigned long long number = strtoull(name, NULL, 10);
        if (number == 0 || number > table->cell_count)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s:%llu: has %zu columns, but number %.*s is asked for",
                             reader->source.name, (unsigned long long)table->record_line,
                             table->cell_count, (int)length, name);
        if (table->columns.count == COLUMNS_MAX)
            return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "more than %d columns are named",
                             COLUMNS_MAX);
        table->columns.index[table->columns.count++] = (size_t)number - 1;
    }
    return BERT_OK;
}

static bert_status choose_names(const reader *reader, table *table, bert_error *error)
{
    column_kind *kinds = NULL;
    char *place = NULL;
    bert_status status;
    TRY_OR_GO(status,
              memory_array((void **)&kinds, table->cell_count, sizeof *kinds, "columns", error),
              done);
    TRY_OR_GO(status,
              path_format(&place, error, "%s:%llu", reader->source.name,
                          (unsigned long long)table->record_line),
              done);
    for (size_t i = 0; i < table->cell_count; i++) {
        const cell *cell = &table->cells[i];
        char *name = reader->scratch.data + cell->start;
        name[cell->length] = '\0'; /* over the delimiter, a quotation mark or the terminator */
        kinds[i] = (column_kind){.name = name, .is_text = true};
    }
    status = columns_choose(&table->columns, reader->options.text_field, kinds, table->cell_count,
                            place, reader->columns_hint, error);
done:
    free(kinds);
    free(place);
    return status;
}

static bert_status start(reader *reader, bert_error *error)
{
    table *table;
    TRY(memory_array((void **)&table, 1, sizeof *table, "a table", error));
    reader->state = table;
    table->delimiter = find_delimiter(reader, reader->source.buffer + reader->source.begin,
                                      reader->source.end - reader->source.begin);
    bool found;
    TRY(next_record(reader, table, &found, error));
    if (!found)
        return BERT_OK; /* nothing but empty lines: no documents */
    table->column_count = table->cell_count;
    table->record_waits = is_number_list(reader->options.text_field);
    return table->record_waits ? choose_numbers(reader, table, error)
                               : choose_names(reader, table, error);
}

static bert_status row(reader *reader, bool *found, bert_error *error)
{
    table *table = reader->state;
    *found = true;
    for (bool whole = false; !whole;) {
        if (!table->record_waits)
            TRY(next_record(reader, table, found, error));
        table->record_waits = false;
        if (!*found)
            return BERT_OK;
        whole = table->cell_count == table->column_count;
        if (!whole && !reader->skips_bad_rows)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s:%llu: has %zu columns, the first row has %zu", reader->source.name,
                             (unsigned long long)table->record_line, table->cell_count,
                             table->column_count);
        reader->bad_rows += !whole;
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
