/* Caches the ids of words, for one thread and one tokenizer.
 *
 * Text repeats words, so most lookups hit. The cache is direct-mapped: 8,192 entries in 256 KiB for
 * ASCII words of letters and digits, up to 16 bytes long, that have at most three ids; a new word
 * replaces the old one in its slot. Keys are compared in full, so results never depend on the
 * content of the cache.
 *
 * If words hardly repeat, lookups cost more than they save. When more than half of the lookups in a
 * window miss, the cache is bypassed for the next half megabyte of text, and for twice as long each
 * time that it misses as often again, up to 8 MB. */
#ifndef TOKENIZER_WORD_CACHE_H
#define TOKENIZER_WORD_CACHE_H

#include "base/error.h"

#include <string.h>

enum {
    WORD_CACHE_BITS = 13,
    WORD_CACHE_WORDS = 1 << WORD_CACHE_BITS,
    WORD_CACHE_KEY_BYTES = 16,
    WORD_CACHE_MAX_IDS = 3,
    WORD_CACHE_WINDOW = 4096,           /* lookups, of which at most half may miss */
    WORD_CACHE_FIRST_BYPASS = 1 << 16,  /* bytes: for less text a cache does not pay */
    WORD_CACHE_SHORT_BYPASS = 1 << 19,  /* bytes */
    WORD_CACHE_LONGEST_BYPASS = 1 << 23 /* bytes */
};

/* The bytes of a normalised word, the first in the lowest byte, padded with zeros. */
typedef struct word_key {
    uint64_t low, high;
} word_key;

typedef struct cached_word {
    word_key key; /* zeros: empty */
    int32_t ids[WORD_CACHE_MAX_IDS];
    uint8_t ends[WORD_CACHE_MAX_IDS]; /* end offset of each in the word */
    uint8_t count;
} cached_word;
_Static_assert(sizeof(cached_word) == 32, "two entries per cache line");

typedef struct word_cache {
    cached_word *words;   /* [WORD_CACHE_WORDS]; allocated when the first bypass ends */
    uint64_t bypass_left; /* bytes of text still to encode without the cache; 0: in use */
    uint64_t next_bypass;
    uint32_t lookups_left, misses; /* of the current window */
    uint64_t lookups, hits;        /* of the previous windows */
    uint64_t bypasses;
} word_cache;

/* Bypassed for the first bytes of text, without allocating memory. */
static inline word_cache word_cache_new(void)
{
    return (word_cache){.bypass_left = WORD_CACHE_FIRST_BYPASS,
                        .next_bypass = WORD_CACHE_SHORT_BYPASS};
}
void word_cache_free(word_cache *cache);

/* To be called after `bytes` of text were encoded without the cache; ends the bypass if they were
 * enough. */
bert_status word_cache_bypassed(word_cache *cache, uint64_t bytes, bert_error *error);

/* Ends a window: begins another or a bypass. */
void word_cache_end_window(word_cache *cache);

/* The slot of a word. The caller compares the key; if it differs, it encodes the word, counts a
 * miss and may store it in the slot. Must not be called during a bypass. */
static inline cached_word *word_cache_slot(word_cache *cache, word_key key)
{
    /* Multiplicative hashing with odd constants; the high bits depend on all bits of the key. */
    uint64_t hash = key.low * 0x9E3779B97F4A7C15u + key.high * 0xC2B2AE3D27D4EB4Fu;
    return &cache->words[hash >> (64 - WORD_CACHE_BITS)];
}

static inline void word_cache_hit(word_cache *cache)
{
    if (--cache->lookups_left == 0)
        word_cache_end_window(cache);
}

/* May begin a bypass. */
static inline void word_cache_miss(word_cache *cache)
{
    cache->lookups_left--;
    if (++cache->misses > WORD_CACHE_WINDOW / 2 || cache->lookups_left == 0)
        word_cache_end_window(cache);
}

#endif
