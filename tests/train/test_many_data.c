/* A run on several prepared files is that of one file with the same documents; weights are kept. */
#include "tiny_run.h"

#include "dataset/dataset.h"
#include "train/settings.h"

#include <string.h>

static char both[1400], pattern[700], weighed[1400];

/* part-a and part-b have the documents of tiny_data, and of its validation split. */
static int set_up(void **state)
{
    tiny_set_up(state);
    char a[700], b[700];
    snprintf(a, sizeof a, "%s", tiny_path("part-a"));
    snprintf(b, sizeof b, "%s", tiny_path("part-b"));
    copy_documents(tiny_data, a, 0, 13, BERT_LAYOUT_DOCUMENTS);
    copy_documents(tiny_data, b, 13, 40, BERT_LAYOUT_SENTENCES);
    copy_documents(tiny_path("data.validation"), tiny_path("part-a.validation"), 0, 2,
                   BERT_LAYOUT_SENTENCES);
    copy_documents(tiny_path("data.validation"), tiny_path("part-b.validation"), 2, 8,
                   BERT_LAYOUT_DOCUMENTS);
    copy_directory(tiny_path("data.tokenizer"), tiny_path("part-a.tokenizer"));
    copy_directory(tiny_path("data.tokenizer"), tiny_path("part-b.tokenizer"));
    snprintf(both, sizeof both, "%s\n%s", a, b);
    snprintf(pattern, sizeof pattern, "%s", tiny_path("part-*"));
    snprintf(weighed, sizeof weighed, "%s:0.5\n%s:2", a, b);
    return 0;
}

static void assert_same_file_of(const char *left, const char *right, const char *name)
{
    char one[700], other[700];
    snprintf(one, sizeof one, "%s/%s", left, name);
    snprintf(other, sizeof other, "%s/%s", right, name);
    assert_same_file(one, other);
}

