/* The settings of fine-tuning: defaults, ranges, and OUTPUT/finetune.json, which identifies them.
 */
#ifndef TASKS_FINETUNE_SETTINGS_H
#define TASKS_FINETUNE_SETTINGS_H

#include "train/learning_rate.h"

#include <jansson.h>

/* The same settings with a file that `task` names as the training file, so that no caller has to
 * know of it. A task that is neither of GLUE nor a file is an error. */
bert_status finetune_resolve(bert_finetune_params *resolved, const bert_finetune_params *params,
                             bert_error *error);

/* Checks ranges and contradictions; the message names the option as the command line does. */
bert_status finetune_check(const bert_finetune_params *params, bert_error *error);

/* What the schedule is made of, for the learning rate of the model (not of the baseline). */
schedule_settings schedule_settings_of_finetuning(const bert_finetune_params *params);

/* All settings that a result depends on (not threads), in `*settings`, the caller's. */
bert_status finetune_describe(const bert_finetune_params *params, json_t **settings,
                              bert_error *error);

/* Of all that the ranks of a job have to agree in: everything but paths. XXH3-64. */
bert_status finetune_checksum(const bert_finetune_params *params, uint64_t *checksum,
                              bert_error *error);

#endif
