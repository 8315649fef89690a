/* Heads on the first token of a sequence: a dense layer with tanh (BERT's pooler) or
 * ReLU (DistilBERT's pre_classifier), dropout, and a linear layer. With two outputs and no dropout
 * it is next-sentence prediction (0: B follows A, 1: B is random), else the classifier. */
#include "model/internal.h"

static size_t outputs_of(const model *model)
{
    return model->config.head == MODEL_HEAD_CLASSIFICATION ? (size_t)model->config.num_labels : 2;
}

void sequence_head_plan(model_workspace *workspace, arena *arena)
{
    sequence_activations *a = &workspace->activations.sequence;
    size_t sequences = (size_t)workspace->limits.sequences;
    size_t hidden = (size_t)workspace->model->config.hidden_size;
    a->keys = arena_take(arena, sequences, sizeof *a->keys);
    a->first_tokens = arena_take(arena, sequences * hidden, sizeof(float));
    a->pooled = arena_take(arena, sequences * hidden, sizeof(float));
    a->dropped = arena_take(arena, sequences * hidden, sizeof(float));
    a->logits = arena_take(arena, sequences * outputs_of(workspace->model), sizeof(float));
    a->labels = arena_take(arena, sequences, sizeof *a->labels);
    if (workspace->limits.training) {
        a->d_pooled = arena_take(arena, sequences * hidden, sizeof(float));
        a->d_first_tokens = arena_take(arena, sequences * hidden, sizeof(float));
    }
}

static dropout head_dropout(const model_pass *pass)
{
    const model_config *config = &pass->model->config;
    double probability =
        config->head == MODEL_HEAD_CLASSIFICATION ? model_config_classifier_dropout(config) : 0.0;
    return pass_dropout(pass, probability, config->num_hidden_layers + 1, DROPOUT_HIDDEN);
}

/* A sequence's row in dropout is that of its first token. */
static void compute_dropout_keys(const model_pass *pass)
{
    const model_activations *a = &pass->workspace->activations;
    for (int i = 0; i < pass->input->sequence_count; i++)
        a->sequence.keys[i] = a->row_keys[pass->input->sequence_starts[i]];
}

void sequence_head_logits(const model_pass *pass, float *logits)
{
    const model *model = pass->model;
    const operations *operations = model->operations;
    const model_parameters *p = &model->parameters;
    const sequence_activations *a = &pass->workspace->activations.sequence;
    size_t sequences = (size_t)pass->input->sequence_count;
    size_t hidden = (size_t)model->config.hidden_size;
    operations->rows_gather(a->first_tokens, pass->workspace->activations.hidden,
                            pass->input->sequence_starts, sequences, hidden);
    pass_linear_forward(pass, a->pooled, a->first_tokens, &p->pooler, sequences, hidden, hidden);
    if (model->config.family == MODEL_DISTILBERT)
        operations->activation_forward(ACTIVATION_RELU, a->pooled, a->pooled, sequences * hidden);
    else
        operations->tanh_forward(a->pooled, a->pooled, sequences * hidden);
    dropout dropout = head_dropout(pass);
    compute_dropout_keys(pass);
    operations->dropout_apply(a->dropped, a->pooled, a->keys, sequences, hidden, &dropout);
    pass_linear_forward(pass, logits, a->dropped, &p->sequence_output, sequences, hidden,
                        outputs_of(model));
}

/* The logits hold their gradient by now. */
static void head_backward(const model_pass *pass)
{
    const model *model = pass->model;
    const operations *operations = model->operations;
    const model_parameters *p = &model->parameters;
    const sequence_activations *a = &pass->workspace->activations.sequence;
    size_t sequences = (size_t)pass->input->sequence_count, outputs = outputs_of(model);
    size_t hidden = (size_t)model->config.hidden_size;
    pass_linear_backward_weight(pass, &p->sequence_output, a->logits, a->dropped, sequences, hidden,
                                outputs);
    pass_linear_backward_input(pass, a->d_pooled, a->logits, &p->sequence_output, sequences, hidden,
                               outputs);
    dropout dropout = head_dropout(pass);
    operations->dropout_apply(a->d_pooled, a->d_pooled, a->keys, sequences, hidden, &dropout);
    if (model->config.family == MODEL_DISTILBERT)
        /* of its output, whose sign is the input's */
        operations->activation_backward(ACTIVATION_RELU, a->d_pooled, a->d_pooled, a->pooled,
                                        sequences * hidden);
    else
        operations->tanh_backward(a->d_pooled, a->d_pooled, a->pooled, sequences * hidden);
    pass_linear_backward_weight(pass, &p->pooler, a->d_pooled, a->first_tokens, sequences, hidden,
                                hidden);
    pass_linear_backward_input(pass, a->d_first_tokens, a->d_pooled, &p->pooler, sequences, hidden,
                               hidden);
    operations->rows_scatter_add(pass->workspace->activations.d_hidden, a->d_first_tokens,
                                 pass->input->sequence_starts, sequences, hidden);
}

void model_nsp_loss(const model_pass *pass, double scale, loss_term *term)
{
    const sequence_activations *a = &pass->workspace->activations.sequence;
    size_t sequences = (size_t)pass->input->sequence_count;
    for (size_t i = 0; i < sequences; i++)
        a->labels[i] = pass->input->next_sentence_labels[i];
    sequence_head_logits(pass, a->logits);
    cross_entropy_sums sums;
    if (pass->training) {
        sums = pass->model->operations->cross_entropy_forward_backward(a->logits, a->labels,
                                                                       sequences, 2, (float)scale);
        head_backward(pass);
    } else {
        sums = pass->model->operations->cross_entropy_forward(a->logits, a->labels, sequences, 2);
    }
    term->sum += sums.loss;
    term->weight += (double)sequences;
    term->count += sequences;
    term->correct += sums.correct;
}

void model_classification_loss(const model_pass *pass, double scale, loss_term *term)
{
    float *logits = pass->workspace->activations.sequence.logits;
    const model_input *input = pass->input;
    sequence_head_logits(pass, logits);
    weighted_cross_entropy_sums sums = pass->model->operations->weighted_cross_entropy(
        logits, pass->training ? logits : NULL, input->labels, input->class_weights,
        (size_t)input->sequence_count, outputs_of(pass->model), (float)scale);
    term->sum += sums.loss;
    term->weight += sums.weight;
    term->count += (uint64_t)input->sequence_count;
    term->correct += sums.correct;
    if (pass->training)
        head_backward(pass);
}

void model_regression_loss(const model_pass *pass, double scale, loss_term *term)
{
    float *logits = pass->workspace->activations.sequence.logits;
    const model_input *input = pass->input;
    sequence_head_logits(pass, logits);
    term->sum += pass->model->operations->squared_error(
        logits, pass->training ? logits : NULL, input->targets, (size_t)input->sequence_count,
        outputs_of(pass->model), (float)scale);
    term->weight += input->sequence_count;
    term->count += (uint64_t)input->sequence_count;
    if (pass->training)
        head_backward(pass);
}
