/* One step of the optimizer: forward and backward over the micro-batches of a global batch, clip,
 * update. Allocates nothing. */
#include "optim/clip.h"
#include "train/trainer.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* Sequences [first, first + count) of a batch as a batch of their own: views of its arrays, and
 * copies of those whose numbers count from the start of the stream. `*masked` is the first
 * prediction of the cut, and moves on to the first one behind it. */
static model_input cut_micro_batch(trainer *trainer, const batch *batch, int first, int count,
                                   int *masked)
{
    int start = batch->sequence_starts[first], end = batch->sequence_starts[first + count];
    for (int i = 0; i <= count; i++)
        trainer->sequence_starts[i] = batch->sequence_starts[first + i] - start;
    int first_masked = *masked;
    while (*masked < batch->masked_count && batch->masked_positions[*masked] < end) {
        trainer->masked_positions[*masked - first_masked] =
            batch->masked_positions[*masked] - start;
        (*masked)++;
    }
    bool pairs = trainer->config->next_sentence_prediction;
    return (model_input){
        .token_count = end - start,
        .sequence_count = count,
        .masked_count = *masked - first_masked,
        .tokens = batch->tokens + start,
        .token_types = batch->token_types + start,
        .sequence_starts = trainer->sequence_starts,
        .sample_numbers = batch->sample_numbers + first,
        .masked_positions = trainer->masked_positions,
        .masked_labels = batch->masked_labels + first_masked,
        .next_sentence_labels = pairs ? batch->next_sentence_labels + first : NULL,
    };
}

/* The mean over the global batch, however it is cut (architecture, decision 3): every micro-batch
 * is scaled by the counts of the whole. */
static bert_status accumulate_gradients(trainer *trainer, const batch *batch, model_losses *losses,
                                        bert_error *error)
{
    const bert_pretrain_params *params = &trainer->settings->params;
    double mlm_scale = batch->masked_count ? 1.0 / batch->masked_count : 0.0;
    double nsp_scale = batch->sequence_count ? 1.0 / batch->sequence_count : 0.0;
    int size = params->per_device_train_batch_size, masked = 0;
    for (int first = 0; first < batch->sequence_count; first += size) {
        int left = batch->sequence_count - first;
        model_input input =
            cut_micro_batch(trainer, batch, first, left < size ? left : size, &masked);
        TRY(model_check_input(trainer->model, &input, error));
        model_train(trainer->model, &input, params->seed, (uint64_t)trainer->state.step, mlm_scale,
                    nsp_scale, losses);
    }
    return BERT_OK;
}

static bert_status describe_nonfinite(const trainer *trainer, const batch *batch,
                                      const model_losses *losses, bert_error *error)
{
    const char *value = model_find_nonfinite(trainer->model, model_values(trainer->model));
    const char *gradient = model_find_nonfinite(trainer->model, model_gradients(trainer->model));
    const char *name = value ? value : gradient;
    char *last = NULL;
    if (checkpoint_last(&last, trainer->run, NULL) != BERT_OK)
        last = NULL;
    bert_status status = error_set(
        error, BERT_ERROR_NUMBER,
        "step %" PRId64 ": a number is not finite: loss %g, gradient norm %g; first tensor: %s%s; "
        "samples %" PRIu64 " to %" PRIu64 "; last good checkpoint: %s; a lower --learning-rate or "
        "--max-grad-norm, or more warm-up, may help",
        trainer->state.step + 1, losses_total(losses), trainer->grad_norm,
        value      ? "parameter "
        : gradient ? "gradient of "
                   : "",
        name ? name : "none", batch->sample_numbers[0],
        batch->sample_numbers[batch->sequence_count - 1], last ? last : "none");
    free(last);
    return status;
}

static void update_parameters(trainer *trainer)
{
    const run_settings *settings = trainer->settings;
    int64_t step = trainer->state.step;
    double factor =
        schedule_factor(trainer->schedule, step, settings->warmup_steps, settings->total_steps);
    trainer->learning_rate = settings->params.learning_rate * factor;
    double scale = clip_scale(trainer->grad_norm, settings->params.max_grad_norm);
    float *values = model_values(trainer->model), *gradients = model_gradients(trainer->model);
    for (size_t i = 0; i < trainer->range_count; i++) {
        const parameter_range *range = &trainer->ranges[i];
        adam_update(values + range->offset, gradients + range->offset,
                    trainer->first_moment + range->offset, trainer->second_moment + range->offset,
                    range->count, &trainer->adam, trainer->learning_rate, step + 1, range->decay,
                    scale);
    }
}

static void add_losses(model_losses *sums, const model_losses *losses)
{
    sums->mlm_loss += losses->mlm_loss;
    sums->mlm_count += losses->mlm_count;
    sums->mlm_correct += losses->mlm_correct;
    sums->nsp_loss += losses->nsp_loss;
    sums->nsp_count += losses->nsp_count;
    sums->nsp_correct += losses->nsp_correct;
}

bert_status trainer_step(trainer *trainer, const batch *batch, model_losses *losses,
                         bert_error *error)
{
    *losses = (model_losses){0};
    TRY(accumulate_gradients(trainer, batch, losses, error));
    trainer->grad_norm = gradient_norm(model_gradients(trainer->model), trainer->table->size);
    if (!isfinite(trainer->grad_norm) || !isfinite(losses->mlm_loss) || !isfinite(losses->nsp_loss))
        return describe_nonfinite(trainer, batch, losses, error);
    update_parameters(trainer);
    trainer->state.step++;
    trainer->state.tokens += (uint64_t)batch->token_count;
    add_losses(&trainer->state.interval, losses);
    return BERT_OK;
}
