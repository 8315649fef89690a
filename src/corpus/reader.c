#include "corpus/reader.h"

#include "corpus/rows.h"

#include <string.h>
#include <strings.h>
#include <unicode/utf8.h>

static const reader_format *const formats[] = {
#define ENTRY(name) &reader_##name,
    READER_FORMATS(ENTRY)
#undef ENTRY
};

static const char byte_order_mark[] = "\xEF\xBB\xBF";

/* Describes an input that is not UTF-8 text; NULL for text. */
static const char *describe_non_text(const char *head, size_t size)
{
    static const struct {
        const char *magic;
        size_t size;
        const char *what;
    } kinds[] = {
        {"\xFF\xFE", 2, "UTF-16, expected UTF-8; convert it first, e.g. with iconv"},
        {"\xFE\xFF", 2, "UTF-16, expected UTF-8; convert it first, e.g. with iconv"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (size >= kinds[i].size && memcmp(head, kinds[i].magic, kinds[i].size) == 0)
            return kinds[i].what;
    if (memchr(head, '\0', size))
        return "a binary file (it has a NUL byte near its beginning), expected text in UTF-8";
    return NULL;
}

static void end_format(reader *reader)
{
    if (reader->state)
        reader->format->end(reader);
    reader->state = NULL;
    reader->row.kind = ROWS_UNKNOWN;
    reader->row.pending = false;
}

static bert_status start_format(reader *reader, const reader_format *format, bert_error *error)
{
    end_format(reader);
    reader->format = format;
    reader->files++;
    reader->has_text = false;
    return format->start ? format->start(reader, error) : BERT_OK;
}

/* The format that the options name; NULL if it is to be detected. */
static const reader_format *format_of(const reader *reader)
{
    switch (reader->options.format) {
    case BERT_FORMAT_TEXT:
        return &reader_plain_text;
    case BERT_FORMAT_MARKDOWN:
        return &reader_markdown;
    case BERT_FORMAT_WIKITEXT:
        return &reader_wikitext;
    default:
        return NULL;
    }
}

static bool is_blank_text(const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] == '\0' || !strchr(" \t\r\n\v\f", data[i]))
            return false;
    return true;
}

/* What has no such column is not to be taken for prose: that would be trained on as it is. */
static bert_status check_no_column_is_named(const reader *reader, const char *head, size_t size,
                                            bert_error *error)
{
    const char *name = reader->options.text_field;
    if (!name || reader->takes_numbers || is_blank_text(head, size))
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT,
                     "%s: is neither JSON nor a table with the column \"%s\" that "
                     "options->text_field names; to read it as plain text, set options->format = "
                     "text",
                     reader->source.name, name);
}

static bert_status choose_format(reader *reader, bert_error *error)
{
    source *source = &reader->source;
    const char *head = source->buffer + source->begin;
    size_t size = source->end - source->begin;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i]->binary && formats[i]->detect(reader, head, size))
            return start_format(reader, formats[i], error);
    const char *problem = describe_non_text(head, size < 4096 ? size : 4096);
    if (problem)
        return error_set(error, BERT_ERROR_INPUT, "%s: is %s", source->name, problem);
    if (size >= 3 && memcmp(head, byte_order_mark, 3) == 0) {
        source->begin += 3;
        source->offset += 3;
        head += 3;
        size -= 3;
    }
    const reader_format *named = format_of(reader);
    size_t i = 0;
    while (!named && !formats[i]->detect(reader, head, size))
        i++;
    if (!named && formats[i] == &reader_plain_text)
        TRY(check_no_column_is_named(reader, head, size, error));
    return start_format(reader, named ? named : formats[i], error);
}

static bert_status note_empty(reader *reader, bert_error *error)
{
    /* In an archive, a file that decompresses to nothing is as it should be. */
    bool has_no_bytes = reader->source.read == 0 && !reader->source.unpacker;
    return empty_files_add(&reader->empty, reader->source.name, has_no_bytes, error);
}

bert_status reader_next_member(reader *reader, bool *found, bert_error *error)
{
    source *source = &reader->source;
    for (;;) {
        TRY(source_next_member(source, found, error));
        if (!*found)
            return BERT_OK;
        TRY(source_fill(source, SOURCE_PIECE, error));
        if (source->end > source->begin)
            break;
        TRY(note_empty(reader, error));
    }
    reader->blank_before = true;
    reader->in_line = false;
    reader->line_number = 0;
    return choose_format(reader, error);
}

static bert_status start(reader *reader, bert_error *error)
{
    source *source = &reader->source;
    TRY(source_fill(source, SOURCE_PIECE, error));
    if (source->end > source->begin)
        return choose_format(reader, error);
    TRY(note_empty(reader, error));
    bool found;
    TRY(reader_next_member(reader, &found, error));
    if (!found && reader->takes_numbers)
        return error_set(error, BERT_ERROR_INPUT, "%s: is empty, expected a table", source->name);
    return BERT_OK;
}

static bert_status open_input(reader *reader, const char *input, bert_error *error)
{
    reader->blank_before = true;
    reader->document_limit = DOCUMENT_LIMIT;
    TRY(source_open(&reader->source, input, reader->options.zstd_window_log, error));
    bert_status status = start(reader, error);
    if (status != BERT_OK)
        reader_close(reader);
    return status;
}

bert_status reader_open(reader *reader, const char *input, const bert_reader_options *options,
                        bert_error *error)
{
    *reader = (struct reader){.options = *options,
                              .columns_hint = "Name those with the text by options->text_field"};
    return open_input(reader, input, error);
}

