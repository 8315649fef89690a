#include "tasks/finetune_trainer.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/observer.h"
#include "formats/json.h"
#include "tasks/finetune_settings.h"
#include "train/rank_consistency.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------ preparation --- */

/* This rank's share of a step. */
static bert_status limits_of(const finetune_trainer *trainer, micro_batch_limits *limits,
                             bert_error *error)
{
    const bert_finetune_params *params = trainer->inputs->params;
    *limits = (micro_batch_limits){
        .sequences = params->per_device_train_batch_size,
        .tokens = params->micro_batch_tokens
                      ? params->micro_batch_tokens
                      : micro_batch_default_tokens(&trainer->inputs->config,
                                                   gemm_precision_of(params->precision)),
        .max_seq_length = params->max_seq_length,
    };
    int64_t samples =
        (int64_t)params->per_device_train_batch_size * params->gradient_accumulation_steps;
    if (samples > INT32_MAX / params->max_seq_length)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "a step of %" PRId64 " texts of %d tokens (params->per_device_train_batch_size "
            "× params->gradient_accumulation_steps, params->max_seq_length) is too large",
            samples, params->max_seq_length);
    limits->batch_sequences = (int)samples;
    return BERT_OK;
}

static void log_step(void *context);

static bert_status create_step(finetune_trainer *trainer, bert_error *error)
{
    const finetune_inputs *inputs = trainer->inputs;
    const bert_finetune_params *params = inputs->params;
    training_settings settings = {
        .config = &inputs->config,
        .objective = objective_of_finetuning(&inputs->config),
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
    };
    TRY(optimizer_type_find(&settings.optimizer, bert_optimizer_name(params->optim), error));
    TRY(limits_of(trainer, &settings.limits, error));
    trainer->step = (training_step){
        .job = trainer->job,
        .context = trainer,
        .next_batch = finetune_next_batch,
        .describe_nonfinite = finetune_describe_nonfinite,
        .log = log_step,
    };
    TRY(training_step_create(&trainer->step, &settings, error));
    trainer->limits = micro_batches_limits(&trainer->step.micro_batches, true);
    return BERT_OK;
}

static bert_status create_buffers(finetune_trainer *trainer, bert_error *error)
{
    const finetune_inputs *inputs = trainer->inputs;
    const micro_batch_limits *limits = &trainer->step.settings.limits;
    size_t size = (size_t)limits->batch_sequences;
    TRY(batch_create(&trainer->batch, limits->batch_sequences * limits->max_seq_length,
                     limits->batch_sequences, 0, error));
    TRY(memory_map((void **)&trainer->best_weights, inputs->table.size * sizeof(float),
                   "the best weights", error));
    TRY(memory_array((void **)&trainer->labels, size, sizeof(int32_t), "labels", error));
    TRY(memory_array((void **)&trainer->targets, size, sizeof(float), "labels", error));
    TRY(memory_array((void **)&trainer->stop_requests, (size_t)bert_job_size(trainer->job), 1,
                     "requests to stop", error));
    return memory_array((void **)&trainer->logits,
                        (size_t)trainer->limits.sequences * (size_t)inputs->config.num_labels,
                        sizeof(float), "answers", error);
}

bert_status finetune_trainer_create(finetune_trainer *trainer, bert_error *error)
{
    const finetune_inputs *inputs = trainer->inputs;
    const bert_finetune_params *params = inputs->params;
    TRY(create_step(trainer, error));
    TRY(create_buffers(trainer, error));
    if (inputs->regression)
        trainer->batch.targets = trainer->targets;
    else
        trainer->batch.labels = trainer->labels;
    trainer->batch.class_weights = inputs->class_weights;
    int64_t count = (int64_t)inputs->train.examples.count;
    int64_t size =
        (int64_t)trainer->step.settings.limits.batch_sequences * bert_job_size(trainer->job);
    trainer->samples_per_step = size;
    trainer->steps_per_epoch = (count + size - 1) / size;
    trainer->total_steps = trainer->steps_per_epoch * params->num_train_epochs;
    return BERT_OK;
}

void finetune_trainer_free(finetune_trainer *trainer)
{
    if (!trainer->inputs)
        return;
    memory_unmap(trainer->best_weights, trainer->inputs->table.size * sizeof(float));
    free(trainer->labels);
    free(trainer->targets);
    free(trainer->logits);
    free(trainer->stop_requests);
    batch_free(&trainer->batch);
    training_step_free(&trainer->step);
    *trainer = (finetune_trainer){0};
}

/* ------------------------------------------------------------------------------ measurement --- */

