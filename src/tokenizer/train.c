#include "tokenizer/train.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/observer.h"
#include "base/threads.h"
#include "options/options.h"
#include "tokenizer/internal.h"
#include "tokenizer/learn.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bert_status check_output(const char *path, bert_error *error)
{
    if (!file_exists(path))
        return BERT_OK;
    DIR *directory = opendir(path);
    if (!directory)
        return error_set_errno(error, errno, "%s: exists and is not a readable folder", path);
    const char *found = NULL;
    for (struct dirent *entry; !found && (entry = readdir(directory));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            found = entry->d_name;
    bert_status status = BERT_OK;
    if (found)
        status =
            error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                      "%s: is not empty (it contains %s); the output must be a new or empty folder",
                      path, found);
    closedir(directory);
    return status;
}

static bert_status check_params(const bert_train_tokenizer_params *p, bert_error *error)
{
    TRY(OPTIONS_CHECK(bert_train_tokenizer_params, p, error));
    bool frequency = p->algorithm == BERT_ALGORITHM_FREQUENCY;
    if (!frequency && p->extend)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "a vocabulary can only be extended by frequency, not by likelihood");
    if (p->extend && (p->add < 1 || p->add > VOCABULARY_MAX / 2))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%zu tokens to add to %s, expected 1 to %d", p->add, p->extend,
                         VOCABULARY_MAX / 2);
    if (!p->extend && p->add)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "tokens to add are given, but no tokenizer to extend");
    return check_output(p->output, error);
}

/* Saves atomically: writes a temporary folder, syncs it and renames it. */
static bert_status save_atomically(const bert_tokenizer *t, const char *output, bert_error *error)
{
    size_t length = strlen(output);
    while (length > 1 && output[length - 1] == '/')
        length--;
    char *partial = NULL, *final = NULL;
    bert_status status;
    TRY_OR_GO(status, path_format(&final, error, "%.*s", (int)length, output), done);
    TRY_OR_GO(status, path_format(&partial, error, "%s.partial", final), done);
    TRY_OR_GO(status, directory_remove(partial, error), done); /* left by a killed run */
    TRY_OR_GO(status, directory_create(partial, error), done);
    TRY_OR_GO(status, tokenizer_save(t, partial, 0, error), failed);
    TRY_OR_GO(status, directory_sync(partial, error), failed);
    if (rename(partial, final) == 0) /* also replaces an empty folder */
        goto done;
    status = error_set_errno(error, errno, "%s: cannot rename %s to it", final, partial);
failed:
    directory_remove(partial, NULL);
done:
    free(partial);
    free(final);
    return status;
}

static bert_status count_words(word_counts *counts, const bert_train_tokenizer_params *p,
                               text_stream *stream, const normalizer *normalizer,
                               const bert_observer *observer, bert_error *error)
{
    TRY(word_counts_read(counts, stream, normalizer, threads_resolve(p->threads), p->memory,
                         observer, error));
    if (!counts->stopped && !counts->words)
        return error_set(error, BERT_ERROR_INPUT, "%s%s: contains no words to learn from",
                         p->inputs[0], p->input_count > 1 ? " and the others" : "");
    if (counts->pruned_occurrences)
        observer_message(
            observer, BERT_MESSAGE_WARNING,
            "to stay within the memory limit, %" PRIu64 " of %" PRIu64
            " occurrences of rare words were dropped: counts are too low by at most %" PRIu64,
            counts->pruned_occurrences, counts->words, counts->pruned_error);
    return BERT_OK;
}

/* Decodes the characters of a string; *codes is owned by the caller. */
static bert_status read_alphabet(uint32_t **codes, size_t *count, const char *characters,
                                 bert_error *error)
{
    size_t length = characters ? strlen(characters) : 0, position;
    *count = 0;
    if (!unicode_is_utf8(characters, length, &position))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "the initial alphabet is not UTF-8 (byte %zu is 0x%02x)", position + 1,
                         (unsigned char)characters[position]);
    TRY(memory_array((void **)codes, length, sizeof **codes, "alphabet", error));
    bool valid;
    for (size_t i = 0; i < length; ++*count)
        i += (size_t)unicode_decode((const unsigned char *)characters + i, length - i,
                                    *codes + *count, &valid);
    return BERT_OK;
}

