/* A temporary directory for each test, created and removed by cmocka's setup and teardown. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include "testing.h"

#include "base/file.h"

static char scratch_directory[256]; /* of the current test */

static inline int scratch_make(void **state)
{
    (void)state;
    snprintf(scratch_directory, sizeof scratch_directory, "%s", testing_directory());
    return 0;
}

static inline int scratch_remove(void **state)
{
    (void)state;
    return directory_remove(scratch_directory, NULL) == BERT_OK ? 0 : -1;
}

/* The path of a file there, in one of a few static buffers. */
static inline const char *scratch_path(const char *name)
{
    static char paths[8][512];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", scratch_directory, name);
    return path;
}

static inline const char *scratch_write_bytes(const char *name, const void *content, size_t length)
{
    assert_ok(file_write(scratch_path(name), content, length, error));
    return scratch_path(name);
}

static inline const char *scratch_write(const char *name, const char *content)
{
    return scratch_write_bytes(name, content, strlen(content));
}

#endif
