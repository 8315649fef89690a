/* The learning rate of each step: what is given, times the schedule's factor, times what the batch
 * of the step makes of it. */
#ifndef TRAIN_LEARNING_RATE_H
#define TRAIN_LEARNING_RATE_H

#include "optim/schedule.h"
#include "train/settings.h"

/* The parameters of a schedule, of pre-training and of fine-tuning. */
typedef struct schedule_settings {
    const char *lr_scheduler_type;
    double learning_rate, lr_end, lr_power;
    int64_t lr_num_cycles;
    double pct_start, div_factor, final_div_factor;
    double lr_decay_ratio;
    bert_lr_decay lr_decay_type;
} schedule_settings;
schedule_settings schedule_settings_of_pretraining(const bert_pretrain_params *params);

/* Finds the schedule, and checks that no figure is given that would have no effect, and what it may
 * be. */
bert_status schedule_settings_check(const schedule_settings *settings, const schedule_type **type,
                                    bert_error *error);

/* The schedule of checked settings; one that has no warm-up does without. */
schedule schedule_of_settings(const schedule_settings *settings, int64_t warmup_steps,
                              int64_t total_steps);

/* Checks schedule and scaling of pre-training, and that nothing is given that would have no effect.
 */
bert_status learning_rate_check(const bert_pretrain_params *params, bert_error *error);

/* The factor for a step of so many sequences (Goyal et al. 2017: linear in the batch, for SGD;
 * Krizhevsky 2014, You et al. 2019: its square root). */
double learning_rate_scale(const bert_pretrain_params *params, int64_t batch_size);

/* Of step number `step`, counted from 0. */
double learning_rate_at(const run_settings *settings, const schedule *schedule, int64_t step);

#endif
