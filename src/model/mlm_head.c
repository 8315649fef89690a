/* The masked language model's head: dense, activation, LayerNorm, and the word embedding as
 * decoder, on the masked positions alone. */
#include "model/internal.h"

#include "base/minmax.h"

/* Rows whose logits exist at once, at most. Fewer would read the decoder's weight and its gradient
 * more often: each block costs one pass over both, which shows where the encoder is small. */
enum { LOGIT_ROWS = 1024 };

void mlm_head_plan(model_workspace *workspace, arena *arena)
{
    const model_config *config = &workspace->model->config;
    model_activations *a = &workspace->activations;
    size_t masked = (size_t)workspace->limits.masked, hidden = (size_t)config->hidden_size;
    a->gathered = arena_take(arena, masked * hidden, sizeof(float));
    a->transformed = arena_take(arena, masked * hidden, sizeof(float));
    a->transform_norm = norm_take(arena, masked, hidden);
    a->decoder_in = arena_take(arena, masked * hidden, sizeof(float));
    a->logits =
        arena_take(arena, min_size(masked, LOGIT_ROWS) * (size_t)config->vocab_size, sizeof(float));
    if (workspace->limits.training) {
        a->d_decoder_in = arena_take(arena, masked * hidden, sizeof(float));
        a->d_gathered = arena_take(arena, masked * hidden, sizeof(float));
    }
}

/* The weight is the word embedding. */
static weight_bias decoder_of(const model *model)
{
    return (weight_bias){.weight = model->parameters.word, .bias = model->parameters.decoder_bias};
}

/* Up to the decoder's input. */
static void transform_forward(const model_pass *pass)
{
    const model *model = pass->model;
    const model_parameters *p = &model->parameters;
    const model_activations *a = &pass->workspace->activations;
    size_t masked = (size_t)pass->input->masked_count, hidden = (size_t)model->config.hidden_size;
    model->operations->rows_gather(a->gathered, a->hidden, pass->input->masked_positions, masked,
                                   hidden);
    pass_linear_activation_forward(pass, a->transform_norm.in, a->transformed, a->gathered,
                                   &p->transform, masked, hidden, hidden);
    pass_layernorm_forward(pass, a->decoder_in, &a->transform_norm, &p->transform_norm, masked);
}

static void transform_backward(const model_pass *pass)
{
    const model *model = pass->model;
    const model_parameters *p = &model->parameters;
    const model_activations *a = &pass->workspace->activations;
    float *d_transformed = a->d_decoder_in; /* in place */
    size_t masked = (size_t)pass->input->masked_count, hidden = (size_t)model->config.hidden_size;
    pass_layernorm_backward(pass, d_transformed, a->d_decoder_in, &a->transform_norm,
                            &p->transform_norm, masked);
    model->operations->activation_backward(model->config.hidden_act, d_transformed, d_transformed,
                                           a->transformed, masked * hidden);
    pass_linear_backward_weight(pass, &p->transform, d_transformed, a->gathered, masked, hidden,
                                hidden);
    pass_linear_backward_input(pass, a->d_gathered, d_transformed, &p->transform, masked, hidden,
                               hidden);
    model->operations->rows_scatter_add(a->d_hidden, a->d_gathered, pass->input->masked_positions,
                                        masked, hidden);
}

static void decoder_forward(const model_pass *pass, float *logits, size_t first, size_t rows)
{
    const model *model = pass->model;
    const weight_bias decoder = decoder_of(model);
    size_t hidden = (size_t)model->config.hidden_size;
    pass_linear_forward(pass, logits, pass->workspace->activations.decoder_in + first * hidden,
                        &decoder, rows, hidden, (size_t)model->config.vocab_size);
}

/* The logits hold their gradient by now. */
static void decoder_backward(const model_pass *pass, size_t first, size_t rows)
{
    const model *model = pass->model;
    const model_activations *a = &pass->workspace->activations;
    const weight_bias decoder = decoder_of(model);
    size_t hidden = (size_t)model->config.hidden_size, vocab = (size_t)model->config.vocab_size;
    pass_linear_backward_weight(pass, &decoder, a->logits, a->decoder_in + first * hidden, rows,
                                hidden, vocab);
    pass_linear_backward_input(pass, a->d_decoder_in + first * hidden, a->logits, &decoder, rows,
                               hidden, vocab);
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
    float *logits = pass->workspace->activations.logits;
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
    float *logits = pass->workspace->activations.logits;
    float *targets = teacher->workspace->activations.logits;
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
