#include "dataset/id_table.h"

#include "base/memory.h"
#include "corpus/arrow_source.h"
#include "formats/parquet.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COLUMNS_MAX = 8 };

typedef struct format {
    bert_status (*open)(id_table *table, bert_error *error);
    bert_status (*next)(id_table *table, bool *found, bert_error *error);
    bert_status (*cells)(id_table *table, size_t column, id_cells *cells, bert_error *error);
    void (*close)(id_table *table);
} format;

struct id_table {
    const format *format;
    source *source;
    const id_column *wanted;
    size_t count;
    size_t index[COLUMNS_MAX]; /* in the file; SIZE_MAX where it is absent */
    uint64_t row;              /* the current one, from 1 */

    int descriptor; /* of a file that is read from more than one place; -1: none */
    arrow *arrow;
    parquet *parquet;
    parquet_cursor *cursors[COLUMNS_MAX];

    json_t *object; /* the current row */
    bool is_ahead;  /* it is the next one */
};

static bert_status row_error(const id_table *table, size_t column, const char *what,
                             bert_error *error)
{
    return error_set(error, BERT_ERROR_INPUT, "%s: row %llu: %s %s", table->source->name,
                     (unsigned long long)table->row, table->wanted[column].name, what);
}

static bert_status grow(id_cells *cells, size_t count, bert_error *error)
{
    return memory_grow((void **)&cells->values, &cells->capacity, count, sizeof *cells->values,
                       "a row of ids", error);
}

/* A column of the file, as the formats have it. */
typedef struct found_column {
    const char *name, *type;
    bool is_readable, is_list;
} found_column;

static bert_status choose_columns(id_table *table, const found_column *columns, size_t count,
                                  bert_error *error)
{
    for (size_t i = 0; i < table->count; i++) {
        const id_column *wanted = &table->wanted[i];
        size_t j = 0;
        while (j < count && strcmp(columns[j].name, wanted->name) != 0)
            j++;
        table->index[i] = SIZE_MAX;
        if (j == count) {
            if (wanted->is_needed)
                return error_set(error, BERT_ERROR_INPUT,
                                 "%s: no column %s; expected a pre-tokenized data set (for text, "
                                 "use `bert prepare`)",
                                 table->source->name, wanted->name);
            continue;
        }
        if (columns[j].is_readable && (columns[j].is_list || !wanted->is_list))
            table->index[i] = j;
        else if (!wanted->may_differ)
            return error_set(error, BERT_ERROR_INPUT, "%s: the column %s is %s, expected %s",
                             table->source->name, wanted->name, columns[j].type,
                             wanted->is_list ? "lists of integers" : "integers or booleans");
    }
    return BERT_OK;
}

/* ----------------------------------------------------------------------------------- Arrow --- */

static bert_status arrow_start(id_table *table, bert_error *error)
{
    TRY(arrow_source_open(&table->arrow, &table->descriptor, table->source, error));
    size_t count;
    const arrow_column *columns = arrow_columns(table->arrow, &count);
    found_column *found;
    TRY(memory_array((void **)&found, count, sizeof *found, "columns", error));
    for (size_t i = 0; i < count; i++)
        found[i] = (found_column){columns[i].name, columns[i].type, columns[i].is_integer,
                                  columns[i].is_list};
    bert_status status = choose_columns(table, found, count, error);
    free(found);
    return status;
}

static bert_status arrow_next(id_table *table, bool *found, bert_error *error)
{
    return arrow_next_row(table->arrow, found, error);
}

static bert_status arrow_cells(id_table *table, size_t column, id_cells *cells, bert_error *error)
{
    size_t index = table->index[column];
    TRY(arrow_value_count(table->arrow, index, &cells->count, error));
    TRY(grow(cells, cells->count, error));
    bert_error reason;
    bert_status status = arrow_integers(table->arrow, index, cells->values, &reason);
    return status == BERT_OK
               ? BERT_OK
               : error_set(error, status, "%s (row %llu, column %s)", reason.message,
                           (unsigned long long)table->row, table->wanted[column].name);
}

static void arrow_end(id_table *table)
{
    arrow_close(table->arrow);
    if (table->descriptor >= 0)
        close(table->descriptor);
}

