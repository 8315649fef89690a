#include "tasks/finetune_trainer.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/observer.h"
#include "formats/json.h"
#include "math/cross_entropy.h"
#include "math/squared_error.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------ preparation --- */

static bert_status create_buffers(finetune_trainer *trainer, bert_error *error)
{
    const finetune_inputs *inputs = trainer->inputs;
    size_t bytes = inputs->table.size * sizeof(float);
    size_t size = (size_t)inputs->params->per_device_train_batch_size;
    TRY(memory_map((void **)&trainer->first_moment, bytes, "first moments", error));
    TRY(memory_map((void **)&trainer->second_moment, bytes, "second moments", error));
    TRY(memory_map((void **)&trainer->best_values, bytes, "the best weights", error));
    TRY(memory_array((void **)&trainer->labels, size, sizeof(int32_t), "labels", error));
    TRY(memory_array((void **)&trainer->targets, size, sizeof(float), "labels", error));
    return memory_array((void **)&trainer->logits,
                        (size_t)trainer->limits.sequences * (size_t)inputs->config.num_labels,
                        sizeof(float), "answers", error);
}

bert_status finetune_trainer_create(finetune_trainer *trainer, bert_error *error)
{
    const finetune_inputs *inputs = trainer->inputs;
    const bert_finetune_params *params = inputs->params;
    int size = params->per_device_train_batch_size, length = params->max_seq_length;
    gemm_precision precision = gemm_precision_named(params->precision);
    int tokens = params->micro_batch_tokens
                     ? params->micro_batch_tokens
                     : micro_batch_default_tokens(&inputs->config, precision);
    if (size > INT32_MAX / length)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "a batch of %d texts of %d tokens (params->per_device_train_batch_size, "
                         "params->max_seq_length) is too large",
                         size, length);
    schedule_kind kind;
    TRY(schedule_parse(&kind, params->lr_scheduler_type, error));
    trainer->adam = (adam_settings){.beta1 = params->adam_beta1,
                                    .beta2 = params->adam_beta2,
                                    .epsilon = params->adam_epsilon,
                                    .weight_decay = params->weight_decay,
                                    .decoupled = true};
    int64_t count = (int64_t)inputs->train.examples.count;
    trainer->steps_per_epoch = (count + size - 1) / size;
    trainer->total_steps = trainer->steps_per_epoch * params->num_train_epochs;
    int64_t warmup_steps = (int64_t)ceil(params->warmup_ratio * (double)trainer->total_steps);
    trainer->schedule =
        schedule_default(kind, schedule_has_warmup(kind) ? warmup_steps : 0, trainer->total_steps);
    TRY(micro_batches_create(&trainer->splitter, size, tokens, length, 0, error));
    trainer->limits = micro_batches_limits(&trainer->splitter, true);
    TRY(model_create(&trainer->model, &inputs->config, &trainer->limits, error));
    model_set_precision(trainer->model, precision);
    TRY(batch_create(&trainer->batch, size * length, size, 0, error));
    return create_buffers(trainer, error);
}

void finetune_trainer_free(finetune_trainer *trainer)
{
    if (!trainer->inputs)
        return;
    size_t bytes = trainer->inputs->table.size * sizeof(float);
    memory_unmap(trainer->first_moment, bytes);
    memory_unmap(trainer->second_moment, bytes);
    memory_unmap(trainer->best_values, bytes);
    free(trainer->labels);
    free(trainer->targets);
    free(trainer->logits);
    batch_free(&trainer->batch);
    micro_batches_free(&trainer->splitter);
    model_free(trainer->model);
    *trainer = (finetune_trainer){0};
}

/* ------------------------------------------------------------------------------ measurement --- */

static bert_status answers_create(answers *answers, const finetune_inputs *inputs, size_t count,
                                  bert_error *error)
{
    *answers = (struct answers){.loss = NAN};
    if (inputs->regression)
        return memory_array((void **)&answers->numbers, count, sizeof *answers->numbers, "answers",
                            error);
    return memory_array((void **)&answers->classes, count, sizeof *answers->classes, "answers",
                        error);
}

void answers_free(answers *answers)
{
    free(answers->classes);
    free(answers->numbers);
    *answers = (struct answers){0};
}

/* logits[rows, num_labels] of the examples from `first` on: answers, and the sum of their losses.
 */
