/* Schemes: which tokens make a sample, as functions of (seed, epoch, start).
 *
 * A sample is known from where it starts. A scheme walks a document from start to start once for an
 * epoch (dataset/sample_table.h keeps where it came by) and draws the sample at any of them later.
 * Attention never sees two samples: each is a sequence of its own, whatever else is in the batch.
 *
 * To add one: a scheme in pairs.c or segments.c, and a line in the table of scheme.c. */
#ifndef DATASET_SCHEME_H
#define DATASET_SCHEME_H

#include "base/random.h"
#include "dataset/dataset.h"

typedef struct sample_scheme sample_scheme;

/* The documents of a stream in an epoch where they have weights, in their order: those that come,
 * as often as they come. `place` is that of the first token in the stream. */
typedef struct stream_document {
    uint64_t place, document;
} stream_document;
typedef struct stream_order {
    stream_document *list; /* [count], owned */
    size_t count, capacity;
    uint64_t length; /* tokens, and a [SEP] between two documents */
} stream_order;

typedef struct sample_settings {
    const sample_scheme *scheme;
    int token_limit; /* of all parts together, without [CLS] and [SEP]s */
    double short_seq_probability;
    uint64_t seed;
    const stream_order *order; /* of a stream and the epoch at hand; NULL: all documents */
} sample_settings;

/* A run of tokens in the data. [SEP] follows each part, [CLS] stands before the first. */
typedef struct sample_part {
    uint64_t first; /* token, as dataset_tokens counts them */
    int count;
    uint8_t type; /* 1 in segment B */
} sample_part;

typedef struct sample {
    sample_part *parts; /* [scheme_parts()] */
    int part_count;
    uint8_t next_sentence_label; /* 0: B follows A, 1: B is random; 0 without pairs */
} sample;

struct sample_scheme {
    const char *name;      /* as the command line and run.json have it */
    bool has_pairs;        /* for next-sentence prediction */
    bool is_stream;        /* one run of tokens over all documents: needs no table */
    bool starts_at_tokens; /* starts count tokens, else sentences */
    /* The start behind `start`, in a document that ends at `end`; at or above `end` where it was
     * the last, `start` itself where none is there. NULL for a stream. */
    uint64_t (*next)(const dataset *data, const sample_settings *settings, uint64_t epoch,
                     uint64_t start, uint64_t end);
    void (*draw)(const dataset *data, const sample_settings *settings, uint64_t epoch,
                 uint64_t start, sample *sample);
};

/* Pairs (pairs.c). */
extern const sample_scheme scheme_segment_pairs;  /* several sentences each, as BERT's paper */
extern const sample_scheme scheme_sentence_pairs; /* one sentence each */

/* One segment (segments.c). */
extern const sample_scheme scheme_sentences; /* whole sentences of one document, that fit */
extern const sample_scheme scheme_chunks;    /* full lengths of one document */
extern const sample_scheme scheme_stream;    /* full lengths over the borders of documents */
extern const sample_scheme scheme_documents; /* the beginning of each document */

/* Samples that the data brings as they are (pairs.c): taken where the data is ready-made. With and
 * without next-sentence prediction. */
extern const sample_scheme scheme_ready_pairs, scheme_ready_segments;

/* `name` among those with pairs or those without ("params->pairs", "params->sequences"; `option` is
 * for the message). */
bert_status scheme_parse(const sample_scheme **scheme, const char *name, bool has_pairs,
                         const char *option, bert_error *error);

/* Tokens of text in a sample of `max_seq_length`: what [CLS] and the [SEP]s leave. */
int scheme_token_limit(const sample_scheme *scheme, int max_seq_length);

/* The most parts that a sample can have. */
int scheme_parts(const sample_scheme *scheme, int token_limit);

/* The stream of the draws of one sample. */
random_stream scheme_random(const sample_settings *settings, uint64_t epoch, uint64_t start);

/* sample_scheme.next of schemes with one sample for each document. */
uint64_t scheme_next_document(const dataset *data, const sample_settings *settings, uint64_t epoch,
                              uint64_t start, uint64_t end);

/* Tokens of the data, before they are cut to a sample's length. */
typedef struct token_range {
    uint64_t first, count;
} token_range;

/* Those of the sentences [first, end). */
token_range token_range_of(const dataset *data, uint64_t first, uint64_t end);

/* Cuts both to `limit` tokens together, as BERT's create_pretraining_data does: they go one by one
 * from the longer one (from b where they are equal), each from its front or its back at random;
 * here for all of them at once. */
void token_range_truncate(token_range *a, token_range *b, uint64_t limit, random_stream *stream);

#endif
