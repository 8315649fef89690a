#include "tokenizer/internal.h"

#include "base/memory.h"
#include "formats/json.h"
#include "options/options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { VOCABULARY_MAX_BYTES = 1 << 30, CONFIG_MAX_CHARS_PER_WORD = 1 << 20 };

/* Settings found in files; unset ones get defaults. */
typedef struct file_settings {
    bert_switch lowercase, strip_accents, handle_chinese_chars, clean_text;
    int64_t max_input_chars_per_word; /* 0: not set */
} file_settings;

/* ----------------------------------------------------------------------------- vocab.txt --- */

/* One token per line; its id is the 0-based line number. Trailing white space is stripped, as
 * Hugging Face's reader does. */
static bert_status read_vocab(bert_tokenizer *t, const char *path, bert_error *error)
{
    text content = {0};
    bert_status status;
    TRY_OR_GO(status, file_read(&content, path, VOCABULARY_MAX_BYTES, error), done);
    if (content.length == 0) {
        status = error_set(error, BERT_ERROR_INPUT,
                           "%s: is empty, expected a vocabulary with one token per line", path);
        goto done;
    }
    int64_t id = 0;
    for (size_t i = 0; i < content.length && status == BERT_OK; id++) {
        const char *line = content.data + i;
        const char *end = memchr(line, '\n', content.length - i);
        size_t length = end ? (size_t)(end - line) : content.length - i;
        i += length + 1;
        while (length && strchr(" \t\r\v\f", line[length - 1]))
            length--;
        status = vocabulary_add(&t->vocabulary, id, line, length, error);
    }
    if (status != BERT_OK)
        error_prefix(error, status, "%s:%" PRId64, path, id);
    t->model_size = t->vocabulary.size;
done:
    text_free(&content);
    return status;
}

/* ------------------------------------------------------------------------- tokenizer.json --- */

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

static bert_status get_switch(const json_t *object, const char *path, const char *key,
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

static bert_status read_model(bert_tokenizer *t, file_settings *settings, const json_t *model,
                              const char *path, bert_error *error)
{
    const char *prefix = "##", *unknown = "[UNK]";
    TRY(json_get_string(model, path, "continuing_subword_prefix", false, &prefix, error));
    TRY(json_get_string(model, path, "unk_token", false, &unknown, error));
    if (strcmp(prefix, "##") != 0)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s: continuing_subword_prefix is \"%s\"; only \"##\" is supported", path,
                         prefix);
    if (strcmp(unknown, "[UNK]") != 0)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s: unk_token is \"%s\"; only \"[UNK]\" is supported", path, unknown);
    TRY(json_get_integer(model, path, "max_input_chars_per_word", false, 1,
                         CONFIG_MAX_CHARS_PER_WORD, &settings->max_input_chars_per_word, error));
    json_t *vocab = json_object_get(model, "vocab");
    if (!json_is_object(vocab) || json_object_size(vocab) == 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: the model has no \"vocab\" object with tokens and their ids", path);
    const char *token;
    json_t *id;
    json_object_foreach(vocab, token, id)
    {
        if (!json_is_integer(id))
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: the id of token \"%.60s\" is not an integer", path, token);
        bert_status status =
            vocabulary_add(&t->vocabulary, json_integer_value(id), token, strlen(token), error);
        if (status != BERT_OK)
            return error_prefix(error, status, "%s", path);
    }
    t->model_size = t->vocabulary.size;
    return BERT_OK;
}

