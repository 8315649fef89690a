#include "tokenizer/text_encoder.h"

#include "base/memory.h"
#include "tokenizer/ascii_word.h"

#include <stdlib.h>
#include <string.h>

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))

bert_status encoding_grow(bert_encoding *out, size_t more, bert_error *error)
{
    size_t needed = out->count + more, capacity = out->capacity;
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

/* Called by the word reader for every word. */
static bert_status add_read_word(void *context, const word_reader *r)
{
    text_encoder *e = context;
    const bert_tokenizer *t = e->tokenizer;
    size_t count = 0;
    if (r->characters <= t->max_input_chars_per_word) {
        TRY(memory_grow((void **)&e->ids, &e->capacity, r->length, sizeof *e->ids, "word",
                        e->error));
        count = trie_match(&t->trie, r->bytes, r->length, e->ids);
    }
    TRY(encoding_reserve(e->out, count + 1, e->error));
    if (count == 0)
        encoding_put(e->out, t->special.unk, r->whole.start, r->whole.end);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        size_t next = at + t->lengths[e->ids[i]];
        encoding_put(e->out, e->ids[i], r->spans[at].start, r->spans[next - 1].end);
        at = next;
    }
    return BERT_OK;
}

void text_encoder_start(text_encoder *e, const bert_tokenizer *t)
{
    *e = (text_encoder){.tokenizer = t,
                        .cache = word_cache_new(),
                        .reader = {.normalizer = &t->normalizer,
                                   .max_characters = t->max_input_chars_per_word,
                                   .word = add_read_word,
                                   .context = e}};
}

void text_encoder_finish(text_encoder *e)
{
    word_reader_free(&e->reader);
    word_cache_free(&e->cache);
    normalized_text_free(&e->normalized);
    free(e->ids);
}

/* ------------------------------------------------------------------------------ ASCII words --- */

/* Encodes the ASCII word at *position and advances past it; a word longer than `longest` is [UNK].
 * Returns false, with nothing changed, if a character in it needs the word reader. */
static ALWAYS_INLINE bool match_ascii_word(const bert_tokenizer *t, const word_reader *r,
                                           size_t longest, bert_encoding *out, size_t *position)
{
    const unsigned char *text = r->text;
    const trie *trie = &t->trie;
    size_t start = *position, i = start, end = start + longest, count = 0;
    int32_t *ids = out->ids + out->count;
    uint32_t node = TRIE_ROOT;
    bool known = true;
    unsigned char folded;
    for (; i < end && (folded = t->normalizer.fold[text[i]]); i++) {
        uint32_t child;
        while ((child = trie_child(trie, node, folded)) == TRIE_NONE) {
            if (trie->fail[node] == TRIE_NONE) {
                known = false;
                break;
            }
            count += trie_pop(trie, node, ids + count);
            node = trie->fail[node];
        }
        if (!known)
            break;
        node = child;
    }
    for (; i < r->end && t->normalizer.fold[text[i]]; i++)
        known = false; /* the rest of a word that is too long or [UNK] */
    if (!word_reader_at_border(r, i))
        return false;
    for (; known && node != TRIE_SUFFIX; node = trie->fail[node]) {
        known = trie->fail[node] != TRIE_NONE;
        if (known)
            count += trie_pop(trie, node, ids + count);
    }
    *position = i;
    if (!known) {
        encoding_put(out, t->special.unk, start, i);
        return true;
    }
    size_t at = start;
    for (size_t k = 0; k < count; k++) {
        size_t next = at + t->lengths[ids[k]];
        encoding_put(out, ids[k], at, next);
        at = next;
    }
    return true;
}

/* Encodes the word, or skips the white space, at *position and advances past it. */
static ALWAYS_INLINE bert_status match_next(text_encoder *e, size_t *position)
{
    const bert_tokenizer *t = e->tokenizer;
    const normalizer *n = &t->normalizer;
    word_reader *r = &e->reader;
    unsigned char c = r->text[*position];
    if (n->kinds[c] == CHARACTER_SPACE) {
        ++*position;
        return BERT_OK;
    }
    size_t longest = r->end - *position;
    if (longest > t->max_input_chars_per_word)
        longest = t->max_input_chars_per_word;
    TRY(encoding_reserve(e->out, longest + 1, e->error));
    if (n->kinds[c] == CHARACTER_ALONE) {
        encoding_put(e->out, t->alone[c], *position, *position + 1);
        ++*position;
    } else if (!n->fold[c] || !match_ascii_word(t, r, longest, e->out, position)) {
        return word_reader_stretch(r, position);
    }
    return BERT_OK;
}

