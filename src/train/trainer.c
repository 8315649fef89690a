#include "train/trainer.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/observer.h"
#include "model/folder.h"
#include "train/batch_size.h"
#include "train/learning_rate.h"
#include "train/rank_consistency.h"
#include "train/run_inputs.h"
#include "train/sampling.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------ preparation --- */

/* The most sequences that a rank has in any step, and predictions in any sequence. */
static micro_batch_limits limits_of(const trainer *trainer)
{
    const run_settings *settings = trainer->settings;
    const bert_pretrain_params *params = &settings->params;
    int64_t ranks = bert_job_size(trainer->job);
    int64_t samples = settings_most_samples(settings, 0, settings->total_steps);
    /* What a caller predicts is not known before. */
    int masked = trainer->own_batches ? params->max_seq_length : 0;
    for (int i = 0; trainer->samplers && i < settings->phase_count; i++)
        if (sampler_max_masked(trainer->samplers[i]) > masked)
            masked = sampler_max_masked(trainer->samplers[i]);
    return (micro_batch_limits){
        .sequences = params->per_device_train_batch_size,
        .tokens = params->micro_batch_tokens,
        .max_seq_length = params->max_seq_length,
        .max_masked = masked,
        .batch_sequences = (int)((samples + ranks - 1) / ranks),
    };
}

static bert_status create_step(trainer *trainer, bert_error *error)
{
    const bert_pretrain_params *params = &trainer->settings->params;
    training_settings settings = {
        .config = trainer->config,
        .objective = objective_of_pretraining(trainer->config, params),
        .optimizer_settings = {.beta1 = params->adam_beta1,
                               .beta2 = params->adam_beta2,
                               .epsilon = params->adam_epsilon,
                               .weight_decay = params->weight_decay,
                               .momentum = params->muon_momentum,
                               .muon_adjustment = params->muon_adjust_lr_fn},
        .max_grad_norm = params->max_grad_norm,
        .precision = gemm_precision_of(params->precision),
        .gradient_checkpointing = params->gradient_checkpointing,
        .zero = params->zero == 1,
        .bfloat16_gradients = params->gradient_dtype == BERT_PRECISION_BF16,
        .limits = limits_of(trainer),
    };
    TRY(optimizer_type_find(&settings.optimizer, bert_optimizer_name(params->optim), error));
    trainer->step = (training_step){
        .job = trainer->job,
        .context = trainer,
        .next_batch = trainer_next_batch,
        .describe_nonfinite = trainer_describe_nonfinite,
        .log = trainer_log_step,
        .objective_settings = {.temperature = params->distill_temperature,
                               .alpha_ce = params->distill_alpha_ce,
                               .alpha_mlm = params->distill_alpha_mlm,
                               .alpha_cos = params->distill_alpha_cos},
        .seed = params->seed,
    };
    TRY(training_step_create(&trainer->step, &settings, error));
    trainer->table = model_parameter_table(trainer->step.model);
    return BERT_OK;
}

/* The teacher sees the micro-batches that the model sees. */
static bert_status create_teacher(trainer *trainer, bert_error *error)
{
    const char *folder = trainer->settings->params.teacher;
    model_limits limits = micro_batches_limits(&trainer->step.micro_batches, false);
    model_config config;
    TRY(checkpoint_verify_model(folder, error));
    TRY(model_folder_read_config(&config, folder, error));
    TRY(model_check_teacher(trainer->config, &config, folder, error));
    TRY(model_create(&trainer->teacher, &config, &limits, error));
    model_set_precision(trainer->teacher, trainer->step.settings.precision);
    trainer->step.objective_settings.teacher = trainer->teacher;
    return weights_load(model_parameter_table(trainer->teacher), &config,
                        model_weights(trainer->teacher), folder, &(weights_options){0}, error);
}

