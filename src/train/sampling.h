/* How a run draws its samples: the sampler's settings out of the names in its params. */
#ifndef TRAIN_SAMPLING_H
#define TRAIN_SAMPLING_H

#include "dataset/sampler.h"
#include "train/settings.h"

/* Checks the names, and that they do not contradict each other. */
bert_status sampling_check(const bert_pretrain_params *params, bert_error *error);

/* Fills in lengths and shares of the phases, and max_seq_length as the longest of them. */
bert_status sampling_phases(run_settings *settings, bert_error *error);

/* The sampler's settings in a phase of training; for evaluation those of the longest sequence, in
 * the order of the data. `params` are checked. */
sampler_settings sampling_for_phase(const run_settings *settings, int phase);
sampler_settings sampling_for_evaluation(const bert_pretrain_params *params);

#endif
