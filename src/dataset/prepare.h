/* The parts of `bert prepare`: text of many documents → ids, on all cores, and which side of the
 * split a document goes to. */
#ifndef DATASET_PREPARE_H
#define DATASET_PREPARE_H

#include "corpus/corpus.h"
#include "corpus/sentences.h"
#include "dataset/dataset.h"
#include "tokenizer/tokenizer.h"

/* ---- a chunk: some documents, the unit of work of one thread ---- */

typedef struct text_document {
    uint64_t number;              /* in the order of all inputs, from 0 */
    size_t text_end;              /* in the chunk's text */
    size_t first_sentence, count; /* in the chunk's sentences */
    uint64_t hash;                /* of its text, with the seed */
} text_document;

typedef struct text_chunk {
    text text;
    text_document *documents;
    size_t document_count, document_capacity;
    /* What the thread makes of it: */
    int32_t *ids;
    size_t id_count, id_capacity;
    size_t *sentence_ends; /* in ids */
    size_t sentence_count, sentence_capacity;
    uint64_t unknown_tokens;
    bert_status status;
    bert_error error;
} text_chunk;

/* What a thread needs of its own. */
typedef struct text_worker {
    sentences *sentences;
    text_encoder *encoder;
    bert_encoding encoding;
} text_worker;

void text_chunk_free(text_chunk *chunk);
void text_chunk_clear(text_chunk *chunk); /* gives large buffers back */
bert_status text_chunk_add_document(text_chunk *chunk, const document *document, uint64_t number,
                                    bert_error *error);

/* Splits, encodes and hashes; sets status and error of the chunk. */
void text_chunk_process(text_chunk *chunk, const bert_tokenizer *tokenizer, uint64_t seed,
                        text_worker *worker);

/* ---- a split: where documents go ---- */

/* A document whose side is open until the end. */
typedef struct held_document {
    int32_t *ids;
    int32_t *lengths;
    size_t id_count, count; /* count: sentences */
    uint64_t hash, number;
    bool used;
} held_document;

/* Documents go to validation by the hash of their text, so that a side depends on neither order nor
 * company. Only where that sends fewer than SPLIT_MINIMUM there, the documents with the smallest
 * hashes follow them (a hash is small for validation, so these are the next in line), as long as
 * training keeps as many. They are held back until that is known. */
enum { SPLIT_MINIMUM = 2 };

typedef struct split {
    double fraction;
    dataset_writer *train, *validation; /* validation: NULL where fraction is 0 */
    held_document held[SPLIT_MINIMUM];  /* smallest hash first */
    uint64_t documents;                 /* with sentences */
    bert_data_counts train_counts, validation_counts;
} split;

/* How far a split has come. */
typedef struct split_state {
    dataset_writer_state train, validation;
    uint64_t documents;
    uint64_t held_count, held[SPLIT_MINIMUM]; /* numbers of the documents that are held back */
} split_state;

/* Opens the writers of `train` and `validation` in a folder, where `from` says (zero: new), counts
 * included. The documents held back then must be given again. */
bert_status split_open(split *split, const char *folder, double fraction, size_t vocab_size,
                       bert_layout layout, const split_state *from, bert_error *error);
/* Takes the only document of a chunk as the one that split_state.held names at `place`. */
bert_status split_hold_again(split *split, size_t place, const text_chunk *chunk,
                             bert_error *error);
/* Makes all survive that was added so far. */
bert_status split_save(split *split, split_state *state, bert_error *error);
bert_status split_add_chunk(split *split, const text_chunk *chunk, bert_error *error);
/* Sends the held documents where they belong. `*moved` is the number that went to validation only
 * to make up the minimum. */
bert_status split_end(split *split, int *moved, bert_error *error);
/* Writes the indexes; validation's only where it has documents. */
bert_status split_commit(split *split, bert_error *error);
void split_discard(split *split); /* files stay; safe on a zeroed struct and after commit */

#endif
