/* Waiting jobs, a full queue, and closing. */
#include "testing.h"

#include "serve/queue.h"

#include <pthread.h>

typedef struct client {
    serve_queue *queue;
    serve_job job;
    serve_outcome outcome;
    pthread_t thread;
} client;

static void *ask(void *context)
{
    client *client = context;
    client->outcome = serve_queue_do(client->queue, &client->job, 60);
    return NULL;
}

/* Returns once the job is waiting. */
static void start(client *client, serve_queue *queue, int waiting)
{
    client->queue = queue;
    pthread_create(&client->thread, NULL, ask, client);
    for (int now = -1; now != waiting;) {
        pthread_mutex_lock(&queue->mutex);
        now = queue->waiting;
        pthread_mutex_unlock(&queue->mutex);
        usleep(1000);
    }
}

static serve_outcome end(client *client)
{
    pthread_join(client->thread, NULL);
    return client->outcome;
}

static void test_full_queue(void **state)
{
    (void)state;
    serve_queue queue;
    client first = {0}, second = {0}, third = {0};
    serve_job more = {0};
    serve_queue_create(&queue, 2);
    start(&first, &queue, 1);
    start(&second, &queue, 2);
    assert_int_equal(serve_queue_do(&queue, &more, 60), SERVE_BUSY); /* immediately */
    serve_job *job = serve_queue_take(&queue, 1000);
    assert_ptr_equal(job, &first.job); /* in order of arrival */
    start(&third, &queue, 2);          /* a running job does not count as waiting */
    assert_int_equal(serve_queue_do(&queue, &more, 60), SERVE_BUSY);
    serve_queue_finish(&queue, job);
    assert_int_equal(end(&first), SERVE_DONE);
    for (int i = 0; i < 2; i++)
        serve_queue_finish(&queue, serve_queue_take(&queue, 1000));
    assert_int_equal(end(&second), SERVE_DONE);
    assert_int_equal(end(&third), SERVE_DONE);
    assert_null(serve_queue_take(&queue, 1));
    serve_queue_free(&queue);
}

static void test_wait_timeout(void **state)
{
    (void)state;
    serve_queue queue;
    serve_job job = {0};
    serve_queue_create(&queue, 2);
    assert_int_equal(serve_queue_do(&queue, &job, 0), SERVE_BUSY); /* no consumer */
    assert_int_equal(queue.waiting, 0);
    assert_null(serve_queue_take(&queue, 1));
    serve_queue_free(&queue);
}

static void test_close(void **state)
{
    (void)state;
    serve_queue queue;
    serve_job late = {0};
    client first = {0}, second = {0};
    serve_queue_create(&queue, 2);
    start(&first, &queue, 1);
    serve_job *job = serve_queue_take(&queue, 1000);
    start(&second, &queue, 1);
    serve_queue_close(&queue);
    assert_int_equal(end(&second), SERVE_CLOSED);
    assert_int_equal(serve_queue_do(&queue, &late, 60), SERVE_CLOSED);
    assert_null(serve_queue_take(&queue, 1000));
    serve_queue_finish(&queue, job);
    assert_int_equal(end(&first), SERVE_DONE);
    serve_queue_free(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_queue),
        cmocka_unit_test(test_wait_timeout),
        cmocka_unit_test(test_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
