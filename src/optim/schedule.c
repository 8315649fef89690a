#include "optim/schedule.h"

#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

static const struct {
    const char *name;
    schedule_kind kind;
} schedules[] = {
    {"linear", SCHEDULE_LINEAR},
    {"cosine", SCHEDULE_COSINE},
    {"cosine_with_restarts", SCHEDULE_COSINE_WITH_RESTARTS},
    {"polynomial", SCHEDULE_POLYNOMIAL},
    {"constant", SCHEDULE_CONSTANT},
    {"constant_with_warmup", SCHEDULE_CONSTANT_WITH_WARMUP},
    {"inverse_sqrt", SCHEDULE_INVERSE_SQRT},
    {"one_cycle", SCHEDULE_ONE_CYCLE},
};

schedule schedule_default(schedule_kind kind, int64_t warmup_steps, int64_t total_steps)
{
    return (schedule){
        .kind = kind,
        .warmup_steps = warmup_steps,
        .total_steps = total_steps,
        .cycles = 1,
        .power = 1,
        .pct_start = 0.3,
        .div_factor = 25,
        .final_div_factor = 1e4,
    };
}

bert_status schedule_parse(schedule_kind *kind, const char *name, bert_error *error)
{
    for (size_t i = 0; i < sizeof schedules / sizeof *schedules; i++) {
        if (strcmp(name, schedules[i].name) == 0) {
            *kind = schedules[i].kind;
            return BERT_OK;
        }
    }
    return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                     "unknown learning-rate schedule '%s': expected linear, cosine, "
                     "cosine_with_restarts, polynomial, constant, constant_with_warmup, "
                     "inverse_sqrt or one_cycle",
                     name);
}

bool schedule_has_warmup(schedule_kind kind)
{
    return kind != SCHEDULE_CONSTANT && kind != SCHEDULE_ONE_CYCLE;
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

static double one_cycle_factor(const schedule *schedule, int64_t step)
{
    double last = (double)schedule->total_steps - 1;
    double top = schedule->pct_start * (double)schedule->total_steps - 1;
    double now = (double)step < last ? (double)step : last;
    double first = 1 / schedule->div_factor;
    if (now <= top)
        return anneal(first, 1, share_of(now, 0, top));
    return anneal(1, first / schedule->final_div_factor, share_of(now, top, last));
}

/* Behind the warm-up, before the end. */
static double falling_factor(const schedule *schedule, int64_t step)
{
    double way = (double)(schedule->total_steps - schedule->warmup_steps);
    double left = (double)(schedule->total_steps - step) / way;
    double done = (double)(step - schedule->warmup_steps) / way;
    switch (schedule->kind) {
    case SCHEDULE_POLYNOMIAL:
        return (1 - schedule->end) * pow(left, schedule->power) + schedule->end;
    case SCHEDULE_COSINE_WITH_RESTARTS: /* a restart falls on the same step as theirs */
        return 0.5 * (1.0 + cos(pi * fmod((double)schedule->cycles * done, 1.0)));
    case SCHEDULE_COSINE:
        return 0.5 * (1.0 - cos(pi * left));
    default:
        return left;
    }
}

double schedule_factor(const schedule *schedule, int64_t step)
{
    int64_t warmup_steps = schedule->warmup_steps, total_steps = schedule->total_steps;
    if (schedule->kind == SCHEDULE_CONSTANT)
        return 1.0;
    if (schedule->kind == SCHEDULE_ONE_CYCLE)
        return one_cycle_factor(schedule, step);
    if (step < warmup_steps)
        return (double)step / (double)warmup_steps;
    if (schedule->kind == SCHEDULE_CONSTANT_WITH_WARMUP)
        return 1.0;
    if (schedule->kind == SCHEDULE_INVERSE_SQRT) {
        double unit = warmup_steps > 0 ? (double)warmup_steps : 10000;
        return 1.0 / sqrt(((double)(step - warmup_steps) + unit) / unit);
    }
    if (step >= total_steps)
        return schedule->kind == SCHEDULE_POLYNOMIAL ? schedule->end : 0.0;
    return falling_factor(schedule, step);
}
