/* Prepared data: one prepared file, or several that are numbered through as if they were one. */
#ifndef DATASET_DATASET_H
#define DATASET_DATASET_H

#include "bert/choices.h"
#include "dataset/shard.h"

/* A file of a data set, and what stands before it. */
typedef struct dataset_shard {
    shard file;
    uint64_t first_sentence, first_document, first_token;
    double weight; /* how often each document comes in an epoch (dataset/weights.h); 1 */
} dataset_shard;

typedef struct dataset {
    char *prefix;          /* for messages: PREFIX, or what stands for several; owned */
    dataset_shard *shards; /* [shard_count], owned */
    size_t shard_count;
    uint64_t sentence_count, document_count, token_count;
    bool is_weighted; /* some weight is not 1 */
    /* Of ready-made samples alone (dataset/ready_made.h): a document is a sample, its one or two
     * sentences are the parts. */
    bool is_ready_made;
    uint8_t *labels; /* [document_count] next-sentence labels, owned; NULL: it has none */
} dataset;

/* Maps the files of PREFIX. Takes the same few microseconds for any size: checks headers and counts
 * (shard_open), not yet the arrays. */
bert_status dataset_open(dataset *data, const char *prefix, bert_error *error);

/* Several prefixes as one, in this order; `name` stands for all in messages. */
bert_status dataset_open_all(dataset *data, const char *name, const char *const *prefixes,
                             size_t count, bert_error *error);
void dataset_close(dataset *data); /* safe on a zeroed struct */

/* Checks the arrays of all files at the speed of memory, in parallel (shard_check). The calls below
 * rely on it: call it once after opening (sampler_create does). */
bert_status dataset_check(const dataset *data, bert_error *error);

/* The file that a sentence, a document, a token is in; the last one for their number. */
const dataset_shard *dataset_shard_of(const dataset *data, uint64_t sentence);
const dataset_shard *dataset_shard_of_document(const dataset *data, uint64_t document);
const dataset_shard *dataset_shard_of_token(const dataset *data, uint64_t token);

/* First sentence of a document; document_count gives the number of all sentences. */
uint64_t dataset_document_start(const dataset *data, uint64_t document);

/* Tokens in a sentence. */
uint64_t dataset_sentence_length(const dataset *data, uint64_t sentence);

/* The ids of a sentence, widened. out: [dataset_sentence_length]. */
void dataset_sentence(const dataset *data, uint64_t sentence, int32_t *out);

/* Number of tokens before a sentence, before a document; the number of these gives all. */
uint64_t dataset_token_start(const dataset *data, uint64_t sentence);
uint64_t dataset_document_token_start(const dataset *data, uint64_t document);

/* `count` ids from the given token on, across sentences, widened. first + count <= token_count. */
void dataset_tokens(const dataset *data, uint64_t first, size_t count, int32_t *out);

/* The document that a sentence, or a token, belongs to. */
uint64_t dataset_document_of(const dataset *data, uint64_t sentence);
uint64_t dataset_document_at(const dataset *data, uint64_t token);

/* Bytes of all files. */
uint64_t dataset_bytes(const dataset *data);

/* Names inside a prepared prefix. Each gives a string that the caller frees. */
bert_status dataset_validation_prefix(char **out, const char *prefix, bert_error *error);
bert_status dataset_tokenizer_directory(char **out, const char *prefix, bert_error *error);

/* Writing: sentences and document ends are appended, files appear at the commit, first the .bin and
 * at last the .idx, without which no reader opens anything. Memory does not grow with the data. */
typedef struct dataset_writer dataset_writer;
bert_status dataset_writer_open(dataset_writer **writer, const char *prefix, size_t vocab_size,
                                bert_error *error);
/* The layout, which is BERT_LAYOUT_SENTENCES unless told before the commit. */
void dataset_writer_use_layout(dataset_writer *writer, bert_layout layout);
/* Ids in [0, vocab_size); at least one. */
bert_status dataset_writer_sentence(dataset_writer *writer, const int32_t *ids, size_t count,
                                    bert_error *error);
/* A document without sentences leaves no trace. */
bert_status dataset_writer_end_document(dataset_writer *writer, bert_error *error);
bert_status dataset_writer_commit(dataset_writer *writer, bert_error *error); /* frees it */
void dataset_writer_discard(dataset_writer *writer); /* frees it; NULL is fine */

/* Writing that may be interrupted: the files have their names from the beginning, with
 * PREFIX.lengths and PREFIX.documents beside them until somebody removes these, and stay where the
 * writer is discarded. `from` is where an earlier writer was saved, zero for a new data set; what
 * the files hold beyond is cut off. */
typedef struct dataset_writer_state {
    uint64_t tokens, sentences, documents;
} dataset_writer_state;
bert_status dataset_writer_continue(dataset_writer **writer, const char *prefix, size_t vocab_size,
                                    const dataset_writer_state *from, bert_error *error);
/* Between two documents: all written so far survives, and `state` says how much it is. */
bert_status dataset_writer_save(dataset_writer *writer, dataset_writer_state *state,
                                bert_error *error);

#endif
