#include "train/run_inputs.h"

#include "base/observer.h"
#include "dataset/data_sources.h"
#include "dataset/pretokenized.h"
#include "model/folder.h"
#include "tokenizer/tokenizer.h"
#include "train/checkpoint.h"
#include "train/vocabulary_growth.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { PIECES = 64, PIECE_BYTES = 1 << 16 };

/* A small file whole; of a large one its size and PIECES blocks at equal distances: another
 * preparation of the data shows in them, and they are read at once whatever the size. */
static uint64_t checksum_pieces(const file_map *map, uint64_t seed)
{
    if (map->size <= (size_t)PIECES * PIECE_BYTES)
        return XXH3_64bits_withSeed(map->data, map->size, seed);
    uint64_t checksum = map->size + seed;
    size_t distance = (map->size - PIECE_BYTES) / (PIECES - 1);
    for (size_t i = 0; i < PIECES; i++)
        checksum = XXH3_64bits_withSeed(map->data + i * distance, PIECE_BYTES, checksum);
    return checksum;
}

/* The files follow each other: the checksum of one is the seed of the next. Weights count. */
static uint64_t checksum_index(const dataset *data)
{
    uint64_t checksum = 0;
    for (size_t i = 0; i < data->shard_count; i++) {
        const shard *file = &data->shards[i].file;
        if (data->is_weighted)
            checksum = XXH3_64bits_withSeed(&data->shards[i].weight, sizeof(double), checksum);
        checksum = XXH3_64bits_withSeed(file->index.data, file->index.size, checksum);
        if (file->sentences.size > 0)
            checksum = XXH3_64bits_withSeed(file->sentences.data, file->sentences.size, checksum);
    }
    if (data->labels)
        checksum = XXH3_64bits_withSeed(data->labels, data->document_count, checksum);
    return data->frames ? XXH3_64bits_withSeed(data->frames, data->document_count, checksum)
                        : checksum;
}

static uint64_t checksum_tokens(const dataset *data)
{
    uint64_t checksum = 0;
    for (size_t i = 0; i < data->shard_count; i++)
        checksum = checksum_pieces(&data->shards[i].file.tokens, checksum);
    return checksum;
}

static split_fingerprint fingerprint_split(const dataset *data)
{
    return (split_fingerprint){
        .documents = data->document_count,
        .sentences = data->sentence_count,
        .tokens = data->token_count,
        .index_checksum = checksum_index(data),
        .token_checksum = checksum_tokens(data),
    };
}

static bert_status checksum_vocabulary(const bert_tokenizer *tokenizer, uint64_t *checksum,
                                       bert_error *error)
{
    XXH3_state_t *state = XXH3_createState();
    if (!state)
        return error_set(error, BERT_ERROR_MEMORY, "no memory for a checksum");
    XXH3_64bits_reset(state);
    size_t count = bert_tokenizer_vocab_size(tokenizer);
    for (size_t id = 0; id < count; id++) {
        const char *token = bert_tokenizer_token(tokenizer, (int32_t)id);
        if (token)
            XXH3_64bits_update(state, token, strlen(token));
        XXH3_64bits_update(state, "", 1); /* its end: "a", "b" is not "ab" */
    }
    *checksum = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    return BERT_OK;
}

static bert_status take_fingerprint(run_inputs *run_inputs, bert_error *error)
{
    data_fingerprint *fingerprint = &run_inputs->fingerprint;
    fingerprint->train = fingerprint_split(&run_inputs->train);
    if (run_inputs->has_validation)
        fingerprint->validation = fingerprint_split(&run_inputs->validation);
    return checksum_vocabulary(run_inputs->tokenizer, &fingerprint->tokenizer_checksum, error);
}

/* What --data or --eval-data names. */
typedef struct named_data {
    data_sources sources;
    pretokenized_files files; /* where it is pre-tokenized */
} named_data;

