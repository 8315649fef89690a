/* Reads ASCII letters and digits eight at a time into a 64-bit number, the first in its lowest byte
 * (SIMD within a register).
 *
 * With any normalizer settings these characters belong to words, and only lower-casing changes
 * them. */
#ifndef TOKENIZER_ASCII_WORD_H
#define TOKENIZER_ASCII_WORD_H

#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte must be the lowest");

#define ASCII_ALL(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Returns how many of the 8 bytes at `text`, from the first on, are letters or digits. *word is
 * these bytes, padded with zeros; lower-cased if `lowercase` is all ones, unchanged if it is 0. */
static inline unsigned ascii_word_read(const unsigned char *text, uint64_t lowercase,
                                       uint64_t *word)
{
    uint64_t bytes;
    memcpy(&bytes, text, sizeof bytes);
    /* Bit 7 of each byte is a flag: sums of two 7-bit numbers never carry past it. */
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
