#include "hub/push.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/observer.h"
#include "hub/names.h"
#include "hub/settings.h"
#include "hub/upload.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { THREAD_NICENESS = 10 };

/* A folder to send; `folder.files` NULL: only make the repository. */
typedef struct push_work {
    upload_folder folder;
    char *directory, *message; /* owned */
} push_work;

/* What the thread has to say, until the caller's thread passes it on. */
typedef struct push_message {
    struct push_message *next;
    bert_message_level level;
    char *text;
} push_message;

struct hub_push {
    bert_upload_params params; /* of every upload but for directory and message */
    char *name;
    const bert_observer *observer;
    bert_observer own; /* of the uploads, in the thread */
    pthread_t thread;
    bool started;
    atomic_bool cancelled, has_messages;

    pthread_mutex_t mutex; /* of all that follows */
    pthread_cond_t changed;
    push_work waiting; /* the next one */
    bool has_waiting, busy, closing;
    push_message *messages, **last_message;
};

/* -------------------------------------------------------------------------------- messages --- */

/* Out of memory, the message is lost: it must not end the training. */
static void add_message(void *context, bert_message_level level, const char *text)
{
    hub_push *push = context;
    push_message *message = calloc(1, sizeof *message);
    if (message && !(message->text = strdup(text))) {
        free(message);
        message = NULL;
    }
    if (!message)
        return;
    message->level = level;
    pthread_mutex_lock(&push->mutex);
    *push->last_message = message;
    push->last_message = &message->next;
    pthread_mutex_unlock(&push->mutex);
    atomic_store(&push->has_messages, true);
}

static bool is_cancelled(void *context)
{
    return atomic_load(&((hub_push *)context)->cancelled);
}

static void pass_on_messages(hub_push *push)
{
    if (!atomic_exchange(&push->has_messages, false))
        return;
    pthread_mutex_lock(&push->mutex);
    push_message *message = push->messages;
    push->messages = NULL;
    push->last_message = &push->messages;
    pthread_mutex_unlock(&push->mutex);
    while (message) {
        push_message *next = message->next;
        observer_message(push->observer, message->level, "%s", message->text);
        free(message->text);
        free(message);
        message = next;
    }
}

void hub_push_poll(hub_push *push)
{
    if (push)
        pass_on_messages(push);
}

/* ---------------------------------------------------------------------------------- thread --- */

static void free_work(push_work *work)
{
    upload_folder_close(&work->folder);
    free(work->directory);
    free(work->message);
    *work = (push_work){0};
}

static void report(hub_push *push, const push_work *work, bert_status status,
                   const bert_upload_result *result, const bert_error *error)
{
    const bert_observer *own = &push->own;
    if (status == BERT_OK && work->directory)
        observer_message(own, BERT_MESSAGE_INFO, "%s is on the Hub: %s", work->directory,
                         result->url);
    else if (status != BERT_OK && work->directory)
        observer_message(own, BERT_MESSAGE_WARNING,
                         "%s was not sent to the Hub: %s; by hand: bert upload %s %s",
                         work->directory, error->message, work->directory, push->name);
    else if (status != BERT_OK)
        observer_message(own, BERT_MESSAGE_WARNING,
                         "%s is not ready on the Hub: %s; the first model tries again", push->name,
                         error->message);
}

static void do_work(hub_push *push, push_work *work)
{
    bert_upload_params params = push->params;
    bert_upload_result result = {0};
    bert_error error = {0};
    params.directory = work->directory;
    params.message = work->message;
    bert_status status;
    if (is_cancelled(push)) /* small requests would be through before libcurl asks */
        status = error_set(&error, BERT_ERROR_IO, "stopped");
    else if (work->directory)
        status = upload_opened(&params, &work->folder, &result, &push->own, &error);
    else
        status = upload_create(&params, &push->own, &error);
    report(push, work, status, &result, &error);
    free_work(work);
}

static void *run(void *context)
{
    hub_push *push = context;
    /* Checksums of a model take a core for a second, which the training has first. */
    setpriority(PRIO_PROCESS, (id_t)gettid(), THREAD_NICENESS);
    pthread_mutex_lock(&push->mutex);
    for (;;) {
        while (!push->has_waiting && !push->closing)
            pthread_cond_wait(&push->changed, &push->mutex);
        if (!push->has_waiting)
            break;
        push_work work = push->waiting;
        push->waiting = (push_work){0};
        push->has_waiting = false;
        push->busy = true;
        pthread_mutex_unlock(&push->mutex);
        do_work(push, &work);
        pthread_mutex_lock(&push->mutex);
        push->busy = false;
        pthread_cond_broadcast(&push->changed);
    }
    pthread_mutex_unlock(&push->mutex);
    return NULL;
}

/* Signals are for the thread that trains. */
static bert_status start_thread(hub_push *push, bert_error *error)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int problem = pthread_create(&push->thread, NULL, run, push);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (problem)
        return error_set_errno(error, problem, "cannot start the thread of uploads");
    push->started = true;
    return BERT_OK;
}

