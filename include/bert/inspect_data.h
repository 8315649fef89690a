/* What prepared data holds, and the samples that a model is trained on. Part of bert.h. */
#ifndef BERT_INSPECT_DATA_H
#define BERT_INSPECT_DATA_H

#include "bert/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bert_inspect_data_params {
    const char *data;       /* PREFIX of bert_prepare, or several as bert_pretrain_params.data has
                               them, without weights */
    size_t samples;         /* samples of the training split that are decoded */
    int max_seq_length;     /* of them, in tokens */
    double mlm_probability; /* share of the tokens to predict */
    uint64_t seed;
} bert_inspect_data_params;

/* Sentences or documents with 1, 2–3, 4–7, … tokens: entry i counts lengths from 2^i on. */
enum { BERT_LENGTH_CLASSES = 33 };

typedef struct bert_split_report {
    uint64_t documents, sentences, tokens;
    uint64_t bytes; /* of .bin, .idx and .sentences */
    uint64_t sentence_lengths[BERT_LENGTH_CLASSES], document_lengths[BERT_LENGTH_CLASSES];
    uint64_t longest_sentence, longest_document; /* tokens */
} bert_split_report;

/* A sample as pre-training with segment pairs makes it. */
typedef struct bert_sample_report {
    char *text; /* its tokens; a predicted one as {was>is}; owned by the report */
    size_t tokens, predictions;
    int next_sentence_label; /* 0: B follows A, 1: B is random; -1: one segment, as there is only
                                one document */
} bert_sample_report;

typedef struct bert_data_report {
    bert_split_report train, validation; /* validation: zero where there is none */
    size_t vocab_size;
    size_t files; /* PREFIXes */
    size_t sample_count;
    bert_sample_report *samples; /* [sample_count] */
} bert_data_report;

BERT_API bert_inspect_data_params bert_inspect_data_params_default(void);
/* Fills `report`, which is released with bert_data_report_free, also after a failure. */
BERT_API bert_status bert_inspect_data(const bert_inspect_data_params *params,
                                       bert_data_report *report, bert_error *error);
BERT_API void bert_data_report_free(bert_data_report *report);

#ifdef __cplusplus
}
#endif
#endif
