/* PREFIX.sentences: sentence boundaries in the layout "documents" (format: dataset/shard.h).
 *
 * The length of a sentence is a byte; with the token count of each block of 64 sentences, the start
 * of any sentence is a sum of at most 63 bytes. Nothing is decompressed. */
#ifndef DATASET_SENTENCE_FILE_H
#define DATASET_SENTENCE_FILE_H

#include "dataset/shard.h"

/* Checks the header of shard->sentences and sets the arrays, sentence count and document starts of
 * the shard from it. The index must be parsed. */
bert_status sentence_file_parse(shard *shard, bert_error *error);

/* Checks the arrays against each other and the index, and the checksum. The document starts must
 * have been checked. */
bert_status sentence_file_check(const shard *shard, bert_error *error);

/* As shard_token_start. */
uint64_t sentence_file_token_start(const shard *shard, uint64_t sentence);

/* The number of blocks of so many sentences. */
uint64_t sentence_file_blocks(uint64_t sentences);

#endif
