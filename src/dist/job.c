#include "dist/job.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/threads.h"
#include "dist/heartbeat.h"
#include "dist/launch.h"
#include "options/options.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
    SPINS = 200,         /* polls of a small transfer before the waiting thread sleeps */
    SHORT_SLEEP = 50000, /* nanoseconds between two polls while waiting */
    ABORT_CODE = 1,
};

/* Seconds between two polls of the work. If a rank has a single core, every poll takes it from the
 * computation for two context switches, calls of MPI and the cache misses they cause: polls become
 * less frequent while nothing progresses, as when another rank is late. */
static const double POLL_OVERLAPPED = 250e-6, POLL_OVERLAPPED_MAX = 2e-3, POLL_WAITING = 50e-6;
static const double HEARTBEAT_POLL = 10e-3; /* seconds; heartbeats are at most one second apart */

struct bert_job {
    int rank, size, local_size;
    bert_job_params params;
    bool opened;
    bool failed;          /* with an error known to all ranks */
    bool broken;          /* with an error known to this rank only */
    int *starts, *counts; /* [size] of the current all-gather */
    heartbeat heartbeat;
    double heartbeat_at; /* used by the job's thread only */

    pthread_t thread;
    bool running;
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t changed;
    bool stopping, woken, working;
    job_work *work;
    void *work_context;
};

bert_job_params bert_job_params_default(void)
{
    return (bert_job_params){.rank_timeout = 60};
}

/* --------------------------------------------------------------------------- the job's thread ---
 */

static void wait_until(bert_job *job, double seconds)
{
    struct timespec deadline = clock_deadline(seconds);
    while (!job->woken && !job->stopping)
        if (pthread_cond_timedwait(&job->changed, &job->lock, &deadline) == ETIMEDOUT)
            break;
    job->woken = false;
}

/* Aborts all ranks: a lost rank ends the job. */
static _Noreturn void end_job(const bert_job *job, const bert_error *error)
{
    if (job->params.on_rank_lost)
        job->params.on_rank_lost(job->params.context, error->message);
    transport_abort(ABORT_CODE);
}

/* MPI calls may also fail because a connection broke; the launcher or a heartbeat then ends the
 * job. */
static void run_heartbeat(bert_job *job)
{
    bert_error error;
    double now = clock_seconds();
    if (!job->heartbeat.finalizing && now - job->heartbeat_at < HEARTBEAT_POLL)
        return;
    job->heartbeat_at = now;
    if (heartbeat_advance(&job->heartbeat, now, &error) != BERT_OK)
        end_job(job, &error);
}

/* How long the thread sleeps unless woken; `before`: the previous pause. */
static double pause_seconds(const bert_job *job, job_state state, double before)
{
    if (state == JOB_IDLE)
        return heartbeat_interval(&job->heartbeat);
    if (job->heartbeat.waiting > 0)
        return POLL_WAITING;
    return state == JOB_MOVING ? POLL_OVERLAPPED
                               : fmin(fmax(2 * before, POLL_OVERLAPPED), POLL_OVERLAPPED_MAX);
}

static void *run_thread(void *argument)
{
    bert_job *job = argument;
    const struct timespec moment = {.tv_nsec = SHORT_SLEEP};
    double pause = 0;
    threads_take_short_turns();
    pthread_mutex_lock(&job->lock);
    while (!job->stopping || !heartbeat_has_ended(&job->heartbeat)) {
        job_state state = JOB_IDLE;
        if (job->work) {
            job->working = true;
            pthread_mutex_unlock(&job->lock);
            state = job->work(job->work_context);
            pthread_mutex_lock(&job->lock);
            job->working = false;
            pthread_cond_broadcast(&job->changed);
        }
        job->heartbeat.finalizing = job->stopping;
        pthread_mutex_unlock(&job->lock);
        run_heartbeat(job);
        if (job->heartbeat.finalizing)
            nanosleep(&moment, NULL);
        pthread_mutex_lock(&job->lock);
        pause = pause_seconds(job, state, pause);
        if (!job->stopping)
            wait_until(job, pause);
    }
    pthread_mutex_unlock(&job->lock);
    return NULL;
}