/* Rank 0's log. */
static bert_status write_line(const finetune_trainer *trainer, const json_t *line,
                              bert_error *error)
{
    return trainer->metrics ? metrics_write(trainer->metrics, line, error) : BERT_OK;
}

static bert_status put_scores(json_t *line, const char *split, const task_scores *scores,
                              bert_error *error)
{
    for (int i = 0; i < scores->count; i++) {
        char key[64];
        snprintf(key, sizeof key, "eval_%s%s%s", split, *split ? "_" : "", scores->names[i]);
        TRY(json_put(line, key,
                     isnan(scores->values[i]) ? json_null() : json_real(scores->values[i]), error));
    }
    return BERT_OK;
}

static json_t *begin_line(const finetune_trainer *trainer, int64_t step)
{
    const seed_run *run = trainer->run;
    return json_pack("{s:I, s:s, s:I, s:f}", "step", (json_int_t)(run->first_step + step), "start",
                     run->start == START_MODEL ? "model" : "scratch", "seed", (json_int_t)run->seed,
                     "epoch", (double)step / (double)trainer->steps_per_epoch);
}

static bert_status measure_split(finetune_trainer *trainer, const finetune_split *split,
                                 task_scores *scores, json_t *line, bert_error *error)
{
    const finetune_inputs *inputs = trainer->inputs;
    answers answers;
    char key[64];
    snprintf(key, sizeof key, "eval_%s%sloss", split->name, *split->name ? "_" : "");
    TRY(finetune_answer(trainer, split, &answers, error));
    bert_status status =
        task_scores_compute(scores, inputs->scores, &split->examples, answers.classes,
                            answers.numbers, inputs->classes.count, error);
    if (status == BERT_OK)
        status = json_put(line, key, json_real(answers.loss), error);
    if (status == BERT_OK)
        status = put_scores(line, split->name, scores, error);
    answers_free(&answers);
    return job_sync_status(trainer->job, status, error);
}

/* Every validation file; a line of metrics.jsonl for all. */
static bert_status measure(finetune_trainer *trainer, int64_t step,
                           task_scores scores[GLUE_SPLITS_MAX], bert_error *error)
{
    const finetune_inputs *inputs = trainer->inputs;
    json_t *line = begin_line(trainer, step);
    bert_status status = BERT_OK;
    for (size_t i = 0; i < inputs->validation_count && status == BERT_OK; i++)
        status = measure_split(trainer, &inputs->validation[i], &scores[i], line, error);
    if (status == BERT_OK)
        status = job_sync_status(trainer->job, write_line(trainer, line, error), error);
    json_decref(line);
    return status;
}

static void announce(const finetune_trainer *trainer, int epoch, const task_scores *scores)
{
    char text[256] = "";
    size_t length = 0;
    for (int i = 0; i < scores->count; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%s %.4f",
                                   i > 0 ? ", " : "", scores->names[i], scores->values[i]);
    observer_message(trainer->observer, BERT_MESSAGE_INFO, "%s, seed %" PRIu64 ", epoch %d: %s",
                     trainer->run->start == START_MODEL ? "model" : "from scratch",
                     trainer->run->seed, epoch, text);
}

/* ------------------------------------------------------------------------------------- loop --- */

static void report(finetune_trainer *trainer, int64_t step, double loss)
{
    double now = clock_seconds();
    if (now - trainer->reported_at < PROGRESS_SECONDS)
        return;
    trainer->reported_at = now;
    int64_t done = trainer->progress_done + step;
    bert_progress progress = {
        .job = "finetune",
        .unit = "step",
        .done = (uint64_t)done,
        .total = (uint64_t)trainer->progress_total,
        .epoch = (double)step / (double)trainer->steps_per_epoch,
        .loss = loss,
        .learning_rate = NAN,
        .tokens_per_second = trainer->tokens / trainer->seconds,
        .seconds_left = NAN,
    };
    observer_progress(trainer->observer, &progress);
}

static void log_step(void *context)
{
    finetune_trainer *trainer = context;
    const training_step *step = &trainer->step;
    double loss = losses_total(&step->sums.losses);
    trainer->interval_loss += loss;
    trainer->interval_steps++;
    trainer->seconds += step->seconds;
    trainer->tokens += (double)step->sums.tokens;
    report(trainer, step->number + 1, loss);
}

