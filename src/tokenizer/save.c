#include "tokenizer/internal.h"

#include "formats/json.h"

#include <stdlib.h>
#include <string.h>

/* The files are byte-compatible with transformers 4.49, the newest version that writes all four,
 * and tokenizer.json with `tokenizers` 0.23. Members are in their order. */

/* Sets a member; fails only if memory is exhausted. */
static bert_status put_string(json_t *object, const char *key, const char *value, bert_error *error)
{
    return json_put(object, key, json_string(value), error);
}

static bert_status put_boolean(json_t *object, const char *key, bool value, bert_error *error)
{
    return json_put(object, key, json_boolean(value), error);
}

/* Adds a new object or array, owned by its parent. */
static bert_status put_object(json_t **child, json_t *object, const char *key, bert_error *error)
{
    *child = json_object();
    return json_put(object, key, *child, error);
}

static bert_status put_array(json_t **child, json_t *object, const char *key, bert_error *error)
{
    *child = json_array();
    return json_put(object, key, *child, error);
}

static bert_status append(json_t *array, json_t *value, bert_error *error)
{
    return json_array_append_new(array, value) == 0
               ? BERT_OK
               : error_set(error, BERT_ERROR_MEMORY, "no memory for JSON");
}

static bert_status append_object(json_t **child, json_t *array, bert_error *error)
{
    *child = json_object();
    return append(array, *child, error);
}

static json_t *switch_value(bert_switch value)
{
    return value == BERT_UNSET ? json_null() : json_boolean(value == BERT_ON);
}

/* ------------------------------------------------------------------------- tokenizer.json --- */

static bert_status put_added_tokens(json_t *file, const bert_tokenizer *t, bert_error *error)
{
    json_t *list;
    TRY(put_array(&list, file, "added_tokens", error));
    for (size_t id = 0; id < t->vocabulary.size; id++) {
        const vocabulary_token *token = &t->vocabulary.tokens[id];
        if (!token->added)
            continue;
        json_t *entry;
        TRY(append_object(&entry, list, error));
        TRY(json_put(entry, "id", json_integer((json_int_t)id), error));
        TRY(put_string(entry, "content", vocabulary_token_text(&t->vocabulary, (int32_t)id),
                       error));
        TRY(put_boolean(entry, "single_word", false, error));
        TRY(put_boolean(entry, "lstrip", false, error));
        TRY(put_boolean(entry, "rstrip", false, error));
        TRY(put_boolean(entry, "normalized", false, error));
        TRY(put_boolean(entry, "special", token->special, error));
    }
    return BERT_OK;
}

static bert_status append_template(json_t *list, const char *kind, const char *id, int type_id,
                                   bert_error *error)
{
    json_t *entry, *part;
    TRY(append_object(&entry, list, error));
    TRY(put_object(&part, entry, kind, error));
    TRY(put_string(part, "id", id, error));
    return json_put(part, "type_id", json_integer(type_id), error);
}

static bert_status put_template_token(json_t *tokens, const char *token, int32_t id,
                                      bert_error *error)
{
    json_t *entry, *list;
    TRY(put_object(&entry, tokens, token, error));
    TRY(put_string(entry, "id", token, error));
    TRY(put_array(&list, entry, "ids", error));
    TRY(append(list, json_integer(id), error));
    TRY(put_array(&list, entry, "tokens", error));
    return append(list, json_string(token), error);
}

static bert_status put_post_processor(json_t *file, const bert_tokenizer *t, bert_error *error)
{
    json_t *processor, *list;
    TRY(put_object(&processor, file, "post_processor", error));
    TRY(put_string(processor, "type", "TemplateProcessing", error));
    TRY(put_array(&list, processor, "single", error));
    TRY(append_template(list, "SpecialToken", "[CLS]", 0, error));
    TRY(append_template(list, "Sequence", "A", 0, error));
    TRY(append_template(list, "SpecialToken", "[SEP]", 0, error));
    TRY(put_array(&list, processor, "pair", error));
    TRY(append_template(list, "SpecialToken", "[CLS]", 0, error));
    TRY(append_template(list, "Sequence", "A", 0, error));
    TRY(append_template(list, "SpecialToken", "[SEP]", 0, error));
    TRY(append_template(list, "Sequence", "B", 1, error));
    TRY(append_template(list, "SpecialToken", "[SEP]", 1, error));
    json_t *tokens;
    TRY(put_object(&tokens, processor, "special_tokens", error));
    TRY(put_template_token(tokens, "[CLS]", t->special.cls, error));
    return put_template_token(tokens, "[SEP]", t->special.sep, error);
}

