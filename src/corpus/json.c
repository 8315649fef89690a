/* JSON as a corpus and as a table. A row is
 *
 * - an object at the top level: JSON Lines, or objects that follow each other in any layout;
 * - an element of an array at the top level, which may be of any size;
 * - a member of an object of documents: {"ID": ["sentence", …], …};
 * - where the paths of the text have a star, what stands there: of {"data": [{"text": …}, …]}, the
 *   elements of the list by data.*.text.
 *
 * Its cells are what the paths name (corpus/json_fields.h). The elements of a list are sentences.
 */
#include "base/file.h"
#include "base/memory.h"
#include "corpus/json_detect.h"
#include "corpus/json_fields.h"
#include "corpus/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct table {
    json_reader parser;
    json_fields fields;
    bool has_key;       /* the first field is the document column */
    bool is_default;    /* no path was named: "text", or the row itself if it is no object */
    bool has_whole;     /* the last field is all the names together, as one name */
    bool has_documents; /* the input is an object of documents */
    bool has_star;      /* rows stand where the paths have a star, */
    const char *prefix; /* and these names, with dots between them, lead to it */
    size_t prefix_length;
    bool entered;   /* the prefix of the current value at the top level was found */
    bool is_closed; /* an array of rows, or an object of documents, was the whole input */
    uint64_t rows;  /* begun so far */
} table;

/* ---------------------------------------------------------------------------------- fields --- */

static bert_status add_field(const reader *reader, table *table, const char *path, size_t length,
                             bool is_key, bert_error *error)
{
    json_fields *fields = &table->fields;
    if (fields->count == COLUMNS_MAX)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "more than %d columns are named",
                         COLUMNS_MAX);
    fields->list[fields->count++] = (json_field){.path = path,
                                                 .length = length,
                                                 .takes_numbers = is_key || reader->takes_numbers,
                                                 .is_key = is_key};
    return BERT_OK;
}

/* Where the star of a path stands: the whole name between two dots. */
static const char *find_star(const char *path, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (path[i] == '*' && (i == 0 || path[i - 1] == '.') &&
            (i + 1 == length || path[i + 1] == '.'))
            return path + i;
    return NULL;
}

/* Cuts a path at its star: what is before it is the same for all paths. */
static bert_status cut_path(const reader *reader, table *table, const char **path, size_t *length,
                            bert_error *error)
{
    const char *star = find_star(*path, *length);
    size_t before = star ? (size_t)(star - *path) : 0, prefix = before - (before > 0);
    if (table->fields.count > 0 &&
        (table->has_star != (star != NULL) ||
         (star && (table->prefix_length != prefix || memcmp(table->prefix, *path, prefix) != 0))))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: the path \"%.*s\" differs from the others before its star, expected "
                         "the same there in each",
                         reader->source.name, (int)*length, *path);
    if (!star)
        return BERT_OK;
    table->has_star = true;
    table->prefix = *path;
    table->prefix_length = prefix;
    size_t taken = before + 1 + (before + 1 < *length); /* with the dot after the star */
    if (find_star(*path + taken, *length - taken))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: the path \"%.*s\" has a second star, expected one: lists are gone "
                         "through without, as in data.*.paragraphs.context",
                         reader->source.name, (int)*length, *path);
    *path += taken;
    *length -= taken;
    return BERT_OK;
}

static bert_status add_fields(const reader *reader, table *table, bert_error *error)
{
    const char *names = reader->options.text_field, *key = reader->options.document_column, *path;
    size_t length;
    table->has_key = key != NULL;
    table->is_default = !names || !*names;
    if (key) {
        length = strlen(key);
        TRY(cut_path(reader, table, &key, &length, error));
        TRY(add_field(reader, table, key, length, true, error));
    }
    if (table->is_default)
        return add_field(reader, table, "text", 4, false, error);
    const char *list = names;
    while (columns_next_name(&list, &path, &length)) {
        TRY(cut_path(reader, table, &path, &length, error));
        TRY(add_field(reader, table, path, length, false, error));
    }
    /* A name that contains commas. Callers of tables want as many cells as they name. */
    table->has_whole = strchr(names, ',') && !table->has_star && !reader->takes_numbers;
    if (table->has_whole)
        table->fields.list[table->fields.count++] =
            (json_field){.path = names, .length = strlen(names)};
    return BERT_OK;
}

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

static bert_status start(reader *reader, bert_error *error)
{
    source *source = &reader->source;
    table *table;
    TRY(memory_array((void **)&table, 1, sizeof *table, "a JSON reader", error));
    reader->state = table;
    json_reader_start(&table->parser, source->name, source->offset, fill, source);
    TRY(add_fields(reader, table, error));
    table->has_documents =
        table->is_default &&
        json_detect_documents(source->buffer + source->begin, source->end - source->begin);
    return BERT_OK;
}

static void end(reader *reader)
{
    table *table = reader->state;
    json_reader_free(&table->parser);
    json_fields_free(&table->fields);
    free(table);
}

/* ----------------------------------------------------------------------------------- rows --- */

