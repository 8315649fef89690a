#include "formats/thrift.h"

enum { DEPTH_LIMIT = 64 };

static unsigned take_byte(thrift *thrift)
{
    if (thrift->failed || thrift->at == thrift->size) {
        thrift->failed = true;
        return 0;
    }
    return thrift->data[thrift->at++];
}

static uint64_t take_varint(thrift *thrift)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        unsigned byte = take_byte(thrift);
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return value;
    }
    thrift->failed = true;
    return 0;
}

static int64_t take_zigzag(thrift *thrift)
{
    uint64_t value = take_varint(thrift);
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

static bool expect(thrift *thrift, bool fits)
{
    thrift->failed |= !fits;
    return !thrift->failed;
}

bool thrift_next_field(thrift *thrift, thrift_field *field)
{
    unsigned head = take_byte(thrift);
    field->type = head & 15;
    if (thrift->failed || field->type == THRIFT_STOP)
        return false;
    int64_t id = head >> 4 ? field->id + (int64_t)(head >> 4) : take_zigzag(thrift);
    if (!expect(thrift, id >= -32768 && id <= 32767))
        return false;
    field->id = (int)id;
    return true;
}

int64_t thrift_integer(thrift *thrift, const thrift_field *field)
{
    if (field->type == THRIFT_BYTE)
        return (int8_t)take_byte(thrift);
    if (!expect(thrift, field->type >= THRIFT_I16 && field->type <= THRIFT_I64))
        return 0;
    int64_t value = take_zigzag(thrift);
    return thrift->failed ? 0 : value;
}

int32_t thrift_integer32(thrift *thrift, const thrift_field *field)
{
    int64_t value = thrift_integer(thrift, field);
    return expect(thrift, value >= INT32_MIN && value <= INT32_MAX) ? (int32_t)value : 0;
}

bool thrift_boolean(thrift *thrift, const thrift_field *field)
{
    expect(thrift, field->type == THRIFT_TRUE || field->type == THRIFT_FALSE);
    return field->type == THRIFT_TRUE;
}

const unsigned char *thrift_binary(thrift *thrift, const thrift_field *field, size_t *length)
{
    *length = 0;
    if (!expect(thrift, field->type == THRIFT_BINARY))
        return NULL;
    uint64_t size = take_varint(thrift);
    if (!expect(thrift, !thrift->failed && size <= thrift->size - thrift->at))
        return NULL;
    const unsigned char *data = thrift->data + thrift->at;
    thrift->at += size;
    *length = (size_t)size;
    return data;
}

static size_t take_list_head(thrift *thrift, thrift_type *type)
{
    unsigned head = take_byte(thrift);
    *type = head & 15;
    uint64_t count = head >> 4;
    if (count == 15)
        count = take_varint(thrift);
    /* Every element takes at least one byte. */
    return expect(thrift, !thrift->failed && count <= thrift->size - thrift->at) ? (size_t)count
                                                                                 : 0;
}

size_t thrift_list(thrift *thrift, const thrift_field *field, thrift_type type)
{
    if (!expect(thrift, field->type == THRIFT_LIST))
        return 0;
    thrift_type found;
    size_t count = take_list_head(thrift, &found);
    return expect(thrift, count == 0 || found == type) ? count : 0;
}

void thrift_struct(thrift *thrift, const thrift_field *field)
{
    expect(thrift, field->type == THRIFT_STRUCT);
}

static void skip_bytes(thrift *thrift, uint64_t count)
{
    if (expect(thrift, !thrift->failed && count <= thrift->size - thrift->at))
        thrift->at += (size_t)count;
}

/* `in_list`: in a list a boolean takes a byte; in a field it is part of the type. */
static void skip(thrift *thrift, thrift_type type, bool in_list, int depth);

static void skip_elements(thrift *thrift, thrift_type key, thrift_type value, bool is_map,
                          size_t count, int depth)
{
    for (size_t i = 0; i < count && !thrift->failed; i++) {
        if (is_map)
            skip(thrift, key, true, depth);
        skip(thrift, value, true, depth);
    }
}

static void skip(thrift *thrift, thrift_type type, bool in_list, int depth)
{
    if (!expect(thrift, depth < DEPTH_LIMIT))
        return;
    thrift_type element;
    size_t count;
    switch (type) {
    case THRIFT_TRUE:
    case THRIFT_FALSE:
        skip_bytes(thrift, in_list);
        return;
    case THRIFT_BYTE:
        skip_bytes(thrift, 1);
        return;
    case THRIFT_I16:
    case THRIFT_I32:
    case THRIFT_I64:
        take_varint(thrift);
        return;
    case THRIFT_DOUBLE:
        skip_bytes(thrift, 8);
        return;
    case THRIFT_BINARY:
        skip_bytes(thrift, take_varint(thrift));
        return;
    case THRIFT_LIST:
    case THRIFT_SET:
        count = take_list_head(thrift, &element);
        skip_elements(thrift, THRIFT_STOP, element, false, count, depth + 1);
        return;
    case THRIFT_MAP: {
        uint64_t pairs = take_varint(thrift);
        if (pairs == 0 || !expect(thrift, pairs <= thrift->size - thrift->at))
            return;
        unsigned types = take_byte(thrift);
        skip_elements(thrift, types >> 4, types & 15, true, (size_t)pairs, depth + 1);
        return;
    }
    case THRIFT_STRUCT:
        for (thrift_field field = {0}; thrift_next_field(thrift, &field);)
            skip(thrift, field.type, false, depth + 1);
        return;
    case THRIFT_STOP:
        break;
    }
    thrift->failed = true;
}

void thrift_skip(thrift *thrift, const thrift_field *field)
{
    skip(thrift, field->type, false, 0);
}
