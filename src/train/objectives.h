/* What a model is trained for, as a table of functions: one training step serves all objectives.
 *
 * To add one: a file of its own with its `objective` (objective_mlm.c is an example), the
 * declaration of that below, a line in objectives.c where it is chosen, and the file's name in
 * CMakeLists.txt (docs/contributing.md). A loss of a new kind is one more line, in losses.h. */
#ifndef TRAIN_OBJECTIVES_H
#define TRAIN_OBJECTIVES_H

#include "bert/pretrain.h"
#include "train/losses.h"

/* What an objective needs besides the model and the batch; the caller's. */
typedef struct objective_settings {
    model *teacher; /* of distillation alone, as all below */
    double temperature;
    double alpha_ce, alpha_mlm, alpha_cos;
} objective_settings;

/* By what each loss is divided: its weight in the global batch, over all micro-batches and ranks.
 */
typedef struct loss_weights {
    double of[LOSS_KINDS];
} loss_weights;

typedef struct objective {
    pass_rows rows; /* that its losses read */
    /* Takes out of an input what this objective does not read, and checks the rest. */
    bert_status (*check)(const model *model, model_input *input, bert_error *error);
    /* Adds what a checked input weighs. */
    void (*weigh)(const model_input *input, loss_weights *weights);
    /* The losses of a pass, and in training their gradients in the heads and at the encoder's
     * output. Adds to `losses`. */
    void (*loss)(const objective_settings *settings, const model_pass *pass,
                 const loss_weights *weights, loss_sums *losses);
} objective;

extern const objective objective_mlm_nsp, objective_mlm, objective_distillation,
    objective_classification, objective_regression;

/* MLM, and NSP where the model has a head for it; or as `params` set it, such as distillation.
 * NULL: none of that is set. */
const objective *objective_of_pretraining(const model_config *config,
                                          const bert_pretrain_params *params);

/* Of a model with a classifier. */
const objective *objective_of_finetuning(const model_config *config);

/* What `loss` multiplies a sum by: 1 / weight; 0 where nothing counts, or in evaluations, which
 * have no weights (NULL). */
double loss_scale(const loss_weights *weights, loss_kind kind);

#endif
