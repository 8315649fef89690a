#include "corpus/line_kind.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

enum {
    WINDOWS = 4,            /* places that are looked at, at equal distances, */
    WINDOW_BYTES = 1 << 13, /* and their size */
    LINES_MIN = 4,          /* fewer tell nothing */
    LINES_MAX = 2048,
    WORD_MAX = 12 /* characters; longer "words" are those of scripts without spaces */
};

typedef struct measured_line {
    size_t length, first_word; /* in characters */
    size_t upper, lower;       /* letters */
    size_t inner_ends;         /* punctuation that ends a sentence before the end of the line */
    bool begins;               /* not with a lower-case letter */
    bool ends;                 /* with such punctuation */
    bool punctuated;           /* ends with any */
} measured_line;

/* What is asked of a character. */
enum { SPACE = 1, TERMINATOR = 2, CLOSER = 4, PUNCTUATION = 8, UPPER = 16, LOWER = 32, WORD = 64 };

static unsigned classify(UChar32 c)
{
    /* What may stand between the end of a sentence and the next: brackets, quotation marks. */
    const uint32_t closing = U_GC_PE_MASK | U_GC_PF_MASK | U_GC_PI_MASK;
    if (u_isUWhiteSpace(c))
        return SPACE;
    bool ends = u_hasBinaryProperty(c, UCHAR_S_TERM) || c == 0x2026; /* … */
    bool closes = (U_GET_GC_MASK(c) & closing) || c == '"' || c == '\'' || c == '`';
    return (ends ? TERMINATOR : 0) | (closes && !ends ? CLOSER : 0) |
           (u_ispunct(c) ? PUNCTUATION : 0) | (u_isupper(c) ? UPPER : 0) |
           (u_islower(c) ? LOWER : 0) | (u_isalnum(c) ? WORD : 0);
}

/* ICU takes long for a whole corpus of small files. */
typedef struct ascii_classes {
    unsigned char of[0x80];
} ascii_classes;

static void count_character(measured_line *line, unsigned class, bool *spaced)
{
    if (class & SPACE) {
        *spaced = true;
        return;
    }
    if (class & TERMINATOR) {
        line->ends = true;
        *spaced = false;
    } else if (!(class & CLOSER)) {
        line->inner_ends += line->ends && *spaced; /* "3.5" has no space */
        line->ends = *spaced = false;
    }
    line->punctuated = (class & PUNCTUATION) != 0;
    line->upper += (class & UPPER) != 0;
    line->lower += (class & LOWER) != 0;
}

static measured_line measure(const char *text, size_t length, const ascii_classes *ascii)
{
    measured_line line = {0};
    bool spaced = false, first_word = true, first_letter = true;
    for (size_t at = 0; at < length;) {
        UChar32 c;
        U8_NEXT(text, at, length, c);
        line.length++;
        if (c < 0)
            continue;
        unsigned class = c < 0x80 ? ascii->of[c] : classify(c);
        count_character(&line, class, &spaced);
        first_word &= !(class & SPACE);
        line.first_word += first_word;
        if (first_letter && (class & WORD)) {
            first_letter = false;
            line.begins = !(class & LOWER);
        }
    }
    return line;
}

/* The lines from `text` on, to the first that ends beyond `size` bytes. A blank one has length 0:
 * wrapped text may be short before it. Returns how many there are then. */
static size_t measure_window(const char *text, size_t size, const ascii_classes *ascii,
                             measured_line *lines, size_t count)
{
    while (size > 0 && count < LINES_MAX) {
        const char *end = memchr(text, '\n', size);
        if (!end && count > 0)
            break; /* it may be cut */
        size_t length = end ? (size_t)(end - text) : size, taken = length + (end != NULL);
        while (length > 0 && text[length - 1] && strchr(" \t\r\v\f", text[length - 1]))
            length--;
        lines[count++] = measure(text, length, ascii);
        text += taken;
        size -= taken;
    }
    return count;
}

/* Lines of several places, with a blank one between two: a book begins with a licence and a table
 * of contents. */
