/* A step has two barriers for the ranks of a job: before the passes, to count what losses are
 * divided by, and after them, to sum losses and norms. There each rank learns of the others'
 * failures. */
#include "train/training_step.h"

#include "base/clock.h"
#include "base/memory.h"
#include "optim/clip.h"

#include <math.h>
#include <stdlib.h>

/* ---------------------------------------------------------------------------- preparation --- */

/* What a rank brings to a step, and whether it can. */
typedef struct rank_share {
    uint64_t sequences, tokens;
    loss_weights weights;
    int64_t status;
} rank_share;

/* What a rank saw in it. */
typedef struct rank_outcome {
    loss_sums losses;
    double squares; /* of the gradients whose sums it has */
    double seconds; /* of its passes */
} rank_outcome;

static bert_status create_model(training_step *step, bert_error *error)
{
    const training_settings *settings = &step->settings;
    TRY(micro_batches_create(&step->micro_batches, &settings->limits, error));
    model_limits limits = micro_batches_limits(&step->micro_batches, true);
    limits.gradient_checkpointing = settings->gradient_checkpointing;
    TRY(model_create(&step->model, settings->config, &limits, error));
    model_set_precision(step->model, settings->precision);
    return BERT_OK;
}

bert_status training_step_create(training_step *step, const training_settings *settings,
                                 bert_error *error)
{
    step->settings = *settings;
    TRY(create_model(step, error));
    TRY(optimizer_create(&step->optimizer, settings->optimizer, &settings->optimizer_settings,
                         settings->zero, model_parameter_table(step->model),
                         model_operations(step->model), step->job, error));
    size_t ranks = (size_t)bert_job_size(step->job);
    TRY(memory_array(&step->shares, ranks, sizeof(rank_share), "shares of a batch", error));
    TRY(memory_array(&step->outcomes, ranks, sizeof(rank_outcome), "outcomes of a step", error));
    if (!step->job)
        return BERT_OK;
    return exchange_create(&step->exchange, step->job, &step->optimizer.layout,
                           settings->bfloat16_gradients, error);
}

void training_step_free(training_step *step)
{
    exchange_free(step->exchange);
    free(step->shares);
    free(step->outcomes);
    optimizer_free(&step->optimizer);
    micro_batches_free(&step->micro_batches);
    model_free(step->model);
    *step = (training_step){0};
}

/* ----------------------------------------------------------------------------- next batch --- */

/* All micro-batches before the first is computed: once the ranks have begun a step none may leave
 * it. */
static bert_status cut_and_check(training_step *step, loss_weights *weights, bert_error *error)
{
    const objective *objective = step->settings.objective;
    micro_batches_cut(&step->micro_batches, step->batch);
    for (int i = 0; i < step->micro_batches.count; i++) {
        model_input *input = &step->micro_batches.inputs[i];
        TRY(objective->check(step->model, input, error));
        objective->weigh(input, weights);
    }
    return BERT_OK;
}

static bert_status sum_shares(training_step *step, const rank_share *mine, bert_error *error)
{
    rank_share *shares = step->shares;
    TRY(job_allgather(step->job, mine, sizeof *mine, shares, error));
    for (int rank = 0; rank < bert_job_size(step->job); rank++) {
        if (shares[rank].status != BERT_OK) /* seen by all ranks, so all go there */
            return job_sync_status(step->job, (bert_status)mine->status, error);
        step->sums.sequences += shares[rank].sequences;
        step->sums.tokens += shares[rank].tokens;
        for (int kind = 0; kind < LOSS_KINDS; kind++)
            step->weights.of[kind] += shares[rank].weights.of[kind];
    }
    return BERT_OK;
}

static bert_status next_batch(training_step *step, bert_error *error)
{
    rank_share mine = {0};
    step->sums = (step_sums){0};
    step->losses = (loss_sums){0};
    step->weights = (loss_weights){0};
    job_begin_waiting(step->job); /* batches are made ready, at the start of an epoch for long */
    bert_status status = step->next_batch(step->context, &step->batch, error);
    job_end_waiting(step->job);
    if (status == BERT_OK)
        status = cut_and_check(step, &mine.weights, error);
    mine.status = status;
    if (status == BERT_OK) {
        mine.sequences = (uint64_t)step->batch->sequence_count;
        mine.tokens = (uint64_t)step->batch->token_count;
    }
    return sum_shares(step, &mine, error);
}

/* ----------------------------------------------------------------------------- the passes --- */

static void zero_gradients(training_step *step)
{
    model_operations(step->model)
        ->values_zero(model_gradients(step->model), step->optimizer.table->size);
}

static model_pass forward(const training_step *step, const model_input *input)
{
    return model_forward(model_own_workspace(step->model), input, step->settings.objective->rows,
                         true, step->seed, (uint64_t)step->number);
}

/* The mean over the global batch, however it is split (architecture, decision 3): losses are
 * divided by what they weigh in the whole of it. */
static void loss(training_step *step, const model_pass *pass)
{
    step->settings.objective->loss(&step->objective_settings, pass, &step->weights, &step->losses);
}

static void gradients_ready(void *context, size_t first)
{
    exchange_ready(context, first);
}

/* During the backward pass of the last micro-batch, gradients become final one after the
 * other, and are on their way to the other ranks. */
