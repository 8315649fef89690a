#include "tokenizer/internal.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* A code point between decomposition and reordering. */
typedef struct item {
    uint32_t code;
    uint8_t class;
    bool replaces; /* the first of what its source became: takes the next source's place */
} item;

/* Where in the text something came from. */
typedef struct span {
    uint32_t start, end;
} span;

typedef struct encoder {
    const bert_tokenizer *tokenizer;
    const unsigned char *text;
    size_t end; /* of the piece being encoded: the next added token, or the text's end */
    bert_encoding *out;
    bert_error *error;

    /* The word being read the careful way: normalised bytes, where each came from. */
    unsigned char *bytes;
    span *spans;
    int32_t *ids;
    size_t length, capacity;
    size_t characters;
    span whole;

    /* A starter with the marks that follow it, before canonical ordering. */
    item *items;
    size_t item_count, item_capacity;
    span *sources;
    size_t source_count, source_capacity;
} encoder;

void bert_encoding_free(bert_encoding *encoding)
{
    free(encoding->ids);
    free(encoding->type_ids);
    free(encoding->starts);
    free(encoding->ends);
    *encoding = (bert_encoding){0};
}

static bert_status reserve(bert_encoding *out, size_t more, bert_error *error)
{
    size_t needed = out->count + more, capacity = out->capacity;
    if (needed <= capacity)
        return BERT_OK;
    TRY(memory_grow((void **)&out->ids, &capacity, needed, sizeof *out->ids, "ids", error));
    capacity = out->capacity;
    TRY(memory_grow((void **)&out->type_ids, &capacity, needed, sizeof *out->type_ids, "ids",
                    error));
    capacity = out->capacity;
    TRY(memory_grow((void **)&out->starts, &capacity, needed, sizeof *out->starts, "ids", error));
    capacity = out->capacity;
    TRY(memory_grow((void **)&out->ends, &capacity, needed, sizeof *out->ends, "ids", error));
    out->capacity = capacity;
    return BERT_OK;
}

/* Room for it is there. */
static void put(bert_encoding *out, int32_t id, size_t start, size_t end)
{
    out->ids[out->count] = id;
    out->starts[out->count] = (uint32_t)start;
    out->ends[out->count] = (uint32_t)end;
    out->count++;
}

/* ------------------------------------------------------------------------ the careful way --- */

static bert_status word_append(encoder *e, const unsigned char *bytes, int length, span source)
{
    const bert_tokenizer *t = e->tokenizer;
    if (e->characters == 0)
        e->whole.start = source.start;
    e->whole.end = source.end;
    e->characters++;
    if (e->characters > t->max_input_chars_per_word)
        return BERT_OK; /* it is [UNK] already: only its end matters */
    if (e->length + 4 > e->capacity) {
        size_t needed = e->length + 4, capacity = e->capacity;
        TRY(memory_grow((void **)&e->bytes, &capacity, needed, sizeof *e->bytes, "word", e->error));
        capacity = e->capacity;
        TRY(memory_grow((void **)&e->spans, &capacity, needed, sizeof *e->spans, "word", e->error));
        capacity = e->capacity;
        TRY(memory_grow((void **)&e->ids, &capacity, needed, sizeof *e->ids, "word", e->error));
        e->capacity = capacity;
    }
    for (int i = 0; i < length; i++) {
        e->bytes[e->length] = bytes[i];
        e->spans[e->length++] = source;
    }
    return BERT_OK;
}

static bert_status word_end(encoder *e)
{
    if (e->characters == 0)
        return BERT_OK;
    const bert_tokenizer *t = e->tokenizer;
    size_t count = 0;
    if (e->characters <= t->max_input_chars_per_word)
        count = trie_match(&t->trie, e->bytes, e->length, e->ids);
    TRY(reserve(e->out, count + 1, e->error));
    if (count == 0)
        put(e->out, t->special.unk, e->whole.start, e->whole.end);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        size_t next = at + t->lengths[e->ids[i]];
        put(e->out, e->ids[i], e->spans[at].start, e->spans[next - 1].end);
        at = next;
    }
    e->length = e->characters = 0;
    return BERT_OK;
}

