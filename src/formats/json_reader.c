#include "formats/json_reader.h"

#include <stdio.h>
#include <string.h>

void json_reader_start(json_reader *reader, const char *name, uint64_t offset,
                       json_reader_fill *fill, void *context)
{
    *reader = (struct json_reader){.name = name,
                                   .fill = fill,
                                   .context = context,
                                   .end_offset = offset,
                                   .line = 1,
                                   .line_offset = offset};
}

void json_reader_free(json_reader *reader)
{
    text_free(&reader->word);
    *reader = (struct json_reader){0};
}

static uint64_t offset_of(const json_reader *reader, const char *position)
{
    return reader->end_offset - (uint64_t)(reader->end - position);
}

uint64_t json_reader_offset(const json_reader *reader)
{
    return offset_of(reader, reader->cursor);
}

const char *json_kind_name(json_kind kind)
{
    static const char *const names[] = {
        [JSON_KIND_END] = "the end of the input",
        [JSON_KIND_OBJECT] = "an object",
        [JSON_KIND_ARRAY] = "an array",
        [JSON_KIND_STRING] = "a string",
        [JSON_KIND_NUMBER] = "a number",
        [JSON_KIND_BOOLEAN] = "true or false",
        [JSON_KIND_NULL] = "null",
    };
    return names[kind];
}

/* --------------------------------------------------------------------------------- messages --- */

enum { INPUT_ENDED = -1 };

static void describe_byte(char *out, size_t size, int byte)
{
    if (byte == INPUT_ENDED)
        snprintf(out, size, "the end of the input");
    else if (byte == '\n' || byte == '\r')
        snprintf(out, size, "the end of the line");
    else if (byte > ' ' && byte < 0x7F)
        snprintf(out, size, "'%c'", byte);
    else
        snprintf(out, size, "the byte 0x%02X", (unsigned)byte);
}

static bert_status invalid(const json_reader *reader, const char *found, const char *expected,
                           bert_error *error)
{
    return error_set(error, BERT_ERROR_INPUT, "%s:%llu:%llu: invalid JSON: found %s, expected %s",
                     reader->name, (unsigned long long)reader->line,
                     (unsigned long long)(json_reader_offset(reader) - reader->line_offset + 1),
                     found, expected);
}

/* `next` is the byte at the cursor, or INPUT_ENDED. */
static bert_status unexpected(const json_reader *reader, int next, const char *expected,
                              bert_error *error)
{
    char found[40], whole[160];
    describe_byte(found, sizeof found, next);
    const char *hint = next == '\'' ? "; strings have double quotation marks" : "";
    if (reader->depth == 0) {
        snprintf(whole, sizeof whole, "%s%s", expected, hint);
        return invalid(reader, found, whole, error);
    }
    unsigned top = reader->depth - 1;
    snprintf(whole, sizeof whole, "%s in the %s that begins on line %llu%s", expected,
             reader->brackets[top] == '{' ? "object" : "array",
             (unsigned long long)reader->lines[top], hint);
    return invalid(reader, found, whole, error);
}

/* ------------------------------------------------------------------------------------ bytes --- */

/* Replaces a piece that is read; reader->ended if there is no other. */
static bert_status fill(json_reader *reader, bert_error *error)
{
    if (reader->ended)
        return BERT_OK;
    const char *data;
    size_t size;
    TRY(reader->fill(reader->context, &data, &size, error));
    reader->ended = size == 0;
    if (size > 0) {
        reader->cursor = data;
        reader->end = data + size;
        reader->end_offset += size;
    }
    return BERT_OK;
}

/* The byte at the cursor, or INPUT_ENDED. */
static inline bert_status next_byte(json_reader *reader, int *next, bert_error *error)
{
    if (reader->cursor == reader->end)
        TRY(fill(reader, error));
    *next = reader->cursor < reader->end ? (unsigned char)*reader->cursor : INPUT_ENDED;
    return BERT_OK;
}

