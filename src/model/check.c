/* What an input from outside may bring (model_check_input). */
#include "model/internal.h"

#include <math.h>

static bert_status check_counts(const model_workspace *workspace, const model_input *input,
                                bert_error *error)
{
    const model_limits *limits = &workspace->limits;
    if (input->token_count < 1 || input->token_count > limits->tokens)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "batch of %d tokens: this model takes 1 to %d", input->token_count,
                         limits->tokens);
    if (input->sequence_count < 1 || input->sequence_count > limits->sequences)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "batch of %d sequences: this model takes 1 to %d", input->sequence_count,
                         limits->sequences);
    if (input->masked_count < 0 || input->masked_count > limits->masked)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "batch with %d predictions: this model takes 0 to %d", input->masked_count,
                         limits->masked);
    const model_config *config = &workspace->model->config;
    if (input->next_sentence_labels && !model_config_has_nsp_head(config))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "batch with next-sentence labels for a model without NSP head");
    if (input->masked_count > 0 && config->head != MODEL_HEAD_PRETRAINING)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "batch with predictions for a model without MLM head (%s)",
                         model_config_architecture(config));
    const char *given = input->labels ? "labels" : input->targets ? "targets" : NULL;
    bool regression = config->problem == MODEL_REGRESSION;
    if (given && config->head != MODEL_HEAD_CLASSIFICATION)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "batch with %s for a model without classifier (%s)", given,
                         model_config_architecture(config));
    if ((input->labels && regression) || (input->targets && !regression))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "batch with %s for a model of %s",
                         given, regression ? "numbers (regression)" : "labels (classification)");
    return BERT_OK;
}

static bert_status check_sequences(const model *model, const model_input *input, bert_error *error)
{
    const int32_t *starts = input->sequence_starts;
    if (starts[0] != 0 || starts[input->sequence_count] != input->token_count)
        return error_set(error, BERT_ERROR_INPUT,
                         "sequences reach from token %d to %d, expected 0 to %d", starts[0],
                         starts[input->sequence_count], input->token_count);
    for (int i = 0; i < input->sequence_count; i++) {
        int64_t length = (int64_t)starts[i + 1] - starts[i];
        if (length < 1 || length > model->config.max_position_embeddings)
            return error_set(error, BERT_ERROR_INPUT,
                             "sample %llu has %lld tokens, expected 1 to "
                             "max_position_embeddings, %d",
                             (unsigned long long)input->sample_numbers[i], (long long)length,
                             model->config.max_position_embeddings);
        if (input->next_sentence_labels && input->next_sentence_labels[i] > 1)
            return error_set(
                error, BERT_ERROR_INPUT, "sample %llu has next-sentence label %d, expected 0 or 1",
                (unsigned long long)input->sample_numbers[i], input->next_sentence_labels[i]);
    }
    return BERT_OK;
}

static bert_status check_tokens(const model *model, const model_input *input, bert_error *error)
{
    const model_config *config = &model->config;
    for (int sequence = 0; sequence < input->sequence_count; sequence++) {
        unsigned long long sample = input->sample_numbers[sequence];
        int32_t start = input->sequence_starts[sequence];
        for (int32_t t = start; t < input->sequence_starts[sequence + 1]; t++) {
            if (input->tokens[t] < 0 || input->tokens[t] >= config->vocab_size)
                return error_set(error, BERT_ERROR_INPUT,
                                 "sample %llu, token %d: id %d, but the model's vocab_size is %d; "
                                 "was the data prepared with another tokenizer?",
                                 sample, t - start, input->tokens[t], config->vocab_size);
            if (config->type_vocab_size > 0 && input->token_types[t] >= config->type_vocab_size)
                return error_set(error, BERT_ERROR_INPUT,
                                 "sample %llu, token %d: type %d, but the model's type_vocab_size "
                                 "is %d",
                                 sample, t - start, input->token_types[t], config->type_vocab_size);
        }
    }
    return BERT_OK;
}

static bert_status check_predictions(const model *model, const model_input *input,
                                     bert_error *error)
{
    int32_t previous = -1;
    for (int i = 0; i < input->masked_count; i++) {
        int32_t position = input->masked_positions[i];
        if (position <= previous || position >= input->token_count)
            return error_set(error, BERT_ERROR_INPUT,
                             "prediction %d is for token %d, expected one between %d and %d: "
                             "positions increase and are in the batch",
                             i, position, previous + 1, input->token_count - 1);
        previous = position;
        if (input->masked_labels &&
            (input->masked_labels[i] < 0 || input->masked_labels[i] >= model->config.vocab_size))
            return error_set(error, BERT_ERROR_INPUT,
                             "prediction %d, for token %d of the batch, has label %d, but the "
                             "model's vocab_size is %d",
                             i, position, input->masked_labels[i], model->config.vocab_size);
    }
    return BERT_OK;
}

static bert_status check_labels(const model *model, const model_input *input, bert_error *error)
{
    size_t labels = (size_t)model->config.num_labels;
    for (int i = 0; i < input->sequence_count; i++) {
        unsigned long long sample = input->sample_numbers[i];
        if (input->labels && (input->labels[i] < 0 || (size_t)input->labels[i] >= labels))
            return error_set(error, BERT_ERROR_INPUT, "sample %llu has label %d, expected 0 to %zu",
                             sample, input->labels[i], labels - 1);
        for (size_t j = 0; input->targets && j < labels; j++)
            if (!isfinite(input->targets[(size_t)i * labels + j]))
                return error_set(error, BERT_ERROR_INPUT,
                                 "sample %llu has a target that is not finite", sample);
    }
    for (size_t j = 0; input->class_weights && j < labels; j++)
        if (!(input->class_weights[j] >= 0 && isfinite(input->class_weights[j])))
            return error_set(error, BERT_ERROR_INPUT,
                             "class %zu has weight %g, expected a finite number, 0 or more", j,
                             (double)input->class_weights[j]);
    return BERT_OK;
}

bert_status model_workspace_check_input(const model_workspace *workspace, const model_input *input,
                                        bert_error *error)
{
    const model *model = workspace->model;
    TRY(check_counts(workspace, input, error));
    TRY(check_sequences(model, input, error));
    TRY(check_tokens(model, input, error));
    TRY(check_predictions(model, input, error));
    return check_labels(model, input, error);
}

bert_status model_check_input(const model *model, const model_input *input, bert_error *error)
{
    return model_workspace_check_input(model->workspace, input, error);
}
