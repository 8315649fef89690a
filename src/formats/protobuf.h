/* Reads Protocol Buffers' wire format (protobuf.dev, "Encoding") without a schema compiler. Nothing
 * is allocated, and reads never leave the message. Invalid data sets `failed`, after which there
 * are no more fields, so it is enough to check `failed` once at the end. */
#ifndef FORMATS_PROTOBUF_H
#define FORMATS_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads a base-128 varint and advances *next past it. Returns false, with *next unchanged, if it is
 * truncated or does not fit into 64 bits. */
bool varint_take(const unsigned char **next, const unsigned char *end, uint64_t *number);

typedef enum protobuf_kind {
    PROTOBUF_VARINT = 0,
    PROTOBUF_FIXED64 = 1,
    PROTOBUF_BYTES = 2, /* a string or an embedded message */
    PROTOBUF_FIXED32 = 5,
} protobuf_kind;

typedef struct protobuf {
    const unsigned char *next, *end;
    bool failed;
} protobuf;

typedef struct protobuf_field {
    uint64_t number;
    protobuf_kind kind;
    uint64_t integer;           /* of all kinds except PROTOBUF_BYTES */
    const unsigned char *bytes; /* of PROTOBUF_BYTES; points into the message */
    size_t length;
} protobuf_field;

/* Reads the next field with its value; false after the last. */
bool protobuf_next(protobuf *message, protobuf_field *field);

/* The value of a field that must be of this kind; otherwise sets `failed` and returns 0 or an empty
 * message. */
uint64_t protobuf_integer(protobuf *message, const protobuf_field *field, protobuf_kind kind);
protobuf protobuf_message(protobuf *message, const protobuf_field *field);

#endif
