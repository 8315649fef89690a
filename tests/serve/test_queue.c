/* Who waits, who is sent away, and who is told that it ends. */
#include "testing.h"

#include "serve/queue.h"

#include <pthread.h>

typedef struct asker {
    serve_queue *queue;
    serve_job job;
    serve_outcome outcome;
    pthread_t thread;
} asker;

static void *ask(void *context)
{
    asker *asker = context;
    asker->outcome = serve_queue_do(asker->queue, &asker->job, 60);
    return NULL;
}

/* Returns once the job waits. */
static void start(asker *asker, serve_queue *queue, int waiting)
{
    asker->queue = queue;
    pthread_create(&asker->thread, NULL, ask, asker);
    for (int now = -1; now != waiting;) {
        pthread_mutex_lock(&queue->mutex);
        now = queue->waiting;
        pthread_mutex_unlock(&queue->mutex);
        usleep(1000);
    }
}

static serve_outcome end(asker *asker)
{
    pthread_join(asker->thread, NULL);
    return asker->outcome;
}

static void test_one_too_many_is_sent_away(void **state)
{
    (void)state;
    serve_queue queue;
    asker first = {0}, second = {0}, third = {0};
    serve_job more = {0};
    serve_queue_create(&queue, 2);
    start(&first, &queue, 1);
    start(&second, &queue, 2);
    assert_int_equal(serve_queue_do(&queue, &more, 60), SERVE_BUSY); /* at once */
    serve_job *job = serve_queue_take(&queue, 1000);
    assert_ptr_equal(job, &first.job); /* in the order in which they came */
    start(&third, &queue, 2);          /* what is computed does not wait */
    assert_int_equal(serve_queue_do(&queue, &more, 60), SERVE_BUSY);
    serve_queue_finish(&queue, job);
    assert_int_equal(end(&first), SERVE_ANSWERED);
    for (int i = 0; i < 2; i++)
        serve_queue_finish(&queue, serve_queue_take(&queue, 1000));
    assert_int_equal(end(&second), SERVE_ANSWERED);
    assert_int_equal(end(&third), SERVE_ANSWERED);
    assert_null(serve_queue_take(&queue, 1));
    serve_queue_free(&queue);
}

static void test_nobody_waits_for_ever(void **state)
{
    (void)state;
    serve_queue queue;
    serve_job job = {0};
    serve_queue_create(&queue, 2);
    assert_int_equal(serve_queue_do(&queue, &job, 0), SERVE_BUSY); /* nobody computes */
    assert_int_equal(queue.waiting, 0);
    assert_null(serve_queue_take(&queue, 1));
    serve_queue_free(&queue);
}

static void test_the_end_is_told_to_all_but_who_is_answered(void **state)
{
    (void)state;
    serve_queue queue;
    serve_job late = {0};
    asker first = {0}, second = {0};
    serve_queue_create(&queue, 2);
    start(&first, &queue, 1);
    serve_job *job = serve_queue_take(&queue, 1000);
    start(&second, &queue, 1);
    serve_queue_close(&queue);
    assert_int_equal(end(&second), SERVE_CLOSED);
    assert_int_equal(serve_queue_do(&queue, &late, 60), SERVE_CLOSED);
    assert_null(serve_queue_take(&queue, 1000));
    serve_queue_finish(&queue, job);
    assert_int_equal(end(&first), SERVE_ANSWERED);
    serve_queue_free(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_too_many_is_sent_away),
        cmocka_unit_test(test_nobody_waits_for_ever),
        cmocka_unit_test(test_the_end_is_told_to_all_but_who_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
