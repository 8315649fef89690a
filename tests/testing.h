/* cmocka, with the headers that it needs in the right order, and helpers that most tests share. */
#ifndef TESTS_TESTING_H
#define TESTS_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bert/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Asserts that a call succeeds; on failure the test prints the library's error message. */
#define assert_ok(call)                                \
    do {                                               \
        bert_error assert_ok_error = {0};              \
        bert_error *error = &assert_ok_error;          \
        if ((call) != BERT_OK)                         \
            fail_msg("%s: %s", #call, error->message); \
        (void)error;                                   \
    } while (0)

/* Asserts that a call fails with this status and a message that contains `part`. As in assert_ok,
 * the call refers to its bert_error as `error`. */
#define assert_fails(call, expected_status, part)                                               \
    do {                                                                                        \
        bert_error assert_fails_error = {0};                                                    \
        bert_error *error = &assert_fails_error;                                                \
        bert_status assert_fails_status = (call);                                               \
        if (assert_fails_status != (expected_status) || !strstr(error->message, (part)))        \
            fail_msg("%s: status %d, message \"%s\"; expected status %d and \"%s\"", #call,     \
                     (int)assert_fails_status, error->message, (int)(expected_status), (part)); \
    } while (0)

/* Creates a directory under $TMPDIR and returns its name in a static buffer; the caller removes it.
 */
static inline const char *testing_directory(void)
{
    static char path[256];
    const char *base = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/bert-test-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(path))
        fail_msg("cannot create %s", path);
    return path;
}

#endif
