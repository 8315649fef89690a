#include "corpus/lower_case.h"

#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

enum { QUOTED_MAX = 4096 }; /* bytes from a quotation mark to its closing one */

bool has_capitals(const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x80) {
            if (byte >= 'A' && byte <= 'Z')
                return true;
            i++;
        } else if (byte == 0xE0 || (byte >= 0xE3 && byte <= 0xE9) || byte == 0xEB ||
                   byte == 0xEC) { /* U+0800 to U+0FFF, U+3000 to U+9FFF, Hangul: no capitals */
            i += 3;
        } else {
            UChar32 character;
            U8_NEXT_UNSAFE(text, i, character);
            if (u_isUUppercase(character) || u_istitle(character))
                return true;
        }
    }
    return false;
}

static int property(const char *text, size_t length, size_t at, size_t *next)
{
    UChar32 character;
    *next = at;
    if (at == length)
        return -1;
    U8_NEXT_UNSAFE(text, *next, character);
    return u_getIntPropertyValue(character, UCHAR_SENTENCE_BREAK);
}

static size_t skip(const char *text, size_t length, size_t at, int skipped)
{
    for (size_t next; property(text, length, at, &next) == skipped; at = next)
        ;
    return at;
}

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

static bool is_followed_by_space(const char *text, size_t length, size_t at)
{
    size_t next;
    return at == length || property(text, length, at, &next) == U_SB_SP;
}

/* The size of a closing mark that stands apart between spaces: "no . \" he said", where '"' has
 * been opened in the sentence. */
static size_t closing_mark(const char *text, size_t length, size_t start, size_t at)
{
    size_t next = at, quotes = 0;
    UChar32 character = 0;
    if (at < length)
        U8_NEXT_UNSAFE(text, next, character);
    bool closes = U_GET_GC_MASK(character) & (U_GC_PE_MASK | U_GC_PF_MASK);
    if (length - at >= 2 && memcmp(text + at, "''", 2) == 0) { /* of the Penn Treebank */
        next = at + 2;
        closes = true;
    } else if (character == '"') {
        for (size_t i = at - start > QUOTED_MAX ? at - QUOTED_MAX : start; i < at; i++)
            quotes += text[i] == '"';
        closes = quotes % 2 == 1;
    }
    return closes && is_followed_by_space(text, length, next) ? next - at : 0;
}

/* The border after the full stop at `dot`; 0 if no sentence ends there. */
static size_t border_after(const char *text, size_t length, size_t start, size_t dot)
{
    size_t before = dot, close = skip(text, length, dot + 1, U_SB_CLOSE), next, mark;
    size_t at = skip(text, length, close, U_SB_SP);
    while (before > start && text[before - 1] == ' ')
        before--;
    if (at == close || before == start || text[before - 1] == '.')
        return 0;
    if (close == dot + 1 && is_digit(text[before - 1]) && at < length && is_digit(text[at]))
        return 0;
    while ((mark = closing_mark(text, length, start, at)) > 0)
        at = skip(text, length, at + mark, U_SB_SP);
    switch (property(text, length, at, &next)) {
    case -1: /* the end of the paragraph */
    case U_SB_SCONTINUE:
    case U_SB_ATERM:
    case U_SB_STERM:
        return 0;
    default:
        return at;
    }
}

bool lower_case_border(const char *text, size_t length, size_t start, size_t stop, size_t *border)
{
    for (size_t at = *border; at < stop;) {
        const char *dot = memchr(text + at, '.', stop - at);
        size_t found = dot ? border_after(text, length, start, (size_t)(dot - text)) : 0;
        if (!dot || found >= stop)
            return false;
        if (found > *border) {
            *border = found;
            return true;
        }
        at = (size_t)(dot - text) + 1;
    }
    return false;
}
