/* A model's life: its table of parameters, its weights, and the workspace that it may own. */
#include "model/internal.h"

#include <stdlib.h>

/* --------------------------------------------------------------------------------- layout --- */

/* Zero for roles that the model does not have, whose offsets nothing uses. */
static weight_bias weight_bias_of(const model *model, parameter_role role, int layer)
{
    const parameter *weight = parameter_of_role(&model->table, role, layer, false);
    const parameter *bias = parameter_of_role(&model->table, role, layer, true);
    return (weight_bias){.weight = weight ? weight->offset : 0, .bias = bias ? bias->offset : 0};
}

static layer_parameters layer_locate(const model *model, int layer)
{
    return (layer_parameters){
        .qkv = weight_bias_of(model, ROLE_QUERY, layer),
        .attention_output = weight_bias_of(model, ROLE_ATTENTION_OUTPUT, layer),
        .attention_norm = weight_bias_of(model, ROLE_ATTENTION_NORM, layer),
        .intermediate = weight_bias_of(model, ROLE_INTERMEDIATE, layer),
        .output = weight_bias_of(model, ROLE_OUTPUT, layer),
        .output_norm = weight_bias_of(model, ROLE_OUTPUT_NORM, layer),
    };
}

static bert_status parameters_locate(model *model, bert_error *error)
{
    model_parameters *p = &model->parameters;
    bool pairs = model_config_has_nsp_head(&model->config);
    int layers = model->config.num_hidden_layers;
    *p = (model_parameters){
        .word = weight_bias_of(model, ROLE_WORD, 0).weight,
        .position = weight_bias_of(model, ROLE_POSITION, 0).weight,
        .token_type = weight_bias_of(model, ROLE_TOKEN_TYPE, 0).weight,
        .embedding_norm = weight_bias_of(model, ROLE_EMBEDDING_NORM, 0),
        .decoder_bias = weight_bias_of(model, ROLE_DECODER, 0).bias,
        .transform = weight_bias_of(model, ROLE_TRANSFORM, 0),
        .transform_norm = weight_bias_of(model, ROLE_TRANSFORM_NORM, 0),
        .pooler = weight_bias_of(model, ROLE_POOLER, 0),
        .sequence_output = weight_bias_of(model, pairs ? ROLE_NSP_HEAD : ROLE_CLASSIFIER, 0),
    };
    TRY(memory_array((void **)&p->layers, (size_t)layers, sizeof *p->layers, "layers", error));
    for (int i = 0; i < layers; i++)
        p->layers[i] = layer_locate(model, i);
    size_t last = p->layers[layers - 1].output_norm.bias, entry = 0;
    while (entry < model->table.count && model->table.entries[entry].offset <= last)
        entry++;
    p->heads_offset =
        entry < model->table.count ? model->table.entries[entry].offset : model->table.size;
    return BERT_OK;
}

bool has_sequence_head(const model *model)
{
    return model_config_has_nsp_head(&model->config) ||
           model->config.head == MODEL_HEAD_CLASSIFICATION;
}

/* ----------------------------------------------------------------------------------- life --- */

bert_status model_create(model **out, const model_config *config, const model_limits *limits,
                         bert_error *error)
{
    *out = NULL;
    TRY(model_config_check(config, "model configuration", error));
    model *created = NULL;
    TRY(memory_array((void **)&created, 1, sizeof *created, "model", error));
    created->operations = cpu_operations();
    created->config = *config;
    bert_status status;
    TRY_OR_GO(status, parameter_table_create(&created->table, config, error), failed);
    TRY_OR_GO(status, parameters_locate(created, error), failed);
    TRY_OR_GO(status,
              created->operations->memory_map((void **)&created->values,
                                              created->table.size * sizeof(float),
                                              "the model's parameters", error),
              failed);
    if (limits)
        TRY_OR_GO(status, model_workspace_create(&created->workspace, created, limits, error),
                  failed);
    *out = created;
    return BERT_OK;
failed:
    model_free(created);
    return status;
}

void model_free(model *model)
{
    if (!model)
        return;
    model_workspace_free(model->workspace);
    model->operations->memory_unmap(model->values, model->table.size * sizeof(float));
    free(model->parameters.layers);
    parameter_table_free(&model->table);
    free(model);
}

const model_config *model_configuration(const model *model)
{
    return &model->config;
}

const operations *model_operations(const model *model)
{
    return model->operations;
}

const parameter_table *model_parameter_table(const model *model)
{
    return &model->table;
}

float *model_weights(model *model)
{
    return model->values;
}

const char *model_find_nonfinite(const model *model, const float *buffer)
{
    for (size_t i = 0; i < model->table.count; i++) {
        const parameter *entry = &model->table.entries[i];
        if (!model->operations->all_finite(buffer + entry->offset, entry->count))
            return entry->name;
    }
    return NULL;
}

/* -------------------------------------------------------------------------- its own workspace ---
 */

model_workspace *model_own_workspace(model *model)
{
    return model->workspace;
}

void model_set_precision(model *model, gemm_precision precision)
{
    model->workspace->precision = precision;
}

void model_watch_gradients(model *model, model_gradients_ready *ready, void *context)
{
    model->workspace->gradients_ready = ready;
    model->workspace->gradients_ready_context = context;
}

float *model_gradients(model *model)
{
    return model->workspace->gradients;
}

model_memory model_memory_used(const model *model)
{
    size_t bytes = model->table.size * sizeof(float);
    return (model_memory){
        .parameters = bytes,
        .gradients = model->workspace->gradients ? bytes : 0,
        .activations = model->workspace->arena_size,
    };
}
