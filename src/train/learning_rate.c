#include "train/learning_rate.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* An option that only one schedule takes, and whether it was changed from its default. */
typedef struct owned_option {
    schedule_kind owner;
    const char *name, *owner_name;
    bool changed;
} owned_option;

static bert_status check_owned(const bert_pretrain_params *params, schedule_kind kind,
                               bert_error *error)
{
    const bert_pretrain_params usual = bert_pretrain_params_default();
    const owned_option owned[] = {
        {SCHEDULE_POLYNOMIAL, "params->lr_end", "polynomial", params->lr_end != usual.lr_end},
        {SCHEDULE_POLYNOMIAL, "params->lr_power", "polynomial", params->lr_power != usual.lr_power},
        {SCHEDULE_COSINE_WITH_RESTARTS, "params->lr_num_cycles", "cosine_with_restarts",
         params->lr_num_cycles != usual.lr_num_cycles},
        {SCHEDULE_ONE_CYCLE, "params->pct_start", "one_cycle",
         params->pct_start != usual.pct_start},
        {SCHEDULE_ONE_CYCLE, "params->div_factor", "one_cycle",
         params->div_factor != usual.div_factor},
        {SCHEDULE_ONE_CYCLE, "params->final_div_factor", "one_cycle",
         params->final_div_factor != usual.final_div_factor},
    };
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++)
        if (owned[i].changed && owned[i].owner != kind)
            return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                             "%s is for params->lr_scheduler_type = %s; the schedule is %s",
                             owned[i].name, owned[i].owner_name, params->lr_scheduler_type);
    return BERT_OK;
}

static bert_status check_scaling(const bert_pretrain_params *params, bert_error *error)
{
    static const char *const names[] = {"none", "sqrt", "linear"};
    const char *scaling = params->learning_rate_scaling;
    bool known = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        known |= strcmp(scaling, names[i]) == 0;
    if (!known)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->learning_rate_scaling is \"%s\", expected none, sqrt or linear",
                         scaling);
    bool scales = strcmp(scaling, "none") != 0;
    if (scales && params->base_batch_size == 0)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "params->learning_rate_scaling = %s needs params->base_batch_size, the batch that "
            "params->learning_rate is given for",
            scaling);
    if (!scales && params->base_batch_size > 0)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "params->base_batch_size is for params->learning_rate_scaling = sqrt or linear");
    return BERT_OK;
}

bert_status learning_rate_check(const bert_pretrain_params *params, bert_error *error)
{
    schedule_kind kind;
    TRY(schedule_parse(&kind, params->lr_scheduler_type, error));
    if (!schedule_has_warmup(kind) && (params->warmup_steps > 0 || params->warmup_ratio > 0))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->lr_scheduler_type = %s has no warm-up; %s",
                         params->lr_scheduler_type,
                         kind == SCHEDULE_CONSTANT ? "use constant_with_warmup"
                                                   : "its rise is params->pct_start");
    if (kind == SCHEDULE_POLYNOMIAL && !(params->lr_end < params->learning_rate))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->lr_end is %g, expected below params->learning_rate, which is %g",
                         params->lr_end, params->learning_rate);
    TRY(check_owned(params, kind, error));
    return check_scaling(params, error);
}

schedule learning_rate_schedule(const run_settings *settings)
{
    const bert_pretrain_params *params = &settings->params;
    schedule_kind kind = SCHEDULE_LINEAR;
    schedule_parse(&kind, params->lr_scheduler_type, NULL);
    schedule schedule = schedule_default(kind, settings->warmup_steps, settings->total_steps);
    schedule.power = params->lr_power;
    schedule.end = params->lr_end / params->learning_rate;
    schedule.cycles = params->lr_num_cycles;
    schedule.pct_start = params->pct_start;
    schedule.div_factor = params->div_factor;
    schedule.final_div_factor = params->final_div_factor;
    return schedule;
}

double learning_rate_scale(const bert_pretrain_params *params, int64_t batch_size)
{
    if (strcmp(params->learning_rate_scaling, "none") == 0)
        return 1.0;
    double quotient = (double)batch_size / (double)params->base_batch_size;
    return strcmp(params->learning_rate_scaling, "sqrt") == 0 ? sqrt(quotient) : quotient;
}

double learning_rate_at(const run_settings *settings, const schedule *schedule, int64_t step)
{
    return settings->params.learning_rate * schedule_factor(schedule, step) *
           learning_rate_scale(&settings->params, settings_samples_in_step(settings, step));
}
