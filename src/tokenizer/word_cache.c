#include "tokenizer/word_cache.h"

#include "base/memory.h"

static const size_t cache_bytes = WORD_CACHE_WORDS * sizeof(cached_word);

static void start_window(word_cache *c)
{
    c->looks_left = WORD_CACHE_WINDOW;
    c->misses = 0;
}

bert_status word_cache_slept(word_cache *c, uint64_t bytes, bert_error *error)
{
    if (bytes < c->asleep) {
        c->asleep -= bytes;
        return BERT_OK;
    }
    if (!c->words)
        TRY(memory_map((void **)&c->words, cache_bytes, "words", error));
    c->asleep = 0;
    start_window(c);
    return BERT_OK;
}

void word_cache_end_window(word_cache *c)
{
    uint32_t looks = WORD_CACHE_WINDOW - c->looks_left;
    c->looks += looks;
    c->hits += looks - c->misses;
    if (c->misses > WORD_CACHE_WINDOW / 2) {
        c->sleeps++;
        c->asleep = c->next_sleep;
        if (c->next_sleep < WORD_CACHE_LONGEST_SLEEP)
            c->next_sleep *= 2;
    } else {
        c->next_sleep = WORD_CACHE_SHORT_SLEEP;
    }
    start_window(c);
}

void word_cache_free(word_cache *c)
{
    memory_unmap(c->words, cache_bytes);
    c->words = NULL;
}
