/* Prepared data: a Megatron-LM indexed file, memory-mapped. A sequence is a sentence. */
#ifndef DATASET_DATASET_H
#define DATASET_DATASET_H

#include "base/file.h"

typedef struct dataset {
    char *prefix; /* owned; PREFIX.bin and PREFIX.idx */
    file_map index, tokens;
    uint64_t sentence_count, document_count, token_count;
    bool wide;                      /* ids are int32, else uint16 */
    const int32_t *lengths;         /* [sentence_count] tokens */
    const int64_t *pointers;        /* [sentence_count] bytes into the .bin */
    const int64_t *document_starts; /* [document_count + 1] first sentence of each document */
} dataset;

/* Maps both files and checks all that can be checked without touching every token: magic, version,
 * type, counts against sizes, and that starts and pointers rise and stay inside. */
bert_status dataset_open(dataset *data, const char *prefix, bert_error *error);
void dataset_close(dataset *data); /* safe on a zeroed struct */

/* The ids of a sentence, widened. out: [lengths[sentence]]. */
void dataset_sentence(const dataset *data, uint64_t sentence, int32_t *out);

/* Names inside a prepared prefix. Each gives a string that the caller frees. */
bert_status dataset_validation_prefix(char **out, const char *prefix, bert_error *error);
bert_status dataset_tokenizer_directory(char **out, const char *prefix, bert_error *error);

/* Writing: sentences and document ends are appended, files appear at the commit. */
typedef struct dataset_writer dataset_writer;
bert_status dataset_writer_open(dataset_writer **writer, const char *prefix, size_t vocab_size,
                                bert_error *error);
bert_status dataset_writer_sentence(dataset_writer *writer, const int32_t *ids, size_t count,
                                    bert_error *error);
bert_status dataset_writer_end_document(dataset_writer *writer, bert_error *error);
bert_status dataset_writer_commit(dataset_writer *writer, bert_error *error); /* frees it */
void dataset_writer_discard(dataset_writer *writer);                          /* frees it */

#endif
