/* bert_pretrain and bert_pretrain_resume: from parameters to a trainer that runs. */
#include "base/observer.h"
#include "base/threads.h"
#include "dataset/weights.h"
#include "options/options.h"
#include "train/batch_size.h"
#include "train/rank_consistency.h"
#include "train/run_directory.h"
#include "train/run_inputs.h"
#include "train/sampling.h"
#include "train/trainer.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Everything that one run holds while it runs. */
typedef struct session {
    const char *run; /* as the user named it */
    bert_job *job;   /* the caller's */
    run_settings settings;
    run_directory directory;
    run_inputs run_inputs;
    model_config config;
    char *weights;    /* file with the weights to begin with; NULL: they are drawn */
    char *checkpoint; /* last checkpoint of a run that is resumed; NULL: from the start */
    sampler *samplers[RUN_PHASES];
    trainer trainer;
} session;

static void close_session(session *session)
{
    trainer_free(&session->trainer);
    for (int i = 0; i < session->settings.phase_count; i++)
        sampler_free(session->samplers[i]);
    free(session->checkpoint);
    free(session->weights);
    run_inputs_close(&session->run_inputs);
    run_directory_close(&session->directory);
    settings_free(&session->settings);
}

/* A sampler for each phase, and what its first epoch holds into samples[phase_count]. */
static bert_status create_samplers(session *session, uint64_t *samples, bert_error *error)
{
    for (int i = 0; i < session->settings.phase_count; i++) {
        const sampler_settings settings = sampling_for_phase(&session->settings, i);
        TRY(sampler_create(&session->samplers[i], &session->run_inputs.train,
                           session->run_inputs.tokenizer, &settings, error));
        TRY(sampler_epoch_size(session->samplers[i], 0, &samples[i], error));
    }
    return BERT_OK;
}

static bert_status create_trainer(session *session, const bert_observer *observer,
                                  bert_error *error)
{
    session->trainer = (trainer){
        .run = session->run,
        .settings = &session->settings,
        .config = &session->config,
        .tokenizer = session->run_inputs.tokenizer,
        .validation = session->run_inputs.has_validation ? &session->run_inputs.validation : NULL,
        .samplers = session->samplers,
        .job = session->job,
        .observer = observer,
    };
    TRY(trainer_prepare(&session->trainer, error));
    if (session->checkpoint)
        return trainer_restore(&session->trainer, session->checkpoint, error);
    vocabulary_growth growth = {0};
    if (session->weights)
        TRY(vocabulary_growth_find(&growth, session->weights, session->run_inputs.tokenizer,
                                   session->settings.data_name, error));
    bert_status status = trainer_begin(&session->trainer, session->weights, &growth, error);
    vocabulary_growth_free(&growth);
    return status;
}

/* Of data with weights: what the first epoch has of each file. */
static void announce_weights(const session *session, const bert_observer *observer)
{
    const dataset *data = &session->run_inputs.train;
    const bert_pretrain_params *params = &session->settings.params;
    for (size_t i = 0; data->is_weighted && i < data->shard_count; i++) {
        const dataset_shard *shard = &data->shards[i];
        observer_message(observer, BERT_MESSAGE_INFO,
                         "%s: weight %g: %" PRIu64 " of %" PRIu64 " documents in the first epoch",
                         shard->file.prefix, shard->weight,
                         weight_documents(shard, params->seed, 0), shard->file.document_count);
    }
}

static void announce(const session *session, const bert_observer *observer)
{
    const run_settings *settings = &session->settings;
    model_memory memory = model_memory_used(session->trainer.step.model), teacher = {0};
    if (session->trainer.teacher)
        teacher = model_memory_used(session->trainer.teacher);
    double moments = (double)session->trainer.step.optimizer.state_size *
                     (double)optimizer_state_count(session->trainer.step.optimizer.type) *
                     sizeof(float);
    uint64_t parameters = 0;
    for (size_t i = 0; i < session->trainer.table->count; i++)
        parameters += session->trainer.table->entries[i].count;
    observer_message(
        observer, BERT_MESSAGE_INFO,
        "%s: %d layers of %d, %.1f million parameters, %.0f MB of memory", settings->params.model,
        session->config.num_hidden_layers, session->config.hidden_size, (double)parameters * 1e-6,
        ((double)memory.parameters + (double)memory.gradients + (double)memory.activations +
         moments + (double)teacher.parameters + (double)teacher.activations) *
            1e-6);
    text sizes = {0};
    if (batch_size_describe(&sizes, settings, false, NULL) == BERT_OK)
        observer_message(observer, BERT_MESSAGE_INFO,
                         "%s: %" PRIu64 " documents, %" PRIu64 " tokens, %" PRIu64
                         " samples an epoch; %" PRId64 " steps of %s samples",
                         settings->data_name, settings->data.train.documents,
                         settings->data.train.tokens, settings->phases[0].samples_per_epoch,
                         settings->total_steps, sizes.data);
    text_free(&sizes);
    batch_size_announce(settings, observer);
    announce_weights(session, observer);
}

