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

const char *const special_keys[SPECIAL_COUNT] = {"pad_token", "unk_token", "cls_token", "sep_token",
                                                 "mask_token"};

/* BERT's names, and those of vocabularies in the manner of <unk>. */
static const char *const special_names[SPECIAL_COUNT][3] = {
    {"[PAD]", "<pad>"},         {"[UNK]", "<unk>"},   {"[CLS]", "<cls>", "<s>"},
    {"[SEP]", "<sep>", "</s>"}, {"[MASK]", "<mask>"},
};

static bert_status find_one(const bert_tokenizer *t, size_t which, const text *name, int32_t *id,
                            bert_error *error)
{
    if (name && name->data) {
        *id = vocabulary_find(&t->vocabulary, name->data, name->length);
        if (*id < 0)
            return error_set(error, BERT_ERROR_INPUT,
                             "the %s is \"%.60s\", which is not in the vocabulary",
                             special_keys[which], name->data);
        return BERT_OK;
    }
    *id = -1;
    for (size_t i = 0; *id < 0 && i < 3 && special_names[which][i]; i++)
        *id = vocabulary_find(&t->vocabulary, special_names[which][i],
                              strlen(special_names[which][i]));
    if (*id >= 0)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT,
                     "the vocabulary has no %s; BERT needs [PAD], [UNK], [CLS], [SEP] and [MASK], "
                     "or other names for them in tokenizer_config.json",
                     special_names[which][0]);
}

static bert_status find_special(bert_tokenizer *t, const text *names, bert_error *error)
{
    int32_t *ids[SPECIAL_COUNT] = {&t->special.pad, &t->special.unk, &t->special.cls,
                                   &t->special.sep, &t->special.mask};
    added_numbering numbering = added_numbering_begin(&t->vocabulary, &t->added_count);
    for (size_t i = 0; i < SPECIAL_COUNT; i++) {
        TRY(find_one(t, i, names ? &names[i] : NULL, ids[i], error));
        const vocabulary_token *token = &t->vocabulary.tokens[*ids[i]];
        if (token->added)
            continue; /* in the way that the files say */
        const added_token added = {.content = vocabulary_token_text(&t->vocabulary, *ids[i]),
                                   .length = token->length,
                                   .special = true};
        TRY(added_token_add(&numbering, &added, ids[i], error));
    }
    return BERT_OK;
}

static bool is_suffix(const char *token, size_t length)
{
    return length > 2 && token[0] == '#' && token[1] == '#';
}

static bert_status build_trie(bert_tokenizer *t, bert_error *error)
{
    const vocabulary *v = &t->vocabulary;
    trie_key *keys;
    bert_status status;
    TRY(memory_array((void **)&keys, v->size, sizeof *keys, "vocabulary", error));
    TRY_OR_GO(status,
              memory_array((void **)&t->lengths, v->size, sizeof *t->lengths, "vocabulary", error),
              done);
    size_t count = 0;
    for (size_t id = 0; id < v->size; id++) {
        const char *token = vocabulary_token_text(v, (int32_t)id);
        uint32_t length = v->tokens[id].length;
        if (length == 0 || v->tokens[id].outside)
            continue;
        bool suffix = is_suffix(token, length);
        keys[count++] = (trie_key){
            .bytes = (const unsigned char *)token + (suffix ? 2 : 0),
            .length = t->lengths[id] = length - (suffix ? 2 : 0),
            .id = (int32_t)id,
            .suffix = suffix,
        };
    }
    status = trie_build(&t->trie, keys, count, error);
done:
    free(keys);
    return status;
}

static void free_tables(bert_tokenizer *t)
{
    normalizer_free(&t->normalizer);
    trie_free(&t->trie);
    added_matcher_free(&t->literal);
    added_matcher_free(&t->normalized);
    free(t->lengths);
    t->lengths = NULL;
}

bert_status tokenizer_finish(bert_tokenizer *t, const text special[SPECIAL_COUNT],
                             bert_error *error)
{
    free_tables(t);
    TRY(find_special(t, special, error));
    TRY(normalizer_build(&t->normalizer, t->settings, error));
    TRY(build_trie(t, error));
    TRY(added_matchers_build(&t->literal, &t->normalized, &t->vocabulary, &t->normalizer, error));
    for (int c = 0; c < 128; c++) {
        unsigned char byte = (unsigned char)c;
        if (trie_match(&t->trie, &byte, 1, &t->alone[c]) == 0)
            t->alone[c] = t->special.unk;
    }
    return BERT_OK;
}

void bert_tokenizer_free(bert_tokenizer *t)
{
    if (!t)
        return;
    vocabulary_free(&t->vocabulary);
    free_tables(t);
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

size_t tokenizer_model_max_length(const bert_tokenizer *t)
{
    return t->model_max_length;
}

bool tokenizer_options_given(const bert_tokenizer_options *options)
{
    return options->lowercase != BERT_UNSET || options->strip_accents != BERT_UNSET ||
           options->handle_chinese_chars != BERT_UNSET || options->clean_text != BERT_UNSET ||
           options->max_input_chars_per_word != 0;
}

tokenizer_special_ids tokenizer_special(const bert_tokenizer *t)
{
    return t->special;
}

bert_special_ids bert_tokenizer_special_ids(const bert_tokenizer *t)
{
    return t->special;
}

bool tokenizer_is_special(const bert_tokenizer *t, int32_t id)
{
    const tokenizer_special_ids *s = &t->special;
    return id == s->pad || id == s->unk || id == s->cls || id == s->sep || id == s->mask;
}
