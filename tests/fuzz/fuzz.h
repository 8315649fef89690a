/* What the fuzz targets share. libFuzzer calls LLVMFuzzerTestOneInput. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "bert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_fail(const char *what)
{
    fprintf(stderr, "fuzz target: %s\n", what);
    abort();
}

/* Exactly as long as it is, so that the sanitizer sees any byte read too many. */
static inline char *fuzz_copy(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1);
    if (!copy)
        fuzz_fail("no memory");
    memcpy(copy, data, size);
    return copy;
}

/* A file of this content in memory, under a name of this process; its path is static. */
static inline const char *fuzz_write_file(const char *name, const void *content, size_t size)
{
    static char path[256];
    const char *memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(path, sizeof path, "%s/bert-fuzz-%d-%s", memory, (int)getpid(), name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(content, 1, size, file) != size || fclose(file) != 0)
        fuzz_fail("cannot write a file");
    return path;
}

#endif