static bert_status take_answers(finetune_trainer *trainer, const finetune_split *split,
                                size_t first, size_t rows, answers *answers, double *loss,
                                bert_error *error)
{
    const example *items = split->examples.items + first;
    size_t classes = (size_t)trainer->inputs->config.num_labels;
    const float *logits = trainer->logits;
    for (size_t row = 0; row < rows; row++, logits += classes) {
        size_t best = 0;
        for (size_t class = 0; class < classes; class ++) {
            if (!isfinite(logits[class]))
                return error_set(
                    error, BERT_ERROR_NOT_FINITE,
                    "the answer to example %zu is not finite; a lower params->learning_rate "
                    "may help",
                    first + row + 1);
            if (logits[class] > logits[best])
                best = class;
        }
        float target = (float)items[row].score;
        if (answers->numbers) {
            answers->numbers[first + row] = (double)logits[0];
            *loss += squared_error(logits, NULL, &target, 1, 1, 0);
        } else {
            answers->classes[first + row] = (int32_t)best;
            if (items[row].class >= 0)
                *loss += cross_entropy_forward(logits, &items[row].class, 1, classes).loss;
        }
    }
    return BERT_OK;
}

/* The next examples of a split, as many as fit the model at once. */
static size_t fill_piece(finetune_trainer *trainer, const encoded_examples *encoded, size_t first,
                         size_t count, model_input *input)
{
    batch *batch = &trainer->batch;
    size_t start = encoded->starts[first], end = first;
    while (end < count && end - first < (size_t)trainer->limits.sequences &&
           encoded->starts[end + 1] - start <= (size_t)trainer->limits.tokens) {
        batch->sample_numbers[end - first] = end;
        end++;
        batch->sequence_starts[end - first] = (int32_t)(encoded->starts[end] - start);
    }
    *input = (model_input){
        .token_count = (int)(encoded->starts[end] - start),
        .sequence_count = (int)(end - first),
        .tokens = encoded->tokens + start,
        .token_types = encoded->types + start,
        .sequence_starts = batch->sequence_starts,
        .sample_numbers = batch->sample_numbers,
    };
    return end;
}

bert_status finetune_answer(finetune_trainer *trainer, const finetune_split *split,
                            answers *answers, bert_error *error)
{
    size_t count = split->examples.count;
    double loss = 0;
    TRY(answers_create(answers, trainer->inputs, count, error));
    bert_status status = BERT_OK;
    for (size_t first = 0, end; first < count && status == BERT_OK; first = end) {
        model_input input;
        end = fill_piece(trainer, &split->encoded, first, count, &input);
        status = model_check_input(trainer->model, &input, error);
        if (status != BERT_OK)
            break;
        model_label_logits(trainer->model, &input, trainer->logits);
        status = take_answers(trainer, split, first, end - first, answers, &loss, error);
    }
    answers->loss = loss / (double)count;
    if (status != BERT_OK)
        answers_free(answers);
    return status;
}

static bert_status put_scores(json_t *line, const char *split, const task_scores *scores,
                              bert_error *error)
{
    for (int i = 0; i < scores->count; i++) {
        char key[64];
        snprintf(key, sizeof key, "eval_%s%s%s", split, *split ? "_" : "", scores->names[i]);
        TRY(json_put(line, key,
                     isnan(scores->values[i]) ? json_null() : json_real(scores->values[i]), error));
    }
    return BERT_OK;
}

static json_t *begin_line(const finetune_trainer *trainer, const finetune_job *job, int64_t step)
{
    return json_pack("{s:I, s:s, s:I, s:f}", "step", (json_int_t)(job->first_step + step), "start",
                     job->start == START_MODEL ? "model" : "scratch", "seed", (json_int_t)job->seed,
                     "epoch", (double)step / (double)trainer->steps_per_epoch);
}

/* Every validation file; a line of metrics.jsonl for all. */
static bert_status measure(finetune_trainer *trainer, const finetune_job *job, int64_t step,
                           task_scores scores[GLUE_SPLITS_MAX], bert_error *error)
{
    const finetune_inputs *inputs = trainer->inputs;
    json_t *line = begin_line(trainer, job, step);
    bert_status status = BERT_OK;
    for (size_t i = 0; i < inputs->validation_count && status == BERT_OK; i++) {
        const finetune_split *split = &inputs->validation[i];
        answers answers;
        char key[64];
        snprintf(key, sizeof key, "eval_%s%sloss", split->name, *split->name ? "_" : "");
        TRY_OR_GO(status, finetune_answer(trainer, split, &answers, error), done);
        status = task_scores_compute(&scores[i], inputs->scores, &split->examples, answers.classes,
                                     answers.numbers, inputs->classes.count, error);
        if (status == BERT_OK)
            status = json_put(line, key, json_real(answers.loss), error);
        if (status == BERT_OK)
            status = put_scores(line, split->name, &scores[i], error);
        answers_free(&answers);
    }
    if (status == BERT_OK)
        status = metrics_write(trainer->metrics, line, error);
done:
    json_decref(line);
    return status;
}

