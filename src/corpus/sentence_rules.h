/* Where sentences end, by the rules of Unicode (UAX 29, "Sentence Boundaries") without ICU's
 * machine, which takes several times as long for the same answer.
 *
 * Classes of characters and abbreviations come from ICU's own data. Where the rules here are not
 * enough (combining marks, invisible characters, an abbreviation that may end no sentence), they
 * say so, and ICU has to be asked. */
#ifndef CORPUS_SENTENCE_RULES_H
#define CORPUS_SENTENCE_RULES_H

#include "base/error.h"

#include <unicode/ubrk.h>

typedef struct sentence_rules sentence_rules;

/* Of the language that `breaks`, a sentence iterator, was opened for with `locale`. *out is NULL
 * where the language has rules of its own: ICU knows them alone. */
bert_status sentence_rules_create(sentence_rules **out, const char *locale, UBreakIterator *breaks,
                                  bert_error *error);
void sentence_rules_free(sentence_rules *rules); /* NULL is fine */

/* The first border behind `start`, which is 0 or a border, in a paragraph of valid UTF-8 without
 * line feeds: the end of white space behind a sentence, or `length`. False where ICU has to be
 * asked for it. */
bool sentence_rules_next(const sentence_rules *rules, const char *text, size_t length, size_t start,
                         size_t *border);

#endif
