/* Parquet's integer encodings: the RLE/bit-packing hybrid of levels and dictionary indices, and the
 * delta encoding of lengths. Every read is bounds-checked. */
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
} run_reader;

/* Returns false at the end of the data and if it is invalid. */
bool run_reader_next(run_reader *reader, uint32_t *value);

/* DELTA_BINARY_PACKED: decodes at most `limit` values in [0, INT32_MAX] into *values ([*count],
 * owned by the caller). *taken is the number of bytes read. The error message does not name a file
 * or position. */
bert_status delta_read(const unsigned char *data, size_t size, size_t limit, uint32_t **values,
                       size_t *count, size_t *taken, bert_error *error);

/* The same for integers of any value and sign. */
bert_status delta_read_integers(const unsigned char *data, size_t size, size_t limit,
                                int64_t **values, size_t *count, bert_error *error);

#endif