void job_set_work(bert_job *job, job_work *work, void *context)
{
    if (!job)
        return;
    pthread_mutex_lock(&job->lock);
    while (job->working)
        pthread_cond_wait(&job->changed, &job->lock);
    job->work = work;
    job->work_context = context;
    pthread_mutex_unlock(&job->lock);
}

void job_wake(bert_job *job)
{
    pthread_mutex_lock(&job->lock);
    job->woken = true;
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
}

/* -------------------------------------------------------------------------- joining, finalizing
 * ---
 */

static bert_status start_thread(bert_job *job, bert_error *error)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&job->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&job->lock, NULL);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* the main thread handles signals */
    int failure = pthread_create(&job->thread, NULL, run_thread, job);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure)
        return error_set_errno(error, failure, "cannot start the communication thread");
    job->running = true;
    return BERT_OK;
}

static bert_status join(bert_job *job, const launch *launch, bert_error *error)
{
    job->local_size = launch->local_size;
    bert_status status = transport_open(&job->rank, &job->size, error);
    if (status == BERT_ERROR_UNSUPPORTED)
        return error_prefix(error, status,
                            "%s started %d processes, which cannot communicate: each would train a "
                            "separate model; start a single process",
                            launch->launcher, launch->size);
    TRY(status);
    job->opened = true;
    if (job->size != launch->size)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s started %d processes, but Open MPI finds %d: the launcher does not "
                         "match it, and each would train a separate model",
                         launch->launcher, launch->size, job->size);
    TRY(memory_array((void **)&job->starts, (size_t)job->size, sizeof(int), "ranks", error));
    TRY(memory_array((void **)&job->counts, (size_t)job->size, sizeof(int), "ranks", error));
    TRY(heartbeat_start(&job->heartbeat, job->rank, job->size, job->params.rank_timeout,
                        clock_seconds(), error));
    job_begin_waiting(job); /* until the steps begin */
    return start_thread(job, error);
}

static void release(bert_job *job)
{
    free(job->starts);
    free(job->counts);
    free(job);
}

bert_status bert_job_join(bert_job **out, const bert_job_params *params, bert_error *error)
{
    *out = NULL;
    TRY(OPTIONS_CHECK(bert_job_params, params, error));
    launch launch = launch_detect();
    if (!launch.launcher)
        return BERT_OK;
    bert_job *job;
    TRY(memory_array((void **)&job, 1, sizeof *job, "the ranks of a job", error));
    job->params = *params;
    bert_status status = join(job, &launch, error);
    if (status != BERT_OK) {
        if (job->opened && error && params->on_rank_lost)
            end_job(job, error); /* the other ranks may have joined already */
        release(job);
        return status;
    }
    *out = job;
    return BERT_OK;
}

int bert_job_rank(const bert_job *job)
{
    return job ? job->rank : 0;
}

int bert_job_size(const bert_job *job)
{
    return job ? job->size : 1;
}

int job_local_size(const bert_job *job)
{
    return job ? job->local_size : 1;
}

bool bert_job_reports_error(const bert_job *job)
{
    return !job || job->rank == 0 || job->broken;
}

void bert_job_finalize(bert_job *job)
{
    if (!job)
        return;
    if (job->broken)
        transport_abort(ABORT_CODE);
    pthread_mutex_lock(&job->lock);
    job->stopping = true;
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
    pthread_join(job->thread, NULL);
    pthread_cond_destroy(&job->changed);
    pthread_mutex_destroy(&job->lock);
    transport_close();
    release(job);
}

/* ---------------------------------------------------------------------- small collectives ---
 */

void job_alive(bert_job *job)
{
    if (job)
        job->heartbeat.alive_at = clock_seconds();
}