/* Where evaluation was not asked for, data without a usable validation split is no error. */
static bert_status create_evaluator(trainer *trainer, bert_error *error)
{
    const bert_pretrain_params *params = &trainer->settings->params;
    bool asked = params->eval_steps > 0 || params->eval_epochs > 0 || params->eval_samples > 0 ||
                 params->eval_data;
    const sampler_settings settings = sampling_for_evaluation(params);
    bert_error reason = {0};
    bert_status status;
    if (trainer->validation)
        status = evaluator_create(&trainer->evaluator, trainer->validation, trainer->tokenizer,
                                  &settings, params->per_device_train_batch_size,
                                  params->micro_batch_tokens, params->eval_samples, &reason);
    else
        status = error_set(
            &reason, BERT_ERROR_INPUT, "%s%s: there is no such split, and no params->eval_data",
            trainer->settings->data_name,
            run_inputs_is_pretokenized(params->data) ? ":validation" : ".validation.idx");
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
    const schedule_settings schedule = schedule_settings_of_pretraining(params);
    trainer->schedule = schedule_of_settings(&schedule, trainer->settings->warmup_steps,
                                             trainer->settings->total_steps);
    TRY(create_step(trainer, error));
    TRY(memory_array((void **)&trainer->stop_requests, (size_t)bert_job_size(trainer->job), 1,
                     "requests to stop", error));
    if (params->teacher)
        TRY(create_teacher(trainer, error));
    return trainer->own_batches ? BERT_OK : create_evaluator(trainer, error);
}

void trainer_free(trainer *trainer)
{
    prefetch_stop(trainer->prefetch);
    metrics_close(trainer->metrics);
    metrics_close(trainer->timings);
    evaluator_free(&trainer->evaluator);
    free(trainer->stop_requests);
    training_step_free(&trainer->step);
    model_free(trainer->teacher);
    train_state_free(&trainer->state);
}

bert_status trainer_begin(trainer *trainer, const char *weights, const vocabulary_growth *growth,
                          bert_error *error)
{
    float *values = model_weights(trainer->step.model);
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
        .values = model_weights(trainer->step.model),
        .optimizer = &trainer->step.optimizer,
        .state = &trainer->state,
    };
}

bert_status trainer_restore(trainer *trainer, const char *checkpoint, bert_error *error)
{
    checkpoint_content content = content_of(trainer);
    TRY(checkpoint_load(checkpoint, &content, error));
    trainer->saved_step = trainer->state.step;
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
    const char *broken =
        model_find_nonfinite(trainer->step.model, model_weights(trainer->step.model));
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
    TRY(rank_consistency_check_parameters(trainer->job, model_weights(trainer->step.model),
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
    trainer->saved_step = state->step;
    if (writes(trainer))
        status = checkpoint_prune(trainer->run, trainer->settings->params.save_total_limit,
                                  state->best_step, error);
    return job_sync_status(trainer->job, status, error);
}

bert_status trainer_save(trainer *trainer, bert_error *error)
{
    if (trainer->saved_step == trainer->state.step)
        return BERT_OK;
    TRY(job_sync_status(trainer->job, check_parameters(trainer, error), error));
    return save_checkpoint(trainer, false, error);
}

static bert_status run_step(trainer *trainer, bert_error *error)
{
    int64_t step = trainer->state.step;
    double learning_rate = learning_rate_at(trainer->settings, &trainer->schedule, step);
    TRY(training_step_run(&trainer->step, step, learning_rate, error));
    trainer->state.step++;
    trainer->call_steps++;
    return BERT_OK;
}

/* A request of any rank is one to all. */
static bert_status decide_to_stop(trainer *trainer, bool *stopping, bert_error *error)
{
    uint8_t request = observer_should_stop(trainer->observer);
    TRY(job_allgather(trainer->job, &request, sizeof request, trainer->stop_requests, error));
    *stopping = trainer->call_steps == trainer->stop_after_steps;
    for (int rank = 0; rank < bert_job_size(trainer->job); rank++)
        *stopping |= trainer->stop_requests[rank] != 0;
    return BERT_OK;
}

/* What is due after a step: log, evaluation and checkpoint, in this order, so that a checkpoint
 * stands on the lines of its own step. */
static bert_status follow_up(trainer *trainer, bool last, bool *stopping, bert_error *error)
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
        TRY(decide_to_stop(trainer, stopping, error));
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

bert_status trainer_start(trainer *trainer, bert_error *error)
{
    trainer->reported_at = clock_seconds();
    return job_sync_status(trainer->job, open_logs(trainer, error), error);
}

bert_status trainer_next(trainer *trainer, bool *finished, bool *stopping, bert_error *error)
{
    *stopping = false;
    TRY(run_step(trainer, error));
    *finished = trainer->state.step == trainer->settings->total_steps;
    return follow_up(trainer, *finished, stopping, error);
}

bert_status trainer_run(trainer *trainer, bool *finished, bert_error *error)
{
    bool stopping = false;
    *finished = false;
    TRY(trainer_start(trainer, error));
    while (!*finished && !stopping)
        TRY(trainer_next(trainer, finished, &stopping, error));
    return BERT_OK;
}
