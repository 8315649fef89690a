#include "train/settings.h"

#include "base/file.h"
#include "hub/push.h"
#include "model/config.h"
#include "optim/optimizers.h"
#include "options/options.h"
#include "train/batch_size.h"
#include "train/checkpoint.h"
#include "train/learning_rate.h"
#include "train/optimizer.h"
#include "train/sampling.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bert_pretrain_params bert_pretrain_params_default(void)
{
    return (bert_pretrain_params){
        .tokenizer_options = bert_tokenizer_options_default(),
        .per_device_train_batch_size = 32,
        .gradient_accumulation_steps = 1,
        .max_seq_length = 128,
        .short_seq_probability = 0.1,
        .mlm_probability = 0.15,
        .next_sentence_prediction = true,
        .optim = BERT_OPTIMIZER_ADAMW,
        .learning_rate = 1e-4,
        .weight_decay = 0.01,
        .adam_beta1 = 0.9,
        .adam_beta2 = 0.999,
        .muon_momentum = 0.95,
        .muon_adjust_lr_fn = BERT_MUON_ADJUSTMENT_MATCH_RMS_ADAMW,
        .adam_epsilon = 1e-8,
        .max_grad_norm = 1.0,
        .lr_scheduler_type = BERT_LR_SCHEDULER_LINEAR,
        .lr_end = 1e-7,
        .lr_power = 1,
        .lr_num_cycles = 1,
        .pct_start = 0.3,
        .div_factor = 25,
        .final_div_factor = 1e4,
        .lr_decay_ratio = 0.2,
        .learning_rate_scaling = BERT_LEARNING_RATE_SCALING_NONE,
        .precision = BERT_PRECISION_FLOAT32,
        .pairs = BERT_PAIRS_SEGMENT,
        .sequences = BERT_SEQUENCES_SENTENCES,
        .mask_unit = BERT_MASK_UNIT_TOKEN,
        .masks = BERT_MASKS_DYNAMIC,
        .gradient_dtype = BERT_PRECISION_FLOAT32,
        .distill_temperature = 2,
        .distill_alpha_ce = 5,
        .distill_alpha_mlm = 2,
        .distill_alpha_cos = 1,
        .num_train_epochs = 3,
        .logging_steps = 10,
        .hidden_dropout_prob = -1,
        .attention_probs_dropout_prob = -1,
        .seed = 42,
    };
}

bert_resume_params bert_resume_params_default(void)
{
    return (bert_resume_params){.zero = BERT_UNSET,
                                .hub_private_repo = BERT_UNSET,
                                .hub_strategy = BERT_HUB_STRATEGY_UNSET};
}

/* -------------------------------------------------------------------------------- checking --- */

static bert_status check_contradictions(const bert_pretrain_params *params, bert_error *error)
{
    if (params->max_steps == 0 && !(params->num_train_epochs > 0))
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "params->max_steps and params->num_train_epochs are both 0, expected a length");
    if (params->eval_steps > 0 && params->eval_epochs > 0)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "params->eval_steps and params->eval_epochs are both given, expected one of them");
    if (params->save_steps > 0 && params->save_epochs > 0)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "params->save_steps and params->save_epochs are both given, expected one of them");
    if (params->warmup_steps > 0 && params->warmup_ratio > 0)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "params->warmup_steps and params->warmup_ratio are both given, expected one of them");
    if (params->teacher &&
        !(params->distill_alpha_ce + params->distill_alpha_mlm + params->distill_alpha_cos > 0))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "all of params->distill_alpha_ce, params->distill_alpha_mlm and "
                         "params->distill_alpha_cos "
                         "are 0, expected something to learn from");
    return BERT_OK;
}

/* That what distillation reads was not changed where there is no teacher. */
static bert_status check_distillation(const bert_pretrain_params *params, bert_error *error)
{
    const bert_pretrain_params usual = bert_pretrain_params_default();
    const struct {
        const char *option;
        bool changed;
    } figures[] = {
        {"distill_temperature", params->distill_temperature != usual.distill_temperature},
        {"distill_alpha_ce", params->distill_alpha_ce != usual.distill_alpha_ce},
        {"distill_alpha_mlm", params->distill_alpha_mlm != usual.distill_alpha_mlm},
        {"distill_alpha_cos", params->distill_alpha_cos != usual.distill_alpha_cos},
    };
    for (size_t i = 0; !params->teacher && i < sizeof figures / sizeof *figures; i++)
        if (figures[i].changed)
            return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                             "params->%s requires params->teacher", figures[i].option);
    return BERT_OK;
}

static bert_status check_push(const bert_pretrain_params *params, bert_error *error)
{
    if (hub_push_is_wanted(params->push_to_hub))
        return BERT_OK;
    if (params->hub_private_repo)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->hub_private_repo requires params->push_to_hub = OWNER/NAME");
    if (params->hub_strategy != BERT_HUB_STRATEGY_EVERY_SAVE)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->hub_strategy requires params->push_to_hub = OWNER/NAME");
    return BERT_OK;
}

