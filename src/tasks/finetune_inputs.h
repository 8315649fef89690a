/* What fine-tuning is made from: the examples, encoded, and the model that shall learn them. */
#ifndef TASKS_FINETUNE_INPUTS_H
#define TASKS_FINETUNE_INPUTS_H

#include "model/model.h"
#include "tasks/glue.h"
#include "tokenizer/tokenizer.h"

/* Examples as a model sees them, end to end. */
typedef struct encoded_examples {
    int32_t *tokens; /* [starts[count]], owned */
    uint8_t *types;
    size_t token_capacity, type_capacity;
    size_t *starts;     /* [count + 1], owned */
    uint64_t truncated; /* examples that were too long */
} encoded_examples;

typedef struct finetune_split {
    char *path;             /* owned; NULL: held out of the training file */
    const char *name;       /* of its scores: "" or "mismatched" */
    const char *submission; /* of a test file: the name of the answers' file */
    examples examples;
    encoded_examples encoded;
} finetune_split;

typedef struct finetune_inputs {
    const bert_finetune_params *params;
    const glue_task *task; /* NULL: the user's files */
    bool regression;
    score_set scores;
    class_names classes; /* as the files call them */
    finetune_split train, validation[GLUE_SPLITS_MAX], test[GLUE_SPLITS_MAX];
    size_t validation_count, test_count;
    float *class_weights; /* [classes], owned; NULL: all 1 */

    bert_tokenizer *tokenizer;
    model_config config;   /* with the classifier */
    parameter_table table; /* of `config` */
    char *folder;          /* with the weights to begin with, owned; NULL: from scratch */
} finetune_inputs;

/* Reads and checks everything; reports to the observer what was left out, truncated, or is new.
 * `params` must outlive it. */
bert_status finetune_inputs_open(finetune_inputs *inputs, const bert_finetune_params *params,
                                 const bert_observer *observer, bert_error *error);
void finetune_inputs_close(finetune_inputs *inputs); /* safe on a zeroed struct */

/* Of the examples to learn and to measure by, as the model sees them. XXH3-64. */
uint64_t finetune_inputs_checksum(const finetune_inputs *inputs);

/* The name of a class as id2label has it. */
const char *finetune_class_name(const finetune_inputs *inputs, size_t class);

/* finetune_model.c: configuration and tokenizer. */
bert_status finetune_model_open(finetune_inputs *inputs, bert_error *error);

/* Initial weights of a seed: those of the folder, and new ones for what it has not, which the
 * observer gets a message; or all new. */
bert_status finetune_initialize(const finetune_inputs *inputs, uint64_t seed, bool from_scratch,
                                const bert_observer *observer, float *values, bert_error *error);

#endif
