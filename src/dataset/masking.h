/* Masking: which tokens of a sample are predicted, and what replaces them (Devlin et al. 2018,
 * section 3.1): 15 % of the tokens that are not special; of these 80 % become [MASK], 10 % a random
 * token, 10 % stay.
 *
 * They are chosen one by one, by whole words (whole word masking, which Google's BERT added in
 * 2019: all tokens of a word or none), or by spans (Joshi et al. 2020, "SpanBERT", section 3.1: up
 * to ten consecutive whole words, with the same kind of replacement throughout a span). A word is a
 * token and the "##" tokens that follow it. */
#ifndef DATASET_MASKING_H
#define DATASET_MASKING_H

#include "base/random.h"
#include "bert/choices.h"
#include "tokenizer/tokenizer.h"

enum { MASK_SPAN_WORDS = 10 };

typedef struct masking {
    bert_mask_unit unit;
    double probability;
    int limit; /* of predictions in a sample */
    int32_t mask_id;
    int32_t vocab_size;
    bool *is_special;      /* [vocab_size] */
    bool *is_continuation; /* [vocab_size] "##" tokens */
    int32_t *replacements; /* the ids of all tokens that are not special */
    size_t replacement_count;
    /* Workspace, [max_seq_length] each. */
    int32_t *candidates;              /* positions that may be chosen */
    int32_t *word_starts, *word_ends; /* words of a sample */
    int32_t *kinds;                   /* action at each position, 0: not predicted */
} masking;

bert_status masking_create(masking *masking, const bert_tokenizer *tokenizer, bert_mask_unit unit,
                           double probability, int max_seq_length, bert_error *error);
void masking_free(masking *masking); /* safe on a zeroed struct */

/* Masks tokens[0, count), count <= max_seq_length, all ids below vocab_size. Writes the masked
 * positions, ascending, plus `offset`, and the original ids there. Returns their number, at most
 * `limit`: the share of the tokens that are not special, rounded, and at least 1. Words and spans
 * give fewer where the next one would exceed that, and none where every word of a short sample
 * would. */
int masking_apply(masking *masking, random_stream *stream, int32_t *tokens, int count,
                  int32_t offset, int32_t *positions, int32_t *labels);

/* Draws the number of words of a span: geometric with p = 0.2, from 1 to MASK_SPAN_WORDS. */
int masking_draw_span(random_stream *stream);

#endif