static void fill_result(const session *session, bool finished, bert_pretrain_result *result)
{
    const train_state *state = &session->trainer.state;
    *result = (bert_pretrain_result){
        .steps = state->step,
        .finished = finished,
        .train_loss = state->train_loss,
        .eval_loss = state->eval_loss,
    };
    snprintf(result->checkpoint, sizeof result->checkpoint, "%s/checkpoint-%" PRId64, session->run,
             state->step);
}

/* That all ranks are about to do the same. */
static bert_status check_ranks(const session *session, bert_error *error)
{
    const trainer *trainer = &session->trainer;
    const data_fingerprint *data = &session->settings.data;
    const uint64_t of_data[] = {data->train.index_checksum, data->train.token_checksum,
                                data->validation.index_checksum, data->validation.token_checksum,
                                data->tokenizer_checksum};
    rank_fingerprint mine = {.data = XXH3_64bits(of_data, sizeof of_data),
                             .step = trainer->state.step};
    bert_status status = BERT_OK;
    if (session->job)
        status = settings_checksum(&session->settings, &mine.settings, error);
    TRY(job_sync_status(session->job, status, error));
    TRY(rank_consistency_check_start(session->job, &mine, error));
    return rank_consistency_check_parameters(session->job, model_weights(trainer->step.model),
                                             trainer->table->size, trainer->state.step, error);
}

static bert_status run_and_report(session *session, int64_t stop_after_steps,
                                  bert_pretrain_result *result, const bert_observer *observer,
                                  bert_error *error)
{
    bool finished;
    announce(session, observer);
    job_end_waiting(session->job); /* since it joined: all that follows reports */
    TRY(trainer_run(&session->trainer, stop_after_steps, &finished, error));
    fill_result(session, finished, result);
    if (finished)
        return BERT_OK;
    char *command;
    TRY(run_directory_resume_command(&command, session->run, error));
    observer_message(observer, BERT_MESSAGE_INFO,
                     "stopped after step %" PRId64 " of %" PRId64 ", saved; to go on: %s",
                     result->steps, session->settings.total_steps, command);
    free(command);
    return BERT_OK;
}

/* ------------------------------------------------------------------------------------ begin --- */

/* All that can fail without a step being done. */
static bert_status set_up(session *session, const bert_observer *observer, bert_error *error)
{
    run_settings *settings = &session->settings;
    uint64_t samples[RUN_PHASES];
    if (settings->params.teacher)
        TRY(run_inputs_check_tokenizer(&session->run_inputs, settings->params.teacher, error));
    TRY(run_inputs_configure(&session->run_inputs, &settings->params, &session->config,
                             &session->weights, observer, error));
    if (settings->params.next_sentence_prediction && !session->config.next_sentence_prediction) {
        observer_message(observer, BERT_MESSAGE_INFO, "%s: no next-sentence prediction: %s",
                         settings->params.model,
                         settings->params.teacher ? "it is not learned from a teacher"
                                                  : "DistilBERT has no head for it");
        settings->params.next_sentence_prediction = false;
        TRY(sampling_check(&settings->params, error));
    }
    TRY(create_samplers(session, samples, error));
    for (int i = 0; i < settings->phase_count; i++)
        settings->phases[i].samples_per_epoch = samples[i];
    TRY(settings_resolve(settings, error));
    if (settings->params.micro_batch_tokens == 0) /* kept: a resumed run is cut as it was begun */
        settings->params.micro_batch_tokens = micro_batch_default_tokens(
            &session->config, gemm_precision_of(settings->params.precision));
    settings->data = session->run_inputs.fingerprint;
    return create_trainer(session, observer, error);
}

/* Rank 0 alone has the run's directory. */
static bool writes(const session *session)
{
    return bert_job_rank(session->job) == 0;
}

static bert_status create_directory(session *session, const char *output, bert_error *error)
{
    bert_status status = BERT_OK;
    if (writes(session))
        status = run_directory_create(&session->directory, output, error);
    else
        status = path_format(&session->directory.path, error, "%s", output);
    session->run = session->directory.path;
    return job_sync_status(session->job, status, error);
}

static bert_status set_up_and_describe(session *session, const bert_observer *observer,
                                       bert_error *error)
{
    const bert_pretrain_params *params = &session->settings.params;
    bert_status status =
        run_inputs_open(&session->run_inputs, params->data, params->tokenizer, error);
    if (status == BERT_OK)
        status = set_up(session, observer, error);
    TRY(job_sync_status(session->job, status, error));
    TRY(check_ranks(session, error));
    if (writes(session))
        status = run_directory_describe(&session->directory, &session->settings, &session->config,
                                        error);
    return job_sync_status(session->job, status, error);
}

/* The cores of a machine are shared by its ranks, unless the launcher has bound them already. */
static void use_threads(const session *session, int threads)
{
    if (threads == 0)
        threads = threads_share(job_local_size(session->job));
    threads_use(threads);
}

