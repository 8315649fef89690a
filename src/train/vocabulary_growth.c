#include "train/vocabulary_growth.h"

#include "base/file.h"
#include "base/memory.h"
#include "math/operations.h"
#include "model/folder.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------------------------------- pieces --- */

static bert_status piece_add(vocabulary_growth *growth, int32_t id, bert_error *error)
{
    TRY(memory_grow((void **)&growth->pieces, &growth->piece_capacity, growth->piece_count + 1,
                    sizeof *growth->pieces, "pieces of new tokens", error));
    growth->pieces[growth->piece_count++] = id;
    return BERT_OK;
}

/* The longest old token that `text` begins with; -1 where none does. Room for "##", the text and
 * its end is in `buffer`. */
static int32_t longest_piece(const bert_tokenizer *old, const char *text, bool continues,
                             char *buffer, size_t *length)
{
    size_t mark = continues ? 2 : 0;
    memcpy(buffer, "##", mark);
    strcpy(buffer + mark, text);
    for (*length = strlen(text); *length > 0; --*length) {
        buffer[mark + *length] = '\0';
        int32_t id = bert_tokenizer_id(old, buffer);
        if (id >= 0)
            return id;
    }
    return -1;
}

/* WordPiece's rule (Wu et al. 2016): the longest piece first. */
static bert_status split_token(vocabulary_growth *growth, const bert_tokenizer *old,
                               const char *token, bert_error *error)
{
    char *buffer = NULL;
    bool continues = strncmp(token, "##", 2) == 0 && token[2];
    const char *text = continues ? token + 2 : token;
    size_t first = growth->piece_count, length = 0;
    bert_status status =
        memory_array((void **)&buffer, strlen(text) + 3, 1, "a piece of a token", error);
    for (bool inside = continues; status == BERT_OK && *text; text += length, inside = true) {
        int32_t id = longest_piece(old, text, inside, buffer, &length);
        if (id < 0) {
            growth->piece_count = first;
            growth->unknown++;
            status = piece_add(growth, tokenizer_special(old).unk, error);
            break;
        }
        status = piece_add(growth, id, error);
    }
    free(buffer);
    return status;
}

/* ---------------------------------------------------------------------------------- finding --- */

static bert_status check_ids(const vocabulary_growth *growth, const bert_tokenizer *old,
                             const bert_tokenizer *tokenizer, const char *folder, const char *data,
                             bert_error *error)
{
    int common = growth->old_tokens < growth->new_tokens ? growth->old_tokens : growth->new_tokens;
    for (int32_t id = 0; id < common; id++) {
        const char *here = bert_tokenizer_token(tokenizer, id);
        const char *there = bert_tokenizer_token(old, id);
        if (here && (!there || strcmp(here, there) != 0))
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: its tokenizer is not that of the data: id %d is \"%s\", in "
                             "the tokenizer of %s it is \"%s\"; prepare the data with the model's "
                             "tokenizer, or with one that extends it",
                             folder, id, there ? there : "", data, here);
    }
    return BERT_OK;
}

static bert_status find_pieces(vocabulary_growth *growth, const bert_tokenizer *old,
                               const bert_tokenizer *tokenizer, bert_error *error)
{
    if (growth->new_tokens <= growth->old_tokens)
        return BERT_OK;
    size_t count = (size_t)(growth->new_tokens - growth->old_tokens);
    TRY(memory_array((void **)&growth->starts, count + 1, sizeof *growth->starts, "new tokens",
                     error));
    const char *unknown = bert_tokenizer_token(old, tokenizer_special(old).unk);
    for (size_t i = 0; i < count; i++) {
        const char *token = bert_tokenizer_token(tokenizer, growth->old_tokens + (int32_t)i);
        growth->starts[i] = growth->piece_count;
        TRY(split_token(growth, old, token && token[0] ? token : unknown, error));
    }
    growth->starts[count] = growth->piece_count;
    return BERT_OK;
}

static bert_status has_tokenizer(const char *folder, bool *found, bert_error *error)
{
    static const char *const names[] = {"tokenizer.json", "vocab.txt"};
    *found = false;
    for (size_t i = 0; i < 2 && !*found; i++) {
        char *file;
        TRY(path_join(&file, folder, names[i], error));
        *found = file_exists(file);
        free(file);
    }
    return BERT_OK;
}

