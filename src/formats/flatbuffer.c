#include "formats/flatbuffer.h"

int64_t flatbuffer_number(flatbuffer *buffer, size_t position, unsigned bytes)
{
    if (buffer->failed || bytes > buffer->size || position > buffer->size - bytes) {
        buffer->failed = true;
        return 0;
    }
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)buffer->data[position + i] << (8 * i);
    unsigned unused = 64 - 8 * bytes;
    return (int64_t)(value << unused) >> unused;
}

/* Follows the unsigned offset at `position`. */
static size_t follow(flatbuffer *buffer, size_t position)
{
    uint32_t offset = (uint32_t)flatbuffer_number(buffer, position, 4);
    if (buffer->failed || offset == 0 || offset >= buffer->size - position) {
        buffer->failed = true;
        return 0;
    }
    return position + offset;
}

size_t flatbuffer_root(flatbuffer *buffer)
{
    return follow(buffer, 0);
}

/* The position of a field's value; 0 if it is absent. */
static size_t find_field(flatbuffer *buffer, size_t table, unsigned field)
{
    if (table == 0 || buffer->failed)
        return 0;
    int64_t vtable = (int64_t)table - flatbuffer_number(buffer, table, 4);
    if (buffer->failed || vtable < 0 || vtable >= (int64_t)buffer->size) {
        buffer->failed = true;
        return 0;
    }
    size_t entry = 4 + 2 * (size_t)field;
    if ((uint16_t)flatbuffer_number(buffer, (size_t)vtable, 2) < entry + 2)
        return 0;
    uint16_t offset = (uint16_t)flatbuffer_number(buffer, (size_t)vtable + entry, 2);
    return offset == 0 || buffer->failed ? 0 : table + offset;
}

int64_t flatbuffer_integer(flatbuffer *buffer, size_t table, unsigned field, unsigned bytes,
                           int64_t default_value)
{
    size_t position = find_field(buffer, table, field);
    return position ? flatbuffer_number(buffer, position, bytes) : default_value;
}

size_t flatbuffer_table(flatbuffer *buffer, size_t table, unsigned field)
{
    size_t position = find_field(buffer, table, field);
    return position ? follow(buffer, position) : 0;
}

size_t flatbuffer_element(flatbuffer *buffer, size_t element)
{
    return follow(buffer, element);
}

size_t flatbuffer_vector(flatbuffer *buffer, size_t table, unsigned field, size_t size,
                         size_t *count)
{
    *count = 0;
    size_t position = flatbuffer_table(buffer, table, field);
    if (position == 0)
        return 0;
    uint32_t length = (uint32_t)flatbuffer_number(buffer, position, 4);
    if (buffer->failed || length > (buffer->size - position - 4) / size) {
        buffer->failed = true;
        return 0;
    }
    *count = length;
    return position + 4;
}
