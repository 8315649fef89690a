#include "formats/crc32c.h"

#include <pthread.h>

enum { STEP = 8 };

/* tables[k][b]: the effect of byte b followed by k more bytes on the checksum, so that eight bytes
 * are processed per step ("slicing-by-8": Kounavis and Berry 2005). */
static uint32_t tables[STEP][256];

static void fill_tables(void)
{
    const uint32_t polynomial = 0x82f63b78; /* 0x1edc6f41, least significant bit first */
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; bit++)
            value = value >> 1 ^ (value & 1 ? polynomial : 0);
        tables[0][byte] = value;
    }
    for (int k = 1; k < STEP; k++)
        for (int byte = 0; byte < 256; byte++) {
            uint32_t value = tables[k - 1][byte];
            tables[k][byte] = value >> 8 ^ tables[0][value & 0xff];
        }
}

uint32_t crc32c(uint32_t preceding, const void *data, size_t size)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill_tables);
    const unsigned char *next = data;
    uint32_t value = ~preceding;
    for (; size >= STEP; size -= STEP, next += STEP) {
        value ^= (uint32_t)next[0] | (uint32_t)next[1] << 8 | (uint32_t)next[2] << 16 |
                 (uint32_t)next[3] << 24;
        value = tables[7][value & 0xff] ^ tables[6][value >> 8 & 0xff] ^
                tables[5][value >> 16 & 0xff] ^ tables[4][value >> 24] ^ tables[3][next[4]] ^
                tables[2][next[5]] ^ tables[1][next[6]] ^ tables[0][next[7]];
    }
    for (; size > 0; size--, next++)
        value = value >> 8 ^ tables[0][(value ^ *next) & 0xff];
    return ~value;
}

uint32_t crc32c_mask(uint32_t checksum)
{
    return (checksum >> 15 | checksum << 17) + 0xa282ead8;
}
