#include "plan/trial.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/threads.h"
#include "dataset/batch.h"
#include "plan/process_memory.h"
#include "train/training_step.h"

#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const double masked_share = 0.15;
enum { PASSES_MAX = 64, RANKS_MAX = 64 };

typedef struct rank {
    struct group *group;
    int number;
    pthread_t thread;
    training_step step;
    batch batch; /* a view of the group's */
    bert_status status;
    bert_error error;
} rank;

/* The ranks of a trial. Times are taken by rank 0 between two barriers. */
typedef struct group {
    const trial_work *work;
    const bert_trial *trial;
    micro_batch_limits limits;
    batch batch; /* made-up tokens, the same for all ranks: PASSES_MAX micro-batches at most */
    rank *ranks; /* [trial->ranks] */
    pthread_barrier_t barrier;
    pthread_mutex_t start_lock; /* held until all ranks are started */
    bool abandoned;             /* not all could be */
    atomic_bool failed;
    int passes; /* rank 0 decides */
    double step_seconds, pass_seconds, update_seconds;
} group;

/* ---------------------------------------------------------------------------- made-up work --- */

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

static int most_passes(const trial_work *work, const bert_trial *trial)
{
    int fit = INT_MAX / (sequences_in_pass(work, trial) * work->max_seq_length);
    return fit < PASSES_MAX ? fit : PASSES_MAX;
}

static micro_batch_limits limits_of(const trial_work *work, const bert_trial *trial)
{
    int sequences = sequences_in_pass(work, trial);
    return (micro_batch_limits){
        .sequences = sequences,
        .tokens = sequences * work->max_seq_length,
        .max_seq_length = work->max_seq_length,
        .max_masked = masked_in_sequence(work),
        .batch_sequences = sequences * most_passes(work, trial),
    };
}

static training_settings settings_of(const trial_work *work, const bert_trial *trial)
{
    return (training_settings){
        .config = work->config,
        .objective = objective_of_pretraining(work->config, NULL),
        .optimizer = &optimizer_adamw,
        .optimizer_settings = {.beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.01},
        .max_grad_norm = 1,
        .precision = trial->bf16 ? GEMM_BFLOAT16 : GEMM_FLOAT32,
        .gradient_checkpointing = trial->gradient_checkpointing,
        .limits = limits_of(work, trial),
    };
}

/* Full sequences of tokens all over the vocabulary, every seventh or so to be predicted: appended
 * up to `sequences`. */
static void fill_batch(batch *batch, const trial_work *work, int sequences)
{
    int length = work->max_seq_length, masked = masked_in_sequence(work);
    for (int s = batch->sequence_count; s < sequences; s++) {
        for (int t = s * length; t < (s + 1) * length; t++) {
            batch->tokens[t] = (int32_t)((INT64_C(7919) * t + 13) % work->config->vocab_size);
            batch->token_types[t] = t % length >= length / 2;
        }
        batch->sequence_starts[s + 1] = (s + 1) * length;
        batch->sample_numbers[s] = (uint64_t)s;
        batch->next_sentence_labels[s] = s % 2;
        for (int m = 0; m < masked; m++) {
            int position = s * length + (int)((int64_t)m * length / masked);
            batch->masked_positions[s * masked + m] = position;
            batch->masked_labels[s * masked + m] = batch->tokens[position];
        }
    }
    batch->sequence_count = sequences;
    batch->token_count = sequences * length;
    batch->masked_count = sequences * masked;
}

static bert_status next_batch(void *context, const batch **batch, bert_error *error)
{
    (void)error;
    rank *rank = context;
    *batch = &rank->batch;
    return BERT_OK;
}

static bert_status describe_nonfinite(void *context, const nonfinite_step *what, bert_error *error)
{
    (void)context;
    return error_set(error, BERT_ERROR_NOT_FINITE,
                     "a number is not finite in a trial: loss %g, gradient norm %g", what->loss,
                     what->grad_norm);
}

