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

bert_status word_table_add(word_table *t, const unsigned char *word, size_t length, uint64_t hash,
                           uint64_t count, bert_error *error)
{
    if (t->count * 4 >= t->slot_count * 3)
        TRY(set_slots(t, t->slot_count ? t->slot_count * 2 : 1024, error));
    size_t slot = (uint32_t)hash & (t->slot_count - 1);
    for (; t->slots[slot]; slot = (slot + 1) & (t->slot_count - 1)) {
        word_count *known = &t->words[t->slots[slot] - 1];
        if (known->hash == (uint32_t)hash && known->length == length &&
            memcmp(t->bytes + known->start, word, length) == 0) {
            known->count += count;
            return BERT_OK;
        }
    }
    if (t->count >= UINT32_MAX / 2 || length > UINT32_MAX)
        return error_set(error, BERT_ERROR_UNSUPPORTED, "more than 2^31 different words");
    TRY(memory_grow((void **)&t->words, &t->capacity, t->count + 1, sizeof *t->words, "words",
                    error));
    TRY(memory_grow((void **)&t->bytes, &t->byte_capacity, t->byte_count + length, 1, "words",
                    error));
    memcpy(t->bytes + t->byte_count, word, length);
    t->words[t->count] = (word_count){t->byte_count, (uint32_t)length, (uint32_t)hash, count};
    t->byte_count += length;
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
        memmove(t->bytes + bytes, t->bytes + word.start, word.length);
        word.start = bytes;
        bytes += word.length;
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
