/* Shared by the two files of the Parquet reader. */
#ifndef FORMATS_PARQUET_FILE_H
#define FORMATS_PARQUET_FILE_H

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

bert_status parquet_read_at(const parquet *parquet, uint64_t offset, void *data, size_t size,
                            bert_error *error);

/* *chunks: [*count], owned by the caller. */
bert_status parquet_find_chunks(const parquet *parquet, size_t column, parquet_chunk **chunks,
                                size_t *count, bert_error *error);

#endif
