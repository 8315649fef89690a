/* Parquet's integer encodings: the RLE/bit-packing hybrid of levels and dictionary indices, and the
 * delta encoding of numbers. Every read is bounds-checked. */
#ifndef FORMATS_BIT_READER_H
#define FORMATS_BIT_READER_H

#include "base/error.h"

/* Reads `count` ≤ 32 bits starting at bit `at`, least significant first; bits past the end are 0.
 */
uint32_t bits_read(const unsigned char *data, size_t size, uint64_t at, unsigned count);

typedef struct run_reader {
    const unsigned char *data;
    size_t size, at;
    unsigned width; /* bits per value, ≤ 32 */
    uint64_t left;  /* values left in the run */
    bool packed;    /* a bit-packed run; otherwise a repeated value */
    uint32_t value; /* the repeated value */
    uint64_t bit;   /* position of the next value of a bit-packed run */
    bool reversed;  /* its values are packed from the most significant bit */
} run_reader;

/* A reader of `count` values in the deprecated encoding BIT_PACKED, which has no runs. */
run_reader run_reader_packed(const unsigned char *data, size_t size, unsigned width,
                             uint64_t count);

/* Returns false at the end of the data and if it is invalid. */
bool run_reader_next(run_reader *reader, uint32_t *value);

/* DELTA_BINARY_PACKED: decodes at most `limit` values into *values ([*count], owned by the caller).
 * Numbers of 32 bits are right in their low half. *taken is the number of bytes read. The error
 * message does not name a file or position. */
bert_status delta_read(const unsigned char *data, size_t size, size_t limit, int64_t **values,
                       size_t *count, size_t *taken, bert_error *error);

#endif
