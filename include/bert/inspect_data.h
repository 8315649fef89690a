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
    int max_seq_length;     /* of samples, in tokens */
    double mlm_probability; /* share of the tokens to predict */
    uint64_t seed;
} bert_inspect_data_params;

/* Sentences or documents with 1, 2–3, 4–7, … tokens: entry i counts lengths from 2^i on. */
enum { BERT_LENGTH_CLASSES = 33 };

/* Lengths are in tokens. */
typedef struct bert_split_report {
    uint64_t documents, sentences, tokens;
    uint64_t bytes; /* of .bin, .idx and .sentences */
    uint64_t sentence_lengths[BERT_LENGTH_CLASSES], document_lengths[BERT_LENGTH_CLASSES];
    uint64_t longest_sentence, longest_document;
    uint64_t median_sentence, median_document; /* exact to 1/4096; of documents with sentences */
    uint64_t one_sentence_documents;
    uint64_t empty_documents;                      /* only in files of other programs */
    uint64_t tokens_beyond_128, tokens_beyond_512; /* in sentences of more than so many tokens */
} bert_split_report;

/* What the samples of the first epoch have of the training split, for one value of
 * bert_pretrain_params.pairs or .sequences. */
typedef struct bert_scheme_report {
    const char *name; /* of that value; static */
    bool has_pairs;
    uint64_t samples;
    /* Tokens that a sample has as text of its document: the random second segments of pairs are not
     * counted. Each token counts once. */
    uint64_t tokens;
    double random_labels; /* share of the pairs whose second segment is random; NaN: no pairs */
} bert_scheme_report;
enum { BERT_SCHEMES = 6 };

/* A sample as pre-training with segment pairs makes it. */
typedef struct bert_sample_report {
    char *text; /* its tokens; a predicted one as {was>is}; owned by the report */
    size_t tokens, predictions;
    int next_sentence_label; /* 0: B follows A, 1: B is random; -1: one segment, as there is only
                                one document */
} bert_sample_report;

typedef struct bert_data_report {
    bert_split_report train, validation; /* validation: zero where there is none */
    /* Pairs are missing where there is one document only. Of large data, samples, tokens and labels
     * are estimated from a part. */
    bert_scheme_report schemes[BERT_SCHEMES];
    size_t scheme_count;
    bool schemes_estimated;
    int max_seq_length; /* of the schemes' samples */
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
