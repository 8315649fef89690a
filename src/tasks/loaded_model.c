#include "tasks/loaded_model.h"

#include "base/file.h"
#include "base/memory.h"
#include "train/checkpoint.h"

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

static bert_status load_weights(model **out, const char *directory, bert_error *error)
{
    char *config_path = NULL, *weights_path = NULL;
    model_config config;
    bert_status status;
    *out = NULL;
    TRY_OR_GO(status, path_join(&config_path, directory, "config.json", error), done);
    TRY_OR_GO(status, path_join(&weights_path, directory, "model.safetensors", error), done);
    TRY_OR_GO(status, model_config_read(&config, config_path, error), done);

    const model_limits limits = {.tokens = config.max_position_embeddings,
                                 .sequences = 1,
                                 .masked = config.max_position_embeddings};
    TRY_OR_GO(status, model_create(out, &config, &limits, error), done);
    status = parameters_read(model_parameter_table(*out), model_values(*out), weights_path, error);

done:
    free(config_path);
    free(weights_path);
    return status;
}

bert_status bert_model_load(bert_model **out, const char *path, bert_error *error)
{
    *out = NULL;
    bert_model *loaded = NULL;
    char *directory;
    TRY(checkpoint_find_model(&directory, path, error));
    bert_status status;
    TRY_OR_GO(status, checkpoint_verify_model(directory, error), fail);
    TRY_OR_GO(status, memory_array((void **)&loaded, 1, sizeof *loaded, "a model", error), fail);
    TRY_OR_GO(status, load_weights(&loaded->model, directory, error), fail);
    TRY_OR_GO(status, bert_tokenizer_load(&loaded->tokenizer, directory, NULL, error), fail);
    TRY_OR_GO(status, check_vocabulary(loaded, directory, error), fail);
    free(directory);
    *out = loaded;
    return BERT_OK;

fail:
    free(directory);
    bert_model_free(loaded);
    return status;
}

void bert_model_free(bert_model *loaded)
{
    if (!loaded)
        return;
    model_free(loaded->model);
    bert_tokenizer_free(loaded->tokenizer);
    free(loaded);
}

const bert_tokenizer *bert_model_tokenizer(const bert_model *loaded)
{
    return loaded->tokenizer;
}
