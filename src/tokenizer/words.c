#include "tokenizer/words.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void word_reader_free(word_reader *r)
{
    free(r->bytes);
    free(r->spans);
    free(r->marks);
    free(r->sources);
}

static bert_status word_append(word_reader *r, const unsigned char *bytes, int length,
                               word_span source)
{
    if (r->characters == 0)
        r->whole.start = source.start;
    r->whole.end = source.end;
    r->characters++;
    if (r->characters > r->max_characters)
        return BERT_OK;
    if (r->length + 4 > r->capacity) {
        size_t needed = r->length + 4, capacity = r->capacity;
        TRY(memory_grow((void **)&r->bytes, &capacity, needed, sizeof *r->bytes, "word", r->error));
        capacity = r->capacity;
        TRY(memory_grow((void **)&r->spans, &capacity, needed, sizeof *r->spans, "word", r->error));
        r->capacity = capacity;
    }
    for (int i = 0; i < length; i++) {
        r->bytes[r->length] = bytes[i];
        r->spans[r->length++] = source;
    }
    return BERT_OK;
}

static bert_status word_end(word_reader *r)
{
    if (r->characters == 0)
        return BERT_OK;
    TRY(r->word(r->context, r));
    r->length = r->characters = 0;
    return BERT_OK;
}

static bert_status word_alone(word_reader *r, const unsigned char *bytes, int length,
                              word_span source)
{
    TRY(word_end(r));
    TRY(word_append(r, bytes, length, source));
    return word_end(r);
}

/* ----------------------------------------------------- combining marks --- */

/* Stable counting sort by combining class; linear in the number of marks. */
static bert_status run_sort(word_reader *r)
{
    if (r->mark_count < 2)
        return BERT_OK;
    TRY(memory_grow((void **)&r->marks, &r->mark_capacity, 2 * r->mark_count, sizeof *r->marks,
                    "marks", r->error));
    size_t starts[257] = {0};
    word_mark *copy = r->marks + r->mark_count;
    memcpy(copy, r->marks, r->mark_count * sizeof *copy);
    for (size_t i = 0; i < r->mark_count; i++)
        starts[copy[i].class + 1]++;
    for (int class = 0; class < 256; class ++)
        starts[class + 1] += starts[class];
    for (size_t i = 0; i < r->mark_count; i++)
        r->marks[starts[copy[i].class]++] = copy[i];
    return BERT_OK;
}

static bert_status reserve_normalized(word_reader *r, size_t more)
{
    normalized_text *out = r->normalized;
    size_t needed = out->length + more, capacity = out->capacity;
    if (needed <= out->capacity)
        return BERT_OK;
    TRY(memory_grow((void **)&out->bytes, &capacity, needed, sizeof *out->bytes, "text", r->error));
    capacity = out->capacity;
    TRY(memory_grow((void **)&out->spans, &capacity, needed, sizeof *out->spans, "text", r->error));
    out->capacity = capacity;
    return BERT_OK;
}

static bert_status append_normalized(word_reader *r, const unsigned char *bytes, int length,
                                     word_span source)
{
    normalized_text *out = r->normalized;
    TRY(reserve_normalized(r, 4));
    for (int i = 0; i < length; i++) {
        out->bytes[out->length] = bytes[i];
        out->spans[out->length++] = source;
    }
    return BERT_OK;
}

static bert_status append_by_definition(word_reader *r, uint32_t code, word_span source)
{
    unsigned char bytes[4];
    int length = unicode_encode(code, bytes);
    if (r->normalized)
        return append_normalized(r, bytes, length, source);
    if (unicode_in(unicode_whitespace(), code))
        return word_end(r);
    if (unicode_in(unicode_punctuation(), code))
        return word_alone(r, bytes, length, source);
    return word_append(r, bytes, length, source);
}

/* After reordering, Hugging Face's alignment is by position, not by character: the n-th of the code
 * points that came first in their source gets the n-th source, the others get that of the preceding
 * one. Reproduced here to give the same offsets. */
