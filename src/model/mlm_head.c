/* The masked language model's head: dense, GELU, LayerNorm, and the word embedding as decoder, on
 * the masked positions alone. */
#include "model/internal.h"

#include "base/minmax.h"

/* Rows whose logits exist at once, at most. Fewer would read the decoder's weight and its gradient
 * more often: each block costs one pass over both, which shows where the encoder is small. */
enum { LOGIT_ROWS = 1024 };

void mlm_head_plan(model *model, arena *arena)
{
    model_activations *a = &model->activations;
    size_t masked = (size_t)model->limits.masked, hidden = (size_t)model->config.hidden_size;
    a->gathered = arena_take(arena, masked * hidden, sizeof(float));
    a->transformed = arena_take(arena, masked * hidden, sizeof(float));
    a->transform_norm = norm_take(arena, masked, hidden);
    a->decoder_in = arena_take(arena, masked * hidden, sizeof(float));
    a->logits = arena_take(arena, min_size(masked, LOGIT_ROWS) * (size_t)model->config.vocab_size,
                           sizeof(float));
    if (model->limits.training) {
        a->d_head = arena_take(arena, masked * hidden, sizeof(float));
        a->d_head_branch = arena_take(arena, masked * hidden, sizeof(float));
    }
}

/* Up to the decoder's input. */
static void transform_forward(const model_pass *pass)
{
    const model *model = pass->model;
    const model_parameters *p = &model->parameters;
    const model_activations *a = &model->activations;
    const float *values = model->values;
    size_t masked = (size_t)pass->input->masked_count, hidden = (size_t)model->config.hidden_size;
    model->operations->rows_gather(a->gathered, a->hidden, pass->input->masked_positions, masked,
                                   hidden);
    model->operations->linear_gelu_forward(model->precision, a->transform_norm.in, a->transformed,
                                           a->gathered, values + p->transform.weight,
                                           values + p->transform.bias, masked, hidden, hidden);
    model->operations->layernorm_forward(
        a->decoder_in, a->transform_norm.mean, a->transform_norm.reciprocal_deviation,
        a->transform_norm.in, values + p->transform_norm.weight, values + p->transform_norm.bias,
        masked, hidden, (float)model->config.layer_norm_eps);
}

static void transform_backward(const model_pass *pass)
{
    const model *model = pass->model;
    const model_parameters *p = &model->parameters;
    const model_activations *a = &model->activations;
    float *gradients = model->gradients, *d_gathered = a->d_head_branch;
    size_t masked = (size_t)pass->input->masked_count, hidden = (size_t)model->config.hidden_size;
    model->operations->layernorm_backward(a->d_head, gradients + p->transform_norm.weight,
                                          gradients + p->transform_norm.bias, a->d_head,
                                          a->transform_norm.in, a->transform_norm.mean,
                                          a->transform_norm.reciprocal_deviation,
                                          model->values + p->transform_norm.weight, masked, hidden);
    model->operations->gelu_backward(a->d_head, a->d_head, a->transformed, masked * hidden);
    model->operations->linear_backward_weight(model->precision, gradients + p->transform.weight,
                                              gradients + p->transform.bias, a->d_head, a->gathered,
                                              masked, hidden, hidden);
    model->operations->linear_backward_input(model->precision, d_gathered, a->d_head,
                                             model->values + p->transform.weight, masked, hidden,
                                             hidden);
    model->operations->rows_scatter_add(a->d_hidden, d_gathered, pass->input->masked_positions,
                                        masked, hidden);
}

static void decoder_forward(const model_pass *pass, float *logits, size_t first, size_t rows)
{
    const model *model = pass->model;
    size_t hidden = (size_t)model->config.hidden_size;
    model->operations->linear_forward(
        model->precision, logits, model->activations.decoder_in + first * hidden,
        model->values + model->parameters.word, model->values + model->parameters.decoder_bias,
        rows, hidden, (size_t)model->config.vocab_size);
}

