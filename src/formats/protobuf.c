#include "formats/protobuf.h"

bool varint_take(const unsigned char **next, const unsigned char *end, uint64_t *number)
{
    const unsigned char *at = *next;
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at < end; shift += 7) {
        uint64_t bits = *at & 0x7f;
        if (bits << shift >> shift != bits)
            return false;
        value |= bits << shift;
        if (*at++ < 0x80) {
            *number = value;
            *next = at;
            return true;
        }
    }
    return false;
}

static bool take_fixed(protobuf *message, unsigned count, uint64_t *number)
{
    if ((size_t)(message->end - message->next) < count)
        return false;
    *number = 0;
    for (unsigned i = 0; i < count; i++)
        *number |= (uint64_t)message->next[i] << (8 * i);
    message->next += count;
    return true;
}

static bool take_bytes(protobuf *message, protobuf_field *field)
{
    uint64_t length;
    if (!varint_take(&message->next, message->end, &length) ||
        length > (size_t)(message->end - message->next))
        return false;
    field->bytes = message->next;
    field->length = (size_t)length;
    message->next += length;
    return true;
}

static bool take_value(protobuf *message, protobuf_field *field)
{
    switch (field->kind) {
    case PROTOBUF_VARINT:
        return varint_take(&message->next, message->end, &field->integer);
    case PROTOBUF_FIXED64:
        return take_fixed(message, 8, &field->integer);
    case PROTOBUF_BYTES:
        return take_bytes(message, field);
    case PROTOBUF_FIXED32:
        return take_fixed(message, 4, &field->integer);
    }
    return false; /* the deprecated groups */
}

bool protobuf_next(protobuf *message, protobuf_field *field)
{
    uint64_t key;
    *field = (protobuf_field){0};
    if (message->failed || message->next == message->end)
        return false;
    if (varint_take(&message->next, message->end, &key)) {
        field->number = key >> 3;
        field->kind = (protobuf_kind)(key & 7);
        if (field->number > 0 && take_value(message, field))
            return true;
    }
    message->failed = true;
    return false;
}

uint64_t protobuf_integer(protobuf *message, const protobuf_field *field, protobuf_kind kind)
{
    message->failed |= field->kind != kind;
    return message->failed ? 0 : field->integer;
}

protobuf protobuf_message(protobuf *message, const protobuf_field *field)
{
    message->failed |= field->kind != PROTOBUF_BYTES;
    return message->failed ? (protobuf){0}
                           : (protobuf){.next = field->bytes, .end = field->bytes + field->length};
}
