#include "tokenizer/load.h"

#include "base/memory.h"
#include "options/options.h"

#include <stdlib.h>
#include <string.h>

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static bert_status read_folder(bert_tokenizer *t, file_settings *settings, char **source,
                               const char *path, bert_error *error)
{
    char *json = NULL, *vocab = NULL;
    bert_status status;
    TRY_OR_GO(status, path_join(&json, path, "tokenizer.json", error), done);
    TRY_OR_GO(status, path_join(&vocab, path, "vocab.txt", error), done);
    bool has_json = file_exists(json);
    if (!has_json && !file_exists(vocab)) {
        status = error_set(
            error, BERT_ERROR_IO,
            "%s: is not a tokenizer: it contains neither tokenizer.json nor vocab.txt", path);
        goto done;
    }
    TRY_OR_GO(status, path_format(source, error, "%s", has_json ? json : vocab), done);
    if (has_json)
        TRY_OR_GO(status, tokenizer_json_read(t, settings, json, error), done);
    else
        TRY_OR_GO(status, vocab_txt_read(t, vocab, error), done);
    status = settings_files_read(t, settings, path, error);
done:
    free(json);
    free(vocab);
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
    t->truncate_left = file->truncate_left;
    t->model_max_length = file->model_max_length;
}

bert_status bert_tokenizer_load(bert_tokenizer **tokenizer, const char *path,
                                const bert_tokenizer_options *options, bert_error *error)
{
    *tokenizer = NULL;
    bert_tokenizer_options defaults = bert_tokenizer_options_default();
    if (!options)
        options = &defaults;
    TRY(OPTIONS_CHECK(bert_tokenizer_options, options, error));
    file_settings settings = {
        .lowercase = BERT_UNSET,
        .strip_accents = BERT_UNSET,
        .handle_chinese_chars = BERT_UNSET,
        .clean_text = BERT_UNSET,
        .truncate_left = BERT_UNSET,
    };
    bert_tokenizer *t = NULL;
    char *source = NULL;
    bert_status status;
    TRY_OR_GO(status, memory_array((void **)&t, 1, sizeof *t, "tokenizer", error), done);
    t->truncate_left = BERT_UNSET;
    if (path_is_directory(path))
        TRY_OR_GO(status, read_folder(t, &settings, &source, path, error), done);
    else if (ends_with(path, ".json"))
        TRY_OR_GO(status, tokenizer_json_read(t, &settings, path, error), done);
    else
        TRY_OR_GO(status, vocab_txt_read(t, path, error), done);
    apply_settings(t, &settings, options);
    status = tokenizer_finish(t, settings.special, error);
    if (status != BERT_OK)
        error_prefix(error, status, "%s", source ? source : path);
done:
    for (size_t i = 0; i < SPECIAL_COUNT; i++)
        text_free(&settings.special[i]);
    free(source);
    if (status == BERT_OK)
        *tokenizer = t;
    else
        bert_tokenizer_free(t);
    return status;
}
