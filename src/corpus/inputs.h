/* The files that a job's inputs stand for. */
#ifndef CORPUS_INPUTS_H
#define CORPUS_INPUTS_H

#include "base/error.h"

typedef struct inputs {
    char **paths; /* [count], owned; in the order in which they are read */
    size_t count, capacity;
} inputs;

/* A folder stands for all files in it and in its folders, sorted by name, so that the order does
 * not depend on the file system; left out are names that begin with a dot, empty files, the
 * metadata that Hugging Face's save_to_disk puts beside its Arrow files, and links to folders. A
 * name that is no file but a pattern of the shell (*, ?, [...]) stands for what matches it, sorted
 * likewise. Everything else, "-" too, is taken as it is. */
bert_status inputs_expand(inputs *inputs, const char *const *names, size_t count,
                          bert_error *error);
void inputs_free(inputs *inputs); /* safe on a zeroed struct */

#endif
