/* bert_inspect_data: counts of prepared data or of a pre-tokenized data set, and some samples as a
 * model gets them. */
#include "base/threads.h"
#include "dataset/coverage.h"
#include "dataset/data_counts.h"
#include "dataset/data_sources.h"
#include "dataset/inspect_samples.h"
#include "dataset/pretokenized.h"
#include "options/options.h"

#include <math.h>
#include <stdlib.h>

bert_inspect_data_params bert_inspect_data_params_default(void)
{
    return (bert_inspect_data_params){
        .samples = 3,
        .max_seq_length = 128,
        .short_seq_probability = 0.1,
        .mlm_probability = 0.15,
        .next_sentence_prediction = true,
        .pairs = BERT_PAIRS_UNSET,
        .sequences = BERT_SEQUENCES_UNSET,
        .mask_unit = BERT_MASK_UNIT_UNSET,
        .seed = 42,
    };
}

enum { SAMPLES_MAX = 1 << 20 }; /* drawn for the figures of a scheme */

static const sample_scheme *const schemes[BERT_SCHEMES] = {
    &scheme_segment_pairs, &scheme_sentence_pairs, &scheme_sentences,
    &scheme_chunks,        &scheme_stream,         &scheme_documents,
};

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
    bool has_pairs = dataset_filled_documents(data, 2) > 1;
    report->max_seq_length = params->max_seq_length;
    for (size_t i = 0; i < BERT_SCHEMES; i++) {
        const sample_settings settings = {
            .scheme = schemes[i],
            .token_limit = scheme_token_limit(schemes[i], params->max_seq_length),
            .short_seq_probability = params->short_seq_probability,
            .seed = params->seed,
        };
        if (schemes[i]->has_pairs && !has_pairs)
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

static bert_status inspect_train(const bert_inspect_data_params *params, const dataset *data,
                                 const bert_tokenizer *tokenizer, bert_data_report *report,
                                 bert_error *error)
{
    TRY(data_counts_take(&report->train, data, threads_count(), error));
    if (!data->is_pretokenized) /* else a row is a sample */
        TRY(count_schemes(params, data, report, error));
    report->vocab_size = bert_tokenizer_vocab_size(tokenizer);
    return params->samples > 0 ? inspect_samples(params, data, tokenizer, report, error) : BERT_OK;
}

static bert_status inspect_prepared(const bert_inspect_data_params *params,
                                    const data_sources *sources, bert_data_report *report,
                                    bert_error *error)
{
    dataset data = {0};
    bert_tokenizer *tokenizer = NULL;
    bert_status status;
    TRY_OR_GO(status, data_sources_open(sources, &data, error), done);
    TRY_OR_GO(status, dataset_check(&data, error), done);
    TRY_OR_GO(status,
              params->tokenizer ? bert_tokenizer_load(&tokenizer, params->tokenizer, NULL, error)
                                : data_sources_load_tokenizer(sources, &tokenizer, error),
              done);
    report->files = data.shard_count;
    TRY_OR_GO(status, inspect_validation(sources, &report->validation, error), done);
    status = inspect_train(params, &data, tokenizer, report, error);
done:
    bert_tokenizer_free(tokenizer);
    dataset_close(&data);
    return status;
}

/* ------------------------------------------------------------------------------ pre-tokenized */

static void count_rows(bert_rows_report *report, dataset *data, int max_seq_length)
{
    *report = (bert_rows_report){
        .skipped = data->rows.skipped,
        .first_skipped = data->rows.first_skipped,
        .longest = data->rows.longest,
        .longest_row = data->rows.longest_row,
        .restored_ids = data->rows.restored,
        .has_labels = data->labels != NULL,
    };
    data->rows.first_skipped = data->rows.longest_row = NULL; /* the report's now */
    for (uint64_t i = 0; i < data->document_count; i++) {
        report->longer += pretokenized_row_length(data, i) > (uint64_t)max_seq_length;
        if (data->labels)
            report->labels[data->labels[i]]++;
    }
}

static bert_status inspect_rows(const bert_inspect_data_params *params,
                                const pretokenized_files *files, const bert_tokenizer *tokenizer,
                                bert_data_report *report, bert_error *error)
{
    dataset data = {0};
    bert_status status;
    for (size_t i = 0; i < files->count; i++)
        report->files += files->list[i].is_training;
    TRY_OR_GO(status, pretokenized_open(&data, files, false, tokenizer, error), done);
    report->is_pretokenized = true;
    count_rows(&report->rows, &data, params->max_seq_length);
    TRY_OR_GO(status, inspect_train(params, &data, tokenizer, report, error), done);
    if (!pretokenized_files_evaluate(files))
        goto done;
    dataset_close(&data);
    TRY_OR_GO(status, pretokenized_open(&data, files, true, tokenizer, error), done);
    status = data_counts_take(&report->validation, &data, threads_count(), error);
done:
    dataset_close(&data);
    return status;
}

static bert_status inspect_pretokenized(const bert_inspect_data_params *params, const char *lines,
                                        bert_data_report *report, bert_error *error)
{
    if (!params->tokenizer)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: a pre-tokenized data set needs params->tokenizer, the one that it "
                         "was made with",
                         lines);
    pretokenized_files files = {0};
    bert_tokenizer *tokenizer = NULL;
    bert_status status;
    TRY_OR_GO(status, pretokenized_files_find(&files, lines, PRETOKENIZED_TRAIN, error), done);
    TRY_OR_GO(status, bert_tokenizer_load(&tokenizer, params->tokenizer, NULL, error), done);
    status = inspect_rows(params, &files, tokenizer, report, error);
done:
    bert_tokenizer_free(tokenizer);
    pretokenized_files_free(&files);
    return status;
}

bool bert_pretokenized_detect(const char *path)
{
    return pretokenized_detect(path);
}

/* -------------------------------------------------------------------------------------- report */

bert_status bert_inspect_data(const bert_inspect_data_params *params, bert_data_report *report,
                              bert_error *error)
{
    *report = (bert_data_report){0};
    TRY(OPTIONS_CHECK(bert_inspect_data_params, params, error));
    data_sources sources = {0};
    bert_status status;
    TRY_OR_GO(status, data_sources_find(&sources, params->data, error), done);
    if (sources.is_weighted)
        status =
            error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                      "%s: weights apply to training only; bert inspect reads each document once",
                      sources.name);
    else if (sources.pretokenized)
        status = inspect_pretokenized(params, sources.pretokenized, report, error);
    else
        status = inspect_prepared(params, &sources, report, error);
done:
    data_sources_free(&sources);
    return status;
}

void bert_data_report_free(bert_data_report *report)
{
    for (size_t i = 0; report->samples && i < report->sample_count; i++) {
        free(report->samples[i].text);
        free(report->samples[i].input_ids); /* and what follows them */
    }
    free(report->samples);
    free(report->rows.first_skipped);
    free(report->rows.longest_row);
    *report = (bert_data_report){0};
}
