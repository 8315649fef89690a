/* The pull parser for JSON, against what Python's json reads (json_values.inc), in pieces of all
 * sizes. */
#include "testing.h"

#include "json_text.h"

static const struct {
    const char *document;
    size_t length;
    const char *value; /* NULL: not JSON */
    size_t value_length;
} values[] = {
#include "json_values.inc"
};

static const size_t sizes[] = {1, 2, 3, 5, 8, 64};

static void test_values_are_those_of_python(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
            text out = {0};
            bert_error reason = {0};
            bert_status status = json_text_read(&out, values[i].document, values[i].length,
                                                sizes[j], false, &reason);
            if (status != (values[i].value ? BERT_OK : BERT_ERROR_INPUT))
                fail_msg("%s: status %d, %s", values[i].document, (int)status, reason.message);
            if (values[i].value) {
                assert_int_equal(out.length, values[i].value_length);
                assert_memory_equal(out.data, values[i].value, out.length);
            }
            text_free(&out);
        }
}

static void test_skipped_values_are_checked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
            bert_error reason = {0};
            bert_status status =
                json_text_read(NULL, values[i].document, values[i].length, sizes[j], true, &reason);
            if (status != (values[i].value ? BERT_OK : BERT_ERROR_INPUT))
                fail_msg("%s: status %d, %s", values[i].document, (int)status, reason.message);
        }
}

static void assert_message(const char *document, const char *part)
{
    for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
        text out = {0};
        assert_fails(json_text_read(&out, document, strlen(document), sizes[j], false, error),
                     BERT_ERROR_INPUT, part);
        text_free(&out);
        assert_fails(json_text_read(NULL, document, strlen(document), sizes[j], true, error),
                     BERT_ERROR_INPUT, part);
    }
}

static void test_messages_name_the_position(void **state)
{
    (void)state;
    assert_message("{\"a\": 1,\n \"b\": 01}",
                   "input:2:7: invalid JSON: found 01, expected a value");
    assert_message("{\"a\": 1\n\n\"b\": 2}",
                   "input:3:1: invalid JSON: found '\"', expected ',' or '}' "
                   "in the object that begins on line 1");
    assert_message("[1,\n[2",
                   "input:2:3: invalid JSON: found the end of the input, expected ',' or "
                   "']' in the array that begins on line 2");
    assert_message("\n\n{'a': 1}", "input:3:2: invalid JSON: found ''', expected the name of a "
                                   "member or '}' in the object that begins on line 3; strings "
                                   "have double quotation marks");
    assert_message("{\"a\": \"b\nc\"}", "input:1:9: invalid JSON: found the end of the line, "
                                        "expected the quotation mark that ends a string");
    assert_message("\"a\\q\"", "input:1:4: invalid JSON: found 'q', expected one of \"\\/bfnrtu");
    assert_message("\"\\uD8g0\"", "input:1:6: invalid JSON: found 'g', expected four hexadecimal");
    assert_message("\xE2\x80\x9C",
                   "input:1:1: invalid JSON: found the byte 0xE2, expected a value");
    assert_message("[tru]", "input:1:2: invalid JSON: found tru, expected a value");
}

static void test_nesting_is_bounded(void **state)
{
    (void)state;
    text document = {0}, out = {0};
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        assert_ok(text_append(&document, i % 2 ? "[" : "{\"a\":", i % 2 ? 1 : 5, error));
    assert_ok(text_append(&document, "0", 1, error));
    for (int i = JSON_DEPTH_MAX; i-- > 0;)
        assert_ok(text_append(&document, i % 2 ? "]" : "}", 1, error));
    assert_ok(json_text_read(NULL, document.data, document.length, 64, true, error));
    assert_ok(json_text_read(&out, document.data, document.length, 64, false, error));
    text_clear(&document);
    for (int i = 0; i < 1000000; i++)
        assert_ok(text_append(&document, "[", 1, error));
    assert_message(document.data,
                   "input:1:1001: arrays and objects are nested deeper than 1000 levels");
    text_free(&document);
    text_free(&out);
}

/* Gives `context`, all at once. */
static bert_status fill_once(void *context, const char **data, size_t *size, bert_error *error)
{
    (void)error;
    text *input = context;
    *data = input->data;
    *size = input->length;
    input->length = 0;
    return BERT_OK;
}

