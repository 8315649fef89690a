/* The files that `transformers` writes next to a vocabulary. Its PreTrainedTokenizerFast (4.49) is
 * followed: tokens of added_tokens_decoder in the order of their ids, then the special tokens that
 * are not added yet. Ids are those that the vocabulary's size gives (added_tokens.h). */
#include "tokenizer/load.h"

#include "base/memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A token of the files, and the id that orders it. */
typedef struct listed_token {
    int64_t id;
    bool flags; /* says how it is found; else it is the name of a special token */
    added_token token;
    text content;
} listed_token;

typedef struct token_list {
    listed_token *tokens;
    size_t count, capacity;
} token_list;

typedef struct settings_reader {
    bert_tokenizer *tokenizer;
    token_list decoder;    /* in added_tokens_decoder or added_tokens.json */
    token_list attributes; /* special tokens, by name */
    text names[SPECIAL_COUNT];
    bool complete; /* tokenizer_config.json has added_tokens_decoder: other files do not count */
} settings_reader;

static bert_status append(token_list *list, int64_t id, bool flags, const added_token *token,
                          bert_error *error)
{
    TRY(memory_grow((void **)&list->tokens, &list->capacity, list->count + 1, sizeof *list->tokens,
                    "added tokens", error));
    listed_token *entry = &list->tokens[list->count++];
    *entry = (listed_token){.id = id, .flags = flags, .token = *token};
    return text_append(&entry->content, token->content, token->length, error);
}

/* Of two files that name a special token the later one counts. */
static bert_status set_attribute(token_list *list, int64_t id, bool flags, const added_token *token,
                                 bert_error *error)
{
    for (size_t i = 0; i < list->count; i++) {
        listed_token *entry = &list->tokens[i];
        if (entry->id != id)
            continue;
        entry->flags = flags;
        entry->token = *token;
        text_clear(&entry->content);
        return text_append(&entry->content, token->content, token->length, error);
    }
    return append(list, id, flags, token, error);
}

static void list_clear(token_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        text_free(&list->tokens[i].content);
    list->count = 0;
}

/* ----------------------------------------------------------------------- special tokens --- */

/* A special token is a string, or an object as in added_tokens. */
static bert_status read_attribute(added_token *token, bool *flags, token_json *file,
                                  const json_t *value, const char *path, const char *key,
                                  bert_error *error)
{
    *flags = json_is_object(value);
    if (*flags) {
        TRY(added_token_read(token, file, value, path, error));
    } else if (json_is_string(value)) {
        *token = (added_token){0};
        TRY(token_json_token(file, json_string_value(value), &token->content, &token->length,
                             error));
    } else {
        return error_set(error, BERT_ERROR_INPUT, "%s: \"%s\" is not a token", path, key);
    }
    token->special = true;
    return BERT_OK;
}

/* One that has no name of its own; they keep their order. */
static bert_status append_special(settings_reader *r, bool flags, const added_token *token,
                                  bert_error *error)
{
    return append(&r->attributes, INT32_MAX + (int64_t)r->attributes.count, flags, token, error);
}

/* Those of one file; those of special_tokens_map.json override those of tokenizer_config.json. */
static bert_status read_attributes(settings_reader *r, token_json *file, const char *path,
                                   bert_error *error)
{
    /* In their order in `transformers`, which numbers new ones. */
    static const struct {
        const char *key;
        int special; /* -1: none of BERT's */
    } members[] = {
        {"bos_token", -1},
        {"eos_token", -1},
        {"unk_token", SPECIAL_UNK},
        {"sep_token", SPECIAL_SEP},
        {"pad_token", SPECIAL_PAD},
        {"cls_token", SPECIAL_CLS},
        {"mask_token", SPECIAL_MASK},
    };
    static const char *const lists[] = {"additional_special_tokens", "extra_special_tokens"};
    added_token token;
    bool flags;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const json_t *value = json_object_get(file->root, members[i].key);
        if (!value || json_is_null(value))
            continue;
        TRY(read_attribute(&token, &flags, file, value, path, members[i].key, error));
        if (members[i].special >= 0)
            TRY(file_set_name(&r->names[members[i].special], token.content, token.length, error));
        TRY(set_attribute(&r->attributes, (int64_t)i, flags, &token, error));
    }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        json_t *list = json_object_get(file->root, lists[i]), *value;
        const char *name;
        size_t index;
        json_array_foreach(list, index, value)
        {
            TRY(read_attribute(&token, &flags, file, value, path, lists[i], error));
            TRY(append_special(r, flags, &token, error));
        }
        json_object_foreach(list, name, value)
        {
            TRY(read_attribute(&token, &flags, file, value, path, name, error));
            TRY(append_special(r, flags, &token, error));
        }
    }
    return BERT_OK;
}