static size_t measure_lines(const char *head, size_t size, measured_line *lines)
{
    ascii_classes ascii;
    for (UChar32 c = 0; c < 0x80; c++)
        ascii.of[c] = (unsigned char)classify(c);
    if (size <= WINDOWS * WINDOW_BYTES)
        return measure_window(head, size, &ascii, lines, 0);
    size_t count = 0;
    for (size_t i = 0; i < WINDOWS; i++) {
        const char *begin = head + size / WINDOWS * i;
        if (i > 0) {
            const char *end = memchr(begin, '\n', WINDOW_BYTES);
            if (!end)
                continue;
            begin = end + 1;
            if (count < LINES_MAX)
                lines[count++] = (measured_line){0};
        }
        size_t left = (size_t)(head + size - begin);
        count =
            measure_window(begin, left < WINDOW_BYTES ? left : WINDOW_BYTES, &ascii, lines, count);
    }
    return count;
}

static int compare_lengths(const void *a, const void *b)
{
    size_t left = *(const size_t *)a, right = *(const size_t *)b;
    return (left > right) - (left < right);
}

/* The width at which the text is wrapped, if it is: that which 19 of 20 lines do not exceed. */
static size_t width_of(const measured_line *lines, size_t count, size_t *lengths)
{
    for (size_t i = 0; i < count; i++)
        lengths[i] = lines[i].length;
    qsort(lengths, count, sizeof *lengths, compare_lengths);
    return lengths[count - 1 - count / 20];
}

typedef struct line_shares {
    size_t lines, upper, lower, inner_ends, begins, ends, punctuated;
    size_t pairs; /* lines that another one follows */
    size_t full;  /* of those, to which its first word could not have been added */
} line_shares;

static line_shares sum_lines(const measured_line *lines, size_t count, size_t width)
{
    line_shares sum = {0};
    for (size_t i = 0; i < count; i++) {
        const measured_line *line = &lines[i];
        if (line->length == 0)
            continue;
        sum.lines++;
        sum.upper += line->upper;
        sum.lower += line->lower;
        sum.inner_ends += line->inner_ends;
        sum.begins += line->begins;
        sum.ends += line->ends;
        sum.punctuated += line->punctuated;
        if (i + 1 == count || lines[i + 1].length == 0)
            continue;
        size_t word = lines[i + 1].first_word < WORD_MAX ? lines[i + 1].first_word : WORD_MAX;
        sum.pairs++;
        sum.full += line->length + 1 + word > width;
    }
    return sum;
}

static line_kind decide(const line_shares *sum)
{
    if (sum->lines < LINES_MIN)
        return LINES_ARE_WRAPPED;
    bool is_wrapped = 3 * sum->full >= 2 * sum->pairs;
    bool is_punctuated = 2 * sum->punctuated >= sum->lines; /* verse is, by commas */
    bool is_lower_case = sum->lower > 0 && 500 * sum->upper <= sum->lower;
    if (is_lower_case && 10 * sum->ends >= 8 * sum->lines)
        return 2 * sum->inner_ends < sum->lines ? LINES_ARE_SENTENCES : LINES_ARE_PARAGRAPHS;
    bool are_apart =
        2 * sum->pairs < sum->lines; /* paragraphs, headings, with blank lines between */
    if (is_wrapped || is_punctuated || are_apart)
        return LINES_ARE_WRAPPED;
    return is_lower_case || 10 * sum->begins >= 9 * sum->lines ? LINES_ARE_SENTENCES
                                                               : LINES_ARE_WRAPPED;
}

bert_status line_kind_of(line_kind *kind, const char *head, size_t size, bert_error *error)
{
    measured_line *lines = NULL;
    size_t *lengths = NULL, count;
    bert_status status;
    *kind = LINES_ARE_WRAPPED;
    TRY_OR_GO(status, memory_array((void **)&lines, LINES_MAX, sizeof *lines, "lines", error),
              done);
    TRY_OR_GO(status, memory_array((void **)&lengths, LINES_MAX, sizeof *lengths, "lines", error),
              done);
    count = measure_lines(head, size, lines);
    if (count > 0) {
        line_shares sum = sum_lines(lines, count, width_of(lines, count, lengths));
        *kind = decide(&sum);
    }
done:
    free(lines);
    free(lengths);
    return status;
}
