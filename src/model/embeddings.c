/* Word + position + token type, LayerNorm, dropout. */
#include "model/internal.h"

void embeddings_plan(model_workspace *workspace, arena *arena)
{
    model_activations *a = &workspace->activations;
    size_t tokens = (size_t)workspace->limits.tokens;
    a->positions = arena_take(arena, tokens, sizeof *a->positions);
    a->row_keys = arena_take(arena, tokens, sizeof *a->row_keys);
    a->embedding_norm = norm_take(arena, tokens, (size_t)workspace->model->config.hidden_size);
}

/* Every token's position in its sequence, and its row's key in dropout. */
static void compute_positions(const model_pass *pass)
{
    const model_activations *a = &pass->workspace->activations;
    const model_input *input = pass->input;
    for (int sequence = 0; sequence < input->sequence_count; sequence++) {
        int32_t start = input->sequence_starts[sequence];
        for (int32_t t = start; t < input->sequence_starts[sequence + 1]; t++) {
            a->positions[t] = t - start;
            a->row_keys[t] =
                dropout_row_key(input->sample_numbers[sequence], (uint32_t)(t - start));
        }
    }
}

/* In place, forward and backward. */
static void embeddings_dropout(const model_pass *pass, float *rows)
{
    const model_config *config = &pass->model->config;
    dropout dropout = pass_dropout(pass, config->hidden_dropout_prob, 0, DROPOUT_HIDDEN);
    pass->model->operations->dropout_apply(rows, rows, pass->workspace->activations.row_keys,
                                           pass->tokens, (size_t)config->hidden_size, &dropout);
}

void embeddings_normalize(const model_pass *pass)
{
    const model_activations *a = &pass->workspace->activations;
    pass_layernorm_forward(pass, a->hidden, &a->embedding_norm,
                           &pass->model->parameters.embedding_norm, pass->tokens);
    embeddings_dropout(pass, a->hidden);
}

void embeddings_forward(const model_pass *pass)
{
    const model *model = pass->model;
    const model_parameters *p = &model->parameters;
    const model_activations *a = &pass->workspace->activations;
    bool types = model->config.family == MODEL_BERT;
    compute_positions(pass);
    model->operations->embedding_forward(a->embedding_norm.in, pass->input->tokens, a->positions,
                                         pass->input->token_types, model->values + p->word,
                                         model->values + p->position,
                                         types ? model->values + p->token_type : NULL, pass->tokens,
                                         (size_t)model->config.hidden_size);
    embeddings_normalize(pass);
}

void embeddings_backward(const model_pass *pass)
{
    const model *model = pass->model;
    const model_parameters *p = &model->parameters;
    const model_activations *a = &pass->workspace->activations;
    float *gradients = pass->workspace->gradients;
    embeddings_dropout(pass, a->d_hidden);
    pass_layernorm_backward(pass, a->d_hidden, a->d_hidden, &a->embedding_norm, &p->embedding_norm,
                            pass->tokens);
    float *d_position = model->config.sinusoidal_positions ? NULL : gradients + p->position;
    float *d_type = model->config.family == MODEL_BERT ? gradients + p->token_type : NULL;
    model->operations->embedding_backward(gradients + p->word, d_position, d_type, a->d_hidden,
                                          pass->input->tokens, a->positions,
                                          pass->input->token_types, model->config.pad_token_id,
                                          pass->tokens, (size_t)model->config.hidden_size);
}
