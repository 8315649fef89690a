#include "tokenizer/internal.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

bert_tokenizer_options bert_tokenizer_options_default(void)
{
    return (bert_tokenizer_options){
        .lowercase = BERT_UNSET,
        .strip_accents = BERT_UNSET,
        .handle_chinese_chars = BERT_UNSET,
        .clean_text = BERT_UNSET,
    };
}

void tokenizer_mark_added(bert_tokenizer *t, int32_t id, bool special)
{
    t->vocabulary.tokens[id].added = true;
    t->vocabulary.tokens[id].special = special;
}

static bert_status find_special(bert_tokenizer *t, bert_error *error)
{
    const struct {
        const char *token;
        int32_t *id;
    } needed[] = {
        {"[PAD]", &t->special.pad}, {"[UNK]", &t->special.unk},   {"[CLS]", &t->special.cls},
        {"[SEP]", &t->special.sep}, {"[MASK]", &t->special.mask},
    };
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        int32_t id = vocabulary_find(&t->vocabulary, needed[i].token, strlen(needed[i].token));
        if (id < 0)
            return error_set(error, BERT_ERROR_INPUT,
                             "the vocabulary has no %s; BERT needs [PAD], [UNK], [CLS], [SEP] and "
                             "[MASK]",
                             needed[i].token);
        *needed[i].id = id;
        tokenizer_mark_added(t, id, true);
    }
    return BERT_OK;
}

static bool is_suffix(const char *token, size_t length)
{
    return length > 2 && token[0] == '#' && token[1] == '#';
}

static bert_status build_tries(bert_tokenizer *t, bert_error *error)
{
    const vocabulary *v = &t->vocabulary;
    trie_key *keys;
    bert_status status;
    TRY(memory_array((void **)&keys, v->size, sizeof *keys, "vocabulary", error));
    TRY_OR_GO(status,
              memory_array((void **)&t->lengths, v->size, sizeof *t->lengths, "vocabulary", error),
              done);
    size_t count = 0;
    for (size_t id = 0; id < v->size && id < t->model_size; id++) {
        const char *token = vocabulary_token_text(v, (int32_t)id);
        if (!token)
            continue;
        uint32_t length = v->tokens[id].length;
        bool suffix = is_suffix(token, length);
        keys[count++] = (trie_key){
            .bytes = (const unsigned char *)token + (suffix ? 2 : 0),
            .length = t->lengths[id] = length - (suffix ? 2 : 0),
            .id = (int32_t)id,
            .suffix = suffix,
        };
    }
    TRY_OR_GO(status, trie_build(&t->trie, keys, count, error), done);
    count = 0;
    t->added_first = -1;
    for (size_t id = 0; id < v->size; id++) {
        if (!v->tokens[id].added)
            continue;
        const unsigned char *token = (const unsigned char *)vocabulary_token_text(v, (int32_t)id);
        keys[count] = (trie_key){
            .bytes = token, .length = v->tokens[id].length, .id = (int32_t)id, .suffix = false};
        t->added_first = count == 0 || t->added_first == token[0] ? token[0] : -1;
        t->added_start[token[0]] = true;
        count++;
    }
    status = trie_build(&t->added, keys, count, error);
done:
    free(keys);
    return status;
}

bert_status tokenizer_finish(bert_tokenizer *t, bert_error *error)
{
    normalizer_free(&t->normalizer);
    trie_free(&t->trie);
    trie_free(&t->added);
    free(t->lengths);
    t->lengths = NULL;
    TRY(find_special(t, error));
    TRY(normalizer_build(&t->normalizer, t->settings, error));
    TRY(build_tries(t, error));
    for (int c = 0; c < 128; c++) {
        unsigned char byte = (unsigned char)c;
        if (trie_match(&t->trie, &byte, 1, &t->alone[c]) == 0)
            t->alone[c] = t->special.unk;
    }
    return BERT_OK;
}

bool tokenizer_find_added(const bert_tokenizer *t, const unsigned char *text, size_t length,
                          size_t position, size_t *start, size_t *end, int32_t *id)
{
    for (size_t i = position; i < length; i++) {
        if (t->added_first >= 0) {
            const unsigned char *next = memchr(text + i, t->added_first, length - i);
            if (!next)
                return false;
            i = (size_t)(next - text);
        } else if (!t->added_start[text[i]]) {
            continue;
        }
        uint32_t node = TRIE_ROOT;
        bool found = false;
        for (size_t j = i; j < length; j++) {
            node = trie_child(&t->added, node, text[j]);
            if (node == TRIE_NONE)
                break;
            int32_t key = trie_key_at(&t->added, node);
            if (key >= 0) {
                found = true;
                *start = i, *end = j + 1, *id = key;
            }
        }
        if (found)
            return true;
    }
    return false;
}

void bert_tokenizer_free(bert_tokenizer *t)
{
    if (!t)
        return;
    vocabulary_free(&t->vocabulary);
    normalizer_free(&t->normalizer);
    trie_free(&t->trie);
    trie_free(&t->added);
    free(t->lengths);
    free(t);
}

size_t bert_tokenizer_vocab_size(const bert_tokenizer *t)
{
    return t->vocabulary.size;
}

const char *bert_tokenizer_token(const bert_tokenizer *t, int32_t id)
{
    return vocabulary_token_text(&t->vocabulary, id);
}

int32_t bert_tokenizer_id(const bert_tokenizer *t, const char *token)
{
    return vocabulary_find(&t->vocabulary, token, strlen(token));
}

tokenizer_special_ids tokenizer_special(const bert_tokenizer *t)
{
    return t->special;
}

bool tokenizer_is_special(const bert_tokenizer *t, int32_t id)
{
    const tokenizer_special_ids *s = &t->special;
    return id == s->pad || id == s->unk || id == s->cls || id == s->sep || id == s->mask;
}