/* The first byte that is not white space, or INPUT_ENDED. */
static inline bert_status next_token(json_reader *reader, int *next, bert_error *error)
{
    for (;;) {
        TRY(next_byte(reader, next, error));
        if (*next > ' ' || *next == INPUT_ENDED)
            return BERT_OK;
        if (*next == '\n') {
            reader->line++;
            reader->line_offset = json_reader_offset(reader) + 1;
        } else if (*next != ' ' && *next != '\t' && *next != '\r') {
            return BERT_OK;
        }
        reader->cursor++;
    }
}

/* ---------------------------------------------------------------------------------- strings --- */

#define EACH_BYTE(value) (0x0101010101010101u * (value))

/* A bit in each byte that is zero; the lowest is exact, those above it may be set in error. */
static inline uint64_t zero_bytes(uint64_t bytes)
{
    return (bytes - EACH_BYTE(1)) & ~bytes & EACH_BYTE(0x80);
}

/* The first byte that does not stand for itself in a string: a quotation mark, a backslash or a
 * control character. Eight bytes at a time. */
static inline const char *find_special(const char *cursor, const char *end)
{
    for (; end - cursor >= 8; cursor += 8) {
        uint64_t bytes;
        memcpy(&bytes, cursor, sizeof bytes);
        uint64_t control = (bytes - EACH_BYTE(0x20)) & ~bytes & EACH_BYTE(0x80);
        if (control | zero_bytes(bytes ^ EACH_BYTE('"')) | zero_bytes(bytes ^ EACH_BYTE('\\')))
            break;
    }
    while (cursor < end && (unsigned char)*cursor >= 0x20 && *cursor != '"' && *cursor != '\\')
        cursor++;
    return cursor;
}

/* What a string is decoded to. */
typedef struct decoder {
    text *out;     /* NULL: the string is only checked */
    size_t limit;  /* of out->length */
    unsigned high; /* a high surrogate whose low one may follow; 0: none */
    uint64_t high_offset;
} decoder;

static bert_status append(const json_reader *reader, const decoder *decoder, const char *data,
                          size_t length, bert_error *error)
{
    if (length > decoder->limit || decoder->out->length > decoder->limit - length)
        return error_set(error, BERT_ERROR_INPUT, "%s:%llu: a text of more than %zu MiB",
                         reader->name, (unsigned long long)reader->line, decoder->limit >> 20);
    return text_append(decoder->out, data, length, error);
}

static bert_status append_character(const json_reader *reader, const decoder *decoder,
                                    unsigned code, bert_error *error)
{
    char bytes[4];
    size_t length;
    if (code < 0x80) {
        bytes[0] = (char)code;
        length = 1;
    } else if (code < 0x800) {
        bytes[0] = (char)(0xC0 | code >> 6);
        bytes[1] = (char)(0x80 | (code & 0x3F));
        length = 2;
    } else if (code < 0x10000) {
        bytes[0] = (char)(0xE0 | code >> 12);
        bytes[1] = (char)(0x80 | (code >> 6 & 0x3F));
        bytes[2] = (char)(0x80 | (code & 0x3F));
        length = 3;
    } else {
        bytes[0] = (char)(0xF0 | code >> 18);
        bytes[1] = (char)(0x80 | (code >> 12 & 0x3F));
        bytes[2] = (char)(0x80 | (code >> 6 & 0x3F));
        bytes[3] = (char)(0x80 | (code & 0x3F));
        length = 4;
    }
    return append(reader, decoder, bytes, length, error);
}

static bert_status append_lone(json_reader *reader, const decoder *decoder, uint64_t offset,
                               bert_error *error)
{
    if (reader->lone_surrogates++ == 0)
        reader->first_lone_surrogate = offset;
    return append_character(reader, decoder, 0xFFFD, error);
}

/* The high surrogate before is followed by something else than a low one. */
static bert_status end_pair(json_reader *reader, decoder *decoder, bert_error *error)
{
    if (!decoder->high)
        return BERT_OK;
    decoder->high = 0;
    return append_lone(reader, decoder, decoder->high_offset, error);
}

