/* Documents that are almost like one before: MinHash (Broder 1997) over shingles of five words,
 * with one permutation (Li, Owen, Zhang 2012) and optimal densification (Shrivastava 2017), looked
 * up by bands (Indyk, Motwani 1998), one byte for each of the 128 values (b-bit minwise hashing,
 * Li, König 2010). */
#ifndef CORPUS_NEAR_DUPLICATES_H
#define CORPUS_NEAR_DUPLICATES_H

#include "base/error.h"

enum { NEAR_VALUES = 128, NEAR_BANDS = 16, NEAR_SHINGLE = 5 };

typedef struct near_duplicates near_duplicates;

/* `similarity` in [0.5, 1]; `memory` in bytes, 256 for each document. */
bert_status near_duplicates_open(near_duplicates **out, double similarity, uint64_t memory,
                                 bert_error *error);
void near_duplicates_close(near_duplicates *near); /* NULL is fine */

/* Whether a text (UTF-8) is similar to one of those before that were none; if not, it is
 * remembered, where there is room. Case (in ASCII) and punctuation do not count; from U+3000 on,
 * where words have no spaces between them, each character is a word. A text without words is
 * similar to none. */
bert_status near_duplicates_check(near_duplicates *near, const char *text, size_t length,
                                  bool *is_duplicate, bool *remembered, bert_error *error);

/* The signature of a text, as it is compared; false for one without words. */
bool near_duplicates_sign(const char *text, size_t length, uint8_t signature[NEAR_VALUES]);

/* Estimate of the similarity of two texts. */
double near_duplicates_compare(const uint8_t a[NEAR_VALUES], const uint8_t b[NEAR_VALUES]);

#endif
