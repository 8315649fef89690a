/* What a session refuses: batches, params, steps after a failure. */
#include "session_task.h"

#include <math.h>

#define SPOIL(name, change)                                 \
    static void spoil_##name(bert_batch *batch, task *task) \
    {                                                       \
        (void)batch, (void)task;                            \
        change;                                             \
    }
SPOIL(count, batch->sequence_count = 7)
SPOIL(token, task->tokens[5] = VOCABULARY)
SPOIL(negative, task->tokens[5] = -1)
SPOIL(type, task->types[3] = 2)
SPOIL(start, task->starts[0] = 1)
SPOIL(end, batch->token_count--)
SPOIL(empty, task->starts[2] = task->starts[1])
SPOIL(order, task->positions[1] = task->positions[0])
SPOIL(outside, task->positions[SEQUENCES * MASKED - 1] = batch->token_count)
SPOIL(label, task->labels[2] = VOCABULARY)
SPOIL(no_labels, batch->masked_labels = NULL)
SPOIL(no_positions, batch->masked_positions = NULL)
SPOIL(no_tokens, batch->tokens = NULL)
SPOIL(no_starts, batch->sequence_starts = NULL)
SPOIL(no_pairs, batch->next_sentence_labels = NULL)
SPOIL(pair, task->pairs[4] = 2)
SPOIL(tokens, batch->token_count = SEQUENCES * 32 + 1)
SPOIL(masked, batch->masked_count = -1)
SPOIL(nothing, )

static void refuse_batch(void (*spoil)(bert_batch *, task *), bool pairs, const char *message)
{
    static int number;
    task task = {0};
    bert_pretrain_params params = own_params(tiny_path("refused-%d", number++));
    params.next_sentence_prediction = pairs;
    params.save_steps = 1;
    bert_session *session = open_own(&params, &task);
    bert_step_result result = {0};
    if (pairs)
        run_steps(session, 1);
    task.spoil = spoil;
    assert_fails(bert_session_step(session, &result, error), BERT_ERROR_INPUT, message);
    assert_fails(bert_session_step(session, &result, error), BERT_ERROR_INVALID_ARGUMENT,
                 "failed; bert_session_resume continues the run");
    assert_int_equal(bert_session_steps_done(session), pairs);
    assert_int_equal(task.calls, 1 + pairs);
    bert_session_close(session);
}

