/* A model's life: its buffers, its plan of memory, and the passes through it. */
#include "model/internal.h"

#include "math/fill.h"
#include "math/reduce.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------ where things lie --- */

/* Looks names up in a table that has them. The search goes on from the last find: names that are
 * asked for in the table's order are found at once, and none is missed. */
typedef struct locator {
    const parameter_table *table;
    size_t next;
} locator;

static size_t offset_of(locator *locator, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static size_t offset_of(locator *locator, const char *format, ...)
{
    char name[sizeof locator->table->entries->name];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    const parameter *entry;
    do {
        entry = &locator->table->entries[locator->next];
        locator->next = (locator->next + 1) % locator->table->count;
    } while (strcmp(entry->name, name) != 0);
    return entry->offset;
}

static weight_bias pair_of(locator *locator, const char *prefix, const char *name)
{
    weight_bias pair;
    pair.weight = offset_of(locator, "%s.%s.weight", prefix, name);
    pair.bias = offset_of(locator, "%s.%s.bias", prefix, name);
    return pair;
}

static layer_parameters layer_locate(locator *locator, int layer)
{
    char prefix[64];
    snprintf(prefix, sizeof prefix, "bert.encoder.layer.%d", layer);
    layer_parameters p;
    p.qkv = pair_of(locator, prefix, "attention.self.query");
    p.attention_output = pair_of(locator, prefix, "attention.output.dense");
    p.attention_norm = pair_of(locator, prefix, "attention.output.LayerNorm");
    p.intermediate = pair_of(locator, prefix, "intermediate.dense");
    p.output = pair_of(locator, prefix, "output.dense");
    p.output_norm = pair_of(locator, prefix, "output.LayerNorm");
    return p;
}

static bert_status parameters_locate(model *model, bert_error *error)
{
    locator locator = {.table = &model->table};
    model_parameters *p = &model->parameters;
    int layers = model->config.num_hidden_layers;
    TRY(memory_array((void **)&p->layers, (size_t)layers, sizeof *p->layers, "layers", error));
    p->word = offset_of(&locator, "bert.embeddings.word_embeddings.weight");
    p->position = offset_of(&locator, "bert.embeddings.position_embeddings.weight");
    p->token_type = offset_of(&locator, "bert.embeddings.token_type_embeddings.weight");
    p->embedding_norm = pair_of(&locator, "bert.embeddings", "LayerNorm");
    for (int i = 0; i < layers; i++)
        p->layers[i] = layer_locate(&locator, i);
    p->decoder_bias = offset_of(&locator, "cls.predictions.bias");
    p->transform = pair_of(&locator, "cls.predictions.transform", "dense");
    p->transform_norm = pair_of(&locator, "cls.predictions.transform", "LayerNorm");
    if (model->config.next_sentence_prediction) {
        p->pooler = pair_of(&locator, "bert.pooler", "dense");
        p->pair = pair_of(&locator, "cls", "seq_relationship");
    }
    return BERT_OK;
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
    mlm_head_plan(model, arena);
    if (model->config.next_sentence_prediction)
        nsp_head_plan(model, arena);
    if (arena->used < encoder_end)
        arena->used = encoder_end;
}

static bert_status buffers_create(model *model, bert_error *error)
{
    size_t bytes = model->table.size * sizeof(float);
    TRY(memory_map((void **)&model->values, bytes, "the model's parameters", error));
    if (model->limits.training)
        TRY(memory_map((void **)&model->gradients, bytes, "gradients", error));
    size_t layers = model->limits.training ? (size_t)model->config.num_hidden_layers : 1;
    TRY(memory_array((void **)&model->activations.layers, layers, sizeof *model->activations.layers,
                     "layers", error));
    arena plan = {0};
    activations_plan(model, &plan);
    TRY(memory_map(&model->arena, plan.used, "activations: fewer tokens in a batch need less",
                   error));
    model->arena_size = plan.used;
    plan = (arena){.block = model->arena, .size = model->arena_size};
    activations_plan(model, &plan);
    return BERT_OK;
}

static bert_status check_limits(const model_limits *limits, bert_error *error)
{
    if (limits->tokens < 1 || limits->sequences < 1 || limits->masked < 0 ||
        limits->sequences > limits->tokens || limits->masked > limits->tokens)
        return error_set(error, BERT_ERROR_USAGE,
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
    memory_unmap(model->values, model->table.size * sizeof(float));
    memory_unmap(model->gradients, model->table.size * sizeof(float));
    memory_unmap(model->arena, model->arena_size);
    free(model->activations.layers);
    free(model->parameters.layers);
    parameter_table_free(&model->table);
    free(model);
}

void model_set_precision(model *model, gemm_precision precision)
{
    model->precision = precision;
}

const model_config *model_configuration(const model *model)
{
    return &model->config;
}

const parameter_table *model_parameter_table(const model *model)
{
    return &model->table;
}

float *model_values(model *model)
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
        if (!all_finite(buffer + entry->offset, entry->count))
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

dropout pass_dropout(const model_pass *pass, double probability, int layer, enum dropout_spot spot)
{
    return dropout_at(pass->training ? probability : 0.0, pass->seed, pass->step,
                      (uint32_t)layer << 12 | (uint32_t)spot);
}

static model_pass pass_forward(model *model, const model_input *input, bool training, uint64_t seed,
                               uint64_t step)
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
    encoder_forward(&pass);
    return pass;
}

static void heads_run(const model_pass *pass, double mlm_scale, double nsp_scale,
                      model_losses *losses)
{
    if (pass->input->masked_labels)
        mlm_head_run(pass, mlm_scale, losses);
    if (pass->input->next_sentence_labels)
        nsp_head_run(pass, nsp_scale, losses);
}

void model_train(model *model, const model_input *input, uint64_t seed, uint64_t step,
                 double mlm_scale, double nsp_scale, model_losses *losses)
{
    model_pass pass = pass_forward(model, input, true, seed, step);
    values_fill(model->activations.d_hidden, pass.tokens * (size_t)model->config.hidden_size, 0.0f);
    heads_run(&pass, mlm_scale, nsp_scale, losses);
    encoder_backward(&pass);
    embeddings_backward(&pass);
}

void model_evaluate(model *model, const model_input *input, model_losses *losses)
{
    model_pass pass = pass_forward(model, input, false, 0, 0);
    heads_run(&pass, 0.0, 0.0, losses);
}

void model_mlm_logits(model *model, const model_input *input, float *logits)
{
    model_pass pass = pass_forward(model, input, false, 0, 0);
    mlm_head_logits(&pass, logits);
}

void model_nsp_logits(model *model, const model_input *input, float *logits)
{
    model_pass pass = pass_forward(model, input, false, 0, 0);
    nsp_head_logits(&pass, logits);
}

void model_hidden_states(model *model, const model_input *input, float *hidden_states)
{
    model_pass pass = pass_forward(model, input, false, 0, 0);
    memcpy(hidden_states, model->activations.hidden,
           pass.tokens * (size_t)model->config.hidden_size * sizeof(float));
}
