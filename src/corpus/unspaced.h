/* Scripts that are written without spaces between words: Chinese characters, kana, bopomofo, and
 * those of South-East Asia (Thai, Lao, Khmer, Burmese and others), Tibetan, Javanese and Balinese.
 * Korean is written with spaces. */
#ifndef CORPUS_UNSPACED_H
#define CORPUS_UNSPACED_H

#include <stdbool.h>
#include <stddef.h>
#include <unicode/uchar.h>

/* How many sixths of a word a letter is on average: a Chinese word has one and a half characters, a
 * Japanese one two, one of the other scripts three letters, not counting marks. 0: another script.
 */
static inline unsigned unspaced_sixths(UChar32 letter)
{
    if (letter < 0xE00)
        return 0;
    if (letter < 0x3000)
        return letter <= 0x109F || (letter >= 0x1780 && letter <= 0x17FF) ||
                       (letter >= 0x1950 && letter <= 0x1AAF) ||
                       (letter >= 0x1B00 && letter <= 0x1B7F)
                   ? 2
                   : 0;
    if ((letter >= 0x3040 && letter <= 0x30FF) || (letter >= 0x31F0 && letter <= 0x31FF) ||
        (letter >= 0xFF66 && letter <= 0xFF9F) || (letter >= 0x1B000 && letter <= 0x1B16F))
        return 3;
    if ((letter >= 0xA980 && letter <= 0xA9FF) || (letter >= 0xAA60 && letter <= 0xAADF))
        return 2;
    return (letter >= 0x3005 && letter <= 0x3007) || (letter >= 0x3021 && letter <= 0x312F) ||
                   (letter >= 0x31A0 && letter <= 0x31BF) ||
                   (letter >= 0x3400 && letter <= 0x9FFF) ||
                   (letter >= 0xF900 && letter <= 0xFAFF) ||
                   (letter >= 0x20000 && letter <= 0x3FFFF)
               ? 4
               : 0;
}

/* The same of UTF-8, from U+3000 on without looking at more than the first byte: whether a letter
 * there is compared as a word by near_duplicates.h. */
static inline bool is_unspaced(const char *text, size_t left)
{
    unsigned char first = (unsigned char)text[0];
    if (first != 0xE0 && first != 0xE1)
        return first >= 0xE3;
    unsigned char second = left > 1 ? (unsigned char)text[1] : 0;
    return first == 0xE0
               ? second >= 0xB8
               : (second >= 0x80 && second <= 0x82) || second == 0x9E || second == 0x9F ||
                     (second >= 0xA6 && second <= 0xA9) || second == 0xAC || second == 0xAD;
}

#endif
