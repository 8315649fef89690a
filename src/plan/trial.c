#include "plan/trial.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/threads.h"
#include "dataset/batch.h"
#include "math/fill.h"
#include "math/rows_sum.h"
#include "model/model.h"
#include "optim/adam.h"
#include "optim/clip.h"
#include "plan/process_memory.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const double masked_share = 0.15;
enum { PASSES_MAX = 64, RANKS_MAX = 64 };

typedef struct rank {
    struct crew *crew;
    int number;
    pthread_t thread;
    model *model;
    float *moments[2];
    bert_status status;
    bert_error error;
} rank;

/* The ranks of a trial. Times are taken by rank 0 between two barriers. */
typedef struct crew {
    const trial_work *work;
    const bert_trial *trial;
    model_limits limits;
    batch batch; /* made-up tokens, the same for all ranks */
    rank *ranks; /* [trial->ranks] */
    pthread_barrier_t barrier;
    pthread_mutex_t gate; /* held until all ranks are started */
    bool given_up;        /* not all could be */
    atomic_bool failed;
    int passes; /* rank 0 decides */
    double pass_seconds, update_seconds;
} crew;

/* ------------------------------------------------------------------------------ made-up work ---
 */

static int masked_in_sequence(const trial_work *work)
{
    int masked = (int)lround(masked_share * work->max_seq_length);
    return masked > 0 ? masked : 1;
}

static int sequences_in_pass(const trial_work *work, const bert_trial *trial)
{
    int sequences = trial->micro_batch_tokens / work->max_seq_length;
    return sequences > 0 ? sequences : 1;
}

static model_limits limits_of(const trial_work *work, const bert_trial *trial)
{
    int sequences = sequences_in_pass(work, trial);
    return (model_limits){.tokens = sequences * work->max_seq_length,
                          .sequences = sequences,
                          .masked = sequences * masked_in_sequence(work),
                          .training = true,
                          .gradient_checkpointing = trial->gradient_checkpointing};
}

/* Full sequences of tokens all over the vocabulary, every seventh or so to be predicted. */
static bert_status make_batch(batch *batch, const trial_work *work, const model_limits *limits,
                              bert_error *error)
{
    TRY(batch_create(batch, limits->tokens, limits->sequences, limits->masked, error));
    int length = work->max_seq_length, masked = masked_in_sequence(work);
    batch->token_count = limits->tokens;
    batch->sequence_count = limits->sequences;
    batch->masked_count = limits->masked;
    for (int t = 0; t < limits->tokens; t++) {
        batch->tokens[t] = (int32_t)((INT64_C(7919) * t + 13) % work->config->vocab_size);
        batch->token_types[t] = t % length >= length / 2;
    }
    for (int s = 0; s < limits->sequences; s++) {
        batch->sequence_starts[s] = s * length;
        batch->sample_numbers[s] = (uint64_t)s;
        batch->next_sentence_labels[s] = s % 2;
        for (int m = 0; m < masked; m++) {
            int position = s * length + (int)((int64_t)m * length / masked);
            batch->masked_positions[s * masked + m] = position;
            batch->masked_labels[s * masked + m] = batch->tokens[position];
        }
    }
    batch->sequence_starts[limits->sequences] = limits->tokens;
    return BERT_OK;
}

static model_input input_of(const crew *crew, int sequences)
{
    const batch *batch = &crew->batch;
    bool pairs = crew->work->config->next_sentence_prediction;
    return (model_input){
        .token_count = batch->sequence_starts[sequences],
        .sequence_count = sequences,
        .masked_count = sequences * masked_in_sequence(crew->work),
        .tokens = batch->tokens,
        .token_types = batch->token_types,
        .sequence_starts = batch->sequence_starts,
        .sample_numbers = batch->sample_numbers,
        .masked_positions = batch->masked_positions,
        .masked_labels = batch->masked_labels,
        .next_sentence_labels = pairs ? batch->next_sentence_labels : NULL,
    };
}

/* Weights of an ordinary size, so that no number is denormal; which they are plays no part. */
static void make_weights(rank *rank)
{
    const parameter_table *table = model_parameter_table(rank->model);
    float *values = model_weights(rank->model);
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        bool scale = strstr(entry->name, "orm.weight") != NULL;
        if (scale)
            values_fill(values + entry->offset, entry->count, 1);
        else
            normal_fill(values + entry->offset, entry->count, 0.02, 1, i);
    }
}

