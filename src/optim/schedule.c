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
    {"constant", SCHEDULE_CONSTANT},
    {"constant_with_warmup", SCHEDULE_CONSTANT_WITH_WARMUP},
};

bert_status schedule_parse(schedule_kind *kind, const char *name, bert_error *error)
{
    for (size_t i = 0; i < sizeof schedules / sizeof *schedules; i++) {
        if (strcmp(name, schedules[i].name) == 0) {
            *kind = schedules[i].kind;
            return BERT_OK;
        }
    }
    return error_set(error, BERT_ERROR_USAGE,
                     "unknown learning-rate schedule '%s': expected linear, cosine, constant "
                     "or constant_with_warmup",
                     name);
}

double schedule_factor(schedule_kind kind, int64_t step, int64_t warmup_steps, int64_t total_steps)
{
    if (kind == SCHEDULE_CONSTANT)
        return 1.0;
    if (step < warmup_steps)
        return (double)step / (double)warmup_steps;
    if (kind == SCHEDULE_CONSTANT_WITH_WARMUP)
        return 1.0;
    if (step >= total_steps)
        return 0.0;
    double left = (double)(total_steps - step) / (double)(total_steps - warmup_steps);
    return kind == SCHEDULE_COSINE ? 0.5 * (1.0 - cos(pi * left)) : left;
}
