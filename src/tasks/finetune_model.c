/* The model that is fine-tuned: its configuration with a classifier, its tokenizer, its weights. */
#include "tasks/finetune_material.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/observer.h"
#include "train/checkpoint.h"

#include <stdlib.h>
#include <string.h>

static bert_status read_config_of(model_config *config, const char *folder, bert_error *error)
{
    char *path;
    TRY(path_join(&path, folder, "config.json", error));
    bert_status status = model_config_read(config, path, error);
    free(path);
    return status;
}

static bert_status configure_fresh(model_config *config, const finetune_material *material,
                                   bert_error *error)
{
    const char *name = material->params->from_scratch;
    if (model_config_named(config, name, NULL) == BERT_OK)
        config->vocab_size = (int)bert_tokenizer_vocab_size(material->tokenizer);
    else if (file_exists(name) && !path_is_directory(name))
        TRY(model_config_read(config, name, error));
    else
        return model_config_named(config, name, error); /* says which names there are */
    config->pad_token_id = tokenizer_special(material->tokenizer).pad;
    return BERT_OK;
}

/* The classifier, whatever stood on the encoder before. */
static bert_status configure_head(finetune_material *material, const char *origin,
                                  bert_error *error)
{
    const bert_finetune_params *params = material->params;
    model_config *config = &material->config;
    model_config_set_head(config, MODEL_HEAD_CLASSIFICATION);
    config->num_labels = material->regression ? 1 : (int)material->classes.count;
    config->problem = material->regression ? MODEL_REGRESSION : MODEL_CLASSIFICATION;
    if (params->hidden_dropout_prob >= 0)
        config->hidden_dropout_prob = params->hidden_dropout_prob;
    if (params->attention_probs_dropout_prob >= 0)
        config->attention_probs_dropout_prob = params->attention_probs_dropout_prob;
    size_t tokens = bert_tokenizer_vocab_size(material->tokenizer);
    if ((size_t)config->vocab_size < tokens)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: vocab_size is %d, but the tokenizer has %zu tokens; they do not "
                         "belong together",
                         origin, config->vocab_size, tokens);
    if (params->max_seq_length > config->max_position_embeddings)
        return error_set(error, BERT_ERROR_USAGE,
                         "--max-seq-length is %d, but the model %s has %d positions",
                         params->max_seq_length, origin, config->max_position_embeddings);
    return model_config_check(config, origin, error);
}

/* ---------------------------------------------------------------------------------- weights --- */

/* Copies what both tables have alike; the rest is told to the observer by its names. */
static bert_status take_weights(finetune_material *material, const parameter_table *from,
                                const float *values, const char *folder,
                                const bert_observer *observer, bert_error *error)
{
    const parameter_table *table = &material->table;
    text fresh = {0};
    bert_status status = BERT_OK;
    for (size_t i = 0; i < table->count && status == BERT_OK; i++) {
        const parameter *entry = &table->entries[i], *found = parameter_find(from, entry->name);
        material->from_source[i] = found && found->dimensions == entry->dimensions &&
                                   memcmp(found->shape, entry->shape, sizeof entry->shape) == 0;
        if (material->from_source[i])
            memcpy(material->source + entry->offset, values + found->offset,
                   entry->count * sizeof *values);
        else
            status = text_format(&fresh, error, "%s%s", fresh.length > 0 ? ", " : "", entry->name);
    }
    if (status == BERT_OK && fresh.length > 0)
        observer_message(observer, BERT_MESSAGE_INFO, "%s: new weights for %s", folder, fresh.data);
    text_free(&fresh);
    return status;
}

static bert_status read_weights(finetune_material *material, const model_config *config,
                                const char *folder, const bert_observer *observer,
                                bert_error *error)
{
    parameter_table table = {0};
    float *values = NULL;
    char *path = NULL;
    bert_status status;
    TRY_OR_GO(status, path_join(&path, folder, "model.safetensors", error), done);
    TRY_OR_GO(status, parameter_table_create(&table, config, error), done);
    TRY_OR_GO(
        status,
        memory_map((void **)&values, table.size * sizeof *values, "the model's weights", error),
        done);
    TRY_OR_GO(status, parameters_read(&table, values, path, error), done);
    TRY_OR_GO(status,
              memory_map((void **)&material->source, material->table.size * sizeof(float),
                         "the model's weights", error),
              done);
    TRY_OR_GO(status,
              memory_array((void **)&material->from_source, material->table.count,
                           sizeof *material->from_source, "names of weights", error),
              done);
    status = take_weights(material, &table, values, folder, observer, error);
done:
    memory_unmap(values, table.size * sizeof *values);
    parameter_table_free(&table);
    free(path);
    return status;
}

static bert_status open_folder(finetune_material *material, const char *folder,
                               const bert_observer *observer, bert_error *error)
{
    model_config source;
    TRY(checkpoint_verify_model(folder, error));
    TRY(read_config_of(&source, folder, error));
    TRY(bert_tokenizer_load(&material->tokenizer, folder, NULL, error));
    material->config = source;
    TRY(configure_head(material, folder, error));
    TRY(parameter_table_create(&material->table, &material->config, error));
    return read_weights(material, &source, folder, observer, error);
}

bert_status finetune_model_open(finetune_material *material, const bert_observer *observer,
                                bert_error *error)
{
    const bert_finetune_params *params = material->params;
    if (params->model) {
        char *folder;
        TRY(checkpoint_find_model(&folder, params->model, error));
        bert_status status = open_folder(material, folder, observer, error);
        free(folder);
        return status;
    }
    TRY(bert_tokenizer_load(&material->tokenizer, params->tokenizer, NULL, error));
    TRY(configure_fresh(&material->config, material, error));
    TRY(configure_head(material, params->from_scratch, error));
    return parameter_table_create(&material->table, &material->config, error);
}

void finetune_initialize(const finetune_material *material, uint64_t seed, bool from_scratch,
                         float *values)
{
    const parameter_table *table = &material->table;
    parameters_initialize(table, &material->config, seed, values);
    for (size_t i = 0; !from_scratch && i < table->count; i++)
        if (material->from_source[i])
            memcpy(values + table->entries[i].offset, material->source + table->entries[i].offset,
                   table->entries[i].count * sizeof *values);
}
