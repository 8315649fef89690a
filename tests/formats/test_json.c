#include "scratch.h"

#include "formats/json.h"

#include <math.h>

static char path[300];

static int set_up(void **state)
{
    scratch_make(state);
    snprintf(path, sizeof path, "%s/file.json", scratch_directory);
    return 0;
}

static json_t *read_text(const char *content)
{
    json_t *value;
    assert_ok(file_write(path, content, strlen(content), error));
    assert_ok(json_read(&value, path, error));
    return value;
}

static void test_numbers_round_trip(void **state)
{
    (void)state;
    static const double numbers[] = {0.1,       1e-4,    1.0 / 3.0, 5e-324, 1.7976931348623157e308,
                                     -0.0,      1.0,     1e22,      1e-12,  0.30000000000000004,
                                     123456789, 2.5e-05, -42.125};
    enum { COUNT = sizeof numbers / sizeof numbers[0] };
    json_t *array = json_array();
    for (size_t i = 0; i < COUNT; i++)
        json_array_append_new(array, json_real(numbers[i]));
    json_t *object = json_object();
    assert_ok(json_put(object, "numbers", array, error));
    assert_ok(json_put(object, "large", json_integer(INT64_MAX), error));
    assert_ok(json_write(object, path, error));
    json_decref(object);

    json_t *again;
    assert_ok(json_read(&again, path, error));
    array = json_object_get(again, "numbers");
    assert_int_equal(json_array_size(array), COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(json_is_real(json_array_get(array, i)));
        double value = json_real_value(json_array_get(array, i));
        assert_memory_equal(&value, &numbers[i], sizeof value);
    }
    int64_t large = 0;
    assert_ok(json_get_integer(again, path, "large", true, 0, INT64_MAX, &large, error));
    assert_int_equal(large, INT64_MAX);
    json_decref(again);

    json_t *empty = json_object();
    assert_fails(json_put(empty, "loss", json_real(NAN), error), BERT_ERROR_NOT_FINITE, "loss");
    json_decref(empty);
}

static void test_layout(void **state)
{
    (void)state;
    json_t *value = read_text("{\"b\":0.1,\"a\":[1,2.0],\"s\":\"ä\\n\\\"/\",\"e\":{},\"l\":[],"
                              "\"t\":true,\"f\":false,\"n\":null}");
    assert_ok(json_write(value, path, error));
    text content = {0};
    assert_ok(file_read(&content, path, 1000, error));
    assert_string_equal(content.data, "{\n  \"b\": 0.1,\n  \"a\": [\n    1,\n    2.0\n  ],\n"
                                      "  \"s\": \"ä\\n\\\"/\",\n  \"e\": {},\n  \"l\": [],\n"
                                      "  \"t\": true,\n  \"f\": false,\n  \"n\": null\n}\n");
    text_clear(&content);
    assert_ok(json_format(&content, value, 0, error));
    assert_string_equal(content.data, "{\"b\": 0.1, \"a\": [1, 2.0], \"s\": \"ä\\n\\\"/\", "
                                      "\"e\": {}, \"l\": [], \"t\": true, \"f\": false, "
                                      "\"n\": null}");
    text_free(&content);
    json_decref(value);
}

static void test_unreadable_files(void **state)
{
    (void)state;
    static const struct {
        const char *content, *message;
    } cases[] = {
        {"", "is empty"},
        {"{\"a\": 1", "file.json:1:7"},
        {"{\n  \"a\": 1,\n  \"a\": 2\n}", "duplicate"},
        {"[1, 2]", "expected an object"},
        {"{\"a\": NaN}", "invalid JSON"},
        {"{\"a\": 1e999}", "overflow"},
        {"{\"a\": 1} x", "end of file expected"},
        {"{\"a\": \"\xff\"}", "unable to decode byte 0xff"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *value;
        assert_ok(file_write(path, cases[i].content, strlen(cases[i].content), error));
        assert_fails(json_read(&value, path, error), BERT_ERROR_INPUT, cases[i].message);
        assert_null(value);
    }
    json_t *value;
    assert_fails(json_read(&value, "/nonexistent.json", error), BERT_ERROR_IO, "No such file");

    /* Excessive nesting must not overflow the stack. */
    size_t depth = 1000000;
    char *deep = malloc(depth);
    memset(deep, '[', depth);
    assert_ok(file_write(path, deep, depth, error));
    free(deep);
    assert_fails(json_read(&value, path, error), BERT_ERROR_INPUT, "depth");
}

static void test_members(void **state)
{
    (void)state;
    json_t *value = read_text("{\"i\": 7, \"r\": 0.5, \"b\": true, \"s\": \"x\", \"n\": null}");
    int64_t integer = -1;
    double number = -1;
    bool boolean = false;
    const char *string = NULL;
    assert_ok(json_get_integer(value, path, "i", true, 0, 7, &integer, error));
    assert_int_equal(integer, 7);
    assert_ok(json_get_number(value, path, "i", true, 0, 10, &number, error));
    assert_true(number == 7.0);
    assert_ok(json_get_number(value, path, "r", true, 0, 1, &number, error));
    assert_true(number == 0.5);
    assert_ok(json_get_boolean(value, path, "b", true, &boolean, error));
    assert_true(boolean);
    assert_ok(json_get_string(value, path, "s", true, &string, error));
    assert_string_equal(string, "x");
    assert_ok(json_get_integer(value, path, "absent", false, 0, 1, &integer, error));
    assert_int_equal(integer, 7);

    assert_fails(json_get_integer(value, path, "absent", true, 0, 1, &integer, error),
                 BERT_ERROR_INPUT, "file.json: \"absent\" is missing");
    assert_fails(json_get_integer(value, path, "i", true, 0, 6, &integer, error), BERT_ERROR_INPUT,
                 "\"i\" is 7, expected an integer from 0 to 6");
    assert_fails(json_get_integer(value, path, "r", true, 0, 6, &integer, error), BERT_ERROR_INPUT,
                 "\"r\" is 0.5");
    assert_fails(json_get_number(value, path, "s", true, 0, 1, &number, error), BERT_ERROR_INPUT,
                 "\"s\" is \"x\", expected a number from 0 to 1");
    assert_fails(json_get_number(value, path, "r", true, 1, 2, &number, error), BERT_ERROR_INPUT,
                 "\"r\" is 0.5");
    assert_fails(json_get_boolean(value, path, "i", true, &boolean, error), BERT_ERROR_INPUT,
                 "true or false");
    assert_fails(json_get_string(value, path, "n", true, &string, error), BERT_ERROR_INPUT,
                 "\"n\" is null, expected a string");
    json_decref(value);
}

static void test_integer_overflow(void **state)
{
    (void)state;
    json_t *value = read_text("{\"model_max_length\": 1000000000000000019884624838656, \"a\": [1, "
                              "{\"b\": 2, \"c\": 2.5}], \"s\": \"x\"}");
    double large = 0;
    assert_ok(json_get_number(value, path, "model_max_length", true, 0, 1e31, &large, error));
    assert_true(large == 1e30);
    json_t *list = json_object_get(value, "a");
    assert_true(json_is_integer(json_array_get(list, 0)));
    int64_t b = 0;
    assert_ok(json_get_integer(json_array_get(list, 1), path, "b", true, 0, 9, &b, error));
    assert_int_equal(b, 2);
    assert_true(json_is_real(json_object_get(json_array_get(list, 1), "c")));
    json_decref(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_round_trip),
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_unreadable_files),
        cmocka_unit_test(test_integer_overflow),
        cmocka_unit_test(test_members),
    };
    return cmocka_run_group_tests(tests, set_up, scratch_remove);
}
