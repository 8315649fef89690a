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

/* Tokens, which may contain NUL. */
static json_t *token_value(const bert_tokenizer *t, int32_t id)
{
    return json_stringn(vocabulary_token_text(&t->vocabulary, id), t->vocabulary.tokens[id].length);
}

static bert_status put_by_token(json_t *object, const bert_tokenizer *t, int32_t id, json_t *value,
                                bert_error *error)
{
    const char *token = vocabulary_token_text(&t->vocabulary, id);
    return value && json_object_setn_new(object, token, t->vocabulary.tokens[id].length, value) == 0
               ? BERT_OK
               : error_set(error, BERT_ERROR_MEMORY, "no memory for JSON");
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
        TRY(json_put(entry, "content", token_value(t, (int32_t)id), error));
        TRY(put_boolean(entry, "single_word", token->single_word, error));
        TRY(put_boolean(entry, "lstrip", token->lstrip, error));
        TRY(put_boolean(entry, "rstrip", token->rstrip, error));
        TRY(put_boolean(entry, "normalized", token->normalized, error));
        TRY(put_boolean(entry, "special", token->special, error));
    }
    return BERT_OK;
}

/* Where a special token or text stands in a template. `id`: -1 for a text. */
static bert_status append_template(json_t *list, const bert_tokenizer *t, int32_t id,
                                   const char *sequence, int type_id, bert_error *error)
{
    json_t *entry, *part;
    TRY(append_object(&entry, list, error));
    TRY(put_object(&part, entry, sequence ? "Sequence" : "SpecialToken", error));
    TRY(json_put(part, "id", sequence ? json_string(sequence) : token_value(t, id), error));
    return json_put(part, "type_id", json_integer(type_id), error);
}

static bert_status put_template_token(json_t *tokens, const bert_tokenizer *t, int32_t id,
                                      bert_error *error)
{
    json_t *entry = json_object(), *list;
    TRY(put_by_token(tokens, t, id, entry, error));
    TRY(json_put(entry, "id", token_value(t, id), error));
    TRY(put_array(&list, entry, "ids", error));
    TRY(append(list, json_integer(id), error));
    TRY(put_array(&list, entry, "tokens", error));
    return append(list, token_value(t, id), error);
}

static bert_status put_post_processor(json_t *file, const bert_tokenizer *t, bert_error *error)
{
    json_t *processor, *list;
    int32_t cls = t->special.cls, sep = t->special.sep;
    TRY(put_object(&processor, file, "post_processor", error));
    TRY(put_string(processor, "type", "TemplateProcessing", error));
    TRY(put_array(&list, processor, "single", error));
    TRY(append_template(list, t, cls, NULL, 0, error));
    TRY(append_template(list, t, -1, "A", 0, error));
    TRY(append_template(list, t, sep, NULL, 0, error));
    TRY(put_array(&list, processor, "pair", error));
    TRY(append_template(list, t, cls, NULL, 0, error));
    TRY(append_template(list, t, -1, "A", 0, error));
    TRY(append_template(list, t, sep, NULL, 0, error));
    TRY(append_template(list, t, -1, "B", 1, error));
    TRY(append_template(list, t, sep, NULL, 1, error));
    json_t *tokens;
    TRY(put_object(&tokens, processor, "special_tokens", error));
    TRY(put_template_token(tokens, t, cls, error));
    return put_template_token(tokens, t, sep, error);
}

/* Whether a reader, which numbers added tokens after the vocabulary, gives them their ids. */
static bool are_numbered(const bert_tokenizer *t)
{
    size_t count = 0;
    for (size_t id = 0; id < t->vocabulary.size; id++)
        count += t->vocabulary.tokens[id].present && !t->vocabulary.tokens[id].outside;
    for (size_t id = 0; id < t->vocabulary.size; id++)
        if (t->vocabulary.tokens[id].outside && id != count++)
            return false;
    return true;
}

static bert_status put_model(json_t *file, const bert_tokenizer *t, bert_error *error)
{
    json_t *model, *vocab;
    bool all = !are_numbered(t); /* in the vocabulary they have the ids that it says */
    TRY(put_object(&model, file, "model", error));
    TRY(put_string(model, "type", "WordPiece", error));
    TRY(json_put(model, "unk_token", token_value(t, t->special.unk), error));
    TRY(put_string(model, "continuing_subword_prefix", "##", error));
    TRY(json_put(model, "max_input_chars_per_word",
                 json_integer((json_int_t)t->max_input_chars_per_word), error));
    TRY(put_object(&vocab, model, "vocab", error));
    for (size_t id = 0; id < t->vocabulary.size; id++)
        if (t->vocabulary.tokens[id].present && (all || !t->vocabulary.tokens[id].outside))
            TRY(put_by_token(vocab, t, (int32_t)id, json_integer((json_int_t)id), error));
    return BERT_OK;
}

