#include "tokenizer/word_cache.h"

#include "base/memory.h"

static const size_t cache_bytes = WORD_CACHE_WORDS * sizeof(cached_word);

static void start_window(word_cache *c)
{
    c->lookups_left = WORD_CACHE_WINDOW;
    c->misses = 0;
}

bert_status word_cache_bypassed(word_cache *c, uint64_t bytes, bert_error *error)
{
    if (bytes < c->bypass_left) {
        c->bypass_left -= bytes;
        return BERT_OK;
    }
    if (!c->words)
        TRY(memory_map((void **)&c->words, cache_bytes, "words", error));
    c->bypass_left = 0;
    start_window(c);
    return BERT_OK;
}

void word_cache_end_window(word_cache *c)
{
    uint32_t lookups = WORD_CACHE_WINDOW - c->lookups_left;
    c->lookups += lookups;
    c->hits += lookups - c->misses;
    if (c->misses > WORD_CACHE_WINDOW / 2) {
        c->bypasses++;
        c->bypass_left = c->next_bypass;
        if (c->next_bypass < WORD_CACHE_LONGEST_BYPASS)
            c->next_bypass *= 2;
    } else {
        c->next_bypass = WORD_CACHE_SHORT_BYPASS;
    }
    start_window(c);
}

void word_cache_free(word_cache *c)
{
    memory_unmap(c->words, cache_bytes);
    c->words = NULL;
}
