#include "testing.h"

#include "serve/request.h"

static bert_status parse(serve_request *request, serve_task task, const char *body,
                         bert_error *error)
{
    return serve_request_parse(request, task, body, strlen(body), 3, error);
}

static void test_one_text(void **state)
{
    (void)state;
    serve_request request;
    assert_ok(parse(&request, SERVE_FILL_MASK, "{\"inputs\": \"a\\u0000[MASK]\"}", error));
    assert_int_equal(request.count, 1);
    assert_false(request.list);
    assert_int_equal(request.inputs[0].length, 8); /* NUL is part of the text */
    assert_int_equal(request.top_k, 0);
    assert_null(request.targets);
    serve_request_free(&request);
}

static void test_parameters(void **state)
{
    (void)state;
    serve_request request;
    assert_ok(parse(&request, SERVE_FILL_MASK,
                    "{\"inputs\": [\"x\"], \"parameters\": {\"top_k\": 7, \"targets\": [\"a\"]}, "
                    "\"options\": {\"wait_for_model\": true}}",
                    error));
    assert_true(request.list);
    assert_int_equal(request.top_k, 7);
    assert_int_equal(json_array_size(request.targets), 1);
    serve_request_free(&request);

    assert_ok(parse(&request, SERVE_FEATURE_EXTRACTION,
                    "{\"inputs\": \"x\", \"normalize\": true, \"parameters\": {\"pooling\": "
                    "\"cls\", \"normalize\": null}}",
                    error));
    assert_true(request.normalize);
    assert_int_equal(request.pooling, BERT_POOLING_CLS);
    serve_request_free(&request);

    assert_ok(parse(&request, SERVE_FEATURE_EXTRACTION, "{\"inputs\": \"x\"}", error));
    assert_false(request.normalize);
    assert_int_equal(request.pooling, BERT_POOLING_MEAN);
    serve_request_free(&request);
}

static void test_pairs(void **state)
{
    (void)state;
    serve_request request;
    assert_ok(parse(&request, SERVE_TEXT_CLASSIFICATION,
                    "{\"inputs\": [{\"text\": \"one\", \"text_pair\": \"three\"}, {\"text\": "
                    "\"four\"}, \"six\"]}",
                    error));
    assert_int_equal(request.count, 3);
    assert_int_equal(request.inputs[0].pair_length, 5);
    assert_string_equal(request.inputs[0].pair, "three");
    assert_null(request.inputs[1].pair);
    assert_string_equal(request.inputs[2].text, "six");
    serve_request_free(&request);
}

static void test_wrong_bodies(void **state)
{
    (void)state;
    static const struct {
        serve_task task;
        const char *body, *message;
    } wrong[] = {
        {SERVE_FILL_MASK, "", "invalid JSON"},
        {SERVE_FILL_MASK, "{\"inputs\": \"x\"} trailing", "invalid JSON: line 1"},
        {SERVE_FILL_MASK, "{\"inputs\": \"\xff\"}", "invalid JSON"},
        {SERVE_FILL_MASK, "{\"inputs\": 1, \"inputs\": 2}", "invalid JSON"},
        {SERVE_FILL_MASK, "[\"x\"]", "the body is an array"},
        {SERVE_FILL_MASK, "{}", "no \"inputs\""},
        {SERVE_FILL_MASK, "{\"inputs\": []}", "0 texts; expected 1 to 3"},
        {SERVE_FILL_MASK, "{\"inputs\": [\"\",\"\",\"\",\"\"]}", "4 texts"},
        {SERVE_FILL_MASK, "{\"inputs\": [\"\", 1]}", "an input is a number"},
        {SERVE_FILL_MASK, "{\"inputs\": {\"text\": \"\"}}", "an input is an object"},
        {SERVE_FILL_MASK, "{\"inputs\": \"\", \"parameters\": 5}", "\"parameters\" is a number"},
        {SERVE_FILL_MASK, "{\"inputs\": \"\", \"top_k\": 0}", "\"top_k\""},
        {SERVE_FILL_MASK, "{\"inputs\": \"\", \"top_k\": \"5\"}", "\"top_k\" is a string"},
        {SERVE_FILL_MASK, "{\"inputs\": \"\", \"parameters\": {\"targets\": [1]}}", "\"targets\""},
        {SERVE_FILL_MASK, "{\"inputs\": \"\", \"normalize\": true}", "no parameter \"normalize\""},
        {SERVE_FEATURE_EXTRACTION, "{\"inputs\": \"\", \"normalize\": 1}", "true or false"},
        {SERVE_FEATURE_EXTRACTION, "{\"inputs\": \"\", \"pooling\": \"max\"}", "\"pooling\""},
        {SERVE_TEXT_CLASSIFICATION, "{\"inputs\": {\"text_pair\": \"\"}}", "\"text\" of an input"},
        {SERVE_TEXT_CLASSIFICATION, "{\"inputs\": {\"text\": \"\", \"text_pair\": 2}}",
         "\"text_pair\" of an input is a number"},
        {SERVE_TEXT_CLASSIFICATION, "{\"inputs\": {\"txt\": \"\"}}", "\"txt\""},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        serve_request request;
        assert_fails(parse(&request, wrong[i].task, wrong[i].body, error), BERT_ERROR_INPUT,
                     wrong[i].message);
        serve_request_free(&request);
    }
}

/* Nesting that would overflow the stack of a recursive parser. */
static void test_deep_nesting(void **state)
{
    (void)state;
    static char body[1 << 20];
    memset(body, '[', sizeof body);
    serve_request request;
    assert_fails(serve_request_parse(&request, SERVE_FILL_MASK, body, sizeof body, 3, error),
                 BERT_ERROR_INPUT, "invalid JSON");
    serve_request_free(&request);
}

static void test_task_names(void **state)
{
    (void)state;
    for (serve_task task = 0; task < SERVE_TASK_COUNT; task++)
        assert_int_equal(serve_task_find(serve_task_name(task), strlen(serve_task_name(task))),
                         task);
    assert_int_equal(serve_task_find("fill", 4), SERVE_TASK_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_text),     cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_pairs),        cmocka_unit_test(test_wrong_bodies),
        cmocka_unit_test(test_deep_nesting), cmocka_unit_test(test_task_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
