#include "train/batch_size.h"

#include "base/observer.h"
#include "train/learning_rate.h"

#include <inttypes.h>
#include <limits.h>

static const piecewise_schedule_format ramp_form = {
    "params->batch_size_ramp", "numbers of sequences", "256:0.1,4096:0.9", 1, 1 << 24};

bert_status batch_size_check(const bert_pretrain_params *params, bert_error *error)
{
    piecewise_schedule sizes;
    if (!params->batch_size_ramp)
        return BERT_OK;
    if (params->gradient_accumulation_steps > 1)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "params->gradient_accumulation_steps and params->batch_size_ramp are both given: with "
            "a ramp a step has as many micro-batches as its size takes");
    return piecewise_schedule_parse(&sizes, params->batch_size_ramp, &ramp_form, error);
}

bert_status batch_size_parts(run_settings *settings, bert_error *error)
{
    const bert_pretrain_params *params = &settings->params;
    int64_t size = (int64_t)params->per_device_train_batch_size *
                   params->gradient_accumulation_steps * settings->ranks;
    piecewise_schedule sizes = {.numbers = {size}, .shares = {1}, .count = 1};
    if (params->batch_size_ramp)
        TRY(piecewise_schedule_parse(&sizes, params->batch_size_ramp, &ramp_form, error));
    settings->batch_count = sizes.count;
    for (int i = 0; i < sizes.count; i++)
        settings->batches[i] = (run_batch){.size = sizes.numbers[i], .share = sizes.shares[i]};
    return BERT_OK;
}

bert_status batch_size_check_ranks(const run_settings *settings, int ranks, bert_error *error)
{
    int length = settings->params.max_seq_length;
    for (int i = 0; i < settings->batch_count; i++) {
        int64_t samples = settings->batches[i].size;
        if (samples < ranks)
            return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                             "a step of %" PRId64
                             " sequences cannot be shared by %d ranks: expected at "
                             "least one for each",
                             samples, ranks);
        if (samples > INT_MAX / length)
            return error_set(
                error, BERT_ERROR_INVALID_ARGUMENT,
                "a step of %" PRId64 " sequences (%s) of %d tokens, expected at most "
                "%d sequences",
                samples,
                settings->params.batch_size_ramp
                    ? "params->batch_size_ramp"
                    : "params->per_device_train_batch_size × params->gradient_accumulation_steps",
                length, INT_MAX / length);
    }
    return BERT_OK;
}

bert_status batch_size_describe(text *out, const run_settings *settings, bool steps,
                                bert_error *error)
{
    const run_batch *first = &settings->batches[0];
    int last = settings->batch_count - 1;
    if (!steps && last == 0)
        return text_format(out, error, "%" PRId64, first->size);
    if (!steps)
        return text_format(out, error, "%" PRId64 " to %" PRId64, first->size,
                           settings->batches[last].size);
    for (int i = 0; i <= last; i++)
        TRY(text_format(out, error, "%s%" PRId64 " to step %" PRId64, i ? ", " : "",
                        settings->batches[i].size,
                        i < last ? settings->batches[i + 1].first_step : settings->total_steps));
    return BERT_OK;
}

static bert_status describe_rates(text *out, const run_settings *settings, bert_error *error)
{
    const bert_pretrain_params *params = &settings->params;
    for (int i = 0; i < settings->batch_count; i++) {
        double scale = learning_rate_scale(params, settings->batches[i].size);
        TRY(text_format(out, error, "%s%g", i ? ", " : "", params->learning_rate * scale));
    }
    return BERT_OK;
}

void batch_size_announce(const run_settings *settings, const bert_observer *observer)
{
    const bert_pretrain_params *params = &settings->params;
    text sizes = {0}, rates = {0};
    if (settings->batch_count > 1 && batch_size_describe(&sizes, settings, true, NULL) == BERT_OK)
        observer_message(observer, BERT_MESSAGE_INFO, "samples in a step: %s", sizes.data);
    if (params->base_batch_size > 0 && describe_rates(&rates, settings, NULL) == BERT_OK)
        observer_message(observer, BERT_MESSAGE_INFO,
                         "learning rate %g for %" PRId64 " samples, scaled (%s) to %s",
                         params->learning_rate, params->base_batch_size,
                         bert_learning_rate_scaling_name(params->learning_rate_scaling),
                         rates.data);
    text_free(&rates);
    text_free(&sizes);
}