static bert_status word_alone(encoder *e, const unsigned char *bytes, int length, span source)
{
    TRY(word_end(e));
    TRY(word_append(e, bytes, length, source));
    return word_end(e);
}

static bert_status word_append_string(encoder *e, const unsigned char *bytes, int length,
                                      span source)
{
    while (length > 0) {
        int size = bytes[0] < 0x80 ? 1 : bytes[0] < 0xE0 ? 2 : bytes[0] < 0xF0 ? 3 : 4;
        TRY(word_append(e, bytes, size, source));
        bytes += size;
        length -= size;
    }
    return BERT_OK;
}

static bert_status word_append_hangul(encoder *e, uint32_t code, span source)
{
    uint32_t parts[4];
    unsigned char bytes[4];
    int count = unicode_decompose(code, parts);
    for (int i = 0; i < count; i++)
        TRY(word_append(e, bytes, unicode_encode(parts[i], bytes), source));
    return BERT_OK;
}

/* ----------------------------------------------------------- marks that need their neighbours ---
 */

/* Sorts by combining class, keeping the order of equals; linear, however many marks there are. */
static bert_status run_sort(encoder *e)
{
    if (e->item_count < 2)
        return BERT_OK;
    TRY(memory_grow((void **)&e->items, &e->item_capacity, 2 * e->item_count, sizeof *e->items,
                    "marks", e->error));
    size_t starts[257] = {0};
    item *copy = e->items + e->item_count;
    memcpy(copy, e->items, e->item_count * sizeof *copy);
    for (size_t i = 0; i < e->item_count; i++)
        starts[copy[i].class + 1]++;
    for (int class = 0; class < 256; class ++)
        starts[class + 1] += starts[class];
    for (size_t i = 0; i < e->item_count; i++)
        e->items[starts[copy[i].class]++] = copy[i];
    return BERT_OK;
}

/* After reordering, Hugging Face's alignment is by place, not by character: the n-th of the code
 * points that came first in their source gets the n-th source; the others that of the one before
 * them. Kept, so that offsets are the same. */
static bert_status run_end(encoder *e)
{
    const normalizer_settings *settings = &e->tokenizer->settings;
    TRY(run_sort(e));
    size_t source = 0;
    for (size_t i = 0; i < e->item_count; i++) {
        if (e->items[i].replaces)
            source++;
        span from = e->sources[source ? source - 1 : 0];
        uint32_t code = e->items[i].code, to[4] = {code};
        if (settings->strip_accents && unicode_in(unicode_marks(), code))
            continue;
        int count = settings->lowercase ? unicode_lowercase(code, to) : 1;
        for (int k = 0; k < count; k++) {
            unsigned char bytes[4];
            int length = unicode_encode(to[k], bytes);
            if (unicode_in(unicode_whitespace(), to[k]))
                TRY(word_end(e));
            else if (unicode_in(unicode_punctuation(), to[k]))
                TRY(word_alone(e, bytes, length, from));
            else
                TRY(word_append(e, bytes, length, from));
        }
    }
    e->item_count = e->source_count = 0;
    return BERT_OK;
}

static bert_status run_append(encoder *e, uint32_t code, span source)
{
    bool decompose = e->tokenizer->settings.strip_accents;
    uint32_t parts[4] = {code};
    int count = decompose ? unicode_decompose(code, parts) : 1;
    for (int i = 0; i < count; i++) {
        uint8_t class = decompose ? unicode_combining_class(parts[i]) : 0;
        item next = {parts[i], class, i == 0};
        if (next.class == 0 && i == 0)
            TRY(run_end(e));
        TRY(memory_grow((void **)&e->items, &e->item_capacity, e->item_count + 1, sizeof *e->items,
                        "marks", e->error));
        if (i == 0) {
            TRY(memory_grow((void **)&e->sources, &e->source_capacity, e->source_count + 1,
                            sizeof *e->sources, "marks", e->error));
            e->sources[e->source_count++] = source;
        }
        e->items[e->item_count++] = next;
    }
    return BERT_OK;
}

/* ------------------------------------------------------------------------------ one stretch --- */

/* Words end, whatever stands around, at ASCII whitespace and punctuation: a stretch goes from one
 * to the next. Ordinary ASCII words never come here. */
