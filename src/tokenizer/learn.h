/* Learns a WordPiece vocabulary from word counts.
 *
 * The algorithm is that of WordPieceTrainer in Hugging Face `tokenizers`: special tokens, then the
 * alphabet in the order of its code points, then the characters as they continue words ("##x"),
 * then byte-pair merges, the most frequent pair first, the smaller pair of ids among equals; down
 * to the bookkeeping of pairs that are formed again after they were merged. Counts are 64-bit.
 *
 * Theirs leaves two things to the order of a hash map, so that they change from run to run. Here:
 * - "##x" tokens get their ids in the order of the code points (and ids decide between pairs seen
 *   equally often);
 * - where limit_alphabet cuts between characters seen equally often, the smaller code points stay.
 */
#ifndef TOKENIZER_LEARN_H
#define TOKENIZER_LEARN_H

#include "tokenizer/trie.h"
#include "tokenizer/vocabulary.h"
#include "tokenizer/word_counter.h"

typedef struct learn_settings {
    size_t vocab_size;
    uint64_t min_frequency;
    bool by_likelihood; /* merges as in likelihood.h */
    size_t limit_alphabet;
    const uint32_t *initial_alphabet; /* characters that are kept in any case */
    size_t initial_alphabet_count;
    /* The order of "##x" tokens, for tests that compare with a run of Hugging Face's; NULL: by code
     * point. Has to hold every character that continues a word. */
    const uint32_t *continuing_order;
    size_t continuing_count;
} learn_settings;

/* Fills a zeroed vocabulary. Empties `counts` on the way. *stopped: the observer wanted an end, and
 * the vocabulary is not complete. */
bert_status learn_vocabulary(vocabulary *vocabulary, word_counts *counts,
                             const learn_settings *settings, const bert_observer *observer,
                             bool *stopped, bert_error *error);

/* Adds up to `add` tokens to a vocabulary: words are spelled in its tokens, as `trie` finds them,
 * and merges go on from there. Words that it spells [UNK], or that have more than `max_characters`,
 * teach nothing. `counts` and `stopped` as above. */
bert_status learn_extension(vocabulary *vocabulary, const trie *trie, size_t max_characters,
                            size_t add, uint64_t min_frequency, word_counts *counts,
                            const bert_observer *observer, bool *stopped, bert_error *error);

#endif
