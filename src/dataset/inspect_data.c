/* bert_inspect_data: counts of prepared data, and some samples as a model gets them. */
#include "base/memory.h"
#include "base/threads.h"
#include "dataset/coverage.h"
#include "dataset/data_counts.h"
#include "dataset/data_sources.h"
#include "dataset/sampler.h"
#include "options/options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bert_inspect_data_params bert_inspect_data_params_default(void)
{
    return (bert_inspect_data_params){
        .samples = 3,
        .max_seq_length = 128,
        .mlm_probability = 0.15,
        .seed = 42,
    };
}

enum { SAMPLES_MAX = 1 << 20 }; /* drawn for the figures of a scheme */

static const sample_scheme *const schemes[BERT_SCHEMES] = {
    &scheme_segment_pairs, &scheme_sentence_pairs, &scheme_sentences,
    &scheme_chunks,        &scheme_stream,         &scheme_documents,
};

/* Pairs need two documents with text. */
static bool has_pairs(const bert_data_report *report)
{
    return report->train.documents - report->train.empty_documents > 1;
}

/* Of a part of the data: multiplied by what the whole has of it. */
static uint64_t extrapolate(uint64_t count, const sample_coverage *coverage, const dataset *data)
{
    if (!coverage->is_estimate || coverage->tokens == 0)
        return count;
    return (uint64_t)llround((double)count * (double)data->token_count / (double)coverage->tokens);
}

static bert_status count_schemes(const bert_inspect_data_params *params, const dataset *data,
                                 bert_data_report *report, bert_error *error)
{
    report->max_seq_length = params->max_seq_length;
    for (size_t i = 0; i < BERT_SCHEMES; i++) {
        const sample_settings settings = {
            .scheme = schemes[i],
            .token_limit = scheme_token_limit(schemes[i], params->max_seq_length),
            .short_seq_probability = 0.1,
            .seed = params->seed,
        };
        if (schemes[i]->has_pairs && !has_pairs(report))
            continue;
        sample_coverage coverage;
        TRY(coverage_measure(&coverage, data, &settings, 0, SAMPLES_MAX, threads_count(), error));
        report->schemes_estimated |= coverage.is_estimate;
        report->schemes[report->scheme_count++] = (bert_scheme_report){
            .name = schemes[i]->name,
            .has_pairs = schemes[i]->has_pairs,
            .samples = extrapolate(coverage.samples, &coverage, data),
            .tokens = extrapolate(coverage.seen, &coverage, data),
            .random_labels = schemes[i]->has_pairs ? coverage_random(&coverage) : NAN,
        };
    }
    return BERT_OK;
}

static bert_status append_token(text *out, const bert_tokenizer *tokenizer, int32_t id,
                                bert_error *error)
{
    const char *token = bert_tokenizer_token(tokenizer, id);
    return text_format(out, error, "%s", token ? token : "?");
}

static bert_status decode_sample(const bert_tokenizer *tokenizer, const batch *batch,
                                 bert_sample_report *report, bert_error *error)
{
    text out = {0};
    bert_status status = BERT_OK;
    int masked = 0;
    for (int i = 0; i < batch->token_count && status == BERT_OK; i++) {
        bool predicted = masked < batch->masked_count && batch->masked_positions[masked] == i;
        if (i > 0)
            status = text_append(&out, " ", 1, error);
        if (predicted && status == BERT_OK)
            status = text_append(&out, "{", 1, error);
        if (predicted && status == BERT_OK)
            status = append_token(&out, tokenizer, batch->masked_labels[masked++], error);
        if (predicted && status == BERT_OK)
            status = text_append(&out, ">", 1, error);
        if (status == BERT_OK)
            status = append_token(&out, tokenizer, batch->tokens[i], error);
        if (predicted && status == BERT_OK)
            status = text_append(&out, "}", 1, error);
    }
    *report = (bert_sample_report){
        .text = out.data,
        .tokens = (size_t)batch->token_count,
        .predictions = (size_t)batch->masked_count,
        .next_sentence_label = batch->next_sentence_labels[0],
    };
    return status;
}

