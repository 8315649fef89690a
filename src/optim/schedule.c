#include "optim/schedule.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

/* -------------------------------------------------------------------------- the schedules --- */

/* Of the steps after the warm-up, the share that is still to come; 0 after the last one. */
static double share_left(const schedule *schedule, int64_t step)
{
    if (step >= schedule->total_steps)
        return 0.0;
    double length = (double)(schedule->total_steps - schedule->warmup_steps);
    return (double)(schedule->total_steps - step) / length;
}

static double linear(const schedule *schedule, int64_t step)
{
    return share_left(schedule, step);
}

static double cosine(const schedule *schedule, int64_t step)
{
    return 0.5 * (1.0 - cos(pi * share_left(schedule, step)));
}

/* A restart falls on the same step as theirs. */
static double cosine_with_restarts(const schedule *schedule, int64_t step)
{
    if (step >= schedule->total_steps)
        return 0.0;
    double length = (double)(schedule->total_steps - schedule->warmup_steps);
    double done = (double)(step - schedule->warmup_steps) / length;
    return 0.5 * (1.0 + cos(pi * fmod((double)schedule->cycles * done, 1.0)));
}

static double polynomial(const schedule *schedule, int64_t step)
{
    if (step >= schedule->total_steps)
        return schedule->end;
    return (1 - schedule->end) * pow(share_left(schedule, step), schedule->power) + schedule->end;
}

static double constant(const schedule *schedule, int64_t step)
{
    (void)schedule;
    (void)step;
    return 1.0;
}

static double inverse_sqrt(const schedule *schedule, int64_t step)
{
    double unit = schedule->warmup_steps > 0 ? (double)schedule->warmup_steps : 10000;
    return 1.0 / sqrt(((double)(step - schedule->warmup_steps) + unit) / unit);
}

/* From `start` to `end` along half a wave. */
static double anneal(double start, double end, double share)
{
    return end + (start - end) / 2 * (1 + cos(pi * share));
}

/* How much of the way from `start` to `end` is done. */
static double share_of(double step, double start, double end)
{
    return end > start ? (step - start) / (end - start) : 1.0;
}

static double one_cycle(const schedule *schedule, int64_t step)
{
    double last = (double)schedule->total_steps - 1;
    double top = schedule->pct_start * (double)schedule->total_steps - 1;
    double now = (double)step < last ? (double)step : last;
    double first = 1 / schedule->div_factor;
    if (now <= top)
        return anneal(first, 1, share_of(now, 0, top));
    return anneal(1, first / schedule->final_div_factor, share_of(now, top, last));
}

/* Hu et al. 2024, as get_wsd_schedule of `transformers` with as many steps of decay. */
static double warmup_stable_decay(const schedule *schedule, int64_t step)
{
    int64_t after_warmup = schedule->total_steps - schedule->warmup_steps;
    int64_t decay_steps = (int64_t)(schedule->decay_ratio * (double)schedule->total_steps);
    decay_steps = decay_steps < after_warmup ? decay_steps : after_warmup;
    int64_t done = step - (schedule->total_steps - decay_steps);
    if (step >= schedule->total_steps)
        return 0;
    if (done < 0)
        return 1;
    double share = (double)done / (double)decay_steps;
    switch (schedule->decay_type) {
    case BERT_LR_DECAY_LINEAR:
        return 1 - share;
    case BERT_LR_DECAY_1_SQRT:
        return 1 - sqrt(share);
    default:
        return 0.5 * (1 + cos(pi * share));
    }
}

/* ------------------------------------------------------------------------------ the table --- */

static const schedule_type types[] = {
    {.name = "linear", .has_warmup = true, .factor = linear},
    {.name = "cosine", .has_warmup = true, .factor = cosine},
    {.name = "cosine_with_restarts",
     .has_warmup = true,
     .figures = SCHEDULE_CYCLES,
     .factor = cosine_with_restarts},
    {.name = "polynomial",
     .has_warmup = true,
     .figures = SCHEDULE_END | SCHEDULE_POWER,
     .factor = polynomial},
    {.name = "constant", .instead = "use constant_with_warmup", .factor = constant},
    {.name = "constant_with_warmup", .has_warmup = true, .factor = constant},
    {.name = "inverse_sqrt", .has_warmup = true, .factor = inverse_sqrt},
    {.name = "one_cycle",
     .instead = "its rise is params->pct_start",
     .figures = SCHEDULE_PCT_START | SCHEDULE_DIV_FACTOR | SCHEDULE_FINAL_DIV_FACTOR,
     .factor = one_cycle},
    {.name = "warmup_stable_decay",
     .has_warmup = true,
     .figures = SCHEDULE_DECAY_RATIO | SCHEDULE_DECAY_TYPE,
     .factor = warmup_stable_decay},
};
enum { TYPES = sizeof types / sizeof *types };

bert_status schedule_type_find(const schedule_type **type, const char *name, bert_error *error)
{
    const char *names[TYPES];
    for (size_t i = 0; i < TYPES; i++) {
        names[i] = types[i].name;
        if (strcmp(name, names[i]) == 0) {
            *type = &types[i];
            return BERT_OK;
        }
    }
    char known[512];
    names_join(known, sizeof known, names, TYPES);
    return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                     "unknown learning-rate schedule '%s': expected %s", name, known);
}

const char *schedule_with_figure(schedule_figure figure)
{
    for (size_t i = 0; i < TYPES; i++)
        if (types[i].figures & figure)
            return types[i].name;
    return "";
}

schedule schedule_default(const schedule_type *type, int64_t warmup_steps, int64_t total_steps)
{
    return (schedule){
        .type = type,
        .warmup_steps = warmup_steps,
        .total_steps = total_steps,
        .cycles = 1,
        .power = 1,
        .pct_start = 0.3,
        .div_factor = 25,
        .final_div_factor = 1e4,
        .decay_ratio = 0.2,
        .decay_type = BERT_LR_DECAY_COSINE,
    };
}

double schedule_factor(const schedule *schedule, int64_t step)
{
    if (schedule->type->has_warmup && step < schedule->warmup_steps)
        return (double)step / (double)schedule->warmup_steps;
    return schedule->type->factor(schedule, step);
}
