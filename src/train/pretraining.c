#include "train/pretraining.h"

#include "base/observer.h"
#include "base/threads.h"
#include "dataset/data_warnings.h"
#include "dataset/pretokenized.h"
#include "dataset/weights.h"
#include "options/options.h"
#include "train/batch_size.h"
#include "train/rank_consistency.h"
#include "train/sampling.h"

#include <inttypes.h>
#include <stdlib.h>
#include <xxhash.h>

void pretraining_close(pretraining *run)
{
    trainer_free(&run->trainer);
    for (int i = 0; i < run->settings.phase_count; i++)
        sampler_free(run->samplers[i]);
    free(run->checkpoint);
    free(run->weights);
    run_inputs_close(&run->run_inputs);
    run_directory_close(&run->directory);
    settings_free(&run->settings);
}

static bert_status open_inputs(pretraining *run, bert_error *error)
{
    const bert_pretrain_params *params = &run->settings.params;
    const bert_tokenizer_options *options = &params->tokenizer_options;
    if (run->own_batches)
        TRY(run_inputs_open_tokenizer(&run->run_inputs, params->tokenizer, options, error));
    else
        TRY(run_inputs_open(&run->run_inputs, params->data, params->eval_data, params->tokenizer,
                            options, error));
    tokenizer_warn(run->run_inputs.tokenizer,
                   params->tokenizer ? params->tokenizer : run->settings.data_name, run->observer);
    return BERT_OK;
}

/* A sampler for each phase, and what its first epoch holds into samples[phase_count]. */
static bert_status create_samplers(pretraining *run, uint64_t *samples, bert_error *error)
{
    for (int i = 0; i < run->settings.phase_count; i++) {
        const sampler_settings settings = sampling_for_phase(&run->settings, i);
        TRY(sampler_create(&run->samplers[i], &run->run_inputs.train, run->run_inputs.tokenizer,
                           &settings, error));
        TRY(sampler_epoch_size(run->samplers[i], 0, &samples[i], error));
    }
    return BERT_OK;
}

static bert_status create_trainer(pretraining *run, bert_error *error)
{
    run->trainer = (trainer){
        .run = run->directory.path,
        .settings = &run->settings,
        .config = &run->config,
        .tokenizer = run->run_inputs.tokenizer,
        .validation = run->run_inputs.has_validation ? &run->run_inputs.validation : NULL,
        .samplers = run->own_batches ? NULL : run->samplers,
        .own_batches = run->own_batches,
        .job = run->job,
        .observer = run->observer,
    };
    TRY(trainer_prepare(&run->trainer, error));
    if (run->checkpoint)
        return trainer_restore(&run->trainer, run->checkpoint, error);
    vocabulary_growth growth = {0};
    if (run->weights)
        TRY(vocabulary_growth_find(&growth, run->weights, run->run_inputs.tokenizer,
                                   run->settings.data_name, error));
    bert_status status = trainer_begin(&run->trainer, run->weights, &growth, error);
    vocabulary_growth_free(&growth);
    return status;
}

/* Of data with weights: what the first epoch has of each file. */
static void announce_weights(const pretraining *run)
{
    const dataset *data = &run->run_inputs.train;
    const bert_pretrain_params *params = &run->settings.params;
    for (size_t i = 0; data->is_weighted && i < data->shard_count; i++) {
        const dataset_shard *shard = &data->shards[i];
        observer_message(run->observer, BERT_MESSAGE_INFO,
                         "%s: weight %g: %" PRIu64 " of %" PRIu64 " documents in the first epoch",
                         shard->file.prefix, shard->weight,
                         weight_documents(shard, params->seed, 0), shard->file.document_count);
    }
}

/* Of pre-tokenized data: what is not trained on as it is; and what evaluations read, if it is not
 * the validation split of the data. */
static void announce_rows(const pretraining *run)
{
    const bert_pretrain_params *params = &run->settings.params;
    const dataset *validation = &run->run_inputs.validation;
    pretokenized_announce(&run->run_inputs.train, params->max_seq_length, run->observer);
    if (!run->trainer.evaluates)
        return;
    if (params->eval_data)
        observer_message(run->observer, BERT_MESSAGE_INFO,
                         "evaluations read %s: %" PRIu64 " documents, %" PRIu64 " tokens",
                         validation->prefix, validation->document_count, validation->token_count);
    pretokenized_announce(validation, params->max_seq_length, run->observer);
}