/* ------------------------------------------------------------------------- added tokens --- */

static bert_status read_decoder(settings_reader *r, token_json *file, json_t *decoder,
                                const char *path, bert_error *error)
{
    const char *key;
    json_t *value;
    json_object_foreach(decoder, key, value)
    {
        char *end;
        long long id = strtoll(key, &end, 10);
        if (end == key || *end || id < 0 || !json_is_object(value))
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: \"%.60s\" of added_tokens_decoder is not an id with a token",
                             path, key);
        added_token token;
        TRY(added_token_read(&token, file, value, path, error));
        TRY(append(&r->decoder, id, true, &token, error));
    }
    return BERT_OK;
}

static bool is_attribute(const settings_reader *r, const char *content, size_t length)
{
    for (size_t i = 0; i < r->attributes.count; i++) {
        const text *name = &r->attributes.tokens[i].content;
        if (name->length == length && memcmp(name->data, content, length) == 0)
            return true;
    }
    return false;
}

/* added_tokens.json: ids by token. A tokenizer.json has these too, and says how they are found. */
static bert_status read_added_tokens(settings_reader *r, const char *path, bert_error *error)
{
    const vocabulary *v = &r->tokenizer->vocabulary;
    token_json file = {0};
    const char *key;
    json_t *value;
    bert_status status;
    TRY_OR_GO(status, token_json_read(&file, path, error), done);
    json_object_foreach(file.root, key, value)
    {
        added_token token = {0};
        if (!json_is_integer(value)) {
            status = error_set(error, BERT_ERROR_INPUT,
                               "%s: the id of token \"%.60s\" is not an integer", path, key);
            goto done;
        }
        TRY_OR_GO(status, token_json_token(&file, key, &token.content, &token.length, error), done);
        token.special = is_attribute(r, token.content, token.length);
        token.normalized = !token.special;
        int32_t id = vocabulary_find(v, token.content, token.length);
        if (id < 0 || !v->tokens[id].added)
            TRY_OR_GO(status, append(&r->decoder, json_integer_value(value), true, &token, error),
                      done);
    }
done:
    token_json_free(&file);
    return status;
}

/* -------------------------------------------------------------------------------- files --- */

static bert_status read_truncation(file_settings *settings, const json_t *file, const char *path,
                                   bert_error *error)
{
    const char *side = NULL;
    TRY(json_get_string(file, path, "truncation_side", false, &side, error));
    if (side && strcmp(side, "left") != 0 && strcmp(side, "right") != 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: truncation_side is \"%.60s\", expected left or right", path, side);
    if (side)
        settings->truncate_left = side[0] == 'l' ? BERT_ON : BERT_OFF;
    const json_t *length = json_object_get(file, "model_max_length");
    if (!length)
        length = json_object_get(file, "max_len"); /* of old files */
    double number = json_number_value(length);
    if (length && !json_is_null(length) && !(json_is_number(length) && number >= 1))
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: model_max_length is not a positive number of tokens", path);
    if (number >= 1 && number <= INT32_MAX) /* no limit is written as 1e30 */
        settings->model_max_length = (size_t)number;
    return BERT_OK;
}

static bert_status read_config(settings_reader *r, file_settings *settings, const char *path,
                               bert_error *error)
{
    token_json file = {0};
    bert_status status;
    TRY_OR_GO(status, token_json_read(&file, path, error), done);
    TRY_OR_GO(status,
              file_get_switch(file.root, path, "do_lower_case", &settings->lowercase, error), done);
    TRY_OR_GO(status,
              file_get_switch(file.root, path, "strip_accents", &settings->strip_accents, error),
              done);
    TRY_OR_GO(status,
              file_get_switch(file.root, path, "tokenize_chinese_chars",
                              &settings->handle_chinese_chars, error),
              done);
    TRY_OR_GO(status, read_truncation(settings, file.root, path, error), done);
    TRY_OR_GO(status, read_attributes(r, &file, path, error), done);
    json_t *decoder = json_object_get(file.root, "added_tokens_decoder");
    r->complete = json_is_object(decoder);
    if (r->complete)
        status = read_decoder(r, &file, decoder, path, error);
done:
    token_json_free(&file);
    return status;
}

