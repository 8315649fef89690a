/* Remembers what words were encoded as, for one thread and one tokenizer.
 *
 * Text repeats its words, so that most need not be matched. The cache holds ASCII words of letters
 * and digits, up to 16 bytes, that became at most three ids: 8,192 of them in 256 KiB, each where
 * its hash says; a newer word takes the place of an older one. Keys are compared whole, so that a
 * result never depends on what the cache holds.
 *
 * Where words hardly repeat, looking for them costs more than it saves: once more than half of some
 * thousand are missing, the cache sleeps while the next half megabyte of text is encoded without
 * it, and twice as long as before, up to 8 MB, each time that it wakes and still misses as many. */
#ifndef TOKENIZER_WORD_CACHE_H
#define TOKENIZER_WORD_CACHE_H

#include "base/error.h"

#include <string.h>

enum {
    WORD_CACHE_BITS = 13,
    WORD_CACHE_WORDS = 1 << WORD_CACHE_BITS,
    WORD_CACHE_KEY_BYTES = 16,
    WORD_CACHE_PIECES = 3,
    WORD_CACHE_WINDOW = 4096,          /* looks, of which at most half may miss */
    WORD_CACHE_FIRST_SLEEP = 1 << 16,  /* bytes: less text than this is not worth a cache */
    WORD_CACHE_SHORT_SLEEP = 1 << 19,  /* bytes */
    WORD_CACHE_LONGEST_SLEEP = 1 << 23 /* bytes */
};

/* The bytes of a normalised word, zeros behind them. The first is in the lowest byte. */
typedef struct word_key {
    uint64_t low, high;
} word_key;

typedef struct cached_word {
    word_key key; /* zeros: none */
    int32_t ids[WORD_CACHE_PIECES];
    uint8_t ends[WORD_CACHE_PIECES]; /* where in the word each ends */
    uint8_t count;
} cached_word;
_Static_assert(sizeof(cached_word) == 32, "two words in a line of the processor's cache");

typedef struct word_cache {
    cached_word *words; /* [WORD_CACHE_WORDS]; NULL until it wakes for the first time */
    uint64_t asleep;    /* bytes of text to encode before it wakes; 0: awake */
    uint64_t next_sleep;
    uint32_t looks_left, misses; /* of the window */
    uint64_t looks, hits;        /* in the windows before it */
    uint64_t sleeps;
} word_cache;

/* Asleep for its first bytes of text, without memory. */
static inline word_cache word_cache_new(void)
{
    return (word_cache){.asleep = WORD_CACHE_FIRST_SLEEP, .next_sleep = WORD_CACHE_SHORT_SLEEP};
}
void word_cache_free(word_cache *cache);

/* `bytes` of text were encoded while it slept; it wakes where they were enough. */
bert_status word_cache_slept(word_cache *cache, uint64_t bytes, bert_error *error);

/* Ends a window: begins another, or goes to sleep. */
void word_cache_end_window(word_cache *cache);

/* The place of a word. The caller compares the key: where it is another one's, it encodes the word,
 * counts a miss and may put it here. To be called when awake only. */
static inline cached_word *word_cache_place(word_cache *cache, word_key key)
{
    /* Odd multipliers without a pattern; the high bits depend on all of the key's. */
    uint64_t hash = key.low * 0x9E3779B97F4A7C15u + key.high * 0xC2B2AE3D27D4EB4Fu;
    return &cache->words[hash >> (64 - WORD_CACHE_BITS)];
}

static inline void word_cache_hit(word_cache *cache)
{
    if (--cache->looks_left == 0)
        word_cache_end_window(cache);
}

/* The cache may be asleep after it. */
static inline void word_cache_miss(word_cache *cache)
{
    cache->looks_left--;
    if (++cache->misses > WORD_CACHE_WINDOW / 2 || cache->looks_left == 0)
        word_cache_end_window(cache);
}

#endif
