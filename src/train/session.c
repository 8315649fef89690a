/* bert_session: a pre-training run, step by step. */
#include "bert/session.h"

#include "base/memory.h"
#include "base/observer.h"
#include "base/threads.h"
#include "train/pretraining.h"

#include <inttypes.h>
#include <stdlib.h>

struct bert_session {
    pretraining run;
    own_batches batches;
    bert_observer caller;   /* the caller's */
    bert_observer observer; /* its should_stop includes bert_session_run's callback */
    bool failed;            /* in a step */
    bool stepping;          /* inside a step, where functions of the caller's are called */
    /* bert_session_run's; NULL where a step is made by hand. */
    bert_step_callback *callback;
    void *callback_context;
};

/* ------------------------------------------------------------------------------------- calls ---
 */

/* Around a call that all ranks make: its threads are the run's, and between two calls a rank is not
 * taken for hung. */
static int begin_call(bert_session *session)
{
    job_end_waiting(session->run.job);
    return threads_use(session->run.threads);
}

static bert_status end_call(bert_session *session, int threads_before, bert_status status,
                            bert_error *error)
{
    job_note(session->run.job, status, error);
    job_begin_waiting(session->run.job);
    threads_use(threads_before);
    return status;
}

static bert_status check_not_stepping(const bert_session *session, bert_error *error)
{
    if (!session->stepping)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                     "the session is in a step: its callbacks make none and save nothing");
}

static bert_status check_step(const bert_session *session, bert_error *error)
{
    const pretraining *run = &session->run;
    TRY(check_not_stepping(session, error));
    if (session->failed)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: step %" PRId64 " failed; bert_session_resume continues the run from "
                         "its last checkpoint",
                         run->directory.path, run->trainer.state.step + 1);
    if (run->trainer.state.step == run->settings.total_steps)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: finished, all %" PRId64 " steps are done", run->directory.path,
                         run->settings.total_steps);
    return BERT_OK;
}

/* ------------------------------------------------------------------------------------ results ---
 */

static bert_losses losses_of(const loss_sums *sums)
{
    return (bert_losses){
        .loss = losses_total(sums),
        .mlm_loss = loss_mean(sums, LOSS_MLM),
        .mlm_accuracy = loss_accuracy(sums, LOSS_MLM),
        .nsp_loss = loss_mean(sums, LOSS_NSP),
        .nsp_accuracy = loss_accuracy(sums, LOSS_NSP),
        .soft_loss = loss_mean(sums, LOSS_SOFT),
        .cosine_loss = loss_mean(sums, LOSS_COSINE),
    };
}

static bert_step_result result_of(const bert_session *session, bool finished, bool stopping)
{
    const training_step *step = &session->run.trainer.step;
    return (bert_step_result){
        .step = session->run.trainer.state.step,
        .losses = losses_of(&step->sums.losses),
        .learning_rate = step->learning_rate,
        .grad_norm = step->grad_norm,
        .sequences = step->sums.sequences,
        .tokens = step->sums.tokens,
        .seconds = step->seconds,
        .finished = finished,
        .stopping = stopping,
    };
}

/* ---------------------------------------------------------------------------------- observer ---
 */

static void pass_message(void *context, bert_message_level level, const char *text)
{
    bert_session *session = context;
    if (session->caller.message)
        session->caller.message(session->caller.context, level, text);
}

static void pass_progress(void *context, const bert_progress *progress)
{
    bert_session *session = context;
    if (session->caller.progress)
        session->caller.progress(session->caller.context, progress);
}

/* Whether the callback of bert_session_run wants to go on. */
static bool call_back(bert_session *session, bool finished)
{
    if (!session->callback)
        return true;
    const bert_step_result result = result_of(session, finished, false);
    return session->callback(session->callback_context, session, &result);
}

/* Asked by the trainer after every step but the last. */
static bool wants_to_stop(void *context)
{
    bert_session *session = context;
    bool goes_on = call_back(session, false);
    return observer_should_stop(&session->caller) || !goes_on;
}

/* ---------------------------------------------------------------------------- open and close ---
 */

