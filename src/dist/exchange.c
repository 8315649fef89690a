#include "dist/exchange.h"

#include "base/clock.h"
#include "base/memory.h"
#include "dist/transport.h"
#include "math/operations.h"

#include <pthread.h>
#include <stdlib.h>

enum { SLOTS = 8 }; /* buckets in flight at once */

typedef enum stage { STAGE_REDUCE_SCATTER, STAGE_ALLGATHER } stage;

/* A bucket in flight. */
typedef struct slot {
    size_t bucket;
    stage stage;
    transport_transfer transfer;
    unsigned char *outgoing; /* the bucket in bfloat16; NULL: sent as float32 */
    unsigned char
        *incoming; /* [ranks] shards for this rank; later the whole bucket, if in bfloat16 */
    int *starts[2], *counts[2]; /* [ranks] in bytes: of sent and of received data */
} slot;

struct exchange {
    bert_job *job;
    layout layout;
    const operations *operations; /* the CPU's: buckets are sent from host memory */
    int rank;
    bool bfloat16;
    void *memory; /* of all slots */
    size_t memory_size;
    int *numbers;
    const void **rows; /* [ranks] */
    slot slots[SLOTS];

    /* The job's thread owns these while an exchange runs. */
    exchange_kind kind;
    float *buffer;
    size_t started,
        ended;    /* in buckets, from the end of the buffer; the slot of bucket n is n % SLOTS */
    size_t moves; /* events of this exchange: a bucket was started, summed or ended */
    double begun_at;

    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t over;
    size_t ready; /* the first final element of the buffer */
    bool running;
    bert_status status;
    bert_error error;
    exchange_statistics statistics;
};

/* ------------------------------------------------------------------------------ preparation --- */

static bert_status create_slots(exchange *exchange, bert_error *error)
{
    size_t ranks = (size_t)exchange->layout.ranks, bytes = exchange->layout.bucket * sizeof(float);
    TRY(memory_array((void **)&exchange->numbers, SLOTS * 4 * ranks, sizeof(int),
                     "buckets of gradients", error));
    TRY(memory_array((void **)&exchange->rows, ranks, sizeof(void *), "rows", error));
    /* In bfloat16 each slot holds two buffers of half the size: outgoing and incoming. */
    exchange->memory_size = SLOTS * bytes;
    TRY(memory_map(&exchange->memory, exchange->memory_size, "buckets of gradients", error));
    for (size_t i = 0; i < SLOTS; i++) {
        slot *slot = &exchange->slots[i];
        slot->incoming = (unsigned char *)exchange->memory + i * bytes;
        slot->outgoing = exchange->bfloat16 ? slot->incoming + bytes / 2 : NULL;
        for (size_t j = 0; j < 2; j++) {
            slot->starts[j] = exchange->numbers + (4 * i + 2 * j) * ranks;
            slot->counts[j] = slot->starts[j] + ranks;
        }
    }
    return BERT_OK;
}

bert_status exchange_create(exchange **out, bert_job *job, const layout *layout, bool bfloat16,
                            bert_error *error)
{
    exchange *created;
    *out = NULL;
    TRY(memory_array((void **)&created, 1, sizeof *created, "exchange of gradients", error));
    created->job = job;
    created->layout = *layout;
    created->operations = cpu_operations();
    created->rank = bert_job_rank(job);
    created->bfloat16 = bfloat16;
    pthread_mutex_init(&created->lock, NULL);
    pthread_cond_init(&created->over, NULL);
    bert_status status = create_slots(created, error);
    if (status != BERT_OK)
        exchange_free(created);
    else
        *out = created;
    return status;
}

void exchange_free(exchange *exchange)
{
    if (!exchange)
        return;
    job_set_work(exchange->job, NULL, NULL);
    memory_unmap(exchange->memory, exchange->memory_size);
    free(exchange->numbers);
    free(exchange->rows);
    pthread_mutex_destroy(&exchange->lock);
    pthread_cond_destroy(&exchange->over);
    free(exchange);
}

/* ------------------------------------------------------------------------- one bucket ---
 */
/* The functions below run in the job's thread. */

static size_t element_size(const exchange *exchange)
{
    return exchange->bfloat16 && exchange->kind != EXCHANGE_ALLGATHER ? sizeof(uint16_t)
                                                                      : sizeof(float);
}

/* Starts and counts, in bytes, of all shards of a bucket, relative to its first element. */
static void set_piece_ranges(const exchange *exchange, size_t bucket, int *starts, int *counts)
{
    size_t size = element_size(exchange), first = layout_bucket(&exchange->layout, bucket).start;
    for (int rank = 0; rank < exchange->layout.ranks; rank++) {
        layout_range shard = layout_shard(&exchange->layout, bucket, rank);
        starts[rank] = shard.count ? (int)((shard.start - first) * size) : 0;
        counts[rank] = (int)(shard.count * size);
    }
}

