/* The folder PREFIX.preparing, in which a data set grows, and the journal in it: how far the work
 * has come. A preparation that was killed goes on from there; what is finished is moved to its
 * final names, and the folder goes.
 *
 *     train.bin train.lengths train.documents      (dataset_writer_continue), and of validation
 *     train.idx validation.* description.json      when all is written, train.sentences, too, in
 *                                                  the layout "documents"
 *     tokenizer/                                   becomes PREFIX.tokenizer
 *     journal.json                                 its absence: nothing is worth keeping
 *
 * The work goes on by reading the inputs again and passing over the documents that are done: their
 * hash shows whether they are the same ones. They go through cleaning and mixing once more, so that
 * it is known of the others which came before, and the counts are those of one piece. */
#ifndef DATASET_PREPARE_JOURNAL_H
#define DATASET_PREPARE_JOURNAL_H

#include "dataset/prepare.h"

typedef struct prepare_progress {
    uint64_t settings_hash;  /* of all that the result depends on but the inputs */
    uint64_t documents;      /* read, encoded and written */
    uint64_t documents_hash; /* of their texts */
    uint64_t unknown_tokens;
    split_state split;
    uint64_t layout;            /* bert_layout: what the outputs are */
    bool finished;              /* nothing is left but to move the files */
    bert_prepare_result result; /* then */
} prepare_progress;

typedef struct prepare_folder {
    char *prefix, *path; /* owned; PREFIX and PREFIX.preparing */
    int descriptor;      /* locked while a preparation is at work */
} prepare_folder;

/* Makes or takes over the folder, and reads its journal; *found is false where there is none, or
 * with `anew` none of finished work, and then nothing else is in the folder. Fails where another
 * process is at work in it. */
bert_status prepare_folder_open(prepare_folder *folder, const char *prefix, bool anew,
                                prepare_progress *progress, bool *found, bert_error *error);
/* `remove`: nothing is worth keeping. Safe on a zeroed struct with a descriptor of -1. */
void prepare_folder_close(prepare_folder *folder, bool remove);

/* A path in the folder; the caller frees it. */
bert_status prepare_folder_path(char **path, const prepare_folder *folder, const char *name,
                                bert_error *error);

bert_status prepare_journal_write(const prepare_folder *folder, const prepare_progress *progress,
                                  bert_error *error);

/* Moves what is finished to its final names, the index of the training split last, replacing what
 * is there. Called again after a kill, it does what is left. */
bert_status prepare_folder_publish(prepare_folder *folder, bool has_validation, bert_layout layout,
                                   bert_error *error);

#endif