static void announce(const finetune_trainer *trainer, const finetune_job *job, int epoch,
                     const task_scores *scores)
{
    char text[256] = "";
    size_t length = 0;
    for (int i = 0; i < scores->count; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%s %.4f",
                                   i > 0 ? ", " : "", scores->names[i], scores->values[i]);
    observer_message(trainer->observer, BERT_MESSAGE_INFO, "%s, seed %" PRIu64 ", epoch %d: %s",
                     job->start == START_MODEL ? "model" : "from scratch", job->seed, epoch, text);
}

/* ------------------------------------------------------------------------------------- loop --- */

static void report(finetune_trainer *trainer, int64_t step, double loss, double seconds)
{
    trainer->seconds += seconds;
    trainer->tokens += trainer->batch.token_count;
    double now = clock_seconds();
    if (now - trainer->reported_at < PROGRESS_SECONDS)
        return;
    trainer->reported_at = now;
    int64_t done = trainer->progress_done + step;
    bert_progress progress = {
        .job = "finetune",
        .unit = "step",
        .done = (uint64_t)done,
        .total = (uint64_t)trainer->progress_total,
        .epoch = (double)step / (double)trainer->steps_per_epoch,
        .loss = loss,
        .learning_rate = NAN,
        .tokens_per_second = trainer->tokens / trainer->seconds,
        .seconds_left = NAN,
    };
    observer_progress(trainer->observer, &progress);
}

static bert_status log_step(finetune_trainer *trainer, const finetune_job *job, int64_t step,
                            double loss, double grad_norm, bert_error *error)
{
    json_t *line = begin_line(trainer, job, step);
    bert_status status = json_put(line, "loss", json_real(loss), error);
    if (status == BERT_OK)
        status = json_put(line, "grad_norm", json_real(grad_norm), error);
    if (status == BERT_OK)
        status = metrics_write(trainer->metrics, line, error);
    json_decref(line);
    return status;
}

/* The steps of one epoch; a line of the log holds the mean loss since the one before. */
static bert_status train_epoch(finetune_trainer *trainer, const finetune_job *job, int epoch,
                               bool *stopped, bert_error *error)
{
    int64_t end = trainer->steps_per_epoch * epoch, logged = end - trainer->steps_per_epoch;
    double sum = 0;
    for (int64_t step = logged; step < end; step++) {
        double loss, grad_norm, start = clock_seconds();
        TRY(finetune_step(trainer, job, step, &loss, &grad_norm, error));
        sum += loss;
        report(trainer, step + 1, loss, clock_seconds() - start);
        if (step + 1 == end || (step + 1) % trainer->inputs->params->logging_steps == 0) {
            TRY(log_step(trainer, job, step + 1, sum / (double)(step + 1 - logged), grad_norm,
                         error));
            logged = step + 1;
            sum = 0;
        }
        *stopped = observer_should_stop(trainer->observer);
        if (*stopped)
            return BERT_OK;
    }
    return BERT_OK;
}

/* What is new in a model is told once: it is the same for all seeds. */
static bert_status begin(finetune_trainer *trainer, const finetune_job *job, bert_error *error)
{
    size_t bytes = trainer->inputs->table.size * sizeof(float);
    memset(trainer->first_moment, 0, bytes);
    memset(trainer->second_moment, 0, bytes);
    memset(model_gradients(trainer->model), 0, bytes);
    return finetune_initialize(trainer->inputs, job->seed, job->start == START_SCRATCH,
                               job->first_step == 0 ? trainer->observer : NULL,
                               model_weights(trainer->model), error);
}

bert_status finetune_trainer_run(finetune_trainer *trainer, const finetune_job *job,
                                 finetune_outcome *outcome, bert_error *error)
{
    const bert_finetune_params *params = trainer->inputs->params;
    size_t bytes = trainer->inputs->table.size * sizeof(float);
    *outcome = (finetune_outcome){0};
    TRY(begin(trainer, job, error));
    for (int epoch = 1; epoch <= params->num_train_epochs; epoch++) {
        task_scores scores[GLUE_SPLITS_MAX] = {0};
        TRY(train_epoch(trainer, job, epoch, &outcome->stopped, error));
        if (outcome->stopped)
            return BERT_OK;
        TRY(measure(trainer, job, trainer->steps_per_epoch * epoch, scores, error));
        announce(trainer, job, epoch, &scores[0]);
        outcome->epochs = epoch;
        if (epoch == 1 || task_score_better(scores[0].judged_by, outcome->scores[0].judged_by)) {
            memcpy(outcome->scores, scores, sizeof scores);
            memcpy(trainer->best_values, model_weights(trainer->model), bytes);
            outcome->best_epoch = epoch;
        }
        if (params->early_stopping_patience > 0 &&
            epoch - outcome->best_epoch >= params->early_stopping_patience)
            break;
    }
    memcpy(model_weights(trainer->model), trainer->best_values, bytes);
    return BERT_OK;
}
