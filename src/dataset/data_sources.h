/* What --data names: one prefix of prepared data or several, each with a weight; or a folder of
 * ready-made ids. */
#ifndef DATASET_DATA_SOURCES_H
#define DATASET_DATA_SOURCES_H

#include "dataset/dataset.h"
#include "tokenizer/tokenizer.h"

typedef struct data_source {
    char *prefix; /* owned */
    double weight;
} data_source;

typedef struct data_sources {
    data_source *items; /* [count], owned */
    size_t count, capacity;
    char *ready_made; /* owned: a folder of ready-made ids, and `count` is 0; else NULL */
    char *name;       /* owned: what stands for all in messages */
    bool is_weighted; /* some weight is not 1 */
} data_sources;

/* `data` has a line for each: PREFIX, PREFIX:WEIGHT, a folder of prepared files or a pattern of the
 * shell that their prefixes match, these with or without a weight, too. The prefixes of a folder or
 * a pattern follow each other sorted by their bytes; validation splits are not among them. A prefix
 * whose files have such a name is taken as it is. A folder without prepared files is one of
 * ready-made ids, which stands alone. */
bert_status data_sources_find(data_sources *sources, const char *data, bert_error *error);
void data_sources_free(data_sources *sources); /* safe on a zeroed struct */

/* The training splits as one data set, with their weights. */
bert_status data_sources_open(const data_sources *sources, dataset *data, bert_error *error);

/* The validation splits that are there, whole whatever the weights; *found is false where there are
 * none, and then nothing is open. */
bert_status data_sources_open_validation(const data_sources *sources, dataset *data, bool *found,
                                         bert_error *error);

/* The tokenizer that lies beside the first prefix; those beside the others have to be the same. */
bert_status data_sources_load_tokenizer(const data_sources *sources, bert_tokenizer **tokenizer,
                                        bert_error *error);

#endif
