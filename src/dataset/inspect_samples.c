#include "dataset/inspect_samples.h"

#include "base/memory.h"
#include "dataset/sampler.h"

#include <stdlib.h>
#include <string.h>

enum { NOT_PREDICTED = -100 }; /* in the labels of BertForPreTraining */

/* ---------------------------------------------------------------------------------- scheme --- */

/* Whether pairs can be made of the data. */
static bool has_pairs(const bert_inspect_data_params *params, const dataset *data)
{
    if (!params->next_sentence_prediction || params->sequences != BERT_SEQUENCES_UNSET)
        return false;
    if (params->pairs != BERT_PAIRS_UNSET) /* the sampler says what they lack */
        return true;
    return data->is_pretokenized ? data->labels != NULL : dataset_filled_documents(data, 2) > 1;
}

static bert_status choose_scheme(const bert_inspect_data_params *params, const dataset *data,
                                 const sample_scheme **scheme, bert_error *error)
{
    bool pairs = has_pairs(params, data);
    if (params->pairs != BERT_PAIRS_UNSET && !pairs)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->pairs goes neither with params->sequences nor with "
                         "params->next_sentence_prediction = false");
    const char *given =
        pairs ? bert_pairs_name(params->pairs) : bert_sequences_name(params->sequences);
    return scheme_parse(scheme,
                        given   ? given
                        : pairs ? "segment"
                                : "sentences",
                        pairs, pairs ? "params->pairs" : "params->sequences", error);
}

/* ---------------------------------------------------------------------------------- sample --- */

static bert_status append_token(text *out, const bert_tokenizer *tokenizer, int32_t id,
                                bert_error *error)
{
    const char *token = bert_tokenizer_token(tokenizer, id);
    return text_format(out, error, "%s", token ? token : "?");
}

static bert_status append_predicted(text *out, const bert_tokenizer *tokenizer, int32_t was,
                                    int32_t is, bert_error *error)
{
    TRY(text_append(out, "{", 1, error));
    TRY(append_token(out, tokenizer, was, error));
    TRY(text_append(out, ">", 1, error));
    TRY(append_token(out, tokenizer, is, error));
    return text_append(out, "}", 1, error);
}

static bert_status decode(const bert_tokenizer *tokenizer, const bert_sample_report *sample,
                          text *out, bert_error *error)
{
    for (size_t i = 0; i < sample->tokens; i++) {
        int32_t id = sample->input_ids[i], label = sample->labels[i];
        if (i > 0)
            TRY(text_append(out, " ", 1, error));
        TRY(label == NOT_PREDICTED ? append_token(out, tokenizer, id, error)
                                   : append_predicted(out, tokenizer, label, id, error));
    }
    return BERT_OK;
}

/* The only sample of the batch. */
static bert_status take_sample(const batch *batch, const bert_tokenizer *tokenizer, bool has_label,
                               bert_sample_report *sample, bert_error *error)
{
    size_t count = (size_t)batch->token_count;
    *sample = (bert_sample_report){
        .tokens = count,
        .predictions = (size_t)batch->masked_count,
        .next_sentence_label = has_label ? batch->next_sentence_labels[0] : -1,
    };
    TRY(memory_array((void **)&sample->input_ids, 3 * count, sizeof(int32_t), "a sample", error));
    sample->token_type_ids = sample->input_ids + count;
    sample->labels = sample->token_type_ids + count;
    for (size_t i = 0; i < count; i++) {
        sample->input_ids[i] = batch->tokens[i];
        sample->token_type_ids[i] = batch->token_types[i];
        sample->labels[i] = NOT_PREDICTED;
    }
    for (int i = 0; i < batch->masked_count; i++)
        sample->labels[batch->masked_positions[i]] = batch->masked_labels[i];
    text out = {0};
    bert_status status = decode(tokenizer, sample, &out, error);
    sample->text = out.data;
    return status;
}

bert_status inspect_samples(const bert_inspect_data_params *params, const dataset *data,
                            const bert_tokenizer *tokenizer, bert_data_report *report,
                            bert_error *error)
{
    sampler_settings settings = {
        .max_seq_length = params->max_seq_length,
        .short_seq_probability = params->short_seq_probability,
        .mlm_probability = params->mlm_probability,
        .mask_unit =
            params->mask_unit == BERT_MASK_UNIT_UNSET ? BERT_MASK_UNIT_TOKEN : params->mask_unit,
        .seed = params->seed,
        .shuffle = true,
    };
    TRY(choose_scheme(params, data, &settings.scheme, error));
    sampler *sampler = NULL;
    batch batch = {0};
    uint64_t samples;
    bert_status status;
    TRY_OR_GO(status, sampler_create(&sampler, data, tokenizer, &settings, error), done);
    TRY_OR_GO(status, sampler_epoch_size(sampler, 0, &samples, error), done);
    TRY_OR_GO(
        status,
        batch_create(&batch, sampler_max_tokens(sampler), 1, sampler_max_masked(sampler), error),
        done);
    size_t wanted = params->samples < samples ? params->samples : (size_t)samples;
    TRY_OR_GO(
        status,
        memory_array((void **)&report->samples, wanted, sizeof *report->samples, "samples", error),
        done);
    while (report->sample_count < wanted) {
        TRY_OR_GO(status, sampler_fill(sampler, report->sample_count, 1, &batch, error), done);
        bert_sample_report *sample = &report->samples[report->sample_count++];
        TRY_OR_GO(status, take_sample(&batch, tokenizer, settings.scheme->has_pairs, sample, error),
                  done);
    }
done:
    batch_free(&batch);
    sampler_free(sampler);
    return status;
}