/* The logits hold their gradient by now. */
static void decoder_backward(const model_pass *pass, size_t first, size_t rows)
{
    const model *model = pass->model;
    const model_activations *a = &model->activations;
    size_t hidden = (size_t)model->config.hidden_size, vocab = (size_t)model->config.vocab_size;
    model->operations->linear_backward_weight(
        model->precision, model->gradients + model->parameters.word,
        model->gradients + model->parameters.decoder_bias, a->logits,
        a->decoder_in + first * hidden, rows, hidden, vocab);
    model->operations->linear_backward_input(model->precision, a->d_head + first * hidden,
                                             a->logits, model->values + model->parameters.word,
                                             rows, hidden, vocab);
}

/* The rows that exist at once. */
typedef struct block {
    size_t first, rows;
} block;

static block block_at(size_t index, size_t blocks, size_t masked)
{
    size_t first = index * masked / blocks;
    return (block){.first = first, .rows = (index + 1) * masked / blocks - first};
}

static void add_sums(loss_term *term, cross_entropy_sums sums, size_t rows)
{
    term->sum += sums.loss;
    term->weight += (double)rows;
    term->count += rows;
    term->correct += sums.correct;
}

void model_mlm_loss(const model_pass *pass, double scale, loss_term *term)
{
    float *logits = pass->model->activations.logits;
    const int32_t *labels = pass->input->masked_labels;
    size_t masked = (size_t)pass->input->masked_count;
    size_t vocab = (size_t)pass->model->config.vocab_size;
    if (masked == 0)
        return;
    transform_forward(pass);
    size_t blocks = (masked + LOGIT_ROWS - 1) / LOGIT_ROWS;
    for (size_t i = 0; i < blocks; i++) {
        block block = block_at(i, blocks, masked);
        cross_entropy_sums sums;
        decoder_forward(pass, logits, block.first, block.rows);
        if (pass->training) {
            sums = pass->model->operations->cross_entropy_forward_backward(
                logits, labels + block.first, block.rows, vocab, (float)scale);
            decoder_backward(pass, block.first, block.rows);
        } else {
            sums = pass->model->operations->cross_entropy_forward(logits, labels + block.first,
                                                                  block.rows, vocab);
        }
        add_sums(term, sums, block.rows);
    }
    if (pass->training)
        transform_backward(pass);
}

void mlm_head_distill(const model_pass *pass, const model_pass *teacher, double temperature,
                      const distillation_scales *scales, loss_term *mlm, loss_term *soft)
{
    float *logits = pass->model->activations.logits;
    float *targets = teacher->model->activations.logits;
    size_t masked = (size_t)pass->input->masked_count;
    size_t vocab = (size_t)pass->model->config.vocab_size;
    if (masked == 0)
        return;
    transform_forward(pass);
    transform_forward(teacher);
    size_t blocks = (masked + LOGIT_ROWS - 1) / LOGIT_ROWS;
    for (size_t i = 0; i < blocks; i++) {
        block block = block_at(i, blocks, masked);
        decoder_forward(pass, logits, block.first, block.rows);
        decoder_forward(teacher, targets, block.first, block.rows);
        soft->sum += pass->model->operations->soft_targets(logits, targets, block.rows, vocab,
                                                           (float)temperature, (float)scales->soft);
        add_sums(mlm,
                 pass->model->operations->cross_entropy_forward_backward(
                     logits, pass->input->masked_labels + block.first, block.rows, vocab,
                     (float)scales->mlm),
                 block.rows);
        pass->model->operations->values_add(logits, targets, block.rows * vocab);
        decoder_backward(pass, block.first, block.rows);
    }
    soft->weight += (double)masked;
    soft->count += masked;
    transform_backward(pass);
}

void mlm_head_logits(const model_pass *pass, float *logits)
{
    size_t masked = (size_t)pass->input->masked_count;
    if (masked == 0)
        return;
    transform_forward(pass);
    decoder_forward(pass, logits, 0, masked);
}
