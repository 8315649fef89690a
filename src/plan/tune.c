/* bert_tune: tries settings one after another, the promising ones first.
 *
 * Each part of a setting is chosen with the others held: precision at the micro-batch that `bert
 * pretrain` would take in float32, then the size of the micro-batch, then how the cores are divided
 * among ranks, then gradient checkpointing. That finds the best of all combinations unless they
 * help each other, and takes a tenth of the time. */
#include "bert/tune.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/observer.h"
#include "base/threads.h"
#include "formats/json.h"
#include "options/options.h"
#include "plan/find_config.h"
#include "plan/process_memory.h"
#include "plan/trial.h"
#include "train/micro_batch.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const double pass_seconds = 2; /* that a pass is repeated for */

typedef struct tuner {
    const bert_tune_params *params;
    const bert_observer *observer;
    bert_tune_result *result;
    trial_work work;
    model_config config;
    double begun;
    int cores;
} tuner;

bert_tune_params bert_tune_params_default(void)
{
    return (bert_tune_params){
        .model = "base",
        .max_seq_length = 128,
        .batch_size = 256,
        .precision = BERT_PRECISION_ANY,
        .seconds = 100,
    };
}

/* ----------------------------------------------------------------------------------- trials --- */

static void tell_progress(const tuner *tuner)
{
    const bert_progress progress = {.job = "tune",
                                    .unit = "setting",
                                    .done = tuner->result->trial_count,
                                    .epoch = NAN,
                                    .loss = NAN,
                                    .learning_rate = NAN,
                                    .tokens_per_second = NAN,
                                    .seconds_left = NAN};
    observer_progress(tuner->observer, &progress);
}

static const bert_trial *best_trial(const bert_tune_result *result)
{
    return result->best < result->trial_count ? &result->trials[result->best] : NULL;
}

static bool stopped(tuner *tuner)
{
    if (observer_should_stop(tuner->observer))
        tuner->result->finished = false;
    return !tuner->result->finished;
}

static bool same_setting(const bert_trial *a, const bert_trial *b)
{
    return a->micro_batch_tokens == b->micro_batch_tokens && a->ranks == b->ranks &&
           a->threads == b->threads && a->bf16 == b->bf16 &&
           a->gradient_checkpointing == b->gradient_checkpointing;
}

/* Tries a setting that was not tried before. Memory and time are asked first. */
static bert_status try_setting(tuner *tuner, bert_trial trial, bert_error *error)
{
    bert_tune_result *result = tuner->result;
    for (size_t i = 0; i < result->trial_count; i++)
        if (same_setting(&result->trials[i], &trial))
            return BERT_OK;
    if (result->trial_count == BERT_TRIALS_MAX || stopped(tuner))
        return BERT_OK;
    tell_progress(tuner);
    bert_status predicted = trial_predict(&tuner->work, &trial, error);
    if (predicted != BERT_OK && predicted != BERT_ERROR_MEMORY)
        return predicted;
    if (predicted == BERT_ERROR_MEMORY || trial.predicted_bytes > result->memory)
        trial.state = BERT_TRIAL_TOO_LARGE;
    else if (best_trial(result) && clock_seconds() - tuner->begun > tuner->params->seconds)
        trial.state = BERT_TRIAL_NO_TIME;
    else
        TRY(trial_run(&tuner->work, &trial, error));
    const bert_trial *best = best_trial(result);
    result->trials[result->trial_count] = trial;
    if (trial.state == BERT_TRIAL_MEASURED &&
        (!best || trial.tokens_per_second > best->tokens_per_second))
        result->best = result->trial_count;
    result->trial_count++;
    return BERT_OK;
}

static bert_status try_precisions(tuner *tuner, int tokens, bert_error *error)
{
    bert_precision precision = tuner->params->precision;
    bert_trial trial = {.micro_batch_tokens = tokens, .ranks = 1, .threads = tuner->cores};
    for (int bf16 = 0; bf16 < 2; bf16++) {
        trial.bf16 = bf16;
        if (precision == BERT_PRECISION_ANY ||
            precision == (bf16 ? BERT_PRECISION_BF16 : BERT_PRECISION_FLOAT32))
            TRY(try_setting(tuner, trial, error));
    }
    return BERT_OK;
}

/* Smaller ones first where nothing fitted yet. */
static bert_status try_micro_batches(tuner *tuner, int tokens, bert_error *error)
{
    static const double factors[] = {0.5, 2, 0.25, 4};
    bert_trial trial = tuner->result->trials[0];
    if (best_trial(tuner->result))
        trial = *best_trial(tuner->result);
    for (size_t i = 0; i < sizeof factors / sizeof factors[0]; i++) {
        double size = tokens * factors[i];
        trial.micro_batch_tokens = (int)fmax(size, tuner->params->max_seq_length);
        TRY(try_setting(tuner, trial, error));
    }
    return BERT_OK;
}

