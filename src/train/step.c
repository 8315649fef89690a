/* One step of the optimizer: forward and backward over the micro-batches of this rank's part of the
 * batch, gradients summed over the ranks meanwhile, clip, update. Allocates nothing.
 *
 * The ranks of a job meet twice in a step: before it, to count what the whole batch is divided by,
 * and after it, to sum what was seen. Whatever a rank fails in, or is asked for, it says there. */
#include "base/clock.h"
#include "base/memory.h"
#include "optim/clip.h"
#include "train/learning_rate.h"
#include "train/trainer.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* -------------------------------------------------------------------------- before the step --- */

/* What a rank brings, and whether it can. */
typedef struct part {
    uint64_t sequences, tokens, masked;
    int64_t status;
} part;

static void drop_unused_nsp_labels(const trainer *trainer, model_input *input)
{
    if (!model_config_has_nsp_head(trainer->config))
        input->next_sentence_labels = NULL;
}

/* All pieces before the first is computed: once the ranks have begun a step none may leave it. */
static bert_status check_batch(trainer *trainer, const batch *batch, bert_error *error)
{
    micro_batch_cursor place = {0};
    model_input input;
    while (micro_batches_next(&trainer->micro_batches, batch, &place, &input)) {
        drop_unused_nsp_labels(trainer, &input);
        TRY(model_check_input(trainer->model, &input, error));
    }
    return BERT_OK;
}

static bert_status count_parts(trainer *trainer, const part *mine, step_sums *sums,
                               bert_error *error)
{
    part *parts = trainer->parts;
    TRY(job_allgather(trainer->job, mine, sizeof *mine, parts, error));
    for (int rank = 0; rank < bert_job_size(trainer->job); rank++) {
        if (parts[rank].status != BERT_OK) /* seen by all ranks, so all go there */
            return job_sync_status(trainer->job, (bert_status)mine->status, error);
        sums->sequences += parts[rank].sequences;
        sums->tokens += parts[rank].tokens;
        sums->masked += parts[rank].masked;
    }
    return BERT_OK;
}

static bert_status take_batch(trainer *trainer, const batch **batch, step_sums *sums,
                              bert_error *error)
{
    job_begin_waiting(trainer->job); /* at the start of an epoch for its table */
    bert_status status = prefetch_next(trainer->prefetch, batch, error);
    job_end_waiting(trainer->job);
    if (status == BERT_OK)
        status = check_batch(trainer, *batch, error);
    part mine = {.status = status};
    if (status == BERT_OK) {
        mine.sequences = (uint64_t)(*batch)->sequence_count;
        mine.tokens = (uint64_t)(*batch)->token_count;
        mine.masked = (uint64_t)(*batch)->masked_count;
    }
    *sums = (step_sums){0};
    return count_parts(trainer, &mine, sums, error);
}

/* -------------------------------------------------------------------------------- gradients --- */

static void tell_exchange(void *context, size_t first)
{
    exchange_ready(context, first);
}

/* The mean over the global batch, however it is cut (architecture, decision 3): every micro-batch
 * is scaled by the counts of the whole. While the last one goes back through the layers, what it
 * leaves behind is final, and on its way to the other ranks. */
static void accumulate_gradients(trainer *trainer, const batch *batch, const step_sums *sums,
                                 model_losses *losses)
{
    model *model = trainer->model;
    const model_scales scales = {
        .mlm = sums->masked ? 1.0 / (double)sums->masked : 0.0,
        .nsp = sums->sequences ? 1.0 / (double)sums->sequences : 0.0,
    };
    const bert_pretrain_params *params = &trainer->settings->params;
    const model_scales taught = {
        .mlm = params->distill_alpha_mlm * scales.mlm,
        .soft = params->distill_alpha_ce * scales.mlm,
        .cosine = params->distill_alpha_cos / (double)sums->tokens,
    };
    uint64_t step = (uint64_t)trainer->state.step;
    micro_batch_cursor place = {0};
    model_input input;
    if (trainer->exchange)
        exchange_begin(trainer->exchange,
                       trainer->optimizer.sharded ? EXCHANGE_REDUCE_SCATTER : EXCHANGE_ALLREDUCE,
                       model_gradients(model));
    while (micro_batches_next(&trainer->micro_batches, batch, &place, &input)) {
        drop_unused_nsp_labels(trainer, &input);
        if (trainer->exchange && place.sequence == batch->sequence_count)
            model_watch_gradients(model, tell_exchange, trainer->exchange);
        if (trainer->teacher)
            model_distill(model, trainer->teacher, &input, params->seed, step,
                          params->distill_temperature, &taught, losses);
        else
            model_train(model, &input, params->seed, step, &scales, losses);
        job_alive(trainer->job);
    }
    model_watch_gradients(model, NULL, NULL);
}

/* --------------------------------------------------------------------------- after the step --- */

/* What a rank saw. */
typedef struct outcome {
    model_losses losses;
    double squares; /* of the gradients that it sums up */
    double seconds; /* of its passes */
} outcome;

static bool losses_finite(const model_losses *losses)
{
    return isfinite(losses->mlm_loss) && isfinite(losses->nsp_loss) &&
           isfinite(losses->soft_loss) && isfinite(losses->cosine_loss);
}