/* Of the length that most steps have. */
static bert_status warn_of_data(const pretraining *run, bert_error *error)
{
    const run_settings *settings = &run->settings;
    const run_inputs *inputs = &run->run_inputs;
    int phase = 0;
    for (int i = 1; i < settings->phase_count; i++)
        if (settings->phases[i].share > settings->phases[phase].share)
            phase = i;
    sampler_settings sampling = sampling_for_phase(settings, phase);
    data_use use = {
        .name = settings->data_name,
        .train = &inputs->train,
        /* What the user chose to evaluate on is no split of the data. */
        .validation =
            run->trainer.evaluates && !settings->params.eval_data ? &inputs->validation : NULL,
        .sampling = *sampler_drawing(run->samplers[phase]),
        .max_seq_length = sampling.max_seq_length,
        .mlm_probability = sampling.mlm_probability,
        .epoch = sampling.first_epoch,
        .threads = run->threads,
    };
    use.validation_sampling = use.sampling;
    use.validation_sampling.token_limit =
        scheme_token_limit(use.sampling.scheme, settings->params.max_seq_length);
    return data_warn(&use, run->observer, error);
}

void pretraining_announce(const pretraining *run)
{
    const run_settings *settings = &run->settings;
    model_memory memory = model_memory_used(run->trainer.step.model), teacher = {0};
    if (run->trainer.teacher)
        teacher = model_memory_used(run->trainer.teacher);
    double moments = (double)run->trainer.step.optimizer.state_size *
                     (double)optimizer_state_count(run->trainer.step.optimizer.type) *
                     sizeof(float);
    uint64_t parameters = 0;
    for (size_t i = 0; i < run->trainer.table->count; i++)
        parameters += run->trainer.table->entries[i].count;
    observer_message(
        run->observer, BERT_MESSAGE_INFO,
        "%s: %d layers of %d, %.1f million parameters, %.0f MB of memory", settings->params.model,
        run->config.num_hidden_layers, run->config.hidden_size, (double)parameters * 1e-6,
        ((double)memory.parameters + (double)memory.gradients + (double)memory.activations +
         moments + (double)teacher.parameters + (double)teacher.activations) *
            1e-6);
    text sizes = {0};
    bert_status status = batch_size_describe(&sizes, settings, false, NULL);
    if (status == BERT_OK && run->own_batches)
        observer_message(run->observer, BERT_MESSAGE_INFO,
                         "batches of the caller's own; %" PRId64 " steps of %s samples",
                         settings->total_steps, sizes.data);
    else if (status == BERT_OK)
        observer_message(run->observer, BERT_MESSAGE_INFO,
                         "%s: %" PRIu64 " documents, %" PRIu64 " tokens, %" PRIu64
                         " samples an epoch; %" PRId64 " steps of %s samples",
                         settings->data_name, settings->data.train.documents,
                         settings->data.train.tokens, settings->phases[0].samples_per_epoch,
                         settings->total_steps, sizes.data);
    text_free(&sizes);
    batch_size_announce(settings, run->observer);
    announce_weights(run);
    announce_rows(run);
    bert_error error;
    bool is_new = !run->checkpoint && !run->own_batches && bert_job_rank(run->job) == 0;
    if (is_new && warn_of_data(run, &error) != BERT_OK)
        observer_message(run->observer, BERT_MESSAGE_WARNING, "%s", error.message);
}

/* That all ranks are about to do the same. */
static bert_status check_ranks(const pretraining *run, bert_error *error)
{
    const trainer *trainer = &run->trainer;
    const data_fingerprint *data = &run->settings.data;
    const uint64_t of_data[] = {data->train.index_checksum, data->train.token_checksum,
                                data->validation.index_checksum, data->validation.token_checksum,
                                data->tokenizer_checksum};
    rank_fingerprint mine = {.data = XXH3_64bits(of_data, sizeof of_data),
                             .step = trainer->state.step};
    bert_status status = BERT_OK;
    if (run->job)
        status = settings_checksum(&run->settings, &mine.settings, error);
    TRY(job_sync_status(run->job, status, error));
    TRY(rank_consistency_check_start(run->job, &mine, error));
    return rank_consistency_check_parameters(run->job, model_weights(trainer->step.model),
                                             trainer->table->size, trainer->state.step, error);
}

