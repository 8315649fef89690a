/* Which tokens of a sample are predicted, and what stands in their place (Devlin et al. 2018,
 * section 3.1): 15 % of the tokens that are not special; of these 80 % become [MASK], 10 % a random
 * token, 10 % stay.
 *
 * They are chosen one by one, by whole words (the option that Google's BERT got in 2019: all pieces
 * of a word or none), or by spans (Joshi et al. 2020, "SpanBERT", section 3.1: whole words too, up
 * to ten in a row, replaced alike in all of a span). A word is a token and the "##" pieces behind
 * it. */
#ifndef DATASET_MASKING_H
#define DATASET_MASKING_H

#include "base/random.h"
#include "bert/choices.h"
#include "tokenizer/tokenizer.h"

enum { MASK_SPAN_WORDS = 10 };

typedef struct masking {
    bert_mask_unit unit;
    double probability;
    int limit; /* predictions in a sample */
    int32_t mask_id;
    int32_t vocab_size;
    bool *is_special;      /* [vocab_size] */
    bool *is_continuation; /* [vocab_size] a piece inside a word */
    int32_t *replacements; /* every id with a token that is not special */
    size_t replacement_count;
    /* Work space, [max_seq_length] each. */
    int32_t *candidates;              /* places that may be chosen */
    int32_t *word_starts, *word_ends; /* words of a sample */
    int32_t *kinds;                   /* what becomes of a place, 0: nothing */
} masking;

bert_status masking_create(masking *masking, const bert_tokenizer *tokenizer, bert_mask_unit unit,
                           double probability, int max_seq_length, bert_error *error);
void masking_free(masking *masking); /* safe on a zeroed struct */

/* Masks tokens[0, count), count <= max_seq_length, all ids below vocab_size. Writes rising
 * positions in it, plus `offset`, and the ids that stood there. Returns their number, at most
 * `limit`: the share of the tokens that are not special, rounded, and at least 1; words and spans
 * give fewer where the next one would be too long, so none where every word of a short sample is.
 */
int masking_apply(masking *masking, random_stream *stream, int32_t *tokens, int count,
                  int32_t offset, int32_t *positions, int32_t *labels);

/* Words in the next span: geometric with p = 0.2 over 1 to MASK_SPAN_WORDS. */
int masking_draw_span(random_stream *stream);

#endif