static const format format_arrow = {arrow_start, arrow_next, arrow_cells, arrow_end};

/* --------------------------------------------------------------------------------- Parquet --- */

static bert_status parquet_start(id_table *table, bert_error *error)
{
    TRY(source_file(table->source, &table->descriptor, error));
    TRY(parquet_open(&table->parquet, table->descriptor, table->source->name, error));
    size_t count;
    const parquet_column *columns = parquet_columns(table->parquet, &count);
    found_column *found;
    TRY(memory_array((void **)&found, count, sizeof *found, "columns", error));
    for (size_t i = 0; i < count; i++) {
        bool is_nested = columns[i].max_repetition > 1;
        found[i] = (found_column){columns[i].name, is_nested ? "lists of lists" : columns[i].type,
                                  columns[i].is_integer && !is_nested, columns[i].is_list};
    }
    bert_status status = choose_columns(table, found, count, error);
    free(found);
    for (size_t i = 0; i < table->count && status == BERT_OK; i++)
        if (table->index[i] != SIZE_MAX)
            status =
                parquet_cursor_open(&table->cursors[i], table->parquet, table->index[i], error);
    return status;
}

static bert_status parquet_next(id_table *table, bool *found, bert_error *error)
{
    size_t present = 0, more = 0;
    for (size_t i = 0; i < table->count; i++) {
        if (!table->cursors[i])
            continue;
        TRY(parquet_next_row(table->cursors[i], found, error));
        present++;
        more += *found;
    }
    *found = more == present;
    if (!*found && more > 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: its columns have different numbers of rows, one ends after row %llu",
                         table->source->name, (unsigned long long)table->row);
    return BERT_OK;
}

static bert_status parquet_cells(id_table *table, size_t column, id_cells *cells, bert_error *error)
{
    for (;;) {
        int64_t value = 0;
        bool is_null, found;
        TRY(parquet_next_integer(table->cursors[column], &value, &is_null, &found, error));
        if (!found)
            return BERT_OK;
        if (is_null)
            return row_error(table, column, "has a null where an integer was expected", error);
        TRY(grow(cells, cells->count + 1, error));
        cells->values[cells->count++] = value;
    }
}

static void parquet_end(id_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        parquet_cursor_close(table->cursors[i]);
    parquet_close(table->parquet);
    if (table->descriptor >= 0)
        close(table->descriptor);
}

static const format format_parquet = {parquet_start, parquet_next, parquet_cells, parquet_end};

/* -------------------------------------------------------------------------------- JSON lines ---
 */

static bool is_blank(const char *data, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isspace((unsigned char)data[i]))
            return false;
    return true;
}

static bert_status read_object(id_table *table, bool *found, bert_error *error)
{
    line line;
    do {
        TRY(source_line(table->source, &line, found, error));
        if (!*found)
            return BERT_OK;
        if (line.continues)
            return error_set(error, BERT_ERROR_INPUT, "%s: row %llu: a line of more than %d bytes",
                             table->source->name, (unsigned long long)table->row + 1,
                             SOURCE_LINE_MAX);
    } while (is_blank(line.data, line.length));
    json_error_t problem;
    json_decref(table->object);
    table->object = json_loadb(line.data, line.length, JSON_REJECT_DUPLICATES, &problem);
    if (table->object && json_is_object(table->object))
        return BERT_OK;
    return error_set(
        error, BERT_ERROR_INPUT, "%s: byte %llu, row %llu: %s; expected a JSON object on each line",
        table->source->name, (unsigned long long)line.offset, (unsigned long long)table->row + 1,
        table->object ? "no JSON object" : problem.text);
}

static const char *json_type_name(const json_t *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object",    [JSON_ARRAY] = "an array",  [JSON_STRING] = "text",
        [JSON_INTEGER] = "an integer",  [JSON_REAL] = "a fraction", [JSON_TRUE] = "true or false",
        [JSON_FALSE] = "true or false", [JSON_NULL] = "null",
    };
    return names[json_typeof(value)];
}

static bool is_integer(const json_t *value)
{
    return json_is_integer(value) || json_is_boolean(value);
}