static void backward(const training_step *step, const model_pass *pass, bool last)
{
    if (step->exchange && last)
        model_watch_gradients(step->model, gradients_ready, step->exchange);
    model_backward(pass);
    model_watch_gradients(step->model, NULL, NULL);
    job_alive(step->job);
}

/* ----------------------------------------------------------------------------- all-reduce --- */

/* The first tensor that is not finite. */
static void find_nonfinite(const training_step *step, nonfinite_step *what)
{
    const char *weight = model_find_nonfinite(step->model, model_weights(step->model));
    const char *gradient = model_find_nonfinite(step->model, model_gradients(step->model));
    what->kind = weight ? "parameter " : gradient ? "gradient of " : "";
    what->tensor = weight ? weight : gradient ? gradient : "none";
}

/* Of several ranks, the one whose loss it was reports its samples; where only gradients are
 * not finite, that shows in their sum alone, and it is everybody's. */
static bert_status fail_nonfinite(training_step *step, bert_error *error)
{
    const rank_outcome *outcomes = step->outcomes;
    nonfinite_step what = {.number = step->number,
                           .loss = losses_total(&step->sums.losses),
                           .grad_norm = step->grad_norm};
    bool any = false;
    for (int rank = 0; rank < bert_job_size(step->job); rank++)
        any |= !losses_finite(&outcomes[rank].losses);
    find_nonfinite(step, &what);
    if (!any)
        return job_failed(step->job, step->describe_nonfinite(step->context, &what, error));
    bert_status status = BERT_OK;
    if (!losses_finite(&step->losses)) {
        what.batch = step->batch;
        what.loss = losses_total(&step->losses);
        status = step->describe_nonfinite(step->context, &what, error);
    }
    return job_sync_status(step->job, status, error);
}

/* What the ranks saw. */
static bert_status sum_outcomes(training_step *step, bert_error *error)
{
    const rank_outcome mine = {
        .losses = step->losses,
        .squares = optimizer_own_squares(&step->optimizer, model_gradients(step->model)),
        .seconds = step->pass_seconds,
    };
    rank_outcome *outcomes = step->outcomes;
    double squares = 0, all_seconds = 0, most_seconds = 0;
    int ranks = bert_job_size(step->job);
    TRY(job_allgather(step->job, &mine, sizeof mine, outcomes, error));
    for (int rank = 0; rank < ranks; rank++) {
        losses_add(&step->sums.losses, &outcomes[rank].losses);
        squares += outcomes[rank].squares;
        all_seconds += outcomes[rank].seconds;
        most_seconds = fmax(most_seconds, outcomes[rank].seconds);
    }
    step->imbalance = most_seconds - all_seconds / ranks;
    step->grad_norm = sqrt(squares);
    if (!isfinite(step->grad_norm) || !losses_finite(&step->sums.losses))
        return fail_nonfinite(step, error);
    return BERT_OK;
}

/* Sums are sent while the backward pass of the last micro-batch runs. */
static void begin_all_reduce(training_step *step)
{
    if (step->exchange)
        exchange_begin(step->exchange,
                       step->optimizer.sharded ? EXCHANGE_REDUCE_SCATTER : EXCHANGE_ALLREDUCE,
                       model_gradients(step->model));
}

static bert_status all_reduce(training_step *step, bert_error *error)
{
    if (step->all_reduce)
        step->all_reduce(step->context);
    if (step->exchange && step->micro_batches.count == 0)
        exchange_ready(step->exchange, 0); /* gradients of nothing are zero */
    if (step->exchange)
        TRY(exchange_finish(step->exchange, error));
    return sum_outcomes(step, error);
}

/* ----------------------------------------------------------------------------- the update --- */

/* The update scales gradients by this as it reads them: no extra pass over memory. */
static double clip_gradients(const training_step *step)
{
    return clip_scale(step->grad_norm, step->settings.max_grad_norm);
}

static bert_status update_weights(training_step *step, double gradient_scale, bert_error *error)
{
    const optimizer_step update = {
        .learning_rate = step->learning_rate,
        .gradient_scale = gradient_scale,
        .number = step->number + 1,
        .operations = model_operations(step->model),
        .precision = step->settings.precision,
    };
    return optimizer_update(&step->optimizer, model_weights(step->model),
                            model_gradients(step->model), &update, step->exchange, error);
}

static void log_step(const training_step *step)
{
    if (step->log)
        step->log(step->context);
}

bert_status training_step_run(training_step *step, int64_t number, double learning_rate,
                              bert_error *error)
{
    step->number = number;
    step->learning_rate = learning_rate;
    double start = clock_seconds();
    TRY(next_batch(step, error));
    zero_gradients(step);
    begin_all_reduce(step);
    double passes_start = clock_seconds();
    for (int i = 0, count = step->micro_batches.count; i < count; i++) {
        model_pass pass = forward(step, &step->micro_batches.inputs[i]);
        loss(step, &pass);
        backward(step, &pass, i + 1 == count);
    }
    step->pass_seconds = clock_seconds() - passes_start;
    TRY(all_reduce(step, error));
    double scale = clip_gradients(step);
    TRY(update_weights(step, scale, error));
    step->seconds = clock_seconds() - start;
    log_step(step);
    return BERT_OK;
}
