#include "train/learning_rate.h"

#include <inttypes.h>
#include <math.h>

schedule_settings schedule_settings_of_pretraining(const bert_pretrain_params *params)
{
    return (schedule_settings){
        .lr_scheduler_type = bert_lr_scheduler_name(params->lr_scheduler_type),
        .learning_rate = params->learning_rate,
        .lr_end = params->lr_end,
        .lr_power = params->lr_power,
        .lr_num_cycles = params->lr_num_cycles,
        .pct_start = params->pct_start,
        .div_factor = params->div_factor,
        .final_div_factor = params->final_div_factor,
        .lr_decay_ratio = params->lr_decay_ratio,
        .lr_decay_type = params->lr_decay_type,
    };
}

/* That what only some schedules read was not changed for another. */
static bert_status check_figures(const schedule_settings *settings, const schedule_type *type,
                                 bert_error *error)
{
    const bert_pretrain_params defaults = bert_pretrain_params_default();
    const schedule_settings usual = schedule_settings_of_pretraining(&defaults);
    const struct {
        schedule_figure figure;
        const char *option;
        bool changed;
    } figures[] = {
        {SCHEDULE_END, "params->lr_end", settings->lr_end != usual.lr_end},
        {SCHEDULE_POWER, "params->lr_power", settings->lr_power != usual.lr_power},
        {SCHEDULE_CYCLES, "params->lr_num_cycles", settings->lr_num_cycles != usual.lr_num_cycles},
        {SCHEDULE_PCT_START, "params->pct_start", settings->pct_start != usual.pct_start},
        {SCHEDULE_DIV_FACTOR, "params->div_factor", settings->div_factor != usual.div_factor},
        {SCHEDULE_FINAL_DIV_FACTOR, "params->final_div_factor",
         settings->final_div_factor != usual.final_div_factor},
        {SCHEDULE_DECAY_RATIO, "params->lr_decay_ratio",
         settings->lr_decay_ratio != usual.lr_decay_ratio},
        {SCHEDULE_DECAY_TYPE, "params->lr_decay_type",
         settings->lr_decay_type != usual.lr_decay_type},
    };
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        if (figures[i].changed && !(type->figures & figures[i].figure))
            return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                             "%s is for params->lr_scheduler_type = %s; the schedule is %s",
                             figures[i].option, schedule_with_figure(figures[i].figure),
                             type->name);
    return BERT_OK;
}

bert_status schedule_settings_check(const schedule_settings *settings, const schedule_type **type,
                                    bert_error *error)
{
    TRY(schedule_type_find(type, settings->lr_scheduler_type, error));
    if (((*type)->figures & SCHEDULE_END) && !(settings->lr_end < settings->learning_rate))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->lr_end is %g, expected below params->learning_rate, which is %g",
                         settings->lr_end, settings->learning_rate);
    return check_figures(settings, *type, error);
}

schedule schedule_of_settings(const schedule_settings *settings, int64_t warmup_steps,
                              int64_t total_steps)
{
    const schedule_type *type = NULL;
    schedule_type_find(&type, settings->lr_scheduler_type, NULL);
    schedule schedule = schedule_default(type, type->has_warmup ? warmup_steps : 0, total_steps);
    schedule.power = settings->lr_power;
    schedule.end = settings->lr_end / settings->learning_rate;
    schedule.cycles = settings->lr_num_cycles;
    schedule.pct_start = settings->pct_start;
    schedule.div_factor = settings->div_factor;
    schedule.final_div_factor = settings->final_div_factor;
    schedule.decay_ratio = settings->lr_decay_ratio;
    schedule.decay_type = settings->lr_decay_type;
    return schedule;
}

static bert_status check_scaling(const bert_pretrain_params *params, bert_error *error)
{
    bool scales = params->learning_rate_scaling != BERT_LEARNING_RATE_SCALING_NONE;
    if (scales && params->base_batch_size == 0)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "params->learning_rate_scaling = %s needs params->base_batch_size, the batch that "
            "params->learning_rate is given for",
            bert_learning_rate_scaling_name(params->learning_rate_scaling));
    if (!scales && params->base_batch_size > 0)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "params->base_batch_size is for params->learning_rate_scaling = sqrt or linear");
    return BERT_OK;
}

bert_status learning_rate_check(const bert_pretrain_params *params, bert_error *error)
{
    const schedule_settings settings = schedule_settings_of_pretraining(params);
    const schedule_type *type;
    TRY(schedule_settings_check(&settings, &type, error));
    if (!type->has_warmup && (params->warmup_steps > 0 || params->warmup_ratio > 0))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->lr_scheduler_type = %s has no warm-up; %s", type->name,
                         type->instead);
    return check_scaling(params, error);
}

double learning_rate_scale(const bert_pretrain_params *params, int64_t batch_size)
{
    if (params->learning_rate_scaling == BERT_LEARNING_RATE_SCALING_NONE)
        return 1.0;
    double quotient = (double)batch_size / (double)params->base_batch_size;
    return params->learning_rate_scaling == BERT_LEARNING_RATE_SCALING_SQRT ? sqrt(quotient)
                                                                            : quotient;
}

double learning_rate_at(const run_settings *settings, const schedule *schedule, int64_t step)
{
    return settings->params.learning_rate * schedule_factor(schedule, step) *
           learning_rate_scale(&settings->params, settings_samples_in_step(settings, step));
}
