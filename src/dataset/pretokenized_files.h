/* The files of pre-tokenized data sets, and which of them are for training and which for
 * evaluation. */
#ifndef DATASET_PRETOKENIZED_FILES_H
#define DATASET_PRETOKENIZED_FILES_H

#include "corpus/source.h"

typedef struct pretokenized_file {
    char *path;  /* where the bytes are; owned */
    char *name;  /* for messages: the path, or ARCHIVE/MEMBER; owned */
    char *split; /* "train", "validation", "test" or another name; "" where no name tells; owned */
    bool is_training, is_evaluation; /* neither: of a split that is not used */
} pretokenized_file;

typedef struct pretokenized_files {
    pretokenized_file *list; /* [count], owned */
    size_t count, capacity;
    char *directory; /* owned: a temporary folder with what archives held, or NULL */
    char *name;      /* owned: of all data, for messages */
} pretokenized_files;

/* What a line without a split of its own stands for. */
typedef enum pretokenized_use {
    /* Training: the split "train", or the only one; evaluation: "validation", where there is one
     * and it is not trained on. */
    PRETOKENIZED_TRAIN,
    /* Evaluation: "validation", or the only one. */
    PRETOKENIZED_EVALUATE,
} pretokenized_use;

/* Each line of `lines` is PATH or PATH:SPLIT. PATH is a folder (all files of its kind in it and its
 * subfolders, sorted by name), a zip or tar archive of one, a file, or a shell pattern. Kinds are
 * Arrow, Parquet and JSON lines; a folder or an archive has one of them. SPLIT says what the line
 * is for instead of what pretokenized_use has.
 *
 * The split of a file is told by its path below PATH, as `datasets` does: NAME-00000-of-00001.*;
 * a word of the file's name or of a folder's (train, training; validation, valid, val, dev; test,
 * testing, eval, evaluation); in a folder that save_to_disk wrote of a DatasetDict, the folder's
 * name. Files without one belong to "train" where others have one. `datasets`' own caches
 * (cache-*.arrow) in a folder that it wrote are skipped.
 *
 * Archives are extracted to a temporary folder, which pretokenized_files_free removes. */
bert_status pretokenized_files_find(pretokenized_files *files, const char *lines,
                                    pretokenized_use use, bert_error *error);
void pretokenized_files_free(pretokenized_files *files); /* safe on a zeroed struct */

/* Whether any file is for evaluation. */
bool pretokenized_files_evaluate(const pretokenized_files *files);

/* Opens the first of the files that a line names, without extracting the others; *found is false
 * where there is none. The caller closes the source, also after a failure. */
bert_status pretokenized_files_open_first(const char *line, source *source, bool *found,
                                          bert_error *error);

/* Whether the line names an existing file, folder or pattern of files that may be a pre-tokenized
 * data set, by names alone. */
bool pretokenized_files_exist(const char *line);

/* The length of PATH in PATH:SPLIT; that of the line where it has no split. */
size_t pretokenized_path_length(const char *line);

#endif
