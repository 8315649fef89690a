/* Word + position + token type, LayerNorm, dropout. */
#include "model/internal.h"

void embeddings_plan(model *model, arena *arena)
{
    model_activations *a = &model->activations;
    size_t tokens = (size_t)model->limits.tokens, hidden = (size_t)model->config.hidden_size;
    a->positions = arena_take(arena, tokens, sizeof *a->positions);
    a->row_keys = arena_take(arena, tokens, sizeof *a->row_keys);
    a->embedding_norm = norm_take(arena, tokens, hidden);
}

/* Where every token stands in its sequence, and what its row is called in dropout. */
static void compute_positions(const model_pass *pass)
{
    model_activations *a = &pass->model->activations;
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

void embeddings_normalize(const model_pass *pass)
{
    const model *model = pass->model;
    const model_activations *a = &model->activations;
    const weight_bias *norm = &model->parameters.embedding_norm;
    size_t hidden = (size_t)model->config.hidden_size;
    model->operations->layernorm_forward(
        a->hidden, a->embedding_norm.mean, a->embedding_norm.reciprocal_deviation,
        a->embedding_norm.in, model->values + norm->weight, model->values + norm->bias,
        pass->tokens, hidden, (float)model->config.layer_norm_eps);
    dropout dropout = pass_dropout(pass, model->config.hidden_dropout_prob, 0, DROPOUT_HIDDEN);
    if (dropout.threshold)
        model->operations->dropout_apply(a->hidden, a->hidden, a->row_keys, pass->tokens, hidden,
                                         &dropout);
}

void embeddings_forward(const model_pass *pass)
{
    const model *model = pass->model;
    const model_parameters *p = &model->parameters;
    const model_activations *a = &model->activations;
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
    const model_activations *a = &model->activations;
    float *gradients = model->gradients;
    size_t hidden = (size_t)model->config.hidden_size;
    dropout dropout = pass_dropout(pass, model->config.hidden_dropout_prob, 0, DROPOUT_HIDDEN);
    if (dropout.threshold)
        model->operations->dropout_apply(a->d_hidden, a->d_hidden, a->row_keys, pass->tokens,
                                         hidden, &dropout);
    model->operations->layernorm_backward(
        a->d_hidden, gradients + p->embedding_norm.weight, gradients + p->embedding_norm.bias,
        a->d_hidden, a->embedding_norm.in, a->embedding_norm.mean,
        a->embedding_norm.reciprocal_deviation, model->values + p->embedding_norm.weight,
        pass->tokens, hidden);
    float *d_position = model->config.sinusoidal_positions ? NULL : gradients + p->position;
    float *d_type = model->config.family == MODEL_BERT ? gradients + p->token_type : NULL;
    model->operations->embedding_backward(
        gradients + p->word, d_position, d_type, a->d_hidden, pass->input->tokens, a->positions,
        pass->input->token_types, model->config.pad_token_id, pass->tokens, hidden);
}
