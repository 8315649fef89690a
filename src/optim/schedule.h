/* Learning-rate schedules with the names and values of `transformers`; and PyTorch's OneCycleLR. */
#ifndef OPTIM_SCHEDULE_H
#define OPTIM_SCHEDULE_H

#include "base/error.h"

typedef enum schedule_kind {
    SCHEDULE_LINEAR,
    SCHEDULE_COSINE,
    SCHEDULE_COSINE_WITH_RESTARTS,
    SCHEDULE_POLYNOMIAL,
    SCHEDULE_CONSTANT,
    SCHEDULE_CONSTANT_WITH_WARMUP,
    SCHEDULE_INVERSE_SQRT,
    SCHEDULE_ONE_CYCLE
} schedule_kind;

typedef struct schedule {
    schedule_kind kind;
    int64_t warmup_steps, total_steps;
    int64_t cycles;    /* cosine_with_restarts: falls from 1 to 0, the last one included */
    double power, end; /* polynomial: its exponent, and the factor that it ends with */
    /* one_cycle: share of the steps that rise; what the highest rate is divided by at the start,
     * and the first one at the end. */
    double pct_start, div_factor, final_div_factor;
} schedule;

/* With the figures that `transformers` and PyTorch take where they are not told: one cycle, power 1
 * (and end 0), a rise of 0.3 from 1/25 and a fall to 1/25e4. */
schedule schedule_default(schedule_kind kind, int64_t warmup_steps, int64_t total_steps);

bert_status schedule_parse(schedule_kind *kind, const char *name, bert_error *error);

/* Whether the learning rate rises over `warmup_steps`: in all but constant, and one_cycle, which
 * has a rise of its own. */
bool schedule_has_warmup(schedule_kind kind);

/* The factor on the learning rate for the step with number `step`, counting from 0; as in
 * `transformers`, warm-up gives 0 at step 0 and reaches 1 at step `warmup_steps`, and what falls
 * has fallen at `total_steps`. inverse_sqrt falls as the root of the steps in units of the warm-up,
 * or of 10,000 steps where there is none. one_cycle is OneCycleLR with its cosines: it is at its
 * highest at pct_start × total_steps − 1, and ends with the last step. */
double schedule_factor(const schedule *schedule, int64_t step);

#endif
