/* Sentence ends in text without capital letters, as of lower-cased corpora.
 *
 * Unicode's rules take a full stop before a lower-case letter for that of an abbreviation. Here it
 * ends the sentence if white space follows: "he left . she stayed .", also after closing quotation
 * marks and brackets, which may stand apart from it. It does not after another full stop ("..."),
 * before a comma or the like, and between digits ("3 . 5"). */
#ifndef CORPUS_LOWER_CASE_H
#define CORPUS_LOWER_CASE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a text of valid UTF-8 has a capital letter. Stops at the first one. */
bool has_capitals(const char *text, size_t length);

/* Moves *border, at or after `start`, where the sentence begins, to the next such end before `stop`
 * in a paragraph of `length` bytes: behind the white space after it. Returns false if there is
 * none. */
bool lower_case_border(const char *text, size_t length, size_t start, size_t stop, size_t *border);

#endif
