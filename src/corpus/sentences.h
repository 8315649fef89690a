/* Splits text into sentences by the rules of Unicode (UAX 29) and of a language, as implemented by
 * ICU, with its lists of abbreviations that do not end a sentence ("Mr."; CLDR's suppressions). */
#ifndef CORPUS_SENTENCES_H
#define CORPUS_SENTENCES_H

#include "base/error.h"

/* Not thread-safe: use one per thread. */
typedef struct sentences sentences;

/* `language` is a BCP 47 tag ("en", "pt-BR"; ICU's "pt_BR" is accepted too). Languages without
 * rules of their own use Unicode's. */
bert_status sentences_create(sentences **out, const char *language, bert_error *error);
void sentences_free(sentences *sentences); /* NULL is allowed */

/* Starts on a text, valid UTF-8 that must outlive the iteration. A line feed always ends a
 * sentence. */
void sentences_start(sentences *sentences, const char *text, size_t length);

/* The next sentence [*start, *end) in bytes of the text, trimmed and never empty; *found is false
 * after the last. */
bert_status sentences_next(sentences *sentences, size_t *start, size_t *end, bool *found,
                           bert_error *error);

#endif
