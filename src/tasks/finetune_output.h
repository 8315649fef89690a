/* The output folder of fine-tuning: the best model, predictions for test files, results.json. */
#ifndef TASKS_FINETUNE_OUTPUT_H
#define TASKS_FINETUNE_OUTPUT_H

#include "tasks/finetune_trainer.h"

/* A finished seed. */
typedef struct finished_seed {
    finetune_start start;
    uint64_t seed;
    finetune_outcome outcome;
} finished_seed;

typedef struct finetune_results {
    finished_seed *seeds; /* [count], owned */
    size_t count;
} finetune_results;

/* Mean and deviation over the finished seeds of one start. */
void finetune_summarize(bert_score_set *set, const finetune_results *results,
                        const finetune_inputs *inputs, finetune_start start);

/* The best seed among those whose model is kept: those that began with the model, or, where there
 * is none, from scratch. NULL where none is finished. */
const finished_seed *finetune_best(const finetune_results *results, const finetune_inputs *inputs);

/* results.json, replaced whole. Reading gives back the finished seeds of a run that was stopped. */
bert_status finetune_results_write(const finetune_results *results, const finetune_inputs *inputs,
                                   const char *folder, bert_error *error);
bert_status finetune_results_read(finetune_results *results, const finetune_inputs *inputs,
                                  const char *folder, bert_error *error);

/* The model as it is now as a Hugging Face folder: BertForSequenceClassification with the task's
 * labels. */
bert_status finetune_model_write(finetune_trainer *trainer, const finished_seed *seed,
                                 const char *folder, bert_error *error);

/* Answers to the test files by the model as it is now, as GLUE's server takes them: a row of names
 * ("index", "prediction"), then a line for each example. Collective. */
bert_status finetune_submit(finetune_trainer *trainer, const char *folder, bert_error *error);

#endif
