/* Letters and digits of ASCII, eight at a time in a 64-bit number, the first in its lowest byte.
 *
 * Whatever the settings, they are parts of words and only lower-casing changes them. */
#ifndef TOKENIZER_ASCII_WORD_H
#define TOKENIZER_ASCII_WORD_H

#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte is to be the lowest");

#define ASCII_ALL(byte) (UINT64_C(0x0101010101010101) * (byte))

/* How many bytes from the first on are letters or digits; *word is these, lower-cased where
 * `lowercase` is all ones and not where it is 0, and zeros behind them. */
static inline unsigned ascii_word_read(const unsigned char *text, uint64_t lowercase,
                                       uint64_t *word)
{
    uint64_t bytes;
    memcpy(&bytes, text, sizeof bytes);
    /* Bit 7 of each byte is a flag; sums of seven-bit numbers reach it and no further. */
    uint64_t low = bytes & ASCII_ALL(0x7F), lower = low | ASCII_ALL(0x20);
    uint64_t letters = (lower + ASCII_ALL(0x80 - 'a')) & ~(lower + ASCII_ALL(0x7F - 'z'));
    uint64_t digits = (low + ASCII_ALL(0x80 - '0')) & ~(low + ASCII_ALL(0x7F - '9'));
    uint64_t others = ~((letters | digits) & ~bytes) & ASCII_ALL(0x80);
    uint64_t folded = bytes | (letters >> 2 & lowercase & ASCII_ALL(0x20));
    if (!others) {
        *word = folded;
        return 8;
    }
    *word = folded & (((others & -others) >> 7) - 1);
    return (unsigned)__builtin_ctzll(others) / 8;
}

#endif
