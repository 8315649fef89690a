/* The stages of `bert prepare`: chunks of documents → ids, on all cores; and the split of documents
 * into training and validation. */
#ifndef DATASET_PREPARE_H
#define DATASET_PREPARE_H

#include "corpus/corpus.h"
#include "corpus/sentences.h"
#include "dataset/dataset.h"
#include "tokenizer/tokenizer.h"

/* ---- chunk: some documents, the unit of work of one thread ---- */

typedef struct text_document {
    uint64_t number;              /* in the order of all inputs, from 0 */
    size_t text_end;              /* in the chunk's text */
    size_t first_sentence, count; /* in the chunk's sentences */
    uint64_t hash;                /* of its text and the seed */
    sentence_borders borders;
} text_document;

typedef struct text_chunk {
    text text;
    text_document *documents;
    size_t document_count, document_capacity;
    /* Results: */
    int32_t *ids;
    size_t id_count, id_capacity;
    size_t *sentence_ends; /* in ids */
    size_t sentence_count, sentence_capacity;
    uint64_t unknown_tokens;
    bert_status status;
    bert_error error;
} text_chunk;

/* The workspace of a thread. */
typedef struct text_worker {
    sentences *sentences;
    text_encoder *encoder;
    bert_encoding encoding;
} text_worker;

void text_chunk_free(text_chunk *chunk);
void text_chunk_clear(text_chunk *chunk); /* frees large buffers */
bert_status text_chunk_add_document(text_chunk *chunk, const document *document,
                                    sentence_borders borders, uint64_t number, bert_error *error);

/* Splits text into sentences, encodes and hashes; sets status and error of the chunk. */
void text_chunk_process(text_chunk *chunk, const bert_tokenizer *tokenizer, uint64_t seed,
                        text_worker *worker);

/* ---- split: training or validation ---- */

/* A document whose side is undecided until the end. */
typedef struct held_document {
    int32_t *ids;
    int32_t *lengths;
    size_t id_count, count; /* count: sentences */
    uint64_t hash, number;
    bool used;
} held_document;

/* Documents go to validation by the hash of their text, so that the choice depends neither on their
 * order nor on other documents. Where that sends fewer than SPLIT_MINIMUM to validation, the
 * documents with the next smallest hashes follow (small hashes go to validation), as long as as
 * many remain for training. These candidates are held back until the end. */
enum { SPLIT_MINIMUM = 2 };

typedef struct split {
    double fraction;
    dataset_writer *train, *validation; /* validation: NULL where fraction is 0 */
    held_document held[SPLIT_MINIMUM];  /* smallest hash first */
    uint64_t documents;                 /* with sentences */
    bert_data_counts train_counts, validation_counts;
} split;

/* The progress of a split. */
typedef struct split_state {
    dataset_writer_state train, validation;
    uint64_t documents;
    uint64_t held_count, held[SPLIT_MINIMUM]; /* numbers of the documents that are held back */
} split_state;

/* Opens the writers of `train` and `validation` in a folder, at the saved state `from`, counts
 * included (zero: new). Documents that it held back must be given again (split_hold_again). */
bert_status split_open(split *split, const char *folder, double fraction, size_t vocab_size,
                       bert_layout layout, const split_state *from, bert_error *error);
/* The only document of the chunk is split_state.held[index]. */
bert_status split_hold_again(split *split, size_t index, const text_chunk *chunk,
                             bert_error *error);
/* Makes everything added so far durable. */
bert_status split_save(split *split, split_state *state, bert_error *error);
bert_status split_add_chunk(split *split, const text_chunk *chunk, bert_error *error);
/* Assigns the held documents. `*moved` is the number that went to validation only to reach the
 * minimum. */
bert_status split_end(split *split, int *moved, bert_error *error);
/* Writes the indexes, that of validation only where it has documents. */
bert_status split_commit(split *split, bert_error *error);
void split_discard(split *split); /* files stay; safe on a zeroed struct and after commit */

#endif
