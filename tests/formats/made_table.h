/* Builds tables (formats/sstable.h) of arbitrary content with valid checksums, to test the checks
 * that come after the checksums. */
#ifndef TESTS_FORMATS_MADE_TABLE_H
#define TESTS_FORMATS_MADE_TABLE_H

#include "formats/crc32c.h"

#include <string.h>

enum { MADE_TABLE_OVERHEAD = 5 + 64 + 5 + 48 }; /* bytes that made_table adds to a block */

typedef struct made_bytes {
    unsigned char *data; /* large enough for everything that is added */
    size_t size;
} made_bytes;

static inline void made_add(made_bytes *out, const void *data, size_t size)
{
    if (size)
        memcpy(out->data + out->size, data, size);
    out->size += size;
}

static inline void made_varint(made_bytes *out, size_t number)
{
    for (; number >= 0x80; number >>= 7)
        out->data[out->size++] = (unsigned char)(number | 0x80);
    out->data[out->size++] = (unsigned char)number;
}

static inline void made_number(made_bytes *out, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++, number >>= 8)
        out->data[out->size++] = (unsigned char)number;
}

/* The trailer of the block that begins at `start`. */
static inline void made_trailer(made_bytes *out, size_t start, unsigned char compression)
{
    made_add(out, &compression, 1);
    made_number(out, crc32c_mask(crc32c(0, out->data + start, out->size - start)), 4);
}

/* Adds the index block, with one entry of this value, and the footer. */
static inline void made_end(made_bytes *out, const made_bytes *handle)
{
    size_t start = out->size, footer;
    made_add(out, "\0\1", 2); /* shares 0 bytes, adds 1 */
    made_varint(out, handle->size);
    made_add(out, "\xff", 1);
    made_add(out, handle->data, handle->size);
    made_number(out, 0, 4); /* the restart point and the number of restart points */
    made_number(out, 1, 4);
    size_t size = out->size - start;
    made_trailer(out, start, 0);
    footer = out->size;
    for (int i = 0; i < 2; i++) { /* the first (metaindex) is not read */
        made_varint(out, start);
        made_varint(out, size);
    }
    made_number(out, 0, 8);
    memset(out->data + out->size, 0, 40);
    out->size = footer + 40;
    made_number(out, UINT64_C(0xdb4775248b80fb57), 8);
}

/* Writes a table of one block to out[size + MADE_TABLE_OVERHEAD]; returns its size in bytes. */
static inline size_t made_table(unsigned char *out, const void *block, size_t size,
                                unsigned char compression)
{
    unsigned char handle_bytes[24];
    made_bytes file = {.data = out}, handle = {.data = handle_bytes};
    made_add(&file, block, size);
    made_trailer(&file, 0, compression);
    made_varint(&handle, 0);
    made_varint(&handle, size);
    made_end(&file, &handle);
    return file.size;
}

#endif
