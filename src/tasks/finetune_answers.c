/* A model's answers to the examples of a split. */
#include "tasks/finetune_trainer.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    const operations *operations = model_operations(trainer->step.model);
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
            *loss += operations->squared_error(logits, NULL, &target, 1, 1, 0);
        } else {
            answers->classes[first + row] = (int32_t)best;
            if (items[row].class >= 0)
                *loss +=
                    operations->cross_entropy_forward(logits, &items[row].class, 1, classes).loss;
        }
    }
    return BERT_OK;
}

/* The next examples of a split, as many as fit the model at once. */
static size_t next_input(finetune_trainer *trainer, const encoded_examples *encoded, size_t first,
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

/* To the examples [first, end), and the sum of their losses. */
static bert_status answer_range(finetune_trainer *trainer, const finetune_split *split,
                                size_t first, size_t end, answers *answers, double *loss,
                                bert_error *error)
{
    *loss = 0;
    for (size_t next; first < end; first = next) {
        model_input input;
        next = next_input(trainer, &split->encoded, first, end, &input);
        TRY(model_check_input(trainer->step.model, &input, error));
        model_label_logits(model_own_workspace(trainer->step.model), &input, trainer->logits);
        TRY(take_answers(trainer, split, first, next - first, answers, loss, error));
        job_alive(trainer->job);
    }
    return BERT_OK;
}

/* Gathers all[ranks × share]; before the call each rank has its own share filled in. */
static bert_status gather_array(bert_job *job, void *all, size_t share, size_t size,
                                bert_error *error)
{
    void *mine;
    TRY(job_sync_status(job, memory_array(&mine, share, size, "answers", error), error));
    memcpy(mine, (char *)all + (size_t)bert_job_rank(job) * share * size, share * size);
    bert_status status = job_allgather(job, mine, share * size, all, error);
    free(mine);
    return status;
}

static bert_status gather_answers(bert_job *job, answers *answers, size_t share, double *loss,
                                  bert_error *error)
{
    size_t ranks = (size_t)bert_job_size(job);
    double *losses;
    TRY(job_sync_status(
        job, memory_array((void **)&losses, ranks, sizeof *losses, "answers", error), error));
    losses[bert_job_rank(job)] = *loss;
    bert_status status = gather_array(job, losses, 1, sizeof *losses, error);
    *loss = 0;
    for (size_t rank = 0; rank < ranks; rank++)
        *loss += losses[rank];
    free(losses);
    TRY(status);
    return answers->numbers
               ? gather_array(job, answers->numbers, share, sizeof *answers->numbers, error)
               : gather_array(job, answers->classes, share, sizeof *answers->classes, error);
}

bert_status finetune_answer(finetune_trainer *trainer, const finetune_split *split,
                            answers *answers, bert_error *error)
{
    size_t count = split->examples.count, ranks = (size_t)bert_job_size(trainer->job);
    size_t share = (count + ranks - 1) / ranks;
    size_t first = share * (size_t)bert_job_rank(trainer->job);
    size_t end = first + share < count ? first + share : count;
    double loss = 0;
    bert_status status = answers_create(answers, trainer->inputs, share * ranks, error);
    if (status == BERT_OK)
        status = answer_range(trainer, split, first, end, answers, &loss, error);
    status = job_sync_status(trainer->job, status, error);
    if (status == BERT_OK && trainer->job)
        status = gather_answers(trainer->job, answers, share, &loss, error);
    answers->loss = loss / (double)count;
    if (status != BERT_OK)
        answers_free(answers);
    return status;
}
