#include "tokenizer/token_pairs.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static size_t slot_of(const token_pairs *t, uint64_t key)
{
    uint64_t hash = key * 0x9E3779B97F4A7C15u;
    size_t slot = (hash ^ hash >> 32) & (t->slot_count - 1);
    while (t->slots[slot] && t->pairs[t->slots[slot] - 1].key != key)
        slot = (slot + 1) & (t->slot_count - 1);
    return slot;
}

static bert_status grow_pairs(token_pairs *t, bert_error *error)
{
    size_t slot_count = t->slot_count ? t->slot_count * 2 : 1 << 14;
    uint32_t *slots;
    TRY(memory_array((void **)&slots, slot_count, sizeof *slots, "pairs", error));
    free(t->slots);
    t->slots = slots;
    t->slot_count = slot_count;
    for (size_t i = 0; i < t->count; i++)
        slots[slot_of(t, t->pairs[i].key)] = (uint32_t)i + 1;
    return BERT_OK;
}

bert_status token_pairs_find(token_pairs *t, uint64_t key, uint32_t *index, bert_error *error)
{
    if (t->count * 4 >= t->slot_count * 3)
        TRY(grow_pairs(t, error));
    size_t slot = slot_of(t, key);
    if (!t->slots[slot]) {
        TRY(memory_grow((void **)&t->pairs, &t->capacity, t->count + 1, sizeof *t->pairs, "pairs",
                        error));
        t->pairs[t->count++] = (pair){.key = key};
        t->slots[slot] = (uint32_t)t->count;
    }
    *index = t->slots[slot] - 1;
    return BERT_OK;
}

/* Uses the slots for the new indices: there are more slots than pairs, and they are rebuilt
 * afterwards anyway. */
const uint32_t *token_pairs_compact(token_pairs *t)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->count; i++) {
        t->slots[i] = (uint32_t)kept;
        if (t->pairs[i].count != 0)
            t->pairs[kept++] = t->pairs[i];
    }
    t->count = kept;
    return t->slots;
}

void token_pairs_rehash(token_pairs *t)
{
    memset(t->slots, 0, t->slot_count * sizeof *t->slots);
    for (size_t i = 0; i < t->count; i++)
        t->slots[slot_of(t, t->pairs[i].key)] = (uint32_t)i + 1;
}

void token_pairs_free(token_pairs *t)
{
    free(t->pairs);
    free(t->slots);
    *t = (token_pairs){0};
}

bert_status token_pairs_merged(vocabulary *v, uint64_t key, text *scratch, int32_t *id,
                               bert_error *error)
{
    const char *first = vocabulary_token_text(v, pair_left(key));
    const char *second = vocabulary_token_text(v, pair_right(key));
    if (strncmp(second, "##", 2) == 0)
        second += 2;
    text_clear(scratch);
    TRY(text_append(scratch, first, strlen(first), error));
    TRY(text_append(scratch, second, strlen(second), error));
    *id = vocabulary_find(v, scratch->data, scratch->length);
    if (*id >= 0)
        return BERT_OK;
    *id = (int32_t)v->size;
    return vocabulary_add(v, *id, scratch->data, scratch->length, error);
}