bert_status reader_open_table(reader *reader, const char *input, const bert_reader_options *options,
                              const char *columns_hint, bool skips_bad_rows, bert_error *error)
{
    *reader = (struct reader){.options = *options,
                              .columns_hint = columns_hint,
                              .takes_numbers = true,
                              .skips_bad_rows = skips_bad_rows};
    return open_input(reader, input, error);
}

bool reader_has_documents(const reader *reader)
{
    return (reader->format && reader->format->has_documents) ||
           reader->row.kind == ROWS_ARE_WIKITEXT;
}

static sentence_borders stated_borders(const reader *reader)
{
    switch (reader->options.sentence_separator) {
    case BERT_SENTENCE_SEPARATOR_LINE:
        return SENTENCES_ARE_LINES;
    case BERT_SENTENCE_SEPARATOR_ROW:
        return reader->format->row ? SENTENCES_ARE_LINES : SENTENCES_BY_RULES;
    case BERT_SENTENCE_SEPARATOR_NONE:
        return SENTENCE_IS_DOCUMENT;
    default:
        return SENTENCES_BY_RULES;
    }
}

bert_status reader_next(reader *reader, document *document, bool *found, bert_error *error)
{
    *found = false;
    while (reader->format) { /* NULL: the input is empty */
        text_clear(document);
        reader->borders = stated_borders(reader);
        TRY(reader->format->next(reader, document, found, error));
        reader->has_text |= *found;
        if (*found)
            return BERT_OK;
        if (!reader->has_text)
            TRY(note_empty(reader, error));
        bool more;
        TRY(reader_next_member(reader, &more, error));
        if (!more)
            return BERT_OK;
    }
    return BERT_OK;
}

void reader_close(reader *reader)
{
    end_format(reader);
    text_free(&reader->row.text);
    text_free(&reader->row.key);
    if (reader->source.name)
        source_close(&reader->source);
    text_free(&reader->scratch);
    empty_files_free(&reader->empty);
    *reader = (struct reader){0};
}

/* The length of the longest valid UTF-8 prefix. */
static size_t valid_prefix(const char *data, size_t length)
{
    size_t i = 0;
    while (i < length) {
        uint64_t eight;
        if (length - i >= sizeof eight) {
            memcpy(&eight, data + i, sizeof eight);
            if (!(eight & 0x8080808080808080u)) {
                i += sizeof eight;
                continue;
            }
        }
        size_t next = i;
        UChar32 character;
        U8_NEXT(data, next, length, character);
        if (character < 0)
            break;
        i = next;
    }
    return i;
}

bert_status reader_append(reader *reader, document *document, const char *data, size_t length,
                          uint64_t offset, bert_error *error)
{
    size_t i = 0;
    while (i < length) {
        size_t valid = valid_prefix(data + i, length - i);
        TRY(text_append(document, data + i, valid, error));
        i += valid;
        if (i == length)
            break;
        /* One U+FFFD for each maximal subpart, as Unicode recommends (section 3.9). */
        size_t next = i;
        UChar32 character;
        U8_NEXT(data, next, length, character);
        (void)character;
        if (reader->invalid.bytes == 0)
            reader->invalid.first_offset = offset + i;
        reader->invalid.bytes += next - i;
        TRY(text_append(document, "\xEF\xBF\xBD", 3, error));
        i = next;
    }
    return BERT_OK;
}

bert_status reader_append_paragraphs(reader *reader, document *document, const char *data,
                                     size_t length, uint64_t offset, bert_error *error)
{
    while (length > 0) {
        const char *end = memchr(data, '\n', length);
        size_t taken = end ? (size_t)(end - data) : length;
        line line = line_trim((struct line){.data = data, .length = taken, .offset = offset});
        if (line.length > 0 && document->length > 0)
            TRY(text_append(document, "\n", 1, error));
        TRY(reader_append(reader, document, line.data, line.length, line.offset, error));
        taken += end != NULL;
        data += taken;
        length -= taken;
        offset += taken;
    }
    return BERT_OK;
}

bert_status reader_line(reader *reader, line *line, bool *found, bert_error *error)
{
    return reader->format->row ? rows_line(reader, line, found, error)
                               : source_line(&reader->source, line, found, error);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

line line_trim(line line)
{
    while (line.length > 0 && is_blank(line.data[0])) {
        line.data++;
        line.length--;
        line.offset++;
    }
    while (line.length > 0 && is_blank(line.data[line.length - 1]))
        line.length--;
    return line;
}

bool reader_name_ends(const reader *reader, const char *ending)
{
    const char *name = reader->source.name;
    static const char *const compressed[] = {"",    ".gz",   ".bz2", ".xz", ".zst",
                                             ".lz", ".lzma", ".lz4", ".z"};
    size_t length = strlen(name), ending_length = strlen(ending);
    for (size_t i = 0; i < sizeof compressed / sizeof *compressed; i++) {
        size_t both = ending_length + strlen(compressed[i]);
        if (length > both && strncasecmp(name + length - both, ending, ending_length) == 0 &&
            strcasecmp(name + length - both + ending_length, compressed[i]) == 0)
            return true;
    }
    return false;
}

struct line line_trim_part(struct line line, bool is_continuation)
{
    if (is_continuation)
        return line;
    struct line trimmed = line_trim(line);
    if (line.continues)
        trimmed.length = line.length - (size_t)(trimmed.data - line.data);
    return trimmed;
}
