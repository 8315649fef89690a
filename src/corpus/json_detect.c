#include "corpus/json_detect.h"

#include "formats/json_reader.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *skip_blanks(const char *cursor, const char *end)
{
    while (cursor < end && is_blank(*cursor))
        cursor++;
    return cursor;
}

/* There is nothing after the bytes at the beginning of the input. */
static bert_status no_more(void *context, const char **data, size_t *size, bert_error *error)
{
    (void)context;
    (void)data;
    (void)error;
    *size = 0;
    return BERT_OK;
}

static void start(json_reader *parser, const char *begin, const char *end)
{
    json_reader_start(parser, "", 0, no_more, NULL);
    parser->cursor = begin;
    parser->end = end;
    parser->end_offset = (uint64_t)(end - begin);
}

/* ------------------------------------------------------------------------------- any JSON --- */

/* Whether nothing but blanks, or another object, follows on the line. */
static bool ends_line(const char *cursor, const char *end)
{
    while (cursor < end && (*cursor == ' ' || *cursor == '\t' || *cursor == '\r'))
        cursor++;
    return cursor == end || *cursor == '\n' || *cursor == '{';
}

/* Whether the parser is at an object with a member, or an array that begins with one. */
static bool is_object(json_reader *parser)
{
    json_kind kind;
    bool found;
    const char *name;
    size_t length;
    while (json_reader_peek(parser, &kind, NULL) == BERT_OK && kind == JSON_KIND_ARRAY)
        if (json_reader_enter(parser, NULL) != BERT_OK ||
            json_reader_element(parser, &found, NULL) != BERT_OK || !found)
            return false;
    if (parser->ended || kind != JSON_KIND_OBJECT || json_reader_enter(parser, NULL) != BERT_OK)
        return false;
    if (json_reader_member(parser, &found, &name, &length, NULL) != BERT_OK)
        return parser->ended && parser->end_offset >= SOURCE_PIECE - 3; /* 3: a byte order mark */
    return found || (parser->depth == 0 && ends_line(parser->cursor, parser->end));
}

/* Whether the first value is an array with a string. Numbers alone may be a footnote: [1]. */
static bool is_array_of_strings(json_reader *parser, const char *begin, const char *end)
{
    json_kind kind;
    if (json_reader_peek(parser, &kind, NULL) != BERT_OK || kind != JSON_KIND_ARRAY)
        return false;
    bool is_whole = json_reader_skip(parser, NULL) == BERT_OK;
    if (!is_whole && !(parser->ended && parser->end_offset >= SOURCE_PIECE - 3))
        return false;
    return memchr(begin, '"', (size_t)(parser->cursor - begin)) &&
           (!is_whole || ends_line(parser->cursor, end));
}

/* Whether it is an object as Python prints it: broken JSON, which is no prose either. */
static bool is_printed_by_python(const char *begin, const char *end)
{
    if (*begin == '[')
        begin = skip_blanks(begin + 1, end);
    if (begin == end || *begin != '{')
        return false;
    begin = skip_blanks(begin + 1, end);
    if (begin == end || *begin != '\'')
        return false;
    const char *quote = memchr(begin + 1, '\'', (size_t)(end - begin - 1));
    return quote && quote + 1 < end && quote[1] == ':' &&
           !memchr(begin, '\n', (size_t)(quote - begin));
}

static bool begins_json(const char *begin, const char *end)
{
    if (is_printed_by_python(begin, end))
        return true;
    json_reader parser;
    start(&parser, begin, end);
    bool is_json = is_object(&parser);
    json_reader_free(&parser);
    if (is_json)
        return true;
    start(&parser, begin, end);
    is_json = is_array_of_strings(&parser, begin, end);
    json_reader_free(&parser);
    return is_json;
}

/* Whether a bracket may begin JSON, also broken JSON: not [Illustration] and not
 * {{a template}}. */
static bool may_begin_json(const char *begin, const char *end)
{
    const char *next = skip_blanks(begin + 1, end);
    if (next == end)
        return false;
    return *begin == '[' ? strchr("{[\"']", *next) != NULL : strchr("{|\\%", *next) == NULL;
}