static bert_status unexpected(const reader *reader, const table *table, json_kind found,
                              const char *expected, bert_error *error)
{
    return error_set(error, BERT_ERROR_INPUT, "%s:%llu: found %s, expected %s", reader->source.name,
                     (unsigned long long)table->parser.line, json_kind_name(found), expected);
}

/* Enters a value at the top level that holds rows; *is_row: it is a row itself. */
static bert_status begin_value(const reader *reader, table *table, json_kind kind, bool *is_row,
                               bert_error *error)
{
    if (table->is_closed)
        return unexpected(
            reader, table, kind,
            table->has_documents
                ? "the end of the input after the object of documents"
                : "the end of the input after the array (a path that begins with \"*\" "
                  "reads the elements of every array)",
            error);
    *is_row = false;
    if (table->has_star) {
        text_clear(&table->fields.members);
        table->entered = table->prefix_length == 0;
        if (kind == JSON_KIND_OBJECT || (kind == JSON_KIND_ARRAY && table->entered))
            return json_reader_enter(&table->parser, error);
        return unexpected(reader, table, kind, "an object", error);
    }
    if (kind == JSON_KIND_ARRAY && table->rows > 0)
        return unexpected(reader, table, kind, "an object, as in the lines before", error);
    table->is_closed = kind == JSON_KIND_ARRAY || table->has_documents;
    *is_row = !table->is_closed;
    return table->is_closed ? json_reader_enter(&table->parser, error) : BERT_OK;
}

/* The n-th name of the prefix. */
static const char *prefix_name(const table *table, size_t number, size_t *length)
{
    const char *name = table->prefix, *end = name + table->prefix_length;
    for (; number > 0 && name < end; number--) {
        name += strcspn(name, ".");
        name += name < end;
    }
    *length = name < end ? strcspn(name, ".") : 0;
    return name;
}

static size_t prefix_count(const table *table)
{
    size_t count = table->prefix_length > 0;
    for (size_t i = 0; i < table->prefix_length; i++)
        count += table->prefix[i] == '.';
    return count;
}

/* The end of messages about a field: how to name another. */
static const char *hint_of(const reader *reader, bool is_key)
{
    return is_key ? "Name another by options->document_column" : reader->columns_hint;
}

static bert_status missing_error(const reader *reader, const table *table, const char *path,
                                 size_t length, uint64_t line, const char *hint, bert_error *error)
{
    const text *members = &table->fields.members;
    return error_set(error, BERT_ERROR_INPUT,
                     "%s:%llu: the object has no member \"%.*s\"; its members are: %s. %s%s",
                     reader->source.name, (unsigned long long)line, (int)length, path,
                     members->length > 0 ? members->data : "none", hint,
                     table->is_default && hint == reader->columns_hint
                         ? ", or \"*\" if each member is a document"
                         : "");
}

/* At a member of an object on the way to the star: enters it if the prefix goes on there. */
static bert_status follow_prefix(const reader *reader, table *table, bool is_next,
                                 bert_error *error)
{
    json_kind kind;
    if (!is_next)
        return json_reader_skip(&table->parser, error);
    TRY(json_reader_peek(&table->parser, &kind, error));
    bool is_last = table->parser.depth == prefix_count(table);
    table->entered |= is_last;
    if (is_last && kind == JSON_KIND_NULL)
        return json_reader_skip(&table->parser, error);
    if (kind == JSON_KIND_OBJECT || (is_last && kind == JSON_KIND_ARRAY))
        return json_reader_enter(&table->parser, error);
    return unexpected(reader, table, kind,
                      is_last ? "an object or an array before the star of the path"
                              : "an object on the path to the star",
                      error);
}

/* Advances inside the objects and arrays that lead to rows; *is_row: the next value is one. */
static bert_status advance(const reader *reader, table *table, bool *is_row, bert_error *error)
{
    json_reader *parser = &table->parser;
    unsigned depth = parser->depth;
    const char *name = NULL;
    size_t length = 0;
    bool found;
    *is_row = false;
    if (parser->brackets[depth - 1] == '[')
        TRY(json_reader_element(parser, &found, error));
    else
        TRY(json_reader_member(parser, &found, &name, &length, error));
    if (!found)
        return depth > 1 || !table->has_star || table->entered
                   ? BERT_OK
                   : missing_error(reader, table, table->prefix, table->prefix_length, parser->line,
                                   reader->columns_hint, error);
    size_t names = table->has_star ? prefix_count(table) : 0;
    *is_row = depth > names;
    if (*is_row)
        return BERT_OK;
    size_t wanted_length;
    const char *wanted = prefix_name(table, depth - 1, &wanted_length);
    if (!table->entered)
        TRY(json_fields_list_member(&table->fields, table->prefix, (size_t)(wanted - table->prefix),
                                    name, length, error));
    bool is_next = length == wanted_length && memcmp(name, wanted, length) == 0;
    return follow_prefix(reader, table, is_next, error);
}

/* Advances to the next row. */
static bert_status find_row(const reader *reader, table *table, bool *found, bert_error *error)
{
    for (*found = false; !*found;) {
        if (table->parser.depth > 0) {
            TRY(advance(reader, table, found, error));
            continue;
        }
        json_kind kind;
        TRY(json_reader_peek(&table->parser, &kind, error));
        if (kind == JSON_KIND_END)
            return BERT_OK;
        TRY(begin_value(reader, table, kind, found, error));
    }
    table->rows++;
    return BERT_OK;
}

