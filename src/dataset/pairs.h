/* Which sentences make a sample: chunks of a document, cut into A and B, as functions of
 * (seed, epoch, first sentence).
 *
 * The scheme is that of BERT's create_pretraining_data (Devlin et al. 2018, A.2). A chunk takes
 * sentences until they reach a target length. With next-sentence prediction it is cut at a random
 * sentence; in half of the cases, and where it is a single sentence, the part behind the cut is put
 * back and B comes from a random place of a random other document. Two departures: the short target
 * is drawn for each chunk, not once for a document (so that the share of short samples is the one
 * asked for, whatever the lengths of documents), and the other document is never the same one (the
 * original gives up after ten draws).
 *
 * Without next-sentence prediction a chunk is one segment of whole sentences that fit
 * (DOC-SENTENCES of Liu et al. 2019, section 4.2).
 *
 * All draws of a chunk come from a stream named by its first sentence, so a chunk is known from
 * that alone, and the table of an epoch is 4 bytes a sample. */
#ifndef DATASET_PAIRS_H
#define DATASET_PAIRS_H

#include "dataset/dataset.h"

typedef struct pair_settings {
    int token_limit; /* both segments together, without [CLS] and [SEP]s */
    double short_seq_probability;
    bool next_sentence_prediction;
    uint64_t seed;
} pair_settings;

/* Documents in runs of some ten thousand sentences: what one thread works through at a time. The
 * same for any number of threads. */
typedef struct pair_blocks {
    uint64_t *first_document; /* [count + 1] */
    size_t count;
} pair_blocks;
bert_status pair_blocks_create(pair_blocks *blocks, const dataset *data, bert_error *error);
void pair_blocks_free(pair_blocks *blocks);

/* The chunks of one epoch. */
typedef struct pair_table {
    uint64_t epoch, size; /* size: samples */
    uint64_t *before;     /* [blocks + 1] samples in the blocks before; the last entry is size */
    uint32_t **starts;  /* [blocks][…] first sentence of each chunk, from the block's first on */
    size_t block_count; /* 0: there is no table here */
} pair_table;
bert_status pair_table_build(pair_table *table, const dataset *data, const pair_blocks *blocks,
                             const pair_settings *settings, uint64_t epoch, int threads,
                             bert_error *error);
void pair_table_free(pair_table *table); /* safe on a zeroed struct */

/* First sentence of a sample. index < table->size. */
uint64_t pair_table_start(const pair_table *table, const dataset *data, const pair_blocks *blocks,
                          uint64_t index);

/* Both segments as ranges of the stream of tokens, already cut to the limit. */
typedef struct pair {
    uint64_t a_first, b_first; /* tokens, as dataset_tokens counts them */
    int a_count, b_count;      /* b_count is 0 without next-sentence prediction */
    bool b_is_random;
} pair;
pair pair_draw(const dataset *data, const pair_settings *settings, uint64_t epoch,
               uint64_t first_sentence);

#endif
