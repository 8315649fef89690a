#include "tokenizer/vocabulary.h"

#include "base/memory.h"
#include "tokenizer/unicode.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static size_t find_slot(const vocabulary *v, const char *token, size_t length)
{
    size_t mask = v->slot_count - 1, slot = XXH3_64bits(token, length) & mask;
    for (; v->slots[slot] >= 0; slot = (slot + 1) & mask) {
        const vocabulary_token *t = &v->tokens[v->slots[slot]];
        if (t->length == length && memcmp(v->pool.data + t->start, token, length) == 0)
            break;
    }
    return slot;
}

static bert_status grow_slots(vocabulary *v, bert_error *error)
{
    size_t count = v->slot_count ? v->slot_count * 2 : 1024;
    int32_t *slots;
    TRY(memory_array((void **)&slots, count, sizeof *slots, "vocabulary", error));
    memset(slots, -1, count * sizeof *slots);
    free(v->slots);
    v->slots = slots;
    v->slot_count = count;
    for (size_t id = 0; id < v->size; id++)
        if (v->tokens[id].present)
            v->slots[find_slot(v, v->pool.data + v->tokens[id].start, v->tokens[id].length)] =
                (int32_t)id;
    return BERT_OK;
}

static bert_status check_token(const vocabulary *v, int64_t id, const char *token, size_t length,
                               bert_error *error)
{
    size_t position;
    if (id < 0 || id >= VOCABULARY_MAX)
        return error_set(error, BERT_ERROR_INPUT,
                         "id %" PRId64 " of token \"%.60s\", expected 0 to %d", id, token,
                         VOCABULARY_MAX - 1);
    if (length > UINT32_MAX)
        return error_set(error, BERT_ERROR_INPUT, "the token of id %" PRId64 " has %zu bytes", id,
                         length);
    if (!unicode_is_utf8(token, length, &position))
        return error_set(error, BERT_ERROR_INPUT,
                         "the token of id %" PRId64 " is not UTF-8 (byte %zu is 0x%02x)", id,
                         position + 1, (unsigned char)token[position]);
    if ((size_t)id < v->size && v->tokens[id].present)
        return error_set(error, BERT_ERROR_INPUT, "id %" PRId64 " is both \"%.60s\" and \"%.60s\"",
                         id, vocabulary_token_text(v, (int32_t)id), token);
    return BERT_OK;
}

bert_status vocabulary_add_last(vocabulary *v, int64_t id, const char *token, size_t length,
                                bert_error *error)
{
    TRY(check_token(v, id, token, length, error));
    if (v->used * 2 >= v->slot_count)
        TRY(grow_slots(v, error));
    size_t slot = find_slot(v, token, length);
    int32_t before = v->slots[slot];
    TRY(memory_grow((void **)&v->tokens, &v->capacity, (size_t)id + 1, sizeof *v->tokens,
                    "vocabulary", error));
    size_t start = before >= 0 ? v->tokens[before].start : v->pool.length;
    if (before >= 0) {
        v->tokens[before] = (vocabulary_token){0};
    } else {
        TRY(text_append(&v->pool, token, length, error));
        TRY(text_append(&v->pool, "", 1, error));
        v->used++;
    }
    for (; v->size <= (size_t)id; v->size++)
        v->tokens[v->size] = (vocabulary_token){0};
    v->tokens[id] = (vocabulary_token){.start = start, .length = (uint32_t)length, .present = true};
    v->slots[slot] = (int32_t)id;
    return BERT_OK;
}

bert_status vocabulary_add(vocabulary *v, int64_t id, const char *token, size_t length,
                           bert_error *error)
{
    int32_t known = vocabulary_find(v, token, length);
    if (known >= 0)
        return error_set(error, BERT_ERROR_INPUT, "token \"%.60s\" has both id %d and id %" PRId64,
                         vocabulary_token_text(v, known), known, id);
    return vocabulary_add_last(v, id, token, length, error);
}

int32_t vocabulary_find(const vocabulary *v, const char *token, size_t length)
{
    return v->slot_count ? v->slots[find_slot(v, token, length)] : -1;
}

const char *vocabulary_token_text(const vocabulary *v, int32_t id)
{
    if (id < 0 || (size_t)id >= v->size || !v->tokens[id].present)
        return NULL;
    return v->pool.data + v->tokens[id].start;
}

void vocabulary_free(vocabulary *v)
{
    text_free(&v->pool);
    free(v->tokens);
    free(v->slots);
    *v = (vocabulary){0};
}
