/* Counts the normalised words of a stream of text on several threads. The counts depend neither on
 * the number of threads nor on the pieces of the stream. */
#ifndef TOKENIZER_WORD_COUNTER_H
#define TOKENIZER_WORD_COUNTER_H

#include "base/text.h"
#include "tokenizer/normalizer.h"
#include "tokenizer/word_table.h"

enum { WORD_SHARDS = 64 };

/* A piece of the text of a stream. */
typedef struct text_piece {
    const char *text; /* valid until the next call */
    size_t length;    /* 0: end of the stream */
    bool continues; /* its last word may continue in the next piece; otherwise white space separates
                       them */
} text_piece;

/* A source of text. */
typedef struct text_stream {
    /* Called by several threads, but never concurrently. */
    bert_status (*next)(void *context, text_piece *piece, bert_error *error);
    void *context;
    /* For messages and progress; updated by `next`. */
    const char *name;            /* source of the last piece */
    uint64_t bytes, total_bytes; /* read so far; total, 0: unknown */
} text_stream;

typedef struct word_counts {
    word_table shards[WORD_SHARDS]; /* by the high bits of the hash */
    uint64_t words, distinct;
    /* If memory did not suffice: dropped words and occurrences (a word that was dropped and
     * occurred again counts twice), and the maximum by which a count can be too low. */
    uint64_t pruned_words, pruned_occurrences, pruned_error;
    bool stopped; /* by the observer */
} word_counts;

/* `memory`: limit in bytes of the whole training; 0: none. When the words would exceed it, the
 * rarest are dropped, as in "lossy counting" (Manku and Motwani, VLDB 2002). Zero-initialise
 * `counts`; call word_counts_free also after a failure. */
bert_status word_counts_read(word_counts *counts, text_stream *stream, const normalizer *normalizer,
                             int threads, uint64_t memory, const bert_observer *observer,
                             bert_error *error);
void word_counts_free(word_counts *counts);

/* The peak memory in bytes of learning from `distinct` words of `bytes` in total. */
uint64_t word_counts_learning_bytes(uint64_t distinct, uint64_t bytes);

#endif
