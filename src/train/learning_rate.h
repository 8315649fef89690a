/* The learning rate of each step: what is given, times the schedule's factor, times what the batch
 * of the step makes of it. */
#ifndef TRAIN_LEARNING_RATE_H
#define TRAIN_LEARNING_RATE_H

#include "optim/schedule.h"
#include "train/settings.h"

/* Checks schedule and scaling, and that nothing is given that would have no effect. */
bert_status learning_rate_check(const bert_pretrain_params *params, bert_error *error);

/* The schedule of checked and resolved settings. */
schedule learning_rate_schedule(const run_settings *settings);

/* The factor for a step of so many sequences (Goyal et al. 2017: linear in the batch, for SGD;
 * Krizhevsky 2014, You et al. 2019: its square root). */
double learning_rate_scale(const bert_pretrain_params *params, int64_t batch_size);

/* Of step number `step`, counted from 0. */
double learning_rate_at(const run_settings *settings, const schedule *schedule, int64_t step);

#endif