static bert_status read_unit(json_reader *reader, unsigned *unit, bert_error *error)
{
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        int next;
        TRY(next_byte(reader, &next, error));
        unsigned digit;
        if (next >= '0' && next <= '9')
            digit = (unsigned)next - '0';
        else if ((next | 0x20) >= 'a' && (next | 0x20) <= 'f' && next != INPUT_ENDED)
            digit = ((unsigned)next | 0x20) - 'a' + 10;
        else
            return unexpected(reader, next, "four hexadecimal digits after \\u", error);
        *unit = *unit << 4 | digit;
        reader->cursor++;
    }
    return BERT_OK;
}

/* A unit of UTF-16. */
static bert_status decode_unit(json_reader *reader, decoder *decoder, uint64_t offset,
                               unsigned unit, bert_error *error)
{
    bool is_low = (unit & 0xFC00) == 0xDC00;
    if (decoder->high && is_low) {
        unsigned code = 0x10000 + ((decoder->high & 0x3FF) << 10 | (unit & 0x3FF));
        decoder->high = 0;
        return append_character(reader, decoder, code, error);
    }
    TRY(end_pair(reader, decoder, error));
    if (is_low)
        return append_lone(reader, decoder, offset, error);
    if ((unit & 0xFC00) == 0xD800) {
        decoder->high = unit;
        decoder->high_offset = offset;
        return BERT_OK;
    }
    return append_character(reader, decoder, unit, error);
}

/* The cursor is at the backslash. */
static bert_status read_escape(json_reader *reader, decoder *decoder, bert_error *error)
{
    static const char letters[] = "\"\\/bfnrt", characters[] = "\"\\/\b\f\n\r\t";
    uint64_t offset = json_reader_offset(reader);
    reader->cursor++;
    int next;
    TRY(next_byte(reader, &next, error));
    if (next == 'u') {
        unsigned unit;
        reader->cursor++;
        TRY(read_unit(reader, &unit, error));
        return decoder->out ? decode_unit(reader, decoder, offset, unit, error) : BERT_OK;
    }
    const char *letter = next > 0 ? strchr(letters, next) : NULL;
    if (!letter)
        return unexpected(reader, next, "one of \"\\/bfnrtu after a backslash", error);
    reader->cursor++;
    if (!decoder->out)
        return BERT_OK;
    TRY(end_pair(reader, decoder, error));
    return append(reader, decoder, &characters[letter - letters], 1, error);
}

/* The cursor is after the opening quotation mark; then it is after the closing one. */
static bert_status read_string(json_reader *reader, decoder *decoder, bert_error *error)
{
    for (;;) {
        const char *special = find_special(reader->cursor, reader->end);
        if (decoder->out && special > reader->cursor) {
            TRY(end_pair(reader, decoder, error));
            TRY(append(reader, decoder, reader->cursor, (size_t)(special - reader->cursor), error));
        }
        reader->cursor = special;
        int next;
        TRY(next_byte(reader, &next, error));
        if (next == '"') {
            reader->cursor++;
            return end_pair(reader, decoder, error);
        }
        if (next == '\\')
            TRY(read_escape(reader, decoder, error));
        else if (next < 0x20) /* also at the end of the input */
            return unexpected(reader, next, "the quotation mark that ends a string", error);
    }
}

bert_status json_reader_string(json_reader *reader, text *out, size_t limit, bert_error *error)
{
    decoder decoder = {.out = out, .limit = limit};
    reader->cursor++;
    reader->fresh = false;
    return read_string(reader, &decoder, error);
}

/* -------------------------------------------------------------------- numbers and literals --- */

static bool is_word_byte(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte == '+' || byte == '-' || byte == '.' || byte == '_';
}

static const char *skip_digits(const char *cursor, const char *end)
{
    while (cursor < end && *cursor >= '0' && *cursor <= '9')
        cursor++;
    return cursor;
}

