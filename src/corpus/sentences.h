/* Sentences by the rules of Unicode (UAX 29) and of a language, as ICU implements them, with its
 * lists of abbreviations that end no sentence ("Mr.", CLDR's suppressions). */
#ifndef CORPUS_SENTENCES_H
#define CORPUS_SENTENCES_H

#include "base/error.h"

/* One for each thread. */
typedef struct sentences sentences;

/* `language` is a BCP 47 tag ("en", "pt-BR"; ICU's "pt_BR" is taken as well). Languages without
 * rules of their own get Unicode's.
 */
bert_status sentences_create(sentences **out, const char *language, bert_error *error);
void sentences_free(sentences *sentences); /* NULL is fine */

/* Begins with a text, valid UTF-8 that must live until its last sentence was taken. A line feed
 * ends a sentence in any case. */
void sentences_start(sentences *sentences, const char *text, size_t length);

/* The next sentence [*start, *end) in bytes of the text, without white space at its ends and never
 * empty; *found is false after the last. */
bert_status sentences_next(sentences *sentences, size_t *start, size_t *end, bool *found,
                           bert_error *error);

#endif
