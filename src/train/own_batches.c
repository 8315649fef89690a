#include "train/own_batches.h"

#include <inttypes.h>
#include <string.h>

/* ---------------------------------------------------------------------------------- params --- */

/* How samples are drawn. */
static bert_status check_sampling(const bert_pretrain_params *params, bert_error *error)
{
    const bert_pretrain_params usual = bert_pretrain_params_default();
    const char *given = params->pairs != usual.pairs                       ? "pairs"
                        : params->sequences != usual.sequences             ? "sequences"
                        : params->mask_unit != usual.mask_unit             ? "mask_unit"
                        : params->masks != usual.masks                     ? "masks"
                        : params->mlm_probability != usual.mlm_probability ? "mlm_probability"
                        : params->short_seq_probability != usual.short_seq_probability
                            ? "short_seq_probability"
                        : params->sequence_schedule ? "sequence_schedule"
                                                    : NULL;
    if (!given)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                     "params->%s has no effect on batches from a source of the caller's own",
                     given);
}

bert_status own_batches_check_params(const bert_pretrain_params *params, bert_error *error)
{
    if (params->data)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->data and a source of batches are both given, expected one of "
                         "them");
    if (!params->tokenizer)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->tokenizer is missing: the one whose ids the batches have");
    if (params->max_steps == 0)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->max_steps is 0, expected the number of batches that are trained "
                         "on: batches from a source of the caller's own have no epochs");
    if (params->eval_steps > 0 || params->eval_epochs > 0 || params->eval_samples > 0 ||
        params->eval_data)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "params->eval_data, params->eval_steps, params->eval_epochs and "
            "params->eval_samples are of a validation split, which batches from a source of the "
            "caller's own do not have; bert_session_loss evaluates a batch");
    return check_sampling(params, error);
}

/* ---------------------------------------------------------------------------------- memory --- */

bert_status own_batches_create(own_batches *own, const model_config *config,
                               const micro_batch_limits *limits, bert_error *error)
{
    own->config = config;
    own->limits = *limits;
    return batch_create(&own->batch, limits->batch_sequences * limits->max_seq_length,
                        limits->batch_sequences, limits->batch_sequences * limits->max_masked,
                        error);
}

void own_batches_free(own_batches *own)
{
    batch_free(&own->batch);
    *own = (struct own_batches){0};
}

/* ------------------------------------------------------------------------------- the checks --- */

static bert_status check_counts(const own_batches *own, const bert_batch *given, bert_error *error)
{
    const batch *batch = &own->batch;
    if (given->sequence_count < 1 || given->sequence_count > batch->sequence_capacity)
        return error_set(error, BERT_ERROR_INPUT, "%d sequences, expected 1 to %d",
                         given->sequence_count, batch->sequence_capacity);
    if (given->token_count < given->sequence_count || given->token_count > batch->token_capacity)
        return error_set(error, BERT_ERROR_INPUT,
                         "%d tokens in %d sequences, expected 1 to %d in each", given->token_count,
                         given->sequence_count, own->limits.max_seq_length);
    if (given->masked_count < 0 || given->masked_count > batch->masked_capacity)
        return error_set(error, BERT_ERROR_INPUT, "%d predictions, expected 0 to %d",
                         given->masked_count, batch->masked_capacity);
    return BERT_OK;
}

static bert_status check_arrays(const own_batches *own, const bert_batch *given, own_labels labels,
                                bert_error *error)
{
    const char *missing = NULL;
    bool masked = given->masked_count > 0, has_head = model_config_has_nsp_head(own->config);
    if (!given->tokens)
        missing = "tokens";
    else if (!given->sequence_starts)
        missing = "sequence_starts";
    else if (masked && !given->masked_positions)
        missing = "masked_positions";
    else if (masked && !given->masked_labels && labels != OWN_LABELS_NONE)
        missing = "masked_labels";
    if (missing)
        return error_set(error, BERT_ERROR_INPUT, "%s is NULL", missing);
    if (labels != OWN_LABELS_NONE && given->next_sentence_labels && !has_head)
        return error_set(error, BERT_ERROR_INPUT,
                         "next_sentence_labels for a model without NSP head");
    if (labels == OWN_LABELS_ALL && !given->next_sentence_labels && has_head)
        return error_set(error, BERT_ERROR_INPUT,
                         "next_sentence_labels is NULL, but the model has an NSP head; without: "
                         "params->next_sentence_prediction = false");
    return BERT_OK;
}

static bert_status check_starts(const own_batches *own, const bert_batch *given, bert_error *error)
{
    const int32_t *starts = given->sequence_starts;
    if (starts[0] != 0 || starts[given->sequence_count] != given->token_count)
        return error_set(error, BERT_ERROR_INPUT,
                         "sequence_starts go from %d to %d, expected 0 to token_count, %d",
                         starts[0], starts[given->sequence_count], given->token_count);
    for (int i = 0; i < given->sequence_count; i++) {
        int64_t length = (int64_t)starts[i + 1] - starts[i];
        if (length < 1 || length > own->limits.max_seq_length)
            return error_set(error, BERT_ERROR_INPUT,
                             "sequence %d has %" PRId64
                             " tokens, expected 1 to params->max_seq_length, %d",
                             i, length, own->limits.max_seq_length);
    }
    return BERT_OK;
}

static bert_status check_tokens(const own_batches *own, const bert_batch *given, bert_error *error)
{
    int vocabulary = own->config->vocab_size, types = own->config->type_vocab_size;
    for (int t = 0; t < given->token_count; t++) {
        if (given->tokens[t] < 0 || given->tokens[t] >= vocabulary)
            return error_set(error, BERT_ERROR_INPUT,
                             "token %d has id %d, but the model's vocab_size is %d", t,
                             given->tokens[t], vocabulary);
        if (given->token_types && given->token_types[t] > 0 && given->token_types[t] >= types)
            return error_set(error, BERT_ERROR_INPUT,
                             "token %d has type %d, but the model's type_vocab_size is %d", t,
                             given->token_types[t], types);
    }
    return BERT_OK;
}

