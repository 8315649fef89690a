#include "corpus/sentence_rules.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

/* The character classes that determine boundaries. */
typedef enum kind {
    OTHER,
    LOWER,
    UPPER,
    LETTER, /* of scripts without case */
    NUMERIC,
    CLOSE, /* quotation marks and brackets, including opening ones */
    SPACE,
    CONTINUE, /* commas and similar */
    DOT,      /* can be part of an abbreviation: ATerm */
    TERM,     /* ends a sentence: STerm */
    HARD,     /* combining marks and paragraph separators: left to ICU */
} kind;

struct sentence_rules {
    uint8_t ascii[128];
};

static kind property_kind(UChar32 character)
{
    switch (u_getIntPropertyValue(character, UCHAR_SENTENCE_BREAK)) {
    case U_SB_OTHER:
        return OTHER;
    case U_SB_LOWER:
        return LOWER;
    case U_SB_UPPER:
        return UPPER;
    case U_SB_OLETTER:
        return LETTER;
    case U_SB_NUMERIC:
        return NUMERIC;
    case U_SB_CLOSE:
        return CLOSE;
    case U_SB_SP:
        return SPACE;
    case U_SB_SCONTINUE:
        return CONTINUE;
    case U_SB_ATERM:
        return DOT;
    case U_SB_STERM:
        return TERM;
    default:
        return HARD;
    }
}

/* ---------------------------------------------------------------------------- the borders --- */

/* The kind of the character at *position; advances past it. */
static inline kind next_kind(const sentence_rules *rules, const char *text, size_t *position)
{
    unsigned char byte = (unsigned char)text[*position];
    if (byte < 128) {
        ++*position;
        return (kind)rules->ascii[byte];
    }
    UChar32 character;
    U8_NEXT_UNSAFE(text, *position, character);
    return property_kind(character);
}

/* Skips characters of a kind; returns the kind of the first other character, OTHER at the end. */
static kind skip_kind(const sentence_rules *rules, const char *text, size_t length,
                      size_t *position, kind skipped)
{
    while (*position < length) {
        size_t next = *position;
        kind found = next_kind(rules, text, &next);
        if (found != skipped)
            return found;
        *position = next;
    }
    return OTHER;
}

/* Rule 8: the kind of the first letter from here on, if no sentence end precedes it. HARD:
 * undecided. */
static kind first_letter(const sentence_rules *rules, const char *text, size_t length,
                         size_t position)
{
    while (position < length) {
        kind found = next_kind(rules, text, &position);
        if (found != OTHER && found != NUMERIC && found != CLOSE && found != SPACE &&
            found != CONTINUE)
            return found;
    }
    return OTHER;
}

typedef enum verdict { BORDER, NO_BORDER, ASK } verdict;

/* Decides whether there is a boundary after a DOT or TERM that ends at *position and follows a
 * character of kind `before`; moves *position to the candidate boundary. */
static verdict judge(const sentence_rules *rules, const char *text, size_t length, kind term,
                     kind before, size_t *position)
{
    size_t at = *position;
    kind next = skip_kind(rules, text, length, position, CLOSE);
    if (next == SPACE)
        next = skip_kind(rules, text, length, position, SPACE);
    if (next == HARD)
        return ASK;
    if (*position == length)
        return BORDER;
    if (term == DOT && *position == at &&
        (next == NUMERIC || (next == UPPER && (before == UPPER || before == LOWER))))
        return NO_BORDER; /* rules 6 and 7: "3.4", "U.S" */
    if (next == CONTINUE || next == DOT || next == TERM)
        return NO_BORDER; /* rule 8a */
    if (term == DOT) {
        kind letter = first_letter(rules, text, length, *position);
        if (letter == LOWER || letter == HARD)
            return letter == LOWER ? NO_BORDER : ASK;
    }
    return BORDER;
}

bool sentence_rules_next(const sentence_rules *rules, const char *text, size_t length, size_t start,
                         size_t *border)
{
    size_t position = start;
    kind before = OTHER;
    while (position < length) {
        kind found = next_kind(rules, text, &position);
        if (found == HARD)
            return false;
        if (found == DOT || found == TERM) {
            verdict verdict = judge(rules, text, length, found, before, &position);
            if (verdict == ASK)
                return false;
            if (verdict == BORDER) {
                *border = position;
                return true;
            }
            found = OTHER;
        }
        before = found;
    }
    *border = length;
    return true;
}

/* --------------------------------------------------------------------------------- making --- */

/* Whether ICU finds a boundary before the last character of a text. */
static bool icu_parts(UBreakIterator *breaks, const char *text)
{
    UErrorCode code = U_ZERO_ERROR;
    UText opened = UTEXT_INITIALIZER;
    utext_openUTF8(&opened, text, -1, &code);
    ubrk_setUText(breaks, &opened, &code);
    bool parts = U_SUCCESS(code) && ubrk_isBoundary(breaks, (int32_t)strlen(text) - 1);
    utext_close(&opened);
    return parts;
}

/* Whether ICU agrees with these rules on sentence ends. */
static bool is_usual(const sentence_rules *rules, UBreakIterator *breaks)
{
    for (int c = ' '; c < 127; c++) {
        char probe[] = {'x', '1', (char)c, ' ', 'B', '\0'};
        if (icu_parts(breaks, probe) != (rules->ascii[c] == DOT || rules->ascii[c] == TERM))
            return false;
    }
    return true;
}

bert_status sentence_rules_create(sentence_rules **out, UBreakIterator *breaks, bert_error *error)
{
    sentence_rules *rules;
    *out = NULL;
    TRY(memory_array((void **)&rules, 1, sizeof *rules, "rules of sentences", error));
    for (int c = 0; c < 128; c++)
        rules->ascii[c] = (uint8_t)property_kind(c);
    if (is_usual(rules, breaks))
        *out = rules;
    else
        sentence_rules_free(rules);
    return BERT_OK;
}

void sentence_rules_free(sentence_rules *rules)
{
    free(rules);
}
