/* Distillation from a teacher (Sanh et al. 2019): its predictions at the masked positions, the
 * masked tokens themselves, and the direction of its hidden states. */
#include "train/objectives.h"

static bert_status check(const model *model, model_input *input, bert_error *error)
{
    input->next_sentence_labels = NULL;
    return model_check_input(model, input, error);
}

static void weigh(const model_input *input, loss_weights *weights)
{
    weights->of[LOSS_MLM] += input->masked_count;
    weights->of[LOSS_SOFT] += input->masked_count;
    weights->of[LOSS_COSINE] += input->token_count;
}

/* The teacher sees what the model sees, without dropout. */
static void loss(const objective_settings *settings, const model_pass *pass,
                 const loss_weights *weights, loss_sums *losses)
{
    const distillation_scales scales = {
        .mlm = settings->alpha_mlm * loss_scale(weights, LOSS_MLM),
        .soft = settings->alpha_ce * loss_scale(weights, LOSS_SOFT),
        .cosine = settings->alpha_cos / weights->of[LOSS_COSINE],
    };
    model_pass teacher =
        model_forward(model_own_workspace(settings->teacher), pass->input, ROWS_ALL, false, 0, 0);
    model_distillation_loss(pass, &teacher, settings->temperature, &scales,
                            &losses->terms[LOSS_MLM], &losses->terms[LOSS_SOFT],
                            &losses->terms[LOSS_COSINE]);
}

const objective objective_distillation = {
    .rows = ROWS_ALL,
    .check = check,
    .weigh = weigh,
    .loss = loss,
};