static bert_status put_model(json_t *file, const bert_tokenizer *t, bert_error *error)
{
    json_t *model, *vocab;
    TRY(put_object(&model, file, "model", error));
    TRY(put_string(model, "type", "WordPiece", error));
    TRY(put_string(model, "unk_token", "[UNK]", error));
    TRY(put_string(model, "continuing_subword_prefix", "##", error));
    TRY(json_put(model, "max_input_chars_per_word",
                 json_integer((json_int_t)t->max_input_chars_per_word), error));
    TRY(put_object(&vocab, model, "vocab", error));
    for (size_t id = 0; id < t->model_size; id++) {
        const char *token = vocabulary_token_text(&t->vocabulary, (int32_t)id);
        if (token)
            TRY(json_put(vocab, token, json_integer((json_int_t)id), error));
    }
    return BERT_OK;
}

static bert_status fill_tokenizer_json(json_t *file, const bert_tokenizer *t, bert_error *error)
{
    json_t *part;
    TRY(put_string(file, "version", "1.0", error));
    TRY(json_put(file, "truncation", json_null(), error));
    TRY(json_put(file, "padding", json_null(), error));
    TRY(put_added_tokens(file, t, error));
    TRY(put_object(&part, file, "normalizer", error));
    TRY(put_string(part, "type", "BertNormalizer", error));
    TRY(put_boolean(part, "clean_text", t->settings.clean_text, error));
    TRY(put_boolean(part, "handle_chinese_chars", t->settings.handle_chinese_chars, error));
    TRY(json_put(part, "strip_accents", switch_value(t->strip_accents), error));
    TRY(put_boolean(part, "lowercase", t->settings.lowercase, error));
    TRY(put_object(&part, file, "pre_tokenizer", error));
    TRY(put_string(part, "type", "BertPreTokenizer", error));
    TRY(put_post_processor(file, t, error));
    TRY(put_object(&part, file, "decoder", error));
    TRY(put_string(part, "type", "WordPiece", error));
    TRY(put_string(part, "prefix", "##", error));
    TRY(put_boolean(part, "cleanup", true, error));
    return put_model(file, t, error);
}

/* -------------------------------------------------------------------------- settings files --- */

static bert_status put_special_tokens(json_t *file, const char *const *keys, size_t count,
                                      bert_error *error)
{
    static const char *const names[][2] = {{"cls_token", "[CLS]"},
                                           {"mask_token", "[MASK]"},
                                           {"pad_token", "[PAD]"},
                                           {"sep_token", "[SEP]"},
                                           {"unk_token", "[UNK]"}};
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            if (strcmp(names[k][0], keys[i]) == 0)
                TRY(put_string(file, keys[i], names[k][1], error));
    return BERT_OK;
}

static bert_status put_added_tokens_decoder(json_t *file, const bert_tokenizer *t,
                                            bert_error *error)
{
    json_t *list;
    TRY(put_object(&list, file, "added_tokens_decoder", error));
    for (size_t id = 0; id < t->vocabulary.size; id++) {
        const vocabulary_token *token = &t->vocabulary.tokens[id];
        if (!token->added)
            continue;
        char key[24];
        snprintf(key, sizeof key, "%zu", id);
        json_t *entry;
        TRY(put_object(&entry, list, key, error));
        TRY(put_string(entry, "content", vocabulary_token_text(&t->vocabulary, (int32_t)id),
                       error));
        TRY(put_boolean(entry, "lstrip", false, error));
        TRY(put_boolean(entry, "normalized", false, error));
        TRY(put_boolean(entry, "rstrip", false, error));
        TRY(put_boolean(entry, "single_word", false, error));
        TRY(put_boolean(entry, "special", token->special, error));
    }
    return BERT_OK;
}

