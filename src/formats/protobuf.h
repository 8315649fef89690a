/* Reads Protocol Buffers' wire format (protobuf.dev, "Encoding") without a schema compiler. Nothing
 * is allocated and nothing outside the bytes is read: what is damaged sets `failed`, after which
 * there are no more fields, so that one question at the end is enough. */
#ifndef FORMATS_PROTOBUF_H
#define FORMATS_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Moves *next behind a number of seven bits a byte; false, and *next where it was, where it is cut
 * off or does not fit. */
bool varint_take(const unsigned char **next, const unsigned char *end, uint64_t *number);

typedef enum protobuf_kind {
    PROTOBUF_VARINT = 0,
    PROTOBUF_FIXED64 = 1,
    PROTOBUF_BYTES = 2, /* a string, or a message in the message */
    PROTOBUF_FIXED32 = 5,
} protobuf_kind;

typedef struct protobuf {
    const unsigned char *next, *end;
    bool failed;
} protobuf;

typedef struct protobuf_field {
    uint64_t number;
    protobuf_kind kind;
    uint64_t integer;           /* but for PROTOBUF_BYTES */
    const unsigned char *bytes; /* of PROTOBUF_BYTES, in place */
    size_t length;
} protobuf_field;

/* The next field with its value; false behind the last. */
bool protobuf_next(protobuf *message, protobuf_field *field);

/* The value of a field of this kind; 0, or an empty message, where it is of another, and then the
 * reading fails. */
uint64_t protobuf_integer(protobuf *message, const protobuf_field *field, protobuf_kind kind);
protobuf protobuf_message(protobuf *message, const protobuf_field *field);

#endif