/* --------------------------------------------------------------------------------- one rank --- */

static bert_status rank_create(rank *rank, bert_error *error)
{
    const crew *crew = rank->crew;
    TRY(model_create(&rank->model, crew->work->config, &crew->limits, error));
    model_set_precision(rank->model, crew->trial->bf16 ? GEMM_BFLOAT16 : GEMM_FLOAT32);
    size_t bytes = model_parameter_table(rank->model)->size * sizeof(float);
    for (int i = 0; i < 2; i++)
        TRY(memory_map((void **)&rank->moments[i], bytes, "moments", error));
    make_weights(rank);
    return BERT_OK;
}

static void rank_free(rank *rank)
{
    if (rank->model)
        for (int i = 0; i < 2; i++)
            memory_unmap(rank->moments[i],
                         model_parameter_table(rank->model)->size * sizeof(float));
    model_free(rank->model);
}

static void run_pass(rank *rank, int sequences)
{
    const model_input input = input_of(rank->crew, sequences);
    const model_scales scales = {.mlm = 1.0 / input.masked_count, .nsp = 1.0 / sequences};
    model_losses losses = {0};
    model_train(rank->model, &input, 1, 0, &scales, &losses);
}

static void wait_for_all(rank *rank)
{
    pthread_barrier_wait(&rank->crew->barrier);
}

/* One sequence wakes threads and touches the weights; a first whole pass touches the activations
 * and tells how many fit into the time. */
static void time_passes(rank *rank)
{
    crew *crew = rank->crew;
    run_pass(rank, 1);
    wait_for_all(rank);
    double begun = clock_seconds();
    run_pass(rank, crew->limits.sequences);
    wait_for_all(rank);
    if (rank->number == 0) {
        crew->pass_seconds = clock_seconds() - begun;
        double fit = crew->work->seconds / crew->pass_seconds;
        crew->passes = fit > PASSES_MAX ? PASSES_MAX : (int)fit;
    }
    wait_for_all(rank);
    begun = clock_seconds();
    for (int i = 0; i < crew->passes; i++)
        run_pass(rank, crew->limits.sequences);
    wait_for_all(rank);
    if (rank->number == 0 && crew->passes > 0)
        crew->pass_seconds = (clock_seconds() - begun) / crew->passes;
}

/* Each rank sums its share of all gradients, then takes the others' sums: an all-reduce through
 * memory. */
static void add_up_gradients(rank *rank)
{
    crew *crew = rank->crew;
    int ranks = crew->trial->ranks;
    size_t size = model_parameter_table(rank->model)->size;
    size_t share = (size + (size_t)ranks - 1) / (size_t)ranks;
    const float *rows[RANKS_MAX];
    size_t first = share * (size_t)rank->number < size ? share * (size_t)rank->number : size;
    size_t count = size - first < share ? size - first : share;
    for (int r = 0; r < ranks; r++)
        rows[r] = model_gradients(crew->ranks[r].model) + first;
    rows_sum(model_gradients(rank->model) + first, rows, (size_t)ranks, count);
    wait_for_all(rank);
    for (int r = 0; r < ranks; r++) {
        first = share * (size_t)r < size ? share * (size_t)r : size;
        count = size - first < share ? size - first : share;
        if (r != rank->number)
            memcpy(model_gradients(rank->model) + first,
                   model_gradients(crew->ranks[r].model) + first, count * sizeof(float));
    }
    wait_for_all(rank);
}

static void update(rank *rank)
{
    static const adam_settings settings = {
        .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.01, .decoupled = true};
    size_t size = model_parameter_table(rank->model)->size;
    float *gradients = model_gradients(rank->model);
    double scale = clip_scale(gradient_norm(gradients, size), 1);
    adam_update(model_weights(rank->model), gradients, rank->moments[0], rank->moments[1], size,
                &settings, 1e-4, 1, true, scale);
}

/* The first update touches the moments; the second is timed. */
static void time_update(rank *rank)
{
    update(rank);
    wait_for_all(rank);
    double begun = clock_seconds();
    if (rank->crew->trial->ranks > 1)
        add_up_gradients(rank);
    update(rank);
    wait_for_all(rank);
    if (rank->number == 0)
        rank->crew->update_seconds = clock_seconds() - begun;
}

