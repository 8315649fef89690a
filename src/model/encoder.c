/* The Transformer encoder (Vaswani et al. 2017, post-norm as in BERT), layer by layer. */
#include "model/internal.h"

#include "base/minmax.h"

/* ---------------------------------------------------------------------------------- memory --- */

int layers_kept(const model_workspace *workspace)
{
    const model_limits *limits = &workspace->limits;
    return limits->training && !limits->gradient_checkpointing
               ? workspace->model->config.num_hidden_layers
               : 1;
}

void encoder_plan(model_workspace *workspace, arena *arena)
{
    const model_config *config = &workspace->model->config;
    const model_limits *limits = &workspace->limits;
    model_activations *a = &workspace->activations;
    size_t tokens = (size_t)limits->tokens, hidden = (size_t)config->hidden_size;
    size_t intermediate = (size_t)config->intermediate_size;
    if (limits->training && limits->gradient_checkpointing)
        a->layer_inputs =
            arena_take(arena, (size_t)config->num_hidden_layers * tokens * hidden, sizeof(float));
    for (int i = 0; i < layers_kept(workspace); i++) {
        layer_activations *layer = &a->layers[i];
        layer->qkv = arena_take(arena, tokens * 3 * hidden, sizeof(float));
        layer->log_sum_exp =
            arena_take(arena, tokens * (size_t)config->num_attention_heads, sizeof(float));
        layer->context = arena_take(arena, tokens * hidden, sizeof(float));
        layer->attention_norm = norm_take(arena, tokens, hidden);
        layer->intermediate = arena_take(arena, tokens * intermediate, sizeof(float));
        layer->output_norm = norm_take(arena, tokens, hidden);
    }
    a->hidden = arena_take(arena, tokens * hidden, sizeof(float));
    a->query_positions = arena_take(arena, tokens, sizeof *a->query_positions);
    a->query_keys = arena_take(arena, tokens, sizeof *a->query_keys);
    a->query_starts = arena_take(arena, (size_t)limits->sequences + 1, sizeof *a->query_starts);
    if (limits->training)
        a->d_hidden = arena_take(arena, tokens * hidden, sizeof(float));
}

void encoder_scratch_plan(model_workspace *workspace, arena *arena)
{
    model_activations *a = &workspace->activations;
    size_t tokens = (size_t)workspace->limits.tokens;
    size_t hidden = (size_t)workspace->model->config.hidden_size;
    size_t intermediate = (size_t)workspace->model->config.intermediate_size;
    a->attention_output = arena_take(arena, tokens * hidden, sizeof(float));
    if (!workspace->limits.training) {
        /* A layer's query_hidden is read before `activated` is written, and written after it was
         * read. */
        a->activated = arena_take(arena, tokens * max_size(intermediate, hidden), sizeof(float));
        a->query_hidden = a->activated;
        return;
    }
    /* The backward pass of the feed-forward block ends before that of attention begins. */
    a->activated = arena_take(arena, tokens * max_size(intermediate, 3 * hidden), sizeof(float));
    a->d_qkv = a->activated;
    a->d_intermediate = arena_take(arena, tokens * max_size(intermediate, hidden), sizeof(float));
    a->d_context = a->d_intermediate;
    /* query_hidden is used in the forward pass, and in the backward pass after d_branch;
     * d_query_hidden before `hidden` is recomputed. */
    a->d_branch = arena_take(arena, tokens * hidden, sizeof(float));
    a->query_hidden = a->d_branch;
    a->d_query_hidden = a->hidden;
}

static bool checkpoints(const model_pass *pass)
{
    return pass->training && pass->workspace->limits.gradient_checkpointing;
}

static const layer_activations *pass_layer(const model_pass *pass, int layer)
{
    return &pass->workspace->activations.layers[pass->training && !checkpoints(pass) ? layer : 0];
}

static float *layer_input(const model_pass *pass, int layer)
{
    return pass->workspace->activations.layer_inputs + (size_t)layer *
                                                           (size_t)pass->workspace->limits.tokens *
                                                           (size_t)pass->model->config.hidden_size;
}

/* A layer's input is copied, not recomputed: that would give the same bits only where everything
 * before it did. */
