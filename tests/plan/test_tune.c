#include "testing.h"

#include "base/file.h"
#include "bert/tune.h"
#include "model/model.h"
#include "plan/process_memory.h"
#include "plan/trial.h"

#include <jansson.h>

static const model_config small = {
    .vocab_size = 100,
    .hidden_size = 16,
    .num_hidden_layers = 2,
    .num_attention_heads = 2,
    .intermediate_size = 32,
    .max_position_embeddings = 32,
    .type_vocab_size = 2,
    .initializer_range = 0.02,
    .layer_norm_eps = 1e-12,
    .next_sentence_prediction = true,
};

static void test_prediction(void **state)
{
    (void)state;
    const trial_work work = {.config = &small, .max_seq_length = 16, .batch_size = 8};
    bert_trial trial = {.micro_batch_tokens = 40, .ranks = 1, .threads = 1};
    assert_ok(trial_predict(&work, &trial, error));
    /* 40 tokens are two sequences of 16, each with 2 of 16 tokens masked (15 %, rounded). */
    const model_limits limits = {.tokens = 32, .sequences = 2, .masked = 4, .training = true};
    model *model;
    assert_ok(model_create(&model, &small, &limits, error));
    model_memory memory = model_memory_used(model);
    model_free(model);
    assert_int_equal(trial.predicted_bytes, 4 * memory.parameters + memory.activations);

    uint64_t of_one = trial.predicted_bytes;
    trial.ranks = 3;
    assert_ok(trial_predict(&work, &trial, error));
    assert_int_equal(trial.predicted_bytes, 3 * of_one);
}

static void test_ranks_run_together(void **state)
{
    (void)state;
    const trial_work work = {.config = &small, .max_seq_length = 16, .batch_size = 8};
    bert_trial trial = {.micro_batch_tokens = 1, .ranks = 3, .threads = 1};
    assert_ok(trial_run(&work, &trial, error)); /* one sequence at least */
    assert_int_equal(trial.state, BERT_TRIAL_MEASURED);
    assert_true(trial.pass_seconds > 0 && trial.update_seconds > 0);
    assert_true(trial.tokens_per_second > 0);
}

/* More than any system has. */
static void test_too_large(void **state)
{
    (void)state;
    model_config config = small;
    config.vocab_size = 1 << 30;
    config.hidden_size = 1 << 14;
    const trial_work work = {.config = &config, .max_seq_length = 16, .batch_size = 8};
    bert_trial trial = {.micro_batch_tokens = 16, .ranks = 1, .threads = 1};
    bert_status predicted = trial_predict(&work, &trial, NULL);
    assert_true(predicted == BERT_ERROR_MEMORY || trial.predicted_bytes > UINT64_C(1) << 40);
    if (predicted == BERT_ERROR_MEMORY) {
        assert_ok(trial_run(&work, &trial, error));
        assert_int_equal(trial.state, BERT_TRIAL_TOO_LARGE);
    }
}

static void test_memory_of_the_process(void **state)
{
    (void)state;
    enum { BYTES = 64 << 20 };
    assert_true(process_memory_available() > 0);
    uint64_t before = process_memory_now();
    process_memory_reset_peak();
    volatile char *block = malloc(BYTES);
    for (size_t i = 0; i < BYTES; i += 1024)
        block[i] = 1;
    uint64_t peak = process_memory_peak();
    free((void *)block);
    assert_true(before > 0 && peak >= before + BYTES / 2);
}

static const char *config_file(void)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/config.json", testing_directory());
    assert_ok(model_config_write(&small, path, error));
    return path;
}

static void remove_directory_of(const char *path)
{
    char directory[512];
    snprintf(directory, sizeof directory, "%.*s", (int)(strrchr(path, '/') - path), path);
    assert_ok(directory_remove(directory, error));
}

static void test_search(void **state)
{
    (void)state;
    char output[600];
    bert_tune_params params = bert_tune_params_default();
    params.model = config_file();
    params.max_seq_length = 32;
    params.batch_size = 16;
    params.threads = 2;
    params.seconds = 0; /* the first trial alone */
    snprintf(output, sizeof output, "%s.settings", params.model);
    params.output = output;
    bert_tune_result result;
    assert_ok(bert_tune(&params, &result, NULL, error));
    assert_true(result.finished && result.best == 0 && result.trial_count > 4);
    assert_int_equal(result.trials[0].state, BERT_TRIAL_MEASURED);
    assert_int_equal(result.trials[0].micro_batch_tokens, 4096);
    for (size_t i = 1; i < result.trial_count; i++)
        assert_int_equal(result.trials[i].state, BERT_TRIAL_NO_TIME);
    const bert_trial *last = &result.trials[result.trial_count - 1];
    assert_true(last->gradient_checkpointing && !last[-1].gradient_checkpointing);
    assert_true(last->predicted_bytes < result.trials[0].predicted_bytes);
    assert_true(last[-1].ranks == 2 && last[-1].threads == 1);

    json_t *settings = json_load_file(output, 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(settings, "micro-batch-tokens")), 4096);
    assert_string_equal(json_string_value(json_object_get(settings, "precision")), "float32");
    json_decref(settings);

    params.memory = 1000;
    assert_fails(bert_tune(&params, &result, NULL, error), BERT_ERROR_MEMORY, "does not fit");
    assert_int_equal(result.trials[0].state, BERT_TRIAL_TOO_LARGE);
    params.max_seq_length = 64;
    assert_fails(bert_tune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "32 positions");
    params.precision = (bert_precision)99;
    assert_fails(bert_tune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->precision is 99; expected any, float32 or bf16");
    remove_directory_of(params.model);
}

static bool stop_at_once(void *context)
{
    (void)context;
    return true;
}

static void test_stop(void **state)
{
    (void)state;
    bert_tune_params params = bert_tune_params_default();
    params.model = config_file();
    params.max_seq_length = 32;
    const bert_observer observer = {.should_stop = stop_at_once};
    bert_tune_result result;
    assert_ok(bert_tune(&params, &result, &observer, error));
    assert_false(result.finished);
    assert_int_equal(result.trial_count, 0);
    remove_directory_of(params.model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prediction), cmocka_unit_test(test_ranks_run_together),
        cmocka_unit_test(test_too_large),  cmocka_unit_test(test_memory_of_the_process),
        cmocka_unit_test(test_search),     cmocka_unit_test(test_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
