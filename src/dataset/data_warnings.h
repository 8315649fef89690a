/* Warnings of data that a model would learn little from, a line for each with its remedy: told by
 * bert_prepare, and by bert_pretrain when a run begins. `bert inspect` shows the same figures. */
#ifndef DATASET_DATA_WARNINGS_H
#define DATASET_DATA_WARNINGS_H

#include "bert/status.h"
#include "dataset/scheme.h"

/* What is about to be trained, or might be. */
typedef struct data_use {
    const char *name;                  /* of the data, for the messages */
    const dataset *train, *validation; /* checked (dataset_check); validation NULL: none */
    sample_settings sampling, validation_sampling;
    int max_seq_length; /* of training */
    double mlm_probability;
    uint64_t epoch; /* the first one, in random draws */
    int threads;
} data_use;

/* Takes less than a second, whatever the size of the data. */
bert_status data_warn(const data_use *use, const bert_observer *observer, bert_error *error);

/* Of data that was just written, as bert_pretrain's defaults would use it: segment pairs of 128
 * tokens. */
bert_status data_warn_prepared(const char *prefix, bool has_validation, uint64_t seed, int threads,
                               const bert_observer *observer, bert_error *error);

#endif