/* Takes over the work, which the thread may have done and freed when this returns. */
static void hand_over(hub_push *push, const push_work *work)
{
    pthread_mutex_lock(&push->mutex);
    push_work replaced = push->waiting;
    push->waiting = *work;
    push->has_waiting = true;
    pthread_cond_broadcast(&push->changed);
    pthread_mutex_unlock(&push->mutex);
    if (replaced.directory)
        observer_message(push->observer, BERT_MESSAGE_INFO,
                         "%s is not sent to the Hub: an earlier one is still on its way, and a "
                         "later one follows",
                         replaced.directory);
    free_work(&replaced);
}

/* ----------------------------------------------------------------------------------- calls --- */

bool hub_push_is_wanted(const char *name)
{
    return name && strcmp(name, "none") != 0;
}

static bert_status check(const hub_push *push, bert_error *error)
{
    hub_settings settings;
    TRY(repository_name_check(push->name, error));
    bert_status status = hub_settings_read(&settings, &push->params.hub, error);
    if (status == BERT_OK && !strchr(push->name, '/'))
        status = error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                           "params->push_to_hub is \"%.200s\", expected OWNER/NAME", push->name);
    else if (status == BERT_OK && settings.offline)
        status = error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                           "params->push_to_hub needs network access, but HF_HUB_OFFLINE is set");
    else if (status == BERT_OK && !settings.token)
        status = error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                           "params->push_to_hub needs a token with write permission: create one at "
                           "%s/settings/tokens and set HF_TOKEN",
                           settings.endpoint);
    hub_settings_free(&settings);
    return status;
}

static void free_push(hub_push *push)
{
    pass_on_messages(push);
    free_work(&push->waiting);
    pthread_cond_destroy(&push->changed);
    pthread_mutex_destroy(&push->mutex);
    free(push->name);
    free(push);
}

bert_status hub_push_open(hub_push **out, const char *name, bool private_repository,
                          const bert_observer *observer, bert_error *error)
{
    TRY(memory_array((void **)out, 1, sizeof **out, "uploads", error));
    hub_push *push = *out;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&push->mutex, NULL);
    pthread_cond_init(&push->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    push->last_message = &push->messages;
    push->observer = observer;
    push->own =
        (bert_observer){.context = push, .message = add_message, .should_stop = is_cancelled};
    push->params = bert_upload_params_default();
    push->params.create = true;
    push->params.private_repository = private_repository;
    bert_status status = path_format(&push->name, error, "%s", name);
    push->params.name = push->name;
    if (status == BERT_OK)
        status = check(push, error);
    if (status == BERT_OK)
        status = start_thread(push, error);
    if (status != BERT_OK) {
        free_push(push);
        *out = NULL;
    }
    return status;
}

void hub_push_start(hub_push *push)
{
    if (push)
        hand_over(push, &(push_work){0});
}

static bert_status make_work(push_work *work, const char *directory, const char *message,
                             bert_error *error)
{
    TRY(path_format(&work->directory, error, "%s", directory));
    TRY(path_format(&work->message, error, "%s", message));
    return upload_folder_open(&work->folder, work->directory, BERT_REPOSITORY_MODEL, NULL, error);
}

void hub_push_folder(hub_push *push, const char *directory, const char *message)
{
    if (!push)
        return;
    push_work work = {0};
    bert_error error = {0};
    if (make_work(&work, directory, message, &error) == BERT_OK) {
        hand_over(push, &work);
    } else {
        observer_message(push->observer, BERT_MESSAGE_WARNING, "%s is not sent to the Hub: %s",
                         directory, error.message);
        free_work(&work);
    }
    pass_on_messages(push);
}

/* The mutex is locked. */
static void wait_a_moment(hub_push *push)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += 100000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&push->changed, &push->mutex, &until);
}

/* A training that was asked to stop sends its last checkpoint all the same; being asked once more,
 * after that, ends the wait. */
static void wait_for_work(hub_push *push)
{
    bool stopping = observer_should_stop(push->observer), told = false;
    pthread_mutex_lock(&push->mutex);
    while (push->has_waiting || push->busy) {
        pthread_mutex_unlock(&push->mutex);
        pass_on_messages(push);
        if (!told)
            observer_message(push->observer, BERT_MESSAGE_INFO,
                             "waiting until the model is on the Hub (%s)", push->name);
        told = true;
        if (!stopping && observer_should_stop(push->observer))
            atomic_store(&push->cancelled, true);
        pthread_mutex_lock(&push->mutex);
        if (push->has_waiting || push->busy)
            wait_a_moment(push);
    }
    pthread_mutex_unlock(&push->mutex);
}

void hub_push_close(hub_push *push, bool wait)
{
    if (!push)
        return;
    if (!wait)
        atomic_store(&push->cancelled, true);
    if (wait)
        wait_for_work(push);
    pthread_mutex_lock(&push->mutex);
    push->closing = true;
    pthread_cond_broadcast(&push->changed);
    pthread_mutex_unlock(&push->mutex);
    if (push->started)
        pthread_join(push->thread, NULL);
    free_push(push);
}