static void layer_input_copy(const model_pass *pass, float *to, const float *from)
{
    const model *model = pass->model;
    model->operations->values_copy(to, from, pass->tokens * (size_t)model->config.hidden_size);
}

/* ---------------------------------------------------------------------- what both passes use ---
 */

static query_rows layer_queries(const model_pass *pass, int index)
{
    bool last = index == pass->model->config.num_hidden_layers - 1;
    return last ? pass->last_queries : query_rows_all(pass);
}

static attention_shape pass_attention_shape(const model_pass *pass, const query_rows *rows)
{
    const model_config *config = &pass->model->config;
    return (attention_shape){
        .tokens = pass->tokens,
        .sequences = (size_t)pass->input->sequence_count,
        .heads = (size_t)config->num_attention_heads,
        .head_size = (size_t)(config->hidden_size / config->num_attention_heads),
        .sequence_starts = pass->input->sequence_starts,
        .queries = rows->count,
        .query_starts = rows->starts,
    };
}

static dropout probabilities_dropout(const model_pass *pass, int index)
{
    return pass_dropout(pass, pass->model->config.attention_probs_dropout_prob, index + 1,
                        DROPOUT_ATTENTION);
}

/* DistilBERT has none after attention's output layer. */
static dropout attention_dropout(const model_pass *pass, int index)
{
    const model_config *config = &pass->model->config;
    double probability = config->family == MODEL_BERT ? config->hidden_dropout_prob : 0.0;
    return pass_dropout(pass, probability, index + 1, DROPOUT_HIDDEN);
}

static dropout output_dropout(const model_pass *pass, int index)
{
    return pass_dropout(pass, pass->model->config.hidden_dropout_prob, index + 1, DROPOUT_OUTPUT);
}

/* The outputs of query, key and value from `first` on. */
static weight_bias qkv_from(const model_pass *pass, int index, size_t first)
{
    const weight_bias *qkv = &pass->model->parameters.layers[index].qkv;
    return (weight_bias){.weight = qkv->weight + first * (size_t)pass->model->config.hidden_size,
                         .bias = qkv->bias + first};
}

/* The query projection of the query rows, where it is a separate matrix multiplication. */
static size_t separate_offset(const model_pass *pass)
{
    return pass->tokens * 2 * (size_t)pass->model->config.hidden_size;
}

/* -------------------------------------------------------------------------------- forward --- */

/* norm(residual + dropout(in)) with parameters `p`; `in` is in norm->in already. */
static void add_norm_forward(const model_pass *pass, const query_rows *rows, float *out,
                             const norm_activations *norm, const float *residual,
                             const weight_bias *p, const dropout *dropout)
{
    const model *model = pass->model;
    model->operations->dropout_residual_layernorm_forward(
        out, norm->in, norm->mean, norm->reciprocal_deviation, norm->in, residual, dropout,
        rows->keys, model->values + p->weight, model->values + p->bias, rows->count,
        (size_t)model->config.hidden_size, (float)model->config.layer_norm_eps);
}

/* attention_output [Q, H] from hidden [T, H] and its query rows. */
static void attention_block_forward(const model_pass *pass, int index, const query_rows *rows,
                                    const float *query_hidden)
{
    const layer_parameters *p = &pass->model->parameters.layers[index];
    const layer_activations *layer = pass_layer(pass, index);
    const model_activations *a = &pass->workspace->activations;
    size_t hidden = (size_t)pass->model->config.hidden_size;
    const weight_bias query = qkv_from(pass, index, 0),
                      shared = qkv_from(pass, index, rows->shared);

    pass_linear_forward(pass, layer->qkv, a->hidden, &shared, pass->tokens, hidden,
                        3 * hidden - rows->shared);
    pass_linear_forward(pass, layer->qkv + separate_offset(pass), query_hidden, &query,
                        rows->separate, hidden, hidden);
    attention_shape shape = pass_attention_shape(pass, rows);
    dropout dropout = probabilities_dropout(pass, index);
    pass->model->operations->attention_forward(pass->workspace->precision, layer->context,
                                               pass->training ? layer->log_sum_exp : NULL,
                                               layer->qkv, &shape, &dropout, rows->keys);
    pass_linear_forward(pass, layer->attention_norm.in, layer->context, &p->attention_output,
                        rows->count, hidden, hidden);
    dropout = attention_dropout(pass, index);
    add_norm_forward(pass, rows, a->attention_output, &layer->attention_norm, query_hidden,
                     &p->attention_norm, &dropout);
}

