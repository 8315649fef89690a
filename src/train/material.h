/* What a run is made from: prepared data, its tokenizer, and the configuration of the model. */
#ifndef TRAIN_MATERIAL_H
#define TRAIN_MATERIAL_H

#include "dataset/dataset.h"
#include "model/config.h"
#include "train/settings.h"

typedef struct material {
    dataset train, validation;
    bool has_validation; /* the split is there; it may still be too small to draw pairs from */
    bert_tokenizer *tokenizer;
    data_fingerprint fingerprint;
} material;

/* Opens what `data` names (dataset/data_sources.h): of each PREFIX the training split,
 * PREFIX.validation where there is one, and PREFIX.tokenizer; `tokenizer`, where it is not NULL,
 * instead of the last. Samples of a folder of ids are ready-made: those of its folders train and
 * validation where it has the first, else all; they need `tokenizer`. */
bert_status material_open(material *material, const char *data, const char *tokenizer,
                          bert_error *error);
/* Whether `data` names ready-made ids, which have no tokenizer beside them. */
bool material_is_ready_made(const char *data);
void material_close(material *material); /* safe on a zeroed struct */

/* The configuration that `params->model` means for this tokenizer: a size by name, a config.json,
 * or a model folder, whose weights are then in *weights (a path that the caller frees; else NULL).
 * Vocabulary, positions and heads are checked against tokenizer and settings. */
bert_status material_configure(const material *material, const bert_pretrain_params *params,
                               model_config *config, char **weights, const bert_observer *observer,
                               bert_error *error);

/* The folder or checkpoint with the weights that a run of this `model` begins with, checked against
 * its manifest; *weights is NULL where they are drawn. */
bert_status material_find_weights(char **weights, const char *model, bert_error *error);

/* Checks that the tokenizer beside a model, where there is one, gives every token the id that the
 * data's tokenizer gives it. */
bert_status material_check_tokenizer(const material *material, const char *model,
                                     bert_error *error);

#endif
