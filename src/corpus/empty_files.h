/* Files without a document: empty, or with nothing but blank lines or a header. Among others they
 * are no error, but reported. */
#ifndef CORPUS_EMPTY_FILES_H
#define CORPUS_EMPTY_FILES_H

#include "bert.h"

typedef struct empty_files {
    uint64_t count;
    char *first;        /* owned; NULL: none */
    uint64_t cut_count; /* of 0 bytes, though their names promise a format that has more */
    char *first_cut;    /* owned; NULL: none */
} empty_files;

/* Counts a file. `has_no_bytes`: it is of 0 bytes, before any decompression. */
bert_status empty_files_add(empty_files *files, const char *name, bool has_no_bytes,
                            bert_error *error);

/* Adds `others`, which become none. */
void empty_files_merge(empty_files *files, empty_files *others);

void empty_files_report(const empty_files *files, const bert_observer *observer);
void empty_files_free(empty_files *files); /* safe on a zeroed struct */

#endif