static bool is_number(const char *word, size_t length)
{
    const char *end = word + length, *digits = word + (length > 0 && *word == '-');
    const char *cursor = skip_digits(digits, end);
    if (cursor == digits || (*digits == '0' && cursor > digits + 1))
        return false;
    if (cursor < end && *cursor == '.') {
        digits = cursor + 1;
        cursor = skip_digits(digits, end);
        if (cursor == digits)
            return false;
    }
    if (cursor < end && (*cursor | 0x20) == 'e') {
        cursor++;
        cursor += cursor < end && (*cursor == '+' || *cursor == '-');
        digits = cursor;
        cursor = skip_digits(digits, end);
        if (cursor == digits)
            return false;
    }
    return cursor == end;
}

static bool is_literal(const char *word, size_t length)
{
    static const char *const literals[] = {"true", "false", "null", "NaN", "Infinity", "-Infinity"};
    for (size_t i = 0; i < sizeof literals / sizeof *literals; i++)
        if (strlen(literals[i]) == length && memcmp(literals[i], word, length) == 0)
            return true;
    return false;
}

/* Reads all letters, digits and signs; in reader->word if they are in two pieces. */
static bert_status read_word(json_reader *reader, const char **word, size_t *length,
                             bert_error *error)
{
    text_clear(&reader->word);
    for (;;) {
        const char *begin = reader->cursor, *end = begin;
        while (end < reader->end && is_word_byte(*end))
            end++;
        *word = begin;
        *length = (size_t)(end - begin);
        reader->cursor = end;
        bool is_complete = end < reader->end;
        if (is_complete && reader->word.length == 0)
            return BERT_OK;
        TRY(text_append(&reader->word, *word, *length, error));
        *word = reader->word.data;
        *length = reader->word.length;
        if (*length > JSON_WORD_MAX)
            return error_set(error, BERT_ERROR_INPUT, "%s:%llu: a number of more than %d MiB",
                             reader->name, (unsigned long long)reader->line, JSON_WORD_MAX >> 20);
        int next = INPUT_ENDED;
        if (!is_complete)
            TRY(next_byte(reader, &next, error));
        if (next == INPUT_ENDED || !is_word_byte((char)next))
            return BERT_OK;
    }
}

static bert_status read_scalar(json_reader *reader, const char **word, size_t *length,
                               bert_error *error)
{
    uint64_t offset = json_reader_offset(reader);
    TRY(read_word(reader, word, length, error));
    reader->fresh = false;
    if (is_number(*word, *length) || is_literal(*word, *length))
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT,
                     "%s:%llu:%llu: invalid JSON: found %.*s%s, expected a value", reader->name,
                     (unsigned long long)reader->line,
                     (unsigned long long)(offset - reader->line_offset + 1),
                     (int)(*length < 40 ? *length : 40), *word, *length > 40 ? "..." : "");
}

bert_status json_reader_scalar(json_reader *reader, text *out, bert_error *error)
{
    const char *word;
    size_t length;
    TRY(read_scalar(reader, &word, &length, error));
    return text_append(out, word, length, error);
}

/* ------------------------------------------------------------------------ arrays and objects ---
 */

bert_status json_reader_peek(json_reader *reader, json_kind *kind, bert_error *error)
{
    int next;
    TRY(next_token(reader, &next, error));
    switch (next) {
    case '{':
        *kind = JSON_KIND_OBJECT;
        return BERT_OK;
    case '[':
        *kind = JSON_KIND_ARRAY;
        return BERT_OK;
    case '"':
        *kind = JSON_KIND_STRING;
        return BERT_OK;
    case 't':
    case 'f':
        *kind = JSON_KIND_BOOLEAN;
        return BERT_OK;
    case 'n':
        *kind = JSON_KIND_NULL;
        return BERT_OK;
    case INPUT_ENDED:
        *kind = JSON_KIND_END;
        return reader->depth == 0 ? BERT_OK : unexpected(reader, next, "a value", error);
    default:
        *kind = JSON_KIND_NUMBER;
        return (next >= '0' && next <= '9') || next == '-' || next == 'N' || next == 'I'
                   ? BERT_OK
                   : unexpected(reader, next, "a value", error);
    }
}

