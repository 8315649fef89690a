#include "tasks/loaded_model.h"

#include "base/memory.h"
#include "base/minmax.h"
#include "base/threads.h"
#include "model/folder.h"
#include "model/weights.h"
#include "options/options.h"
#include "train/checkpoint.h"
#include "train/micro_batch.h"

#include <stdlib.h>

/* Every id that the tokenizer gives must have its row in the model. */
static bert_status check_vocabulary(const bert_model *loaded, const char *directory,
                                    bert_error *error)
{
    size_t tokens = bert_tokenizer_vocab_size(loaded->tokenizer);
    int entries = model_configuration(loaded->model)->vocab_size;
    if (tokens > (size_t)entries)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: the tokenizer has %zu tokens, but the model's vocab_size is %d; they "
                         "do not belong together",
                         directory, tokens, entries);
    return BERT_OK;
}

/* Masks that are filled at once: each takes a row of the vocabulary's probabilities. */
enum { MASKS_AT_ONCE = 256 };

/* One sequence of all positions fits whatever is asked for, all of its tokens masked. */
static model_limits limits_for(const model_config *config, const bert_model_options *options)
{
    int tokens = options->batch_tokens ? options->batch_tokens
                                       : micro_batch_default_tokens(config, GEMM_FLOAT32);
    tokens = max_int(tokens, config->max_position_embeddings);
    return (model_limits){
        .tokens = tokens,
        .sequences = max_int(tokens / 2, 1), /* the shortest: [CLS] and [SEP] */
        .masked = max_int(MASKS_AT_ONCE < tokens ? MASKS_AT_ONCE : tokens,
                          config->max_position_embeddings),
    };
}

static bert_status load_tokenizer(bert_model *loaded, const char *directory, bert_error *error)
{
    char *folder;
    TRY(model_find_folder(&folder, directory, error));
    bert_status status = bert_tokenizer_load(&loaded->tokenizer, folder, NULL, error);
    free(folder);
    return status;
}

static bert_status load_weights(bert_model *loaded, const char *directory,
                                const bert_model_options *options, bert_error *error)
{
    char *config_path = NULL;
    model_config config;
    bert_status status;
    TRY_OR_GO(status, model_find_config(&config_path, directory, error), done);
    TRY_OR_GO(status, model_config_read(&config, config_path, error), done);

    if (config.head == MODEL_HEAD_CLASSIFICATION)
        TRY_OR_GO(status, model_labels_read(&loaded->labels, config.num_labels, config_path, error),
                  done);
    loaded->limits = limits_for(&config, options);
    TRY_OR_GO(status, model_create(&loaded->model, &config, NULL, error), done);
    status = weights_load(model_parameter_table(loaded->model), &config,
                          model_weights(loaded->model), directory, &(weights_options){0}, error);

done:
    free(config_path);
    return status;
}

bert_model_options bert_model_options_default(void)
{
    return (bert_model_options){0};
}

bert_status bert_model_load_with(bert_model **out, const char *path,
                                 const bert_model_options *options, bert_error *error)
{
    const bert_model_options none = bert_model_options_default();
    *out = NULL;
    if (!options)
        options = &none;
    TRY(OPTIONS_CHECK(bert_model_options, options, error));
    bert_model *loaded = NULL;
    char *directory;
    TRY(checkpoint_find_model(&directory, path, error));
    int before = threads_use(options->threads);
    bert_status status;
    TRY_OR_GO(status, checkpoint_verify_model(directory, error), done);
    TRY_OR_GO(status, memory_array((void **)&loaded, 1, sizeof *loaded, "a model", error), done);
    loaded->threads = threads_count();
    TRY_OR_GO(status, load_weights(loaded, directory, options, error), done);
    TRY_OR_GO(status, load_tokenizer(loaded, directory, error), done);
    TRY_OR_GO(status, check_vocabulary(loaded, directory, error), done);
    *out = loaded;
    loaded = NULL;
done:
    free(directory);
    bert_model_free(loaded);
    threads_use(before);
    return status;
}

bert_status bert_model_load(bert_model **out, const char *path, bert_error *error)
{
    return bert_model_load_with(out, path, NULL, error);
}

void bert_model_free(bert_model *loaded)
{
    if (!loaded)
        return;
    model_labels_free(&loaded->labels);
    model_free(loaded->model);
    bert_tokenizer_free(loaded->tokenizer);
    free(loaded);
}

bert_status bert_workspace_create(bert_workspace **out, const bert_model *loaded, bert_error *error)
{
    *out = NULL;
    bert_workspace *created = NULL;
    TRY(memory_array((void **)&created, 1, sizeof *created, "a workspace", error));
    created->loaded = loaded;
    bert_status status =
        model_workspace_create(&created->activations, loaded->model, &loaded->limits, error);
    if (status == BERT_OK)
        *out = created;
    else
        bert_workspace_free(created);
    return status;
}

void bert_workspace_free(bert_workspace *workspace)
{
    if (!workspace)
        return;
    model_workspace_free(workspace->activations);
    free(workspace);
}

size_t bert_workspace_bytes(const bert_workspace *workspace)
{
    return model_workspace_bytes(workspace->activations);
}

const bert_tokenizer *bert_model_tokenizer(const bert_model *loaded)
{
    return loaded->tokenizer;
}

size_t bert_model_hidden_size(const bert_model *loaded)
{
    return (size_t)model_configuration(loaded->model)->hidden_size;
}

bool bert_model_fills_masks(const bert_model *loaded)
{
    return model_configuration(loaded->model)->head == MODEL_HEAD_PRETRAINING;
}

size_t bert_model_label_count(const bert_model *loaded)
{
    return (size_t)loaded->labels.count;
}

const char *bert_model_label(const bert_model *loaded, size_t label)
{
    return loaded->labels.names[label];
}

bool bert_model_is_regression(const bert_model *loaded)
{
    const model_config *config = model_configuration(loaded->model);
    return config->head == MODEL_HEAD_CLASSIFICATION && config->problem == MODEL_REGRESSION;
}
