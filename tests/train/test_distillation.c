/* Runs in which a student learns from a teacher. */
#include "tiny_run.h"

#include "formats/json.h"

#include <math.h>

static char teacher[700];

/* A teacher that knows something: 1 layer of 32, trained until it has the topics. */
static int set_up(void **state)
{
    static const char student[] =
        "{\"model_type\": \"distilbert\", \"vocab_size\": 45, \"dim\": 32, \"n_layers\": 1,"
        " \"n_heads\": 2, \"hidden_dim\": 64, \"max_position_embeddings\": 64}";
    tiny_set_up(state);
    assert_ok(file_write(tiny_path("student.json"), student, strlen(student), error));
    bert_pretrain_params params = tiny_params(tiny_path("teacher"));
    params.max_steps = 150;
    params.per_device_train_batch_size = 16;
    params.hidden_dropout_prob = params.attention_probs_dropout_prob = 0;
    params.next_sentence_prediction = false;
    params.eval_steps = params.save_steps = 0;
    bert_pretrain_result result = tiny_pretrain(&params);
    snprintf(teacher, sizeof teacher, "%s", result.checkpoint);
    return 0;
}

static bert_pretrain_params student_params(const char *output)
{
    bert_pretrain_params params = tiny_params(output);
    params.model = tiny_path("student.json");
    params.teacher = teacher;
    params.learning_rate = 1e-3;
    return params;
}

/* It starts from the teacher's layers and stays near it. */
static void test_student_learns(void **state)
{
    (void)state;
    bert_pretrain_params params = student_params(tiny_path("student"));
    bert_pretrain_result result = tiny_pretrain(&params);
    const char *run = params.output;
    assert_true(last_metric(run, "eval_mlm_loss") < 2.3); /* nothing learned is log 40 = 3.69 */
    assert_true(last_metric(run, "soft_loss") > 0 && last_metric(run, "soft_loss") < 2);
    assert_true(last_metric(run, "cosine_loss") > 0 && last_metric(run, "cosine_loss") < 0.5);
    assert_true(isnan(last_metric(run, "nsp_loss")));
    assert_true(isnan(last_metric(run, "eval_soft_loss")));

    params = student_params(tiny_path("alone")); /* the same without a teacher knows little */
    params.teacher = NULL;
    tiny_pretrain(&params);
    assert_true(last_metric(params.output, "eval_mlm_loss") > 3);
    assert_true(isnan(last_metric(params.output, "soft_loss")));

    /* Weights of the losses: the teacher's words alone move the student, too. */
    params = student_params(tiny_path("words"));
    params.distill_alpha_mlm = params.distill_alpha_cos = 0;
    params.distill_temperature = 4;
    bert_pretrain_result words = tiny_pretrain(&params);
    assert_true(words.train_loss != result.train_loss);
}

static void test_resume_repeats_the_run(void **state)
{
    (void)state;
    bert_pretrain_params params = student_params(tiny_path("whole"));
    tiny_pretrain(&params);
    params.output = tiny_path("parts");
    params.stop_after_steps = 5; /* between two logging steps */
    tiny_pretrain(&params);
    bert_pretrain_result result = tiny_resume(params.output, 0);
    assert_true(result.finished);
    assert_same_runs(tiny_path("whole"), tiny_path("parts"), 16);
}

static void test_what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const char wide[] =
        "{\"model_type\": \"distilbert\", \"vocab_size\": 45, \"dim\": 48, \"n_layers\": 1,"
        " \"n_heads\": 2, \"hidden_dim\": 64, \"max_position_embeddings\": 64}";
    bert_pretrain_result result;
    bert_pretrain_params params = student_params(tiny_path("refused"));
    params.distill_temperature = 0;
    assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->distill_temperature");
    params = student_params(tiny_path("refused"));
    params.distill_alpha_ce = params.distill_alpha_mlm = params.distill_alpha_cos = 0;
    assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "something to learn from");
    params = student_params(tiny_path("refused"));
    params.teacher = NULL;
    params.distill_alpha_cos = 0.5;
    assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->distill_alpha_cos requires params->teacher");
    params = student_params(tiny_path("refused"));
    params.teacher = "/nowhere";
    assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_IO, "/nowhere");
    params = student_params(tiny_path("refused"));
    params.model = tiny_path("wide.json");
    assert_ok(file_write(params.model, wide, strlen(wide), error));
    assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_INPUT,
                 "hidden_size is 32, the student's 48");
    assert_false(file_exists(params.output));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_student_learns),
        cmocka_unit_test(test_resume_repeats_the_run),
        cmocka_unit_test(test_what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tiny_tear_down);
}
