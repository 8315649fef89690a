/* bert_finetune: all seeds of a run, one after the other, the best model kept. */
#include "base/memory.h"
#include "base/observer.h"
#include "base/threads.h"
#include "formats/json.h"
#include "tasks/finetune_output.h"
#include "tasks/finetune_settings.h"
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

/* ------------------------------------------------------------------------------------- jobs --- */

/* Starts of each seed, in the order in which they are trained. */
static int starts_of(const session *session, finetune_start starts[2])
{
    starts[0] = session->params->model ? START_MODEL : START_SCRATCH;
    starts[1] = START_SCRATCH;
    return session->params->baseline ? 2 : 1;
}

/* The n-th job of a run; each has its own steps in metrics.jsonl. */
static finetune_job job_number(const session *session, size_t number)
{
    const bert_finetune_params *params = session->params;
    finetune_start starts[2];
    int count = starts_of(session, starts);
    finetune_start start = starts[number % (size_t)count];
    bool baseline = params->model && start == START_SCRATCH;
    return (finetune_job){
        .start = start,
        .seed = params->seed + number / (size_t)count,
        .first_step = (int64_t)number * session->trainer.total_steps,
        .learning_rate = baseline && params->baseline_learning_rate > 0
                             ? params->baseline_learning_rate
                             : params->learning_rate,
    };
}

static bert_status keep_results(session *session, const finished_seed *seed, bert_error *error)
{
    const char *folder = session->directory.path;
    if (finetune_best(&session->results, &session->inputs) == seed) {
        TRY(finetune_model_write(&session->trainer, seed, folder, error));
        TRY(finetune_submit(&session->trainer, folder, error));
    }
    TRY(metrics_sync(session->metrics, error));
    return finetune_results_write(&session->results, &session->inputs, folder, error);
}

static bert_status run_jobs(session *session, bool *finished, bert_error *error)
{
    finetune_start starts[2];
    size_t count = (size_t)session->params->seeds * (size_t)starts_of(session, starts);
    *finished = false;
    session->trainer.progress_total = (int64_t)count * session->trainer.total_steps;
    while (session->results.count < count) {
        finetune_job job = job_number(session, session->results.count);
        finished_seed *seed = &session->results.seeds[session->results.count];
        *seed = (finished_seed){.start = job.start, .seed = job.seed};
        session->trainer.progress_done = job.first_step;
        TRY(finetune_trainer_run(&session->trainer, &job, &seed->outcome, error));
        if (seed->outcome.stopped) {
            observer_message(session->observer, BERT_MESSAGE_INFO,
                             "stopped in seed %" PRIu64
                             "; the same command with params->resume = true goes on "
                             "with it, from its beginning",
                             job.seed);
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

/* finetune.json says what the results are of; a run that goes on must be of the same. */
static bert_status check_same(const json_t *now, const char *path, bert_error *error)
{
    json_t *before;
    const char *key;
    json_t *value;
    TRY(json_read(&before, path, error));
    bert_status status = BERT_OK;
    json_object_foreach((json_t *)(uintptr_t)now, key, value)
    {
        json_t *was = json_object_get(before, key);
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
        break;
    }
    json_decref(before);
    return status;
}

static bert_status describe(const session *session, bert_error *error)
{
    char *path = NULL;
    json_t *settings = NULL;
    bert_status status;
    TRY_OR_GO(status, path_join(&path, session->directory.path, "finetune.json", error), done);
    TRY_OR_GO(status, finetune_describe(session->params, &settings, error), done);
    status = session->params->resume ? check_same(settings, path, error)
                                     : json_write(settings, path, error);
done:
    json_decref(settings);
    free(path);
    return status;
}

static bert_status open_directory(session *session, bert_error *error)
{
    const bert_finetune_params *params = session->params;
    if (params->resume)
        return run_directory_open(&session->directory, params->output, error);
    return run_directory_create(&session->directory, params->output, error);
}

static bert_status set_up(session *session, bert_error *error)
{
    const bert_finetune_params *params = session->params;
    size_t most = (size_t)params->seeds * (params->baseline ? 2 : 1);
    TRY(finetune_inputs_open(&session->inputs, params, session->observer, error));
    session->trainer =
        (finetune_trainer){.inputs = &session->inputs, .observer = session->observer};
    TRY(finetune_trainer_create(&session->trainer, error));
    TRY(memory_array((void **)&session->results.seeds, most, sizeof *session->results.seeds,
                     "results", error));
    TRY(describe(session, error));
    const char *folder = session->directory.path;
    if (params->resume)
        TRY(finetune_results_read(&session->results, &session->inputs, folder, error));
    TRY(metrics_open(&session->metrics, folder, "metrics.jsonl",
                     (int64_t)session->results.count * session->trainer.total_steps, error));
    session->trainer.metrics = session->metrics;
    return BERT_OK;
}

static bert_status run(session *session, bert_finetune_result *result, bert_error *error)
{
    TRY(finetune_check(session->params, error));
    threads_use(session->params->threads);
    TRY(open_directory(session, error));
    bert_status status = set_up(session, error);
    if (status != BERT_OK) {
        if (!session->params->resume) {
            unlinkat(session->directory.descriptor, "finetune.json", 0);
            run_directory_abandon(&session->directory);
        }
        return status;
    }
    bool finished;
    TRY(run_jobs(session, &finished, error));
    return fill_result(session, finished, result, error);
}

bert_status bert_finetune(const bert_finetune_params *params, bert_finetune_result *result,
                          const bert_observer *observer, bert_error *error)
{
    bert_finetune_params resolved;
    TRY(finetune_resolve(&resolved, params, error));
    session session = {.params = &resolved, .observer = observer, .directory = {.descriptor = -1}};
    int before = threads_count();
    bert_status status = run(&session, result, error);
    close_session(&session);
    threads_use(before);
    return status;
}
