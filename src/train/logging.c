/* What the loop tells: lines of metrics.jsonl and timings.jsonl, evaluations, moments of progress.
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

static double share(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : NAN;
}

static bert_status put_place(json_t *line, const trainer *trainer, bert_error *error)
{
    int64_t step = trainer->state.step;
    TRY(json_put(line, "step", json_integer(step), error));
    return json_put(line, "epoch", json_real(settings_epoch(trainer->settings, step)), error);
}

static bert_status put_losses(json_t *line, const char *prefix, const model_losses *losses,
                              bert_error *error)
{
    const struct {
        const char *name;
        double value;
    } measures[] = {
        {"loss", losses_total(losses)},
        {"mlm_loss", losses_mlm(losses)},
        {"nsp_loss", losses_nsp(losses)},
        {"soft_loss", losses_soft(losses)},
        {"cosine_loss", losses_cosine(losses)},
        {"mlm_accuracy", share(losses->mlm_correct, losses->mlm_count)},
        {"nsp_accuracy", share(losses->nsp_correct, losses->nsp_count)},
    };
    for (size_t i = 0; i < sizeof measures / sizeof measures[0]; i++) {
        char key[40];
        snprintf(key, sizeof key, "%s%s", prefix, measures[i].name);
        TRY(put_number(line, key, measures[i].value, error));
    }
    return BERT_OK;
}

static bert_status fill_log_line(json_t *line, const trainer *trainer, bert_error *error)
{
    const train_state *state = &trainer->state;
    int64_t samples = settings_samples_before(trainer->settings, state->step);
    TRY(put_place(line, trainer, error));
    TRY(put_losses(line, "", &state->interval, error));
    TRY(put_number(line, "learning_rate", trainer->learning_rate, error));
    TRY(put_number(line, "grad_norm", trainer->grad_norm, error));
    if (trainer->settings->batch_count > 1) {
        int64_t size = settings_samples_in_step(trainer->settings, state->step - 1);
        TRY(json_put(line, "batch_size", json_integer(size), error));
    }
    TRY(json_put(line, "tokens", json_integer((json_int_t)state->tokens), error));
    return json_put(line, "samples", json_integer(samples), error);
}

static bert_status put_communication(json_t *line, trainer *trainer, bert_error *error)
{
    if (!trainer->exchange)
        return BERT_OK;
    exchange_statistics seen = exchange_take_statistics(trainer->exchange);
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
    TRY(put_place(line, trainer, error));
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
    state->interval = (model_losses){0};
    trainer->interval_seconds = 0;
    trainer->interval_tokens = 0;
    trainer->interval_imbalance = 0;
    return status;
}

static bert_status fill_evaluation_line(json_t *line, const trainer *trainer,
                                        const evaluation_sums *sums, bert_error *error)
{
    TRY(put_place(line, trainer, error));
    TRY(put_losses(line, "eval_", &sums->losses, error));
    return json_put(line, "eval_samples", json_integer((json_int_t)sums->samples), error);
}

static void announce_evaluation(const trainer *trainer, const model_losses *losses)
{
    char nsp[48] = "";
    if (losses->nsp_count)
        snprintf(nsp, sizeof nsp, ", NSP accuracy %.4f",
                 share(losses->nsp_correct, losses->nsp_count));
    observer_message(trainer->observer, BERT_MESSAGE_INFO,
                     "step %lld: held-out loss %.4f, MLM accuracy %.4f%s",
                     (long long)trainer->state.step, losses_total(losses),
                     share(losses->mlm_correct, losses->mlm_count), nsp);
}

bert_status trainer_evaluate(trainer *trainer, bert_error *error)
{
    train_state *state = &trainer->state;
    evaluation_sums sums = {0};
    /* To the end, whatever the observer says: a resumed run must show the same figures. */
    bert_observer watcher = trainer->observer ? *trainer->observer : (bert_observer){0};
    watcher.should_stop = NULL;
    TRY(evaluator_run(&trainer->evaluator, trainer->model, trainer->job, &sums, &watcher, error));
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

void trainer_note_step(trainer *trainer, const step_sums *sums, double seconds)
{
    const model_losses *losses = &sums->losses;
    trainer->interval_seconds += seconds;
    trainer->interval_tokens += sums->tokens;
    recent_steps *recent = &trainer->recent;
    double fade = exp(-seconds / 30), step_fade = 0.95;
    recent->seconds = recent->seconds * fade + seconds;
    recent->steps = recent->steps * fade + 1;
    recent->tokens = recent->tokens * fade + (double)sums->tokens;
    recent->mlm_loss = recent->mlm_loss * step_fade + losses->mlm_loss;
    recent->mlm_count = recent->mlm_count * step_fade + (double)losses->mlm_count;
    recent->nsp_loss = recent->nsp_loss * step_fade + losses->nsp_loss;
    recent->nsp_count = recent->nsp_count * step_fade + (double)losses->nsp_count;
}

void trainer_report(trainer *trainer)
{
    const run_settings *settings = trainer->settings;
    const recent_steps *recent = &trainer->recent;
    int64_t step = trainer->state.step;
    double loss = recent->mlm_count > 0 ? recent->mlm_loss / recent->mlm_count : 0;
    if (recent->nsp_count > 0)
        loss += recent->nsp_loss / recent->nsp_count;
    bert_progress progress = {
        .job = "pretrain",
        .unit = "step",
        .done = (uint64_t)step,
        .total = (uint64_t)settings->total_steps,
        .epoch = settings_epoch(settings, step),
        .loss = loss,
        .learning_rate = trainer->learning_rate,
        .tokens_per_second = recent->tokens / recent->seconds,
        .seconds_left = recent->seconds / recent->steps * (double)(settings->total_steps - step),
    };
    observer_progress(trainer->observer, &progress);
    trainer->reported_at = clock_seconds();
}
