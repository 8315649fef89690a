#include "train/trainer.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/observer.h"
#include "model/folder.h"
#include "train/batch_size.h"
#include "train/learning_rate.h"
#include "train/rank_consistency.h"
#include "train/sampling.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PREFETCH_DEPTH = 2 };

/* ------------------------------------------------------------------------------ preparation --- */

static bert_status create_model(trainer *trainer, bert_error *error)
{
    const bert_pretrain_params *params = &trainer->settings->params;
    int masked = 0;
    for (int i = 0; i < trainer->settings->phase_count; i++)
        if (sampler_max_masked(trainer->samplers[i]) > masked)
            masked = sampler_max_masked(trainer->samplers[i]);
    TRY(micro_batches_create(&trainer->micro_batches, params->per_device_train_batch_size,
                             params->micro_batch_tokens, params->max_seq_length, masked, error));
    model_limits limits = micro_batches_limits(&trainer->micro_batches, true);
    limits.gradient_checkpointing = params->gradient_checkpointing;
    TRY(model_create(&trainer->model, trainer->config, &limits, error));
    model_set_precision(trainer->model, gemm_precision_named(trainer->settings->params.precision));
    trainer->table = model_parameter_table(trainer->model);
    return BERT_OK;
}

static bert_status create_optimizer(trainer *trainer, bert_error *error)
{
    const bert_pretrain_params *params = &trainer->settings->params;
    optimizer *optimizer = &trainer->optimizer;
    TRY(optimizer_create(optimizer, params, trainer->table, trainer->job, error));
    if (!trainer->job)
        return BERT_OK;
    return exchange_create(&trainer->exchange, trainer->job, &optimizer->layout,
                           strcmp(params->gradient_dtype, "bf16") == 0, error);
}

/* The teacher sees the pieces that the model sees. */
static bert_status create_teacher(trainer *trainer, bert_error *error)
{
    const char *folder = trainer->settings->params.teacher;
    model_limits limits = micro_batches_limits(&trainer->micro_batches, false);
    model_config config;
    TRY(checkpoint_verify_model(folder, error));
    TRY(model_folder_read_config(&config, folder, error));
    TRY(model_check_teacher(trainer->config, &config, folder, error));
    TRY(model_create(&trainer->teacher, &config, &limits, error));
    model_set_precision(trainer->teacher,
                        gemm_precision_named(trainer->settings->params.precision));
    return weights_load(model_parameter_table(trainer->teacher), &config,
                        model_weights(trainer->teacher), folder, &(weights_options){0}, error);
}

/* Where evaluation was not asked for, data without a usable validation split is no error. */
static bert_status create_evaluator(trainer *trainer, bert_error *error)
{
    const bert_pretrain_params *params = &trainer->settings->params;
    bool asked = params->eval_steps > 0 || params->eval_epochs > 0 || params->eval_samples > 0;
    const sampler_settings settings = sampling_for_evaluation(params);
    bert_error reason = {0};
    bert_status status;
    if (trainer->validation)
        status = evaluator_create(&trainer->evaluator, trainer->validation, trainer->tokenizer,
                                  &settings, params->per_device_train_batch_size,
                                  params->micro_batch_tokens, params->eval_samples, &reason);
    else
        status = error_set(&reason, BERT_ERROR_INPUT, "%s.validation.idx: there is no such split",
                           trainer->settings->data_name);
    trainer->evaluates = status == BERT_OK;
    if (status == BERT_OK)
        return BERT_OK;
    if (asked || status != BERT_ERROR_INPUT)
        return error_set(error, status, "%s", reason.message);
    observer_message(trainer->observer, BERT_MESSAGE_WARNING, "no evaluation: %s", reason.message);
    return BERT_OK;
}

bert_status trainer_prepare(trainer *trainer, bert_error *error)
{
    const bert_pretrain_params *params = &trainer->settings->params;
    train_state_init(&trainer->state);
    TRY(batch_size_check_ranks(trainer->settings, bert_job_size(trainer->job), error));
    trainer->schedule = learning_rate_schedule(trainer->settings);
    TRY(create_model(trainer, error));
    TRY(create_optimizer(trainer, error));
    TRY(trainer_create_gather_buffers(trainer, error));
    if (params->teacher)
        TRY(create_teacher(trainer, error));
    return create_evaluator(trainer, error);
}

