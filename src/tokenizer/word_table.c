#include "tokenizer/word_table.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

uint64_t word_hash(const unsigned char *word, size_t length)
{
    return XXH3_64bits(word, length);
}

static bert_status set_slots(word_table *t, size_t slot_count, bert_error *error)
{
    uint32_t *slots;
    TRY(memory_array((void **)&slots, slot_count, sizeof *slots, "words", error));
    free(t->slots);
    t->slots = slots;
    t->slot_count = slot_count;
    for (size_t i = 0; i < t->count; i++) {
        size_t slot = t->words[i].hash & (slot_count - 1);
        while (slots[slot])
            slot = (slot + 1) & (slot_count - 1);
        slots[slot] = (uint32_t)i + 1;
    }
    return BERT_OK;
}

/* Appends length and bytes of a word; *start is their offset. */
static bert_status append_word(word_table *t, const unsigned char *word, size_t length,
                               uint32_t *start, bert_error *error)
{
    unsigned char prefix[10];
    size_t prefix_length = 0;
    for (size_t rest = length; prefix_length == 0 || rest; rest >>= 7)
        prefix[prefix_length++] = (unsigned char)((rest & 0x7F) | (rest > 0x7F ? 0x80 : 0));
    size_t needed = prefix_length + length;
    if (needed > UINT32_MAX - t->byte_count)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "the distinct words of the text exceed 4 GiB in one table");
    TRY(memory_grow((void **)&t->bytes, &t->byte_capacity, t->byte_count + needed, 1, "words",
                    error));
    *start = (uint32_t)t->byte_count;
    memcpy(t->bytes + t->byte_count, prefix, prefix_length);
    memcpy(t->bytes + t->byte_count + prefix_length, word, length);
    t->byte_count += needed;
    return BERT_OK;
}

bert_status word_table_add(word_table *t, const unsigned char *word, size_t length, uint64_t hash,
                           uint64_t count, bert_error *error)
{
    if (t->count * 4 >= t->slot_count * 3)
        TRY(set_slots(t, t->slot_count ? t->slot_count * 2 : 1024, error));
    size_t slot = (uint32_t)hash & (t->slot_count - 1), known_length;
    for (; t->slots[slot]; slot = (slot + 1) & (t->slot_count - 1)) {
        word_count *known = &t->words[t->slots[slot] - 1];
        if (known->hash != (uint32_t)hash)
            continue;
        const unsigned char *bytes = word_bytes(t, known, &known_length);
        if (known_length == length && memcmp(bytes, word, length) == 0) {
            known->count += count;
            return BERT_OK;
        }
    }
    if (t->count >= UINT32_MAX / 2)
        return error_set(error, BERT_ERROR_UNSUPPORTED, "more than 2^31 distinct words");
    TRY(memory_grow((void **)&t->words, &t->capacity, t->count + 1, sizeof *t->words, "words",
                    error));
    uint32_t start = 0;
    TRY(append_word(t, word, length, &start, error));
    t->words[t->count] = (word_count){count, start, (uint32_t)hash};
    t->slots[slot] = (uint32_t)++t->count;
    return BERT_OK;
}

bert_status word_table_prune(word_table *t, uint64_t count, uint64_t *words, uint64_t *occurrences,
                             bert_error *error)
{
    size_t kept = 0, bytes = 0;
    for (size_t i = 0; i < t->count; i++) {
        word_count word = t->words[i];
        if (word.count <= count) {
            *words += 1;
            *occurrences += word.count;
            continue;
        }
        size_t length;
        const unsigned char *end = word_bytes(t, &word, &length) + length;
        size_t size = (size_t)(end - (t->bytes + word.start));
        memmove(t->bytes + bytes, t->bytes + word.start, size);
        word.start = (uint32_t)bytes;
        bytes += size;
        t->words[kept++] = word;
    }
    t->count = kept;
    t->byte_count = bytes;
    return t->slot_count ? set_slots(t, t->slot_count, error) : BERT_OK;
}

void word_table_clear(word_table *t)
{
    t->count = t->byte_count = 0;
    if (t->slots)
        memset(t->slots, 0, t->slot_count * sizeof *t->slots);
}

void word_table_free(word_table *t)
{
    free(t->bytes);
    free(t->words);
    free(t->slots);
    *t = (word_table){0};
}
