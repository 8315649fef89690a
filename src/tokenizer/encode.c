#include "tokenizer/internal.h"

#include "base/memory.h"
#include "tokenizer/words.h"

#include <stdlib.h>
#include <string.h>

typedef struct encoder {
    const bert_tokenizer *tokenizer;
    bert_encoding *out;
    int32_t *ids; /* of one word */
    size_t capacity;
    bert_error *error;
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

static bert_status encode_word(void *context, const word_reader *r)
{
    encoder *e = context;
    const bert_tokenizer *t = e->tokenizer;
    size_t count = 0;
    if (r->characters <= t->max_input_chars_per_word) {
        TRY(memory_grow((void **)&e->ids, &e->capacity, r->length, sizeof *e->ids, "word",
                        e->error));
        count = trie_match(&t->trie, r->bytes, r->length, e->ids);
    }
    TRY(reserve(e->out, count + 1, e->error));
    if (count == 0)
        put(e->out, t->special.unk, r->whole.start, r->whole.end);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        size_t next = at + t->lengths[e->ids[i]];
        put(e->out, e->ids[i], r->spans[at].start, r->spans[next - 1].end);
        at = next;
    }
    return BERT_OK;
}

/* ------------------------------------------------------------------------------ ASCII words --- */

/* Encodes the ASCII word that starts at *position and moves behind it. Returns false, with nothing
 * changed, where it is no such word: a character in it needs the careful way. */