static bert_status run_end(word_reader *r)
{
    const normalizer_settings *settings = &r->normalizer->settings;
    TRY(run_sort(r));
    size_t source = 0;
    for (size_t i = 0; i < r->mark_count; i++) {
        if (r->marks[i].replaces)
            source++;
        word_span from = r->sources[source ? source - 1 : 0];
        uint32_t code = r->marks[i].code, to[4] = {code};
        if (settings->strip_accents && unicode_in(unicode_marks(), code))
            continue;
        int count = settings->lowercase ? unicode_lowercase(code, to) : 1;
        for (int k = 0; k < count; k++)
            TRY(append_by_definition(r, to[k], from));
    }
    r->mark_count = r->source_count = 0;
    return BERT_OK;
}

static bert_status run_append(word_reader *r, uint32_t code, word_span source)
{
    bool decompose = r->normalizer->settings.strip_accents;
    uint32_t parts[4] = {code};
    int count = decompose ? unicode_decompose(code, parts) : 1;
    for (int i = 0; i < count; i++) {
        uint8_t class = decompose ? unicode_combining_class(parts[i]) : 0;
        if (class == 0 && i == 0)
            TRY(run_end(r));
        TRY(memory_grow((void **)&r->marks, &r->mark_capacity, r->mark_count + 1, sizeof *r->marks,
                        "marks", r->error));
        if (i == 0) {
            TRY(memory_grow((void **)&r->sources, &r->source_capacity, r->source_count + 1,
                            sizeof *r->sources, "marks", r->error));
            r->sources[r->source_count++] = source;
        }
        r->marks[r->mark_count++] = (word_mark){parts[i], class, i == 0};
    }
    return BERT_OK;
}

/* ---------------------------------------------------------------------------- a stretch --- */

static int decode(word_reader *r, size_t position, uint32_t *code, word_span *source)
{
    bool valid;
    int bytes = unicode_decode(r->text + position, r->end - position, code, &valid);
    *source = (word_span){(uint32_t)position, (uint32_t)(position + (size_t)bytes)};
    if (!valid)
        r->invalid_bytes += (uint64_t)bytes;
    return bytes;
}

/* Normalises step by step, as defined; slower than the table. */
static bert_status read_by_definition(word_reader *r, size_t *position)
{
    const normalizer_settings *settings = &r->normalizer->settings;
    while (!word_reader_at_border(r, *position)) {
        uint32_t code;
        word_span source;
        *position += (size_t)decode(r, *position, &code, &source);
        if (settings->clean_text && unicode_in(unicode_removed(), code))
            continue;
        bool isolated = settings->handle_chinese_chars && unicode_in(unicode_chinese(), code);
        if (isolated) {
            TRY(run_end(r));
            TRY(word_end(r));
        }
        TRY(run_append(r, code, source));
        if (isolated) {
            TRY(run_end(r));
            TRY(word_end(r));
        }
    }
    TRY(run_end(r));
    return word_end(r);
}

static bert_status append_mapped(word_reader *r, character_record record, word_span source)
{
    int length, characters;
    const unsigned char *bytes = normalizer_mapped(r->normalizer, record, &length, &characters);
    if (characters == 1)
        return word_append(r, bytes, length, source);
    while (length > 0) {
        int size = bytes[0] < 0x80 ? 1 : bytes[0] < 0xE0 ? 2 : bytes[0] < 0xF0 ? 3 : 4;
        TRY(word_append(r, bytes, size, source));
        bytes += size;
        length -= size;
    }
    return BERT_OK;
}

static bert_status append_hangul(word_reader *r, uint32_t code, word_span source)
{
    uint32_t parts[4];
    unsigned char bytes[4];
    int count = unicode_decompose(code, parts);
    for (int i = 0; i < count; i++)
        TRY(word_append(r, bytes, unicode_encode(parts[i], bytes), source));
    return BERT_OK;
}

static bert_status read_character(word_reader *r, uint32_t code, character_record record,
                                  word_span source)
{
    unsigned char bytes[4];
    switch (character_get_kind(record)) {
    case CHARACTER_SAME:
        return word_append(r, bytes, unicode_encode(code, bytes), source);
    case CHARACTER_MAPPED:
        return append_mapped(r, record, source);
    case CHARACTER_HANGUL:
        return append_hangul(r, code, source);
    case CHARACTER_SPACE:
        return word_end(r);
    case CHARACTER_ALONE:
        return word_alone(r, bytes, unicode_encode(code, bytes), source);
    case CHARACTER_ALONE_MAPPED:
        TRY(word_end(r));
        TRY(append_mapped(r, record, source));
        return word_end(r);
    case CHARACTER_DROPPED:
    case CHARACTER_RARE:
        break;
    }
    return BERT_OK;
}

