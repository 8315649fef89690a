/* The names of splits in the names of files, as Hugging Face's `datasets` reads them. */
#ifndef DATASET_SPLIT_NAMES_H
#define DATASET_SPLIT_NAMES_H

#include "base/file.h"

/* The split that a path tells: "train", "validation", "test", or another name in
 * NAME-00000-of-00001.*; "" where it tells none. With `folders_are_splits`, files that save_to_disk
 * names belong to the split that is called as the folder they are in. The caller frees *split. */
bert_status split_of_path(char **split, const char *path, bool folders_are_splits,
                          bert_error *error);

/* "train" for "training", "validation" for "dev" and so on; another name as it is. The caller frees
 * *split. */
bert_status split_normalize(char **split, const char *name, bert_error *error);

#endif