/* Weights of an ordinary size, so that no number is denormal; their values do not matter. */
static void make_weights(rank *rank)
{
    const parameter_table *table = model_parameter_table(rank->step.model);
    float *values = model_weights(rank->step.model);
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        bool scale = strstr(entry->name, "orm.weight") != NULL;
        if (scale)
            model_operations(rank->step.model)
                ->values_fill(values + entry->offset, entry->count, 1);
        else
            model_operations(rank->step.model)
                ->normal_fill(values + entry->offset, entry->count, 0.02, 1, i);
    }
}

/* --------------------------------------------------------------------------------- one rank --- */

static void wait_for_all(rank *rank)
{
    pthread_barrier_wait(&rank->group->barrier);
}

/* Each rank sums its share of all gradients, then takes the others' sums: an all-reduce through
 * memory. */
static void all_reduce(void *context)
{
    rank *rank = context;
    group *group = rank->group;
    int ranks = group->trial->ranks;
    wait_for_all(rank);
    size_t size = model_parameter_table(rank->step.model)->size;
    size_t share = (size + (size_t)ranks - 1) / (size_t)ranks;
    const float *rows[RANKS_MAX];
    size_t first = share * (size_t)rank->number < size ? share * (size_t)rank->number : size;
    size_t count = size - first < share ? size - first : share;
    for (int r = 0; r < ranks; r++)
        rows[r] = model_gradients(group->ranks[r].step.model) + first;
    model_operations(rank->step.model)
        ->rows_sum(model_gradients(rank->step.model) + first, rows, (size_t)ranks, count);
    wait_for_all(rank);
    for (int r = 0; r < ranks; r++) {
        first = share * (size_t)r < size ? share * (size_t)r : size;
        count = size - first < share ? size - first : share;
        if (r != rank->number)
            model_operations(rank->step.model)
                ->values_copy(model_gradients(rank->step.model) + first,
                              model_gradients(group->ranks[r].step.model) + first, count);
    }
    wait_for_all(rank);
}

static bert_status rank_create(rank *rank, bert_error *error)
{
    const group *group = rank->group;
    const training_settings settings = settings_of(group->work, group->trial);
    rank->step = (training_step){
        .context = rank,
        .next_batch = next_batch,
        .describe_nonfinite = describe_nonfinite,
        .all_reduce = group->trial->ranks > 1 ? all_reduce : NULL,
        .seed = 1,
    };
    TRY(training_step_create(&rank->step, &settings, error));
    make_weights(rank);
    return BERT_OK;
}

/* One step of all ranks, of so many sequences each, between two barriers. A rank that fails takes
 * part to the end, as the others wait for it. */
static void run_step(rank *rank, int64_t number, int sequences)
{
    group *group = rank->group;
    if (rank->number == 0)
        fill_batch(&group->batch, group->work, sequences);
    wait_for_all(rank);
    rank->batch = group->batch;
    double begun = clock_seconds();
    bert_status status = training_step_run(&rank->step, number, 1e-4, &rank->error);
    if (status != BERT_OK)
        rank->status = status;
    wait_for_all(rank);
    if (rank->number == 0)
        group->step_seconds = clock_seconds() - begun;
}

/* Of the step just done: the passes of the slowest rank, and all else. */
static void split_seconds(group *group, int passes)
{
    double seconds = 0;
    for (int r = 0; r < group->trial->ranks; r++)
        seconds = fmax(seconds, group->ranks[r].step.pass_seconds);
    group->pass_seconds = seconds / passes;
    group->update_seconds = group->step_seconds - seconds;
}

/* A step of one sequence wakes threads and touches weights and moments; one of a whole pass touches
 * the activations and shows how many fit into the time. */
static void time_steps(rank *rank)
{
    group *group = rank->group;
    run_step(rank, 0, 1);
    run_step(rank, 1, group->limits.sequences);
    if (rank->number == 0) {
        split_seconds(group, 1);
        double fit = group->work->seconds / group->pass_seconds;
        int most = most_passes(group->work, group->trial);
        group->passes = fit > most ? most : (int)fit;
    }
    wait_for_all(rank);
    if (group->passes == 0)
        return;
    run_step(rank, 2, group->passes * group->limits.sequences);
    if (rank->number == 0)
        split_seconds(group, group->passes);
}

