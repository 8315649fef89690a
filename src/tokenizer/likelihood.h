/* Learns a vocabulary by likelihood, the original definition of WordPiece: Schuster and Nakajima,
 * "Japanese and Korean voice search" (ICASSP 2012), section 3. Each step merges the pair that
 * increases the likelihood of the text under a unigram model of the tokens most per occurrence: the
 * largest count(ab) / (count(a) × count(b)). Pairs seen less often than `min_frequency` are
 * excluded; ties are broken by the smaller pair of ids. */
#ifndef TOKENIZER_LIKELIHOOD_H
#define TOKENIZER_LIKELIHOOD_H

#include "tokenizer/alphabet.h"

/* Merges pairs in `words` until the vocabulary has `vocab_size` tokens or no pair is left. */
bert_status likelihood_learn(vocabulary *vocabulary, spelled_words *words, size_t vocab_size,
                             uint64_t min_frequency, const bert_observer *observer, bool *stopped,
                             bert_error *error);

#endif
