/* Private to the Parquet reader: the file and its row groups (parquet.c), schema
 * (parquet_schema.c), page headers (parquet_header.c), pages (parquet_pages.c), values
 * (parquet_values.c). */
#ifndef FORMATS_PARQUET_FILE_H
#define FORMATS_PARQUET_FILE_H

#include "base/text.h"
#include "formats/bit_reader.h"
#include "formats/compression.h"
#include "formats/parquet.h"
#include "formats/thrift.h"

struct parquet {
    int descriptor;
    const char *name;
    uint64_t size;
    unsigned char *footer; /* owned; the file metadata in Thrift's compact protocol */
    size_t footer_size;
    uint64_t footer_offset;
    size_t row_groups_at;   /* position of the list of row groups in the footer */
    bool always_compressed; /* whatever version 2 of data pages says */
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
    PARQUET_INT96 = 3,
    PARQUET_FLOAT = 4,
    PARQUET_DOUBLE = 5,
    PARQUET_BYTE_ARRAY = 6,
    PARQUET_FIXED = 7,
};

enum {
    PARQUET_PAGE_DATA = 0,
    PARQUET_PAGE_INDEX = 1,
    PARQUET_PAGE_DICTIONARY = 2,
    PARQUET_PAGE_DATA_V2 = 3,
};

typedef enum parquet_encoding {
    PARQUET_PLAIN = 0,
    PARQUET_PLAIN_DICTIONARY = 2,
    PARQUET_RLE = 3,
    PARQUET_BIT_PACKED = 4, /* of levels, by the oldest writers */
    PARQUET_DELTA_NUMBERS = 5,
    PARQUET_DELTA_LENGTH = 6,
    PARQUET_DELTA_STRINGS = 7,
    PARQUET_RLE_DICTIONARY = 8,
    PARQUET_BYTE_STREAM_SPLIT = 9,
} parquet_encoding;

typedef struct parquet_page_header {
    int32_t type, size, compressed_size;
    bool has_checksum;
    uint32_t checksum;
    int32_t values, encoding;
    int32_t definition_encoding, repetition_encoding; /* version 1 */
    int32_t definition_size, repetition_size;         /* version 2 */
    bool compressed;                                  /* version 2: the values are compressed */
} parquet_page_header;

typedef struct parquet_buffer {
    unsigned char *data; /* owned */
    size_t capacity;
} parquet_buffer;

typedef struct parquet_string {
    const unsigned char *data;
    size_t length;
} parquet_string;

struct parquet_cursor {
    const parquet *file;
    const parquet_column *column;
    parquet_chunk *chunks; /* owned, [chunk_count] */
    size_t chunk_count, next_chunk;
    const parquet_chunk *chunk; /* NULL before the first */
    uint64_t position;          /* byte offset of the next page */
    uint64_t chunk_values;      /* left in the following pages */
    uint64_t page_offset;       /* byte offset of the current page */

    parquet_buffer compressed, page, dictionary_page;
    parquet_string *dictionary; /* owned; points into dictionary_page */
    size_t dictionary_size, dictionary_capacity;
    bool has_dictionary;

    /* What remains of the current page. */
    uint32_t page_values;
    parquet_encoding encoding;
    run_reader definitions, repetitions, indices; /* indices: also booleans in runs */
    const unsigned char *values;
    size_t values_size, next_bit, next_number; /* next_bit: of plain booleans */
    int64_t *lengths, *prefixes; /* owned; for the delta encodings, lengths also for numbers */
    size_t length_count, prefix_count, next_length;
    text previous;            /* PARQUET_DELTA_STRINGS: the previous string, whose prefix the next
                                 one shares */
    unsigned char scratch[8]; /* a number that had to be put together */
    text number;              /* the last number, formatted */

    /* The levels of the next value, if `pending`. */
    bool pending;
    uint32_t definition, repetition;
};

extern const char parquet_damaged[];

/* Bytes per value of a numeric type, 1 for booleans; 0 for all other types. */
size_t parquet_number_size(int32_t type);

/* A value of a plain page or dictionary; false if it extends past the end. Not for booleans. */
bool parquet_take_plain(const parquet_column *column, const unsigned char **data, size_t *size,
                        parquet_string *value);

/* A string after its length of 4 bytes. */
bool parquet_take_string(const unsigned char **data, size_t *size, parquet_string *value);

bert_status parquet_read_at(const parquet *parquet, uint64_t offset, void *data, size_t size,
                            bert_error *error);

bert_status parquet_footer_error(const parquet *parquet, const thrift *thrift, const char *what,
                                 bert_error *error);
bert_status parquet_page_error(const parquet_cursor *cursor, const char *what, bert_error *error);

/* Reads the list of schema elements in `field` and sets the columns. */
bert_status parquet_read_schema(parquet *parquet, thrift *thrift, const thrift_field *field,
                                bert_error *error);

/* The chunks of a column, one per row group; *chunks ([*count]) is owned by the caller. */
bert_status parquet_find_chunks(const parquet *parquet, size_t column, parquet_chunk **chunks,
                                size_t *count, bert_error *error);

/* Reads the header of the next page. */
bert_status parquet_read_header(parquet_cursor *cursor, parquet_page_header *header,
                                bert_error *error);

bert_status parquet_buffer_grow(parquet_buffer *buffer, size_t size, bert_error *error);

/* Advances to the next page that has values; *found is false after the last. */
bert_status parquet_next_page(parquet_cursor *cursor, bool *found, bert_error *error);

/* Starts on the values of the current page. */
bert_status parquet_begin_values(parquet_cursor *cursor, bert_error *error);

#endif
