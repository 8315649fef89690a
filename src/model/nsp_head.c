/* Next-sentence prediction: the pooler (dense and tanh on each sequence's first token) and a linear
 * layer to two classes; 0: B follows A, 1: B is random. */
#include "model/internal.h"

#include "math/activation.h"
#include "math/cross_entropy.h"
#include "math/embedding.h"
#include "math/linear.h"

void nsp_head_plan(model *model, arena *arena)
{
    model_activations *a = &model->activations;
    size_t sequences = (size_t)model->limits.sequences, hidden = (size_t)model->config.hidden_size;
    a->first_tokens = arena_take(arena, sequences * hidden, sizeof(float));
    a->pooled = arena_take(arena, sequences * hidden, sizeof(float));
    a->pair_logits = arena_take(arena, sequences * 2, sizeof(float));
    a->pair_labels = arena_take(arena, sequences, sizeof *a->pair_labels);
    if (model->limits.training) {
        a->d_pooled = arena_take(arena, sequences * hidden, sizeof(float));
        a->d_first_tokens = arena_take(arena, sequences * hidden, sizeof(float));
    }
}

void nsp_head_logits(const model_pass *pass, float *logits)
{
    const model *model = pass->model;
    const model_parameters *p = &model->parameters;
    const model_activations *a = &model->activations;
    const float *values = model->values;
    size_t sequences = (size_t)pass->input->sequence_count;
    size_t hidden = (size_t)model->config.hidden_size;
    rows_gather(a->first_tokens, a->hidden, pass->input->sequence_starts, sequences, hidden);
    linear_forward(model->precision, a->pooled, a->first_tokens, values + p->pooler.weight,
                   values + p->pooler.bias, sequences, hidden, hidden);
    tanh_forward(a->pooled, a->pooled, sequences * hidden);
    linear_forward(model->precision, logits, a->pooled, values + p->pair.weight,
                   values + p->pair.bias, sequences, hidden, 2);
}

/* pair_logits hold their gradient by now. */
static void head_backward(const model_pass *pass)
{
    const model *model = pass->model;
    const model_parameters *p = &model->parameters;
    const model_activations *a = &model->activations;
    const float *values = model->values;
    float *gradients = model->gradients;
    size_t sequences = (size_t)pass->input->sequence_count;
    size_t hidden = (size_t)model->config.hidden_size;
    linear_backward_weight(model->precision, gradients + p->pair.weight, gradients + p->pair.bias,
                           a->pair_logits, a->pooled, sequences, hidden, 2);
    linear_backward_input(model->precision, a->d_pooled, a->pair_logits, values + p->pair.weight,
                          sequences, hidden, 2);
    tanh_backward(a->d_pooled, a->d_pooled, a->pooled, sequences * hidden);
    linear_backward_weight(model->precision, gradients + p->pooler.weight,
                           gradients + p->pooler.bias, a->d_pooled, a->first_tokens, sequences,
                           hidden, hidden);
    linear_backward_input(model->precision, a->d_first_tokens, a->d_pooled,
                          values + p->pooler.weight, sequences, hidden, hidden);
    rows_scatter_add(a->d_hidden, a->d_first_tokens, pass->input->sequence_starts, sequences,
                     hidden);
}

void nsp_head_run(const model_pass *pass, double scale, model_losses *losses)
{
    float *logits = pass->model->activations.pair_logits;
    int32_t *labels = pass->model->activations.pair_labels;
    size_t sequences = (size_t)pass->input->sequence_count;
    for (size_t i = 0; i < sequences; i++)
        labels[i] = pass->input->next_sentence_labels[i];
    nsp_head_logits(pass, logits);
    cross_entropy_sums sums;
    if (pass->training) {
        sums = cross_entropy_forward_backward(logits, labels, sequences, 2, (float)scale);
        head_backward(pass);
    } else {
        sums = cross_entropy_forward(logits, labels, sequences, 2);
    }
    losses->nsp_loss += sums.loss;
    losses->nsp_correct += sums.correct;
    losses->nsp_count += sequences;
}
