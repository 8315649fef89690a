/* What prepared data holds, and the samples that a model is trained on. Part of bert.h. */
#ifndef BERT_INSPECT_DATA_H
#define BERT_INSPECT_DATA_H

#include "bert/choices.h"
#include "bert/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bert_inspect_data_params {
    const char *data;       /* PREFIX of bert_prepare, or several, or pre-tokenized data sets, as
                               bert_pretrain_params.data has them, without weights */
    const char *tokenizer;  /* NULL: PREFIX.tokenizer; a pre-tokenized data set needs it */
    size_t samples;         /* samples of the training split that are decoded */
    int max_seq_length;     /* of samples, in tokens */
    double mlm_probability; /* share of the tokens to predict */
    uint64_t seed;
    /* The rest of how they are made, as bert_pretrain_params has it: samples are the first ones
     * that a run with these settings trains on. Without pairs of what the data cannot make pairs
     * of, of sequences where these are given, and where there is no next-sentence prediction. */
    bool next_sentence_prediction;
    bert_pairs pairs;         /* unset: segments */
    bert_sequences sequences; /* unset: sentences */
    bert_mask_unit mask_unit; /* unset: token */
    double short_seq_probability;
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

/* A sample as pre-training makes it. */
typedef struct bert_sample_report {
    char *text; /* its tokens; a predicted one as {was>is}; owned by the report */
    size_t tokens, predictions;
    int next_sentence_label; /* 0: B follows A, 1: B is random; -1: no pair */
    /* [tokens] each, as BertForPreTraining takes them; labels are -100 where nothing is predicted;
     * owned by the report. */
    int32_t *input_ids, *token_type_ids, *labels;
} bert_sample_report;

/* Of the rows for training of a pre-tokenized data set. */
typedef struct bert_rows_report {
    uint64_t skipped;      /* without text, or with an empty segment */
    char *first_skipped;   /* "FILE: row N", owned by the report; NULL: none */
    uint64_t longer;       /* than max_seq_length */
    uint64_t longest;      /* tokens, [CLS] and [SEP] included */
    char *longest_row;     /* "FILE: row N", owned by the report */
    uint64_t restored_ids; /* that were masked, restored from the column labels */
    bool has_labels;       /* for next-sentence prediction */
    uint64_t labels[2];    /* rows with next_sentence_label 0 and 1 */
} bert_rows_report;

typedef struct bert_data_report {
    bert_split_report train, validation; /* validation: zero where there is none */
    /* Pairs are missing where there is one document only. Of large data, samples, tokens and labels
     * are estimated from a part. */
    bert_scheme_report schemes[BERT_SCHEMES];
    size_t scheme_count;
    bool schemes_estimated;
    int max_seq_length; /* of the schemes' samples */
    size_t vocab_size;
    size_t files;         /* PREFIXes, or files of the rows for training */
    bool is_pretokenized; /* documents are rows, sentences are their segments */
    bert_rows_report rows;
    size_t sample_count;
    bert_sample_report *samples; /* [sample_count] */
} bert_data_report;

BERT_API bert_inspect_data_params bert_inspect_data_params_default(void);
/* Fills `report`, which is released with bert_data_report_free, also after a failure. */
BERT_API bert_status bert_inspect_data(const bert_inspect_data_params *params,
                                       bert_data_report *report, bert_error *error);
/* Whether the path names a pre-tokenized data set: its first file has lists of integers called
 * input_ids. */
BERT_API bool bert_pretokenized_detect(const char *path);
BERT_API void bert_data_report_free(bert_data_report *report);

#ifdef __cplusplus
}
#endif
#endif