static bool names_members(const reader *reader)
{
    static const char *const tables[] = {".tsv", ".tab", ".csv"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (reader_name_ends(reader, tables[i]))
            return false;
    const char *fields = reader->options.text_field;
    return fields && fields[strspn(fields, "0123456789,")]; /* else the columns of a table */
}

bool json_detect(const reader *reader, const char *head, size_t size)
{
    static const char *const endings[] = {".jsonl", ".json", ".ndjson"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (reader_name_ends(reader, endings[i]))
            return true;
    const char *end = head + size, *begin = skip_blanks(head, end);
    if (begin == end || (*begin != '{' && *begin != '['))
        return false;
    return (names_members(reader) && may_begin_json(begin, end)) || begins_json(begin, end);
}

/* ---------------------------------------------------------------------- objects of documents ---
 */

static bool is_usual_name(const char *name, size_t length)
{
    static const char *const names[] = {
        "abstract",   "answer",    "article",  "author",      "authors",  "body",     "category",
        "completion", "content",   "context",  "date",        "document", "file",     "headline",
        "hypothesis", "id",        "input",    "instruction", "keywords", "label",    "labels",
        "lang",       "language",  "messages", "name",        "ner_tags", "output",   "paragraphs",
        "premise",    "prompt",    "question", "raw_content", "response", "sentence", "sentence1",
        "sentence2",  "sentences", "source",   "summary",     "tags",     "target",   "timestamp",
        "title",      "tokens",    "type",     "url",         "words",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
            return true;
    return false;
}

/* Whether the list that the parser is at has strings alone, or lists of them. */
static bool is_list_of_strings(json_reader *parser)
{
    unsigned depth = parser->depth;
    json_kind kind;
    bool found;
    if (json_reader_enter(parser, NULL) != BERT_OK)
        return false;
    while (parser->depth > depth) {
        if (json_reader_element(parser, &found, NULL) != BERT_OK)
            return parser->ended;
        if (!found)
            continue;
        if (json_reader_peek(parser, &kind, NULL) != BERT_OK)
            return parser->ended;
        if (kind != JSON_KIND_ARRAY && kind != JSON_KIND_STRING)
            return false;
        if ((kind == JSON_KIND_ARRAY ? json_reader_enter(parser, NULL)
                                     : json_reader_skip(parser, NULL)) != BERT_OK)
            return parser->ended;
    }
    return true;
}

typedef struct member_counts {
    size_t members, strings, usual_names;
} member_counts;

/* Whether the next member may be the text of a document. */
static bool may_be_document(json_reader *parser, const char *name, size_t length,
                            member_counts *counts)
{
    if (length == 4 && memcmp(name, "text", 4) == 0)
        return false;
    counts->members++;
    counts->usual_names += is_usual_name(name, length);
    json_kind kind;
    if (json_reader_peek(parser, &kind, NULL) != BERT_OK)
        return parser->ended;
    if (kind == JSON_KIND_ARRAY)
        return is_list_of_strings(parser);
    counts->strings++;
    return kind == JSON_KIND_STRING && (json_reader_skip(parser, NULL) == BERT_OK || parser->ended);
}

static bool has_documents(json_reader *parser)
{
    json_kind kind;
    if (json_reader_peek(parser, &kind, NULL) != BERT_OK || kind != JSON_KIND_OBJECT ||
        json_reader_enter(parser, NULL) != BERT_OK)
        return false;
    member_counts counts = {0};
    while (parser->depth > 0 && !parser->ended) {
        bool found;
        const char *name;
        size_t length;
        if (json_reader_member(parser, &found, &name, &length, NULL) != BERT_OK) {
            if (!parser->ended)
                return false;
        } else if (found && !may_be_document(parser, name, length, &counts)) {
            return false;
        }
    }
    bool is_whole = parser->depth == 0;
    if (is_whole && (json_reader_peek(parser, &kind, NULL) != BERT_OK || kind != JSON_KIND_END))
        return false;
    if (is_whole && counts.members == 1) /* one list is one document either way */
        return counts.strings == 0;
    return counts.usual_names == 0 && counts.members > (counts.strings > 0);
}

bool json_detect_documents(const char *head, size_t size)
{
    json_reader parser;
    start(&parser, head, head + size);
    bool result = has_documents(&parser);
    json_reader_free(&parser);
    return result;
}