/* out [Q, H] from attention_output [Q, H]. */
static void feed_forward_block_forward(const model_pass *pass, int index, const query_rows *rows,
                                       float *out)
{
    const layer_parameters *p = &pass->model->parameters.layers[index];
    const layer_activations *layer = pass_layer(pass, index);
    const model_activations *a = &pass->workspace->activations;
    size_t hidden = (size_t)pass->model->config.hidden_size;
    size_t intermediate = (size_t)pass->model->config.intermediate_size;

    pass_linear_activation_forward(pass, a->activated, layer->intermediate, a->attention_output,
                                   &p->intermediate, rows->count, hidden, intermediate);
    pass_linear_forward(pass, layer->output_norm.in, a->activated, &p->output, rows->count,
                        intermediate, hidden);
    dropout dropout = output_dropout(pass, index);
    add_norm_forward(pass, rows, out, &layer->output_norm, a->attention_output, &p->output_norm,
                     &dropout);
}

static void layer_forward(const model_pass *pass, int index)
{
    const model_activations *a = &pass->workspace->activations;
    const query_rows rows = layer_queries(pass, index);
    float *query_hidden = query_rows_gather(pass, &rows, a->query_hidden, a->hidden);
    attention_block_forward(pass, index, &rows, query_hidden);
    feed_forward_block_forward(pass, index, &rows, query_hidden);
    query_rows_scatter(pass, &rows, a->hidden, query_hidden);
}

void encoder_forward(const model_pass *pass)
{
    for (int layer = 0; layer < pass->model->config.num_hidden_layers; layer++) {
        if (checkpoints(pass))
            layer_input_copy(pass, layer_input(pass, layer), pass->workspace->activations.hidden);
        layer_forward(pass, layer);
    }
}

/* ------------------------------------------------------------------------------- backward --- */

/* From the gradient of the norm's output in d_hidden [Q, H]: d_hidden becomes the residual's
 * gradient, d_branch that of what is added to it. */
static void add_norm_backward(const model_pass *pass, const query_rows *rows, float *d_hidden,
                              const norm_activations *norm, const weight_bias *p,
                              const dropout *dropout)
{
    const model *model = pass->model;
    float *gradients = pass->workspace->gradients;
    model->operations->dropout_residual_layernorm_backward(
        pass->workspace->activations.d_branch, d_hidden, gradients + p->weight, gradients + p->bias,
        d_hidden, norm->in, norm->mean, norm->reciprocal_deviation, dropout, rows->keys,
        model->values + p->weight, rows->count, (size_t)model->config.hidden_size);
}

/* d_hidden [Q, H]: in, the gradient of the layer's output; out, that of attention_output. */
static void feed_forward_block_backward(const model_pass *pass, int index, const query_rows *rows,
                                        float *d_hidden)
{
    const layer_parameters *p = &pass->model->parameters.layers[index];
    const layer_activations *layer = pass_layer(pass, index);
    const model_activations *a = &pass->workspace->activations;
    size_t count = rows->count, hidden = (size_t)pass->model->config.hidden_size;
    size_t intermediate = (size_t)pass->model->config.intermediate_size;

    dropout dropout = output_dropout(pass, index);
    add_norm_backward(pass, rows, d_hidden, &layer->output_norm, &p->output_norm, &dropout);
    pass_layernorm_recompute(pass, a->attention_output, &layer->attention_norm, &p->attention_norm,
                             count);
    pass_linear_activation_backward_input(pass, a->d_intermediate, a->activated, a->d_branch,
                                          layer->intermediate, &p->output, count, intermediate,
                                          hidden);
    pass_linear_backward_weight(pass, &p->output, a->d_branch, a->activated, count, intermediate,
                                hidden);
    pass_linear_backward_weight(pass, &p->intermediate, a->d_intermediate, a->attention_output,
                                count, hidden, intermediate);
    pass_linear_backward_input_add(pass, d_hidden, a->d_intermediate, &p->intermediate, count,
                                   hidden, intermediate);
}

