/* The settings of fine-tuning: defaults, ranges, and OUTPUT/finetune.json, which tells them apart.
 */
#ifndef TASKS_FINETUNE_SETTINGS_H
#define TASKS_FINETUNE_SETTINGS_H

#include "bert.h"

#include <jansson.h>

/* Checks ranges and contradictions; the message names the option as the command line does. */
bert_status finetune_check(const bert_finetune_params *params, bert_error *error);

/* All settings that a result depends on (not threads), in `*settings`, the caller's. */
bert_status finetune_describe(const bert_finetune_params *params, json_t **settings,
                              bert_error *error);

#endif
