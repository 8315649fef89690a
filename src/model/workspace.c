/* What a pass works in: the plan of a workspace's memory, and its life. */
#include "model/internal.h"

#include <stdlib.h>

norm_activations norm_take(arena *arena, size_t rows, size_t columns)
{
    norm_activations norm;
    norm.in = arena_take(arena, rows * columns, sizeof(float));
    norm.mean = arena_take(arena, rows, sizeof(float));
    norm.reciprocal_deviation = arena_take(arena, rows, sizeof(float));
    return norm;
}

/* Takes every array of a pass: once to measure, once for good. The heads run between the encoder's
 * forward and backward pass, when its scratch holds nothing: they share that memory. */
static void activations_plan(model_workspace *workspace, arena *arena)
{
    embeddings_plan(workspace, arena);
    encoder_plan(workspace, arena);
    size_t shared = arena->used;
    encoder_scratch_plan(workspace, arena);
    size_t encoder_end = arena->used;
    arena->used = shared;
    const model *model = workspace->model;
    if (model->config.head == MODEL_HEAD_PRETRAINING)
        mlm_head_plan(workspace, arena);
    if (has_sequence_head(model))
        sequence_head_plan(workspace, arena);
    if (arena->used < encoder_end)
        arena->used = encoder_end;
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

static bert_status buffers_create(model_workspace *workspace, bert_error *error)
{
    const model *model = workspace->model;
    const operations *operations = model->operations;
    model_activations *a = &workspace->activations;
    if (workspace->limits.training)
        TRY(operations->memory_map((void **)&workspace->gradients,
                                   model->table.size * sizeof(float), "gradients", error));
    TRY(memory_array((void **)&a->layers, (size_t)layers_kept(workspace), sizeof *a->layers,
                     "layers", error));
    arena plan = {0};
    activations_plan(workspace, &plan);
    TRY(operations->memory_map(&workspace->arena, plan.used,
                               "activations: fewer tokens in a batch need less", error));
    workspace->arena_size = plan.used;
    plan = (arena){.block = workspace->arena, .size = workspace->arena_size};
    activations_plan(workspace, &plan);
    return BERT_OK;
}

bert_status model_workspace_create(model_workspace **out, const model *model,
                                   const model_limits *limits, bert_error *error)
{
    *out = NULL;
    TRY(check_limits(limits, error));
    model_workspace *created = NULL;
    TRY(memory_array((void **)&created, 1, sizeof *created, "workspace", error));
    created->model = model;
    created->limits = *limits;
    bert_status status = buffers_create(created, error);
    if (status == BERT_OK)
        *out = created;
    else
        model_workspace_free(created);
    return status;
}

void model_workspace_free(model_workspace *workspace)
{
    if (!workspace)
        return;
    const operations *operations = workspace->model->operations;
    operations->memory_unmap(workspace->gradients, workspace->model->table.size * sizeof(float));
    operations->memory_unmap(workspace->arena, workspace->arena_size);
    free(workspace->activations.layers);
    free(workspace);
}

size_t model_workspace_bytes(const model_workspace *workspace)
{
    return workspace->arena_size;
}