static bert_status read_added_token(bert_tokenizer *t, const json_t *token, const char *path,
                                    bert_error *error)
{
    static const char *const unsupported[] = {"single_word", "lstrip", "rstrip", "normalized"};
    const char *content;
    int64_t id;
    bool special = false;
    TRY(json_get_string(token, path, "content", true, &content, error));
    TRY(json_get_integer(token, path, "id", true, 0, VOCABULARY_MAX - 1, &id, error));
    TRY(json_get_boolean(token, path, "special", false, &special, error));
    for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++) {
        bool value = false;
        TRY(json_get_boolean(token, path, unsupported[i], false, &value, error));
        if (value)
            return error_set(error, BERT_ERROR_UNSUPPORTED,
                             "%s: added token \"%.60s\" has \"%s\": true; only added tokens that "
                             "are matched literally are supported",
                             path, content, unsupported[i]);
    }
    int32_t known = vocabulary_find(&t->vocabulary, content, strlen(content));
    bert_status status = BERT_OK;
    if (known >= 0 && known != id)
        status = error_set(error, BERT_ERROR_INPUT,
                           "added token \"%.60s\" has id %" PRId64 ", but %d in the vocabulary",
                           content, id, known);
    else if (known < 0)
        status = vocabulary_add(&t->vocabulary, id, content, strlen(content), error);
    if (status != BERT_OK)
        return error_prefix(error, status, "%s", path);
    tokenizer_mark_added(t, (int32_t)id, special);
    return BERT_OK;
}

static bert_status read_added_tokens(bert_tokenizer *t, const json_t *file, const char *path,
                                     bert_error *error)
{
    const json_t *added = json_object_get(file, "added_tokens");
    for (size_t i = 0; i < json_array_size(added); i++) {
        const json_t *token = json_array_get(added, i);
        if (!json_is_object(token))
            return error_set(error, BERT_ERROR_INPUT, "%s: added token %zu is not an object", path,
                             i);
        TRY(read_added_token(t, token, path, error));
    }
    return BERT_OK;
}

/* Whether the template is "[CLS] A [SEP]", with which BERT models are trained. */
static bool is_bert_template(const json_t *processor)
{
    static const char *const expected[] = {"[CLS]", NULL, "[SEP]"};
    const json_t *single = json_object_get(processor, "single");
    if (json_array_size(single) != 3)
        return false;
    for (size_t i = 0; i < 3; i++) {
        const json_t *special = json_object_get(json_array_get(single, i), "SpecialToken");
        const char *id = json_string_value(json_object_get(special, "id"));
        if (expected[i] ? !id || strcmp(id, expected[i]) != 0 : id != NULL)
            return false;
    }
    return true;
}

static bert_status read_tokenizer_json(bert_tokenizer *t, file_settings *settings, const char *path,
                                       bert_error *error)
{
    json_t *file;
    const json_t *component;
    bert_status status;
    TRY(json_read(&file, path, error));
    TRY_OR_GO(status, require_component(&component, file, path, "model", "WordPiece", error), done);
    TRY_OR_GO(status, read_model(t, settings, component, path, error), done);
    TRY_OR_GO(status,
              require_component(&component, file, path, "normalizer", "BertNormalizer", error),
              done);
    TRY_OR_GO(status, get_switch(component, path, "lowercase", &settings->lowercase, error), done);
    TRY_OR_GO(status, get_switch(component, path, "strip_accents", &settings->strip_accents, error),
              done);
    TRY_OR_GO(
        status,
        get_switch(component, path, "handle_chinese_chars", &settings->handle_chinese_chars, error),
        done);
    TRY_OR_GO(status, get_switch(component, path, "clean_text", &settings->clean_text, error),
              done);
    TRY_OR_GO(status,
              require_component(&component, file, path, "pre_tokenizer", "BertPreTokenizer", error),
              done);
    TRY_OR_GO(status,
              get_component(&component, file, path, "post_processor", "TemplateProcessing",
                            "BertProcessing", error),
              done);
    const char *type = component ? json_string_value(json_object_get(component, "type")) : NULL;
    if (type && strcmp(type, "TemplateProcessing") == 0 && !is_bert_template(component)) {
        status = error_set(
            error, BERT_ERROR_UNSUPPORTED,
            "%s: the post_processor does not produce \"[CLS] text [SEP]\", the only supported form",
            path);
        goto done;
    }
    status = read_added_tokens(t, file, path, error);
done:
    json_decref(file);
    return status;
}

/* --------------------------------------------------------------------------------- folder --- */

