/* The model that a plan is for. */
#ifndef PLAN_FIND_CONFIG_H
#define PLAN_FIND_CONFIG_H

#include "model/config.h"

/* A size by name, or a configuration file. */
bert_status find_config(model_config *config, const char *model, bert_error *error);

#endif