static bert_status find_data(named_data *named, const char *lines, pretokenized_use use,
                             bert_error *error)
{
    TRY(data_sources_find(&named->sources, lines, error));
    if (!named->sources.pretokenized)
        return BERT_OK;
    return pretokenized_files_find(&named->files, named->sources.pretokenized, use, error);
}

static void release_data(named_data *named)
{
    data_sources_free(&named->sources);
    pretokenized_files_free(&named->files);
}

/* `named` is the training data or, without any, that of the evaluation. */
static bert_status load_tokenizer(run_inputs *run_inputs, const named_data *named,
                                  const char *tokenizer, const bert_tokenizer_options *options,
                                  bert_error *error)
{
    if (tokenizer) {
        TRY(bert_tokenizer_load(&run_inputs->tokenizer, tokenizer, options, error));
        return named->sources.pretokenized
                   ? BERT_OK
                   : data_sources_check_settings(&named->sources, run_inputs->tokenizer, tokenizer,
                                                 error);
    }
    if (options && tokenizer_options_given(options))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "settings of a tokenizer go with params->tokenizer: prepared data keep "
                         "those that they were prepared with");
    if (!named->sources.pretokenized)
        return data_sources_load_tokenizer(&named->sources, &run_inputs->tokenizer, error);
    return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                     "%s: a pre-tokenized data set needs params->tokenizer, the one that it was "
                     "made with",
                     named->files.name);
}

static bert_status open_training(run_inputs *run_inputs, const named_data *named,
                                 bool with_validation, bert_error *error)
{
    if (!named->sources.pretokenized) {
        TRY(data_sources_open(&named->sources, &run_inputs->train, error));
        return with_validation
                   ? data_sources_open_validation(&named->sources, &run_inputs->validation,
                                                  &run_inputs->has_validation, error)
                   : BERT_OK;
    }
    TRY(pretokenized_open(&run_inputs->train, &named->files, false, run_inputs->tokenizer, error));
    run_inputs->has_validation = with_validation && pretokenized_files_evaluate(&named->files);
    return run_inputs->has_validation ? pretokenized_open(&run_inputs->validation, &named->files,
                                                          true, run_inputs->tokenizer, error)
                                      : BERT_OK;
}

static bert_status open_evaluation(run_inputs *run_inputs, const named_data *named,
                                   const char *tokenizer_name, bert_error *error)
{
    run_inputs->has_validation = true;
    if (named->sources.pretokenized)
        return pretokenized_open(&run_inputs->validation, &named->files, true,
                                 run_inputs->tokenizer, error);
    TRY(data_sources_check_tokenizer(&named->sources, run_inputs->tokenizer, tokenizer_name,
                                     error));
    return data_sources_open_evaluation(&named->sources, &run_inputs->validation, error);
}

bert_status run_inputs_open(run_inputs *run_inputs, const char *data, const char *eval_data,
                            const char *tokenizer, const bert_tokenizer_options *options,
                            bert_error *error)
{
    *run_inputs = (struct run_inputs){0};
    named_data training = {0}, evaluation = {0};
    char *tokenizer_name = NULL;
    bert_status status;
    if (data)
        TRY_OR_GO(status, find_data(&training, data, PRETOKENIZED_TRAIN, error), done);
    if (eval_data)
        TRY_OR_GO(status, find_data(&evaluation, eval_data, PRETOKENIZED_EVALUATE, error), done);
    /* Rows are read with the tokenizer, prepared data brings it along. */
    bool has_rows = training.sources.pretokenized != NULL;
    if (data && !has_rows)
        TRY_OR_GO(status, open_training(run_inputs, &training, !eval_data, error), done);
    TRY_OR_GO(status,
              load_tokenizer(run_inputs, data ? &training : &evaluation, tokenizer, options, error),
              done);
    TRY_OR_GO(status,
              path_format(&tokenizer_name, error, "%s%s",
                          tokenizer ? tokenizer
                          : data    ? training.sources.name
                                    : evaluation.sources.name,
                          tokenizer ? "" : ".tokenizer"),
              done);
    if (has_rows)
        TRY_OR_GO(status, open_training(run_inputs, &training, !eval_data, error), done);
    if (eval_data)
        TRY_OR_GO(status, open_evaluation(run_inputs, &evaluation, tokenizer_name, error), done);
    status = take_fingerprint(run_inputs, error);
done:
    release_data(&training);
    release_data(&evaluation);
    free(tokenizer_name);
    if (status != BERT_OK)
        run_inputs_close(run_inputs);
    return status;
}