void trainer_free(trainer *trainer)
{
    prefetch_stop(trainer->prefetch);
    metrics_close(trainer->metrics);
    metrics_close(trainer->timings);
    evaluator_free(&trainer->evaluator);
    exchange_free(trainer->exchange);
    free(trainer->parts);
    free(trainer->outcomes);
    free(trainer->stop_requests);
    optimizer_free(&trainer->optimizer);
    micro_batches_free(&trainer->micro_batches);
    model_free(trainer->model);
    model_free(trainer->teacher);
    train_state_free(&trainer->state);
}

bert_status trainer_begin(trainer *trainer, const char *weights, const vocabulary_growth *growth,
                          bert_error *error)
{
    float *values = model_weights(trainer->model);
    const weights_options options = {.create_heads = true,
                                     .seed = trainer->settings->params.seed,
                                     .observer = trainer->observer};
    if (weights)
        return vocabulary_growth_load(growth, trainer->table, trainer->config, values, weights,
                                      &options, error);
    parameters_initialize(trainer->table, trainer->config, trainer->settings->params.seed, values);
    if (trainer->teacher)
        parameters_from_teacher(trainer->table, values, model_parameter_table(trainer->teacher),
                                model_weights(trainer->teacher));
    return BERT_OK;
}

static checkpoint_content content_of(trainer *trainer)
{
    return (checkpoint_content){
        .settings = trainer->settings,
        .config = trainer->config,
        .table = trainer->table,
        .tokenizer = trainer->tokenizer,
        .values = model_weights(trainer->model),
        .optimizer = &trainer->optimizer,
        .state = &trainer->state,
    };
}

bert_status trainer_restore(trainer *trainer, const char *checkpoint, bert_error *error)
{
    checkpoint_content content = content_of(trainer);
    TRY(checkpoint_load(checkpoint, &content, error));
    if (trainer->state.step <= trainer->settings->total_steps)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT,
                     "%s: is of step %" PRId64 ", but the run has %" PRId64 " steps", checkpoint,
                     trainer->state.step, trainer->settings->total_steps);
}

/* ------------------------------------------------------------------------------------- loop --- */

/* An update may overflow where loss and gradients were finite. The next step would notice; what is
 * evaluated or saved has to be sound now. */
static bert_status check_parameters(const trainer *trainer, bert_error *error)
{
    const char *broken = model_find_nonfinite(trainer->model, model_weights(trainer->model));
    if (!broken)
        return BERT_OK;
    return error_set(error, BERT_ERROR_NOT_FINITE,
                     "step %" PRId64 ": parameter %s is not finite after the update; it was not "
                     "saved; a lower params->learning_rate may help",
                     trainer->state.step, broken);
}

static bool writes(const trainer *trainer)
{
    return bert_job_rank(trainer->job) == 0;
}

/* A resume cuts the logs at the checkpoint's step: until there they must be on the disk. */
static bert_status sync_logs(trainer *trainer, bert_error *error)
{
    if (!writes(trainer))
        return BERT_OK;
    TRY(metrics_sync(trainer->metrics, error));
    return metrics_sync(trainer->timings, error);
}

static bert_status save_checkpoint(trainer *trainer, bool may_be_best, bert_error *error)
{
    train_state *state = &trainer->state;
    if (may_be_best && (isnan(state->best_loss) || state->eval_loss < state->best_loss)) {
        state->best_loss = state->eval_loss;
        state->best_step = state->step;
    }
    TRY(rank_consistency_check_parameters(trainer->job, model_weights(trainer->model),
                                          trainer->table->size, state->step, error));
    TRY(job_sync_status(trainer->job, sync_logs(trainer, error), error));
    checkpoint_content content = content_of(trainer);
    job_begin_waiting(trainer->job);
    bert_status status = checkpoint_save(trainer->run, &content, error);
    job_end_waiting(trainer->job);
    if (status != BERT_OK)
        return error_prefix(error, status,
                            "step %" PRId64 " could not be saved (checkpoints before it are whole)",
                            state->step);
    if (writes(trainer))
        status = checkpoint_prune(trainer->run, trainer->settings->params.save_total_limit,
                                  state->best_step, error);
    return job_sync_status(trainer->job, status, error);
}

static bert_status timed_step(trainer *trainer, bert_error *error)
{
    step_sums sums;
    double start = clock_seconds();
    TRY(trainer_step(trainer, &sums, error));
    trainer->call_steps++;
    trainer_note_step(trainer, &sums, clock_seconds() - start);
    return BERT_OK;
}

