#include "serve/queue.h"

#include "base/clock.h"

#include <errno.h>

void serve_queue_create(serve_queue *queue, int max_waiting)
{
    *queue = (serve_queue){.max_waiting = max_waiting};
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

void serve_queue_free(serve_queue *queue)
{
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->mutex);
}

static void append(serve_queue *queue, serve_job *job)
{
    serve_job **end = &queue->first;
    while (*end)
        end = &(*end)->next;
    *end = job;
    queue->waiting++;
}

static void remove_job(serve_queue *queue, serve_job *job)
{
    serve_job **link = &queue->first;
    while (*link != job)
        link = &(*link)->next;
    *link = job->next;
    queue->waiting--;
}

serve_outcome serve_queue_do(serve_queue *queue, serve_job *job, int seconds)
{
    job->next = NULL;
    job->state = SERVE_JOB_WAITING;
    struct timespec deadline = clock_deadline(seconds);
    serve_outcome outcome = SERVE_DONE;
    pthread_mutex_lock(&queue->mutex);
    if (queue->closed) {
        outcome = SERVE_CLOSED;
    } else if (queue->waiting >= queue->max_waiting) {
        outcome = SERVE_BUSY;
    } else {
        append(queue, job);
        pthread_cond_broadcast(&queue->changed);
        while (job->state == SERVE_JOB_WAITING && outcome == SERVE_DONE) {
            if (queue->closed)
                outcome = SERVE_CLOSED;
            else if (pthread_cond_timedwait(&queue->changed, &queue->mutex, &deadline) ==
                         ETIMEDOUT &&
                     job->state == SERVE_JOB_WAITING)
                outcome = SERVE_BUSY;
        }
        if (outcome != SERVE_DONE)
            remove_job(queue, job);
        /* A running job is bounded by the request limits, so wait for it without a deadline. */
        while (outcome == SERVE_DONE && job->state != SERVE_JOB_DONE)
            pthread_cond_wait(&queue->changed, &queue->mutex);
    }
    pthread_mutex_unlock(&queue->mutex);
    return outcome;
}

serve_job *serve_queue_take(serve_queue *queue, int milliseconds)
{
    struct timespec deadline = clock_deadline(milliseconds / 1e3);
    pthread_mutex_lock(&queue->mutex);
    while (!queue->first && !queue->closed &&
           pthread_cond_timedwait(&queue->changed, &queue->mutex, &deadline) != ETIMEDOUT) {
    }
    serve_job *job = queue->closed ? NULL : queue->first;
    if (job) {
        remove_job(queue, job);
        job->state = SERVE_JOB_RUNNING;
    }
    pthread_mutex_unlock(&queue->mutex);
    return job;
}

void serve_queue_finish(serve_queue *queue, serve_job *job)
{
    pthread_mutex_lock(&queue->mutex);
    job->state = SERVE_JOB_DONE;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
}

void serve_queue_close(serve_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
}