static inline bool encode_ascii_word(const bert_tokenizer *t, const word_reader *r,
                                     bert_encoding *out, size_t *position)
{
    const unsigned char *text = r->text, *fold = t->normalizer.fold;
    const trie *trie = &t->trie;
    size_t start = *position, i = start, end = r->end, count = 0;
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
    if (!word_reader_at_border(r, i))
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

/* The reader's text from `position`, in which no added token lies. Stops early once `limit` ids
 * are there. */
static bert_status encode_piece(encoder *e, word_reader *r, size_t position, size_t limit)
{
    const bert_tokenizer *t = e->tokenizer;
    const normalizer *n = &t->normalizer;
    while (position < r->end && e->out->count < limit) {
        unsigned char c = r->text[position];
        if (n->kinds[c] == CHARACTER_SPACE) {
            position++;
            continue;
        }
        size_t longest = r->end - position;
        if (longest > t->max_input_chars_per_word)
            longest = t->max_input_chars_per_word;
        TRY(reserve(e->out, longest + 1, e->error));
        if (n->kinds[c] == CHARACTER_ALONE) {
            put(e->out, t->alone[c], position, position + 1);
            position++;
        } else if (!n->fold[c] || !encode_ascii_word(t, r, e->out, &position)) {
            TRY(word_reader_stretch(r, &position));
        }
    }
    return BERT_OK;
}

static bert_status encode_text(encoder *e, word_reader *r, size_t length, size_t limit)
{
    size_t position = 0;
    while (position < length && e->out->count < limit) {
        size_t start = length, end = length;
        int32_t id = -1;
        tokenizer_find_added(e->tokenizer, r->text, length, position, &start, &end, &id);
        r->end = start;
        TRY(encode_piece(e, r, position, limit));
        if (id >= 0 && e->out->count < limit) {
            TRY(reserve(e->out, 1, e->error));
            put(e->out, id, start, end);
        }
        position = end;
    }
    return BERT_OK;
}

/* Appends the ids of a text, at most `limit`, without special ones. */
static bert_status append_text(const bert_tokenizer *t, const char *text, size_t length,
                               uint8_t type_id, size_t limit, bert_encoding *out, bert_error *error)
{
    if (length > UINT32_MAX)
        return error_set(error, BERT_ERROR_USAGE,
                         "a text of %zu bytes, more than the %u that offsets can name", length,
                         UINT32_MAX);
    encoder e = {.tokenizer = t, .out = out, .error = error};
    word_reader r = {.normalizer = &t->normalizer,
                     .text = (const unsigned char *)text,
                     .max_characters = t->max_input_chars_per_word,
                     .error = error,
                     .word = encode_word,
                     .context = &e};
    size_t first = out->count, last = limit < SIZE_MAX - first ? first + limit : SIZE_MAX;
    bert_status status = encode_text(&e, &r, length, last);
    if (out->count > last)
        out->count = last;
    if (out->count > first)
        memset(out->type_ids + first, type_id, out->count - first);
    out->invalid_bytes += r.invalid_bytes;
    free(e.ids);
    word_reader_free(&r);
    return status;
}

static bert_status append_special(bert_encoding *out, int32_t id, uint8_t type_id,
                                  bert_error *error)
{
    TRY(reserve(out, 1, error));
    out->type_ids[out->count] = type_id;
    put(out, id, 0, 0);
    return BERT_OK;
}

bert_status tokenizer_append(const bert_tokenizer *t, const char *text, size_t length,
                             bool add_special_tokens, size_t max_length, bert_encoding *out,
                             bert_error *error)
{
    if (add_special_tokens && max_length == 1)
        return error_set(error, BERT_ERROR_USAGE,
                         "max_length 1 has no room for [CLS] and [SEP]: at least 2");
    size_t limit = !max_length ? SIZE_MAX : add_special_tokens ? max_length - 2 : max_length;
    if (add_special_tokens)
        TRY(append_special(out, t->special.cls, 0, error));
    TRY(append_text(t, text, length, 0, limit, out, error));
    return add_special_tokens ? append_special(out, t->special.sep, 0, error) : BERT_OK;
}

bert_status bert_tokenizer_encode(const bert_tokenizer *tokenizer, const char *text, size_t length,
                                  bool add_special_tokens, size_t max_length,
                                  bert_encoding *encoding, bert_error *error)
{
    encoding->count = 0;
    encoding->invalid_bytes = 0;
    return tokenizer_append(tokenizer, text, length, add_special_tokens, max_length, encoding,
                            error);
}

/* How many ids of each text stay where both may have `room`: the longer one is cut first, and both
 * to halves where that is not enough ("longest_first" of Hugging Face). */
static void cut_pair(size_t *first, size_t *second, size_t room)
{
    if (room >= *second && *first <= room - *second)
        return;
    size_t *shorter = *first <= *second ? first : second;
    size_t *longer = shorter == first ? second : first;
    if (*shorter <= room && room - *shorter >= *shorter) {
        *longer = room - *shorter;
    } else {
        *shorter = room / 2;
        *longer = room - *shorter;
    }
}

/* Removes the ids [from, to). */
static void remove_ids(bert_encoding *e, size_t from, size_t to)
{
    size_t rest = e->count - to;
    memmove(e->ids + from, e->ids + to, rest * sizeof *e->ids);
    memmove(e->type_ids + from, e->type_ids + to, rest * sizeof *e->type_ids);
    memmove(e->starts + from, e->starts + to, rest * sizeof *e->starts);
    memmove(e->ends + from, e->ends + to, rest * sizeof *e->ends);
    e->count = from + rest;
}

bert_status bert_tokenizer_encode_pair(const bert_tokenizer *t, const char *first,
                                       size_t first_length, const char *second,
                                       size_t second_length, bool add_special_tokens,
                                       size_t max_length, bert_encoding *encoding,
                                       bert_error *error)
{
    encoding->count = 0;
    encoding->invalid_bytes = 0;
    size_t special = add_special_tokens ? 3 : 0;
    if (max_length && max_length < special)
        return error_set(error, BERT_ERROR_USAGE,
                         "max_length %zu has no room for [CLS] and two [SEP]: at least 3",
                         max_length);
    if (add_special_tokens)
        TRY(append_special(encoding, t->special.cls, 0, error));
    TRY(append_text(t, first, first_length, 0, SIZE_MAX, encoding, error));
    size_t middle = encoding->count, first_count = middle - (add_special_tokens ? 1 : 0);
    if (add_special_tokens)
        TRY(append_special(encoding, t->special.sep, 0, error));
    size_t second_start = encoding->count;
    TRY(append_text(t, second, second_length, 1, SIZE_MAX, encoding, error));
    size_t second_count = encoding->count - second_start;
    if (max_length) {
        size_t kept_first = first_count, kept_second = second_count;
        cut_pair(&kept_first, &kept_second, max_length - special);
        encoding->count -= second_count - kept_second;
        if (kept_first < first_count)
            remove_ids(encoding, middle - (first_count - kept_first), middle);
    }
    return add_special_tokens ? append_special(encoding, t->special.sep, 1, error) : BERT_OK;
}
