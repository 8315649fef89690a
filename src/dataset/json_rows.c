#include "dataset/json_rows.h"

#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What the source has in its buffer. */
static bert_status fill(void *context, const char **data, size_t *size, bert_error *error)
{
    source *source = context;
    TRY(source_fill(source, 1, error));
    *data = source->buffer + source->begin;
    *size = source->end - source->begin;
    source->begin = source->end;
    source->offset += *size;
    return BERT_OK;
}

bert_status json_rows_open(json_rows **out, source *source, const char *const *names, size_t count,
                           bert_error *error)
{
    json_rows *rows;
    *out = NULL;
    TRY(memory_array((void **)&rows, 1, sizeof *rows, "a table", error));
    rows->source = source;
    rows->count = count;
    for (size_t i = 0; i < count; i++)
        rows->names[i] = names[i];
    json_reader_start(&rows->reader, source->name, source->offset, fill, source);
    *out = rows;
    return BERT_OK;
}

void json_rows_close(json_rows *rows)
{
    if (!rows)
        return;
    for (size_t i = 0; i < rows->count; i++)
        free(rows->cells[i].values);
    json_reader_free(&rows->reader);
    text_free(&rows->word);
    free(rows);
}

/* ----------------------------------------------------------------------------------- cells --- */

/* Whether the scalar is an integer of 64 bits or a boolean. */
static bool parse(const char *word, int64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoll(word, &end, 10);
    if (end > word && *end == '\0')
        return errno == 0;
    *value = strcmp(word, "true") == 0;
    return *value || strcmp(word, "false") == 0;
}

static bert_status read_value(json_rows *rows, json_cell *cell, json_kind kind, bert_error *error)
{
    if (kind != JSON_KIND_NUMBER && kind != JSON_KIND_BOOLEAN) {
        cell->has_others = true;
        return json_reader_skip(&rows->reader, error);
    }
    int64_t value = 0;
    text_clear(&rows->word);
    TRY(json_reader_scalar(&rows->reader, &rows->word, error));
    TRY(memory_grow((void **)&cell->values, &cell->capacity, cell->count + 1, sizeof *cell->values,
                    "a row of ids", error));
    cell->has_others |= !parse(rows->word.data, &value);
    cell->values[cell->count++] = value;
    return BERT_OK;
}

static bert_status read_cell(json_rows *rows, json_cell *cell, bert_error *error)
{
    cell->has_others = false;
    cell->count = 0;
    TRY(json_reader_peek(&rows->reader, &cell->kind, error));
    if (cell->kind != JSON_KIND_ARRAY)
        return cell->kind == JSON_KIND_NULL ? json_reader_skip(&rows->reader, error)
                                            : read_value(rows, cell, cell->kind, error);
    TRY(json_reader_enter(&rows->reader, error));
    for (;;) {
        bool found;
        json_kind kind;
        TRY(json_reader_element(&rows->reader, &found, error));
        if (!found)
            return BERT_OK;
        TRY(json_reader_peek(&rows->reader, &kind, error));
        TRY(read_value(rows, cell, kind, error));
    }
}

/* ------------------------------------------------------------------------------------ rows --- */

static bert_status read_row(json_rows *rows, bert_error *error)
{
    for (size_t i = 0; i < rows->count; i++)
        rows->cells[i].kind = JSON_KIND_END;
    TRY(json_reader_enter(&rows->reader, error));
    for (;;) {
        bool found;
        const char *name;
        size_t length, i = 0;
        TRY(json_reader_member(&rows->reader, &found, &name, &length, error));
        if (!found)
            return BERT_OK;
        while (i < rows->count &&
               (strlen(rows->names[i]) != length || memcmp(rows->names[i], name, length) != 0))
            i++;
        TRY(i < rows->count ? read_cell(rows, &rows->cells[i], error)
                            : json_reader_skip(&rows->reader, error));
    }
}

/* Goes to the next value that may be a row. */
static bert_status find_row(json_rows *rows, json_kind *kind, bert_error *error)
{
    for (;;) {
        bool found = true;
        if (rows->in_array)
            TRY(json_reader_element(&rows->reader, &found, error));
        rows->in_array = rows->in_array && found;
        if (!found)
            continue;
        TRY(json_reader_peek(&rows->reader, kind, error));
        if (*kind != JSON_KIND_ARRAY || rows->in_array || rows->row > 0)
            return BERT_OK;
        TRY(json_reader_enter(&rows->reader, error)); /* the array of all rows */
        rows->in_array = true;
    }
}

bert_status json_rows_next(json_rows *rows, bool *found, bert_error *error)
{
    json_kind kind;
    bert_error reason;
    bert_status status = find_row(rows, &kind, &reason);
    *found = status == BERT_OK && kind != JSON_KIND_END;
    if (status == BERT_OK && !*found)
        return BERT_OK;
    rows->row++;
    if (*found && kind != JSON_KIND_OBJECT)
        return error_set(error, BERT_ERROR_INPUT, "%s: row %llu: is %s, expected a JSON object",
                         rows->source->name, (unsigned long long)rows->row, json_kind_name(kind));
    if (status == BERT_OK)
        status = read_row(rows, &reason);
    return status == BERT_OK ? BERT_OK
                             : error_set(error, status, "%s (row %llu)", reason.message,
                                         (unsigned long long)rows->row);
}