/* ------------------------------------------------------------------------------------ begin --- */

/* What the length of the run follows from. */
static bert_status resolve(pretraining *run, bert_error *error)
{
    run_settings *settings = &run->settings;
    uint64_t samples[RUN_PHASES];
    TRY(create_samplers(run, samples, error));
    for (int i = 0; i < settings->phase_count; i++)
        settings->phases[i].samples_per_epoch = samples[i];
    return settings_resolve(settings, error);
}

/* All steps are one epoch: whether a caller's batches repeat is not known. */
static bert_status resolve_own_batches(run_settings *settings, bert_error *error)
{
    settings->phases[0].samples_per_epoch = 1; /* not read yet: max_steps is given */
    TRY(settings_resolve(settings, error));
    int64_t most = settings_most_samples(settings, 0, settings->total_steps);
    if (settings->total_steps > INT64_MAX / most)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->max_steps is %" PRId64 ", expected at most %" PRId64
                         " steps of %" PRId64 " sequences",
                         settings->total_steps, INT64_MAX / most, most);
    settings->phases[0].samples_per_epoch =
        (uint64_t)settings_samples_before(settings, settings->total_steps);
    return BERT_OK;
}

/* All that can fail without a step being done. */
static bert_status set_up(pretraining *run, bert_error *error)
{
    run_settings *settings = &run->settings;
    if (settings->params.teacher)
        TRY(run_inputs_check_tokenizer(&run->run_inputs, settings->params.teacher, error));
    TRY(run_inputs_configure(&run->run_inputs, &settings->params, &run->config, &run->weights,
                             run->observer, error));
    if (settings->params.next_sentence_prediction && !run->config.next_sentence_prediction) {
        observer_message(run->observer, BERT_MESSAGE_INFO, "%s: no next-sentence prediction: %s",
                         settings->params.model,
                         settings->params.teacher ? "it is not learned from a teacher"
                                                  : "DistilBERT has no head for it");
        settings->params.next_sentence_prediction = false;
        TRY(sampling_check(&settings->params, error));
    }
    TRY(run->own_batches ? resolve_own_batches(settings, error) : resolve(run, error));
    /* Kept: a resumed run splits batches as it did before. */
    if (settings->params.micro_batch_tokens == 0)
        settings->params.micro_batch_tokens =
            micro_batch_default_tokens(&run->config, gemm_precision_of(settings->params.precision));
    settings->data = run->run_inputs.fingerprint;
    return create_trainer(run, error);
}

/* Rank 0 alone has the run's directory. */
static bool writes(const pretraining *run)
{
    return bert_job_rank(run->job) == 0;
}

static bert_status create_directory(pretraining *run, const char *output, bert_error *error)
{
    bert_status status = BERT_OK;
    if (writes(run))
        status = run_directory_create(&run->directory, output, error);
    else
        status = path_format(&run->directory.path, error, "%s", output);
    return job_sync_status(run->job, status, error);
}

static bert_status set_up_and_describe(pretraining *run, bert_error *error)
{
    bert_status status = open_inputs(run, error);
    if (status == BERT_OK)
        status = set_up(run, error);
    TRY(job_sync_status(run->job, status, error));
    TRY(check_ranks(run, error));
    if (writes(run))
        status = run_directory_describe(&run->directory, &run->settings, &run->config, error);
    return job_sync_status(run->job, status, error);
}

/* The cores of a machine are shared by its ranks, unless the launcher has bound them already. */
static void use_threads(pretraining *run, int threads)
{
    if (threads == 0)
        threads = threads_share(job_local_size(run->job));
    threads_use(threads);
    run->threads = threads_count();
}

/* Samples are drawn from data, or batches come from the caller. */
static bert_status create_settings(pretraining *run, const bert_pretrain_params *params,
                                   bert_error *error)
{
    if (!run->own_batches && !params->data)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "params->data is missing");
    TRY(settings_create(&run->settings, params, error));
    return run->own_batches ? own_batches_check_params(params, error) : BERT_OK;
}