static bert_status create(bert_session **out, const bert_batch_source *source,
                          const bert_observer *observer, bert_error *error)
{
    *out = NULL;
    if (source && !source->next)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "source->next is NULL");
    TRY(memory_array((void **)out, 1, sizeof **out, "session", error));
    bert_session *session = *out;
    session->run = PRETRAINING_CLOSED;
    if (source)
        session->batches.source = *source;
    if (observer)
        session->caller = *observer;
    session->observer = (bert_observer){.context = session,
                                        .message = pass_message,
                                        .progress = pass_progress,
                                        .should_stop = wants_to_stop};
    session->run.observer = &session->observer;
    session->run.own_batches = source ? &session->batches : NULL;
    return BERT_OK;
}

static bert_status start(bert_session *session, bert_error *error)
{
    pretraining *run = &session->run;
    bert_status status = own_batches_create(&session->batches, &run->config,
                                            &run->trainer.step.settings.limits, error);
    TRY(job_sync_status(run->job, status, error));
    pretraining_announce(run);
    return run->trainer.state.step < run->settings.total_steps ? trainer_start(&run->trainer, error)
                                                               : BERT_OK;
}

static bert_status finish_opening(bert_session **session, bert_status status, int threads_before,
                                  bert_error *error)
{
    if (status == BERT_OK)
        status = start(*session, error);
    job_note((*session)->run.job, status, error);
    threads_use(threads_before);
    if (status != BERT_OK) {
        bert_session_close(*session);
        *session = NULL;
    }
    return status;
}

bert_status bert_session_open(bert_session **session, const bert_pretrain_params *params,
                              const bert_batch_source *source, const bert_observer *observer,
                              bert_error *error)
{
    int before = threads_count();
    TRY(create(session, source, observer, error));
    bert_status status = pretraining_open(&(*session)->run, params, error);
    return finish_opening(session, status, before, error);
}

bert_status bert_session_resume(bert_session **session, const bert_resume_params *params,
                                const bert_batch_source *source, const bert_observer *observer,
                                bert_error *error)
{
    int before = threads_count();
    TRY(create(session, source, observer, error));
    bert_status status = pretraining_resume(&(*session)->run, params, error);
    return finish_opening(session, status, before, error);
}

void bert_session_close(bert_session *session)
{
    if (!session)
        return;
    if (!session->failed)
        pretraining_finish_push(&session->run);
    pretraining_close(&session->run);
    own_batches_free(&session->batches);
    free(session);
}

/* ------------------------------------------------------------------------------------- steps ---
 */

static bert_status make_step(bert_session *session, bert_step_result *result, bert_error *error)
{
    bool finished = false, stopping = false;
    session->stepping = true;
    bert_status status = trainer_next(&session->run.trainer, &finished, &stopping, error);
    if (status == BERT_OK && finished)
        call_back(session, true);
    session->stepping = false;
    session->failed = status != BERT_OK;
    if (status == BERT_OK)
        *result = result_of(session, finished, stopping);
    return status;
}

bert_status bert_session_step(bert_session *session, bert_step_result *result, bert_error *error)
{
    TRY(check_step(session, error));
    int before = begin_call(session);
    bert_status status = make_step(session, result, error);
    return end_call(session, before, status, error);
}

static bert_status make_steps(bert_session *session, bert_step_result *result, bert_error *error)
{
    bert_step_result last = {0};
    while (!last.finished && !last.stopping) {
        TRY(make_step(session, &last, error));
        if (result)
            *result = last;
    }
    return BERT_OK;
}

bert_status bert_session_run(bert_session *session, bert_step_callback *callback, void *context,
                             bert_step_result *result, bert_error *error)
{
    TRY(check_step(session, error));
    int before = begin_call(session);
    session->callback = callback;
    session->callback_context = context;
    bert_status status = make_steps(session, result, error);
    session->callback = NULL;
    return end_call(session, before, status, error);
}

int64_t bert_session_steps_done(const bert_session *session)
{
    return session->run.trainer.state.step;
}

int64_t bert_session_total_steps(const bert_session *session)
{
    return session->run.settings.total_steps;
}

bert_status bert_session_save(bert_session *session, bert_error *error)
{
    TRY(check_not_stepping(session, error));
    if (session->run.trainer.state.step == 0)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: no step is done yet, there is nothing to save",
                         session->run.directory.path);
    int before = begin_call(session);
    bert_status status = trainer_save(&session->run.trainer, error);
    return end_call(session, before, status, error);
}

/* --------------------------------------------------------------------- weights and gradients ---
 */

size_t bert_session_tensor_count(const bert_session *session)
{
    return session->run.trainer.table->count;
}

