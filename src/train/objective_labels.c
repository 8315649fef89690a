/* Fine-tuning: a class, or a number, for each sequence. */
#include "train/objectives.h"

static bert_status check(const model *model, model_input *input, bert_error *error)
{
    input->masked_labels = NULL;
    input->next_sentence_labels = NULL;
    return model_check_input(model, input, error);
}

static void weigh_classes(const model_input *input, loss_weights *weights)
{
    for (int i = 0; i < input->sequence_count; i++)
        weights->of[LOSS_LABELS] +=
            input->class_weights ? (double)input->class_weights[input->labels[i]] : 1.0;
}

static void weigh_numbers(const model_input *input, loss_weights *weights)
{
    weights->of[LOSS_LABELS] += input->sequence_count;
}

static void classification_loss(const objective_settings *settings, const model_pass *pass,
                                const loss_weights *weights, loss_sums *losses)
{
    (void)settings;
    model_classification_loss(pass, loss_scale(weights, LOSS_LABELS), &losses->terms[LOSS_LABELS]);
}

static void regression_loss(const objective_settings *settings, const model_pass *pass,
                            const loss_weights *weights, loss_sums *losses)
{
    (void)settings;
    model_regression_loss(pass, loss_scale(weights, LOSS_LABELS), &losses->terms[LOSS_LABELS]);
}

const objective objective_classification = {
    .rows = ROWS_NEEDED_BY_HEADS,
    .check = check,
    .weigh = weigh_classes,
    .loss = classification_loss,
};

const objective objective_regression = {
    .rows = ROWS_NEEDED_BY_HEADS,
    .check = check,
    .weigh = weigh_numbers,
    .loss = regression_loss,
};