static bool is_border(const encoder *e, size_t position)
{
    if (position >= e->end)
        return true;
    unsigned char kind = e->tokenizer->normalizer.kinds[e->text[position]];
    return e->text[position] < 128 && (kind == CHARACTER_SPACE || kind == CHARACTER_ALONE);
}

static int decode(encoder *e, size_t position, uint32_t *code, span *source)
{
    bool valid;
    int bytes = unicode_decode(e->text + position, e->end - position, code, &valid);
    *source = (span){(uint32_t)position, (uint32_t)(position + (size_t)bytes)};
    if (!valid)
        e->out->invalid_bytes += (uint64_t)bytes;
    return bytes;
}

/* Step by step as the definition says; slower. */
static bert_status encode_stretch_by_definition(encoder *e, size_t *position)
{
    const normalizer *n = &e->tokenizer->normalizer;
    while (!is_border(e, *position)) {
        uint32_t code;
        span source;
        *position += (size_t)decode(e, *position, &code, &source);
        if (n->settings.clean_text && unicode_in(unicode_removed(), code))
            continue;
        bool apart = n->settings.handle_chinese_chars && unicode_in(unicode_chinese(), code);
        if (apart) {
            TRY(run_end(e));
            TRY(word_end(e));
        }
        TRY(run_append(e, code, source));
        if (apart) {
            TRY(run_end(e));
            TRY(word_end(e));
        }
    }
    TRY(run_end(e));
    return word_end(e);
}

static bert_status encode_character(encoder *e, uint32_t code, character_record record, span source)
{
    const normalizer *n = &e->tokenizer->normalizer;
    unsigned char bytes[4];
    const unsigned char *mapped;
    int length, characters;
    switch (character_get_kind(record)) {
    case CHARACTER_SAME:
        return word_append(e, bytes, unicode_encode(code, bytes), source);
    case CHARACTER_MAPPED:
        mapped = normalizer_mapped(n, record, &length, &characters);
        if (characters == 1)
            return word_append(e, mapped, length, source);
        return word_append_string(e, mapped, length, source);
    case CHARACTER_SPACE:
        return word_end(e);
    case CHARACTER_ALONE:
        return word_alone(e, bytes, unicode_encode(code, bytes), source);
    case CHARACTER_ALONE_MAPPED:
        mapped = normalizer_mapped(n, record, &length, &characters);
        return word_alone(e, mapped, length, source);
    case CHARACTER_HANGUL:
        return word_append_hangul(e, code, source);
    case CHARACTER_DROPPED:
    case CHARACTER_RARE:
        break;
    }
    return BERT_OK;
}

static bert_status encode_stretch(encoder *e, size_t *position)
{
    size_t start = *position, count = e->out->count;
    uint64_t invalid_bytes = e->out->invalid_bytes;
    while (!is_border(e, *position)) {
        uint32_t code;
        span source;
        *position += (size_t)decode(e, *position, &code, &source);
        character_record record = normalizer_record(&e->tokenizer->normalizer, code);
        if (character_get_kind(record) == CHARACTER_RARE) {
            *position = start;
            e->out->count = count;
            e->out->invalid_bytes = invalid_bytes;
            e->length = e->characters = 0;
            return encode_stretch_by_definition(e, position);
        }
        TRY(encode_character(e, code, record, source));
    }
    return word_end(e);
}

/* ------------------------------------------------------------------------------ ASCII words --- */

/* Encodes the ASCII word that starts at *position and moves behind it. Returns false, with nothing
 * changed, where it is no such word: a character in it needs the careful way. */