static void test_several_files_are_one(void **state)
{
    (void)state;
    char whole[700];
    snprintf(whole, sizeof whole, "%s", tiny_path("whole"));
    bert_pretrain_params params = tiny_params(whole);
    tiny_pretrain(&params);
    const char *const names[] = {both, pattern};
    for (int i = 0; i < 2; i++) {
        params.output = tiny_path("several-%d", i);
        params.data = names[i];
        params.stop_after_steps = 7;
        assert_false(tiny_pretrain(&params).finished);
        assert_true(tiny_resume(params.output, 0).finished);
        assert_same_file_of(whole, params.output, "metrics.jsonl");
        assert_same_file_of(whole, params.output, "checkpoint-16/model.safetensors");
        assert_same_file_of(whole, params.output, "checkpoint-16/optimizer.safetensors");
        params.stop_after_steps = 0;
    }
    bert_evaluate_params evaluate = bert_evaluate_params_default();
    bert_evaluation one, several;
    evaluate.model = whole;
    evaluate.data = tiny_data;
    assert_ok(bert_evaluate(&evaluate, &one, NULL, error));
    evaluate.data = both;
    assert_ok(bert_evaluate(&evaluate, &several, NULL, error));
    assert_memory_equal(&one, &several, sizeof one);
    evaluate.data = weighed;
    assert_fails(bert_evaluate(&evaluate, &several, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "weights are for training");
}

/* run.json has an array, from which everything comes back. */
static void test_kept_in_run_json(void **state)
{
    (void)state;
    const char *run = tiny_path("kept");
    assert_ok(directory_create(run, error));
    bert_pretrain_params params = tiny_params("run");
    params.data = "relative/a:0.5\n/absolute/b*";
    run_settings settings, again;
    assert_ok(settings_create(&settings, &params, error));
    settings.phases[0].samples_per_epoch = 10;
    assert_ok(settings_resolve(&settings, error));
    assert_ok(settings_write(&settings, run, error));
    assert_ok(settings_read(&again, run, error));
    assert_string_equal(again.params.data, settings.params.data);
    assert_int_equal(again.params.data[0], '/');
    assert_non_null(strstr(again.params.data, "/relative/a:0.5\n/absolute/b*"));
    assert_null(strchr(again.data_name, '\n'));
    settings_free(&settings);
    settings_free(&again);
    text content = {0};
    char path[700];
    snprintf(path, sizeof path, "%s/run.json", run);
    assert_ok(file_read(&content, path, SIZE_MAX, error));
    char *place = strstr(content.data, "\"/absolute/b*\"");
    assert_non_null(place);
    memcpy(place, "            17", 14);
    assert_ok(file_write(path, content.data, content.length, error));
    assert_fails(settings_read(&again, run, error), BERT_ERROR_INPUT,
                 "\"data\": expected a string or an array of strings");
    text_free(&content);
}

typedef struct told {
    char text[4096];
} told;

static void keep_message(void *context, bert_message_level level, const char *message)
{
    (void)level;
    told *told = context;
    size_t length = strlen(told->text);
    snprintf(told->text + length, sizeof told->text - length, "%s\n", message);
}

static void test_weights(void **state)
{
    (void)state;
    char whole[700];
    told told = {""};
    bert_observer observer = {.context = &told, .message = keep_message};
    snprintf(whole, sizeof whole, "%s", tiny_path("weighed"));
    bert_pretrain_params params = tiny_params(whole);
    params.data = weighed;
    params.max_steps = 40; /* several epochs */
    bert_pretrain_result result;
    assert_ok(bert_pretrain(&params, &result, &observer, error));
    assert_non_null(strstr(told.text, "part-a: weight 0.5: "));
    assert_non_null(strstr(told.text, " of 13 documents in the first epoch"));
    assert_non_null(strstr(told.text, "part-b: weight 2: 54 of 27 documents in the first epoch"));
    params.output = tiny_path("weighed-stopped");
    params.stop_after_steps = 19;
    assert_false(tiny_pretrain(&params).finished);
    assert_true(tiny_resume(params.output, 0).finished);
    assert_same_runs(whole, params.output, 40);

    snprintf(whole, sizeof whole, "%s", tiny_path("streamed"));
    bert_pretrain_params streamed = tiny_params(whole);
    streamed.data = weighed;
    streamed.max_steps = 40;
    streamed.next_sentence_prediction = false;
    streamed.sequences = BERT_SEQUENCES_STREAM;
    tiny_pretrain(&streamed);
    streamed.output = tiny_path("streamed-stopped");
    streamed.stop_after_steps = 19;
    assert_false(tiny_pretrain(&streamed).finished);
    assert_true(tiny_resume(streamed.output, 0).finished);
    assert_same_runs(whole, streamed.output, 40);

    /* Another weight is other data. */
    text content = {0};
    char path[700];
    params.output = tiny_path("weighed-changed");
    assert_false(tiny_pretrain(&params).finished);
    snprintf(path, sizeof path, "%s/run.json", params.output);
    assert_ok(file_read(&content, path, SIZE_MAX, error));
    memcpy(strstr(content.data, "part-b:2"), "part-b:3", 8);
    assert_ok(file_write(path, content.data, content.length, error));
    text_free(&content);
    bert_resume_params resume = bert_resume_params_default();
    resume.run = params.output;
    assert_fails(bert_pretrain_resume(&resume, &result, NULL, error), BERT_ERROR_INPUT,
                 "has changed since the run began");
}

static void test_other_tokenizer(void **state)
{
    (void)state;
    text content = {0};
    assert_ok(file_read(&content, tiny_path("part-b.tokenizer/vocab.txt"), SIZE_MAX, error));
    memcpy(strstr(content.data, "waa"), "xaa", 3);
    assert_ok(
        file_write(tiny_path("part-b.tokenizer/vocab.txt"), content.data, content.length, error));
    text_free(&content);
    bert_pretrain_params params = tiny_params(tiny_path("other-tokenizer"));
    bert_pretrain_result result;
    params.data = both;
    assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_INPUT,
                 "needs the same tokenizer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_several_files_are_one),
        cmocka_unit_test(test_kept_in_run_json),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_other_tokenizer),
    };
    return cmocka_run_group_tests(tests, set_up, tiny_tear_down);
}
