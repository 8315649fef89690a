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
    encoder e = {.tokenizer = tokenizer, .out = encoding, .error = error};
    word_reader r = {.normalizer = &tokenizer->normalizer,
                     .text = (const unsigned char *)text,
                     .max_characters = tokenizer->max_input_chars_per_word,
                     .error = error,
                     .word = encode_word,
                     .context = &e};
    size_t limit = max_length ? max_length - add_special_tokens : SIZE_MAX;
    bert_status status = BERT_OK;
    TRY_OR_GO(status, reserve(encoding, 1, error), done);
    if (add_special_tokens)
        put(encoding, tokenizer->special.cls, 0, 0);
    TRY_OR_GO(status, encode_text(&e, &r, length, limit), done);
    if (encoding->count > limit)
        encoding->count = limit;
    if (add_special_tokens) {
        TRY_OR_GO(status, reserve(encoding, 1, error), done);
        put(encoding, tokenizer->special.sep, 0, 0);
    }
    memset(encoding->type_ids, 0, encoding->count * sizeof *encoding->type_ids);
    encoding->invalid_bytes = r.invalid_bytes;
done:
    free(e.ids);
    word_reader_free(&r);
    return status;
}
