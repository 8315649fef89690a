/* The files that a job's inputs stand for. */
#ifndef CORPUS_INPUTS_H
#define CORPUS_INPUTS_H

#include "bert/corpus.h"

typedef struct input_path {
    char *path;    /* owned */
    size_t source; /* in `sources` */
} input_path;

typedef struct inputs {
    input_path *paths; /* [count], owned; in the order in which they are read */
    size_t count, capacity;
    bert_source_counts sources[BERT_SOURCES_MAX]; /* names and weights; counts are 0 */
    size_t source_count;
} inputs;

/* A folder stands for all files in it and in its folders, sorted by name, so that the order does
 * not depend on the file system; left out are names that begin with a dot, empty files, the
 * metadata that Hugging Face's save_to_disk puts beside its Arrow files, and links to folders. A
 * name that is no file but a pattern of the shell (*, ?, [...]) stands for what matches it, sorted
 * likewise. Everything else, "-" too, is taken as it is.
 *
 * "NAME=PATH" and "NAME=PATH:WEIGHT", unless a file has this very name, make PATH a part of the
 * source NAME (letters, digits, '_', '-'); all else belongs to the source "", of weight 1. */
bert_status inputs_expand(inputs *inputs, const char *const *names, size_t count,
                          bert_error *error);
void inputs_free(inputs *inputs); /* safe on a zeroed struct */

/* Whether a folder's entry of this name is taken: it is neither hidden nor save_to_disk's metadata.
 * The same goes for the members of archives. */
bool input_name_is_wanted(const char *name, size_t length);

#endif
