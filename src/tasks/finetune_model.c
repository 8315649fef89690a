/* The model that is fine-tuned: its configuration with a classifier, its tokenizer, its weights. */
#include "tasks/finetune_inputs.h"

#include "base/file.h"
#include "model/folder.h"
#include "model/weights.h"
#include "train/checkpoint.h"

#include <stdlib.h>

static bert_status configure_fresh(model_config *config, const finetune_inputs *inputs,
                                   bert_error *error)
{
    const char *name = inputs->params->from_scratch;
    if (model_config_named(config, name, NULL) == BERT_OK)
        config->vocab_size = (int)bert_tokenizer_vocab_size(inputs->tokenizer);
    else if (file_exists(name) && !path_is_directory(name))
        TRY(model_config_read(config, name, error));
    else
        return model_config_named(config, name, error); /* says which names there are */
    config->pad_token_id = tokenizer_special(inputs->tokenizer).pad;
    return BERT_OK;
}

/* The classifier, which replaces any other head. */
static bert_status configure_head(finetune_inputs *inputs, const char *origin, bert_error *error)
{
    const bert_finetune_params *params = inputs->params;
    model_config *config = &inputs->config;
    model_config_set_head(config, MODEL_HEAD_CLASSIFICATION);
    config->num_labels = inputs->regression ? 1 : (int)inputs->classes.count;
    config->problem = inputs->regression ? MODEL_REGRESSION : MODEL_CLASSIFICATION;
    if (params->hidden_dropout_prob >= 0)
        config->hidden_dropout_prob = params->hidden_dropout_prob;
    if (params->attention_probs_dropout_prob >= 0)
        config->attention_probs_dropout_prob = params->attention_probs_dropout_prob;
    size_t tokens = bert_tokenizer_vocab_size(inputs->tokenizer);
    if ((size_t)config->vocab_size < tokens)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: vocab_size is %d, but the tokenizer has %zu tokens; they do not "
                         "belong together",
                         origin, config->vocab_size, tokens);
    if (params->max_seq_length > config->max_position_embeddings)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->max_seq_length is %d, but the model %s has %d positions",
                         params->max_seq_length, origin, config->max_position_embeddings);
    return model_config_check(config, origin, error);
}

static bert_status open_folder(finetune_inputs *inputs, bert_error *error)
{
    const char *model = inputs->folder;
    char *folder;
    TRY(checkpoint_verify_model(model, error));
    TRY(model_folder_read_config(&inputs->config, model, error));
    TRY(model_find_folder(&folder, model, error));
    bert_status status = bert_tokenizer_load(&inputs->tokenizer, folder, NULL, error);
    free(folder);
    TRY(status);
    return configure_head(inputs, model, error);
}

bert_status finetune_model_open(finetune_inputs *inputs, bert_error *error)
{
    const bert_finetune_params *params = inputs->params;
    if (params->model) {
        TRY(checkpoint_find_model(&inputs->folder, params->model, error));
        TRY(open_folder(inputs, error));
    } else {
        TRY(bert_tokenizer_load(&inputs->tokenizer, params->tokenizer, &params->tokenizer_options,
                                error));
        TRY(configure_fresh(&inputs->config, inputs, error));
        TRY(configure_head(inputs, params->from_scratch, error));
    }
    return parameter_table_create(&inputs->table, &inputs->config, error);
}

bert_status finetune_initialize(const finetune_inputs *inputs, uint64_t seed, bool from_scratch,
                                const bert_observer *observer, float *values, bert_error *error)
{
    if (!from_scratch) {
        const weights_options options = {.create_heads = true, .seed = seed, .observer = observer};
        return weights_load(&inputs->table, &inputs->config, values, inputs->folder, &options,
                            error);
    }
    parameters_initialize(&inputs->table, &inputs->config, seed, values);
    return BERT_OK;
}
