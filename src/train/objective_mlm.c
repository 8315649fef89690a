/* Pre-training (Devlin et al. 2018): masked language modelling, with next-sentence prediction and
 * without. */
#include "train/objectives.h"

static bert_status check_mlm(const model *model, model_input *input, bert_error *error)
{
    input->next_sentence_labels = NULL;
    return model_check_input(model, input, error);
}

static void weigh_mlm(const model_input *input, loss_weights *weights)
{
    weights->of[LOSS_MLM] += input->masked_count;
}

static void loss_mlm(const objective_settings *settings, const model_pass *pass,
                     const loss_weights *weights, loss_sums *losses)
{
    (void)settings;
    model_mlm_loss(pass, loss_scale(weights, LOSS_MLM), &losses->terms[LOSS_MLM]);
}

const objective objective_mlm = {
    .rows = ROWS_NEEDED_BY_HEADS,
    .check = check_mlm,
    .weigh = weigh_mlm,
    .loss = loss_mlm,
};

static bert_status check_pairs(const model *model, model_input *input, bert_error *error)
{
    return model_check_input(model, input, error);
}

static void weigh_pairs(const model_input *input, loss_weights *weights)
{
    weigh_mlm(input, weights);
    weights->of[LOSS_NSP] += input->sequence_count;
}

static void loss_mlm_nsp(const objective_settings *settings, const model_pass *pass,
                         const loss_weights *weights, loss_sums *losses)
{
    loss_mlm(settings, pass, weights, losses);
    model_nsp_loss(pass, loss_scale(weights, LOSS_NSP), &losses->terms[LOSS_NSP]);
}

const objective objective_mlm_nsp = {
    .rows = ROWS_NEEDED_BY_HEADS,
    .check = check_pairs,
    .weigh = weigh_pairs,
    .loss = loss_mlm_nsp,
};
