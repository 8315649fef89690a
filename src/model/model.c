/* A model's life: its buffers, its plan of memory, and the passes through it. */
#include "model/internal.h"

#include <stdlib.h>

/* ------------------------------------------------------------------------ where things lie --- */

/* Zero for parts that the model does not have; nothing asks for their place. */
static weight_bias part_locate(const model *model, model_part part, int layer)
{
    const parameter *weight = parameter_of_part(&model->table, part, layer, false);
    const parameter *bias = parameter_of_part(&model->table, part, layer, true);
    return (weight_bias){.weight = weight ? weight->offset : 0, .bias = bias ? bias->offset : 0};
}

static layer_parameters layer_locate(const model *model, int layer)
{
    return (layer_parameters){
        .qkv = part_locate(model, PART_QUERY, layer),
        .attention_output = part_locate(model, PART_ATTENTION_OUTPUT, layer),
        .attention_norm = part_locate(model, PART_ATTENTION_NORM, layer),
        .intermediate = part_locate(model, PART_INTERMEDIATE, layer),
        .output = part_locate(model, PART_OUTPUT, layer),
        .output_norm = part_locate(model, PART_OUTPUT_NORM, layer),
    };
}

static bert_status parameters_locate(model *model, bert_error *error)
{
    model_parameters *p = &model->parameters;
    bool pairs = model_config_has_nsp_head(&model->config);
    int layers = model->config.num_hidden_layers;
    *p = (model_parameters){
        .word = part_locate(model, PART_WORD, 0).weight,
        .position = part_locate(model, PART_POSITION, 0).weight,
        .token_type = part_locate(model, PART_TOKEN_TYPE, 0).weight,
        .embedding_norm = part_locate(model, PART_EMBEDDING_NORM, 0),
        .decoder_bias = part_locate(model, PART_DECODER, 0).bias,
        .transform = part_locate(model, PART_TRANSFORM, 0),
        .transform_norm = part_locate(model, PART_TRANSFORM_NORM, 0),
        .pooler = part_locate(model, PART_POOLER, 0),
        .sequence_output = part_locate(model, pairs ? PART_NSP_HEAD : PART_CLASSIFIER, 0),
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

/* -------------------------------------------------------------------------- plan of memory --- */

norm_activations norm_take(arena *arena, size_t rows, size_t columns)
{
    norm_activations norm;
    norm.in = arena_take(arena, rows * columns, sizeof(float));
    norm.mean = arena_take(arena, rows, sizeof(float));
    norm.reciprocal_deviation = arena_take(arena, rows, sizeof(float));
    return norm;
}

/* Takes every array of a pass: once to measure, once for good. The heads run between the encoder's
 * forward and backward pass, when its scratch holds nothing: they share the place. */
static void activations_plan(model *model, arena *arena)
{
    embeddings_plan(model, arena);
    encoder_plan(model, arena);
    size_t shared = arena->used;
    encoder_scratch_plan(model, arena);
    size_t encoder_end = arena->used;
    arena->used = shared;
    if (model->config.head == MODEL_HEAD_PRETRAINING)
        mlm_head_plan(model, arena);
    if (has_sequence_head(model))
        sequence_head_plan(model, arena);
    if (arena->used < encoder_end)
        arena->used = encoder_end;
}

static bert_status buffers_create(model *model, bert_error *error)
{
    size_t bytes = model->table.size * sizeof(float);
    TRY(model->operations->memory_map((void **)&model->values, bytes, "the model's parameters",
                                      error));
    if (model->limits.training)
        TRY(model->operations->memory_map((void **)&model->gradients, bytes, "gradients", error));
    size_t layers = (size_t)kept_layers(model);
    TRY(memory_array((void **)&model->activations.layers, layers, sizeof *model->activations.layers,
                     "layers", error));
    arena plan = {0};
    activations_plan(model, &plan);
    TRY(model->operations->memory_map(&model->arena, plan.used,
                                      "activations: fewer tokens in a batch need less", error));
    model->arena_size = plan.used;
    plan = (arena){.block = model->arena, .size = model->arena_size};
    activations_plan(model, &plan);
    return BERT_OK;
}

static bert_status check_limits(const model_limits *limits, bert_error *error)
{
    if (limits->tokens < 1 || limits->sequences < 1 || limits->masked < 0 ||
        limits->sequences > limits->tokens || limits->masked > limits->tokens)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "a batch of %d tokens in %d sequences with %d predictions: expected at "
                         "least one token in each sequence and at most one prediction for each "
                         "token",
                         limits->tokens, limits->sequences, limits->masked);
    return BERT_OK;
}

bert_status model_create(model **out, const model_config *config, const model_limits *limits,
                         bert_error *error)
{
    *out = NULL;
    TRY(model_config_check(config, "model configuration", error));
    TRY(check_limits(limits, error));
    model *created = NULL;
    TRY(memory_array((void **)&created, 1, sizeof *created, "model", error));
    created->operations = cpu_operations();
    created->config = *config;
    created->limits = *limits;
    bert_status status;
    TRY_OR_GO(status, parameter_table_create(&created->table, config, error), failed);
    TRY_OR_GO(status, parameters_locate(created, error), failed);
    TRY_OR_GO(status, buffers_create(created, error), failed);
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
    model->operations->memory_unmap(model->values, model->table.size * sizeof(float));
    model->operations->memory_unmap(model->gradients, model->table.size * sizeof(float));
    model->operations->memory_unmap(model->arena, model->arena_size);
    free(model->activations.layers);
    free(model->parameters.layers);
    parameter_table_free(&model->table);
    free(model);
}

void model_set_precision(model *model, gemm_precision precision)
{
    model->precision = precision;
}

void model_watch_gradients(model *model, model_gradients_ready *ready, void *context)
{
    model->gradients_ready = ready;
    model->gradients_ready_context = context;
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

float *model_gradients(model *model)
{
    return model->gradients;
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

model_memory model_memory_used(const model *model)
{
    size_t bytes = model->table.size * sizeof(float);
    return (model_memory){
        .parameters = bytes,
        .gradients = model->gradients ? bytes : 0,
        .activations = model->arena_size,
    };
}

/* ---------------------------------------------------------------------------------- passes --- */

dropout pass_dropout(const model_pass *pass, double probability, int layer, enum dropout_site spot)
{
    return dropout_at(pass->training ? probability : 0.0, pass->seed, pass->step,
                      (uint32_t)layer << 12 | (uint32_t)spot);
}

void pass_gradients_ready(const model_pass *pass, size_t first)
{
    const model *model = pass->model;
    if (model->gradients_ready)
        model->gradients_ready(model->gradients_ready_context, first);
}

model_pass model_forward(model *model, const model_input *input, pass_rows rows, bool training,
                         uint64_t seed, uint64_t step)
{
    model_pass pass = {
        .model = model,
        .input = input,
        .tokens = (size_t)input->token_count,
        .training = training,
        .seed = seed,
        .step = step,
    };
    embeddings_forward(&pass);
    pass.read = rows == ROWS_ALL ? all_rows(&pass) : rows_of_heads(&pass);
    encoder_forward(&pass);
    if (training)
        model->operations->values_zero(model->activations.d_hidden,
                                       pass.tokens * (size_t)model->config.hidden_size);
    return pass;
}

void model_backward(const model_pass *pass)
{
    pass_gradients_ready(pass, pass->model->parameters.heads_offset);
    encoder_backward(pass);
    embeddings_backward(pass);
    pass_gradients_ready(pass, 0);
}

void model_mlm_logits(model *model, const model_input *input, float *logits)
{
    model_pass pass = model_forward(model, input, ROWS_NEEDED_BY_HEADS, false, 0, 0);
    mlm_head_logits(&pass, logits);
}

void model_nsp_logits(model *model, const model_input *input, float *logits)
{
    model_pass pass = model_forward(model, input, ROWS_NEEDED_BY_HEADS, false, 0, 0);
    sequence_head_logits(&pass, logits);
}

void model_label_logits(model *model, const model_input *input, float *logits)
{
    model_pass pass = model_forward(model, input, ROWS_NEEDED_BY_HEADS, false, 0, 0);
    sequence_head_logits(&pass, logits);
}

void model_hidden_states(model *model, const model_input *input, float *hidden_states)
{
    model_pass pass = model_forward(model, input, ROWS_ALL, false, 0, 0);
    model->operations->values_copy(hidden_states, model->activations.hidden,
                                   pass.tokens * (size_t)model->config.hidden_size);
}