bert_status vocabulary_growth_find(vocabulary_growth *growth, const char *model,
                                   const bert_tokenizer *tokenizer, const char *data,
                                   bert_error *error)
{
    bool found = false;
    char *folder = NULL;
    bert_tokenizer *old = NULL;
    model_config config;
    *growth = (vocabulary_growth){0};
    bert_status status;
    TRY_OR_GO(status, model_find_folder(&folder, model, error), done);
    TRY_OR_GO(status, has_tokenizer(folder, &found, error), done);
    if (!found)
        goto done;
    TRY_OR_GO(status, model_folder_read_config(&config, model, error), done);
    TRY_OR_GO(status, bert_tokenizer_load(&old, folder, NULL, error), done);
    growth->old_rows = config.vocab_size;
    growth->old_tokens = (int)bert_tokenizer_vocab_size(old);
    growth->new_tokens = (int)bert_tokenizer_vocab_size(tokenizer);
    TRY_OR_GO(status, check_ids(growth, old, tokenizer, folder, data, error), done);
    if (growth->old_tokens > config.vocab_size)
        status = error_set(error, BERT_ERROR_INPUT,
                           "%s: its tokenizer has %d tokens, its vocab_size is %d; they do not "
                           "belong together",
                           folder, growth->old_tokens, config.vocab_size);
    else
        status = find_pieces(growth, old, tokenizer, error);
done:
    bert_tokenizer_free(old);
    free(folder);
    if (status != BERT_OK)
        vocabulary_growth_free(growth);
    return status;
}

void vocabulary_growth_free(vocabulary_growth *growth)
{
    free(growth->pieces);
    free(growth->starts);
    *growth = (vocabulary_growth){0};
}

/* ---------------------------------------------------------------------------------- loading --- */

static void grow_rows(const vocabulary_growth *growth, const parameter *entry, float *values)
{
    size_t columns = entry->dimensions == 2 ? entry->shape[1] : 1;
    for (int id = growth->old_tokens; id < growth->new_tokens; id++) {
        size_t i = (size_t)(id - growth->old_tokens), first = growth->starts[i];
        cpu_operations()->rows_mean(values + entry->offset + (size_t)id * columns,
                                    values + entry->offset, growth->pieces + first,
                                    growth->starts[i + 1] - first, columns);
    }
}

/* Both tables have the same entries in the same order; those of the vocabulary differ in length. */
static void copy_and_grow(const vocabulary_growth *growth, const parameter_table *table,
                          float *values, const parameter_table *old, const float *old_values)
{
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        cpu_operations()->values_copy(values + entry->offset, old_values + old->entries[i].offset,
                                      old->entries[i].count);
        if (entry->role == ROLE_WORD || entry->role == ROLE_DECODER)
            grow_rows(growth, entry, values);
    }
}

bert_status vocabulary_growth_load(const vocabulary_growth *growth, const parameter_table *table,
                                   const model_config *config, float *values, const char *folder,
                                   const weights_options *options, bert_error *error)
{
    if (growth->new_tokens <= growth->old_tokens)
        return weights_load(table, config, values, folder, options, error);
    model_config old_config = *config;
    old_config.vocab_size = growth->old_rows;
    parameter_table old = {0};
    float *old_values = NULL;
    bert_status status;
    TRY_OR_GO(status, parameter_table_create(&old, &old_config, error), done);
    TRY_OR_GO(status, memory_map((void **)&old_values, old.size * sizeof(float), "weights", error),
              done);
    TRY_OR_GO(status, weights_load(&old, &old_config, old_values, folder, options, error), done);
    copy_and_grow(growth, table, values, &old, old_values);
    observer_message(options->observer, BERT_MESSAGE_INFO,
                     "%s: the vocabulary grows from %d to %d tokens; each new one starts as the "
                     "mean of its old pieces%s",
                     folder, growth->old_tokens, growth->new_tokens,
                     growth->unknown ? "" : ", which all of them have");
    if (growth->unknown)
        observer_message(options->observer, BERT_MESSAGE_WARNING,
                         "%s: %zu new tokens have no old pieces and start as [UNK]", folder,
                         growth->unknown);
done:
    memory_unmap(old_values, old.size * sizeof(float));
    parameter_table_free(&old);
    return status;
}
