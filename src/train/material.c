#include "train/material.h"

#include "base/observer.h"
#include "dataset/data_sources.h"
#include "dataset/ready_made.h"
#include "model/folder.h"
#include "tokenizer/tokenizer.h"
#include "train/checkpoint.h"
#include "train/vocabulary_growth.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { PIECES = 64, PIECE_BYTES = 1 << 16 };

/* A small file whole; of a large one its size and PIECES pieces at equal distances: another
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
    return data->labels ? XXH3_64bits_withSeed(data->labels, data->document_count, checksum)
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

static bert_status take_fingerprint(material *material, bert_error *error)
{
    data_fingerprint *fingerprint = &material->fingerprint;
    fingerprint->train = fingerprint_split(&material->train);
    if (material->has_validation)
        fingerprint->validation = fingerprint_split(&material->validation);
    return checksum_vocabulary(material->tokenizer, &fingerprint->tokenizer_checksum, error);
}

static bert_status open_prepared(material *material, const data_sources *sources,
                                 const char *tokenizer, bert_error *error)
{
    TRY(data_sources_open(sources, &material->train, error));
    TRY(data_sources_open_validation(sources, &material->validation, &material->has_validation,
                                     error));
    return tokenizer ? bert_tokenizer_load(&material->tokenizer, tokenizer, NULL, error)
                     : data_sources_load_tokenizer(sources, &material->tokenizer, error);
}

static bert_status open_ready_made(material *material, const char *folder, const char *tokenizer,
                                   bert_error *error)
{
    if (!tokenizer)
        return error_set(error, BERT_ERROR_USAGE,
                         "%s: a folder of ready-made ids needs --tokenizer, the one they were made "
                         "with",
                         folder);
    char *train = NULL, *validation = NULL;
    bert_status status;
    TRY_OR_GO(status, bert_tokenizer_load(&material->tokenizer, tokenizer, NULL, error), done);
    TRY_OR_GO(status, path_join(&train, folder, "train", error), done);
    TRY_OR_GO(status, path_join(&validation, folder, "validation", error), done);
    bool has_splits = path_is_directory(train);
    TRY_OR_GO(
        status,
        ready_made_open(&material->train, has_splits ? train : folder, material->tokenizer, error),
        done);
    material->has_validation = has_splits && path_is_directory(validation);
    if (material->has_validation)
        status = ready_made_open(&material->validation, validation, material->tokenizer, error);
done:
    free(validation);
    free(train);
    return status;
}

bert_status material_open(material *material, const char *data, const char *tokenizer,
                          bert_error *error)
{
    *material = (struct material){0};
    data_sources sources;
    TRY(data_sources_find(&sources, data, error));
    bert_status status = sources.ready_made
                             ? open_ready_made(material, sources.ready_made, tokenizer, error)
                             : open_prepared(material, &sources, tokenizer, error);
    data_sources_free(&sources);
    if (status == BERT_OK)
        status = take_fingerprint(material, error);
    if (status != BERT_OK)
        material_close(material);
    return status;
}

bool material_is_ready_made(const char *data)
{
    data_sources sources;
    if (data_sources_find(&sources, data, NULL) != BERT_OK)
        return false;
    bool is_ready_made = sources.ready_made != NULL;
    data_sources_free(&sources);
    return is_ready_made;
}

void material_close(material *material)
{
    bert_tokenizer_free(material->tokenizer);
    dataset_close(&material->validation);
    dataset_close(&material->train);
    *material = (struct material){0};
}

bert_status material_check_tokenizer(const material *material, const char *model, bert_error *error)
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
    size_t count = bert_tokenizer_vocab_size(material->tokenizer);
    for (size_t id = 0; id < count && status == BERT_OK; id++) {
        const char *here = bert_tokenizer_token(material->tokenizer, (int32_t)id);
        const char *there = bert_tokenizer_token(other, (int32_t)id);
        if (here && (!there || strcmp(here, there) != 0))
            status = error_set(error, BERT_ERROR_INPUT,
                               "%s: its tokenizer is not that of the data: id %zu is \"%s\", in "
                               "%s.tokenizer it is \"%s\"; prepare the data with the model's "
                               "tokenizer",
                               file, id, there ? there : "", material->train.shards[0].file.prefix,
                               here);
    }
done:
    bert_tokenizer_free(other);
    free(file);
    free(folder);
    return status;
}

/* ---------------------------------------------------------------------------- configuration --- */

bert_status material_find_weights(char **weights, const char *model, bert_error *error)
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

static bert_status configure_folder(const material *material, const bert_pretrain_params *params,
                                    model_config *config, bert_error *error)
{
    TRY(model_folder_read_config(config, params->model, error));
    model_config_set_head(config, MODEL_HEAD_PRETRAINING);
    config->next_sentence_prediction = wants_pairs(params, config);
    vocabulary_growth growth;
    TRY(vocabulary_growth_find(&growth, params->model, material->tokenizer, material->train.prefix,
                               error));
    if (config->vocab_size < growth.new_tokens)
        config->vocab_size = growth.new_tokens;
    vocabulary_growth_free(&growth);
    return BERT_OK;
}

static bert_status configure_fresh(const material *material, const bert_pretrain_params *params,
                                   model_config *config, const bert_observer *observer,
                                   bert_error *error)
{
    int pad = tokenizer_special(material->tokenizer).pad;
    if (model_config_named(config, params->model, NULL) == BERT_OK) {
        config->vocab_size = (int)bert_tokenizer_vocab_size(material->tokenizer);
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

static bert_status check_fit(const material *material, const bert_pretrain_params *params,
                             const model_config *config, const bert_observer *observer,
                             bert_error *error)
{
    int vocabulary = (int)bert_tokenizer_vocab_size(material->tokenizer);
    if (config->vocab_size < vocabulary)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: vocab_size is %d, but the tokenizer of %s has %d tokens; make "
                         "vocab_size at least that, or prepare the data with a smaller tokenizer",
                         params->model, config->vocab_size, material->train.prefix, vocabulary);
    if (config->vocab_size > vocabulary)
        observer_message(observer, BERT_MESSAGE_INFO,
                         "%s: vocab_size is %d, the tokenizer has %d tokens: %d rows of the "
                         "embedding stay unused",
                         params->model, config->vocab_size, vocabulary,
                         config->vocab_size - vocabulary);
    if (params->max_seq_length > config->max_position_embeddings)
        return error_set(error, BERT_ERROR_USAGE,
                         "--max-seq-length is %d, but the model %s has %d positions",
                         params->max_seq_length, params->model, config->max_position_embeddings);
    if (config->next_sentence_prediction && config->type_vocab_size < 2)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: type_vocab_size is %d, but sentence pairs need 2; or train with "
                         "--no-next-sentence-prediction",
                         params->model, config->type_vocab_size);
    return model_config_check(config, params->model, error);
}

bert_status material_configure(const material *material, const bert_pretrain_params *params,
                               model_config *config, char **weights, const bert_observer *observer,
                               bert_error *error)
{
    bert_status status = material_find_weights(weights, params->model, error);
    if (status == BERT_OK)
        status = *weights ? configure_folder(material, params, config, error)
                          : configure_fresh(material, params, config, observer, error);
    if (params->hidden_dropout_prob >= 0)
        config->hidden_dropout_prob = params->hidden_dropout_prob;
    if (params->attention_probs_dropout_prob >= 0)
        config->attention_probs_dropout_prob = params->attention_probs_dropout_prob;
    if (status == BERT_OK)
        status = check_fit(material, params, config, observer, error);
    if (status != BERT_OK) {
        free(*weights);
        *weights = NULL;
    }
    return status;
}
