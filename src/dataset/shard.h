/* One prepared file, memory-mapped: Megatron-LM's indexed data in one of two layouts.
 *
 * PREFIX.bin is the concatenation of the ids of all sentences. PREFIX.idx, little-endian: magic
 * "MMIDIDX\0\0", u64 version 1, u8 type of the ids (8: uint16, 4: int32), u64 number of sequences,
 * u64 number of document entries, then i32 tokens of each sequence, i64 byte in the .bin of each
 * sequence, i64 first sequence of each document and, as the last entry, the number of sequences
 * (so there is one entry more than documents). As in Megatron-LM's
 * megatron/core/datasets/indexed_dataset.py.
 *
 * Layout "sentences": a sequence is a sentence. Layout "documents": a sequence is a document, and
 * PREFIX.sentences stores the length of each sentence, in one byte instead of twelve.
 * Little-endian: magic "BERTSENT", u64 version 1, u64 sentences, u64 documents, u64 tokens, u64
 * long sentences, then
 *
 *     i64 [documents + 1]        first sentence of each document; the last entry is `sentences`
 *     u64 [blocks + 1]           tokens before each block of 64 sentences; the last entry is
 * `tokens` u64 [long sentences][2]    number and tokens of each sentence of more than 255 tokens,
 * rising u8  [sentences]            tokens of each sentence; 0: it is a long one u64 XXH3-64 of all
 * bytes before it */
#ifndef DATASET_SHARD_H
#define DATASET_SHARD_H

#include "base/file.h"

/* The header has 34 bytes, so the arrays after it are unaligned. */
typedef int32_t dataset_int32 __attribute__((aligned(1)));
typedef int64_t dataset_int64 __attribute__((aligned(1)));

typedef struct long_sentence {
    uint64_t sentence, tokens;
} long_sentence;

/* Sentences, documents and tokens are numbered from 0 in each shard. */
typedef struct shard {
    char
        *prefix; /* owned; PREFIX.bin, PREFIX.idx, and PREFIX.sentences in the layout "documents" */
    file_map index, tokens, sentences;
    uint64_t sentence_count, document_count, token_count;
    bool wide;                            /* ids are int32, else uint16 */
    const dataset_int64 *document_starts; /* [document_count + 1] first sentence of each document */

    uint64_t sequence_count;
    const dataset_int32 *lengths;    /* [sequence_count] tokens */
    const dataset_int64 *pointers;   /* [sequence_count] bytes into the .bin */
    const dataset_int64 *boundaries; /* [document_count + 1] first sequence of each document */

    /* Layout "documents"; else NULL and 0. */
    const uint64_t *block_starts;        /* [blocks + 1] */
    const long_sentence *long_sentences; /* [long_count] */
    uint64_t long_count;
    const uint8_t *short_lengths; /* [sentence_count] */
} shard;

/* Maps the files in a few microseconds, whatever their size: checks magics, versions, types, and
 * counts against file sizes, not yet the arrays. */
bert_status shard_open(shard *shard, const char *prefix, bert_error *error);
void shard_close(shard *shard); /* safe on a zeroed struct */

/* Checks the arrays at memory bandwidth: every sequence has a token and begins where the previous
 * one ends, the last one ends with the .bin, document starts never decrease and end with the last
 * sentence, sentences fill their documents, and the checksum matches. The functions below rely on
 * it. */
bert_status shard_check(const shard *shard, bert_error *error);

uint64_t shard_long_length(const shard *shard, uint64_t sentence);

/* Number of tokens of a sentence. */
static inline uint64_t shard_sentence_length(const shard *shard, uint64_t sentence)
{
    if (!shard->short_lengths)
        return (uint64_t)shard->lengths[sentence];
    uint64_t length = shard->short_lengths[sentence];
    return length > 0 ? length : shard_long_length(shard, sentence);
}

/* Number of tokens before a sentence, before a document; for an index equal to their count, the
 * number of all tokens. */
uint64_t shard_token_start(const shard *shard, uint64_t sentence);
uint64_t shard_document_token_start(const shard *shard, uint64_t document);

/* The document that a sentence, or a token, belongs to. */
uint64_t shard_document_of(const shard *shard, uint64_t sentence);
uint64_t shard_document_at(const shard *shard, uint64_t token);

/* `count` ids from token `first` on, across sentences, as int32. first + count <= token_count. */
void shard_tokens(const shard *shard, uint64_t first, size_t count, int32_t *out);

#endif
