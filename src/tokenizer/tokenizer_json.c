#include "tokenizer/load.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CHARS_PER_WORD = 1 << 20 };

/* Gets the object under `key` and checks its "type"; NULL if the member is null or missing. */
static bert_status get_component(const json_t **component, const json_t *file, const char *path,
                                 const char *key, const char *type, const char *other_type,
                                 bert_error *error)
{
    *component = json_object_get(file, key);
    if (!*component || json_is_null(*component)) {
        *component = NULL;
        return BERT_OK;
    }
    if (!json_is_object(*component))
        return error_set(error, BERT_ERROR_INPUT, "%s: \"%s\" is not an object", path, key);
    const char *found = type;
    TRY(json_get_string(*component, path, "type", false, &found, error));
    if (strcmp(found, type) != 0 && (!other_type || strcmp(found, other_type) != 0))
        return error_set(
            error, BERT_ERROR_UNSUPPORTED,
            "%s: the %s is of type %s; only BERT tokenizers are supported, whose %s is %s", path,
            key, found, key, type);
    return BERT_OK;
}

static bert_status require_component(const json_t **component, const json_t *file, const char *path,
                                     const char *key, const char *type, bert_error *error)
{
    TRY(get_component(component, file, path, key, type, NULL, error));
    if (*component)
        return BERT_OK;
    return error_set(error, BERT_ERROR_UNSUPPORTED,
                     "%s: has no %s; only BERT tokenizers are supported, whose %s is %s", path, key,
                     key, type);
}

bert_status file_get_switch(const json_t *object, const char *path, const char *key,
                            bert_switch *out, bert_error *error)
{
    bool value;
    const json_t *member = json_object_get(object, key);
    if (!member || json_is_null(member))
        return BERT_OK;
    TRY(json_get_boolean(object, path, key, true, &value, error));
    *out = value ? BERT_ON : BERT_OFF;
    return BERT_OK;
}

bert_status file_set_name(text *name, const char *token, size_t length, bert_error *error)
{
    text_clear(name);
    return text_append(name, token, length, error);
}

static bert_status set_name(text *name, token_json *file, const char *string, bert_error *error)
{
    const char *token;
    size_t length;
    TRY(token_json_token(file, string, &token, &length, error));
    return file_set_name(name, token, length, error);
}

/* --------------------------------------------------------------------------------- model --- */

static bert_status read_vocab(bert_tokenizer *t, token_json *file, json_t *vocab, const char *path,
                              bert_error *error)
{
    const char *key;
    json_t *id;
    json_object_foreach(vocab, key, id)
    {
        const char *token;
        size_t length;
        if (!json_is_integer(id))
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: the id of token \"%.60s\" is not an integer", path, key);
        TRY(token_json_token(file, key, &token, &length, error));
        bert_status status =
            vocabulary_add(&t->vocabulary, json_integer_value(id), token, length, error);
        if (status != BERT_OK)
            return error_prefix(error, status, "%s", path);
    }
    return BERT_OK;
}

static bert_status read_model(bert_tokenizer *t, file_settings *settings, token_json *file,
                              const json_t *model, const char *path, bert_error *error)
{
    const char *prefix = "##", *unknown = NULL;
    TRY(json_get_string(model, path, "continuing_subword_prefix", false, &prefix, error));
    TRY(json_get_string(model, path, "unk_token", false, &unknown, error));
    if (strcmp(prefix, "##") != 0)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s: continuing_subword_prefix is \"%s\"; only \"##\" is supported", path,
                         prefix);
    if (unknown)
        TRY(set_name(&settings->special[SPECIAL_UNK], file, unknown, error));
    TRY(json_get_integer(model, path, "max_input_chars_per_word", false, 1, MAX_CHARS_PER_WORD,
                         &settings->max_input_chars_per_word, error));
    json_t *vocab = json_object_get(model, "vocab");
    if (!json_is_object(vocab) || json_object_size(vocab) == 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: the model has no \"vocab\" object with tokens and their ids", path);
    return read_vocab(t, file, vocab, path, error);
}

/* -------------------------------------------------------------------------- added tokens --- */

