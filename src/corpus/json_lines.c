/* JSON Lines: one object per line, one member of which is the text of a document. Line breaks in
 * the text end paragraphs. */
#include "corpus/columns.h"
#include "corpus/rows.h"
#include "formats/json.h"

#include <jansson.h>
#include <string.h>

/* A longer line is an error: it must fit in memory to be parsed. */
enum { JSON_LINE_LIMIT = 4 * DOCUMENT_LIMIT };

static json_t *parse(const char *data, size_t length, json_error_t *problem)
{
    return json_loadb(data, length, JSON_ALLOW_NUL, problem);
}

/* The first line that is not blank must be an object. If it is longer than `head` or not valid
 * UTF-8, a valid beginning is enough. */
static bool detect(const reader *reader, const char *head, size_t size)
{
    (void)reader;
    size_t start = 0;
    while (start < size && strchr(" \t\r\n", head[start]))
        start++;
    const char *first = head + start, *end = memchr(first, '\n', size - start);
    if (start == size || *first != '{')
        return false;
    json_error_t problem;
    json_t *value = parse(first, end ? (size_t)(end - first) : size - start, &problem);
    bool is_object = json_is_object(value);
    json_decref(value);
    if (is_object)
        return true;
    enum json_error_code code = json_error_code(&problem);
    bool truncated = !end && size + 3 >= SOURCE_PIECE; /* 3: a byte order mark was removed */
    return code == json_error_invalid_utf8 ||
           (truncated && code == json_error_premature_end_of_input);
}

/* Reads a complete line into reader->scratch, with invalid UTF-8 replaced. */
static bert_status read_line(reader *reader, bool *found, bert_error *error)
{
    text_clear(&reader->scratch);
    reader->line_number++;
    line line = {0};
    do {
        TRY(source_line(&reader->source, &line, found, error));
        if (!*found)
            return BERT_OK;
        TRY(reader_append(reader, &reader->scratch, line.data, line.length, line.offset, error));
        if (reader->scratch.length > JSON_LINE_LIMIT)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s:%llu: a line of more than %d MiB, too long for a JSON object",
                             reader->source.name, (unsigned long long)reader->line_number,
                             JSON_LINE_LIMIT >> 20);
    } while (line.continues);
    return BERT_OK;
}

/* Appends the text of a member; null means no text. */
static bert_status append_member(reader *reader, document *document, const json_t *value,
                                 const char *field, size_t length, bert_error *error)
{
    const json_t *member =
        json_object_getn(value, field, length); /* NULL if value is not an object */
    if (json_is_string(member))
        return reader_append_paragraphs(reader, document, json_string_value(member),
                                        json_string_length(member), 0, error);
    if (json_is_null(member))
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT, "%s:%llu: %s \"%.*s\". %s", reader->source.name,
                     (unsigned long long)reader->line_number,
                     json_is_object(value)
                         ? member ? "expected a string in the member" : "the object has no member"
                         : "expected a JSON object with the member",
                     (int)length, field, reader->columns_hint);
}

static bert_status parse_line(const reader *reader, json_t **value, bert_error *error)
{
    json_error_t problem;
    *value = parse(reader->scratch.data, reader->scratch.length, &problem);
    if (*value)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT, "%s:%llu: invalid JSON: %s, near character %d",
                     reader->source.name, (unsigned long long)reader->line_number, problem.text,
                     problem.column);
}

static bert_status append_object(reader *reader, document *document, bert_error *error)
{
    json_t *value;
    TRY(parse_line(reader, &value, error));
    const char *fields = reader->options.text_field ? reader->options.text_field : "text", *field;
    size_t length = strlen(fields);
    bert_status status = BERT_OK;
    if (json_object_getn(value, fields, length)) /* a name that contains a comma */
        status = append_member(reader, document, value, fields, length, error);
    else
        while (status == BERT_OK && columns_next_name(&fields, &field, &length))
            status = append_member(reader, document, value, field, length, error);
    json_decref(value);
    return status;
}

/* Reads the next line that is not blank. */
static bert_status read_object_line(reader *reader, bool *found, bert_error *error)
{
    line line;
    do {
        TRY(read_line(reader, found, error));
        line = (struct line){.data = reader->scratch.data, .length = reader->scratch.length};
    } while (*found && (line.length == 0 || line_trim(line).length == 0));
    return BERT_OK;
}

static bert_status next(reader *reader, document *document, bool *found, bert_error *error)
{
    for (bool more = true; more && document->length == 0;) {
        TRY(read_object_line(reader, &more, error));
        if (more)
            TRY(append_object(reader, document, error));
    }
    *found = document->length > 0;
    return BERT_OK;
}

/* A cell may also be a number or a boolean, because labels often are. */
static bert_status append_cell(reader *reader, const json_t *value, const char *field,
                               size_t length, bert_error *error)
{
    const json_t *member = json_object_getn(value, field, length);
    if (json_is_string(member))
        return rows_append_cell(reader, json_string_value(member), json_string_length(member),
                                error);
    if (!json_is_number(member) && !json_is_boolean(member))
        return append_member(reader, &reader->row.text, value, field, length, error);
    text digits = {0};
    bert_status status = json_format(&digits, member, 0, error);
    if (status == BERT_OK)
        status = rows_append_cell(reader, digits.data, digits.length, error);
    text_free(&digits);
    return status;
}

static bert_status append_cells(reader *reader, const json_t *value, bert_error *error)
{
    const char *fields = reader->options.text_field ? reader->options.text_field : "text", *field;
    size_t length;
    while (columns_next_name(&fields, &field, &length)) {
        if (reader->row.cell_count == COLUMNS_MAX)
            return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "more than %d columns are named",
                             COLUMNS_MAX);
        TRY(append_cell(reader, value, field, length, error));
        rows_end_cell(reader);
    }
    return BERT_OK;
}

static bert_status row(reader *reader, bool *found, bert_error *error)
{
    json_t *value;
    TRY(read_object_line(reader, found, error));
    if (!*found)
        return BERT_OK;
    TRY(parse_line(reader, &value, error));
    bert_status status = append_cells(reader, value, error);
    json_decref(value);
    reader->row.line = reader->line_number;
    return status;
}

const reader_format reader_json_lines = {
    .name = "JSON Lines", .detect = detect, .next = next, .row = row};
