#include "train/evaluator.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/observer.h"

#include <math.h>
#include <stdlib.h>

bert_status evaluator_create(evaluator *evaluator, const dataset *data,
                             const bert_tokenizer *tokenizer, const sampler_settings *settings,
                             int batch_size, int micro_batch_tokens, int64_t limit,
                             bert_error *error)
{
    *evaluator = (struct evaluator){.batch_size = batch_size};
    evaluator->has_pairs = settings->scheme->has_pairs;
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
              micro_batches_create(&evaluator->micro_batches,
                                   &(micro_batch_limits){.sequences = evaluator->batch_size,
                                                         .tokens = micro_batch_tokens,
                                                         .max_seq_length = tokens,
                                                         .max_masked = masked,
                                                         .batch_sequences = evaluator->batch_size},
                                   error),
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
    const objective *objective = evaluator->has_pairs
                                     ? objective_of_pretraining(model_configuration(model), NULL)
                                     : &objective_mlm;
    micro_batches_cut(&evaluator->micro_batches, batch);
    for (int i = 0; i < evaluator->micro_batches.count; i++) {
        model_input *input = &evaluator->micro_batches.inputs[i];
        TRY(objective->check(model, input, error));
        model_pass pass =
            model_forward(model_own_workspace(model), input, objective->rows, false, 0, 0);
        objective->loss(NULL, &pass, NULL, &sums->losses);
    }
    sums->samples += (uint64_t)batch->sequence_count;
    sums->tokens += (uint64_t)batch->token_count;
    count_labels(sums, batch);
    return BERT_OK;
}

static bert_status check_finite(const model *model, const float *values, const loss_sums *losses,
                                bert_error *error)
{
    if (losses_finite(losses))
        return BERT_OK;
    const char *parameter = model_find_nonfinite(model, values);
    return error_set(error, BERT_ERROR_NOT_FINITE, "the loss of the evaluation is not finite%s%s",
                     parameter ? ", nor is the parameter " : "", parameter ? parameter : "");
}

/* Of all ranks, by what this one did. */
static void report(const evaluator *evaluator, const evaluation_sums *sums, int ranks,
                   double seconds, const bert_observer *observer)
{
    uint64_t done = sums->samples * (uint64_t)ranks;
    if (done > evaluator->samples)
        done = evaluator->samples;
    double per_sample = seconds / (double)done;
    bert_progress progress = {
        .job = "evaluate",
        .unit = "sample",
        .done = done,
        .total = evaluator->samples,
        .epoch = NAN,
        .loss = losses_total(&sums->losses),
        .learning_rate = NAN,
        .tokens_per_second = (double)sums->tokens * ranks / seconds,
        .seconds_left = per_sample * (double)(evaluator->samples - done),
    };
    observer_progress(observer, &progress);
}

/* This rank's batches: every n-th of n ranks. */
static bert_status evaluate_share(evaluator *evaluator, model *model, bert_job *job,
                                  evaluation_sums *sums, const bert_observer *observer,
                                  bert_error *error)
{
    double start = clock_seconds(), reported = start;
    uint64_t stride = (uint64_t)evaluator->batch_size * (uint64_t)bert_job_size(job);
    uint64_t first = (uint64_t)evaluator->batch_size * (uint64_t)bert_job_rank(job);
    for (; first < evaluator->samples && !observer_should_stop(observer); first += stride) {
        uint64_t left = evaluator->samples - first;
        int count = left < (uint64_t)evaluator->batch_size ? (int)left : evaluator->batch_size;
        TRY(evaluate_batch(evaluator, model, first, count, sums, error));
        job_alive(job);
        double now = clock_seconds();
        if (now - reported >= PROGRESS_SECONDS) {
            report(evaluator, sums, bert_job_size(job), now - start, observer);
            reported = now;
        }
    }
    return check_finite(model, model_weights(model), &sums->losses, error);
}

static void add_sums(evaluation_sums *sums, const evaluation_sums *part)
{
    losses_add(&sums->losses, &part->losses);
    sums->samples += part->samples;
    sums->tokens += part->tokens;
    for (int label = 0; label < 2; label++)
        sums->nsp_labels[label] += part->nsp_labels[label];
}

static bert_status sum_ranks(bert_job *job, evaluation_sums *sums, bert_error *error)
{
    evaluation_sums *parts, mine = *sums;
    TRY(memory_array((void **)&parts, (size_t)bert_job_size(job), sizeof *parts,
                     "sums of an evaluation", error));
    bert_status status = job_allgather(job, &mine, sizeof mine, parts, error);
    *sums = (evaluation_sums){.mlm_labels = mine.mlm_labels};
    for (int rank = 0; rank < bert_job_size(job) && status == BERT_OK; rank++)
        add_sums(sums, &parts[rank]);
    free(parts);
    return status;
}

bert_status evaluator_run(evaluator *evaluator, model *model, bert_job *job, evaluation_sums *sums,
                          const bert_observer *observer, bert_error *error)
{
    bert_status status = evaluate_share(evaluator, model, job, sums, observer, error);
    TRY(job_sync_status(job, status, error));
    return job ? sum_ranks(job, sums, error) : BERT_OK;
}
