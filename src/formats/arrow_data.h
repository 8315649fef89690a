/* Private to the Arrow reader: messages (arrow.c), schema (arrow_schema.c), record batches
 * (arrow_batch.c). */
#ifndef FORMATS_ARROW_DATA_H
#define FORMATS_ARROW_DATA_H

#include "formats/arrow.h"
#include "formats/flatbuffer.h"

/* Message.fbs */
enum { ARROW_MESSAGE_SCHEMA = 1, ARROW_MESSAGE_DICTIONARY = 2, ARROW_MESSAGE_BATCH = 3 };

enum { ARROW_BODY_LIMIT = 1 << 30 };

typedef struct arrow_buffer {
    unsigned char *data; /* owned */
    size_t capacity;
} arrow_buffer;

/* Bytes in the message body, or in an arrow_buffer if they had to be decompressed. */
typedef struct arrow_span {
    const unsigned char *data;
    size_t size;
} arrow_span;

/* A field on the path from a top-level column to its values. `offsets` index the rows of the level
 * below, or for strings the bytes of `values`. */
typedef struct arrow_level {
    enum {
        ARROW_LEVEL_OTHER,
        ARROW_LEVEL_STRUCT,
        ARROW_LEVEL_LIST,
        ARROW_LEVEL_FIXED_LIST,
        ARROW_LEVEL_STRING,
        ARROW_LEVEL_INTEGER,
        ARROW_LEVEL_BOOLEAN
    } kind;
    unsigned width;       /* bytes of an offset or an integer: 1, 2, 4, 8 */
    bool is_signed;       /* of integers */
    uint64_t list_length; /* of a fixed-size list */
    size_t node, buffer;  /* index of its node and its first buffer in a record batch */

    /* Of the current record batch: */
    uint64_t length; /* rows */
    arrow_span validity, offsets, values;
    arrow_buffer decompressed[3]; /* of these three */
} arrow_level;

struct arrow {
    arrow_input input;
    const char *name;
    uint64_t position; /* of the next byte to read */
    uint64_t message;  /* where the current message begins */
    arrow_buffer metadata, body;
    size_t body_size;
    flatbuffer flatbuffer; /* the metadata */
    size_t header;         /* of the message, a table in it */
    int header_type;
    arrow_column *columns; /* owned, [column_capacity] */
    bool *loaded; /* owned, [column_count]: its levels are those of the current record batch */
    size_t column_count, column_capacity;
    uint64_t row, rows; /* in the record batch; `row` is the index of the current row plus 1 */
    bool is_file;       /* a file ends with a marker, a stream may end after any message */
    bool finished;
};

extern const char arrow_damaged[];

/* "FILE: byte N, in the Arrow message that begins there: WHAT" */
bert_status arrow_fail(const arrow *arrow, const char *what, bert_error *error);

/* Reads the next message with its body; *found is false after the last. */
bert_status arrow_read_message(arrow *arrow, bool *found, bert_error *error);

/* Reads the schema message and sets the columns. */
bert_status arrow_read_schema(arrow *arrow, bert_error *error);

#endif
