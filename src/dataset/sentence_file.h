/* PREFIX.sentences: where sentences end, in the layout "documents" (dataset/shard.h has the form).
 *
 * A sentence is a byte, the sum of whose 63 neighbours at most tells where it begins: any sentence
 * is found at once, and nothing is unpacked. */
#ifndef DATASET_SENTENCE_FILE_H
#define DATASET_SENTENCE_FILE_H

#include "dataset/shard.h"

/* Looks at the header of shard->sentences, whose index is parsed, and sets the arrays, and
 * sentences and their starts, from it. */
bert_status sentence_file_parse(shard *shard, bert_error *error);

/* The arrays against each other and the index, and the checksum. The starts of the shard's
 * documents are checked already. */
bert_status sentence_file_check(const shard *shard, bert_error *error);

/* As shard_token_start. */
uint64_t sentence_file_token_start(const shard *shard, uint64_t sentence);

/* How many blocks so many sentences make. */
uint64_t sentence_file_blocks(uint64_t sentences);

#endif