static void test_values_follow_each_other(void **state)
{
    (void)state;
    text input = {0};
    assert_ok(text_format(&input, error, "%s", "{\"a\":1} [2]\n\"c\"{}\n\n 4 null"));
    json_reader reader;
    json_reader_start(&reader, "input", 0, fill_once, &input);
    static const json_kind kinds[] = {JSON_KIND_OBJECT, JSON_KIND_ARRAY,  JSON_KIND_STRING,
                                      JSON_KIND_OBJECT, JSON_KIND_NUMBER, JSON_KIND_NULL};
    static const uint64_t lines[] = {1, 1, 2, 2, 4, 4}, offsets[] = {0, 8, 12, 15, 20, 22};
    json_kind kind;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        assert_ok(json_reader_peek(&reader, &kind, error));
        assert_int_equal(kind, kinds[i]);
        assert_int_equal(reader.line, lines[i]);
        assert_int_equal(json_reader_offset(&reader), offsets[i]);
        assert_ok(json_reader_skip(&reader, error));
    }
    assert_ok(json_reader_peek(&reader, &kind, error));
    assert_int_equal(kind, JSON_KIND_END);
    json_reader_free(&reader);
    text_free(&input);
}

static void test_lone_surrogates_are_counted(void **state)
{
    (void)state;
    text input = {0}, out = {0};
    assert_ok(text_format(&input, error, "%s",
                          "{\"\\ud800\": \"\\ud800\", \"b\": \"x\\ud83d\\ude00\\udc00\\ud800\"}"));
    json_reader reader;
    json_reader_start(&reader, "input", 100, fill_once, &input);
    json_kind kind;
    bool found;
    const char *name;
    size_t length;
    assert_ok(json_reader_peek(&reader, &kind, error));
    assert_ok(json_reader_enter(&reader, error));
    assert_ok(json_reader_member(&reader, &found, &name, &length, error));
    assert_ok(json_reader_skip(&reader, error));
    assert_int_equal(reader.lone_surrogates, 0); /* neither names nor what is skipped */
    assert_ok(json_reader_member(&reader, &found, &name, &length, error));
    assert_ok(json_reader_peek(&reader, &kind, error));
    assert_ok(json_reader_string(&reader, &out, 100, error));
    assert_string_equal(out.data, "x\xF0\x9F\x98\x80\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_int_equal(reader.lone_surrogates, 2);
    assert_int_equal(reader.first_lone_surrogate, 100 + 40);
    json_reader_free(&reader);
    text_free(&input);
    text_free(&out);
}

static void test_long_strings_are_bounded(void **state)
{
    (void)state;
    text input = {0}, out = {0};
    assert_ok(text_format(&input, error, "%s", "\n\"12345678\""));
    json_reader reader;
    json_kind kind;
    for (size_t limit = 6; limit <= 8; limit++) {
        input.length = strlen(input.data);
        text_clear(&out);
        json_reader_start(&reader, "input", 0, fill_once, &input);
        assert_ok(json_reader_peek(&reader, &kind, error));
        if (limit < 8)
            assert_fails(json_reader_string(&reader, &out, limit, error), BERT_ERROR_INPUT,
                         "input:2: a text of more than");
        else
            assert_ok(json_reader_string(&reader, &out, limit, error));
        json_reader_free(&reader);
    }
    assert_string_equal(out.data, "12345678");
    /* A number or a name that never ends. */
    text_clear(&input);
    while (input.length <= JSON_WORD_MAX)
        assert_ok(text_append(&input, "1111111111111111", 16, error));
    assert_message(input.data, "input:1: a number of more than 1 MiB");
    memcpy(input.data, "{\"", 2);
    assert_message(input.data, "input:1: a text of more than 1 MiB");
    text_free(&input);
    text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_those_of_python),
        cmocka_unit_test(test_skipped_values_are_checked),
        cmocka_unit_test(test_messages_name_the_position),
        cmocka_unit_test(test_nesting_is_bounded),
        cmocka_unit_test(test_values_follow_each_other),
        cmocka_unit_test(test_lone_surrogates_are_counted),
        cmocka_unit_test(test_long_strings_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
