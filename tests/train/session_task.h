/* A task for sessions on batches of the caller's own: tiny, made, and soon learned. */
#ifndef TESTS_TRAIN_SESSION_TASK_H
#define TESTS_TRAIN_SESSION_TASK_H

#include "tiny_run.h"

enum { SEQUENCES = 8, LENGTH = 8, MASKED = 2, VOCABULARY = 45, MASK = 4 };

/* Every sequence repeats one word, so the masked ones are told by the others; whether the word's id
 * is odd is the label of the pair. A batch depends on the number of its step alone. */
typedef struct task {
    int32_t tokens[SEQUENCES * LENGTH], starts[SEQUENCES + 1];
    uint8_t types[SEQUENCES * LENGTH], pairs[SEQUENCES];
    int32_t positions[SEQUENCES * MASKED], labels[SEQUENCES * MASKED];
    int calls;
    void (*spoil)(bert_batch *batch, struct task *task); /* NULL: the batch is as it should be */
} task;

static inline bert_batch make_batch(task *task, int64_t step)
{
    for (int s = 0, t = 0, m = 0; s < SEQUENCES; s++) {
        task->starts[s] = t;
        int length = LENGTH - s % 3; /* of different lengths */
        int word = 5 + (int)((step * SEQUENCES + s) * 7 % 40);
        task->pairs[s] = (uint8_t)(word % 2);
        for (int i = 0; i < length; i++, t++) {
            task->tokens[t] = i == 0 ? 2 : word;
            task->types[t] = i > length / 2;
        }
        for (int i = 0; i < MASKED; i++, m++) {
            task->positions[m] = task->starts[s] + 1 + 2 * i;
            task->labels[m] = task->tokens[task->positions[m]];
            task->tokens[task->positions[m]] = MASK;
        }
        task->starts[s + 1] = t;
    }
    return (bert_batch){.sequence_count = SEQUENCES,
                        .token_count = task->starts[SEQUENCES],
                        .masked_count = SEQUENCES * MASKED,
                        .tokens = task->tokens,
                        .token_types = task->types,
                        .sequence_starts = task->starts,
                        .masked_positions = task->positions,
                        .masked_labels = task->labels,
                        .next_sentence_labels = task->pairs};
}

static inline bert_status next_batch(void *context, int64_t step, int sequences, bert_batch *batch,
                                     bert_error *error)
{
    (void)error;
    task *task = context;
    assert_int_equal(sequences, SEQUENCES);
    task->calls++;
    *batch = make_batch(task, step);
    if (task->spoil)
        task->spoil(batch, task);
    return BERT_OK;
}

/* Without pairs. */
static inline bert_status next_batch_alone(void *context, int64_t step, int sequences,
                                           bert_batch *batch, bert_error *error)
{
    bert_status status = next_batch(context, step, sequences, batch, error);
    batch->next_sentence_labels = NULL;
    return status;
}

/* Sampling is what the default is; the tokenizer is the one of the tiny data. */
static inline bert_pretrain_params own_params(const char *output)
{
    bert_pretrain_params params = tiny_params(output);
    params.data = NULL;
    params.tokenizer = tiny_path("data.tokenizer");
    params.eval_steps = 0;
    return params;
}

static inline bert_session *open_own(const bert_pretrain_params *params, task *task)
{
    const bert_batch_source source = {.context = task, .next = next_batch};
    bert_session *session;
    assert_ok(bert_session_open(&session, params, &source, NULL, error));
    return session;
}

static inline bert_step_result run_steps(bert_session *session, int64_t count)
{
    bert_step_result result = {0};
    for (int64_t i = 0; i < count; i++)
        assert_ok(bert_session_step(session, &result, error));
    return result;
}

#endif
