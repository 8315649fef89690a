#include "train/evaluator.h"

#include "base/observer.h"
#include "train/clock.h"
#include "train/state.h"

#include <math.h>

bert_status evaluator_create(evaluator *evaluator, const dataset *data,
                             const bert_tokenizer *tokenizer, const sampler_settings *settings,
                             int batch_size, int micro_batch_tokens, int64_t limit,
                             bert_error *error)
{
    *evaluator = (struct evaluator){.batch_size = batch_size};
    bert_status status;
    TRY_OR_GO(status, sampler_create(&evaluator->sampler, data, tokenizer, settings, error),
              failed);
    TRY_OR_GO(status, sampler_epoch_size(evaluator->sampler, 0, &evaluator->samples, error),
              failed);
    if (limit > 0 && (uint64_t)limit < evaluator->samples)
        evaluator->samples = (uint64_t)limit;
    if (evaluator->samples < (uint64_t)batch_size)
        evaluator->batch_size = (int)evaluator->samples;
    int tokens = sampler_max_tokens(evaluator->sampler);
    int masked = sampler_max_masked(evaluator->sampler);
    TRY_OR_GO(status,
              micro_batches_create(&evaluator->micro_batches, evaluator->batch_size,
                                   micro_batch_tokens, tokens, masked, error),
              failed);
    TRY_OR_GO(status,
              batch_create(&evaluator->batch, evaluator->batch_size * tokens, evaluator->batch_size,
                           evaluator->batch_size * masked, error),
              failed);
    return BERT_OK;
failed:
    evaluator_free(evaluator);
    return status;
}

void evaluator_free(evaluator *evaluator)
{
    batch_free(&evaluator->batch);
    micro_batches_free(&evaluator->micro_batches);
    sampler_free(evaluator->sampler);
    *evaluator = (struct evaluator){0};
}

model_limits evaluator_limits(const evaluator *evaluator)
{
    return micro_batches_limits(&evaluator->micro_batches, false);
}

static void count_labels(evaluation_sums *sums, const batch *batch)
{
    for (int i = 0; i < batch->sequence_count; i++)
        sums->nsp_labels[batch->next_sentence_labels[i] != 0]++;
    if (sums->mlm_labels)
        for (int i = 0; i < batch->masked_count; i++)
            sums->mlm_labels[batch->masked_labels[i]]++;
}

static bert_status evaluate_batch(evaluator *evaluator, model *model, uint64_t first, int count,
                                  evaluation_sums *sums, bert_error *error)
{
    batch *batch = &evaluator->batch;
    TRY(sampler_fill(evaluator->sampler, first, count, batch, error));
    bool pairs = model_config_has_pair_head(model_configuration(model));
    micro_batch_place place = {0};
    model_input input;
    while (micro_batches_next(&evaluator->micro_batches, batch, &place, &input)) {
        if (!pairs)
            input.next_sentence_labels = NULL;
        TRY(model_check_input(model, &input, error));
        model_evaluate(model, &input, &sums->losses);
    }
    sums->samples += (uint64_t)batch->sequence_count;
    sums->tokens += (uint64_t)batch->token_count;
    count_labels(sums, batch);
    return BERT_OK;
}

static bert_status check_finite(const model *model, const float *values, const model_losses *losses,
                                bert_error *error)
{
    if (isfinite(losses->mlm_loss) && isfinite(losses->nsp_loss))
        return BERT_OK;
    const char *parameter = model_find_nonfinite(model, values);
    return error_set(error, BERT_ERROR_NUMBER, "the loss of the evaluation is not finite%s%s",
                     parameter ? ", nor is the parameter " : "", parameter ? parameter : "");
}

static void report(const evaluator *evaluator, const evaluation_sums *sums, double seconds,
                   const bert_observer *observer)
{
    double per_sample = seconds / (double)sums->samples;
    bert_progress progress = {
        .job = "evaluate",
        .unit = "sample",
        .done = sums->samples,
        .total = evaluator->samples,
        .epoch = NAN,
        .loss = losses_total(&sums->losses),
        .learning_rate = NAN,
        .tokens_per_second = (double)sums->tokens / seconds,
        .seconds_left = per_sample * (double)(evaluator->samples - sums->samples),
    };
    observer_progress(observer, &progress);
}

bert_status evaluator_run(evaluator *evaluator, model *model, evaluation_sums *sums,
                          const bert_observer *observer, bert_error *error)
{
    double start = clock_seconds(), reported = start;
    while (sums->samples < evaluator->samples && !observer_should_stop(observer)) {
        uint64_t left = evaluator->samples - sums->samples;
        int count = left < (uint64_t)evaluator->batch_size ? (int)left : evaluator->batch_size;
        TRY(evaluate_batch(evaluator, model, sums->samples, count, sums, error));
        double now = clock_seconds();
        if (now - reported >= PROGRESS_SECONDS) {
            report(evaluator, sums, now - start, observer);
            reported = now;
        }
    }
    return check_finite(model, model_values(model), &sums->losses, error);
}