static void test_refused_batches(void **state)
{
    (void)state;
    refuse_batch(spoil_count, true, "step 2: batch: 7 sequences, expected 8");
    refuse_batch(spoil_token, true, "step 2: batch: token 5 has id 45, but the model's vocab_size");
    refuse_batch(spoil_negative, true, "token 5 has id -1");
    refuse_batch(spoil_type, true, "token 3 has type 2, but the model's type_vocab_size is 2");
    refuse_batch(spoil_start, true, "sequence_starts go from 1 to 57, expected 0 to token_count");
    refuse_batch(spoil_end, true, "sequence_starts go from 0 to 57, expected 0 to token_count, 56");
    refuse_batch(spoil_empty, true, "sequence 1 has 0 tokens, expected 1 to params->max_seq_len");
    refuse_batch(spoil_order, true, "masked_positions[1] is 1, expected 2 to 56");
    refuse_batch(spoil_outside, true, "masked_positions[15] is 57");
    refuse_batch(spoil_label, true, "masked_labels[2] is 45, but the model's vocab_size is 45");
    refuse_batch(spoil_no_labels, true, "masked_labels is NULL");
    refuse_batch(spoil_no_positions, true, "masked_positions is NULL");
    refuse_batch(spoil_no_tokens, true, "tokens is NULL");
    refuse_batch(spoil_no_starts, true, "sequence_starts is NULL");
    refuse_batch(spoil_no_pairs, true, "next_sentence_labels is NULL, but the model has an NSP");
    refuse_batch(spoil_pair, true, "next_sentence_labels[4] is 2, expected 0 or 1");
    refuse_batch(spoil_tokens, true, "257 tokens in 8 sequences, expected 1 to 32 in each");
    refuse_batch(spoil_masked, true, "-1 predictions, expected 0 to 256");
    refuse_batch(spoil_nothing, false, "next_sentence_labels for a model without NSP head");

    /* A prediction more in a sequence than the samples of prepared data have. */
    task task = {0};
    bert_session *session;
    bert_losses losses;
    bert_pretrain_params params = tiny_params(tiny_path("crowded"));
    assert_ok(bert_session_open(&session, &params, NULL, NULL, error));
    bert_batch batch = make_batch(&task, 0);
    int32_t positions[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    batch.masked_positions = positions;
    batch.masked_count = 8;
    assert_fails(bert_session_loss(session, &batch, &losses, error), BERT_ERROR_INPUT,
                 "batch: sequence 0 has 6 or more predictions, expected at most 5");
    bert_session_close(session);
}

static bert_status fail_batch(void *context, int64_t step, int sequences, bert_batch *batch,
                              bert_error *error)
{
    (void)step, (void)sequences, (void)batch;
    if (context)
        snprintf(error->message, sizeof error->message, "the database is gone");
    return BERT_ERROR_IO;
}

/* As strncpy leaves a text that is too long. */
static bert_status fail_without_end(void *context, int64_t step, int sequences, bert_batch *batch,
                                    bert_error *error)
{
    (void)context, (void)step, (void)sequences, (void)batch;
    memset(error->message, 'x', sizeof error->message);
    return BERT_ERROR_IO;
}

static void test_message_without_end(void **state)
{
    (void)state;
    task task = {0};
    const bert_batch_source source = {.context = &task, .next = fail_without_end};
    bert_session *session;
    bert_step_result result;
    bert_pretrain_params params = own_params(tiny_path("endless"));
    assert_ok(bert_session_open(&session, &params, &source, NULL, error));
    bert_error error;
    assert_int_equal(bert_session_step(session, &result, &error), BERT_ERROR_IO);
    const char *text = strchr(error.message, 'x');
    assert_non_null(text);
    assert_int_equal(strspn(text, "x"), strlen(text));
    bert_session_close(session);
}

static void test_refused_sessions(void **state)
{
    (void)state;
    task task = {0};
    bert_batch_source source = {.context = &task, .next = next_batch};
    bert_session *session;
    bert_step_result result;
    const char *output = tiny_path("no-session");
#define SESSION_REFUSED(change, given_source, message)                                \
    do {                                                                              \
        bert_pretrain_params params = own_params(output);                             \
        params.change;                                                                \
        assert_fails(bert_session_open(&session, &params, given_source, NULL, error), \
                     BERT_ERROR_INVALID_ARGUMENT, message);                           \
        assert_null(session);                                                         \
        assert_false(file_exists(output));                                            \
    } while (0)
    SESSION_REFUSED(data = NULL, NULL, "params->data is missing");
    SESSION_REFUSED(data = tiny_data, &source, "params->data and a source of batches are both");
    SESSION_REFUSED(tokenizer = NULL, &source, "params->tokenizer is missing");
    SESSION_REFUSED(max_steps = 0, &source, "params->max_steps is 0");
    SESSION_REFUSED(eval_steps = 2, &source, "bert_session_loss evaluates a batch");
    SESSION_REFUSED(eval_data = "data", &source, "bert_session_loss evaluates a batch");
    SESSION_REFUSED(mlm_probability = 0.2, &source, "params->mlm_probability has no effect");
    SESSION_REFUSED(mask_unit = BERT_MASK_UNIT_WORD, &source, "params->mask_unit has no effect");
    SESSION_REFUSED(masks = BERT_MASKS_STATIC, &source, "params->masks has no effect");
    SESSION_REFUSED(pairs = BERT_PAIRS_SENTENCE, &source, "params->pairs has no effect");
    SESSION_REFUSED(short_seq_probability = 0, &source, "params->short_seq_probability has no");
    SESSION_REFUSED(sequence_schedule = "16:0.5,32:0.5", &source, "params->sequence_schedule has");
    SESSION_REFUSED(learning_rate = 0, &source, "params->learning_rate is 0");
    source.next = NULL;
    SESSION_REFUSED(max_steps = 2, &source, "source->next is NULL");

    for (int says = 0; says < 2; says++) {
        source = (bert_batch_source){.context = says ? &task : NULL, .next = fail_batch};
        bert_pretrain_params params = own_params(tiny_path("failed-%d", says));
        assert_ok(bert_session_open(&session, &params, &source, NULL, error));
        assert_fails(bert_session_step(session, &result, error), BERT_ERROR_IO,
                     says ? "step 1: the database is gone"
                          : "step 1: the source of batches failed");
        bert_session_close(session);
    }
}

/* A weight that is not finite is noticed, and not saved. */
static void test_not_finite(void **state)
{
    (void)state;
    task task = {0};
    bert_pretrain_params params = own_params(tiny_path("broken"));
    bert_session *session = open_own(&params, &task);
    bert_step_result result = run_steps(session, 1);
    bert_tensor tensor;
    assert_ok(bert_session_weights(session, "cls.predictions.bias", &tensor, error));
    tensor.values[7] = NAN;
    assert_fails(bert_session_save(session, error), BERT_ERROR_NOT_FINITE,
                 "parameter cls.predictions.bias is not finite");
    assert_fails(bert_session_step(session, &result, error), BERT_ERROR_NOT_FINITE,
                 "step 2: a number is not finite");
    bert_session_close(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_batches),
        cmocka_unit_test(test_refused_sessions),
        cmocka_unit_test(test_message_without_end),
        cmocka_unit_test(test_not_finite),
    };
    return cmocka_run_group_tests(tests, tiny_set_up, tiny_tear_down);
}