static void *rank_run(void *context)
{
    rank *rank = context;
    group *group = rank->group;
    pthread_mutex_lock(&group->start_lock);
    pthread_mutex_unlock(&group->start_lock);
    if (group->abandoned)
        return NULL;
    threads_use(group->trial->threads);
    rank->status = rank_create(rank, &rank->error);
    if (rank->status != BERT_OK)
        atomic_store(&group->failed, true);
    wait_for_all(rank);
    if (!atomic_load(&group->failed)) {
        time_steps(rank);
    }
    wait_for_all(rank); /* no rank frees what another may still read */
    training_step_free(&rank->step);
    return NULL;
}

/* -------------------------------------------------------------------------------- the group --- */

/* All ranks run or none does: the others would wait for one that could not be started. */
static bert_status run_ranks(group *group, bert_error *error)
{
    int ranks = group->trial->ranks, started = 0;
    pthread_barrier_init(&group->barrier, NULL, (unsigned)ranks);
    pthread_mutex_init(&group->start_lock, NULL);
    pthread_mutex_lock(&group->start_lock);
    for (; started < ranks; started++) {
        rank *rank = &group->ranks[started];
        rank->group = group;
        rank->number = started;
        if (pthread_create(&rank->thread, NULL, rank_run, rank) != 0)
            break;
    }
    group->abandoned = started < ranks;
    pthread_mutex_unlock(&group->start_lock);
    bert_status status = BERT_OK;
    if (group->abandoned)
        status = error_set(error, BERT_ERROR_MEMORY, "cannot start %d threads", ranks);
    for (int r = 0; r < started; r++) {
        pthread_join(group->ranks[r].thread, NULL);
        if (status == BERT_OK && group->ranks[r].status != BERT_OK)
            status = error_set(error, group->ranks[r].status, "%s", group->ranks[r].error.message);
    }
    pthread_mutex_destroy(&group->start_lock);
    pthread_barrier_destroy(&group->barrier);
    return status;
}

static void fill_trial(bert_trial *trial, const group *group)
{
    const trial_work *work = group->work;
    double sequences = (double)group->limits.sequences;
    double passes = (double)work->batch_size / (sequences * trial->ranks);
    double step = passes * group->pass_seconds + group->update_seconds;
    trial->state = BERT_TRIAL_MEASURED;
    trial->pass_seconds = group->pass_seconds;
    trial->update_seconds = group->update_seconds;
    trial->tokens_per_second = (double)work->batch_size * work->max_seq_length / step;
}

bert_status trial_predict(const trial_work *work, bert_trial *trial, bert_error *error)
{
    const training_settings settings = settings_of(work, trial);
    training_step step = {0};
    bert_status status = training_step_create(&step, &settings, error);
    if (status == BERT_OK) {
        model_memory memory = model_memory_used(step.model);
        trial->predicted_bytes =
            (uint64_t)trial->ranks *
            (memory.parameters + memory.gradients + memory.activations +
             optimizer_state_count(settings.optimizer) * (uint64_t)memory.parameters);
    }
    training_step_free(&step);
    return status;
}

bert_status trial_run(const trial_work *work, bert_trial *trial, bert_error *error)
{
    group group = {.work = work, .trial = trial, .limits = limits_of(work, trial)};
    bert_status status;
    bert_error reason = {0};
    uint64_t before = process_memory_now();
    process_memory_reset_peak();
    TRY_OR_GO(status,
              memory_array((void **)&group.ranks, (size_t)trial->ranks, sizeof *group.ranks,
                           "ranks", &reason),
              done);
    TRY_OR_GO(status,
              batch_create(&group.batch, group.limits.batch_sequences * work->max_seq_length,
                           group.limits.batch_sequences,
                           group.limits.batch_sequences * group.limits.max_masked, &reason),
              done);
    status = run_ranks(&group, &reason);
    uint64_t peak = process_memory_peak();
    trial->measured_bytes = peak > before ? peak - before : 0;
    if (status == BERT_OK)
        fill_trial(trial, &group);

done:
    batch_free(&group.batch);
    free(group.ranks);
    if (status != BERT_ERROR_MEMORY)
        return status == BERT_OK ? BERT_OK : error_set(error, status, "%s", reason.message);
    trial->state = BERT_TRIAL_TOO_LARGE;
    return BERT_OK;
}