static inline bool encode_ascii_word(encoder *e, size_t *position)
{
    const bert_tokenizer *t = e->tokenizer;
    const unsigned char *text = e->text, *fold = t->normalizer.fold;
    const trie *trie = &t->trie;
    bert_encoding *out = e->out;
    size_t start = *position, i = start, end = e->end, count = 0;
    int32_t *ids = out->ids + out->count;
    uint32_t node = TRIE_ROOT;
    bool known = true;
    unsigned char folded;
    for (; i < end && (folded = fold[text[i]]); i++) {
        uint32_t child;
        while ((child = trie_child(trie, node, folded)) == TRIE_NONE) {
            if (trie->fail[node] == TRIE_NONE) {
                known = false;
                break;
            }
            count += trie_pop(trie, node, ids + count);
            node = trie->fail[node];
        }
        if (!known || i - start >= t->max_input_chars_per_word)
            break;
        node = child;
    }
    while (i < end && fold[text[i]])
        i++; /* the rest of a word that is [UNK] */
    if (!is_border(e, i))
        return false;
    known &= i - start <= t->max_input_chars_per_word;
    for (; known && node != TRIE_SUFFIX; node = trie->fail[node]) {
        known = trie->fail[node] != TRIE_NONE;
        if (known)
            count += trie_pop(trie, node, ids + count);
    }
    *position = i;
    if (!known) {
        put(out, t->special.unk, start, i);
        return true;
    }
    size_t at = start;
    for (size_t k = 0; k < count; k++) {
        size_t next = at + t->lengths[ids[k]];
        put(out, ids[k], at, next);
        at = next;
    }
    return true;
}

/* text[position, e->end), in which no added token lies. Stops early once `limit` ids are there. */
static bert_status encode_piece(encoder *e, size_t position, size_t limit)
{
    const bert_tokenizer *t = e->tokenizer;
    const normalizer *n = &t->normalizer;
    while (position < e->end && e->out->count < limit) {
        unsigned char c = e->text[position];
        if (n->kinds[c] == CHARACTER_SPACE) {
            position++;
            continue;
        }
        size_t longest = e->end - position;
        if (longest > t->max_input_chars_per_word)
            longest = t->max_input_chars_per_word;
        TRY(reserve(e->out, longest + 1, e->error));
        if (n->kinds[c] == CHARACTER_ALONE) {
            put(e->out, t->alone[c], position, position + 1);
            position++;
        } else if (!n->fold[c] || !encode_ascii_word(e, &position)) {
            TRY(encode_stretch(e, &position));
        }
    }
    return BERT_OK;
}

static bert_status encode_text(encoder *e, size_t length, size_t limit)
{
    size_t position = 0;
    while (position < length && e->out->count < limit) {
        size_t start = length, end = length;
        int32_t id = -1;
        tokenizer_find_added(e->tokenizer, e->text, length, position, &start, &end, &id);
        e->end = start;
        TRY(encode_piece(e, position, limit));
        if (id >= 0 && e->out->count < limit) {
            TRY(reserve(e->out, 1, e->error));
            put(e->out, id, start, end);
        }
        position = end;
    }
    return BERT_OK;
}

bert_status bert_tokenizer_encode(const bert_tokenizer *tokenizer, const char *text, size_t length,
                                  bool add_special_tokens, size_t max_length,
                                  bert_encoding *encoding, bert_error *error)
{
    encoding->count = 0;
    encoding->invalid_bytes = 0;
    if (length > UINT32_MAX)
        return error_set(error, BERT_ERROR_USAGE,
                         "a text of %zu bytes, more than the %u that offsets can name", length,
                         UINT32_MAX);
    if (add_special_tokens && max_length == 1)
        return error_set(error, BERT_ERROR_USAGE,
                         "max_length 1 has no room for [CLS] and [SEP]: at least 2");
    encoder e = {.tokenizer = tokenizer,
                 .text = (const unsigned char *)text,
                 .out = encoding,
                 .error = error};
    size_t limit = max_length ? max_length - add_special_tokens : SIZE_MAX;
    bert_status status = BERT_OK;
    if (add_special_tokens) {
        TRY_OR_GO(status, reserve(encoding, 1, error), done);
        put(encoding, tokenizer->special.cls, 0, 0);
    }
    TRY_OR_GO(status, encode_text(&e, length, limit), done);
    if (encoding->count > limit)
        encoding->count = limit;
    if (add_special_tokens) {
        TRY_OR_GO(status, reserve(encoding, 1, error), done);
        put(encoding, tokenizer->special.sep, 0, 0);
    }
    memset(encoding->type_ids, 0, encoding->count * sizeof *encoding->type_ids);
done:
    free(e.bytes);
    free(e.spans);
    free(e.ids);
    free(e.items);
    free(e.sources);
    return status;
}
