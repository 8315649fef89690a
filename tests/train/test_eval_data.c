/* A set of its own to evaluate on: the loss that a run reports is that of this set. */
#include "tiny_run.h"

#include "dataset/dataset.h"

#include <math.h>
#include <string.h>

#define ROWS "tests/dataset/pretokenized/"

enum { VOCABULARY = 45 };

static char other[700], whole[700], both[1400];

/* "other" has ten documents and a validation split of four, "whole" six and no such split. */
static int set_up(void **state)
{
    tiny_set_up(state);
    snprintf(other, sizeof other, "%s", tiny_path("other"));
    snprintf(whole, sizeof whole, "%s", tiny_path("whole"));
    snprintf(both, sizeof both, "%s\n%s", other, whole);
    copy_documents(tiny_data, other, 0, 10, BERT_LAYOUT_SENTENCES);
    copy_documents(tiny_data, tiny_path("other.validation"), 10, 14, BERT_LAYOUT_SENTENCES);
    copy_documents(tiny_data, whole, 20, 26, BERT_LAYOUT_SENTENCES);
    copy_directory(tiny_path("data.tokenizer"), tiny_path("other.tokenizer"));
    copy_directory(tiny_path("data.tokenizer"), tiny_path("whole.tokenizer"));
    return 0;
}

/* The loss that the run reports, of as many samples as `samples`. */
static double run_on(const char *eval_data, const char *name, double *samples)
{
    bert_pretrain_params params = tiny_params(tiny_path("%s", name));
    params.eval_data = eval_data;
    bert_pretrain_result result = tiny_pretrain(&params);
    *samples = last_metric(params.output, "eval_samples");
    return result.eval_loss;
}

static double evaluate(const char *name, const char *data, const char *eval_data, bool train_split,
                       uint64_t *samples)
{
    bert_evaluate_params params = bert_evaluate_params_default();
    bert_evaluation evaluation;
    params.model = tiny_path("%s", name);
    params.data = data;
    params.eval_data = eval_data;
    params.train_split = train_split;
    params.batch_size = tiny_params("").per_device_train_batch_size;
    params.seed = tiny_params("").seed;
    assert_ok(bert_evaluate(&params, &evaluation, NULL, error));
    *samples = evaluation.samples;
    return evaluation.mlm_loss + evaluation.nsp_loss;
}

/* What a run reports is what bert_evaluate measures on the documents that the set stands for. */
static void test_loss_is_that_of_the_set(void **state)
{
    (void)state;
    char literal[700];
    snprintf(literal, sizeof literal, "%s.validation", other);
    const struct {
        const char *name, *eval_data, *same;
        bool train_split; /* of `same` */
    } cases[] = {
        {"usual", NULL, tiny_data, false},
        {"its-validation", other, other, false},
        {"all-of-it", whole, whole, true},
        {"by-name", literal, other, false},
        {"rows", ROWS "splits", ROWS "splits", false},
        {"rows-of-a-split", ROWS "forms/published.zip:train", ROWS "forms/hub", true},
    };
    double losses[sizeof cases / sizeof *cases];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *eval_data = cases[i].eval_data;
        double samples;
        uint64_t evaluated;
        losses[i] = run_on(eval_data, cases[i].name, &samples);
        double expected =
            evaluate(cases[i].name, cases[i].same, NULL, cases[i].train_split, &evaluated);
        assert_true(samples == (double)evaluated);
        assert_true(fabs(losses[i] - expected) < 1e-9);
        if (eval_data) {
            assert_true(fabs(evaluate(cases[i].name, NULL, eval_data, false, &evaluated) -
                             expected) < 1e-9);
            assert_true(fabs(losses[i] - losses[0]) > 1e-6);
        }
    }
    assert_true(losses[1] == losses[3]);
}

/* With a sample for each document: the four of other's validation split, and the six of whole. */
static void test_several_sets_are_one(void **state)
{
    (void)state;
    bert_pretrain_params params = tiny_params(tiny_path("several"));
    params.eval_data = both;
    params.next_sentence_prediction = false;
    params.sequences = BERT_SEQUENCES_DOCUMENTS;
    tiny_pretrain(&params);
    assert_true(last_metric(params.output, "eval_samples") == 4 + 6);
}

