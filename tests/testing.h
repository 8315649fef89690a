/* cmocka with its headers in the order it wants, and the helpers that most tests share. */
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

/* A call that has to succeed: on failure the test shows the library's own message. */
#define assert_ok(call)                                \
    do {                                               \
        bert_error assert_ok_error = {0};              \
        bert_error *error = &assert_ok_error;          \
        if ((call) != BERT_OK)                         \
            fail_msg("%s: %s", #call, error->message); \
        (void)error;                                   \
    } while (0)

/* A call that has to fail with this status and a message that holds `part`. Inside the call the
 * error is named `error`, as in assert_ok. */
#define assert_fails(call, expected_status, part)                                               \
    do {                                                                                        \
        bert_error assert_fails_error = {0};                                                    \
        bert_error *error = &assert_fails_error;                                                \
        bert_status assert_fails_status = (call);                                               \
        if (assert_fails_status != (expected_status) || !strstr(error->message, (part)))        \
            fail_msg("%s: status %d, message \"%s\"; expected status %d and \"%s\"", #call,     \
                     (int)assert_fails_status, error->message, (int)(expected_status), (part)); \
    } while (0)

/* A fresh directory under $TMPDIR, its name in a static buffer; the caller removes it. */
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