bert_status settings_check(const bert_pretrain_params *params, bert_error *error)
{
    bert_pretrain_params checked = *params;
    if (!checked.data) /* a session's batches may be the caller's own: pretraining.c sees to it */
        checked.data = "none";
    TRY(OPTIONS_CHECK(bert_pretrain_params, &checked, error));
    TRY(check_contradictions(params, error));
    TRY(batch_size_check(params, error));
    TRY(optimizer_figures_check(params->optim, params->muon_momentum, params->muon_adjust_lr_fn,
                                error));
    TRY(learning_rate_check(params, error));
    TRY(check_distillation(params, error));
    TRY(check_push(params, error));
    return sampling_check(params, error);
}

static bert_status copy_string(const char **string, bert_error *error)
{
    char *copy = strdup(*string);
    *string = copy;
    return copy ? BERT_OK : error_set(error, BERT_ERROR_MEMORY, "no memory for settings");
}

/* A path that still holds when the run is resumed from another directory. */
static bert_status copy_path(const char **path, bert_error *error)
{
    char *absolute = NULL;
    if (**path == '/')
        return copy_string(path, error);
    char *here = getcwd(NULL, 0);
    bert_status status = here ? path_join(&absolute, here, *path, error)
                              : error_set(error, BERT_ERROR_IO, "no current directory");
    free(here);
    *path = absolute;
    return status;
}

static bert_status copy_paths(const char **paths, bert_error *error)
{
    text all = {0};
    char *lines;
    bert_status status = path_format(&lines, error, "%s", *paths);
    *paths = NULL;
    TRY(status);
    for (char *rest = lines, *line; status == BERT_OK && (line = strsep(&rest, "\n"));) {
        const char *path = line;
        status = copy_path(&path, error);
        if (status == BERT_OK)
            status = text_format(&all, error, "%s%s", all.length ? "\n" : "", path);
        if (path != line)
            free((void *)(uintptr_t)path);
    }
    free(lines);
    if (status != BERT_OK)
        text_free(&all);
    *paths = all.data;
    return status;
}

/* The name of a size means the size, whatever else has that name. Of a run its last checkpoint is
 * taken here and now: the run may go on to others. */
static bert_status copy_model(const char **model, bert_error *error)
{
    model_config named;
    if (model_config_named(&named, *model, NULL) == BERT_OK)
        return copy_string(model, error);
    char *found = NULL;
    bert_status status = checkpoint_find_model(&found, *model, error);
    *model = found;
    if (status == BERT_OK)
        status = copy_path(model, error);
    free(found);
    return status;
}

static bert_status copy_value(const char **value, bert_option_type type, bert_error *error)
{
    if (!*value)
        return BERT_OK;
    switch (type) {
    case BERT_OPTION_PATH:
        return copy_path(value, error);
    case BERT_OPTION_PATHS:
        return copy_paths(value, error);
    case BERT_OPTION_MODEL:
        return copy_model(value, error);
    default:
        return copy_string(value, error);
    }
}

static bert_status name_data(run_settings *settings, bert_error *error)
{
    text name = {0};
    bert_status status = BERT_OK;
    const char *data = settings->params.data;
    for (const char *c = data ? data : settings->params.tokenizer; c && *c && status == BERT_OK;
         c++)
        status = *c == '\n' ? text_append(&name, ", ", 2, error) : text_append(&name, c, 1, error);
    settings->data_name = name.data;
    return status;
}

bert_status settings_create(run_settings *settings, const bert_pretrain_params *params,
                            bert_error *error)
{
    *settings = (run_settings){0};
    TRY(settings_check(params, error));
    bert_pretrain_params *kept = &settings->params;
    *kept = *params;
    kept->stop_after_steps = 0;
    kept->job = NULL;
    settings->ranks = bert_job_size(params->job);
    /* All are replaced before the first failure returns: what is freed is always a copy. */
    bert_status status = BERT_OK;
    size_t count;
    const bert_option *options = bert_pretrain_params_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (!option_is_string(&options[i]))
            continue;
        bert_error *first = status == BERT_OK ? error : NULL;
        bert_status copied = copy_value(option_string(kept, &options[i]), options[i].type, first);
        status = status == BERT_OK ? copied : status;
    }
    TRY(status);
    TRY(name_data(settings, error));
    return sampling_phases(settings, error);
}

bert_status settings_change_push(run_settings *settings, const bert_resume_params *params,
                                 bert_error *error)
{
    bert_pretrain_params *kept = &settings->params;
    if (params->push_to_hub) {
        const char *name = params->push_to_hub;
        TRY(copy_string(&name, error));
        free((void *)(uintptr_t)kept->push_to_hub);
        kept->push_to_hub = name;
        if (!hub_push_is_wanted(
                name)) { /* nowhere: the run's other settings of it have no effect now */
            kept->hub_private_repo = false;
            kept->hub_strategy = BERT_HUB_STRATEGY_EVERY_SAVE;
        }
    }
    if (params->hub_private_repo != BERT_UNSET)
        kept->hub_private_repo = params->hub_private_repo == BERT_ON;
    if (params->hub_strategy != BERT_HUB_STRATEGY_UNSET)
        kept->hub_strategy = params->hub_strategy;
    return check_push(kept, error);
}