static bert_status fill_tokenizer_config(json_t *file, const bert_tokenizer *t, bert_error *error)
{
    json_t *none;
    TRY(put_added_tokens_decoder(file, t, error));
    TRY(put_boolean(file, "clean_up_tokenization_spaces", true, error));
    TRY(put_special_tokens(file, (const char *[]){"cls_token"}, 1, error));
    TRY(put_boolean(file, "do_lower_case", t->settings.lowercase, error));
    TRY(put_object(&none, file, "extra_special_tokens", error));
    TRY(put_special_tokens(file, (const char *[]){"mask_token"}, 1, error));
    TRY(json_put(file, "model_max_length", json_integer(512),
                 error)); /* BERT's max_position_embeddings */
    TRY(put_special_tokens(file, (const char *[]){"pad_token", "sep_token"}, 2, error));
    TRY(json_put(file, "strip_accents", switch_value(t->strip_accents), error));
    TRY(put_boolean(file, "tokenize_chinese_chars", t->settings.handle_chinese_chars, error));
    TRY(put_string(file, "tokenizer_class", "BertTokenizer", error));
    return put_special_tokens(file, (const char *[]){"unk_token"}, 1, error);
}

static bert_status fill_special_tokens_map(json_t *file, const bert_tokenizer *t, bert_error *error)
{
    (void)t;
    static const char *const keys[] = {"cls_token", "mask_token", "pad_token", "sep_token",
                                       "unk_token"};
    return put_special_tokens(file, keys, sizeof keys / sizeof *keys, error);
}

/* -------------------------------------------------------------------------------- writing --- */

static bert_status write_json(const bert_tokenizer *t, const char *directory, const char *name,
                              bert_status (*fill)(json_t *, const bert_tokenizer *, bert_error *),
                              const char *line_end, bert_error *error)
{
    json_t *file = json_object();
    text content = {0};
    char *path = NULL;
    bert_status status;
    if (!file)
        return error_set(error, BERT_ERROR_MEMORY, "no memory for JSON");
    TRY_OR_GO(status, fill(file, t, error), done);
    TRY_OR_GO(status, json_format(&content, file, 2, error), done);
    TRY_OR_GO(status, text_append(&content, line_end, strlen(line_end), error), done);
    TRY_OR_GO(status, path_join(&path, directory, name, error), done);
    status = file_write(path, content.data, content.length, error);
done:
    json_decref(file);
    text_free(&content);
    free(path);
    return status;
}

/* Includes added tokens, so that the file alone has every id. */
static bert_status write_vocab(const bert_tokenizer *t, const char *directory, bert_error *error)
{
    text content = {0};
    char *path = NULL;
    bert_status status = BERT_OK;
    for (size_t id = 0; id < t->vocabulary.size && status == BERT_OK; id++) {
        const char *token = vocabulary_token_text(&t->vocabulary, (int32_t)id);
        if (token)
            status = text_format(&content, error, "%s\n", token);
        else
            status = error_set(error, BERT_ERROR_UNSUPPORTED,
                               "no token has id %zu: vocab.txt, where the line number is the id, "
                               "cannot represent this vocabulary",
                               id);
    }
    if (status == BERT_OK)
        status = path_join(&path, directory, "vocab.txt", error);
    if (status == BERT_OK)
        status = file_write(path, content.data, content.length, error);
    text_free(&content);
    free(path);
    return status;
}

bert_status tokenizer_save(const bert_tokenizer *t, const char *directory, bert_error *error)
{
    TRY(write_vocab(t, directory, error));
    TRY(write_json(t, directory, "tokenizer.json", fill_tokenizer_json, "", error));
    TRY(write_json(t, directory, "tokenizer_config.json", fill_tokenizer_config, "\n", error));
    return write_json(t, directory, "special_tokens_map.json", fill_special_tokens_map, "\n",
                      error);
}