bert_status json_reader_enter(json_reader *reader, bert_error *error)
{
    if (reader->depth == JSON_DEPTH_MAX)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s:%llu:%llu: arrays and objects are nested deeper than %d levels",
                         reader->name, (unsigned long long)reader->line,
                         (unsigned long long)(json_reader_offset(reader) - reader->line_offset + 1),
                         JSON_DEPTH_MAX);
    reader->brackets[reader->depth] = (unsigned char)*reader->cursor++;
    reader->lines[reader->depth++] = reader->line;
    reader->fresh = true;
    return BERT_OK;
}

/* Leaves the container at its end; otherwise consumes the comma before another value. */
static inline bert_status next_item(json_reader *reader, char bracket, bool *found,
                                    bert_error *error)
{
    int next;
    TRY(next_token(reader, &next, error));
    *found = next != bracket;
    if (!*found) {
        reader->cursor++;
        reader->depth--;
        reader->fresh = false;
        return BERT_OK;
    }
    if (reader->fresh)
        return BERT_OK;
    if (next != ',')
        return unexpected(reader, next, bracket == '}' ? "',' or '}'" : "',' or ']'", error);
    reader->cursor++;
    return BERT_OK;
}

/* The name of a member; in reader->word unless it and the colon after it are in one piece. */
static bert_status read_name(json_reader *reader, const char **name, size_t *length,
                             bert_error *error)
{
    const char *begin = ++reader->cursor, *special = find_special(begin, reader->end);
    *name = begin;
    *length = (size_t)(special - begin);
    if (reader->end - special >= 2 && special[0] == '"' && special[1] == ':') {
        reader->cursor = special + 2;
        return BERT_OK;
    }
    text_clear(&reader->word);
    uint64_t lone_surrogates = reader->lone_surrogates;
    decoder decoder = {.out = &reader->word, .limit = JSON_WORD_MAX};
    TRY(text_append(&reader->word, "", 0, error));
    TRY(read_string(reader, &decoder, error));
    reader->lone_surrogates = lone_surrogates; /* names are no text */
    *name = reader->word.data;
    *length = reader->word.length;
    int next;
    TRY(next_token(reader, &next, error));
    if (next != ':')
        return unexpected(reader, next, "':' after the name of a member", error);
    reader->cursor++;
    return BERT_OK;
}

bert_status json_reader_member(json_reader *reader, bool *found, const char **name, size_t *length,
                               bert_error *error)
{
    TRY(next_item(reader, '}', found, error));
    if (!*found)
        return BERT_OK;
    int next;
    TRY(next_token(reader, &next, error));
    if (next != '"')
        return unexpected(reader, next,
                          reader->fresh ? "the name of a member or '}'" : "the name of a member",
                          error);
    return read_name(reader, name, length, error);
}

bert_status json_reader_element(json_reader *reader, bool *found, bert_error *error)
{
    return next_item(reader, ']', found, error);
}

static bert_status skip_one(json_reader *reader, bert_error *error)
{
    json_kind kind;
    TRY(json_reader_peek(reader, &kind, error));
    if (kind == JSON_KIND_OBJECT || kind == JSON_KIND_ARRAY)
        return json_reader_enter(reader, error);
    if (kind == JSON_KIND_STRING) {
        decoder decoder = {.out = NULL};
        reader->cursor++;
        reader->fresh = false;
        return read_string(reader, &decoder, error);
    }
    const char *word;
    size_t length;
    return kind == JSON_KIND_END ? BERT_OK : read_scalar(reader, &word, &length, error);
}

bert_status json_reader_skip(json_reader *reader, bert_error *error)
{
    unsigned depth = reader->depth;
    do {
        TRY(skip_one(reader, error));
        bool found = false;
        while (reader->depth > depth && !found) {
            const char *name;
            size_t length;
            if (reader->brackets[reader->depth - 1] == '{')
                TRY(json_reader_member(reader, &found, &name, &length, error));
            else
                TRY(json_reader_element(reader, &found, error));
        }
    } while (reader->depth > depth);
    return BERT_OK;
}
