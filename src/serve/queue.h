/* Requests that wait for the one model: threads of the server put them in and wait, the thread that
 * owns the model takes them out, in order. */
#ifndef SERVE_QUEUE_H
#define SERVE_QUEUE_H

#include "serve/request.h"

#include <pthread.h>

typedef struct serve_job {
    /* Given. */
    serve_task task;
    const serve_request *request;
    /* The answer. */
    json_t *answer; /* NULL where it failed */
    bert_error error;
    /* The queue's. */
    struct serve_job *next;
    enum { SERVE_JOB_WAITING, SERVE_JOB_RUNNING, SERVE_JOB_DONE } state;
} serve_job;

typedef struct serve_queue {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    serve_job *first;
    int waiting, most_waiting;
    bool closed;
} serve_queue;

void serve_queue_create(serve_queue *queue, int most_waiting);
void serve_queue_free(serve_queue *queue);

typedef enum serve_outcome {
    SERVE_ANSWERED, /* see job->answer */
    SERVE_BUSY,     /* the queue was full, or the job's turn did not come in time */
    SERVE_CLOSED    /* the server is stopping */
} serve_outcome;

/* Puts a job in and waits for its end; at most `seconds` for its beginning. */
serve_outcome serve_queue_do(serve_queue *queue, serve_job *job, int seconds);

/* The next job, or NULL after `milliseconds` without one. */
serve_job *serve_queue_take(serve_queue *queue, int milliseconds);
void serve_queue_finish(serve_queue *queue, serve_job *job);

/* No job is taken in any more; those that wait are let go. */
void serve_queue_close(serve_queue *queue);

#endif
