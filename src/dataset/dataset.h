/* Prepared data: a Megatron-LM indexed file, memory-mapped. A sequence is a sentence.
 *
 * PREFIX.bin holds the ids of all sentences one behind the other. PREFIX.idx, little-endian: magic
 * "MMIDIDX\0\0", u64 version 1, u8 type of the ids (8: uint16, 4: int32), u64 number of sentences,
 * u64 number of document entries, then i32 tokens of each sentence, i64 byte in the .bin of each
 * sentence, i64 first sentence of each document and, as the last entry, the number of sentences
 * (so there is one entry more than documents). As in Megatron-LM's
 * megatron/core/datasets/indexed_dataset.py. */
#ifndef DATASET_DATASET_H
#define DATASET_DATASET_H

#include "base/file.h"

/* The header has 34 bytes, so the arrays behind it lie at odd places. */
typedef int32_t dataset_int32 __attribute__((aligned(1)));
typedef int64_t dataset_int64 __attribute__((aligned(1)));

typedef struct dataset {
    char *prefix; /* owned; PREFIX.bin and PREFIX.idx */
    file_map index, tokens;
    uint64_t sentence_count, document_count, token_count;
    bool wide;                            /* ids are int32, else uint16 */
    const dataset_int32 *lengths;         /* [sentence_count] tokens */
    const dataset_int64 *pointers;        /* [sentence_count] bytes into the .bin */
    const dataset_int64 *document_starts; /* [document_count + 1] first sentence of each document */
    /* Of ready-made samples alone (dataset/ready_made.h): a document is a sample, its one or two
     * sentences are the parts. */
    bool is_ready_made;
    uint8_t *labels; /* [document_count] next-sentence labels, owned; NULL: it has none */
} dataset;

/* Maps both files. Takes the same few microseconds for any size: checks magic, version, type and
 * the counts against both sizes, not yet the arrays. */
bert_status dataset_open(dataset *data, const char *prefix, bert_error *error);
void dataset_close(dataset *data); /* safe on a zeroed struct */

/* Checks the arrays in one pass at the speed of memory, in parallel: every sentence has a token and
 * begins where the one before it ends, the last one ends with the .bin, document starts never fall
 * and end with the last sentence. The calls below, and whoever reads the arrays, rely on it: call
 * it once after opening (sampler_create does). */
bert_status dataset_check(const dataset *data, bert_error *error);

/* The ids of a sentence, widened. out: [lengths[sentence]]. */
void dataset_sentence(const dataset *data, uint64_t sentence, int32_t *out);

/* Number of tokens before a sentence; sentence_count gives the number of all. */
uint64_t dataset_token_start(const dataset *data, uint64_t sentence);

/* `count` ids from the given token on, across sentences, widened. first + count <= token_count. */
void dataset_tokens(const dataset *data, uint64_t first, size_t count, int32_t *out);

/* The sentence that a token belongs to. token < token_count. */
uint64_t dataset_sentence_of(const dataset *data, uint64_t token);

/* The document that a sentence belongs to. */
uint64_t dataset_document_of(const dataset *data, uint64_t sentence);

/* Names inside a prepared prefix. Each gives a string that the caller frees. */
bert_status dataset_validation_prefix(char **out, const char *prefix, bert_error *error);
bert_status dataset_tokenizer_directory(char **out, const char *prefix, bert_error *error);

/* Writing: sentences and document ends are appended, files appear at the commit, first the .bin and
 * then the .idx, without which no reader opens anything. Memory does not grow with the data. */
typedef struct dataset_writer dataset_writer;
bert_status dataset_writer_open(dataset_writer **writer, const char *prefix, size_t vocab_size,
                                bert_error *error);
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