static bert_status learn_new(bert_tokenizer *t, word_counts *counts,
                             const bert_train_tokenizer_params *p, const bert_observer *observer,
                             bool *stopped, bert_error *error)
{
    learn_settings settings = {.by_likelihood = p->algorithm == BERT_ALGORITHM_LIKELIHOOD,
                               .vocab_size = p->vocab_size,
                               .min_frequency = p->min_frequency,
                               .limit_alphabet = p->limit_alphabet};
    uint32_t *alphabet = NULL;
    TRY(read_alphabet(&alphabet, &settings.initial_alphabet_count, p->initial_alphabet, error));
    settings.initial_alphabet = alphabet;
    bert_status status =
        learn_vocabulary(&t->vocabulary, counts, &settings, observer, stopped, error);
    free(alphabet);
    return status;
}

/* Creates the tokenizer with its settings and, for an extension, the vocabulary to extend. */
static bert_status start(bert_tokenizer **t, const bert_train_tokenizer_params *p,
                         bert_error *error)
{
    if (p->extend) {
        bert_tokenizer_options options = bert_tokenizer_options_default();
        options.lowercase = p->lowercase ? BERT_UNSET : BERT_OFF;
        options.strip_accents = p->strip_accents;
        TRY(bert_tokenizer_load(t, p->extend, &options, error));
        for (size_t id = 0; id < (*t)->vocabulary.size; id++)
            if ((*t)->vocabulary.tokens[id].outside)
                return error_set(
                    error, BERT_ERROR_UNSUPPORTED,
                    "%s: has added tokens that are not in its vocabulary, so it cannot be extended",
                    p->extend);
        return BERT_OK;
    }
    TRY(memory_array((void **)t, 1, sizeof **t, "tokenizer", error));
    bool strip = p->strip_accents == BERT_UNSET ? p->lowercase : p->strip_accents == BERT_ON;
    (*t)->strip_accents = p->strip_accents;
    (*t)->max_input_chars_per_word = TOKENIZER_MAX_INPUT_CHARS;
    (*t)->truncate_left = BERT_UNSET;
    (*t)->settings = (normalizer_settings){.lowercase = p->lowercase,
                                           .strip_accents = strip,
                                           .handle_chinese_chars = true,
                                           .clean_text = true};
    return normalizer_build(&(*t)->normalizer, (*t)->settings, error);
}

static bert_status train(bert_tokenizer *t, word_counts *counts,
                         const bert_train_tokenizer_params *p, text_stream *stream,
                         const bert_observer *observer, bool *stopped, bert_error *error)
{
    TRY(count_words(counts, p, stream, &t->normalizer, observer, error));
    *stopped = counts->stopped;
    if (*stopped)
        return BERT_OK;
    size_t before = t->vocabulary.size;
    if (p->extend)
        TRY(learn_extension(&t->vocabulary, &t->trie, t->max_input_chars_per_word, p->add,
                            p->min_frequency, counts, observer, stopped, error));
    else
        TRY(learn_new(t, counts, p, observer, stopped, error));
    if (*stopped)
        return BERT_OK;
    if (p->extend && t->vocabulary.size == before)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: no new token for %s can be learned from this text", p->inputs[0],
                         p->extend);
    TRY(tokenizer_finish(t, NULL, error));
    return save_atomically(t, p->output, error);
}

bert_status tokenizer_train(const bert_train_tokenizer_params *params, text_stream *stream,
                            bert_train_tokenizer_result *result, const bert_observer *observer,
                            bert_error *error)
{
    TRY(check_params(params, error));
    bert_tokenizer *t = NULL;
    word_counts *counts = NULL;
    bool stopped = false;
    bert_status status;
    TRY_OR_GO(status, start(&t, params, error), done);
    TRY_OR_GO(status, memory_array((void **)&counts, 1, sizeof *counts, "words", error), done);
    if (params->extend)
        tokenizer_warn(t, params->extend, observer);
    TRY_OR_GO(status, train(t, counts, params, stream, observer, &stopped, error), done);
    if (!params->extend && !stopped)
        tokenizer_warn(t, params->output, observer);
    *result = (bert_train_tokenizer_result){.vocab_size = t->vocabulary.size,
                                            .bytes = stream->bytes,
                                            .words = counts->words,
                                            .distinct_words = counts->distinct,
                                            .dropped_words = counts->pruned_occurrences,
                                            .count_error = counts->pruned_error,
                                            .finished = !stopped};
done:
    if (counts)
        word_counts_free(counts);
    free(counts);
    bert_tokenizer_free(t);
    return status;
}
