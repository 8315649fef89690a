/* Learns a WordPiece vocabulary from word counts.
 *
 * The algorithm is that of WordPieceTrainer in Hugging Face `tokenizers`: special tokens, then the
 * alphabet in the order of its code points, then its characters as word continuations ("##x"), then
 * byte-pair merges, the most frequent pair first, ties broken by the smaller pair of ids, including
 * its treatment of pairs that are formed again after they were merged. Counts are 64-bit.
 *
 * In theirs two things depend on the order of a hash map and vary from run to run. Here:
 * - "##x" tokens get their ids in the order of the code points (and ids break ties between equally
 * frequent pairs);
 * - among equally frequent characters at the limit of limit_alphabet, the smaller code points are
 * kept.
 */
#ifndef TOKENIZER_LEARN_H
#define TOKENIZER_LEARN_H

#include "tokenizer/trie.h"
#include "tokenizer/vocabulary.h"
#include "tokenizer/word_counter.h"

typedef struct learn_settings {
    size_t vocab_size;
    uint64_t min_frequency;
    bool by_likelihood; /* see likelihood.h */
    size_t limit_alphabet;
    const uint32_t *initial_alphabet; /* characters that are always kept */
    size_t initial_alphabet_count;
    /* The order of "##x" tokens, for tests that compare with a run of Hugging Face `tokenizers`;
     * must contain every character that continues a word. NULL: by code point. */
    const uint32_t *continuing_order;
    size_t continuing_count;
} learn_settings;

/* Fills a zeroed vocabulary and consumes `counts`. *stopped: the observer requested a stop, and the
 * vocabulary is incomplete. */
bert_status learn_vocabulary(vocabulary *vocabulary, word_counts *counts,
                             const learn_settings *settings, const bert_observer *observer,
                             bool *stopped, bert_error *error);

/* Adds up to `add` tokens to a vocabulary: words are split into its tokens with `trie`, and merges
 * continue from there. Words that are [UNK] or have more than `max_characters` are ignored.
 * `counts` and `stopped` as above. */
bert_status learn_extension(vocabulary *vocabulary, const trie *trie, size_t max_characters,
                            size_t add, uint64_t min_frequency, word_counts *counts,
                            const bert_observer *observer, bool *stopped, bert_error *error);

#endif
