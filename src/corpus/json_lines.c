/* JSON lines: an object on each line, one of its members the text of a document. Line breaks inside
 * the text end paragraphs. */
#include "corpus/reader.h"

#include <jansson.h>
#include <string.h>

/* A longer line is an error: it has to be in memory to be parsed. */
enum { JSON_LINE_LIMIT = 4 * DOCUMENT_LIMIT };

static json_t *parse(const char *data, size_t length, json_error_t *problem)
{
    return json_loadb(data, length, JSON_ALLOW_NUL, problem);
}

/* The first line that is not blank is an object. One that is longer than `head`, or not UTF-8, is
 * trusted to be what it begins as. */
static bool detect(const char *head, size_t size)
{
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
    bool cut_off = !end && size + 3 >= SOURCE_PIECE; /* 3: a byte order mark was taken off */
    return code == json_error_invalid_utf8 ||
           (cut_off && code == json_error_premature_end_of_input);
}

/* A whole line, made UTF-8, in reader->scratch. */
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

/* The text, line by line, without blank ones: a blank line would look like the end of a document.
 */
static bert_status append_paragraphs(document *document, const char *data, size_t length,
                                     bert_error *error)
{
    while (length > 0) {
        const char *end = memchr(data, '\n', length);
        size_t taken = end ? (size_t)(end - data) : length;
        line line = line_trim((struct line){.data = data, .length = taken});
        if (line.length > 0 && document->length > 0)
            TRY(text_append(document, "\n", 1, error));
        TRY(text_append(document, line.data, line.length, error));
        taken += end != NULL;
        data += taken;
        length -= taken;
    }
    return BERT_OK;
}

static bert_status append_object(const reader *reader, document *document, bert_error *error)
{
    const char *name = reader->source.name, *field = reader->options.text_field;
    unsigned long long number = reader->line_number;
    json_error_t problem;
    json_t *value = parse(reader->scratch.data, reader->scratch.length, &problem);
    if (!value)
        return error_set(error, BERT_ERROR_INPUT, "%s:%llu: not JSON: %s, near character %d", name,
                         number, problem.text, problem.column);
    const json_t *member = json_object_get(value, field); /* NULL for what is no object */
    bert_status status = BERT_OK;
    if (json_is_string(member))
        status = append_paragraphs(document, json_string_value(member), json_string_length(member),
                                   error);
    else if (!json_is_null(member)) /* a null is a document without text */
        status = error_set(error, BERT_ERROR_INPUT,
                           "%s:%llu: %s \"%s\"; name the one with the text by --text-field", name,
                           number,
                           json_is_object(value) ? member ? "a string was expected in the member"
                                                          : "the object has no member"
                                                 : "expected a JSON object with the member",
                           field);
    json_decref(value);
    return status;
}

static bert_status next(reader *reader, document *document, bool *found, bert_error *error)
{
    while (document->length == 0) {
        bool more;
        TRY(read_line(reader, &more, error));
        if (!more)
            break;
        line line = {.data = reader->scratch.data, .length = reader->scratch.length};
        if (line.length > 0 && line_trim(line).length > 0)
            TRY(append_object(reader, document, error));
    }
    *found = document->length > 0;
    return BERT_OK;
}

const reader_format reader_json_lines = {.name = "JSON lines", .detect = detect, .next = next};
