/* A temporary folder for the files of a test program, and small vocabularies. */
#ifndef TESTS_TOKENIZER_FIXTURE_H
#define TESTS_TOKENIZER_FIXTURE_H

#include "testing.h"

#include "base/file.h"
#include "bert.h"

static char fixture_directory[256];

static inline int fixture_make(void **state)
{
    (void)state;
    snprintf(fixture_directory, sizeof fixture_directory, "%s", testing_directory());
    return 0;
}

static inline int fixture_remove(void **state)
{
    (void)state;
    return directory_remove(fixture_directory, NULL) == BERT_OK ? 0 : -1;
}

/* The path of a file in the folder, in one of a few static buffers. */
static inline const char *fixture_path(const char *name)
{
    static char paths[8][512];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", fixture_directory, name);
    return path;
}

static inline const char *fixture_write_bytes(const char *name, const void *content, size_t length)
{
    assert_ok(file_write(fixture_path(name), content, length, error));
    return fixture_path(name);
}

static inline const char *fixture_write(const char *name, const char *content)
{
    return fixture_write_bytes(name, content, strlen(content));
}

#define FIXTURE_SPECIAL "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n" /* ids 0 to 4 */

#endif
