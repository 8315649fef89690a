/* Sentence boundaries by the rules of Unicode (UAX 29), several times as fast as ICU's break
 * iterator, with the same results.
 *
 * Character classes come from ICU's data. In cases that these rules do not cover (combining marks,
 * invisible characters), the caller is told to use ICU. */
#ifndef CORPUS_SENTENCE_RULES_H
#define CORPUS_SENTENCE_RULES_H

#include "base/error.h"

#include <unicode/ubrk.h>

typedef struct sentence_rules sentence_rules;

/* Creates the rules of the language for which `breaks`, a sentence iterator, was opened. *out is
 * NULL if the language has rules of its own, which only ICU implements. */
bert_status sentence_rules_create(sentence_rules **out, UBreakIterator *breaks, bert_error *error);
void sentence_rules_free(sentence_rules *rules); /* NULL is allowed */

/* Finds the first boundary after `start`, which is 0 or a boundary, in a paragraph of valid UTF-8
 * without line feeds: the end of the white space after a sentence, or `length`. Returns false if
 * ICU must be used. */
bool sentence_rules_next(const sentence_rules *rules, const char *text, size_t length, size_t start,
                         size_t *border);

#endif
