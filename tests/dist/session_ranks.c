/* Run by mpirun on two ranks: a session on batches of the caller's own, of which each rank makes
 * its share, trains what one process trains on the whole; the ranks stop and fail together.
 *
 *     session_ranks FIXTURE DIRECTORY      tests/cli/make-fixture's, and one that rank 0 makes */
#include "testing.h"

#include "base/file.h"
#include "bert.h"

#include <math.h>

enum { SEQUENCES = 8, LENGTH = 6, TOKENS = SEQUENCES * LENGTH };

static bert_job *job;
static const char *fixture, *directory;

typedef struct share {
    int first; /* sequence of the whole batch */
    int64_t bad_step;
    int32_t tokens[TOKENS], starts[SEQUENCES + 1], positions[SEQUENCES], labels[SEQUENCES];
} share;

static bert_status next_batch(void *context, int64_t step, int sequences, bert_batch *batch,
                              bert_error *error)
{
    share *share = context;
    (void)error;
    for (int s = 0; s < sequences; s++) {
        int sequence = share->first + s;
        share->starts[s] = s * LENGTH;
        for (int i = 0; i < LENGTH; i++)
            share->tokens[s * LENGTH + i] = 5 + (int)((step + sequence * 3 + i) % 20);
        share->positions[s] = s * LENGTH + 2;
        share->labels[s] = share->tokens[s * LENGTH + 2];
        share->tokens[s * LENGTH + 2] = 4;
    }
    share->starts[sequences] = sequences * LENGTH;
    if (step == share->bad_step)
        share->tokens[0] = -1;
    *batch = (bert_batch){.sequence_count = sequences,
                          .token_count = sequences * LENGTH,
                          .masked_count = sequences,
                          .tokens = share->tokens,
                          .sequence_starts = share->starts,
                          .masked_positions = share->positions,
                          .masked_labels = share->labels};
    return BERT_OK;
}

/* Of the job with `name`; each rank alone with "alone". */
static bert_session *open_session(const char *name, share *share, bool alone, int zero)
{
    int rank = bert_job_rank(job), ranks = bert_job_size(job);
    char config[1000], tokenizer[1000], output[1000];
    snprintf(config, sizeof config, "%s/config.json", fixture);
    snprintf(tokenizer, sizeof tokenizer, "%s/tokenizer", fixture);
    snprintf(output, sizeof output, "%s/%s%d", directory, name, alone ? rank : 0);
    bert_pretrain_params params = bert_pretrain_params_default();
    params.tokenizer = tokenizer;
    params.model = config;
    params.output = output;
    params.next_sentence_prediction = false;
    params.max_seq_length = 16;
    params.max_steps = 6;
    params.learning_rate = 1e-3;
    params.threads = 1;
    params.zero = zero;
    params.job = alone ? NULL : job;
    params.per_device_train_batch_size = alone ? SEQUENCES : SEQUENCES / ranks;
    *share = (struct share){.first = alone ? 0 : SEQUENCES * rank / ranks, .bad_step = -1};
    const bert_batch_source source = {.context = share, .next = next_batch};
    bert_session *session;
    assert_ok(bert_session_open(&session, &params, &source, NULL, error));
    return session;
}

static void assert_close(const bert_tensor *left, const bert_tensor *right, float tolerance)
{
    assert_int_equal(left->count, right->count);
    for (size_t i = 0; i < left->count; i++)
        if (!(fabsf(left->values[i] - right->values[i]) <= tolerance))
            fail_msg("%s[%zu]: %g and %g", left->name, i, (double)left->values[i],
                     (double)right->values[i]);
}

static void test_same_as_alone(void **state)
{
    (void)state;
    share whole, part;
    bert_session *alone = open_session("alone", &whole, true, 0);
    bert_session *together = open_session("together", &part, false, 0);
    bert_step_result expected, result;
    bert_tensor left, right;
    for (int step = 0; step < 3; step++) {
        assert_ok(bert_session_step(alone, &expected, error));
        assert_ok(bert_session_step(together, &result, error));
        assert_int_equal(result.sequences, SEQUENCES);
        assert_int_equal(result.tokens, TOKENS);
        assert_true(fabs(result.losses.loss - expected.losses.loss) < 1e-4);
        if (step > 0)
            continue; /* Adam makes rounding of a gradient near zero large */
        for (size_t i = 0; i < bert_session_tensor_count(alone); i++) {
            const char *name = bert_session_tensor_name(alone, i);
            assert_ok(bert_session_gradients(alone, name, &left, error));
            assert_ok(bert_session_gradients(together, name, &right, error));
            assert_close(&left, &right, 1e-5f);
        }
    }
    bert_session_close(alone);
    bert_session_close(together);
}

static bool stop_rank_1(void *context, bert_session *session, const bert_step_result *result)
{
    (void)context, (void)session;
    return !(bert_job_rank(job) == 1 && result->step == 2);
}

static void test_stop_together(void **state)
{
    (void)state;
    share part;
    bert_session *session = open_session("stopped", &part, false, 1);
    bert_step_result result;
    bert_tensor tensor;
    assert_ok(bert_session_run(session, stop_rank_1, NULL, &result, error));
    assert_int_equal(result.step, 2);
    assert_true(result.stopping);
    assert_fails(bert_session_gradients(session, "cls.predictions.bias", &tensor, error),
                 BERT_ERROR_UNSUPPORTED, "params->zero = 1 on 2 ranks");
    assert_ok(bert_session_step(session, &result, error));
    assert_ok(bert_session_save(session, error));
    if (bert_job_rank(job) == 0) {
        char path[1000];
        snprintf(path, sizeof path, "%s/stopped0/checkpoint-3", directory);
        assert_true(path_is_directory(path));
    }
    bert_session_close(session);
}

static void test_fail_together(void **state)
{
    (void)state;
    share part;
    bert_session *session = open_session("failed", &part, false, 0);
    bert_step_result result;
    assert_ok(bert_session_step(session, &result, error));
    if (bert_job_rank(job) == 1) {
        part.bad_step = 1;
        assert_fails(bert_session_step(session, &result, error), BERT_ERROR_INPUT,
                     "step 2: batch: token 0 has id -1");
    } else {
        assert_fails(bert_session_step(session, &result, error), BERT_ERROR_INPUT, "");
    }
    bert_session_close(session);
}

int main(int argc, char **argv)
{
    bert_job_params params = bert_job_params_default();
    bert_error error;
    if (argc != 3 || bert_job_join(&job, &params, &error) != BERT_OK || bert_job_size(job) != 2) {
        fprintf(stderr, "expected two ranks, a fixture and a directory\n");
        return EXIT_FAILURE;
    }
    fixture = argv[1];
    directory = argv[2];
    if (bert_job_rank(job) == 0) {
        directory_remove(directory, NULL);
        directory_create(directory, NULL);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stop_together),
        cmocka_unit_test(test_same_as_alone),
        cmocka_unit_test(test_fail_together),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    if (bert_job_rank(job) == 0)
        directory_remove(directory, NULL);
    bert_job_finalize(job);
    return failures;
}
