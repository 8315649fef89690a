/* Passes through a model, and the operations on its parameters that they are made of. */
#include "model/internal.h"

/* ---------------------------------------------------------------------------- linear layers --- */

void pass_linear_forward(const model_pass *pass, float *out, const float *in, const weight_bias *p,
                         size_t rows, size_t inputs, size_t outputs)
{
    const float *values = pass->model->values;
    pass->model->operations->linear_forward(pass->workspace->precision, out, in, values + p->weight,
                                            values + p->bias, rows, inputs, outputs);
}

void pass_linear_activation_forward(const model_pass *pass, float *activated, float *out,
                                    const float *in, const weight_bias *p, size_t rows,
                                    size_t inputs, size_t outputs)
{
    const float *values = pass->model->values;
    pass->model->operations->linear_activation_forward(
        pass->workspace->precision, pass->model->config.hidden_act, activated, out, in,
        values + p->weight, values + p->bias, rows, inputs, outputs);
}

void pass_linear_backward_input(const model_pass *pass, float *d_in, const float *d_out,
                                const weight_bias *p, size_t rows, size_t inputs, size_t outputs)
{
    pass->model->operations->linear_backward_input(pass->workspace->precision, d_in, d_out,
                                                   pass->model->values + p->weight, rows, inputs,
                                                   outputs);
}

void pass_linear_backward_input_add(const model_pass *pass, float *d_in, const float *d_out,
                                    const weight_bias *p, size_t rows, size_t inputs,
                                    size_t outputs)
{
    pass->model->operations->linear_backward_input_add(pass->workspace->precision, d_in, d_out,
                                                       pass->model->values + p->weight, rows,
                                                       inputs, outputs);
}

void pass_linear_activation_backward_input(const model_pass *pass, float *d_before,
                                           float *activated, const float *d_out,
                                           const float *before, const weight_bias *p, size_t rows,
                                           size_t inputs, size_t outputs)
{
    pass->model->operations->linear_activation_backward_input(
        pass->workspace->precision, pass->model->config.hidden_act, d_before, activated, d_out,
        before, pass->model->values + p->weight, rows, inputs, outputs);
}

void pass_linear_backward_weight(const model_pass *pass, const weight_bias *p, const float *d_out,
                                 const float *in, size_t rows, size_t inputs, size_t outputs)
{
    float *gradients = pass->workspace->gradients;
    pass->model->operations->linear_backward_weight(pass->workspace->precision,
                                                    gradients + p->weight, gradients + p->bias,
                                                    d_out, in, rows, inputs, outputs);
}

/* ------------------------------------------------------------------------------- LayerNorm --- */

void pass_layernorm_forward(const model_pass *pass, float *out, const norm_activations *norm,
                            const weight_bias *p, size_t rows)
{
    const model *model = pass->model;
    model->operations->layernorm_forward(out, norm->mean, norm->reciprocal_deviation, norm->in,
                                         model->values + p->weight, model->values + p->bias, rows,
                                         (size_t)model->config.hidden_size,
                                         (float)model->config.layer_norm_eps);
}

void pass_layernorm_recompute(const model_pass *pass, float *out, const norm_activations *norm,
                              const weight_bias *p, size_t rows)
{
    pass_layernorm_forward(pass, out, &(norm_activations){.in = norm->in}, p, rows);
}

void pass_layernorm_backward(const model_pass *pass, float *d_in, const float *d_out,
                             const norm_activations *norm, const weight_bias *p, size_t rows)
{
    float *gradients = pass->workspace->gradients;
    const model *model = pass->model;
    model->operations->layernorm_backward(d_in, gradients + p->weight, gradients + p->bias, d_out,
                                          norm->in, norm->mean, norm->reciprocal_deviation,
                                          model->values + p->weight, rows,
                                          (size_t)model->config.hidden_size);
}

/* ---------------------------------------------------------------------------------- passes --- */

dropout pass_dropout(const model_pass *pass, double probability, int layer, enum dropout_site site)
{
    return dropout_at(pass->training ? probability : 0.0, pass->seed, pass->step,
                      (uint32_t)layer << 12 | (uint32_t)site);
}

void pass_gradients_ready(const model_pass *pass, size_t first)
{
    const model_workspace *workspace = pass->workspace;
    if (workspace->gradients_ready)
        workspace->gradients_ready(workspace->gradients_ready_context, first);
}

model_pass model_forward(model_workspace *workspace, const model_input *input, pass_rows rows,
                         bool training, uint64_t seed, uint64_t step)
{
    const model *model = workspace->model;
    model_pass pass = {
        .model = model,
        .workspace = workspace,
        .input = input,
        .tokens = (size_t)input->token_count,
        .training = training,
        .seed = seed,
        .step = step,
    };
    embeddings_forward(&pass);
    pass.last_queries = rows == ROWS_ALL ? query_rows_all(&pass) : query_rows_of_heads(&pass);
    encoder_forward(&pass);
    if (training)
        model->operations->values_zero(workspace->activations.d_hidden,
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

void model_mlm_logits(model_workspace *workspace, const model_input *input, float *logits)
{
    model_pass pass = model_forward(workspace, input, ROWS_NEEDED_BY_HEADS, false, 0, 0);
    mlm_head_logits(&pass, logits);
}

void model_nsp_logits(model_workspace *workspace, const model_input *input, float *logits)
{
    model_pass pass = model_forward(workspace, input, ROWS_NEEDED_BY_HEADS, false, 0, 0);
    sequence_head_logits(&pass, logits);
}

void model_label_logits(model_workspace *workspace, const model_input *input, float *logits)
{
    model_pass pass = model_forward(workspace, input, ROWS_NEEDED_BY_HEADS, false, 0, 0);
    sequence_head_logits(&pass, logits);
}

void model_hidden_states(model_workspace *workspace, const model_input *input, float *hidden_states)
{
    model_pass pass = model_forward(workspace, input, ROWS_ALL, false, 0, 0);
    const model *model = pass.model;
    model->operations->values_copy(hidden_states, workspace->activations.hidden,
                                   pass.tokens * (size_t)model->config.hidden_size);
}