/* --------------------------------------------------------------------------------- errors --- */

static bert_status wrong_error(const reader *reader, const json_field *field, bert_error *error)
{
    const char *what = field->is_key           ? "a string or a number"
                       : reader->takes_numbers ? "a string, strings or a number"
                                               : "a string or strings";
    char expected[64];
    size_t taken = field->length - field->rest;
    if (field->rest == 0)
        snprintf(expected, sizeof expected, "%s%s", what, taken > 0 ? " in" : "");
    else
        snprintf(expected, sizeof expected, "an object%s", taken > 0 ? " in" : " with");
    size_t named = field->rest > 0 && taken > 0 ? taken - 1 : field->length; /* without the dot */
    const char *found = json_kind_name(field->wrong), *hint = hint_of(reader, field->is_key);
    if (named == 0)
        return error_set(error, BERT_ERROR_INPUT, "%s:%llu: expected %s, found %s. %s",
                         reader->source.name, (unsigned long long)field->line, expected, found,
                         hint);
    return error_set(
        error, BERT_ERROR_INPUT, "%s:%llu: expected %s the member \"%.*s\", found %s%s. %s%s",
        reader->source.name, (unsigned long long)field->line, expected, (int)named, field->path,
        found, field->wrong_in_list ? " in a list" : "", hint,
        field->wrong == JSON_KIND_OBJECT && !field->is_key ? ", a member of an object as a.b" : "");
}

static bert_status check_field(const reader *reader, const table *table, const json_field *field,
                               bert_error *error)
{
    if (field->match == JSON_WRONG)
        return wrong_error(reader, field, error);
    return field->match == JSON_FOUND
               ? BERT_OK
               : missing_error(reader, table, field->path, field->length, reader->row.line,
                               hint_of(reader, field->is_key), error);
}

/* ---------------------------------------------------------------------------------- cells --- */

static bert_status append_cell(reader *reader, const json_field *field, bert_error *error)
{
    size_t begin = 0;
    for (size_t i = 0; i < field->count; i++) {
        const char *data = field->text.data + begin;
        size_t length = field->values[i].end - begin;
        TRY(field->values[i].in_list ? rows_append_item(reader, data, length, error)
                                     : rows_append_cell(reader, data, length, error));
        begin = field->values[i].end;
    }
    rows_end_cell(reader);
    return BERT_OK;
}

static bert_status append_cells(reader *reader, const table *table, bert_error *error)
{
    const json_fields *fields = &table->fields;
    size_t first = 0, count = fields->count - table->has_whole;
    const json_field *whole = &fields->list[count];
    if (table->has_key) {
        TRY(check_field(reader, table, &fields->list[0], error));
        TRY(append_cell(reader, &fields->list[0], error));
        first = 1;
    }
    if (table->has_whole && whole->match != JSON_MISSING) {
        TRY(check_field(reader, table, whole, error));
        return append_cell(reader, whole, error);
    }
    for (size_t i = first; i < count; i++) {
        TRY(check_field(reader, table, &fields->list[i], error));
        TRY(append_cell(reader, &fields->list[i], error));
    }
    return BERT_OK;
}

/* Without a name, the text of an object is its member "text"; of another row, the row. */
static bert_status choose_default(table *table, bert_error *error)
{
    json_kind kind;
    TRY(json_reader_peek(&table->parser, &kind, error));
    json_field *field = &table->fields.list[table->has_key];
    field->length = kind == JSON_KIND_OBJECT && !table->has_documents ? strlen("text") : 0;
    return BERT_OK;
}

/* Lone surrogates count as invalid text, with the bytes of their escapes. */
static void count_lone_surrogates(reader *reader, json_reader *parser)
{
    if (parser->lone_surrogates == 0)
        return;
    if (reader->invalid.bytes == 0)
        reader->invalid.first_offset = parser->first_lone_surrogate;
    reader->invalid.bytes += parser->lone_surrogates * strlen("\\ud800");
    parser->lone_surrogates = 0;
}

static bert_status row(reader *reader, bool *found, bert_error *error)
{
    table *table = reader->state;
    TRY(find_row(reader, table, found, error));
    if (!*found)
        return BERT_OK;
    json_kind kind;
    TRY(json_reader_peek(&table->parser, &kind, error)); /* the line on which the row begins */
    reader->row.line = table->parser.line;
    reader->row.offset = json_reader_offset(&table->parser);
    if (table->is_default)
        TRY(choose_default(table, error));
    TRY(json_fields_read(&table->fields, &table->parser, error));
    count_lone_surrogates(reader, &table->parser);
    if (table->fields.offset > 0)
        reader->row.offset = table->fields.offset;
    return append_cells(reader, table, error);
}

const reader_format reader_json = {.name = "JSON",
                                   .detect = json_detect,
                                   .start = start,
                                   .next = rows_next,
                                   .row = row,
                                   .end = end};
