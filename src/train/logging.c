/* What the loop logs: lines of metrics.jsonl and timings.jsonl, evaluations, progress.
 */
#include "base/clock.h"
#include "base/observer.h"
#include "formats/json.h"
#include "train/trainer.h"

#include <math.h>

/* A measure that was not taken has no key. */
static bert_status put_number(json_t *line, const char *key, double value, bert_error *error)
{
    return isnan(value) ? BERT_OK : json_put(line, key, json_real(value), error);
}

static bert_status put_position(json_t *line, const trainer *trainer, bert_error *error)
{
    int64_t step = trainer->state.step;
    TRY(json_put(line, "step", json_integer(step), error));
    return json_put(line, "epoch", json_real(settings_epoch(trainer->settings, step)), error);
}

static bert_status put_measure(json_t *line, const char *prefix, const char *name,
                               const char *measure, double value, bert_error *error)
{
    char key[64];
    snprintf(key, sizeof key, "%s%s%s", prefix, name, measure);
    return put_number(line, key, value, error);
}

static bert_status put_losses(json_t *line, const char *prefix, const loss_sums *losses,
                              bert_error *error)
{
    TRY(put_measure(line, prefix, "", "loss", losses_total(losses), error));
    for (int kind = 0; kind < LOSS_KINDS; kind++)
        TRY(put_measure(line, prefix, loss_descriptions[kind].name, "_loss",
                        loss_mean(losses, (loss_kind)kind), error));
    for (int kind = 0; kind < LOSS_KINDS; kind++)
        TRY(put_measure(line, prefix, loss_descriptions[kind].name, "_accuracy",
                        loss_accuracy(losses, (loss_kind)kind), error));
    return BERT_OK;
}

static bert_status fill_log_line(json_t *line, const trainer *trainer, bert_error *error)
{
    const train_state *state = &trainer->state;
    int64_t samples = settings_samples_before(trainer->settings, state->step);
    TRY(put_position(line, trainer, error));
    TRY(put_losses(line, "", &state->interval, error));
    TRY(put_number(line, "learning_rate", trainer->step.learning_rate, error));
    TRY(put_number(line, "grad_norm", trainer->step.grad_norm, error));
    if (trainer->settings->batch_count > 1) {
        int64_t size = settings_samples_in_step(trainer->settings, state->step - 1);
        TRY(json_put(line, "batch_size", json_integer(size), error));
    }
    TRY(json_put(line, "tokens", json_integer((json_int_t)state->tokens), error));
    return json_put(line, "samples", json_integer(samples), error);
}

static bert_status put_communication(json_t *line, trainer *trainer, bert_error *error)
{
    if (!trainer->step.exchange)
        return BERT_OK;
    exchange_statistics seen = exchange_take_statistics(trainer->step.exchange);
    TRY(json_put(line, "ranks", json_integer(bert_job_size(trainer->job)), error));
    TRY(json_put(line, "bytes_sent", json_integer((json_int_t)seen.bytes_sent), error));
    TRY(put_number(line, "communication_seconds", seen.seconds, error));
    /* The caller may wait a moment longer than anything is under way. */
    double hidden = seen.seconds > 0 ? fmax(0, 1 - seen.exposed_seconds / seen.seconds) : NAN;
    TRY(put_number(line, "communication_hidden", hidden, error));
    return put_number(line, "imbalance_seconds", trainer->interval_imbalance, error);
}

static bert_status fill_timing(json_t *line, trainer *trainer, bert_error *error)
{
    double seconds = trainer->interval_seconds;
    TRY(put_position(line, trainer, error));
    TRY(put_number(line, "seconds", seconds, error));
    TRY(put_number(line, "tokens_per_second",
                   seconds > 0 ? (double)trainer->interval_tokens / seconds : NAN, error));
    return put_communication(line, trainer, error);
}

/* Rank 0 writes both lines; the others only forget what they were of. */
static bert_status write_lines(trainer *trainer, json_t *log, json_t *timing, bert_error *error)
{
    TRY(fill_log_line(log, trainer, error));
    TRY(fill_timing(timing, trainer, error));
    if (bert_job_rank(trainer->job) != 0)
        return BERT_OK;
    TRY(metrics_write(trainer->metrics, log, error));
    return metrics_write(trainer->timings, timing, error);
}

