/* bert_finetune: all seeds of a run, one after the other, the best model kept. */
#include "base/memory.h"
#include "base/observer.h"
#include "base/threads.h"
#include "formats/json.h"
#include "tasks/finetune_output.h"
#include "tasks/finetune_settings.h"
#include "train/rank_consistency.h"
#include "train/run_directory.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct session {
    const bert_finetune_params *params;
    const bert_observer *observer;
    run_directory directory;
    finetune_inputs inputs;
    finetune_trainer trainer;
    finetune_results results;
    metrics_log *metrics;
} session;

static void close_session(session *session)
{
    metrics_close(session->metrics);
    free(session->results.seeds);
    finetune_trainer_free(&session->trainer);
    finetune_inputs_close(&session->inputs);
    run_directory_close(&session->directory);
}

/* ------------------------------------------------------------------------------------- runs --- */

/* Starts of each seed, in the order in which they are trained. */
static int starts_of(const session *session, finetune_start starts[2])
{
    starts[0] = session->params->model ? START_MODEL : START_SCRATCH;
    starts[1] = START_SCRATCH;
    return session->params->baseline ? 2 : 1;
}

/* The n-th seed of a run; each has its own steps in metrics.jsonl. */
static seed_run run_number(const session *session, size_t number)
{
    const bert_finetune_params *params = session->params;
    finetune_start starts[2];
    int count = starts_of(session, starts);
    finetune_start start = starts[number % (size_t)count];
    bool baseline = params->model && start == START_SCRATCH;
    return (seed_run){
        .start = start,
        .seed = params->seed + number / (size_t)count,
        .first_step = (int64_t)number * session->trainer.total_steps,
        .learning_rate = baseline && params->baseline_learning_rate > 0
                             ? params->baseline_learning_rate
                             : params->learning_rate,
    };
}

/* Rank 0 alone has the folder and the log. */
static bool writes(const session *session)
{
    return bert_job_rank(session->params->job) == 0;
}

static bert_status write_model(session *session, const finished_seed *seed, bert_error *error)
{
    return writes(session)
               ? finetune_model_write(&session->trainer, seed, session->directory.path, error)
               : BERT_OK;
}

static bert_status write_results(session *session, bert_error *error)
{
    if (!writes(session))
        return BERT_OK;
    TRY(metrics_sync(session->metrics, error));
    return finetune_results_write(&session->results, &session->inputs, session->directory.path,
                                  error);
}

static bert_status keep_results(session *session, const finished_seed *seed, bert_error *error)
{
    bert_job *job = session->params->job;
    if (finetune_best(&session->results, &session->inputs) == seed) {
        TRY(job_sync_status(job, write_model(session, seed, error), error));
        TRY(finetune_submit(&session->trainer, session->directory.path, error));
    }
    return job_sync_status(job, write_results(session, error), error);
}

static bert_status run_seeds(session *session, bool *finished, bert_error *error)
{
    finetune_start starts[2];
    size_t count = (size_t)session->params->seeds * (size_t)starts_of(session, starts);
    *finished = false;
    session->trainer.progress_total = (int64_t)count * session->trainer.total_steps;
    while (session->results.count < count) {
        seed_run run = run_number(session, session->results.count);
        finished_seed *seed = &session->results.seeds[session->results.count];
        *seed = (finished_seed){.start = run.start, .seed = run.seed};
        session->trainer.progress_done = run.first_step;
        TRY(finetune_trainer_run(&session->trainer, &run, &seed->outcome, error));
        if (seed->outcome.stopped) {
            observer_message(session->observer, BERT_MESSAGE_INFO,
                             "stopped in seed %" PRIu64
                             "; the same command with params->resume = true goes on "
                             "with it, from its beginning",
                             run.seed);
            return BERT_OK;
        }
        session->results.count++;
        TRY(keep_results(session, seed, error));
    }
    *finished = true;
    return BERT_OK;
}

/* ----------------------------------------------------------------------------------- result --- */

/* What always answering the training examples' most frequent class, or their mean, scores. */
static bert_status score_constant(const session *session, bert_score_set *set, bert_error *error)
{
    const finetune_inputs *inputs = &session->inputs;
    const examples *train = &inputs->train.examples;
    finished_seed constant = {.start = START_SCRATCH};
    finetune_results alone = {.seeds = &constant, .count = 1};
    size_t counts[CLASSES_MAX] = {0}, best = 0;
    for (size_t i = 0; !inputs->regression && i < train->count; i++)
        if (++counts[train->items[i].class] > counts[best])
            best = (size_t)train->items[i].class;
    for (size_t split = 0; split < inputs->validation_count; split++) {
        const examples *examples = &inputs->validation[split].examples;
        int32_t *classes = NULL;
        double *zeros = NULL; /* any number: a correlation with what does not vary is not defined */
        bert_status status =
            memory_array((void **)&classes, examples->count, sizeof *classes, "answers", error);
        if (status == BERT_OK)
            status =
                memory_array((void **)&zeros, examples->count, sizeof *zeros, "answers", error);
        for (size_t i = 0; status == BERT_OK && i < examples->count; i++)
            classes[i] = (int32_t)best;
        if (status == BERT_OK)
            status = task_scores_compute(&constant.outcome.scores[split], inputs->scores, examples,
                                         classes, zeros, inputs->classes.count, error);
        free(zeros);
        free(classes);
        TRY(status);
    }
    finetune_summarize(set, &alone, inputs, START_SCRATCH);
    return BERT_OK;
}