const char *bert_session_tensor_name(const bert_session *session, size_t index)
{
    const parameter_table *table = session->run.trainer.table;
    return index < table->count ? table->entries[index].name : NULL;
}

static bert_status find_tensor(const bert_session *session, const char *name, float *buffer,
                               bert_tensor *tensor, bert_error *error)
{
    const parameter *entry = parameter_find(session->run.trainer.table, name);
    if (!entry)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "\"%s\": the model has no parameter of this name; "
                         "bert_session_tensor_name lists them",
                         name);
    *tensor = (bert_tensor){
        .name = entry->name,
        .dimensions = entry->dimensions,
        .shape = {entry->shape[0], entry->dimensions > 1 ? entry->shape[1] : 1},
        .count = entry->count,
        .values = buffer + entry->offset,
    };
    return BERT_OK;
}

bert_status bert_session_weights(bert_session *session, const char *name, bert_tensor *tensor,
                                 bert_error *error)
{
    return find_tensor(session, name, model_weights(session->run.trainer.step.model), tensor,
                       error);
}

bert_status bert_session_gradients(bert_session *session, const char *name, bert_tensor *tensor,
                                   bert_error *error)
{
    const training_step *step = &session->run.trainer.step;
    if (optimizer_overwrites_gradients(&step->optimizer))
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "no gradients after a step with params->optim = %s: it makes the "
                         "direction of its update in their memory",
                         step->optimizer.type->name);
    if (step->optimizer.sharded && bert_job_size(step->job) > 1)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "no gradients with params->zero = 1 on %d ranks: each has the sums of its "
                         "share alone",
                         bert_job_size(step->job));
    return find_tensor(session, name, model_gradients(step->model), tensor, error);
}

/* ------------------------------------------------------------------------ logits and losses --- */

/* The batch as micro-batches of the step's, which cuts its own anew. */
static bert_status take_batch(bert_session *session, const bert_batch *batch, own_labels labels,
                              bert_error *error)
{
    TRY(own_batches_take(&session->batches, batch, labels, error));
    micro_batches_cut(&session->run.trainer.step.micro_batches, &session->batches.batch);
    return BERT_OK;
}

static void compute_logits(bert_session *session, float *mlm_logits, float *nsp_logits)
{
    training_step *step = &session->run.trainer.step;
    model_workspace *workspace = model_own_workspace(step->model);
    size_t vocab = (size_t)session->run.config.vocab_size;
    for (int i = 0; i < step->micro_batches.count; i++) {
        const model_input *input = &step->micro_batches.inputs[i];
        if (mlm_logits) {
            model_mlm_logits(workspace, input, mlm_logits);
            mlm_logits += (size_t)input->masked_count * vocab;
        }
        if (nsp_logits) {
            model_nsp_logits(workspace, input, nsp_logits);
            nsp_logits += (size_t)input->sequence_count * 2;
        }
    }
}

bert_status bert_session_logits(bert_session *session, const bert_batch *batch, float *mlm_logits,
                                float *nsp_logits, bert_error *error)
{
    if (nsp_logits && !model_config_has_nsp_head(&session->run.config))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "nsp_logits of a model without NSP head");
    TRY(take_batch(session, batch, OWN_LABELS_NONE, error));
    int before = threads_use(session->run.threads);
    compute_logits(session, mlm_logits, nsp_logits);
    threads_use(before);
    return BERT_OK;
}

bert_status bert_session_loss(bert_session *session, const bert_batch *batch, bert_losses *losses,
                              bert_error *error)
{
    const objective *objective = batch->next_sentence_labels
                                     ? objective_of_pretraining(&session->run.config, NULL)
                                     : &objective_mlm;
    TRY(take_batch(session, batch, OWN_LABELS_MLM, error));
    training_step *step = &session->run.trainer.step;
    model_workspace *workspace = model_own_workspace(step->model);
    loss_sums sums = {0};
    int before = threads_use(session->run.threads);
    for (int i = 0; i < step->micro_batches.count; i++) {
        const model_input *input = &step->micro_batches.inputs[i];
        model_pass pass = model_forward(workspace, input, objective->rows, false, 0, 0);
        objective->loss(NULL, &pass, NULL, &sums);
    }
    threads_use(before);
    *losses = losses_of(&sums);
    return BERT_OK;
}