/* A model has memory for so many in a sequence. */
static bert_status check_predictions_in(const own_batches *own, int sequence, int count,
                                        bert_error *error)
{
    if (count <= own->limits.max_masked)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT,
                     "sequence %d has %d or more predictions, expected at most %d, as the samples "
                     "of this run have",
                     sequence, count, own->limits.max_masked);
}

static bert_status check_predictions(const own_batches *own, const bert_batch *given,
                                     own_labels labels, bert_error *error)
{
    int32_t previous = -1;
    for (int i = 0, sequence = 0, in_sequence = 0; i < given->masked_count; i++) {
        int32_t position = given->masked_positions[i];
        if (position <= previous || position >= given->token_count)
            return error_set(error, BERT_ERROR_INPUT,
                             "masked_positions[%d] is %d, expected %d to %d: they increase and are "
                             "in the batch",
                             i, position, previous + 1, given->token_count - 1);
        previous = position;
        while (position >= given->sequence_starts[sequence + 1]) {
            sequence++;
            in_sequence = 0;
        }
        TRY(check_predictions_in(own, sequence, ++in_sequence, error));
        if (labels != OWN_LABELS_NONE &&
            (given->masked_labels[i] < 0 || given->masked_labels[i] >= own->config->vocab_size))
            return error_set(error, BERT_ERROR_INPUT,
                             "masked_labels[%d] is %d, but the model's vocab_size is %d", i,
                             given->masked_labels[i], own->config->vocab_size);
    }
    return BERT_OK;
}

static bert_status check_pairs(const bert_batch *given, own_labels labels, bert_error *error)
{
    if (labels == OWN_LABELS_NONE || !given->next_sentence_labels)
        return BERT_OK;
    for (int i = 0; i < given->sequence_count; i++)
        if (given->next_sentence_labels[i] > 1)
            return error_set(error, BERT_ERROR_INPUT,
                             "next_sentence_labels[%d] is %d, expected 0 or 1", i,
                             given->next_sentence_labels[i]);
    return BERT_OK;
}

/* ------------------------------------------------------------------------------ the batches --- */

/* An array that was not given, or is not read, is zero. */
static void copy(void *to, const void *from, size_t bytes)
{
    if (from)
        memcpy(to, from, bytes);
    else
        memset(to, 0, bytes);
}

static void copy_batch(batch *batch, const bert_batch *given, own_labels labels)
{
    size_t tokens = (size_t)given->token_count, sequences = (size_t)given->sequence_count;
    size_t masked = (size_t)given->masked_count;
    bool reads = labels != OWN_LABELS_NONE;
    batch->token_count = given->token_count;
    batch->sequence_count = given->sequence_count;
    batch->masked_count = given->masked_count;
    copy(batch->tokens, given->tokens, tokens * sizeof(int32_t));
    copy(batch->token_types, given->token_types, tokens);
    copy(batch->sequence_starts, given->sequence_starts, (sequences + 1) * sizeof(int32_t));
    copy(batch->masked_positions, given->masked_positions, masked * sizeof(int32_t));
    copy(batch->masked_labels, reads ? given->masked_labels : NULL, masked * sizeof(int32_t));
    copy(batch->next_sentence_labels, reads ? given->next_sentence_labels : NULL, sequences);
    for (size_t i = 0; i < sequences; i++)
        batch->sample_numbers[i] = i;
}

bert_status own_batches_take(own_batches *own, const bert_batch *given, own_labels labels,
                             bert_error *error)
{
    own->batch.sequence_count = own->batch.token_count = own->batch.masked_count = 0;
    bert_status status;
    TRY_OR_GO(status, check_counts(own, given, error), failed);
    TRY_OR_GO(status, check_arrays(own, given, labels, error), failed);
    TRY_OR_GO(status, check_starts(own, given, error), failed);
    TRY_OR_GO(status, check_tokens(own, given, error), failed);
    TRY_OR_GO(status, check_predictions(own, given, labels, error), failed);
    TRY_OR_GO(status, check_pairs(given, labels, error), failed);
    copy_batch(&own->batch, given, labels);
    return BERT_OK;
failed:
    return error_prefix(error, status, "batch");
}

static bert_status take_next(own_batches *own, int64_t step, int sequences, bert_error *error)
{
    bert_batch given = {0};
    bert_error reason = {0}; /* a source need not write one */
    bert_status status = own->source.next(own->source.context, step, sequences, &given, &reason);
    reason.message[sizeof reason.message - 1] = '\0'; /* strncpy may have left none */
    if (status != BERT_OK)
        return error_set(error, status, "%s",
                         *reason.message ? reason.message : "the source of batches failed");
    if (given.sequence_count != sequences)
        return error_set(error, BERT_ERROR_INPUT, "batch: %d sequences, expected %d",
                         given.sequence_count, sequences);
    return own_batches_take(own, &given, OWN_LABELS_ALL, error);
}

bert_status own_batches_next(own_batches *own, int64_t step, int sequences, uint64_t first,
                             const batch **batch, bert_error *error)
{
    bert_status status = take_next(own, step, sequences, error);
    if (status != BERT_OK)
        return error_prefix(error, status, "step %" PRId64, step + 1);
    for (int i = 0; i < sequences; i++)
        own->batch.sample_numbers[i] = first + (uint64_t)i;
    *batch = &own->batch;
    return BERT_OK;
}