void settings_free(run_settings *settings)
{
    size_t count;
    const bert_option *options = bert_pretrain_params_table(&count);
    for (size_t i = 0; i < count; i++)
        if (option_is_string(&options[i]))
            free((void *)(uintptr_t)*option_string(&settings->params, &options[i]));
    free(settings->data_name);
    *settings = (run_settings){0};
}

/* -------------------------------------------------------------------------- what follows --- */

/* Where a stage of one batch size ends; the last one does not. */
static int64_t batch_end(const run_settings *settings, int batch)
{
    return batch + 1 < settings->batch_count ? settings->batches[batch + 1].first_step : INT64_MAX;
}

int64_t settings_most_samples(const run_settings *settings, int64_t first, int64_t end)
{
    int64_t most = 0;
    for (int i = 0; i < settings->batch_count; i++) {
        const run_batch *batch = &settings->batches[i];
        int64_t from = batch->first_step > first ? batch->first_step : first;
        int64_t to = batch_end(settings, i) < end ? batch_end(settings, i) : end;
        if (from < to && batch->size > most)
            most = batch->size;
    }
    return most;
}

int64_t settings_samples_in_step(const run_settings *settings, int64_t step)
{
    return settings_most_samples(settings, step, step + 1);
}

int64_t settings_samples_before(const run_settings *settings, int64_t step)
{
    int64_t samples = 0;
    for (int i = 0; i < settings->batch_count && settings->batches[i].first_step < step; i++) {
        int64_t end = batch_end(settings, i) < step ? batch_end(settings, i) : step;
        samples += (end - settings->batches[i].first_step) * settings->batches[i].size;
    }
    return samples;
}

int64_t settings_phase_end(const run_settings *settings, int phase)
{
    return phase + 1 < settings->phase_count ? settings->phases[phase + 1].first_step
                                             : settings->total_steps;
}

double settings_epoch(const run_settings *settings, int64_t steps)
{
    double epochs = 0;
    for (int i = 0; i < settings->phase_count && settings->phases[i].first_step < steps; i++) {
        int64_t end = settings_phase_end(settings, i);
        int64_t done = settings_samples_before(settings, steps < end ? steps : end) -
                       settings_samples_before(settings, settings->phases[i].first_step);
        epochs += (double)done / (double)settings->phases[i].samples_per_epoch;
    }
    return epochs;
}

bool settings_is_due(const run_settings *settings, int64_t steps, double epochs, int64_t step)
{
    if (steps > 0)
        return step % steps == 0;
    if (epochs > 0)
        return floor(settings_epoch(settings, step) / epochs) >
               floor(settings_epoch(settings, step - 1) / epochs);
    return false;
}

/* The mean over all steps of what a step is of an epoch: every pair of a phase and a batch counts
 * with the share of the steps that belong to both. */
static double epochs_per_step(const run_settings *settings)
{
    double epochs = 0, phase_start = 0;
    for (int i = 0; i < settings->phase_count; i++) {
        const run_phase *phase = &settings->phases[i];
        double start = 0;
        for (int j = 0; j < settings->batch_count; j++) {
            const run_batch *batch = &settings->batches[j];
            double common = settings->batch_count == 1
                                ? phase->share
                                : fmin(phase_start + phase->share, start + batch->share) -
                                      fmax(phase_start, start);
            if (common > 0)
                epochs += common * (double)batch->size / (double)phase->samples_per_epoch;
            start += batch->share;
        }
        phase_start += phase->share;
    }
    return epochs;
}

/* Steps in which the wanted epochs are done. */
static double steps_of_epochs(const run_settings *settings)
{
    double epochs = settings->params.num_train_epochs;
    if (settings->phase_count == 1 && settings->batch_count == 1)
        return ceil(epochs * (double)settings->phases[0].samples_per_epoch /
                    (double)settings->batches[0].size);
    return ceil(epochs / epochs_per_step(settings));
}

bert_status settings_resolve(run_settings *settings, bert_error *error)
{
    const bert_pretrain_params *params = &settings->params;
    TRY(batch_size_parts(settings, error));
    double steps = params->max_steps > 0 ? (double)params->max_steps : steps_of_epochs(settings);
    if (!(steps >= 1 && steps <= 0x1p53))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%g epochs of %" PRIu64 " samples are %g steps, expected 1 to 2^53",
                         params->num_train_epochs, settings->phases[0].samples_per_epoch, steps);
    settings->total_steps = (int64_t)steps;
    settings->warmup_steps = params->warmup_steps;
    if (params->warmup_steps == 0)
        settings->warmup_steps = (int64_t)ceil(params->warmup_ratio * steps);
    double before = 0;
    for (int i = 0; i < settings->phase_count; i++) {
        settings->phases[i].first_step = (int64_t)round(before * steps);
        before += settings->phases[i].share;
    }
    before = 0;
    for (int i = 0; i < settings->batch_count; i++) {
        settings->batches[i].first_step = (int64_t)round(before * steps);
        before += settings->batches[i].share;
    }
    return BERT_OK;
}