/* The first row tells what columns there are. */
static bert_status json_start(id_table *table, bert_error *error)
{
    TRY(read_object(table, &table->is_ahead, error));
    if (!table->is_ahead)
        return BERT_OK;
    found_column *found;
    size_t count = 0;
    TRY(memory_array((void **)&found, json_object_size(table->object), sizeof *found, "columns",
                     error));
    const char *key;
    json_t *value;
    json_object_foreach(table->object, key, value)
    {
        bool is_list = json_is_array(value) || json_is_null(value); /* null may be any */
        const json_t *first = is_list ? json_array_get(value, 0) : value;
        found[count++] =
            (found_column){key, json_type_name(value), !first || is_integer(first), is_list};
    }
    bert_status status = choose_columns(table, found, count, error);
    free(found);
    return status;
}

static bert_status json_next(id_table *table, bool *found, bert_error *error)
{
    *found = table->is_ahead;
    if (!table->is_ahead)
        TRY(read_object(table, found, error));
    table->is_ahead = false;
    return BERT_OK;
}

static bert_status json_cells(id_table *table, size_t column, id_cells *cells, bert_error *error)
{
    const json_t *value = json_object_get(table->object, table->wanted[column].name);
    bool is_list = json_is_array(value);
    size_t count = is_list ? json_array_size(value) : 1;
    cells->is_null = !value || json_is_null(value);
    if (cells->is_null)
        return BERT_OK;
    if (!is_list && table->wanted[column].is_list)
        return row_error(table, column, "is not an array of integers", error);
    TRY(grow(cells, count, error));
    for (size_t i = 0; i < count; i++) {
        const json_t *one = is_list ? json_array_get(value, i) : value;
        if (!is_integer(one))
            return row_error(table, column, "holds something else than integers", error);
        cells->values[i] = json_is_integer(one) ? json_integer_value(one) : json_is_true(one);
    }
    cells->count = count;
    return BERT_OK;
}

static void json_end(id_table *table)
{
    json_decref(table->object);
}

static const format format_json = {json_start, json_next, json_cells, json_end};

/* ----------------------------------------------------------------------------------- table --- */

static bert_status detect(const format **format, source *source, bert_error *error)
{
    TRY(source_fill(source, 64, error));
    const char *head = source->buffer + source->begin;
    size_t size = source->end - source->begin, at = 0;
    while (at < size && isspace((unsigned char)head[at]))
        at++;
    if (arrow_detect(head, size))
        *format = &format_arrow;
    else if (size >= 4 && memcmp(head, "PAR1", 4) == 0)
        *format = &format_parquet;
    else if (size == 0 || (at < size && head[at] == '{'))
        *format = &format_json;
    else
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: is neither prepared data nor Arrow, Parquet or JSON lines with "
                         "input_ids; make data of text with `bert prepare`",
                         source->name);
    return BERT_OK;
}

bert_status id_table_open(id_table **out, source *source, const id_column *columns, size_t count,
                          bert_error *error)
{
    *out = NULL;
    id_table *table;
    TRY(memory_array((void **)&table, 1, sizeof *table, "a table", error));
    table->source = source;
    table->wanted = columns;
    table->count = count;
    table->descriptor = -1;
    for (size_t i = 0; i < COLUMNS_MAX; i++)
        table->index[i] = SIZE_MAX;
    bert_status status = detect(&table->format, source, error);
    if (status == BERT_OK)
        status = table->format->open(table, error);
    if (status == BERT_OK)
        *out = table;
    else
        id_table_close(table);
    return status;
}

void id_table_close(id_table *table)
{
    if (table && table->format)
        table->format->close(table);
    free(table);
}

bool id_table_has(const id_table *table, size_t column)
{
    return table->index[column] != SIZE_MAX;
}

bert_status id_table_next(id_table *table, bool *found, bert_error *error)
{
    TRY(table->format->next(table, found, error));
    table->row += *found;
    return BERT_OK;
}

bert_status id_table_cells(id_table *table, size_t column, id_cells *cells, bert_error *error)
{
    cells->count = 0;
    cells->is_null = false;
    return id_table_has(table, column) ? table->format->cells(table, column, cells, error)
                                       : BERT_OK;
}