void job_begin_waiting(bert_job *job)
{
    if (job)
        job->heartbeat.waiting++;
}

void job_end_waiting(bert_job *job)
{
    if (!job)
        return;
    job_alive(job);
    job->heartbeat.waiting--;
}

static bert_status finish_transfer(transport_transfer *transfer, bert_error *error)
{
    const struct timespec moment = {.tv_nsec = SHORT_SLEEP};
    bool done = false;
    for (int polls = 0; !done; polls++) {
        if (polls > SPINS)
            nanosleep(&moment, NULL);
        TRY(transport_test(transfer, &done, error));
    }
    return BERT_OK;
}

bert_status job_allgather(bert_job *job, const void *mine, size_t bytes, void *all,
                          bert_error *error)
{
    if (!job) {
        memcpy(all, mine, bytes);
        return BERT_OK;
    }
    if (bytes > (size_t)INT_MAX / (size_t)job->size)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "%zu bytes of %d ranks are too many",
                         bytes, job->size);
    for (int i = 0; i < job->size; i++) {
        job->starts[i] = i * (int)bytes;
        job->counts[i] = (int)bytes;
    }
    const transport_ranges ranges = {.buffer = all, .starts = job->starts, .counts = job->counts};
    transport_transfer transfer = {0};
    job_begin_waiting(job); /* other ranks may be late for good reasons */
    bert_status status =
        transport_allgather(CHANNEL_CONTROL, mine, (int)bytes, &ranges, &transfer, error);
    if (status == BERT_OK)
        status = finish_transfer(&transfer, error);
    job_end_waiting(job);
    return status;
}

bert_status job_failed(bert_job *job, bert_status status)
{
    if (job && status != BERT_OK)
        job->failed = true;
    return status;
}

/* `errors` and `lowest` are the same on all ranks. An error that all ranks share names no rank. */
static bert_status set_agreed_error(bert_job *job, const bert_error *errors, int lowest,
                                    bert_error *error)
{
    const bert_error *first = &errors[lowest];
    bool same = true;
    for (int i = 0; i < job->size; i++)
        same &= errors[i].status == first->status && !strcmp(errors[i].message, first->message);
    if (same)
        error_set(error, first->status, "%s", first->message);
    else
        error_set(error, first->status, "rank %d of %d: %s", lowest, job->size, first->message);
    return job_failed(job, first->status);
}

static bert_status share_errors(bert_job *job, bert_status status, int lowest, bert_error *error)
{
    bert_error mine = {0}, *all;
    if (status != BERT_OK && error)
        mine = *error;
    mine.status = status;
    TRY(memory_array((void **)&all, (size_t)job->size, sizeof *all, "errors of ranks", error));
    bert_status gathered = job_allgather(job, &mine, sizeof mine, all, error);
    if (gathered == BERT_OK)
        gathered = set_agreed_error(job, all, lowest, error);
    free(all);
    return gathered;
}

bert_status job_sync_status(bert_job *job, bert_status status, bert_error *error)
{
    if (!job)
        return status;
    int mine = (int)status, *all, lowest = 0;
    TRY(memory_array((void **)&all, (size_t)job->size, sizeof *all, "states of ranks", error));
    bert_error trouble;
    bert_status gathered = job_allgather(job, &mine, sizeof mine, all, &trouble);
    while (gathered == BERT_OK && lowest < job->size && all[lowest] == BERT_OK)
        lowest++;
    free(all);
    if (gathered != BERT_OK)
        return status != BERT_OK ? status : error_set(error, gathered, "%s", trouble.message);
    return lowest == job->size ? BERT_OK : share_errors(job, status, lowest, error);
}

void job_note(bert_job *job, bert_status status, bert_error *error)
{
    if (!job || status == BERT_OK || job->failed)
        return;
    job->broken = true;
    error_prefix(error, status, "rank %d of %d", job->rank, job->size);
}
