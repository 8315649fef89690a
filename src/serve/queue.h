/* The queue of requests for the model: server threads enqueue jobs and wait; the thread that owns
 * the model takes them in order. */
#ifndef SERVE_QUEUE_H
#define SERVE_QUEUE_H

#include "serve/request.h"

#include <pthread.h>

typedef struct serve_job {
    /* Set by the caller. */
    serve_task task;
    const serve_request *request;
    /* The result. */
    json_t *response; /* NULL: failed, see `error` */
    bert_error error;
    /* Private to the queue. */
    struct serve_job *next;
    enum { SERVE_JOB_WAITING, SERVE_JOB_RUNNING, SERVE_JOB_DONE } state;
} serve_job;

typedef struct serve_queue {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    serve_job *first;
    int waiting, max_waiting;
    bool closed;
} serve_queue;

void serve_queue_create(serve_queue *queue, int max_waiting);
void serve_queue_free(serve_queue *queue);

typedef enum serve_outcome {
    SERVE_DONE,  /* see job->response */
    SERVE_BUSY,  /* the queue was full, or the job did not start in time */
    SERVE_CLOSED /* the server is stopping */
} serve_outcome;

/* Enqueues a job and waits until it is done; waits at most `seconds` for its start. */
serve_outcome serve_queue_do(serve_queue *queue, serve_job *job, int seconds);

/* Takes the next job; NULL after `milliseconds` without one. */
serve_job *serve_queue_take(serve_queue *queue, int milliseconds);
void serve_queue_finish(serve_queue *queue, serve_job *job);

/* Rejects new jobs; waiting ones return SERVE_CLOSED. */
void serve_queue_close(serve_queue *queue);

#endif
