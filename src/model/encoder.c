/* The Transformer encoder (Vaswani et al. 2017, post-norm as in BERT), layer by layer. */
#include "model/internal.h"

#include "base/minmax.h"

int kept_layers(const model *model)
{
    const model_limits *limits = &model->limits;
    return limits->training && !limits->gradient_checkpointing ? model->config.num_hidden_layers
                                                               : 1;
}

void encoder_plan(model *model, arena *arena)
{
    const model_config *config = &model->config;
    model_activations *a = &model->activations;
    size_t tokens = (size_t)model->limits.tokens, hidden = (size_t)config->hidden_size;
    size_t intermediate = (size_t)config->intermediate_size;
    if (model->limits.training && model->limits.gradient_checkpointing)
        a->layer_inputs =
            arena_take(arena, (size_t)config->num_hidden_layers * tokens * hidden, sizeof(float));
    for (int i = 0; i < kept_layers(model); i++) {
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
    a->read_positions = arena_take(arena, tokens, sizeof *a->read_positions);
    a->read_keys = arena_take(arena, tokens, sizeof *a->read_keys);
    a->read_starts = arena_take(arena, (size_t)model->limits.sequences + 1, sizeof *a->read_starts);
    if (model->limits.training)
        a->d_hidden = arena_take(arena, tokens * hidden, sizeof(float));
}

void encoder_scratch_plan(model *model, arena *arena)
{
    model_activations *a = &model->activations;
    size_t tokens = (size_t)model->limits.tokens, hidden = (size_t)model->config.hidden_size;
    size_t intermediate = (size_t)model->config.intermediate_size;
    if (!model->limits.training) {
        a->attention_output = arena_take(arena, tokens * hidden, sizeof(float));
        a->activated = arena_take(arena, tokens * max_size(intermediate, hidden), sizeof(float));
        return;
    }
    /* Behind the feed-forward part of the backward pass, `activated` holds the gradient of query,
     * key and value, and d_wide that of the context. */
    a->activated = arena_take(arena, tokens * max_size(intermediate, 3 * hidden), sizeof(float));
    a->attention_output = arena_take(arena, tokens * hidden, sizeof(float));
    a->d_branch = arena_take(arena, tokens * hidden, sizeof(float));
    a->d_wide = arena_take(arena, tokens * max_size(intermediate, hidden), sizeof(float));
}

static bool checkpoints(const model_pass *pass)
{
    return pass->training && pass->model->limits.gradient_checkpointing;
}

static const layer_activations *pass_layer(const model_pass *pass, int layer)
{
    return &pass->model->activations.layers[pass->training && !checkpoints(pass) ? layer : 0];
}

static float *layer_input(const model_pass *pass, int layer)
{
    const model *model = pass->model;
    return model->activations.layer_inputs +
           (size_t)layer * (size_t)model->limits.tokens * (size_t)model->config.hidden_size;
}

/* What goes into a layer is copied as it stands: computed again it would be the same only where
 * everything before it were. */
static void layer_input_copy(const model_pass *pass, float *to, const float *from)
{
    pass->model->operations->values_copy(to, from,
                                         pass->tokens * (size_t)pass->model->config.hidden_size);
}

static attention_shape pass_attention_shape(const model_pass *pass, const layer_rows *rows)
{
    const model_config *config = &pass->model->config;
    return (attention_shape){
        .tokens = pass->tokens,
        .sequences = (size_t)pass->input->sequence_count,
        .heads = (size_t)config->num_attention_heads,
        .head_size = (size_t)(config->hidden_size / config->num_attention_heads),
        .sequence_starts = pass->input->sequence_starts,
        .queries = rows->count,
        .query_starts = rows->positions ? rows->starts : NULL,
    };
}

/* DistilBERT has none behind attention's output layer. */
static dropout attention_branch_dropout(const model_pass *pass, int index)
{
    const model_config *config = &pass->model->config;
    double probability = config->family == MODEL_BERT ? config->hidden_dropout_prob : 0.0;
    return pass_dropout(pass, probability, index + 1, DROPOUT_HIDDEN);
}

/* Rows need each other as keys and values alone: in the last layer only those ask, and go on, that
 * are read. They lie one behind the other, in the order of the stream. */
static layer_rows query_rows(const model_pass *pass, int index)
{
    if (index == pass->model->config.num_hidden_layers - 1)
        return pass->read;
    return all_rows(pass);
}

/* [T, H], zero where there is no row. */
static void rows_spread(const model_pass *pass, const layer_rows *rows, float *out, const float *in)
{
    const model *model = pass->model;
    size_t hidden = (size_t)model->config.hidden_size;
    model->operations->values_fill(out, pass->tokens * hidden, 0.0f);
    model->operations->rows_scatter_add(out, in, rows->positions, rows->count, hidden);
}

/* From a->hidden [T, H]: query, key and value as attention takes them (math/attention.h). Where not
 * all rows ask, a->activated holds those that do, [rows, H]. */
static void query_key_value(const model_pass *pass, int index, const layer_rows *rows)
{
    const model *model = pass->model;
    const model_activations *a = &model->activations;
    const weight_bias *p = &model->parameters.layers[index].qkv;
    const float *weight = model->values + p->weight, *bias = model->values + p->bias;
    size_t tokens = pass->tokens, hidden = (size_t)model->config.hidden_size;
    float *qkv = pass_layer(pass, index)->qkv;
    if (!rows->positions) {
        model->operations->linear_forward(model->precision, qkv, a->hidden, weight, bias, tokens,
                                          hidden, 3 * hidden);
        return;
    }
    model->operations->linear_forward(model->precision, qkv, a->hidden, weight + hidden * hidden,
                                      bias + hidden, tokens, hidden, 2 * hidden);
    model->operations->rows_gather(a->activated, a->hidden, rows->positions, rows->count, hidden);
    model->operations->linear_forward(model->precision, qkv + tokens * 2 * hidden, a->activated,
                                      weight, bias, rows->count, hidden, hidden);
}

/* a->d_hidden [T, H]: the gradient of the layer's input, from that of query, key and value, and
 * from d_hidden [rows, H], what comes past them. */
static void query_key_value_backward_input(const model_pass *pass, int index,
                                           const layer_rows *rows, float *d_hidden,
                                           const float *d_qkv)
{
    const model *model = pass->model;
    const model_activations *a = &model->activations;
    const float *weight = model->values + model->parameters.layers[index].qkv.weight;
    size_t tokens = pass->tokens, hidden = (size_t)model->config.hidden_size;
    if (!rows->positions) {
        model->operations->linear_backward_input_add(model->precision, d_hidden, d_qkv, weight,
                                                     tokens, hidden, 3 * hidden);
        return;
    }
    model->operations->linear_backward_input_add(model->precision, d_hidden,
                                                 d_qkv + tokens * 2 * hidden, weight, rows->count,
                                                 hidden, hidden);
    rows_spread(pass, rows, a->d_hidden, d_hidden);
    model->operations->linear_backward_input_add(
        model->precision, a->d_hidden, d_qkv, weight + hidden * hidden, tokens, hidden, 2 * hidden);
}

/* a->hidden [T, H]: the layer's input. */
static void query_key_value_backward_weight(const model_pass *pass, int index,
                                            const layer_rows *rows, const float *d_qkv)
{
    const model *model = pass->model;
    const model_activations *a = &model->activations;
    const weight_bias *p = &model->parameters.layers[index].qkv;
    float *weight = model->gradients + p->weight, *bias = model->gradients + p->bias;
    size_t tokens = pass->tokens, hidden = (size_t)model->config.hidden_size;
    if (!rows->positions) {
        model->operations->linear_backward_weight(model->precision, weight, bias, d_qkv, a->hidden,
                                                  tokens, hidden, 3 * hidden);
        return;
    }
    model->operations->linear_backward_weight(model->precision, weight + hidden * hidden,
                                              bias + hidden, d_qkv, a->hidden, tokens, hidden,
                                              2 * hidden);
    model->operations->rows_gather(a->d_branch, a->hidden, rows->positions, rows->count, hidden);
    model->operations->linear_backward_weight(model->precision, weight, bias,
                                              d_qkv + tokens * 2 * hidden, a->d_branch, rows->count,
                                              hidden, hidden);
}

/* norm(residual + dropout(in)) with parameters `p`; `in` lies in norm->in already. */
static void add_norm_forward(const model_pass *pass, const layer_rows *rows, float *out,
                             const norm_activations *norm, const float *residual,
                             const weight_bias *p, const dropout *dropout)
{
    const model *model = pass->model;
    model->operations->dropout_residual_layernorm_forward(
        out, norm->in, norm->mean, norm->reciprocal_deviation, norm->in, residual, dropout,
        rows->keys, model->values + p->weight, model->values + p->bias, rows->count,
        (size_t)model->config.hidden_size, (float)model->config.layer_norm_eps);
}

/* From the gradient of that norm's output in d_hidden: d_hidden becomes the residual's gradient,
 * d_branch the branch's. */
static void add_norm_backward(const model_pass *pass, const layer_rows *rows, float *d_hidden,
                              const norm_activations *norm, const weight_bias *p,
                              const dropout *dropout)
{
    const model *model = pass->model;
    const model_activations *a = &model->activations;
    model->operations->dropout_residual_layernorm_backward(
        a->d_branch, d_hidden, model->gradients + p->weight, model->gradients + p->bias, d_hidden,
        norm->in, norm->mean, norm->reciprocal_deviation, dropout, rows->keys,
        model->values + p->weight, rows->count, (size_t)model->config.hidden_size);
}

/* What a norm put out, again. */
static void layernorm_recompute(const model_pass *pass, size_t rows, float *out,
                                const norm_activations *norm, const weight_bias *p)
{
    const model *model = pass->model;
    model->operations->layernorm_forward(
        out, NULL, NULL, norm->in, model->values + p->weight, model->values + p->bias, rows,
        (size_t)model->config.hidden_size, (float)model->config.layer_norm_eps);
}

static void layer_forward(const model_pass *pass, int index)
{
    const model *model = pass->model;
    const layer_parameters *p = &model->parameters.layers[index];
    const layer_activations *layer = pass_layer(pass, index);
    const float *values = model->values;
    const model_activations *a = &model->activations;
    size_t hidden = (size_t)model->config.hidden_size;
    size_t intermediate = (size_t)model->config.intermediate_size;

    const layer_rows rows = query_rows(pass, index);
    query_key_value(pass, index, &rows);
    attention_shape shape = pass_attention_shape(pass, &rows);
    dropout attention_dropout = pass_dropout(pass, model->config.attention_probs_dropout_prob,
                                             index + 1, DROPOUT_ATTENTION);
    model->operations->attention_forward(model->precision, layer->context,
                                         pass->training ? layer->log_sum_exp : NULL, layer->qkv,
                                         &shape, &attention_dropout, rows.keys);
    model->operations->linear_forward(model->precision, layer->attention_norm.in, layer->context,
                                      values + p->attention_output.weight,
                                      values + p->attention_output.bias, rows.count, hidden,
                                      hidden);
    const float *residual = rows.positions ? a->activated : a->hidden;
    dropout dropout = attention_branch_dropout(pass, index);
    add_norm_forward(pass, &rows, a->attention_output, &layer->attention_norm, residual,
                     &p->attention_norm, &dropout);

    model->operations->linear_gelu_forward(model->precision, a->activated, layer->intermediate,
                                           a->attention_output, values + p->intermediate.weight,
                                           values + p->intermediate.bias, rows.count, hidden,
                                           intermediate);
    model->operations->linear_forward(model->precision, layer->output_norm.in, a->activated,
                                      values + p->output.weight, values + p->output.bias,
                                      rows.count, intermediate, hidden);
    dropout = pass_dropout(pass, model->config.hidden_dropout_prob, index + 1, DROPOUT_OUTPUT);
    add_norm_forward(pass, &rows, rows.positions ? a->activated : a->hidden, &layer->output_norm,
                     a->attention_output, &p->output_norm, &dropout);
    if (rows.positions)
        rows_spread(pass, &rows, a->hidden, a->activated);
}

/* d_hidden [rows, H]: in, the gradient of the layer's output, out, that of what lies before its
 * feed-forward part. */
static void feed_forward_backward(const model_pass *pass, int index, const layer_rows *rows,
                                  float *d_hidden)
{
    const model *model = pass->model;
    const model_activations *a = &model->activations;
    const layer_parameters *p = &model->parameters.layers[index];
    const layer_activations *layer = pass_layer(pass, index);
    const float *values = model->values;
    float *gradients = model->gradients;
    size_t count = rows->count, hidden = (size_t)model->config.hidden_size;
    size_t intermediate = (size_t)model->config.intermediate_size;

    dropout dropout =
        pass_dropout(pass, model->config.hidden_dropout_prob, index + 1, DROPOUT_OUTPUT);
    add_norm_backward(pass, rows, d_hidden, &layer->output_norm, &p->output_norm, &dropout);
    layernorm_recompute(pass, count, a->attention_output, &layer->attention_norm,
                        &p->attention_norm);
    model->operations->linear_gelu_backward_input(
        model->precision, a->d_wide, a->activated, a->d_branch, layer->intermediate,
        values + p->output.weight, count, intermediate, hidden);
    model->operations->linear_backward_weight(model->precision, gradients + p->output.weight,
                                              gradients + p->output.bias, a->d_branch, a->activated,
                                              count, intermediate, hidden);
    model->operations->linear_backward_weight(model->precision, gradients + p->intermediate.weight,
                                              gradients + p->intermediate.bias, a->d_wide,
                                              a->attention_output, count, hidden, intermediate);
    model->operations->linear_backward_input_add(model->precision, d_hidden, a->d_wide,
                                                 values + p->intermediate.weight, count, hidden,
                                                 intermediate);
}

/* d_hidden [rows, H]: the gradient of what lies behind attention's norm. That of the layer's input
 * comes to a->d_hidden [T, H]. */
static void attention_part_backward(const model_pass *pass, int index, const layer_rows *rows,
                                    float *d_hidden)
{
    const model *model = pass->model;
    const model_activations *a = &model->activations;
    const layer_parameters *p = &model->parameters.layers[index];
    const layer_activations *layer = pass_layer(pass, index);
    const float *values = model->values;
    float *gradients = model->gradients, *d_context = a->d_wide, *d_qkv = a->activated;
    size_t hidden = (size_t)model->config.hidden_size;

    dropout dropout = attention_branch_dropout(pass, index);
    add_norm_backward(pass, rows, d_hidden, &layer->attention_norm, &p->attention_norm, &dropout);
    model->operations->linear_backward_weight(model->precision,
                                              gradients + p->attention_output.weight,
                                              gradients + p->attention_output.bias, a->d_branch,
                                              layer->context, rows->count, hidden, hidden);
    model->operations->linear_backward_input(model->precision, d_context, a->d_branch,
                                             values + p->attention_output.weight, rows->count,
                                             hidden, hidden);
    attention_shape shape = pass_attention_shape(pass, rows);
    dropout = pass_dropout(pass, model->config.attention_probs_dropout_prob, index + 1,
                           DROPOUT_ATTENTION);
    model->operations->attention_backward(model->precision, d_qkv, d_context, layer->context,
                                          layer->log_sum_exp, layer->qkv, &shape, &dropout,
                                          rows->keys);
    query_key_value_backward_input(pass, index, rows, d_hidden, d_qkv);
    if (checkpoints(pass))
        layer_input_copy(pass, a->hidden, layer_input(pass, index));
    else if (index == 0)
        embeddings_normalize(pass);
    else
        layernorm_recompute(pass, pass->tokens, a->hidden,
                            &pass_layer(pass, index - 1)->output_norm,
                            &model->parameters.layers[index - 1].output_norm);
    query_key_value_backward_weight(pass, index, rows, d_qkv);
}

static void layer_backward(const model_pass *pass, int index)
{
    const model_activations *a = &pass->model->activations;
    const layer_rows rows = query_rows(pass, index);
    float *d_hidden = a->d_hidden;
    if (rows.positions) { /* `hidden` holds nothing yet */
        d_hidden = a->hidden;
        pass->model->operations->rows_gather(d_hidden, a->d_hidden, rows.positions, rows.count,
                                             (size_t)pass->model->config.hidden_size);
    }
    feed_forward_backward(pass, index, &rows, d_hidden);
    attention_part_backward(pass, index, &rows, d_hidden);
}

void encoder_forward(const model_pass *pass)
{
    for (int layer = 0; layer < pass->model->config.num_hidden_layers; layer++) {
        if (checkpoints(pass))
            layer_input_copy(pass, layer_input(pass, layer), pass->model->activations.hidden);
        layer_forward(pass, layer);
    }
}

void encoder_backward(const model_pass *pass)
{
    for (int layer = pass->model->config.num_hidden_layers - 1; layer >= 0; layer--) {
        if (checkpoints(pass) && layer < pass->model->config.num_hidden_layers - 1) {
            layer_input_copy(pass, pass->model->activations.hidden, layer_input(pass, layer));
            layer_forward(pass, layer);
        }
        layer_backward(pass, layer);
        pass_gradients_ready(pass, pass->model->parameters.layers[layer].qkv.weight);
    }
}