static bert_status start_reduce_scatter(exchange *exchange, slot *slot, bert_error *error)
{
    layout_range bucket = layout_bucket(&exchange->layout, slot->bucket);
    size_t own = layout_shard(&exchange->layout, slot->bucket, exchange->rank).count;
    size_t size = element_size(exchange);
    set_piece_ranges(exchange, slot->bucket, slot->starts[0], slot->counts[0]);
    for (int rank = 0; rank < exchange->layout.ranks; rank++) {
        slot->starts[1][rank] = (int)((size_t)rank * exchange->layout.shard * size);
        slot->counts[1][rank] = rank == exchange->rank ? 0 : (int)(own * size);
        if (rank != exchange->rank)
            exchange->statistics.bytes_sent += (uint64_t)slot->counts[0][rank];
    }
    slot->counts[0][exchange->rank] = 0; /* not sent */
    void *outgoing = exchange->buffer + bucket.start;
    if (slot->outgoing) {
        exchange->operations->bfloat16_from_float((uint16_t *)(void *)slot->outgoing,
                                                  exchange->buffer + bucket.start, bucket.count);
        outgoing = slot->outgoing;
    }
    const transport_ranges send = {outgoing, slot->starts[0], slot->counts[0]};
    const transport_ranges receive = {slot->incoming, slot->starts[1], slot->counts[1]};
    slot->stage = STAGE_REDUCE_SCATTER;
    return transport_alltoall(CHANNEL_REDUCE_SCATTER, &send, &receive, &slot->transfer, error);
}

static void sum_piece(exchange *exchange, slot *slot)
{
    layout_range shard = layout_shard(&exchange->layout, slot->bucket, exchange->rank);
    size_t ranks = (size_t)exchange->layout.ranks, size = element_size(exchange);
    float *own = exchange->buffer + shard.start;
    const unsigned char *own_outgoing =
        slot->outgoing + (size_t)exchange->rank * exchange->layout.shard * size;
    for (size_t rank = 0; rank < ranks; rank++)
        exchange->rows[rank] = slot->incoming + rank * exchange->layout.shard * size;
    exchange->rows[exchange->rank] = slot->outgoing ? (const void *)own_outgoing : own;
    if (slot->outgoing)
        exchange->operations->rows_sum_bfloat16(own, (const uint16_t *const *)exchange->rows, ranks,
                                                shard.count);
    else
        exchange->operations->rows_sum(own, (const float *const *)exchange->rows, ranks,
                                       shard.count);
}

static bert_status start_allgather(exchange *exchange, slot *slot, bert_error *error)
{
    layout_range bucket = layout_bucket(&exchange->layout, slot->bucket);
    layout_range shard = layout_shard(&exchange->layout, slot->bucket, exchange->rank);
    size_t size = element_size(exchange);
    set_piece_ranges(exchange, slot->bucket, slot->starts[0], slot->counts[0]);
    transport_ranges ranges = {exchange->buffer + bucket.start, slot->starts[0], slot->counts[0]};
    if (size != sizeof(float)) {
        ranges.buffer = slot->incoming;
        exchange->operations->bfloat16_from_float(
            (uint16_t *)(void *)(slot->incoming +
                                 (shard.count ? shard.start - bucket.start : 0) * size),
            exchange->buffer + shard.start, shard.count);
    }
    exchange->statistics.bytes_sent += shard.count * size * (size_t)(exchange->layout.ranks - 1);
    slot->stage = STAGE_ALLGATHER;
    return transport_allgather(CHANNEL_ALLGATHER, NULL, 0, &ranges, &slot->transfer, error);
}

static void end_slot(exchange *exchange, slot *slot)
{
    layout_range bucket = layout_bucket(&exchange->layout, slot->bucket);
    if (slot->stage == STAGE_ALLGATHER && element_size(exchange) != sizeof(float))
        exchange->operations->float_from_bfloat16(exchange->buffer + bucket.start,
                                                  (const uint16_t *)(const void *)slot->incoming,
                                                  bucket.count);
    exchange->ended++;
    exchange->moves++;
}

/* ------------------------------------------------------------------------------ all buckets --- */

/* The bucket to start next; the last bucket is the first to be ready. */
static size_t next_bucket(const exchange *exchange)
{
    return exchange->layout.buckets - 1 - exchange->started;
}

static bool next_is_ready(const exchange *exchange, size_t ready)
{
    return exchange->started < exchange->layout.buckets &&
           layout_bucket(&exchange->layout, next_bucket(exchange)).start >= ready;
}