/* Encodes without the cache, up to about `stop`. Separate from encode_cached, so that neither loop
 * slows the other. */
static NOINLINE bert_status encode_plain(text_encoder *e, size_t *position, size_t stop,
                                         size_t limit)
{
    size_t at = *position;
    while (at < stop && e->out->count < limit)
        TRY(match_next(e, &at));
    *position = at;
    return BERT_OK;
}

/* ------------------------------------------------------------------------- cached words --- */

static NOINLINE bert_status match_one(text_encoder *e, size_t *position)
{
    return match_next(e, position);
}

/* Encodes the word at *position, which is not in the cache, and stores it in `slot`. */
static NOINLINE bert_status encode_missing(text_encoder *e, cached_word *slot, word_key key,
                                           size_t *position)
{
    bert_encoding *out = e->out;
    size_t first = out->count, start = *position;
    TRY(match_next(e, position));
    size_t count = out->count - first;
    if (count > WORD_CACHE_MAX_IDS)
        return BERT_OK;
    slot->key = key;
    slot->count = (uint8_t)count;
    for (size_t i = 0; i < WORD_CACHE_MAX_IDS; i++) {
        size_t piece = first + (i < count ? i : count - 1);
        slot->ids[i] = out->ids[piece];
        slot->ends[i] = (uint8_t)(out->ends[piece] - start);
    }
    return BERT_OK;
}

/* Appends a cached word. Writes WORD_CACHE_MAX_IDS ids without a branch on their number; the caller
 * has reserved capacity for all. */
static ALWAYS_INLINE void put_cached(bert_encoding *out, const cached_word *word, size_t position)
{
    cached_word w = *word;
    int32_t *ids = out->ids + out->count;
    uint32_t *starts = out->starts + out->count, *ends = out->ends + out->count;
    uint32_t start = (uint32_t)position;
    ids[0] = w.ids[0], ids[1] = w.ids[1], ids[2] = w.ids[2];
    starts[0] = start, starts[1] = start + w.ends[0], starts[2] = start + w.ends[1];
    ends[0] = start + w.ends[0], ends[1] = start + w.ends[1], ends[2] = start + w.ends[2];
    out->count += w.count;
}

/* Reads the letters and digits at `position`, up to the maximum length of a cached word. */
static ALWAYS_INLINE size_t read_word(const text_encoder *e, size_t position, uint64_t lowercase,
                                      word_key *key)
{
    const unsigned char *bytes =
        position < e->tail_start ? e->reader.text + position : e->tail + (position - e->tail_start);
    size_t length = ascii_word_read(bytes, lowercase, &key->low);
    key->high = 0;
    return length < 8 ? length : 8 + ascii_word_read(bytes + 8, lowercase, &key->high);
}

/* Encodes until the end, the limit, or until the cache is bypassed. */
static NOINLINE bert_status encode_cached(text_encoder *e, size_t *position, size_t limit)
{
    const word_reader *r = &e->reader;
    const unsigned char *text = r->text, *kinds = r->normalizer->kinds;
    uint64_t lowercase = r->normalizer->settings.lowercase ? UINT64_MAX : 0;
    word_cache *cache = &e->cache;
    bert_encoding *out = e->out;
    size_t at = *position, text_end = r->end;
    while (at < text_end && out->count < limit) {
        if (kinds[text[at]] == CHARACTER_SPACE) {
            at++;
            continue;
        }
        TRY(encoding_reserve(out, WORD_CACHE_MAX_IDS, e->error));
        if (kinds[text[at]] == CHARACTER_ALONE) {
            encoding_put(out, e->tokenizer->alone[text[at]], at, at + 1);
            at++;
            continue;
        }
        word_key key;
        size_t end = at + read_word(e, at, lowercase, &key);
        unsigned char next = end < text_end ? kinds[text[end]] : CHARACTER_ALONE;
        if (end == at || end > text_end || (next != CHARACTER_SPACE && next != CHARACTER_ALONE)) {
            TRY(match_one(e, &at));
            continue;
        }
        cached_word *word = word_cache_slot(cache, key);
        if (word->key.low == key.low && word->key.high == key.high) {
            put_cached(out, word, at);
            at = end + (next == CHARACTER_SPACE);
            word_cache_hit(cache);
        } else {
            TRY(encode_missing(e, word, key, &at));
            word_cache_miss(cache);
            if (cache->bypass_left)
                break;
        }
    }
    *position = at;
    return BERT_OK;
}