static bert_status draw_samples(const bert_inspect_data_params *params, const dataset *data,
                                const bert_tokenizer *tokenizer, bert_data_report *report,
                                bert_error *error)
{
    const sampler_settings settings = {
        .scheme = has_pairs(report) ? &scheme_segment_pairs : &scheme_sentences,
        .max_seq_length = params->max_seq_length,
        .short_seq_probability = 0.1,
        .mlm_probability = params->mlm_probability,
        .seed = params->seed,
        .shuffle = true,
    };
    sampler *sampler = NULL;
    batch batch = {0};
    bert_status status;
    TRY_OR_GO(status, sampler_create(&sampler, data, tokenizer, &settings, error), done);
    TRY_OR_GO(
        status,
        batch_create(&batch, sampler_max_tokens(sampler), 1, sampler_max_masked(sampler), error),
        done);
    TRY_OR_GO(status,
              memory_array((void **)&report->samples, params->samples, sizeof *report->samples,
                           "samples", error),
              done);
    while (report->sample_count < params->samples) {
        TRY_OR_GO(status, sampler_fill(sampler, report->sample_count, 1, &batch, error), done);
        bert_sample_report *sample = &report->samples[report->sample_count++];
        TRY_OR_GO(status, decode_sample(tokenizer, &batch, sample, error), done);
        if (!has_pairs(report))
            sample->next_sentence_label = -1;
    }
done:
    batch_free(&batch);
    sampler_free(sampler);
    return status;
}

static bert_status inspect_validation(const data_sources *sources, bert_split_report *report,
                                      bert_error *error)
{
    dataset data = {0};
    bool found;
    TRY(data_sources_open_validation(sources, &data, &found, error));
    bert_status status = found ? dataset_check(&data, error) : BERT_OK;
    if (found && status == BERT_OK)
        status = data_counts_take(report, &data, threads_count(), error);
    dataset_close(&data);
    return status;
}

static bert_status find_sources(data_sources *sources, const char *data, bert_error *error)
{
    TRY(data_sources_find(sources, data, error));
    if (sources->pretokenized)
        return error_set(error, BERT_ERROR_INPUT, "%s: no prepared data (*.idx) found",
                         sources->pretokenized);
    if (sources->is_weighted)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "%s: weights apply to training only; bert inspect reads each document once",
            sources->name);
    return BERT_OK;
}

bert_status bert_inspect_data(const bert_inspect_data_params *params, bert_data_report *report,
                              bert_error *error)
{
    *report = (bert_data_report){0};
    TRY(OPTIONS_CHECK(bert_inspect_data_params, params, error));
    data_sources sources = {0};
    dataset data = {0};
    bert_tokenizer *tokenizer = NULL;
    bert_status status;
    TRY_OR_GO(status, find_sources(&sources, params->data, error), done);
    TRY_OR_GO(status, data_sources_open(&sources, &data, error), done);
    TRY_OR_GO(status, dataset_check(&data, error), done);
    TRY_OR_GO(status, data_sources_load_tokenizer(&sources, &tokenizer, error), done);
    TRY_OR_GO(status, data_counts_take(&report->train, &data, threads_count(), error), done);
    TRY_OR_GO(status, count_schemes(params, &data, report, error), done);
    report->files = data.shard_count;
    report->vocab_size = bert_tokenizer_vocab_size(tokenizer);
    TRY_OR_GO(status, inspect_validation(&sources, &report->validation, error), done);
    if (params->samples > 0)
        status = draw_samples(params, &data, tokenizer, report, error);
done:
    bert_tokenizer_free(tokenizer);
    dataset_close(&data);
    data_sources_free(&sources);
    return status;
}

void bert_data_report_free(bert_data_report *report)
{
    for (size_t i = 0; report->samples && i < report->sample_count; i++)
        free(report->samples[i].text);
    free(report->samples);
    *report = (bert_data_report){0};
}