static bert_status start_buckets(exchange *exchange, size_t ready, bert_error *error)
{
    while (exchange->started - exchange->ended < SLOTS && next_is_ready(exchange, ready)) {
        slot *slot = &exchange->slots[exchange->started % SLOTS];
        if (exchange->started == 0)
            exchange->begun_at = clock_seconds();
        slot->bucket = next_bucket(exchange);
        exchange->started++;
        exchange->moves++;
        TRY(exchange->kind == EXCHANGE_ALLGATHER ? start_allgather(exchange, slot, error)
                                                 : start_reduce_scatter(exchange, slot, error));
    }
    return BERT_OK;
}

/* Handles transfers in the order in which they were started, so that every rank starts the
 * all-gathers in the same order, too. */
static bert_status advance_slots(exchange *exchange, bert_error *error)
{
    transport_transfer *transfers[SLOTS];
    int count = 0;
    for (size_t number = exchange->ended; number < exchange->started; number++)
        transfers[count++] = &exchange->slots[number % SLOTS].transfer;
    TRY(transport_test_some(transfers, count, error));
    for (size_t number = exchange->ended; number < exchange->started; number++) {
        slot *slot = &exchange->slots[number % SLOTS];
        bool done = transport_is_done(&slot->transfer);
        if (done && slot->stage == STAGE_REDUCE_SCATTER) {
            sum_piece(exchange, slot);
            exchange->moves++;
            if (exchange->kind == EXCHANGE_ALLREDUCE)
                TRY(start_allgather(exchange, slot, error));
            else
                end_slot(exchange, slot);
        } else if (done && number == exchange->ended) {
            end_slot(exchange, slot);
        } else if (slot->stage == STAGE_REDUCE_SCATTER) {
            break;
        }
    }
    return BERT_OK;
}

static job_state advance(void *context)
{
    exchange *exchange = context;
    pthread_mutex_lock(&exchange->lock);
    bool running = exchange->running;
    size_t ready = exchange->ready;
    pthread_mutex_unlock(&exchange->lock);
    if (!running)
        return JOB_IDLE;
    bert_error error;
    size_t before = exchange->moves;
    bert_status status = start_buckets(exchange, ready, &error);
    if (status == BERT_OK)
        status = advance_slots(exchange, &error);
    if (status == BERT_OK && exchange->ended < exchange->layout.buckets) {
        if (exchange->moves > before)
            return JOB_MOVING;
        return exchange->ended < exchange->started ? JOB_WAITING : JOB_IDLE;
    }
    pthread_mutex_lock(&exchange->lock);
    exchange->statistics.seconds += clock_seconds() - exchange->begun_at;
    exchange->status = status;
    if (status != BERT_OK)
        exchange->error = error;
    exchange->running = false;
    pthread_cond_signal(&exchange->over);
    pthread_mutex_unlock(&exchange->lock);
    return JOB_IDLE;
}

/* ------------------------------------------------------------------------------- the caller --- */

void exchange_begin(exchange *exchange, exchange_kind kind, float *buffer)
{
    exchange->kind = kind;
    exchange->buffer = buffer;
    exchange->started = exchange->ended = exchange->moves = 0;
    pthread_mutex_lock(&exchange->lock);
    exchange->ready = exchange->layout.count;
    exchange->status = BERT_OK;
    exchange->running = true;
    pthread_mutex_unlock(&exchange->lock);
    job_set_work(exchange->job, advance, exchange);
}

void exchange_ready(exchange *exchange, size_t first)
{
    pthread_mutex_lock(&exchange->lock);
    exchange->ready = first;
    pthread_mutex_unlock(&exchange->lock);
    job_alive(exchange->job);
    job_wake(exchange->job);
}

bert_status exchange_finish(exchange *exchange, bert_error *error)
{
    double start = clock_seconds();
    job_begin_waiting(exchange->job);
    job_wake(exchange->job); /* from now on the job's thread may use the core */
    pthread_mutex_lock(&exchange->lock);
    while (exchange->running)
        pthread_cond_wait(&exchange->over, &exchange->lock);
    exchange->statistics.exposed_seconds += clock_seconds() - start;
    bert_status status = exchange->status;
    if (status != BERT_OK)
        error_set(error, status, "%s", exchange->error.message);
    pthread_mutex_unlock(&exchange->lock);
    job_end_waiting(exchange->job);
    job_set_work(exchange->job, NULL, NULL);
    return status;
}

exchange_statistics exchange_take_statistics(exchange *exchange)
{
    exchange_statistics taken = exchange->statistics;
    exchange->statistics = (exchange_statistics){0};
    return taken;
}