/* hidden [T, H]: the layer's input, recomputed or restored. */
static void layer_input_recompute(const model_pass *pass, int index)
{
    float *out = pass->workspace->activations.hidden;
    if (checkpoints(pass))
        layer_input_copy(pass, out, layer_input(pass, index));
    else if (index == 0)
        embeddings_normalize(pass);
    else
        pass_layernorm_recompute(pass, out, &pass_layer(pass, index - 1)->output_norm,
                                 &pass->model->parameters.layers[index - 1].output_norm,
                                 pass->tokens);
}

/* From d_qkv: adds to the gradients of the parameters, and gives that of the layer's input to
 * a->d_hidden [T, H], of which d_residual [Q, H] is what comes past attention. */
static void query_key_value_backward(const model_pass *pass, int index, const query_rows *rows,
                                     float *d_residual)
{
    const model_activations *a = &pass->workspace->activations;
    const float *d_query = a->d_qkv + separate_offset(pass);
    size_t hidden = (size_t)pass->model->config.hidden_size, outputs = 3 * hidden - rows->shared;
    const weight_bias query = qkv_from(pass, index, 0),
                      shared = qkv_from(pass, index, rows->shared);

    pass_linear_backward_input_add(pass, d_residual, d_query, &query, rows->separate, hidden,
                                   hidden);
    query_rows_scatter(pass, rows, a->d_hidden, d_residual);
    pass_linear_backward_input_add(pass, a->d_hidden, a->d_qkv, &shared, pass->tokens, hidden,
                                   outputs);
    layer_input_recompute(pass, index);
    const float *query_hidden = query_rows_gather(pass, rows, a->query_hidden, a->hidden);
    pass_linear_backward_weight(pass, &shared, a->d_qkv, a->hidden, pass->tokens, hidden, outputs);
    pass_linear_backward_weight(pass, &query, d_query, query_hidden, rows->separate, hidden,
                                hidden);
}

/* d_hidden [Q, H]: the gradient of attention_output. That of the layer's input comes to a->d_hidden
 * [T, H]. */
static void attention_block_backward(const model_pass *pass, int index, const query_rows *rows,
                                     float *d_hidden)
{
    const layer_parameters *p = &pass->model->parameters.layers[index];
    const layer_activations *layer = pass_layer(pass, index);
    const model_activations *a = &pass->workspace->activations;
    size_t hidden = (size_t)pass->model->config.hidden_size;

    dropout dropout = attention_dropout(pass, index);
    add_norm_backward(pass, rows, d_hidden, &layer->attention_norm, &p->attention_norm, &dropout);
    pass_linear_backward_weight(pass, &p->attention_output, a->d_branch, layer->context,
                                rows->count, hidden, hidden);
    pass_linear_backward_input(pass, a->d_context, a->d_branch, &p->attention_output, rows->count,
                               hidden, hidden);
    attention_shape shape = pass_attention_shape(pass, rows);
    dropout = probabilities_dropout(pass, index);
    pass->model->operations->attention_backward(pass->workspace->precision, a->d_qkv, a->d_context,
                                                layer->context, layer->log_sum_exp, layer->qkv,
                                                &shape, &dropout, rows->keys);
    query_key_value_backward(pass, index, rows, d_hidden);
}

static void layer_backward(const model_pass *pass, int index)
{
    const model_activations *a = &pass->workspace->activations;
    const query_rows rows = layer_queries(pass, index);
    float *d_hidden = query_rows_gather(pass, &rows, a->d_query_hidden, a->d_hidden);
    feed_forward_block_backward(pass, index, &rows, d_hidden);
    attention_block_backward(pass, index, &rows, d_hidden);
}

void encoder_backward(const model_pass *pass)
{
    int last = pass->model->config.num_hidden_layers - 1;
    for (int layer = last; layer >= 0; layer--) {
        if (checkpoints(pass) && layer < last) { /* the last one's activations are still there */
            layer_input_copy(pass, pass->workspace->activations.hidden, layer_input(pass, layer));
            layer_forward(pass, layer);
        }
        layer_backward(pass, layer);
        pass_gradients_ready(pass, pass->model->parameters.layers[layer].qkv.weight);
    }
}