static bert_status begin(session *session, const bert_pretrain_params *params,
                         bert_pretrain_result *result, const bert_observer *observer,
                         bert_error *error)
{
    session->job = params->job;
    TRY(job_sync_status(session->job, settings_create(&session->settings, params, error), error));
    use_threads(session, params->threads);
    TRY(create_directory(session, params->output, error));
    bert_status status = set_up_and_describe(session, observer, error);
    if (status != BERT_OK) {
        if (writes(session))
            run_directory_abandon(&session->directory);
        return status;
    }
    return run_and_report(session, params->stop_after_steps, result, observer, error);
}

bert_status bert_pretrain(const bert_pretrain_params *params, bert_pretrain_result *result,
                          const bert_observer *observer, bert_error *error)
{
    session session = {.directory = {.descriptor = -1}};
    int before = threads_count();
    bert_status status = begin(&session, params, result, observer, error);
    job_note(session.job, status, error);
    close_session(&session);
    threads_use(before);
    return status;
}

/* ----------------------------------------------------------------------------------- resume --- */

static bert_status read_config(session *session, bert_error *error)
{
    char *path;
    TRY(path_join(&path, session->run, "config.json", error));
    bert_status status = model_config_read(&session->config, path, error);
    free(path);
    return status;
}

/* Where a run was killed before its first checkpoint, it begins again, from the weights it began
 * with. */
static bert_status find_weights(session *session, const bert_observer *observer, bert_error *error)
{
    TRY(checkpoint_last(&session->checkpoint, session->run, error));
    if (session->checkpoint) {
        observer_message(observer, BERT_MESSAGE_INFO, "going on from %s", session->checkpoint);
        return BERT_OK;
    }
    observer_message(observer, BERT_MESSAGE_INFO,
                     "%s: no checkpoint yet, starts from the beginning", session->run);
    return run_inputs_find_weights(&session->weights, session->settings.params.model, error);
}

static bert_status set_up_again(session *session, const bert_observer *observer, bert_error *error)
{
    const run_settings *settings = &session->settings;
    uint64_t samples[RUN_PHASES];
    TRY(read_config(session, error));
    TRY(find_weights(session, observer, error));
    TRY(run_inputs_open(&session->run_inputs, settings->params.data, settings->params.tokenizer,
                        error));
    TRY(settings_check_data(settings, &session->run_inputs.fingerprint, error));
    TRY(create_samplers(session, samples, error));
    for (int i = 0; i < settings->phase_count; i++)
        if (samples[i] != settings->phases[i].samples_per_epoch)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: an epoch has %" PRIu64 " samples, it had %" PRIu64
                             " when the run began; this version of bert draws other samples",
                             settings->data_name, samples[i],
                             settings->phases[i].samples_per_epoch);
    return create_trainer(session, observer, error);
}

/* What a crash left is removed before any rank looks for checkpoints. */
static bert_status open_directory(session *session, const char *run, bert_error *error)
{
    bert_status status = writes(session) ? run_directory_open(&session->directory, run, error)
                                         : path_format(&session->directory.path, error, "%s", run);
    session->run = session->directory.path;
    return status == BERT_OK && writes(session) ? checkpoint_clean(session->run, error) : status;
}

static bert_status read_settings(session *session, const bert_resume_params *params,
                                 bert_error *error)
{
    bert_pretrain_params *kept = &session->settings.params;
    TRY(settings_read(&session->settings, session->run, error));
    if (params->zero != BERT_UNSET)
        kept->zero = params->zero == BERT_ON;
    if (params->micro_batch_tokens > 0)
        kept->micro_batch_tokens = params->micro_batch_tokens;
    use_threads(session, params->threads ? params->threads : kept->threads);
    return BERT_OK;
}

static bert_status resume(session *session, const bert_resume_params *params,
                          bert_pretrain_result *result, const bert_observer *observer,
                          bert_error *error)
{
    TRY(OPTIONS_CHECK(bert_resume_params, params, error));
    session->job = params->job;
    TRY(job_sync_status(session->job, open_directory(session, params->run, error), error));
    bert_status status = read_settings(session, params, error);
    if (status == BERT_OK)
        status = set_up_again(session, observer, error);
    TRY(job_sync_status(session->job, status, error));
    TRY(check_ranks(session, error));
    if (session->trainer.state.step == session->settings.total_steps) {
        fill_result(session, true, result);
        observer_message(observer, BERT_MESSAGE_INFO,
                         "%s: finished already, after %" PRId64 " steps; the model is in %s",
                         params->run, result->steps, result->checkpoint);
        return BERT_OK;
    }
    return run_and_report(session, params->stop_after_steps, result, observer, error);
}

bert_status bert_pretrain_resume(const bert_resume_params *params, bert_pretrain_result *result,
                                 const bert_observer *observer, bert_error *error)
{
    session session = {.directory = {.descriptor = -1}};
    int before = threads_count();
    bert_status status = resume(&session, params, result, observer, error);
    job_note(session.job, status, error);
    close_session(&session);
    threads_use(before);
    return status;
}
