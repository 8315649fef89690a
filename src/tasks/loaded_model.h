/* A trained model with its tokenizer, as the tasks use it. */
#ifndef TASKS_LOADED_MODEL_H
#define TASKS_LOADED_MODEL_H

#include "bert.h"
#include "model/model.h"
#include "tokenizer/tokenizer.h"

struct bert_model {
    model *model;        /* without a workspace */
    model_limits limits; /* of workspaces; one sequence of all its positions always fits */
    bert_tokenizer *tokenizer;
    model_labels labels; /* empty without a classifier */
    int threads;         /* that compute, for any caller */
};

struct bert_workspace {
    const bert_model *loaded;
    model_workspace *activations;
};

#endif
