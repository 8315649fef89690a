/* Samples of a data set as pre-training makes them, decoded. */
#ifndef DATASET_INSPECT_SAMPLES_H
#define DATASET_INSPECT_SAMPLES_H

#include "bert/inspect_data.h"
#include "dataset/dataset.h"
#include "tokenizer/tokenizer.h"

/* The first `params->samples` of epoch 0 into report->samples, which the caller frees. */
bert_status inspect_samples(const bert_inspect_data_params *params, const dataset *data,
                            const bert_tokenizer *tokenizer, bert_data_report *report,
                            bert_error *error);

#endif
