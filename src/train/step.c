/* One step of the optimizer: forward and backward over the micro-batches of a global batch, clip,
 * update. Allocates nothing. */
#include "optim/clip.h"
#include "train/trainer.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* The mean over the global batch, however it is cut (architecture, decision 3): every micro-batch
 * is scaled by the counts of the whole. */
static bert_status accumulate_gradients(trainer *trainer, const batch *batch, model_losses *losses,
                                        bert_error *error)
{
    const bert_pretrain_params *params = &trainer->settings->params;
    const model_scales scales = {
        .mlm = batch->masked_count ? 1.0 / batch->masked_count : 0.0,
        .nsp = batch->sequence_count ? 1.0 / batch->sequence_count : 0.0,
    };
    bool pairs = model_config_has_pair_head(trainer->config);
    micro_batch_place place = {0};
    model_input input;
    while (micro_batches_next(&trainer->micro_batches, batch, &place, &input)) {
        if (!pairs)
            input.next_sentence_labels = NULL;
        TRY(model_check_input(trainer->model, &input, error));
        model_train(trainer->model, &input, params->seed, (uint64_t)trainer->state.step, &scales,
                    losses);
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
