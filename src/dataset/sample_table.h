/* The samples of one epoch: the start of each, 4 bytes per sample, found in one pass over the index
 * by all threads. */
#ifndef DATASET_SAMPLE_TABLE_H
#define DATASET_SAMPLE_TABLE_H

#include "dataset/scheme.h"

/* Consecutive documents with about 2^16 sentences: the unit of work of one thread, the same for any
 * number of threads. Documents with a weight above 1 are in several blocks, a copy in each. */
typedef struct sample_block {
    uint64_t first_document, end_document;
    uint32_t copy; /* number of this copy of the documents, from 0 */
    double weight; /* of the documents */
} sample_block;
typedef struct sample_blocks {
    sample_block *list; /* [count], owned */
    size_t count, capacity;
} sample_blocks;
bert_status sample_blocks_create(sample_blocks *blocks, const dataset *data, bert_error *error);
void sample_blocks_free(sample_blocks *blocks);

/* Whether the block's copy of a document occurs in an epoch. */
bool sample_block_has(const sample_block *block, uint64_t document, uint64_t epoch,
                      const sample_settings *settings);

/* The start of a document in the scheme's unit: tokens or sentences. */
uint64_t sample_document_start(const dataset *data, const sample_settings *settings,
                               uint64_t document);

typedef struct sample_table {
    uint64_t epoch, size; /* size: samples */
    bool built;           /* false: empty */
    uint64_t *before;     /* [blocks + 1] samples in the blocks before; the last entry is size */
    uint32_t **starts;    /* [blocks][…] start of each sample, from the block's first on; equal
                             ones are the pieces of a sentence */
    size_t block_count;   /* 0 for a stream, whose starts are computed */
    stream_order order;   /* of a stream of weighted documents */
} sample_table;
bert_status sample_table_build(sample_table *table, const dataset *data,
                               const sample_blocks *blocks, const sample_settings *settings,
                               uint64_t epoch, int threads, bert_error *error);
void sample_table_free(sample_table *table); /* safe on a zeroed struct */

/* The start of a sample. index < table->size. */
sample_start sample_table_start(const sample_table *table, const dataset *data,
                                const sample_blocks *blocks, const sample_settings *settings,
                                uint64_t index);

#endif