static bert_status fill_result(const session *session, bool finished, bert_finetune_result *result,
                               bert_error *error)
{
    finetune_start starts[2];
    int count = starts_of(session, starts);
    *result =
        (bert_finetune_result){.finished = finished, .seeds = (int)session->results.count / count};
    finetune_summarize(&result->model, &session->results, &session->inputs, starts[0]);
    if (count == 2)
        finetune_summarize(&result->baseline, &session->results, &session->inputs, starts[1]);
    const finished_seed *best = finetune_best(&session->results, &session->inputs);
    if (best) {
        result->best_seed = best->seed;
        result->best_epoch = best->outcome.best_epoch;
    }
    return score_constant(session, &result->constant, error);
}

/* ------------------------------------------------------------------------------------ begin --- */

/* finetune.json says what the results are of; a run that goes on must be of the same. A setting
 * that is not there is one that the bert which began the run did not have yet: it did what is the
 * default now. */
static bert_status check_same(const json_t *now, const char *path, bert_error *error)
{
    const bert_finetune_params defaults = bert_finetune_params_default();
    json_t *before, *usual;
    const char *key;
    json_t *value;
    TRY(finetune_describe(&defaults, &usual, error));
    bert_status status = json_read(&before, path, error);
    json_object_foreach((json_t *)(uintptr_t)now, key, value)
    {
        if (status != BERT_OK)
            break;
        json_t *was = json_object_get(before, key);
        was = was ? was : json_object_get(usual, key);
        bool both_numbers = json_is_number(was) && json_is_number(value);
        bool same = both_numbers ? json_number_value(was) == json_number_value(value)
                                 : json_equal(was, value);
        if (same)
            continue;
        char *found = json_dumps(value, JSON_ENCODE_ANY), *old = json_dumps(was, JSON_ENCODE_ANY);
        status = error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "%s: this run began with %s %s, not %s; params->resume = true takes the same options",
            path, key, old ? old : "unknown", found ? found : "?");
        free(found);
        free(old);
    }
    json_decref(before);
    json_decref(usual);
    return status;
}

static bert_status describe(const session *session, bert_error *error)
{
    char *path = NULL;
    json_t *settings = NULL;
    bert_status status;
    TRY_OR_GO(status, path_join(&path, session->directory.path, "finetune.json", error), done);
    TRY_OR_GO(status, finetune_describe(session->params, &settings, error), done);
    if (session->params->resume)
        status = check_same(settings, path, error);
    else if (writes(session))
        status = json_write(settings, path, error);
done:
    json_decref(settings);
    free(path);
    return status;
}

static bert_status open_directory(session *session, bert_error *error)
{
    const bert_finetune_params *params = session->params;
    if (!writes(session))
        return path_format(&session->directory.path, error, "%s", params->output);
    if (params->resume)
        return run_directory_open(&session->directory, params->output, error);
    return run_directory_create(&session->directory, params->output, error);
}

static bert_status set_up(session *session, bert_error *error)
{
    const bert_finetune_params *params = session->params;
    size_t most = (size_t)params->seeds * (params->baseline ? 2 : 1);
    TRY(finetune_inputs_open(&session->inputs, params, session->observer, error));
    tokenizer_warn(session->inputs.tokenizer, params->tokenizer ? params->tokenizer : params->model,
                   session->observer);
    session->trainer = (finetune_trainer){
        .inputs = &session->inputs, .job = params->job, .observer = session->observer};
    TRY(finetune_trainer_create(&session->trainer, error));
    TRY(memory_array((void **)&session->results.seeds, most, sizeof *session->results.seeds,
                     "results", error));
    TRY(describe(session, error));
    const char *folder = session->directory.path;
    if (params->resume)
        TRY(finetune_results_read(&session->results, &session->inputs, folder, error));
    if (writes(session))
        TRY(metrics_open(&session->metrics, folder, "metrics.jsonl",
                         (int64_t)session->results.count * session->trainer.total_steps, error));
    session->trainer.metrics = session->metrics;
    return BERT_OK;
}

/* That all ranks are about to do the same. */
static bert_status check_ranks(const session *session, bert_error *error)
{
    bert_job *job = session->params->job;
    rank_fingerprint mine = {.step = (int64_t)session->results.count};
    bert_status status = BERT_OK;
    if (job)
        status = finetune_checksum(session->params, &mine.settings, error);
    TRY(job_sync_status(job, status, error));
    mine.data = finetune_inputs_checksum(&session->inputs);
    return rank_consistency_check_start(job, &mine, error);
}

static void abandon(session *session)
{
    if (!writes(session) || session->params->resume)
        return;
    unlinkat(session->directory.descriptor, "finetune.json", 0);
    run_directory_abandon(&session->directory);
}

static bert_status run(session *session, bert_finetune_result *result, bert_error *error)
{
    bert_job *job = session->params->job;
    int threads = session->params->threads;
    TRY(job_sync_status(job, finetune_check(session->params, error), error));
    threads_use(threads ? threads : threads_share(job_local_size(job)));
    TRY(job_sync_status(job, open_directory(session, error), error));
    bert_status status = job_sync_status(job, set_up(session, error), error);
    if (status == BERT_OK)
        status = check_ranks(session, error);
    if (status != BERT_OK) {
        abandon(session);
        return status;
    }
    job_end_waiting(job); /* since it joined: all that follows reports */
    bool finished;
    TRY(run_seeds(session, &finished, error));
    return job_sync_status(job, fill_result(session, finished, result, error), error);
}

bert_status bert_finetune(const bert_finetune_params *params, bert_finetune_result *result,
                          const bert_observer *observer, bert_error *error)
{
    bert_finetune_params resolved;
    session session = {.params = &resolved, .observer = observer, .directory = {.descriptor = -1}};
    int before = threads_count();
    bert_status status =
        job_sync_status(params->job, finetune_resolve(&resolved, params, error), error);
    if (status == BERT_OK)
        status = run(&session, result, error);
    job_note(params->job, status, error);
    close_session(&session);
    threads_use(before);
    return status;
}
