/* How long the sentences and documents of prepared data are. */
#ifndef DATASET_DATA_COUNTS_H
#define DATASET_DATA_COUNTS_H

#include "bert/inspect_data.h"
#include "dataset/dataset.h"

/* Fills `report` in one pass over the index by `threads` threads: a second or less for 10^8
 * sentences. `data` is checked (dataset_check). */
bert_status data_counts_take(bert_split_report *report, const dataset *data, int threads,
                             bert_error *error);

/* The tokens of all sentences that have more than `limit`. */
uint64_t data_counts_tokens_beyond(const dataset *data, uint64_t limit, int threads);

#endif
