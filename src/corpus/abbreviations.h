/* Where a full stop does not end a sentence: after abbreviations of a language ("Dr.", "z. B."),
 * initials ("J. S. Bach") and ordinal numbers ("3. Mai").
 *
 * The abbreviations are CLDR's suppressions of the language, as ICU has them, and this project's
 * own (abbreviation_lists.c). Like CLDR's, they are those that seldom end a sentence: "etc." is not
 * one of them. */
#ifndef CORPUS_ABBREVIATIONS_H
#define CORPUS_ABBREVIATIONS_H

#include "base/error.h"

typedef struct abbreviations abbreviations;

/* `locale` is ICU's name of a language and region; of "und", no language, no abbreviation is known,
 * and sentences end as Unicode's rules say. */
bert_status abbreviations_create(abbreviations **out, const char *locale, bert_error *error);
void abbreviations_free(abbreviations *abbreviations); /* NULL is allowed */

/* Whether the sentence text[start, border) goes on after `border`, where by Unicode's rules it
 * ends. `text` of `length` bytes is a paragraph of valid UTF-8. `lower_case`: it has no capitals,
 * so that "mr." stands for "Mr.", "j." for "J.", and a space may be in front of the full stop. */
bool abbreviations_continue(const abbreviations *abbreviations, const char *text, size_t length,
                            size_t start, size_t border, bool lower_case);

/* The project's own lists. */
typedef struct abbreviation_list {
    const char *language; /* ISO 639 */
    /* Separated by commas. A space stands for one or none. */
    const char *always;       /* whatever follows */
    const char *before_digit; /* only before a number: "No. 5", "vol. II" */
    const char *words;        /* of CLDR's list, but words that often end sentences */
    /* First words of sentences, in lower case, where "3." followed by another word is an ordinal
     * number; NULL: such a number ends a sentence. */
    const char *after_number;
} abbreviation_list;

extern const abbreviation_list abbreviation_lists[];
extern const size_t abbreviation_list_count;

#endif
