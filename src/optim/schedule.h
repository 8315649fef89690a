/* Learning-rate schedules with the names and values of `transformers`. */
#ifndef OPTIM_SCHEDULE_H
#define OPTIM_SCHEDULE_H

#include "base/error.h"

typedef enum schedule_kind {
    SCHEDULE_LINEAR,
    SCHEDULE_COSINE,
    SCHEDULE_CONSTANT,
    SCHEDULE_CONSTANT_WITH_WARMUP
} schedule_kind;

bert_status schedule_parse(schedule_kind *kind, const char *name, bert_error *error);

/* The factor on the learning rate for the step with number `step`, counting from 0; as in
 * `transformers`, warm-up gives 0 at step 0 and reaches 1 at step `warmup_steps`; linear reaches 0
 * at `total_steps`, cosine does so along half a wave. SCHEDULE_CONSTANT has no warm-up. */
double schedule_factor(schedule_kind kind, int64_t step, int64_t warmup_steps, int64_t total_steps);

#endif