bert_status run_inputs_open_tokenizer(run_inputs *run_inputs, const char *tokenizer,
                                      const bert_tokenizer_options *options, bert_error *error)
{
    *run_inputs = (struct run_inputs){0};
    bert_status status = path_format(&run_inputs->train.prefix, error, "%s", tokenizer);
    if (status == BERT_OK)
        status = bert_tokenizer_load(&run_inputs->tokenizer, tokenizer, options, error);
    if (status == BERT_OK)
        status = take_fingerprint(run_inputs, error);
    if (status != BERT_OK)
        run_inputs_close(run_inputs);
    return status;
}

bool run_inputs_is_pretokenized(const char *data)
{
    data_sources sources;
    if (data_sources_find(&sources, data, NULL) != BERT_OK)
        return false;
    bool is_pretokenized = sources.pretokenized != NULL;
    data_sources_free(&sources);
    return is_pretokenized;
}

const char *run_inputs_name(const run_inputs *run_inputs)
{
    return run_inputs->train.prefix ? run_inputs->train.prefix : run_inputs->validation.prefix;
}

void run_inputs_close(run_inputs *run_inputs)
{
    bert_tokenizer_free(run_inputs->tokenizer);
    dataset_close(&run_inputs->validation);
    dataset_close(&run_inputs->train);
    *run_inputs = (struct run_inputs){0};
}

bert_status run_inputs_check_tokenizer(const run_inputs *run_inputs, const char *model,
                                       bert_error *error)
{
    char *folder = NULL, *file = NULL;
    bert_tokenizer *other = NULL;
    bert_status status;
    TRY_OR_GO(status, model_find_folder(&folder, model, error), done);
    TRY_OR_GO(status, path_join(&file, folder, "tokenizer.json", error), done);
    if (!file_exists(file)) {
        free(file);
        TRY_OR_GO(status, path_join(&file, folder, "vocab.txt", error), done);
        if (!file_exists(file))
            goto done;
    }
    TRY_OR_GO(status, bert_tokenizer_load(&other, folder, NULL, error), done);
    size_t count = bert_tokenizer_vocab_size(run_inputs->tokenizer);
    for (size_t id = 0; id < count && status == BERT_OK; id++) {
        const char *here = bert_tokenizer_token(run_inputs->tokenizer, (int32_t)id);
        const char *there = bert_tokenizer_token(other, (int32_t)id);
        if (here && (!there || strcmp(here, there) != 0))
            status = error_set(error, BERT_ERROR_INPUT,
                               "%s: its tokenizer is not that of the data: id %zu is \"%s\", in "
                               "the tokenizer of %s it is \"%s\"; prepare the data with the "
                               "model's tokenizer",
                               file, id, there ? there : "", run_inputs->train.prefix, here);
    }
done:
    bert_tokenizer_free(other);
    free(file);
    free(folder);
    return status;
}

/* ---------------------------------------------------------------------------- configuration --- */

bert_status run_inputs_find_weights(char **weights, const char *model, bert_error *error)
{
    model_config named;
    *weights = NULL;
    if (model_config_named(&named, model, NULL) == BERT_OK ||
        !(path_is_directory(model) || model_names_checkpoint(model)))
        return BERT_OK;
    TRY(checkpoint_verify_model(model, error));
    return path_format(weights, error, "%s", model);
}

static bool wants_pairs(const bert_pretrain_params *params, const model_config *config)
{
    return params->next_sentence_prediction && config->family == MODEL_BERT && !params->teacher;
}

