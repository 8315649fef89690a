/* Prepared data: one prepared file, or several with consecutive numbering, as if they were one. */
#ifndef DATASET_DATASET_H
#define DATASET_DATASET_H

#include "bert/choices.h"
#include "dataset/shard.h"

/* A file of a data set, and the counts in all files before it. */
typedef struct dataset_shard {
    shard file;
    uint64_t first_sentence, first_document, first_token;
    double weight; /* how often each document occurs in an epoch (dataset/weights.h); default 1 */
} dataset_shard;

/* What the rows of a pre-tokenized data set had, beyond what is stored of them. */
typedef struct pretokenized_counts {
    uint64_t skipped;    /* rows without text, or with an empty segment */
    char *first_skipped; /* "FILE: row N", owned; NULL: none */
    uint64_t longest;    /* tokens in the longest row */
    char *longest_row;   /* "FILE: row N", owned */
    uint64_t restored;   /* ids that were masked, restored from `labels` */
    bool has_no_special; /* no row had [CLS] or [SEP] */
} pretokenized_counts;

enum { ROW_WITHOUT_CLS = 1, ROW_WITHOUT_SEP = 2 };

typedef struct dataset {
    char *prefix;          /* for messages: PREFIX, or a name for several; owned */
    dataset_shard *shards; /* [shard_count], owned */
    size_t shard_count;
    uint64_t sentence_count, document_count, token_count;
    bool is_weighted; /* any weight is not 1 */
    /* A pre-tokenized data set (dataset/pretokenized.h): a document is a sample, its one or two
     * sentences are the segments. */
    bool is_pretokenized;
    uint8_t *labels; /* [document_count] next-sentence labels, owned; NULL: none */
    uint8_t *frames; /* [document_count] ROW_… bits of rows without [CLS] at their beginning or
                        [SEP] at their end, owned; NULL: all have both */
    pretokenized_counts rows;
} dataset;

/* Maps the files of PREFIX in a few microseconds, whatever their size: checks headers and counts
 * (shard_open), not yet the arrays. */
bert_status dataset_open(dataset *data, const char *prefix, bert_error *error);

/* Opens several prefixes as one data set, in this order; `name` is used in messages. */
bert_status dataset_open_all(dataset *data, const char *name, const char *const *prefixes,
                             size_t count, bert_error *error);
void dataset_close(dataset *data); /* safe on a zeroed struct */

/* Checks the arrays of all files in parallel, at memory bandwidth (shard_check). The functions
 * below rely on it: call it once after opening (sampler_create does). */
bert_status dataset_check(const dataset *data, bert_error *error);

/* The file that contains a sentence, a document, a token; for an index equal to their count, the
 * last file. */
const dataset_shard *dataset_shard_of(const dataset *data, uint64_t sentence);
const dataset_shard *dataset_shard_of_document(const dataset *data, uint64_t document);
const dataset_shard *dataset_shard_of_token(const dataset *data, uint64_t token);

/* First sentence of a document; for document_count, the number of all sentences. */
uint64_t dataset_document_start(const dataset *data, uint64_t document);

/* The number of documents that have sentences, at most `most`: all but those of other programs do.
 * Pairs need two. */
uint64_t dataset_filled_documents(const dataset *data, uint64_t most);

/* Number of tokens in a sentence. */
uint64_t dataset_sentence_length(const dataset *data, uint64_t sentence);

/* The ids of a sentence as int32. out: [dataset_sentence_length]. */
void dataset_sentence(const dataset *data, uint64_t sentence, int32_t *out);

/* Number of tokens before a sentence, before a document; for an index equal to their count, the
 * number of all tokens. */
uint64_t dataset_token_start(const dataset *data, uint64_t sentence);
uint64_t dataset_document_token_start(const dataset *data, uint64_t document);

/* `count` ids from token `first` on, across sentences, as int32. first + count <= token_count. */
void dataset_tokens(const dataset *data, uint64_t first, size_t count, int32_t *out);

/* The document that a sentence, or a token, belongs to. */
uint64_t dataset_document_of(const dataset *data, uint64_t sentence);
uint64_t dataset_document_at(const dataset *data, uint64_t token);

/* Size of all files in bytes. */
uint64_t dataset_bytes(const dataset *data);

/* PREFIX.validation and PREFIX.tokenizer, which is also that of PREFIX.validation as a prefix of
 * its own. The caller frees the string. */
bert_status dataset_validation_prefix(char **out, const char *prefix, bert_error *error);
bert_status dataset_tokenizer_directory(char **out, const char *prefix, bert_error *error);

/* Writing: sentences and document ends are appended; the commit makes the files appear, first the
 * .bin and last the .idx, without which no reader opens anything. Uses constant memory. */
typedef struct dataset_writer dataset_writer;
bert_status dataset_writer_open(dataset_writer **writer, const char *prefix, size_t vocab_size,
                                bert_error *error);
/* Sets the layout, before the commit; the default is BERT_LAYOUT_SENTENCES. */
void dataset_writer_use_layout(dataset_writer *writer, bert_layout layout);
/* `count` > 0 ids in [0, vocab_size). */
bert_status dataset_writer_sentence(dataset_writer *writer, const int32_t *ids, size_t count,
                                    bert_error *error);
/* A document without sentences is not recorded. */
bert_status dataset_writer_end_document(dataset_writer *writer, bert_error *error);
bert_status dataset_writer_commit(dataset_writer *writer, bert_error *error); /* frees it */
void dataset_writer_discard(dataset_writer *writer); /* frees it; NULL is fine */

/* Resumable writing: the files have their names from the beginning, along with PREFIX.lengths and
 * PREFIX.documents, which the caller removes in the end; all of them stay when the writer is
 * discarded. `from` is the saved state of an earlier writer, zero for a new data set; the files are
 * truncated to it. */
typedef struct dataset_writer_state {
    uint64_t tokens, sentences, documents;
} dataset_writer_state;
bert_status dataset_writer_continue(dataset_writer **writer, const char *prefix, size_t vocab_size,
                                    const dataset_writer_state *from, bert_error *error);
/* Makes everything written so far durable and returns its extent in `state`. Only between two
 * documents. */
bert_status dataset_writer_save(dataset_writer *writer, dataset_writer_state *state,
                                bert_error *error);

#endif