bert_status trainer_log(trainer *trainer, bert_error *error)
{
    train_state *state = &trainer->state;
    json_t *line = json_object(), *timing = json_object();
    bert_status status = write_lines(trainer, line, timing, error);
    json_decref(timing);
    json_decref(state->last_log);
    state->last_log = line;
    state->train_loss = losses_total(&state->interval);
    state->interval = (loss_sums){0};
    trainer->interval_seconds = 0;
    trainer->interval_tokens = 0;
    trainer->interval_imbalance = 0;
    return status;
}

static bert_status fill_evaluation_line(json_t *line, const trainer *trainer,
                                        const evaluation_sums *sums, bert_error *error)
{
    TRY(put_position(line, trainer, error));
    TRY(put_losses(line, "eval_", &sums->losses, error));
    return json_put(line, "eval_samples", json_integer((json_int_t)sums->samples), error);
}

static void announce_evaluation(const trainer *trainer, const loss_sums *losses)
{
    char nsp[48] = "";
    if (losses->terms[LOSS_NSP].count)
        snprintf(nsp, sizeof nsp, ", NSP accuracy %.4f", loss_accuracy(losses, LOSS_NSP));
    observer_message(
        trainer->observer, BERT_MESSAGE_INFO, "step %lld: held-out loss %.4f, MLM accuracy %.4f%s",
        (long long)trainer->state.step, losses_total(losses), loss_accuracy(losses, LOSS_MLM), nsp);
}

bert_status trainer_evaluate(trainer *trainer, bert_error *error)
{
    train_state *state = &trainer->state;
    evaluation_sums sums = {0};
    /* To the end, even if the observer asks to stop: a resumed run must show the same figures. */
    bert_observer watcher = trainer->observer ? *trainer->observer : (bert_observer){0};
    watcher.should_stop = NULL;
    TRY(evaluator_run(&trainer->evaluator, trainer->step.model, trainer->job, &sums, &watcher,
                      error));
    json_t *line = json_object();
    bert_status status = fill_evaluation_line(line, trainer, &sums, error);
    if (status == BERT_OK && bert_job_rank(trainer->job) == 0)
        status = metrics_write(trainer->metrics, line, error);
    json_decref(state->last_evaluation);
    state->last_evaluation = line;
    state->eval_loss = losses_total(&sums.losses);
    announce_evaluation(trainer, &sums.losses);
    return job_sync_status(trainer->job, status, error);
}

void trainer_log_step(void *context)
{
    trainer *trainer = context;
    const training_step *step = &trainer->step;
    trainer->state.tokens += step->sums.tokens;
    losses_add(&trainer->state.interval, &step->sums.losses);
    trainer->interval_seconds += step->seconds;
    trainer->interval_tokens += step->sums.tokens;
    trainer->interval_imbalance += step->imbalance;
    recent_steps *recent = &trainer->recent;
    double fade = exp(-step->seconds / 30), step_fade = 0.95;
    recent->seconds = recent->seconds * fade + step->seconds;
    recent->steps = recent->steps * fade + 1;
    recent->tokens = recent->tokens * fade + (double)step->sums.tokens;
    for (int kind = 0; kind < LOSS_KINDS; kind++) {
        loss_term *term = &recent->losses.terms[kind];
        term->sum = term->sum * step_fade + step->sums.losses.terms[kind].sum;
        term->weight = term->weight * step_fade + step->sums.losses.terms[kind].weight;
    }
}

void trainer_report(trainer *trainer)
{
    const run_settings *settings = trainer->settings;
    const recent_steps *recent = &trainer->recent;
    int64_t step = trainer->state.step;
    bert_progress progress = {
        .job = "pretrain",
        .unit = "step",
        .done = (uint64_t)step,
        .total = (uint64_t)settings->total_steps,
        .epoch = settings_epoch(settings, step),
        .loss = losses_total(&recent->losses),
        .learning_rate = trainer->step.learning_rate,
        .tokens_per_second = recent->tokens / recent->seconds,
        .seconds_left = recent->seconds / recent->steps * (double)(settings->total_steps - step),
    };
    observer_progress(trainer->observer, &progress);
    trainer->reported_at = clock_seconds();
}
