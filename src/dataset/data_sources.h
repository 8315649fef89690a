/* The data named by --data: one prefix of prepared data or several, each with a weight; or one
 * pre-tokenized data set or several. */
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
    char *pretokenized; /* owned: the lines of pre-tokenized data sets, as pretokenized_files_find
                           takes them, then `count` is 0; else NULL */
    char *name;         /* owned: name of all data in messages */
    bool is_weighted;   /* any weight is not 1 */
} data_sources;

/* Each line of `data` is a PREFIX, a folder of prepared files, or a shell pattern that prefixes
 * match, each with an optional :WEIGHT. The prefixes of a folder or a pattern are sorted by their
 * bytes and exclude validation splits. A line that is itself the prefix of existing files is taken
 * literally. A folder without prepared files, and an existing file, are pre-tokenized data sets
 * (dataset/pretokenized_files.h), and so is a pattern that no prefix matches; then all lines are.
 */
bert_status data_sources_find(data_sources *sources, const char *data, bert_error *error);
void data_sources_free(data_sources *sources); /* safe on a zeroed struct */

/* The training splits as one data set, with their weights. */
bert_status data_sources_open(const data_sources *sources, dataset *data, bert_error *error);

/* The existing validation splits, in full regardless of the weights. Where there are none, *found
 * is false and nothing is open. */
bert_status data_sources_open_validation(const data_sources *sources, dataset *data, bool *found,
                                         bert_error *error);

/* What an evaluation of these data reads: of each prefix its validation split, of one without such
 * a split all. Weights are an error. */
bert_status data_sources_open_evaluation(const data_sources *sources, dataset *data,
                                         bert_error *error);

/* Checks that the tokenizers of all prefixes, where they have one, are the same as `tokenizer`,
 * which messages call `name`. */
bert_status data_sources_check_tokenizer(const data_sources *sources,
                                         const bert_tokenizer *tokenizer, const char *name,
                                         bert_error *error);

/* Whether a tokenizer has the settings with which the data were prepared; `name` is for messages.
 */
bert_status data_sources_check_settings(const data_sources *sources,
                                        const bert_tokenizer *tokenizer, const char *name,
                                        bert_error *error);

/* The tokenizer of the first prefix; those of the others must be the same. */
bert_status data_sources_load_tokenizer(const data_sources *sources, bert_tokenizer **tokenizer,
                                        bert_error *error);

#endif