static bert_status configure_folder(const run_inputs *run_inputs,
                                    const bert_pretrain_params *params, model_config *config,
                                    bert_error *error)
{
    TRY(model_folder_read_config(config, params->model, error));
    model_config_set_head(config, MODEL_HEAD_PRETRAINING);
    config->next_sentence_prediction = wants_pairs(params, config);
    vocabulary_growth growth;
    TRY(vocabulary_growth_find(&growth, params->model, run_inputs->tokenizer,
                               run_inputs->train.prefix, error));
    if (config->vocab_size < growth.new_tokens)
        config->vocab_size = growth.new_tokens;
    vocabulary_growth_free(&growth);
    return BERT_OK;
}

static bert_status configure_fresh(const run_inputs *run_inputs, const bert_pretrain_params *params,
                                   model_config *config, const bert_observer *observer,
                                   bert_error *error)
{
    int pad = tokenizer_special(run_inputs->tokenizer).pad;
    if (model_config_named(config, params->model, NULL) == BERT_OK) {
        config->vocab_size = (int)bert_tokenizer_vocab_size(run_inputs->tokenizer);
        config->pad_token_id = pad;
    } else if (!file_exists(params->model)) {
        return model_config_named(config, params->model, error); /* says which names there are */
    } else {
        TRY(model_config_read(config, params->model, error));
        if (config->pad_token_id != pad)
            observer_message(observer, BERT_MESSAGE_WARNING,
                             "%s: pad_token_id is %d, the tokenizer's [PAD] is %d: %d is taken",
                             params->model, config->pad_token_id, pad, pad);
        config->pad_token_id = pad;
    }
    model_config_set_head(config, MODEL_HEAD_PRETRAINING);
    config->next_sentence_prediction = wants_pairs(params, config);
    return BERT_OK;
}

static bert_status check_fit(const run_inputs *run_inputs, const bert_pretrain_params *params,
                             const model_config *config, const bert_observer *observer,
                             bert_error *error)
{
    int vocabulary = (int)bert_tokenizer_vocab_size(run_inputs->tokenizer);
    if (config->vocab_size < vocabulary)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: vocab_size is %d, but the tokenizer of %s has %d tokens; make "
                         "vocab_size at least that, or prepare the data with a smaller tokenizer",
                         params->model, config->vocab_size, run_inputs->train.prefix, vocabulary);
    if (config->vocab_size > vocabulary)
        observer_message(observer, BERT_MESSAGE_INFO,
                         "%s: vocab_size is %d, the tokenizer has %d tokens: %d rows of the "
                         "embedding stay unused",
                         params->model, config->vocab_size, vocabulary,
                         config->vocab_size - vocabulary);
    if (params->max_seq_length > config->max_position_embeddings)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->max_seq_length is %d, but the model %s has %d positions",
                         params->max_seq_length, params->model, config->max_position_embeddings);
    if (config->next_sentence_prediction && config->type_vocab_size < 2)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: type_vocab_size is %d, but sentence pairs need 2; or train with "
                         "params->next_sentence_prediction = false",
                         params->model, config->type_vocab_size);
    return model_config_check(config, params->model, error);
}

bert_status run_inputs_configure(const run_inputs *run_inputs, const bert_pretrain_params *params,
                                 model_config *config, char **weights,
                                 const bert_observer *observer, bert_error *error)
{
    bert_status status = run_inputs_find_weights(weights, params->model, error);
    if (status == BERT_OK)
        status = *weights ? configure_folder(run_inputs, params, config, error)
                          : configure_fresh(run_inputs, params, config, observer, error);
    if (params->hidden_dropout_prob >= 0)
        config->hidden_dropout_prob = params->hidden_dropout_prob;
    if (params->attention_probs_dropout_prob >= 0)
        config->attention_probs_dropout_prob = params->attention_probs_dropout_prob;
    if (status == BERT_OK)
        status = check_fit(run_inputs, params, config, observer, error);
    if (status != BERT_OK) {
        free(*weights);
        *weights = NULL;
    }
    return status;
}
