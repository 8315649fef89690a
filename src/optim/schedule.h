/* Learning-rate schedules with the names and values of `transformers`; and PyTorch's OneCycleLR.
 *
 * To add one: its function and its line in the table of schedule.c; for the option, its value in
 * bert/choices.h and its row in options/choices.c (docs/contributing.md). */
#ifndef OPTIM_SCHEDULE_H
#define OPTIM_SCHEDULE_H

#include "base/error.h"
#include "bert/choices.h"

typedef struct schedule schedule;

/* Figures that only some schedules read. */
typedef enum schedule_figure {
    SCHEDULE_END = 1,
    SCHEDULE_POWER = 2,
    SCHEDULE_CYCLES = 4,
    SCHEDULE_PCT_START = 8,
    SCHEDULE_DIV_FACTOR = 16,
    SCHEDULE_FINAL_DIV_FACTOR = 32,
    SCHEDULE_DECAY_RATIO = 64,
    SCHEDULE_DECAY_TYPE = 128
} schedule_figure;

typedef struct schedule_type {
    const char *name;
    bool has_warmup;     /* the rate rises from 0 over `warmup_steps` first */
    const char *instead; /* where it has not: what to use instead, for a message */
    unsigned figures;    /* of schedule_figure: those that it reads */
    /* The factor at a step, counted from 0, that is not before the end of the warm-up. */
    double (*factor)(const schedule *schedule, int64_t step);
} schedule_type;

struct schedule {
    const schedule_type *type;
    int64_t warmup_steps, total_steps;
    int64_t cycles;    /* cosine_with_restarts: falls from 1 to 0, the last one included */
    double power, end; /* polynomial: its exponent, and the factor that it ends with */
    /* one_cycle: share of the steps that rise; what the highest rate is divided by at the start,
     * and the first one at the end. */
    double pct_start, div_factor, final_div_factor;
    /* warmup_stable_decay: share of all steps, rounded down to whole steps, that falls; how. */
    double decay_ratio;
    bert_lr_decay decay_type;
};

/* With the defaults of `transformers` and PyTorch: one cycle, power 1 (and end 0), a rise of 0.3
 * from 1/25 and a fall to 1/25e4, a decay along half a wave; and it in the last fifth. */
schedule schedule_default(const schedule_type *type, int64_t warmup_steps, int64_t total_steps);

/* An unknown name is an error that lists the known ones. */
bert_status schedule_type_find(const schedule_type **type, const char *name, bert_error *error);

/* The name of the first schedule that reads a figure. */
const char *schedule_with_figure(schedule_figure figure);

/* The factor on the learning rate for the step with number `step`, counting from 0; as in
 * `transformers`, warm-up gives 0 at step 0 and reaches 1 at step `warmup_steps`, and what falls
 * has fallen at `total_steps`. inverse_sqrt falls as the root of the steps in units of the warm-up,
 * or of 10,000 steps where there is none. one_cycle is OneCycleLR with its cosines: it is at its
 * highest at pct_start × total_steps − 1, and ends with the last step. */
double schedule_factor(const schedule *schedule, int64_t step);

#endif