/* A line of the log holds the mean loss since the one before. */
static bert_status write_log(finetune_trainer *trainer, int64_t step, bert_error *error)
{
    json_t *line = begin_line(trainer, step);
    bert_status status = json_put(
        line, "loss", json_real(trainer->interval_loss / (double)trainer->interval_steps), error);
    if (status == BERT_OK)
        status = json_put(line, "grad_norm", json_real(trainer->step.grad_norm), error);
    if (status == BERT_OK)
        status = write_line(trainer, line, error);
    json_decref(line);
    trainer->interval_loss = 0;
    trainer->interval_steps = 0;
    return job_sync_status(trainer->job, status, error);
}

/* A request of any rank is one to all. */
static bert_status decide_to_stop(finetune_trainer *trainer, bool *stopped, bert_error *error)
{
    uint8_t request = observer_should_stop(trainer->observer);
    TRY(job_allgather(trainer->job, &request, sizeof request, trainer->stop_requests, error));
    for (int rank = 0; rank < bert_job_size(trainer->job); rank++)
        *stopped |= trainer->stop_requests[rank] != 0;
    return BERT_OK;
}

static bert_status train_epoch(finetune_trainer *trainer, int epoch, bool *stopped,
                               bert_error *error)
{
    int64_t end = trainer->steps_per_epoch * epoch;
    for (int64_t step = end - trainer->steps_per_epoch; step < end && !*stopped; step++) {
        double rate = trainer->run->learning_rate * schedule_factor(&trainer->schedule, step);
        TRY(training_step_run(&trainer->step, step, rate, error));
        if (step + 1 == end || (step + 1) % trainer->inputs->params->logging_steps == 0)
            TRY(write_log(trainer, step + 1, error));
        TRY(decide_to_stop(trainer, stopped, error));
    }
    return BERT_OK;
}

/* New parameters of a model are reported once: they are the same for all seeds. */
static bert_status begin(finetune_trainer *trainer, const seed_run *run, bert_error *error)
{
    const bert_finetune_params *params = trainer->inputs->params;
    schedule_settings schedule = schedule_settings_of_finetuning(params);
    schedule.learning_rate = run->learning_rate;
    trainer->schedule = schedule_of_settings(
        &schedule, (int64_t)ceil(params->warmup_ratio * (double)trainer->total_steps),
        trainer->total_steps);
    trainer->run = run;
    trainer->step.seed = run->seed;
    trainer->interval_loss = 0;
    trainer->interval_steps = 0;
    optimizer_reset(&trainer->step.optimizer);
    float *weights = model_weights(trainer->step.model);
    bert_status status =
        finetune_initialize(trainer->inputs, run->seed, run->start == START_SCRATCH,
                            run->first_step == 0 ? trainer->observer : NULL, weights, error);
    TRY(job_sync_status(trainer->job, status, error));
    return rank_consistency_check_parameters(trainer->job, weights, trainer->inputs->table.size, 0,
                                             error);
}

/* After an epoch. */
static bert_status judge(finetune_trainer *trainer, int epoch, finetune_outcome *outcome,
                         bert_error *error)
{
    int64_t step = trainer->steps_per_epoch * epoch;
    size_t size = trainer->inputs->table.size;
    const float *weights = model_weights(trainer->step.model);
    task_scores scores[GLUE_SPLITS_MAX] = {0};
    TRY(rank_consistency_check_parameters(trainer->job, weights, size, step, error));
    TRY(measure(trainer, step, scores, error));
    announce(trainer, epoch, &scores[0]);
    outcome->epochs = epoch;
    if (epoch == 1 || task_score_better(scores[0].judged_by, outcome->scores[0].judged_by)) {
        memcpy(outcome->scores, scores, sizeof scores);
        model_operations(trainer->step.model)->values_copy(trainer->best_weights, weights, size);
        outcome->best_epoch = epoch;
    }
    return BERT_OK;
}

bert_status finetune_trainer_run(finetune_trainer *trainer, const seed_run *run,
                                 finetune_outcome *outcome, bert_error *error)
{
    const bert_finetune_params *params = trainer->inputs->params;
    *outcome = (finetune_outcome){0};
    TRY(begin(trainer, run, error));
    for (int epoch = 1; epoch <= params->num_train_epochs; epoch++) {
        TRY(train_epoch(trainer, epoch, &outcome->stopped, error));
        if (outcome->stopped)
            return BERT_OK;
        TRY(judge(trainer, epoch, outcome, error));
        if (params->early_stopping_patience > 0 &&
            epoch - outcome->best_epoch >= params->early_stopping_patience)
            break;
    }
    model_operations(trainer->step.model)
        ->values_copy(model_weights(trainer->step.model), trainer->best_weights,
                      trainer->inputs->table.size);
    return BERT_OK;
}