bert_status word_reader_stretch(word_reader *r, size_t *position)
{
    /* The start of the current word. Reordering of marks never crosses the end of the previous
     * word. */
    size_t word_start = *position;
    uint64_t invalid_bytes = r->invalid_bytes;
    while (!word_reader_at_border(r, *position)) {
        uint32_t code;
        word_span source;
        *position += (size_t)decode(r, *position, &code, &source);
        character_record record = normalizer_record(r->normalizer, code);
        character_kind kind = character_get_kind(record);
        if (kind == CHARACTER_RARE) {
            *position = word_start;
            r->invalid_bytes = invalid_bytes;
            r->length = r->characters = 0;
            return read_by_definition(r, position);
        }
        TRY(read_character(r, code, record, source));
        if (kind == CHARACTER_SPACE || kind == CHARACTER_ALONE || kind == CHARACTER_ALONE_MAPPED) {
            word_start = *position;
            invalid_bytes = r->invalid_bytes;
        }
    }
    return word_end(r);
}

/* --------------------------------------------------------------------- in two steps --- */

void normalized_text_free(normalized_text *text)
{
    free(text->bytes);
    free(text->spans);
    *text = (normalized_text){0};
}

static bert_status normalize_character(word_reader *r, uint32_t code, word_span source)
{
    const normalizer_settings *settings = &r->normalizer->settings;
    if (settings->clean_text && unicode_in(unicode_removed(), code))
        return BERT_OK;
    if (settings->clean_text && unicode_in(unicode_whitespace(), code))
        code = ' ';
    if (!settings->handle_chinese_chars || !unicode_in(unicode_chinese(), code))
        return run_append(r, code, source);
    TRY(run_append(r, ' ', source));
    TRY(run_append(r, code, source));
    return run_append(r, ' ', source);
}

/* Appends ASCII characters that depend on nothing, as long as there are some. What stays in the
 * text ends the marks before it, so that there are none. */
static bert_status normalize_ascii(word_reader *r, size_t *start)
{
    const normalizer *n = r->normalizer;
    normalized_text *out = r->normalized;
    size_t position = *start;
    TRY(run_end(r));
    TRY(reserve_normalized(r, r->end - position));
    for (; position < r->end; position++) {
        unsigned char byte = r->text[position];
        character_kind kind = n->kinds[byte];
        if (kind == CHARACTER_MAPPED)
            byte = n->fold[byte];
        else if (kind == CHARACTER_SPACE && n->settings.clean_text)
            byte = ' ';
        else if (kind != CHARACTER_SAME && kind != CHARACTER_ALONE && kind != CHARACTER_SPACE)
            break;
        out->bytes[out->length] = byte;
        out->spans[out->length++] = (word_span){(uint32_t)position, (uint32_t)(position + 1)};
    }
    *start = position;
    return BERT_OK;
}

bert_status word_reader_normalize(word_reader *r, size_t start, normalized_text *out)
{
    bert_status status = BERT_OK;
    r->normalized = out;
    while (start < r->end && status == BERT_OK) {
        uint32_t code;
        word_span source;
        character_kind kind = r->normalizer->kinds[r->text[start]];
        if (kind != CHARACTER_RARE && kind != CHARACTER_DROPPED) {
            status = normalize_ascii(r, &start);
        } else {
            start += (size_t)decode(r, start, &code, &source);
            status = normalize_character(r, code, source);
        }
    }
    if (status == BERT_OK)
        status = run_end(r);
    r->normalized = NULL;
    return status;
}

bert_status word_reader_split(word_reader *r, const normalized_text *text, size_t start, size_t end)
{
    while (start < end) {
        uint32_t code;
        bool valid;
        const unsigned char *bytes = text->bytes + start;
        word_span source = text->spans[start];
        int length = unicode_decode(bytes, end - start, &code, &valid);
        start += (size_t)length;
        if (unicode_in(unicode_whitespace(), code))
            TRY(word_end(r));
        else if (unicode_in(unicode_punctuation(), code))
            TRY(word_alone(r, bytes, length, source));
        else
            TRY(word_append(r, bytes, length, source));
    }
    return word_end(r);
}
