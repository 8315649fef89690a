/* Splits text into sentences by the rules of Unicode (UAX 29) and of a language, as implemented by
 * ICU. Abbreviations, initials and ordinal numbers do not end a sentence (abbreviations.h).
 *
 * By these rules no sentence ends before a lower-case letter. In a text without any capital letter,
 * one therefore ends, too, where a full stop and white space follow (lower_case.h). */
#ifndef CORPUS_SENTENCES_H
#define CORPUS_SENTENCES_H

#include "base/error.h"

/* Not thread-safe: use one per thread. */
typedef struct sentences sentences;

/* `language` is a BCP 47 tag ("en", "pt-BR"; ICU's "pt_BR" is accepted too). Languages without
 * rules of their own use Unicode's. */
bert_status sentences_create(sentences **out, const char *language, bert_error *error);
void sentences_free(sentences *sentences); /* NULL is allowed */

/* Starts on a document, valid UTF-8 that must outlive the iteration. A line feed always ends a
 * sentence. */
void sentences_start(sentences *sentences, const char *text, size_t length);

/* The next sentence [*start, *end) in bytes of the text, trimmed and never empty; *found is false
 * after the last. */
bert_status sentences_next(sentences *sentences, size_t *start, size_t *end, bool *found,
                           bert_error *error);

#endif
