/* Packed integers as Parquet has them in its levels and dictionary indices (runs and bit-packed
 * groups, the "RLE/bit-packing hybrid") and in its lengths (deltas). Every read is checked. */
#ifndef FORMATS_BIT_READER_H
#define FORMATS_BIT_READER_H

#include "base/error.h"

/* `count` ≤ 32 bits, from bit `at` on, least significant first; bits behind the end are 0. */
uint32_t bits_read(const unsigned char *data, size_t size, uint64_t at, unsigned count);

typedef struct run_reader {
    const unsigned char *data;
    size_t size, at;
    unsigned width; /* bits of a value, ≤ 32 */
    uint64_t left;  /* values in the run */
    bool packed;
    uint32_t value; /* of a run that repeats one */
    uint64_t bit;   /* of the next value in a packed one */
} run_reader;

/* false where the bytes are at their end or make no sense. */
bool run_reader_next(run_reader *reader, uint32_t *value);

/* DELTA_BINARY_PACKED: the values, which must be at most `limit` and in [0, INT32_MAX], into
 * *values ([*count], owned by the caller). *taken is how many bytes they took. What is wrong is an
 * error that does not name the place. */
bert_status delta_read(const unsigned char *data, size_t size, size_t limit, uint32_t **values,
                       size_t *count, size_t *taken, bert_error *error);

#endif
