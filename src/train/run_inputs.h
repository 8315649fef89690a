/* What a run is made from: prepared data, its tokenizer, and the configuration of the model. */
#ifndef TRAIN_RUN_INPUTS_H
#define TRAIN_RUN_INPUTS_H

#include "dataset/dataset.h"
#include "model/config.h"
#include "train/settings.h"

typedef struct run_inputs {
    dataset train, validation;
    bool has_validation; /* the split is there; it may still be too small to draw pairs from */
    bert_tokenizer *tokenizer;
    data_fingerprint fingerprint;
} run_inputs;

/* Opens what `data` names (dataset/data_sources.h): of each PREFIX the training split,
 * PREFIX.validation where there is one, and PREFIX.tokenizer; `tokenizer`, where it is not NULL,
 * instead of the last, with `options` (NULL: none). A pre-tokenized data set
 * (dataset/pretokenized_files.h) needs `tokenizer`.
 *
 * `eval_data`, where it is not NULL, is the validation split instead: of each PREFIX or data set
 * its own validation split, or all of it where it has none. `data` may then be NULL: there is no
 * training split. */
bert_status run_inputs_open(run_inputs *run_inputs, const char *data, const char *eval_data,
                            const char *tokenizer, const bert_tokenizer_options *options,
                            bert_error *error);
/* Of batches that are the caller's own: the tokenizer alone, and no data. */
bert_status run_inputs_open_tokenizer(run_inputs *run_inputs, const char *tokenizer,
                                      const bert_tokenizer_options *options, bert_error *error);
/* Whether `data` is a pre-tokenized data set, which comes without a tokenizer. */
bool run_inputs_is_pretokenized(const char *data);
/* The name of the data, for messages: of the training split, where there is one. */
const char *run_inputs_name(const run_inputs *run_inputs);
void run_inputs_close(run_inputs *run_inputs); /* safe on a zeroed struct */

/* The configuration that `params->model` means for this tokenizer: a size by name, a config.json,
 * or a model folder, whose weights are then in *weights (a path that the caller frees; else NULL).
 * Vocabulary, positions and heads are checked against tokenizer and settings. */
bert_status run_inputs_configure(const run_inputs *run_inputs, const bert_pretrain_params *params,
                                 model_config *config, char **weights,
                                 const bert_observer *observer, bert_error *error);

/* The folder or checkpoint with the weights that a run of this `model` begins with, checked against
 * its manifest; *weights is NULL where they are random. */
bert_status run_inputs_find_weights(char **weights, const char *model, bert_error *error);

/* Checks that the tokenizer in a model's folder, where there is one, gives every token the id that
 * the data's tokenizer gives it. */
bert_status run_inputs_check_tokenizer(const run_inputs *run_inputs, const char *model,
                                       bert_error *error);

#endif
