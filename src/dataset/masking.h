/* Which tokens of a sample are predicted, and what stands in their place (Devlin et al. 2018,
 * section 3.1): 15 % of the tokens that are not special; of these 80 % become [MASK], 10 % a random
 * token, 10 % stay. */
#ifndef DATASET_MASKING_H
#define DATASET_MASKING_H

#include "base/random.h"
#include "tokenizer/tokenizer.h"

typedef struct masking {
    double probability;
    int limit; /* predictions in a sample */
    int32_t mask_id;
    int32_t vocab_size;
    bool *is_special;      /* [vocab_size] */
    int32_t *replacements; /* every id with a token that is not special */
    size_t replacement_count;
    int32_t *candidates; /* [max_seq_length] */
} masking;

bert_status masking_create(masking *masking, const bert_tokenizer *tokenizer, double probability,
                           int max_seq_length, bert_error *error);
void masking_free(masking *masking); /* safe on a zeroed struct */

/* Masks tokens[0, count), count <= max_seq_length, all ids below vocab_size. Writes rising
 * positions in it, plus `offset`, and the ids that stood there. Returns their number: at least 1
 * and at most `limit`, but 0 where all tokens are special. */
int masking_apply(masking *masking, random_stream *stream, int32_t *tokens, int count,
                  int32_t offset, int32_t *positions, int32_t *labels);

#endif
