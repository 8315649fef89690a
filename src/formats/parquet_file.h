/* Shared by the two files of the Parquet reader. */
#ifndef FORMATS_PARQUET_FILE_H
#define FORMATS_PARQUET_FILE_H

#include "base/text.h"
#include "formats/compression.h"
#include "formats/parquet.h"

struct parquet {
    int descriptor;
    const char *name;
    uint64_t size;
    unsigned char *footer; /* owned; the metadata, Thrift */
    size_t footer_size;
    uint64_t footer_offset;
    size_t row_groups_at; /* in the footer: the list of row groups */
    parquet_column *columns;
    size_t column_count, column_capacity;
};

/* The pages of one column in one row group. */
typedef struct parquet_chunk {
    uint64_t start, end; /* in the file */
    uint64_t values;     /* nulls included */
    compression compression;
} parquet_chunk;

/* Types as the format numbers them. */
enum {
    PARQUET_INT32 = 1,
    PARQUET_INT64 = 2,
    PARQUET_FLOAT = 4,
    PARQUET_DOUBLE = 5,
    PARQUET_BYTE_ARRAY = 6
};

/* Bytes of a value of a number type; 0 for all other types. */
size_t parquet_number_size(int32_t type);

/* Replaces `out` by the number at `data`, little-endian, in decimal digits. */
bert_status parquet_number_format(text *out, int32_t type, const unsigned char *data,
                                  bert_error *error);

bert_status parquet_read_at(const parquet *parquet, uint64_t offset, void *data, size_t size,
                            bert_error *error);

/* *chunks: [*count], owned by the caller. */
bert_status parquet_find_chunks(const parquet *parquet, size_t column, parquet_chunk **chunks,
                                size_t *count, bert_error *error);

#endif
