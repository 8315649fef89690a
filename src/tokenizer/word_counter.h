/* Counts the normalised words of a stream of text on several threads. The counts do not depend on
 * their number, nor on how the stream is cut. */
#ifndef TOKENIZER_WORD_COUNTER_H
#define TOKENIZER_WORD_COUNTER_H

#include "base/text.h"
#include "tokenizer/normalizer.h"
#include "tokenizer/word_table.h"

enum { WORD_SHARDS = 64 };

/* Some text of a stream. */
typedef struct text_piece {
    const char *text; /* valid until the next call */
    size_t length;    /* 0: there is no more */
    bool goes_on;     /* its last word may go on in the next piece; else white space parts them */
} text_piece;

/* Where text comes from. */
typedef struct text_stream {
    /* Never called by two threads at once, but not always by the same one. */
    bert_status (*next)(void *context, text_piece *piece, bert_error *error);
    void *context;
    /* For messages and progress; `next` keeps them. */
    const char *name;            /* of what the last piece came from */
    uint64_t bytes, total_bytes; /* read so far; in all, 0: not known */
} text_stream;

typedef struct word_counts {
    word_table shards[WORD_SHARDS]; /* by the high bits of the hash */
    uint64_t words, distinct;
    /* Where the memory did not suffice: how many words and occurrences were dropped (one that was
     * dropped and came again counts twice), and how much a count can be too low. */
    uint64_t pruned_words, pruned_occurrences, pruned_error;
    bool stopped; /* by the observer */
} word_counts;

/* `memory`: bytes that training may take, 0: no limit. Once the words threaten to take more, the
 * rarest are dropped, as in "lossy counting" (Manku and Motwani, VLDB 2002). Zero-initialise
 * `counts`; word_counts_free also after a failure. */
bert_status word_counts_read(word_counts *counts, text_stream *stream, const normalizer *normalizer,
                             int threads, uint64_t memory, const bert_observer *observer,
                             bert_error *error);
void word_counts_free(word_counts *counts);

/* Bytes that learning from words will take at its peak, from their number and length. */
uint64_t word_counts_learning_bytes(uint64_t distinct, uint64_t bytes);

#endif
