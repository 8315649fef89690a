/* Private to the Parquet reader (parquet.c, parquet_pages.c, parquet_numbers.c). */
#ifndef FORMATS_PARQUET_FILE_H
#define FORMATS_PARQUET_FILE_H

#include "base/text.h"
#include "formats/compression.h"
#include "formats/parquet.h"

struct parquet {
    int descriptor;
    const char *name;
    uint64_t size;
    unsigned char *footer; /* owned; the file metadata in Thrift's compact protocol */
    size_t footer_size;
    uint64_t footer_offset;
    size_t row_groups_at; /* position of the list of row groups in the footer */
    parquet_column *columns;
    size_t column_count, column_capacity;
};

/* The pages of one column in one row group. */
typedef struct parquet_chunk {
    uint64_t start, end; /* byte offsets in the file */
    uint64_t values;     /* nulls included */
    compression compression;
} parquet_chunk;

/* Physical types, with the format's numbers. */
enum {
    PARQUET_BOOLEAN = 0,
    PARQUET_INT32 = 1,
    PARQUET_INT64 = 2,
    PARQUET_FLOAT = 4,
    PARQUET_DOUBLE = 5,
    PARQUET_BYTE_ARRAY = 6
};

/* Bytes per value of a numeric type; 0 for all other types. */
size_t parquet_number_size(int32_t type);

/* Replaces the content of `out` by the little-endian number at `data` in decimal. */
bert_status parquet_number_format(text *out, int32_t type, const unsigned char *data,
                                  bert_error *error);

bert_status parquet_read_at(const parquet *parquet, uint64_t offset, void *data, size_t size,
                            bert_error *error);

/* The chunks of a column, one per row group; *chunks ([*count]) is owned by the caller. */
bert_status parquet_find_chunks(const parquet *parquet, size_t column, parquet_chunk **chunks,
                                size_t *count, bert_error *error);

#endif