static bert_status describe_nonfinite(const trainer *trainer, uint64_t first_sample,
                                      uint64_t last_sample, const model_losses *losses,
                                      bert_error *error)
{
    const char *value = model_find_nonfinite(trainer->model, model_weights(trainer->model));
    const char *gradient = model_find_nonfinite(trainer->model, model_gradients(trainer->model));
    const char *name = value ? value : gradient;
    char *last = NULL;
    if (checkpoint_last(&last, trainer->run, NULL) != BERT_OK)
        last = NULL;
    bert_status status = error_set(
        error, BERT_ERROR_NOT_FINITE,
        "step %" PRId64 ": a number is not finite: loss %g, gradient norm %g; first tensor: %s%s; "
        "samples %" PRIu64 " to %" PRIu64
        "; last good checkpoint: %s; a lower params->learning_rate or "
        "params->max_grad_norm, or more warm-up, may help",
        trainer->state.step + 1, losses_total(losses), trainer->grad_norm,
        value      ? "parameter "
        : gradient ? "gradient of "
                   : "",
        name ? name : "none", first_sample, last_sample, last ? last : "none");
    free(last);
    return status;
}

/* Of several ranks, the one whose loss it was speaks, of its own samples; where only gradients are
 * not finite, that shows in their sum alone, and it is everybody's. */
static bert_status fail_nonfinite(trainer *trainer, const batch *batch, const step_sums *sums,
                                  bert_error *error)
{
    const outcome *outcomes = trainer->outcomes;
    int64_t step = trainer->state.step;
    bool any = false;
    for (int rank = 0; rank < bert_job_size(trainer->job); rank++)
        any |= !losses_finite(&outcomes[rank].losses);
    if (!any)
        return job_failed(
            trainer->job,
            describe_nonfinite(trainer, (uint64_t)settings_samples_before(trainer->settings, step),
                               (uint64_t)settings_samples_before(trainer->settings, step + 1) - 1,
                               &sums->losses, error));
    const model_losses *mine = &outcomes[bert_job_rank(trainer->job)].losses;
    bert_status status = BERT_OK;
    if (!losses_finite(mine))
        status = describe_nonfinite(trainer, batch->sample_numbers[0],
                                    batch->sample_numbers[batch->sequence_count - 1], mine, error);
    return job_sync_status(trainer->job, status, error);
}

static bert_status sum_outcomes(trainer *trainer, const batch *batch, const model_losses *losses,
                                double seconds, step_sums *sums, bert_error *error)
{
    const outcome mine = {
        .losses = *losses,
        .squares = optimizer_own_squares(&trainer->optimizer, model_gradients(trainer->model)),
        .seconds = seconds,
    };
    outcome *outcomes = trainer->outcomes;
    double squares = 0, all_seconds = 0, most_seconds = 0;
    int ranks = bert_job_size(trainer->job);
    TRY(job_allgather(trainer->job, &mine, sizeof mine, outcomes, error));
    for (int rank = 0; rank < ranks; rank++) {
        losses_add(&sums->losses, &outcomes[rank].losses);
        squares += outcomes[rank].squares;
        all_seconds += outcomes[rank].seconds;
        most_seconds = fmax(most_seconds, outcomes[rank].seconds);
    }
    trainer->interval_imbalance += most_seconds - all_seconds / ranks;
    trainer->grad_norm = sqrt(squares);
    if (!isfinite(trainer->grad_norm) || !losses_finite(&sums->losses))
        return fail_nonfinite(trainer, batch, sums, error);
    return BERT_OK;
}

/* A rank's memory for what all ranks bring: made before the first step. */
bert_status trainer_create_gather_buffers(trainer *trainer, bert_error *error)
{
    size_t ranks = (size_t)bert_job_size(trainer->job);
    TRY(memory_array((void **)&trainer->stop_requests, ranks, 1, "wishes to stop", error));
    TRY(memory_array(&trainer->parts, ranks, sizeof(part), "parts of a batch", error));
    return memory_array(&trainer->outcomes, ranks, sizeof(outcome), "outcomes of a step", error);
}

static bert_status update_parameters(trainer *trainer, bert_error *error)
{
    const run_settings *settings = trainer->settings;
    int64_t step = trainer->state.step;
    trainer->learning_rate = learning_rate_at(settings, &trainer->schedule, step);
    double scale = clip_scale(trainer->grad_norm, settings->params.max_grad_norm);
    return optimizer_update(&trainer->optimizer, model_weights(trainer->model),
                            model_gradients(trainer->model), trainer->learning_rate, step + 1,
                            scale, trainer->exchange, error);
}

bert_status trainer_step(trainer *trainer, step_sums *sums, bert_error *error)
{
    const batch *batch;
    model_losses losses = {0};
    TRY(take_batch(trainer, &batch, sums, error));
    double start = clock_seconds(); /* all ranks have met just now */
    accumulate_gradients(trainer, batch, sums, &losses);
    double seconds = clock_seconds() - start;
    if (trainer->exchange)
        TRY(exchange_finish(trainer->exchange, error));
    TRY(sum_outcomes(trainer, batch, &losses, seconds, sums, error));
    TRY(update_parameters(trainer, error));
    trainer->state.step++;
    trainer->state.tokens += sums->tokens;
    losses_add(&trainer->state.interval, &sums->losses);
    return BERT_OK;
}