bert_status added_token_read(added_token *token, token_json *file, const json_t *object,
                             const char *path, bert_error *error)
{
    const char *content;
    *token = (added_token){0};
    TRY(json_get_string(object, path, "content", true, &content, error));
    const struct {
        const char *key;
        bool *value;
    } members[] = {
        {"single_word", &token->single_word}, {"lstrip", &token->lstrip},
        {"rstrip", &token->rstrip},           {"normalized", &token->normalized},
        {"special", &token->special},
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        TRY(json_get_boolean(object, path, members[i].key, false, members[i].value, error));
    return token_json_token(file, content, &token->content, &token->length, error);
}

/* Their ids in the file are not read by `tokenizers`, which numbers them anew. */
static bert_status read_added_tokens(bert_tokenizer *t, token_json *file, const char *path,
                                     bert_error *error)
{
    const json_t *added = json_object_get(file->root, "added_tokens");
    added_numbering numbering = added_numbering_begin(&t->vocabulary, &t->added_count);
    for (size_t i = 0; i < json_array_size(added); i++) {
        const json_t *object = json_array_get(added, i);
        if (!json_is_object(object))
            return error_set(error, BERT_ERROR_INPUT, "%s: added token %zu is not an object", path,
                             i);
        added_token token;
        int64_t written;
        int32_t id;
        TRY(json_get_integer(object, path, "id", true, 0, VOCABULARY_MAX - 1, &written, error));
        TRY(added_token_read(&token, file, object, path, error));
        bert_status status = added_token_add(&numbering, &token, &id, error);
        if (status != BERT_OK)
            return error_prefix(error, status, "%s", path);
        if (id >= 0 && id != written && t->renumbered == 0) {
            t->renumbered = (int32_t)written + 1;
            t->renumbered_as = id;
        }
    }
    return BERT_OK;
}

/* ------------------------------------------------------------------------ post-processor --- */

/* Whether an array of a template has these elements: "S" a special token, "A" or "B" a text, each
 * followed by its type. The first special token's name is *first, that of all others *last. */
static bool matches_template(const json_t *list, const char *form, const char **first,
                             const char **last)
{
    size_t count = strlen(form) / 2;
    if (json_array_size(list) != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *element = json_array_get(list, i);
        const json_t *part =
            json_object_get(element, form[2 * i] == 'S' ? "SpecialToken" : "Sequence");
        const char *id = json_string_value(json_object_get(part, "id"));
        if (!id || json_integer_value(json_object_get(part, "type_id")) != form[2 * i + 1] - '0')
            return false;
        if (form[2 * i] != 'S') {
            if (id[0] != form[2 * i] || id[1])
                return false;
        } else if (i == 0) {
            *first = id;
        } else if (*last && strcmp(*last, id) != 0) {
            return false;
        } else {
            *last = id;
        }
    }
    return true;
}

/* A template "[CLS] A [SEP]", "[CLS] A [SEP] B [SEP]", with which BERT models are trained, whatever
 * these tokens are called. */
static bert_status read_template(file_settings *settings, token_json *file, const json_t *processor,
                                 const char *path, bert_error *error)
{
    const json_t *pair = json_object_get(processor, "pair");
    const char *cls = NULL, *sep = NULL;
    if (!matches_template(json_object_get(processor, "single"), "S0A0S0", &cls, &sep) ||
        (pair && !json_is_null(pair) && !matches_template(pair, "S0A0S0B1S1", &cls, &sep)))
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s: the post_processor does not produce \"[CLS] text [SEP]\" and, of "
                         "pairs, \"[CLS] text [SEP] text [SEP]\" with types 0 and 1, the only "
                         "supported form",
                         path);
    TRY(set_name(&settings->special[SPECIAL_CLS], file, cls, error));
    return set_name(&settings->special[SPECIAL_SEP], file, sep, error);
}

static bert_status read_bert_processing(file_settings *settings, token_json *file,
                                        const json_t *processor, const char *path,
                                        bert_error *error)
{
    static const struct {
        const char *key;
        int special;
    } members[] = {{"cls", SPECIAL_CLS}, {"sep", SPECIAL_SEP}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const json_t *pair = json_object_get(processor, members[i].key);
        const char *name = json_string_value(json_array_get(pair, 0));
        if (pair && !name)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: \"%s\" of the post_processor is not a token and its id", path,
                             members[i].key);
        if (name)
            TRY(set_name(&settings->special[members[i].special], file, name, error));
    }
    return BERT_OK;
}

