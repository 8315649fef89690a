/* The folder PREFIX.preparing, in which a data set is written, with a journal of the progress. A
 * killed preparation resumes from the journal; finished files are renamed to their final names, and
 * the folder is removed.
 *
 *     train.bin train.lengths train.documents      (dataset_writer_continue), and of validation
 *     train.idx validation.* description.json      when all is written, train.sentences, too, in
 *                                                  the layout "documents"
 *     tokenizer/                                   becomes PREFIX.tokenizer
 *     journal.json                                 its absence: nothing is worth keeping
 *
 * Resuming reads the inputs again and skips the finished documents, whose hash shows whether they
 * are unchanged. They pass through cleaning and mixing once more, so that deduplication knows them
 * and the counts equal those of an uninterrupted preparation. */
#ifndef DATASET_PREPARE_JOURNAL_H
#define DATASET_PREPARE_JOURNAL_H

#include "dataset/prepare.h"

typedef struct prepare_progress {
    uint64_t settings_hash;  /* of everything that the result depends on except the inputs */
    uint64_t documents;      /* read, encoded and written */
    uint64_t documents_hash; /* of their texts */
    uint64_t unknown_tokens;
    split_state split;
    uint64_t layout;            /* bert_layout of the outputs */
    bool finished;              /* only renaming the files is left */
    bert_prepare_result result; /* then */
} prepare_progress;

typedef struct prepare_folder {
    char *prefix, *path; /* owned; PREFIX and PREFIX.preparing */
    int descriptor;      /* locked while a preparation runs */
} prepare_folder;

/* Creates or opens the folder and reads its journal. *found is false where there is none (with
 * `anew`: none of finished work); then the folder is empty. Fails where another process uses the
 * folder. */
bert_status prepare_folder_open(prepare_folder *folder, const char *prefix, bool anew,
                                prepare_progress *progress, bool *found, bert_error *error);
/* `remove`: deletes the folder. Safe on a zeroed struct with a descriptor of -1. */
void prepare_folder_close(prepare_folder *folder, bool remove);

/* A path in the folder; the caller frees it. */
bert_status prepare_folder_path(char **path, const prepare_folder *folder, const char *name,
                                bert_error *error);

bert_status prepare_journal_write(const prepare_folder *folder, const prepare_progress *progress,
                                  bert_error *error);

/* Renames the finished files to their final names, replacing existing ones, the index of the
 * training split last. Called again after a kill, it does the rest. */
bert_status prepare_folder_publish(prepare_folder *folder, bool has_validation, bert_layout layout,
                                   bert_error *error);

#endif
