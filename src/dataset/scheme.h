/* Sampling schemes: which tokens form a sample, as functions of (seed, epoch, start).
 *
 * A sample is determined by its start. Once per epoch, a scheme visits the starts of each document
 * (dataset/sample_table.h stores them); later it draws the sample at any of them. Each sample is a
 * sequence of its own: attention never crosses samples of a batch. What an epoch's samples have of
 * the text is counted in dataset/coverage.h.
 *
 * To add a scheme: define it in pairs.c or segments.c and add a line to the table of scheme.c. */
#ifndef DATASET_SCHEME_H
#define DATASET_SCHEME_H

#include "base/random.h"
#include "dataset/dataset.h"

typedef struct sample_scheme sample_scheme;

/* The documents of a weighted stream in an epoch, in order, each as often as it occurs. `position`
 * is that of its first token in the stream. */
typedef struct stream_document {
    uint64_t position, document;
} stream_document;
typedef struct stream_order {
    stream_document *list; /* [count], owned */
    size_t count, capacity;
    uint64_t length; /* in tokens, with a [SEP] between two documents */
} stream_order;

typedef struct sample_settings {
    const sample_scheme *scheme;
    int token_limit; /* of all segments together, without [CLS] and [SEP]s */
    double short_seq_probability;
    uint64_t seed;
    const stream_order *order; /* of a stream in the current epoch; NULL: all documents */
} sample_settings;

/* Consecutive tokens of the data. [SEP] follows each part, [CLS] precedes the first, unless the
 * sample's frame says otherwise. */
typedef struct sample_part {
    uint64_t first; /* token, as dataset_tokens counts them */
    int count;
    uint8_t type; /* 1 in segment B */
} sample_part;

typedef struct sample {
    sample_part *parts; /* [scheme_parts()] */
    int part_count;
    uint8_t next_sentence_label; /* 0: B follows A, 1: B is random; 0 without pairs */
    uint8_t frame;               /* ROW_… bits of a row: what it lacks */
} sample;

typedef struct sample_start {
    uint64_t epoch;    /* its number in random draws (weight_epoch) */
    uint64_t position; /* sentence, or token (sample_scheme.starts_at_tokens) */
    uint64_t piece;    /* number among the samples that begin at this position, from 0 */
} sample_start;

struct sample_scheme {
    const char *name;      /* on the command line and in run.json */
    bool has_pairs;        /* for next-sentence prediction */
    bool is_stream;        /* one token stream over all documents: needs no table */
    bool starts_at_tokens; /* starts are counted in tokens, else in sentences */
    /* The start that follows `start` in a document that ends at `end`; at or above `end` if `start`
     * was the last, `start` itself if there is none. NULL for a stream. */
    uint64_t (*next)(const dataset *data, const sample_settings *settings, uint64_t epoch,
                     uint64_t start, uint64_t end);
    /* The number of samples that begin at `start`; NULL: always one. */
    uint64_t (*pieces)(const dataset *data, const sample_settings *settings, uint64_t start);
    void (*draw)(const dataset *data, const sample_settings *settings, sample_start start,
                 sample *sample);
};

/* Pairs (pairs.c). */
extern const sample_scheme scheme_segment_pairs;  /* several sentences each, as in BERT's paper */
extern const sample_scheme scheme_sentence_pairs; /* one sentence each */

/* One segment (segments.c). */
extern const sample_scheme scheme_sentences; /* as many sentences of one document as fit */
extern const sample_scheme scheme_chunks;    /* full lengths of one document */
extern const sample_scheme scheme_stream;    /* full lengths across document boundaries */
extern const sample_scheme scheme_documents; /* the beginning of each document */

/* The rows of a pre-tokenized data set (pairs.c), with and without next-sentence prediction. */
extern const sample_scheme scheme_ready_pairs, scheme_ready_segments;

/* Finds `name` among the schemes with or without pairs; `option` ("params->pairs",
 * "params->sequences") is for the message. */
bert_status scheme_parse(const sample_scheme **scheme, const char *name, bool has_pairs,
                         const char *option, bert_error *error);

/* Tokens of text in a sample of `max_seq_length`: without [CLS] and the [SEP]s. */
int scheme_token_limit(const sample_scheme *scheme, int max_seq_length);

/* The maximum number of parts of a sample. */
int scheme_parts(const sample_scheme *scheme, int token_limit);

/* The random stream of one sample. */
random_stream scheme_random(const sample_settings *settings, uint64_t epoch, uint64_t start);

/* sample_scheme.next of schemes with one sample for each document. */
uint64_t scheme_next_document(const dataset *data, const sample_settings *settings, uint64_t epoch,
                              uint64_t start, uint64_t end);

/* Tokens of the data, before truncation to a sample's length. */
typedef struct token_range {
    uint64_t first, count;
} token_range;

/* The tokens of the sentences [first, end). */
token_range token_range_of(const dataset *data, uint64_t first, uint64_t end);

/* Truncates both to `limit` tokens together. Same distribution as in BERT's
 * create_pretraining_data, which removes tokens one by one from the longer one (from b if they are
 * equal), each from its front or its back at random; here all are removed at once. */
void token_range_truncate(token_range *a, token_range *b, uint64_t limit, random_stream *stream);

#endif