static bert_status fill_tokenizer_json(json_t *file, const bert_tokenizer *t, size_t max_length,
                                       bert_error *error)
{
    (void)max_length;
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

/* BERT's special tokens, in the order of their keys. */
static bert_status put_special(json_t *file, const bert_tokenizer *t, int which, bert_error *error)
{
    const int32_t ids[SPECIAL_COUNT] = {t->special.pad, t->special.unk, t->special.cls,
                                        t->special.sep, t->special.mask};
    return json_put(file, special_keys[which], token_value(t, ids[which]), error);
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
        TRY(json_put(entry, "content", token_value(t, (int32_t)id), error));
        TRY(put_boolean(entry, "lstrip", token->lstrip, error));
        TRY(put_boolean(entry, "normalized", token->normalized, error));
        TRY(put_boolean(entry, "rstrip", token->rstrip, error));
        TRY(put_boolean(entry, "single_word", token->single_word, error));
        TRY(put_boolean(entry, "special", token->special, error));
    }
    return BERT_OK;
}

static bert_status fill_tokenizer_config(json_t *file, const bert_tokenizer *t, size_t max_length,
                                         bert_error *error)
{
    json_t *none;
    TRY(put_added_tokens_decoder(file, t, error));
    TRY(put_boolean(file, "clean_up_tokenization_spaces", true, error));
    TRY(put_special(file, t, SPECIAL_CLS, error));
    TRY(put_boolean(file, "do_lower_case", t->settings.lowercase, error));
    TRY(put_object(&none, file, "extra_special_tokens", error));
    TRY(put_special(file, t, SPECIAL_MASK, error));
    TRY(json_put(file, "model_max_length", json_integer((json_int_t)max_length), error));
    TRY(put_special(file, t, SPECIAL_PAD, error));
    TRY(put_special(file, t, SPECIAL_SEP, error));
    TRY(json_put(file, "strip_accents", switch_value(t->strip_accents), error));
    TRY(put_boolean(file, "tokenize_chinese_chars", t->settings.handle_chinese_chars, error));
    TRY(put_string(file, "tokenizer_class", "BertTokenizer", error));
    if (t->truncate_left != BERT_UNSET)
        TRY(put_string(file, "truncation_side", t->truncate_left == BERT_ON ? "left" : "right",
                       error));
    return put_special(file, t, SPECIAL_UNK, error);
}

static bert_status fill_special_tokens_map(json_t *file, const bert_tokenizer *t, size_t max_length,
                                           bert_error *error)
{
    (void)max_length;
    static const int order[] = {SPECIAL_CLS, SPECIAL_MASK, SPECIAL_PAD, SPECIAL_SEP, SPECIAL_UNK};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        TRY(put_special(file, t, order[i], error));
    return BERT_OK;
}

/* -------------------------------------------------------------------------------- writing --- */

typedef bert_status fill_file(json_t *file, const bert_tokenizer *t, size_t max_length,
                              bert_error *error);

static bert_status write_json(const bert_tokenizer *t, const char *directory, const char *name,
                              fill_file *fill, size_t max_length, const char *line_end,
                              bert_error *error)
{
    json_t *file = json_object();
    text content = {0};
    char *path = NULL;
    bert_status status;
    if (!file)
        return error_set(error, BERT_ERROR_MEMORY, "no memory for JSON");
    TRY_OR_GO(status, fill(file, t, max_length, error), done);
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

/* Whether a line of vocab.txt can be this token: a reader ends it at a line feed and takes white
 * space from its end. */
static bool fits_line(const char *token, size_t length)
{
    if (length == 0 || memchr(token, '\n', length))
        return false;
    size_t start = length - 1;
    while (start > 0 && ((unsigned char)token[start] & 0xC0) == 0x80)
        start--;
    uint32_t code;
    bool valid;
    unicode_decode((const unsigned char *)token + start, length - start, &code, &valid);
    return !unicode_in(unicode_whitespace(), code);
}

/* Includes added tokens, so that the file alone has every id. A line stays blank where no token has
 * its id, or a token that no line can be: tokenizer.json has that. */
static bert_status write_vocab(const bert_tokenizer *t, const char *directory, bert_error *error)
{
    text content = {0};
    char *path = NULL;
    bert_status status = BERT_OK;
    for (size_t id = 0; id < t->vocabulary.size && status == BERT_OK; id++) {
        const char *token = vocabulary_token_text(&t->vocabulary, (int32_t)id);
        size_t length = t->vocabulary.tokens[id].length;
        if (token && fits_line(token, length))
            status = text_append(&content, token, length, error);
        if (status == BERT_OK)
            status = text_append(&content, "\n", 1, error);
    }
    if (status == BERT_OK)
        status = path_join(&path, directory, "vocab.txt", error);
    if (status == BERT_OK)
        status = file_write(path, content.data, content.length, error);
    text_free(&content);
    free(path);
    return status;
}

bert_status tokenizer_save(const bert_tokenizer *t, const char *directory, size_t max_length,
                           bert_error *error)
{
    if (!max_length)
        max_length = t->model_max_length ? t->model_max_length : TOKENIZER_MODEL_MAX_LENGTH;
    TRY(write_vocab(t, directory, error));
    TRY(write_json(t, directory, "tokenizer.json", fill_tokenizer_json, max_length, "", error));
    TRY(write_json(t, directory, "tokenizer_config.json", fill_tokenizer_config, max_length, "\n",
                   error));
    return write_json(t, directory, "special_tokens_map.json", fill_special_tokens_map, max_length,
                      "\n", error);
}
