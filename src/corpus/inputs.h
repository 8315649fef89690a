/* Expands the inputs of a job to files. */
#ifndef CORPUS_INPUTS_H
#define CORPUS_INPUTS_H

#include "bert/corpus.h"

typedef struct input_path {
    char *path;    /* owned */
    size_t source; /* index in `sources` */
} input_path;

typedef struct inputs {
    input_path *paths; /* [count], owned; in reading order */
    size_t count, capacity;
    bert_source_counts sources[BERT_SOURCES_MAX]; /* names and weights; counts are 0 */
    size_t source_count;
    char *all_splits; /* owned: the first folder of a data set of which several splits are read */
} inputs;

/* A folder is expanded recursively, sorted by name, so that the order does not depend on the file
 * system. Skipped are hidden names, empty files that only mark something (_SUCCESS), the metadata
 * that Hugging Face's save_to_disk writes with its Arrow files and Spark with Parquet, and links to
 * folders. A shell pattern (*, ?, [...]) that is not a file name is expanded to its matches, sorted
 * likewise. Everything else, including "-", is used unchanged.
 *
 * "NAME=PATH" and "NAME=PATH:WEIGHT", unless a file of exactly this name exists, add PATH to the
 * source NAME (letters, digits, '_', '-'); other inputs belong to the source "" of weight 1. */
bert_status inputs_expand(inputs *inputs, const char *const *names, size_t count,
                          bert_error *error);
void inputs_free(inputs *inputs); /* safe on a zeroed struct */

/* Whether an entry of a folder or an archive is read: its name is neither hidden nor that of
 * metadata. */
bool input_name_is_wanted(const char *name, size_t length);

#endif
