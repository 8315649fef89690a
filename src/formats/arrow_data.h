/* Private to the Arrow reader: messages (arrow.c), files with a footer (arrow_file.c), schema
 * (arrow_schema.c), record batches and dictionaries (arrow_batch.c), rows (arrow_rows.c). */
#ifndef FORMATS_ARROW_DATA_H
#define FORMATS_ARROW_DATA_H

#include "base/text.h"
#include "formats/arrow.h"
#include "formats/compression.h"
#include "formats/flatbuffer.h"

/* Message.fbs */
enum { ARROW_MESSAGE_SCHEMA = 1, ARROW_MESSAGE_DICTIONARY = 2, ARROW_MESSAGE_BATCH = 3 };

/* MetadataVersion of Schema.fbs: V4 since Arrow 0.8, V5 since Arrow 1.0. */
enum { ARROW_METADATA_V4 = 3, ARROW_METADATA_V5 = 4 };

enum { ARROW_METADATA_LIMIT = 1 << 26 };

typedef struct arrow_buffer {
    unsigned char *data; /* owned */
    size_t capacity;
} arrow_buffer;

/* Bytes in the body of a message, or in an arrow_buffer if they had to be read or decompressed. */
typedef struct arrow_span {
    const unsigned char *data;
    size_t size;
} arrow_span;

typedef enum arrow_kind {
    ARROW_OTHER, /* cannot be read */
    ARROW_STRUCT,
    ARROW_LIST,
    ARROW_LIST_VIEW,
    ARROW_FIXED_LIST,
    ARROW_RUN_ENDS,
    /* What follows has no level below it. */
    ARROW_NULLS,
    ARROW_DICTIONARY,
    ARROW_STRING,
    ARROW_STRING_VIEW,
    ARROW_INTEGER,
    ARROW_FLOAT,
    ARROW_BOOLEAN,
} arrow_kind;

/* A field on the path from a top-level column to its values. `offsets` index the rows of the level
 * below, or for strings the bytes of `values`. */
typedef struct arrow_level {
    arrow_kind kind;
    unsigned width;       /* bytes of an offset, a run's end, an index or a number: 1, 2, 4, 8 */
    bool is_signed;       /* of integers */
    bool is_binary;       /* of strings: not declared to be text */
    bool is_map;          /* of lists: their elements are entries */
    uint64_t list_length; /* of a fixed-size list */
    size_t field;         /* its number in the schema, in depth-first order */
    struct arrow_dictionary *dictionary; /* of ARROW_DICTIONARY */

    /* Of the current record batch: */
    uint64_t length;                      /* rows */
    arrow_span validity, offsets, values; /* values: sizes of list views, runs' ends, views */
    arrow_buffer storage[3];              /* of these three, where they are not in the body */
    arrow_span *heaps;                    /* of string views: [heap_count], owned */
    arrow_buffer *heap_storage;           /* [heap_capacity], owned */
    size_t heap_count, heap_capacity, heap_storage_count;
} arrow_level;

/* A value of a dictionary. */
typedef struct arrow_entry {
    size_t begin;    /* of a string, in the dictionary's bytes */
    uint64_t length; /* of a string, or the bits of a number */
    bool is_null;
} arrow_entry;

typedef struct arrow_dictionary {
    int64_t id;
    arrow_level values;   /* its only level; ARROW_OTHER if the values cannot be read */
    text bytes;           /* of strings */
    arrow_entry *entries; /* [count], owned */
    size_t count, capacity;
    bool was_read;
    struct arrow_dictionary *next;
} arrow_dictionary;

/* The buffers of a field in a record batch. */
typedef struct arrow_field {
    uint8_t buffers;   /* of its own, without those of its children and without a view's heaps */
    bool is_view;      /* has further buffers, whose number differs from batch to batch */
    bool had_validity; /* a union or runs, which had a validity buffer before metadata V5 */
} arrow_field;

typedef struct arrow_block {
    uint64_t offset;
    uint32_t metadata; /* bytes of it; the body follows */
} arrow_block;

struct arrow {
    arrow_input input; /* read is NULL with random access */
    int descriptor;
    const char *name;
    uint64_t position; /* of the next byte to read */
    uint64_t message;  /* where the current message begins */
    arrow_buffer metadata, body, compressed;
    uint64_t body_offset; /* in the file, with random access */
    uint64_t body_size;
    flatbuffer flatbuffer; /* the metadata */
    int version;
    size_t header; /* of the message, a table in it */
    int header_type;
    size_t batch; /* the table RecordBatch of the message */
    bool is_compressed;
    compression compression;

    arrow_column *columns; /* owned, [column_capacity] */
    bool *loaded; /* owned, [column_count]: its levels are those of the current record batch */
    size_t column_count, column_capacity;
    arrow_field *fields; /* of the schema in depth-first order, owned */
    size_t field_count, field_capacity;
    arrow_dictionary *dictionaries; /* owned */
    uint64_t row, rows; /* in the record batch; `row` is the index of the current row plus 1 */
    text number;        /* the last number, as text */

    arrow_block *blocks; /* of a file's record batches, owned */
    size_t block_count, next_block;
    uint64_t footer_offset;
    bool is_file;      /* a file ends with a marker, a stream may end after any message */
    bool knows_blocks; /* read by the footer */
    bool finished;
};

extern const char arrow_damaged[];

/* "FILE: byte N, in the Arrow message that begins there: WHAT" */
bert_status arrow_fail(const arrow *arrow, const char *what, bert_error *error);

/* Reads the next message with its body; *found is false after the last. */
bert_status arrow_read_message(arrow *arrow, bool *found, bert_error *error);

/* Takes the `size` bytes in arrow->metadata as the current message. */
bert_status arrow_parse_message(arrow *arrow, size_t size, bert_error *error);

/* Reads the message at a block of the footer, without its body. */
bert_status arrow_read_block(arrow *arrow, const arrow_block *block, bert_error *error);

/* Reads [offset, offset + size) of the file. */
bert_status arrow_read_at(const arrow *arrow, uint64_t offset, void *data, size_t size,
                          bert_error *error);

/* Sets the columns from the table Schema at `schema` in the metadata. */
bert_status arrow_read_schema(arrow *arrow, size_t schema, bert_error *error);

/* Starts on the record batch or dictionary that is the current message. */
bert_status arrow_begin_batch(arrow *arrow, bert_error *error);
bert_status arrow_read_dictionary(arrow *arrow, bert_error *error);

/* Loads the buffers of a column of the current record batch. */
bert_status arrow_load_column(arrow *arrow, size_t column, bert_error *error);

/* The dictionary with an id; NULL if the schema has none. */
arrow_dictionary *arrow_find_dictionary(const arrow *arrow, int64_t id);

/* For levels that are loaded: whether a row is null; a string; the bits of a number, integers
 * extended by their sign. */
bool arrow_is_null(const arrow_level *level, uint64_t row);
bert_status arrow_string_at(const arrow *arrow, const arrow_level *level, uint64_t row,
                            arrow_span *string, bert_error *error);
uint64_t arrow_bits_at(const arrow_level *level, uint64_t row);

/* An unsigned little-endian number of 1 to 8 bytes. */
uint64_t arrow_unsigned(const unsigned char *data, unsigned width);
/* The same with a sign. */
int64_t arrow_signed(const unsigned char *data, unsigned width);

void arrow_level_free(arrow_level *level);

#endif