/* Training is what it was: the set is looked at, not learned from. */
static void test_training_is_the_same(void **state)
{
    (void)state;
    double samples;
    run_on(NULL, "without", &samples);
    run_on(whole, "with", &samples);
    char left[700], right[700];
    snprintf(left, sizeof left, "%s", tiny_path("without/checkpoint-16/model.safetensors"));
    snprintf(right, sizeof right, "%s", tiny_path("with/checkpoint-16/model.safetensors"));
    assert_same_file(left, right);
}

static void test_resumed_on_the_same_set(void **state)
{
    (void)state;
    char run[700];
    snprintf(run, sizeof run, "%s", tiny_path("unbroken"));
    bert_pretrain_params params = tiny_params(run);
    params.eval_data = both;
    tiny_pretrain(&params);
    params.output = tiny_path("broken");
    params.stop_after_steps = 7;
    assert_false(tiny_pretrain(&params).finished);
    assert_true(tiny_resume(params.output, 0).finished);
    assert_same_runs(run, params.output, 16);

    /* A set that has changed is refused by its name. */
    params.output = tiny_path("changed");
    params.eval_data = tiny_path("short-lived");
    copy_documents(tiny_data, params.eval_data, 0, 5, BERT_LAYOUT_SENTENCES);
    assert_false(tiny_pretrain(&params).finished);
    copy_documents(tiny_data, tiny_path("short-lived"), 0, 6, BERT_LAYOUT_SENTENCES);
    bert_resume_params resume = bert_resume_params_default();
    bert_pretrain_result result;
    resume.run = tiny_path("changed");
    assert_fails(bert_pretrain_resume(&resume, &result, NULL, error), BERT_ERROR_INPUT,
                 "short-lived: the data has changed since the run began: now 6 documents");
}

static void test_what_does_not_fit_is_refused(void **state)
{
    (void)state;
    bert_pretrain_result result;
    char weighted[800], foreign[700];
    snprintf(weighted, sizeof weighted, "%s:2", whole);
    snprintf(foreign, sizeof foreign, "%s", tiny_path("foreign"));
    copy_documents(tiny_data, foreign, 0, 5, BERT_LAYOUT_SENTENCES);
    assert_ok(directory_create(tiny_path("foreign.tokenizer"), error));
    text words = {0};
    assert_ok(text_format(&words, error, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"));
    for (int i = 5; i < VOCABULARY; i++)
        assert_ok(text_format(&words, error, "z%d\n", i));
    assert_ok(
        file_write(tiny_path("foreign.tokenizer/vocab.txt"), words.data, words.length, error));
    text_free(&words);
    const struct {
        const char *eval_data;
        bert_status status;
        const char *message;
    } cases[] = {
        {weighted, BERT_ERROR_INVALID_ARGUMENT, "weights are for training"},
        {foreign, BERT_ERROR_INPUT, "foreign.tokenizer: id 5 is \"z5\", but in "},
        {tiny_path("nowhere"), BERT_ERROR_IO, "nowhere.idx"},
        {ROWS "segments", BERT_ERROR_INPUT, "no column next_sentence_label"},
        {ROWS "splits:test", BERT_ERROR_INVALID_ARGUMENT, "has no split \"test\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bert_pretrain_params params = tiny_params(tiny_path("refused"));
        params.eval_data = cases[i].eval_data;
        assert_fails(bert_pretrain(&params, &result, NULL, error), cases[i].status,
                     cases[i].message);
    }
    bert_evaluate_params params = bert_evaluate_params_default();
    bert_evaluation evaluation;
    params.model = tiny_path("without");
    assert_fails(bert_evaluate(&params, &evaluation, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->data is missing");
    params.data = tiny_data;
    params.eval_data = whole;
    params.train_split = true;
    assert_fails(bert_evaluate(&params, &evaluation, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->train_split and params->eval_data are both given");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loss_is_that_of_the_set),
        cmocka_unit_test(test_several_sets_are_one),
        cmocka_unit_test(test_training_is_the_same),
        cmocka_unit_test(test_resumed_on_the_same_set),
        cmocka_unit_test(test_what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tiny_tear_down);
}
