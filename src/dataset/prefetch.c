#include "dataset/prefetch.h"

#include "base/memory.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct prefetch {
    sampler *sampler;
    prefetch_plan *plan;
    const void *plan_context;
    uint64_t first; /* number of the first batch */
    int most;       /* samples in a batch */

    pthread_t thread;
    bool running;
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t made, taken;
    batch *ring; /* [slots]: the caller's batch, finished ones, the one being made */
    int slots;
    uint64_t made_count, taken_count; /* batches so far; batch n is in slot n % slots */
    bool stopping;
    bert_status status; /* of the batch after the last one made; an error ends the thread */
    bert_error error;
};

/* Waits for a free slot; false: the thread is to end. The batch that was taken last still belongs
 * to the caller. */
static bool wait_for_room(prefetch *prefetch)
{
    pthread_mutex_lock(&prefetch->lock);
    while (!prefetch->stopping &&
           prefetch->made_count - prefetch->taken_count >= (uint64_t)prefetch->slots - 1)
        pthread_cond_wait(&prefetch->taken, &prefetch->lock);
    bool stopping = prefetch->stopping;
    pthread_mutex_unlock(&prefetch->lock);
    return !stopping;
}

static void *make_batches(void *argument)
{
    prefetch *prefetch = argument;
    for (uint64_t number = 0; wait_for_room(prefetch); number++) {
        bert_error error;
        prefetch_range range = prefetch->plan(prefetch->plan_context, prefetch->first + number);
        bert_status status =
            sampler_fill(prefetch->sampler, range.first, range.count,
                         &prefetch->ring[number % (uint64_t)prefetch->slots], &error);
        pthread_mutex_lock(&prefetch->lock);
        if (status == BERT_OK) {
            prefetch->made_count++;
        } else {
            prefetch->status = status;
            prefetch->error = error;
        }
        pthread_cond_signal(&prefetch->made);
        pthread_mutex_unlock(&prefetch->lock);
        if (status != BERT_OK)
            break;
    }
    return NULL;
}

static bert_status create_ring(prefetch *prefetch, int depth, bert_error *error)
{
    TRY(memory_array((void **)&prefetch->ring, (size_t)depth + 1, sizeof(batch),
                     "prefetched batches", error));
    int tokens, masked;
    if (__builtin_mul_overflow(prefetch->most, sampler_max_tokens(prefetch->sampler), &tokens) ||
        __builtin_mul_overflow(prefetch->most, sampler_max_masked(prefetch->sampler), &masked))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "batches of %d samples are too large",
                         prefetch->most);
    for (; prefetch->slots < depth + 1; prefetch->slots++)
        TRY(batch_create(&prefetch->ring[prefetch->slots], tokens, prefetch->most, masked, error));
    return BERT_OK;
}

/* Blocks all signals in the new thread: the main thread handles them. */
static bert_status start_thread(prefetch *prefetch, bert_error *error)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = pthread_create(&prefetch->thread, NULL, make_batches, prefetch);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure)
        return error_set_errno(error, failure, "cannot start the prefetch thread");
    prefetch->running = true;
    return BERT_OK;
}

bert_status prefetch_start(prefetch **out, sampler *sampler, prefetch_plan *plan,
                           const void *context, uint64_t first, int most, int depth,
                           bert_error *error)
{
    *out = NULL;
    if (most < 1 || depth < 1)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%d samples per batch, %d prefetched batches; expected at least 1 of each",
                         most, depth);
    prefetch *prefetch;
    TRY(memory_array((void **)&prefetch, 1, sizeof *prefetch, "the prefetcher", error));
    prefetch->sampler = sampler;
    prefetch->plan = plan;
    prefetch->plan_context = context;
    prefetch->first = first;
    prefetch->most = most;
    pthread_mutex_init(&prefetch->lock, NULL);
    pthread_cond_init(&prefetch->made, NULL);
    pthread_cond_init(&prefetch->taken, NULL);
    bert_status status = create_ring(prefetch, depth, error);
    if (status == BERT_OK)
        status = start_thread(prefetch, error);
    if (status != BERT_OK) {
        prefetch_stop(prefetch);
        return status;
    }
    *out = prefetch;
    return BERT_OK;
}

bert_status prefetch_next(prefetch *prefetch, const batch **batch, bert_error *error)
{
    pthread_mutex_lock(&prefetch->lock);
    while (prefetch->made_count == prefetch->taken_count && prefetch->status == BERT_OK)
        pthread_cond_wait(&prefetch->made, &prefetch->lock);
    bert_status status = BERT_OK;
    if (prefetch->made_count > prefetch->taken_count) {
        *batch = &prefetch->ring[prefetch->taken_count % (uint64_t)prefetch->slots];
        prefetch->taken_count++;
        pthread_cond_signal(&prefetch->taken);
    } else {
        status = error_set(error, prefetch->status, "%s", prefetch->error.message);
    }
    pthread_mutex_unlock(&prefetch->lock);
    return status;
}

void prefetch_stop(prefetch *prefetch)
{
    if (!prefetch)
        return;
    if (prefetch->running) {
        pthread_mutex_lock(&prefetch->lock);
        prefetch->stopping = true;
        pthread_cond_signal(&prefetch->taken);
        pthread_mutex_unlock(&prefetch->lock);
        pthread_join(prefetch->thread, NULL);
    }
    for (int i = 0; i < prefetch->slots; i++)
        batch_free(&prefetch->ring[i]);
    free(prefetch->ring);
    pthread_mutex_destroy(&prefetch->lock);
    pthread_cond_destroy(&prefetch->made);
    pthread_cond_destroy(&prefetch->taken);
    free(prefetch);
}