static bert_status read_tokenizer_config(file_settings *settings, const char *path,
                                         bert_error *error)
{
    json_t *file;
    TRY(json_read(&file, path, error));
    bert_status status;
    TRY_OR_GO(status, get_switch(file, path, "do_lower_case", &settings->lowercase, error), done);
    TRY_OR_GO(status, get_switch(file, path, "strip_accents", &settings->strip_accents, error),
              done);
    TRY_OR_GO(
        status,
        get_switch(file, path, "tokenize_chinese_chars", &settings->handle_chinese_chars, error),
        done);
done:
    json_decref(file);
    return status;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static bert_status read_folder(bert_tokenizer *t, file_settings *settings, char **source,
                               const char *path, bert_error *error)
{
    char *json = NULL, *vocab = NULL, *config = NULL;
    bert_status status;
    TRY_OR_GO(status, path_join(&json, path, "tokenizer.json", error), done);
    TRY_OR_GO(status, path_join(&vocab, path, "vocab.txt", error), done);
    TRY_OR_GO(status, path_join(&config, path, "tokenizer_config.json", error), done);
    bool has_json = file_exists(json);
    if (!has_json && !file_exists(vocab)) {
        status = error_set(
            error, BERT_ERROR_IO,
            "%s: is not a tokenizer: it contains neither tokenizer.json nor vocab.txt", path);
        goto done;
    }
    TRY_OR_GO(status, path_format(source, error, "%s", has_json ? json : vocab), done);
    if (has_json)
        TRY_OR_GO(status, read_tokenizer_json(t, settings, json, error), done);
    else
        TRY_OR_GO(status, read_vocab(t, vocab, error), done);
    if (file_exists(config)) /* overrides tokenizer.json, as in transformers */
        status = read_tokenizer_config(settings, config, error);
done:
    free(json);
    free(vocab);
    free(config);
    return status;
}

static bool choose(bert_switch option, bert_switch file, bool default_value)
{
    return option != BERT_UNSET ? option == BERT_ON
           : file != BERT_UNSET ? file == BERT_ON
                                : default_value;
}

static void apply_settings(bert_tokenizer *t, const file_settings *file,
                           const bert_tokenizer_options *options)
{
    t->settings.lowercase = choose(options->lowercase, file->lowercase, true);
    t->settings.handle_chinese_chars =
        choose(options->handle_chinese_chars, file->handle_chinese_chars, true);
    t->settings.clean_text = choose(options->clean_text, file->clean_text, true);
    t->strip_accents =
        options->strip_accents != BERT_UNSET ? options->strip_accents : file->strip_accents;
    t->settings.strip_accents = choose(t->strip_accents, BERT_UNSET, t->settings.lowercase);
    int64_t characters = options->max_input_chars_per_word ? options->max_input_chars_per_word
                                                           : file->max_input_chars_per_word;
    t->max_input_chars_per_word = characters ? (size_t)characters : TOKENIZER_MAX_INPUT_CHARS;
}

bert_status bert_tokenizer_load(bert_tokenizer **tokenizer, const char *path,
                                const bert_tokenizer_options *options, bert_error *error)
{
    *tokenizer = NULL;
    bert_tokenizer_options defaults = bert_tokenizer_options_default();
    if (!options)
        options = &defaults;
    TRY(OPTIONS_CHECK(bert_tokenizer_options, options, error));
    file_settings settings = {BERT_UNSET, BERT_UNSET, BERT_UNSET, BERT_UNSET, 0};
    bert_tokenizer *t;
    char *source = NULL;
    bert_status status;
    TRY(memory_array((void **)&t, 1, sizeof *t, "tokenizer", error));
    if (path_is_directory(path))
        TRY_OR_GO(status, read_folder(t, &settings, &source, path, error), failed);
    else if (ends_with(path, ".json"))
        TRY_OR_GO(status, read_tokenizer_json(t, &settings, path, error), failed);
    else
        TRY_OR_GO(status, read_vocab(t, path, error), failed);
    apply_settings(t, &settings, options);
    status = tokenizer_finish(t, error);
    if (status != BERT_OK) {
        error_prefix(error, status, "%s", source ? source : path);
        goto failed;
    }
    free(source);
    *tokenizer = t;
    return BERT_OK;
failed:
    free(source);
    bert_tokenizer_free(t);
    return status;
}