/* A wish of any rank is one of all. */
static bert_status decide_to_stop(trainer *trainer, int64_t stop_after_steps, bool *stopping,
                                  bert_error *error)
{
    uint8_t wish = observer_should_stop(trainer->observer);
    TRY(job_allgather(trainer->job, &wish, sizeof wish, trainer->stop_requests, error));
    *stopping = trainer->call_steps == stop_after_steps;
    for (int rank = 0; rank < bert_job_size(trainer->job); rank++)
        *stopping |= trainer->stop_requests[rank] != 0;
    return BERT_OK;
}

/* What is due after a step: log, evaluation and checkpoint, in this order, so that a checkpoint
 * stands on the lines of its own step. */
static bert_status follow_up(trainer *trainer, bool last, int64_t stop_after_steps, bool *stopping,
                             bert_error *error)
{
    const run_settings *settings = trainer->settings;
    const bert_pretrain_params *params = &settings->params;
    int64_t step = trainer->state.step;
    bool logs = last || step % params->logging_steps == 0;
    bool evaluates = trainer->evaluates && (last || settings_is_due(settings, params->eval_steps,
                                                                    params->eval_epochs, step));
    if (logs || clock_seconds() - trainer->reported_at >= PROGRESS_SECONDS)
        trainer_report(trainer);
    if (logs)
        TRY(job_sync_status(trainer->job, trainer_log(trainer, error), error));
    if (evaluates) {
        TRY(job_sync_status(trainer->job, check_parameters(trainer, error), error));
        TRY(trainer_evaluate(trainer, error));
    }
    if (!last)
        TRY(decide_to_stop(trainer, stop_after_steps, stopping, error));
    /* A stop adds a checkpoint, but never the best one: that is the choice of the unbroken run. */
    bool saves = last || settings_is_due(settings, params->save_steps, params->save_epochs, step);
    if (saves || *stopping) {
        TRY(job_sync_status(trainer->job, check_parameters(trainer, error), error));
        TRY(save_checkpoint(trainer, evaluates && saves, error));
    }
    return BERT_OK;
}

static bert_status open_logs(trainer *trainer, bert_error *error)
{
    int64_t step = trainer->state.step;
    if (!writes(trainer))
        return BERT_OK;
    TRY(metrics_open(&trainer->metrics, trainer->run, "metrics.jsonl", step, error));
    return metrics_open(&trainer->timings, trainer->run, "timings.jsonl", step, error);
}

/* This rank's share of the samples of a step, numbered from the beginning of the phase. What is
 * made ahead behind the phase's end is never used; the room for a batch is that of the phase. */
static prefetch_range plan_batch(const void *context, uint64_t number)
{
    const trainer *trainer = context;
    const run_settings *settings = trainer->settings;
    int64_t last = settings_phase_end(settings, trainer->phase) - 1;
    int64_t step = (int64_t)number < last ? (int64_t)number : last;
    int64_t begun = settings_samples_before(settings, settings->phases[trainer->phase].first_step);
    int64_t first = settings_samples_before(settings, step);
    int64_t samples = settings_samples_in_step(settings, step);
    int64_t rank = bert_job_rank(trainer->job), ranks = bert_job_size(trainer->job);
    int64_t begin = samples * rank / ranks, end = samples * (rank + 1) / ranks;
    return (prefetch_range){.first = (uint64_t)(first - begun + begin),
                            .count = (int)(end - begin)};
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

bert_status trainer_run(trainer *trainer, int64_t stop_after_steps, bool *finished,
                        bert_error *error)
{
    const run_settings *settings = trainer->settings;
    *finished = false;
    TRY(job_sync_status(trainer->job, open_logs(trainer, error), error));
    trainer->reported_at = clock_seconds();
    bool stopping = false;
    while (!*finished && !stopping) {
        if (!trainer->prefetch ||
            trainer->state.step >= settings_phase_end(settings, trainer->phase))
            TRY(job_sync_status(trainer->job, enter_phase(trainer, error), error));
        TRY(timed_step(trainer, error));
        *finished = trainer->state.step == settings->total_steps;
        TRY(follow_up(trainer, *finished, stop_after_steps, &stopping, error));
    }
    return BERT_OK;
}
