#include "testing.h"

#include "base/error.h"

#include <errno.h>

static void test_message_and_status(void **state)
{
    (void)state;
    bert_error error;
    assert_int_equal(error_set(&error, BERT_ERROR_INPUT, "%s: line %d", "a.txt", 3),
                     BERT_ERROR_INPUT);
    assert_string_equal(error.message, "a.txt: line 3");
    assert_int_equal(error.status, BERT_ERROR_INPUT);
    assert_int_equal(error_prefix(&error, BERT_ERROR_INPUT, "run"), BERT_ERROR_INPUT);
    assert_string_equal(error.message, "run: a.txt: line 3");
}

static void test_errno_is_named(void **state)
{
    (void)state;
    bert_error error;
    assert_int_equal(error_set_errno(&error, ENOSPC, "x"), BERT_ERROR_IO);
    assert_string_equal(error.message, "x: No space left on device");
}

static void test_null_error_is_allowed(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, BERT_ERROR_MEMORY, "x"), BERT_ERROR_MEMORY);
    assert_int_equal(error_set_errno(NULL, EIO, "x"), BERT_ERROR_IO);
    assert_int_equal(error_prefix(NULL, BERT_ERROR_INPUT, "x"), BERT_ERROR_INPUT);
}

static void test_message_is_one_line_and_truncated(void **state)
{
    (void)state;
    bert_error error;
    error_set(&error, BERT_ERROR_INPUT, "%s", "a\nb\033[31m");
    assert_string_equal(error.message, "a?b?[31m");
    char longer[5000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    error_set(&error, BERT_ERROR_INPUT, "%s", longer);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    error_prefix(&error, BERT_ERROR_INPUT, "%s", longer);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message_and_status),
        cmocka_unit_test(test_errno_is_named),
        cmocka_unit_test(test_null_error_is_allowed),
        cmocka_unit_test(test_message_is_one_line_and_truncated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