static bert_status read_post_processor(file_settings *settings, token_json *file, const char *path,
                                       bert_error *error)
{
    const json_t *processor;
    TRY(get_component(&processor, file->root, path, "post_processor", "TemplateProcessing",
                      "BertProcessing", error));
    if (!processor)
        return BERT_OK;
    const char *type = json_string_value(json_object_get(processor, "type"));
    return type && strcmp(type, "BertProcessing") == 0
               ? read_bert_processing(settings, file, processor, path, error)
               : read_template(settings, file, processor, path, error);
}

/* The template has ids of its own; they must be the vocabulary's. */
static bert_status check_processor_ids(const bert_tokenizer *t, const file_settings *settings,
                                       const json_t *processor, const char *path, bert_error *error)
{
    static const struct {
        const char *key;
        int special;
    } members[] = {{"cls", SPECIAL_CLS}, {"sep", SPECIAL_SEP}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const text *name = &settings->special[members[i].special];
        if (!name->data)
            continue;
        const json_t *tokens = json_object_get(processor, "special_tokens");
        const json_t *ids =
            json_object_get(json_object_getn(tokens, name->data, name->length), "ids");
        const json_t *id = tokens ? json_array_get(ids, 0)
                                  : json_array_get(json_object_get(processor, members[i].key), 1);
        int32_t known = vocabulary_find(&t->vocabulary, name->data, name->length);
        if (json_array_size(ids) > 1)
            return error_set(error, BERT_ERROR_UNSUPPORTED,
                             "%s: \"%.60s\" of the post_processor is several tokens; only one is "
                             "supported",
                             path, name->data);
        if (known >= 0 && id && json_integer_value(id) != known)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: \"%.60s\" is id %lld in the post_processor, but %d in the "
                             "vocabulary",
                             path, name->data, (long long)json_integer_value(id), known);
    }
    return BERT_OK;
}

/* ----------------------------------------------------------------------------- all of it --- */

static bert_status read_normalizer(file_settings *settings, const json_t *file, const char *path,
                                   bert_error *error)
{
    const json_t *normalizer;
    TRY(require_component(&normalizer, file, path, "normalizer", "BertNormalizer", error));
    TRY(file_get_switch(normalizer, path, "lowercase", &settings->lowercase, error));
    TRY(file_get_switch(normalizer, path, "strip_accents", &settings->strip_accents, error));
    TRY(file_get_switch(normalizer, path, "handle_chinese_chars", &settings->handle_chinese_chars,
                        error));
    return file_get_switch(normalizer, path, "clean_text", &settings->clean_text, error);
}

/* Of truncation only the side is read: lengths are the caller's, as in `transformers`. */
static bert_status read_limits(file_settings *settings, token_json *file, const char *path,
                               bert_error *error)
{
    const json_t *truncation = json_object_get(file->root, "truncation");
    const json_t *padding = json_object_get(file->root, "padding");
    const char *direction = NULL, *pad = NULL;
    if (json_is_object(truncation))
        TRY(json_get_string(truncation, path, "direction", false, &direction, error));
    if (direction && strcmp(direction, "Left") != 0 && strcmp(direction, "Right") != 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: the direction of truncation is \"%.60s\", expected Left or Right",
                         path, direction);
    if (direction)
        settings->truncate_left = direction[0] == 'L' ? BERT_ON : BERT_OFF;
    if (json_is_object(padding))
        TRY(json_get_string(padding, path, "pad_token", false, &pad, error));
    return pad ? set_name(&settings->special[SPECIAL_PAD], file, pad, error) : BERT_OK;
}

bert_status tokenizer_json_read(bert_tokenizer *t, file_settings *settings, const char *path,
                                bert_error *error)
{
    token_json file = {0};
    const json_t *component;
    bert_status status;
    TRY_OR_GO(status, token_json_read(&file, path, error), done);
    TRY_OR_GO(status, require_component(&component, file.root, path, "model", "WordPiece", error),
              done);
    TRY_OR_GO(status, read_model(t, settings, &file, component, path, error), done);
    TRY_OR_GO(status, read_normalizer(settings, file.root, path, error), done);
    TRY_OR_GO(
        status,
        require_component(&component, file.root, path, "pre_tokenizer", "BertPreTokenizer", error),
        done);
    TRY_OR_GO(status, read_post_processor(settings, &file, path, error), done);
    TRY_OR_GO(status, read_limits(settings, &file, path, error), done);
    TRY_OR_GO(status, read_added_tokens(t, &file, path, error), done);
    component = json_object_get(file.root, "post_processor");
    status = check_processor_ids(t, settings, component, path, error);
done:
    token_json_free(&file);
    return status;
}
