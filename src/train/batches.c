/* From samples to the batches of steps: this rank's share, prefetched before the step that needs
 * it.
 */
#include "base/error.h"
#include "train/trainer.h"

#include <inttypes.h>
#include <stdlib.h>

enum { PREFETCH_DEPTH = 2 };

/* This rank's share of the samples of a step, numbered from the beginning of the step. */
static prefetch_range share_of_step(const trainer *trainer, int64_t step)
{
    int64_t samples = settings_samples_in_step(trainer->settings, step);
    int64_t rank = bert_job_rank(trainer->job), ranks = bert_job_size(trainer->job);
    int64_t begin = samples * rank / ranks, end = samples * (rank + 1) / ranks;
    return (prefetch_range){.first = (uint64_t)begin, .count = (int)(end - begin)};
}

/* The same, numbered from the beginning of the phase. What is prefetched after the phase's end is
 * never used; memory for a batch is that of the phase. */
static prefetch_range plan_batch(const void *context, uint64_t number)
{
    const trainer *trainer = context;
    const run_settings *settings = trainer->settings;
    int64_t last = settings_phase_end(settings, trainer->phase) - 1;
    int64_t step = (int64_t)number < last ? (int64_t)number : last;
    int64_t begun = settings_samples_before(settings, settings->phases[trainer->phase].first_step);
    prefetch_range share = share_of_step(trainer, step);
    share.first += (uint64_t)(settings_samples_before(settings, step) - begun);
    return share;
}

/* Starts drawing from the step at hand on, in the phase that it belongs to. Phases that are too
 * short for a step are passed over. */
static bert_status enter_phase(trainer *trainer, bert_error *error)
{
    const run_settings *settings = trainer->settings;
    int64_t ranks = bert_job_size(trainer->job), step = trainer->state.step;
    prefetch_stop(trainer->prefetch);
    trainer->prefetch = NULL;
    while (settings_phase_end(settings, trainer->phase) <= step)
        trainer->phase++;
    int64_t samples =
        settings_most_samples(settings, step, settings_phase_end(settings, trainer->phase));
    return prefetch_start(&trainer->prefetch, trainer->samplers[trainer->phase], plan_batch,
                          trainer, (uint64_t)step, (int)((samples + ranks - 1) / ranks),
                          PREFETCH_DEPTH, error);
}

static bert_status next_own_batch(trainer *trainer, const batch **batch, bert_error *error)
{
    int64_t step = trainer->state.step;
    prefetch_range share = share_of_step(trainer, step);
    return own_batches_next(trainer->own_batches, step, share.count, share.first, batch, error);
}

bert_status trainer_next_batch(void *context, const batch **batch, bert_error *error)
{
    trainer *trainer = context;
    if (trainer->own_batches)
        return next_own_batch(trainer, batch, error);
    if (!trainer->prefetch ||
        trainer->state.step >= settings_phase_end(trainer->settings, trainer->phase))
        TRY(enter_phase(trainer, error));
    return prefetch_next(trainer->prefetch, batch, error);
}

bert_status trainer_describe_nonfinite(void *context, const nonfinite_step *what, bert_error *error)
{
    const trainer *trainer = context;
    const batch *batch = what->batch;
    int64_t first = settings_samples_before(trainer->settings, what->number);
    int64_t end = settings_samples_before(trainer->settings, what->number + 1);
    char *last = NULL;
    if (checkpoint_last(&last, trainer->run, NULL) != BERT_OK)
        last = NULL;
    bert_status status = error_set(
        error, BERT_ERROR_NOT_FINITE,
        "step %" PRId64 ": a number is not finite: loss %g, gradient norm %g; first tensor: %s%s; "
        "samples %" PRIu64 " to %" PRIu64
        "; last good checkpoint: %s; a lower params->learning_rate or "
        "params->max_grad_norm, or more warm-up, may help",
        what->number + 1, what->loss, what->grad_norm, what->kind, what->tensor,
        batch ? batch->sample_numbers[0] : (uint64_t)first,
        batch ? batch->sample_numbers[batch->sequence_count - 1] : (uint64_t)end - 1,
        last ? last : "none");
    free(last);
    return status;
}
