/* Near-duplicate detection: MinHash (Broder 1997) over shingles of five words, with one permutation
 * (Li, Owen, Zhang 2012) and optimal densification (Shrivastava 2017), locality-sensitive hashing
 * by bands (Indyk, Motwani 1998), and one byte for each of the 128 values (b-bit minwise hashing,
 * Li, König 2010). */
#ifndef CORPUS_NEAR_DUPLICATES_H
#define CORPUS_NEAR_DUPLICATES_H

#include "base/error.h"

enum { NEAR_VALUES = 128, NEAR_BANDS = 16, NEAR_SHINGLE = 5 };

typedef struct near_duplicates near_duplicates;

/* `similarity` in [0.5, 1]; `memory` in bytes, 256 per document. */
bert_status near_duplicates_open(near_duplicates **out, double similarity, uint64_t memory,
                                 bert_error *error);
void near_duplicates_close(near_duplicates *near); /* NULL is allowed */

/* Whether a UTF-8 text is similar to an earlier text that was not a duplicate itself. If not, it is
 * remembered, unless the table is full (*remembered is false). ASCII case and punctuation are
 * ignored. In scripts without spaces (unspaced.h) and from U+3000 on, each letter with its marks is
 * a word. A text without words is never a duplicate. */
bert_status near_duplicates_check(near_duplicates *near, const char *text, size_t length,
                                  bool *is_duplicate, bool *remembered, bert_error *error);

/* Computes the signature of a text; false for a text without words. */
bool near_duplicates_sign(const char *text, size_t length, uint8_t signature[NEAR_VALUES]);

/* Estimates the Jaccard similarity of two texts from their signatures. */
double near_duplicates_compare(const uint8_t a[NEAR_VALUES], const uint8_t b[NEAR_VALUES]);

#endif