static bert_status read_map(settings_reader *r, const char *path, bert_error *error)
{
    token_json file = {0};
    bert_status status = token_json_read(&file, path, error);
    if (status == BERT_OK)
        status = read_attributes(r, &file, path, error);
    token_json_free(&file);
    return status;
}

static bert_status read_files(settings_reader *r, file_settings *settings, const char *folder,
                              bert_error *error)
{
    static const char *const names[] = {"tokenizer_config.json", "special_tokens_map.json",
                                        "added_tokens.json"};
    for (size_t i = 0; i < sizeof names / sizeof *names && !r->complete; i++) {
        char *path;
        TRY(path_join(&path, folder, names[i], error));
        bert_status status = BERT_OK;
        if (file_exists(path))
            status = i == 0   ? read_config(r, settings, path, error)
                     : i == 1 ? read_map(r, path, error)
                              : read_added_tokens(r, path, error);
        free(path);
        TRY(status);
    }
    return BERT_OK;
}

/* ----------------------------------------------------------------------------- applying --- */

static int compare_tokens(const void *left, const void *right)
{
    const listed_token *a = left, *b = right;
    return (a->id > b->id) - (a->id < b->id);
}

static const listed_token *find_listed(const token_list *list, const text *content)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->tokens[i].content.length == content->length &&
            memcmp(list->tokens[i].content.data, content->data, content->length) == 0)
            return &list->tokens[i];
    return NULL;
}

static bert_status add_all(settings_reader *r, bert_error *error)
{
    bert_tokenizer *t = r->tokenizer;
    added_numbering numbering = added_numbering_begin(&t->vocabulary, &t->added_count);
    int32_t id;
    if (r->decoder.count > 0)
        qsort(r->decoder.tokens, r->decoder.count, sizeof *r->decoder.tokens, compare_tokens);
    for (size_t i = 0; i < r->decoder.count; i++) {
        listed_token *listed = &r->decoder.tokens[i];
        listed->token.content = listed->content.data;
        listed->token.special |= is_attribute(r, listed->content.data, listed->content.length);
        TRY(added_token_add(&numbering, &listed->token, &id, error));
        if (id >= 0 && id != listed->id && t->renumbered == 0) {
            t->renumbered = (int32_t)listed->id + 1;
            t->renumbered_as = id;
        }
    }
    if (r->attributes.count > 0)
        qsort(r->attributes.tokens, r->attributes.count, sizeof *r->attributes.tokens,
              compare_tokens);
    for (size_t i = 0; i < r->attributes.count; i++) {
        listed_token *listed = &r->attributes.tokens[i];
        listed->token.content = listed->content.data;
        id = vocabulary_find(&t->vocabulary, listed->content.data, listed->content.length);
        bool added = id >= 0 && t->vocabulary.tokens[id].added;
        if (added && (!listed->flags || !r->complete || find_listed(&r->decoder, &listed->content)))
            continue; /* in the way that was said there */
        TRY(added_token_add(&numbering, &listed->token, &id, error));
    }
    return BERT_OK;
}

/* The template of a tokenizer.json and its model decide on [CLS], [SEP] and [UNK], not the names.
 */
static bert_status take_names(settings_reader *r, file_settings *settings, bert_error *error)
{
    for (size_t i = 0; i < SPECIAL_COUNT; i++) {
        const text *name = &r->names[i];
        bool decided = settings->special[i].data && i != SPECIAL_PAD && i != SPECIAL_MASK;
        if (name->data && !decided)
            TRY(file_set_name(&settings->special[i], name->data, name->length, error));
    }
    return BERT_OK;
}

bert_status settings_files_read(bert_tokenizer *t, file_settings *settings, const char *folder,
                                bert_error *error)
{
    settings_reader r = {.tokenizer = t};
    bert_status status = read_files(&r, settings, folder, error);
    if (status == BERT_OK) {
        status = add_all(&r, error);
        if (status != BERT_OK)
            error_prefix(error, status, "%s", folder);
    }
    if (status == BERT_OK)
        status = take_names(&r, settings, error);
    list_clear(&r.decoder);
    list_clear(&r.attributes);
    free(r.decoder.tokens);
    free(r.attributes.tokens);
    for (size_t i = 0; i < SPECIAL_COUNT; i++)
        text_free(&r.names[i]);
    return status;
}