bert_status pretraining_open(pretraining *run, const bert_pretrain_params *params,
                             bert_error *error)
{
    run->job = params->job;
    TRY(job_sync_status(run->job, create_settings(run, params, error), error));
    use_threads(run, params->threads);
    TRY(create_directory(run, params->output, error));
    bert_status status = set_up_and_describe(run, error);
    if (status != BERT_OK && writes(run))
        run_directory_abandon(&run->directory);
    run->trainer.stop_after_steps = params->stop_after_steps;
    return status;
}

/* ----------------------------------------------------------------------------------- resume --- */

static bert_status read_config(pretraining *run, bert_error *error)
{
    char *path;
    TRY(path_join(&path, run->directory.path, "config.json", error));
    bert_status status = model_config_read(&run->config, path, error);
    free(path);
    return status;
}

/* Where a run was killed before its first checkpoint, it begins again, from the weights it began
 * with. */
static bert_status find_weights(pretraining *run, bert_error *error)
{
    TRY(checkpoint_last(&run->checkpoint, run->directory.path, error));
    if (run->checkpoint) {
        observer_message(run->observer, BERT_MESSAGE_INFO, "going on from %s", run->checkpoint);
        return BERT_OK;
    }
    observer_message(run->observer, BERT_MESSAGE_INFO,
                     "%s: no checkpoint yet, starts from the beginning", run->directory.path);
    return run_inputs_find_weights(&run->weights, run->settings.params.model, error);
}

static bert_status check_source(const pretraining *run, bert_error *error)
{
    if (run->own_batches && run->settings.params.data)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: the run draws its batches from data (%s), expected no source of "
                         "batches",
                         run->directory.path, run->settings.data_name);
    if (!run->own_batches && !run->settings.params.data)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: the run has batches from a source of a program's own: that program "
                         "continues it with bert_session_resume",
                         run->directory.path);
    return BERT_OK;
}

/* That an epoch has the samples that it had. */
static bert_status check_samples(pretraining *run, bert_error *error)
{
    const run_settings *settings = &run->settings;
    uint64_t samples[RUN_PHASES];
    TRY(create_samplers(run, samples, error));
    for (int i = 0; i < settings->phase_count; i++)
        if (samples[i] != settings->phases[i].samples_per_epoch)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: an epoch has %" PRIu64 " samples, it had %" PRIu64
                             " when the run began; this version of bert draws other samples",
                             settings->data_name, samples[i],
                             settings->phases[i].samples_per_epoch);
    return BERT_OK;
}

static bert_status set_up_again(pretraining *run, bert_error *error)
{
    const run_settings *settings = &run->settings;
    TRY(check_source(run, error));
    TRY(read_config(run, error));
    TRY(find_weights(run, error));
    TRY(open_inputs(run, error));
    TRY(settings_check_data(settings, &run->run_inputs.fingerprint, error));
    if (!run->own_batches)
        TRY(check_samples(run, error));
    return create_trainer(run, error);
}

/* What a crash left is removed before any rank looks for checkpoints. */
static bert_status open_directory(pretraining *run, const char *path, bert_error *error)
{
    bert_status status = writes(run) ? run_directory_open(&run->directory, path, error)
                                     : path_format(&run->directory.path, error, "%s", path);
    return status == BERT_OK && writes(run) ? checkpoint_clean(run->directory.path, error) : status;
}

static bert_status read_settings(pretraining *run, const bert_resume_params *params,
                                 bert_error *error)
{
    bert_pretrain_params *kept = &run->settings.params;
    TRY(settings_read(&run->settings, run->directory.path, error));
    if (params->zero != BERT_UNSET)
        kept->zero = params->zero == BERT_ON;
    if (params->micro_batch_tokens > 0)
        kept->micro_batch_tokens = params->micro_batch_tokens;
    use_threads(run, params->threads ? params->threads : kept->threads);
    return BERT_OK;
}

bert_status pretraining_resume(pretraining *run, const bert_resume_params *params,
                               bert_error *error)
{
    TRY(OPTIONS_CHECK(bert_resume_params, params, error));
    run->job = params->job;
    TRY(job_sync_status(run->job, open_directory(run, params->run, error), error));
    bert_status status = read_settings(run, params, error);
    if (status == BERT_OK)
        status = set_up_again(run, error);
    TRY(job_sync_status(run->job, status, error));
    run->trainer.stop_after_steps = params->stop_after_steps;
    return check_ranks(run, error);
}