static void *rank_run(void *context)
{
    rank *rank = context;
    crew *crew = rank->crew;
    pthread_mutex_lock(&crew->gate);
    pthread_mutex_unlock(&crew->gate);
    if (crew->given_up)
        return NULL;
    threads_use(crew->trial->threads);
    rank->status = rank_create(rank, &rank->error);
    if (rank->status != BERT_OK)
        atomic_store(&crew->failed, true);
    wait_for_all(rank);
    if (!atomic_load(&crew->failed)) {
        time_passes(rank);
        time_update(rank);
    }
    wait_for_all(rank); /* nobody frees what another may still read */
    rank_free(rank);
    return NULL;
}

/* --------------------------------------------------------------------------------- the crew --- */

/* All ranks run or none does: the others would wait for one that could not be started. */
static bert_status run_ranks(crew *crew, bert_error *error)
{
    int ranks = crew->trial->ranks, started = 0;
    pthread_barrier_init(&crew->barrier, NULL, (unsigned)ranks);
    pthread_mutex_init(&crew->gate, NULL);
    pthread_mutex_lock(&crew->gate);
    for (; started < ranks; started++) {
        rank *rank = &crew->ranks[started];
        rank->crew = crew;
        rank->number = started;
        if (pthread_create(&rank->thread, NULL, rank_run, rank) != 0)
            break;
    }
    crew->given_up = started < ranks;
    pthread_mutex_unlock(&crew->gate);
    bert_status status = BERT_OK;
    if (crew->given_up)
        status = error_set(error, BERT_ERROR_MEMORY, "cannot start %d threads", ranks);
    for (int r = 0; r < started; r++) {
        pthread_join(crew->ranks[r].thread, NULL);
        if (status == BERT_OK && crew->ranks[r].status != BERT_OK)
            status = error_set(error, crew->ranks[r].status, "%s", crew->ranks[r].error.message);
    }
    pthread_mutex_destroy(&crew->gate);
    pthread_barrier_destroy(&crew->barrier);
    return status;
}

static void fill_trial(bert_trial *trial, const crew *crew)
{
    const trial_work *work = crew->work;
    double sequences = (double)crew->limits.sequences;
    double passes = (double)work->batch_size / (sequences * trial->ranks);
    double step = passes * crew->pass_seconds + crew->update_seconds;
    trial->state = BERT_TRIAL_MEASURED;
    trial->pass_seconds = crew->pass_seconds;
    trial->update_seconds = crew->update_seconds;
    trial->tokens_per_second = (double)work->batch_size * work->max_seq_length / step;
}

bert_status trial_predict(const trial_work *work, bert_trial *trial, bert_error *error)
{
    const model_limits limits = limits_of(work, trial);
    model *model;
    TRY(model_create(&model, work->config, &limits, error));
    model_memory memory = model_memory_used(model);
    model_free(model);
    trial->predicted_bytes =
        (uint64_t)trial->ranks * (memory.parameters + memory.gradients + memory.activations +
                                  2 * (uint64_t)memory.parameters);
    return BERT_OK;
}

bert_status trial_run(const trial_work *work, bert_trial *trial, bert_error *error)
{
    crew crew = {.work = work, .trial = trial, .limits = limits_of(work, trial)};
    bert_status status;
    bert_error reason = {0};
    uint64_t before = process_memory_now();
    process_memory_reset_peak();
    TRY_OR_GO(status,
              memory_array((void **)&crew.ranks, (size_t)trial->ranks, sizeof *crew.ranks, "ranks",
                           &reason),
              done);
    TRY_OR_GO(status, make_batch(&crew.batch, work, &crew.limits, &reason), done);
    status = run_ranks(&crew, &reason);
    uint64_t peak = process_memory_peak();
    trial->measured_bytes = peak > before ? peak - before : 0;
    if (status == BERT_OK)
        fill_trial(trial, &crew);

done:
    batch_free(&crew.batch);
    free(crew.ranks);
    if (status != BERT_ERROR_MEMORY)
        return status == BERT_OK ? BERT_OK : error_set(error, status, "%s", reason.message);
    trial->state = BERT_TRIAL_TOO_LARGE;
    return BERT_OK;
}
