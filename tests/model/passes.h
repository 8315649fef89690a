/* A forward pass with every loss that the input has labels for, and, in training, the backward
 * pass.
 */
#ifndef TESTS_MODEL_PASSES_H
#define TESTS_MODEL_PASSES_H

#include "model/model.h"

typedef struct pass_losses {
    loss_term mlm, nsp, labels;
} pass_losses;

typedef struct pass_scales {
    double mlm, nsp, labels;
} pass_scales;

static inline void losses_of(const model_pass *pass, const pass_scales *scales, pass_losses *losses)
{
    const model_input *input = pass->input;
    if (input->masked_labels)
        model_mlm_loss(pass, scales->mlm, &losses->mlm);
    if (input->next_sentence_labels)
        model_nsp_loss(pass, scales->nsp, &losses->nsp);
    if (input->labels)
        model_classification_loss(pass, scales->labels, &losses->labels);
    if (input->targets)
        model_regression_loss(pass, scales->labels, &losses->labels);
}

static inline void train_pass(model *model, const model_input *input, uint64_t seed, uint64_t step,
                              const pass_scales *scales, pass_losses *losses)
{
    model_pass pass =
        model_forward(model_own_workspace(model), input, ROWS_NEEDED_BY_HEADS, true, seed, step);
    losses_of(&pass, scales, losses);
    model_backward(&pass);
}

static inline void evaluate_pass(model *model, const model_input *input, pass_losses *losses)
{
    model_pass pass =
        model_forward(model_own_workspace(model), input, ROWS_NEEDED_BY_HEADS, false, 0, 0);
    losses_of(&pass, &(pass_scales){0}, losses);
}

#endif