/* Recomputing activations costs time and saves memory: tried with the best setting, or in
 * its stead where nothing fits without. */
static bert_status try_gradient_checkpointing(tuner *tuner, bert_error *error)
{
    if (tuner->result->trial_count == 0)
        return BERT_OK;
    bert_trial trial = tuner->result->trials[0];
    if (best_trial(tuner->result))
        trial = *best_trial(tuner->result);
    trial.gradient_checkpointing = true;
    return try_setting(tuner, trial, error);
}

/* Ranks that divide the cores evenly: 1 × 8, 2 × 4, 4 × 2, 8 × 1. */
static bert_status try_ranks(tuner *tuner, bert_error *error)
{
    if (!best_trial(tuner->result))
        return BERT_OK;
    bert_trial trial = *best_trial(tuner->result);
    for (int ranks = 2; ranks <= tuner->cores && ranks <= 64; ranks *= 2) {
        if (tuner->cores % ranks != 0)
            continue;
        trial.ranks = ranks;
        trial.threads = tuner->cores / ranks;
        TRY(try_setting(tuner, trial, error));
    }
    return BERT_OK;
}

/* ------------------------------------------------------------------------------------ result ---
 */

static bert_status write_settings(const tuner *tuner, bert_error *error)
{
    const bert_trial *best = best_trial(tuner->result);
    json_t *settings =
        json_pack("{s:i, s:s, s:i, s:b}", "micro-batch-tokens", best->micro_batch_tokens,
                  "precision", best->bf16 ? "bf16" : "float32", "threads", best->threads,
                  "gradient-checkpointing", best->gradient_checkpointing);
    if (!settings)
        return error_set(error, BERT_ERROR_MEMORY, "out of memory");
    bert_status status = json_write(settings, tuner->params->output, error);
    json_decref(settings);
    return status;
}

static uint64_t least_memory(const bert_tune_result *result)
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < result->trial_count; i++)
        if (result->trials[i].predicted_bytes < least)
            least = result->trials[i].predicted_bytes;
    return least;
}

static bert_status conclude(tuner *tuner, bert_error *error)
{
    bert_tune_result *result = tuner->result;
    if (!best_trial(result))
        result->best = result->trial_count;
    result->seconds = clock_seconds() - tuner->begun;
    if (!result->finished)
        return BERT_OK;
    if (!best_trial(result))
        return error_set(error, BERT_ERROR_MEMORY,
                         "the model does not fit: the smallest setting takes %" PRIu64
                         " MB, %" PRIu64 " MB are allowed (params->memory)",
                         least_memory(result) / 1000000, result->memory / 1000000);
    return tuner->params->output ? write_settings(tuner, error) : BERT_OK;
}

/* Never more than the system has: it would end the process instead of refusing. */
static uint64_t allowed_memory(const bert_tune_params *params, const bert_observer *observer)
{
    uint64_t available = process_memory_available();
    if (params->memory == 0)
        return available / 10 * 9;
    if (params->memory <= available || available == 0)
        return params->memory;
    observer_message(observer, BERT_MESSAGE_WARNING,
                     "params->memory is %" PRIu64 " MB, but only %" PRIu64
                     " MB are free: that is the limit",
                     params->memory / 1000000, available / 1000000);
    return available;
}

static bert_status tune(const bert_tune_params *params, bert_tune_result *result,
                        const bert_observer *observer, bert_error *error)
{
    *result = (bert_tune_result){.finished = true, .best = SIZE_MAX};
    tuner tuner = {.params = params, .observer = observer, .result = result};
    TRY(find_config(&tuner.config, params->model, error));
    if (params->max_seq_length > tuner.config.max_position_embeddings)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->max_seq_length is %d; the model has %d positions",
                         params->max_seq_length, tuner.config.max_position_embeddings);
    tuner.work = (trial_work){.config = &tuner.config,
                              .max_seq_length = params->max_seq_length,
                              .batch_size = params->batch_size,
                              .seconds = pass_seconds};
    result->memory = allowed_memory(params, observer);
    tuner.begun = clock_seconds();
    tuner.cores = threads_count();
    int tokens = micro_batch_default_tokens(&tuner.config, GEMM_FLOAT32);
    tokens = tokens > params->max_seq_length ? tokens : params->max_seq_length;
    TRY(try_precisions(&tuner, tokens, error));
    TRY(try_micro_batches(&tuner, tokens, error));
    TRY(try_ranks(&tuner, error));
    TRY(try_gradient_checkpointing(&tuner, error));
    return conclude(&tuner, error);
}

bert_status bert_tune(const bert_tune_params *params, bert_tune_result *result,
                      const bert_observer *observer, bert_error *error)
{
    TRY(OPTIONS_CHECK(bert_tune_params, params, error));
    int before = threads_use(params->threads);
    bert_status status = tune(params, result, observer, error);
    threads_use(before);
    return status;
}