/* ------------------------------------------------------------------------------ texts --- */

/* Encodes the reader's text from `position` to its end, which contains no added token. Stops once
 * there are `limit` ids. */
static bert_status encode_segment(text_encoder *e, size_t position, size_t limit)
{
    word_cache *cache = &e->cache;
    size_t end = e->reader.end;
    while (position < end && e->out->count < limit) {
        if (!cache->bypass_left) {
            TRY(encode_cached(e, &position, limit));
            continue;
        }
        size_t start = position, left = end - start;
        TRY(encode_plain(e, &position, cache->bypass_left < left ? start + cache->bypass_left : end,
                         limit));
        TRY(word_cache_bypassed(cache, position - start, e->error));
    }
    return BERT_OK;
}

static bert_status put_added(text_encoder *e, int32_t id, size_t start, size_t end)
{
    TRY(encoding_reserve(e->out, 1, e->error));
    encoding_put(e->out, id, start, end);
    return BERT_OK;
}

/* Encodes normalised text in which added tokens are. */
static bert_status encode_normalized(text_encoder *e, added_scan *scan, added_match *match,
                                     size_t limit)
{
    word_reader *r = &e->reader;
    const normalized_text *text = &e->normalized;
    size_t position = 0;
    do {
        if (position < match->start)
            TRY(word_reader_split(r, text, position, match->start));
        if (e->out->count < limit)
            TRY(put_added(e, match->id, text->spans[match->start].start,
                          text->spans[match->end - 1].end));
        position = match->end;
    } while (e->out->count < limit && added_scan_next(scan, match));
    return e->out->count < limit ? word_reader_split(r, text, position, text->length) : BERT_OK;
}

/* Encodes the text in [start, end), between two added tokens that are found in it as it is. */
static bert_status encode_text(text_encoder *e, size_t start, size_t end, size_t limit)
{
    word_reader *r = &e->reader;
    const added_matcher *normalized = &e->tokenizer->normalized;
    r->end = end;
    if (normalized->count == 0)
        return encode_segment(e, start, limit);
    uint64_t invalid_bytes = r->invalid_bytes;
    e->normalized.length = 0;
    TRY(word_reader_normalize(r, start, &e->normalized));
    added_scan scan = {
        .matcher = normalized, .text = e->normalized.bytes, .length = e->normalized.length};
    added_match match;
    if (added_scan_next(&scan, &match))
        return encode_normalized(e, &scan, &match, limit);
    r->invalid_bytes = invalid_bytes;
    return encode_segment(e, start, limit);
}

static bert_status encode_segments(text_encoder *e, size_t length, size_t limit)
{
    added_scan scan = {.matcher = &e->tokenizer->literal, .text = e->reader.text, .length = length};
    added_match match;
    size_t position = 0;
    while (e->out->count < limit && added_scan_next(&scan, &match)) {
        if (position < match.start)
            TRY(encode_text(e, position, match.start, limit));
        if (e->out->count < limit)
            TRY(put_added(e, match.id, match.start, match.end));
        position = match.end;
    }
    return position < length && e->out->count < limit ? encode_text(e, position, length, limit)
                                                      : BERT_OK;
}

static void set_text(text_encoder *e, const char *text, size_t length)
{
    word_reader *r = &e->reader;
    r->text = (const unsigned char *)text;
    r->invalid_bytes = 0;
    r->length = r->characters = r->mark_count = r->source_count =
        0; /* left by a text that failed */
    size_t tail = length < WORD_CACHE_KEY_BYTES ? length : WORD_CACHE_KEY_BYTES;
    e->tail_start = length - tail;
    if (tail)
        memcpy(e->tail, text + e->tail_start, tail);
    memset(e->tail + tail, 0, sizeof e->tail - tail);
}

bert_status text_encoder_add(text_encoder *e, const char *text, size_t length, uint8_t type_id,
                             size_t limit, bert_encoding *out, bert_error *error)
{
    if (length > UINT32_MAX)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "a text of %zu bytes, more than the %u that offsets can represent", length,
                         UINT32_MAX);
    e->out = out;
    e->error = e->reader.error = error;
    set_text(e, text, length);
    size_t first = out->count, last = limit < SIZE_MAX - first ? first + limit : SIZE_MAX;
    bert_status status = encode_segments(e, length, last);
    if (out->count > last)
        out->count = last;
    if (out->count > first)
        memset(out->type_ids + first, type_id, out->count - first);
    out->invalid_bytes += e->reader.invalid_bytes;
    return status;
}
