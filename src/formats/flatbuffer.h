/* Reads FlatBuffers (flatbuffers.dev, internals) without a schema compiler. Every position is
 * bounds-checked. Invalid data reads as absent and sets `failed`, so it is enough to check `failed`
 * once at the end. */
#ifndef FORMATS_FLATBUFFER_H
#define FORMATS_FLATBUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct flatbuffer {
    const unsigned char *data;
    size_t size;
    bool failed;
} flatbuffer;

/* A table is identified by its position; 0 means no table, and all its fields read as absent. */
size_t flatbuffer_root(flatbuffer *buffer);

/* A field by its number in the schema (a union has two: type, value); `default_value` if it is
 * absent. */
int64_t flatbuffer_integer(flatbuffer *buffer, size_t table, unsigned field, unsigned bytes,
                           int64_t default_value);
size_t flatbuffer_table(flatbuffer *buffer, size_t table, unsigned field);

/* A string or vector: the position of its *count elements of `size` bytes; *count is 0 if it is
 * absent. */
size_t flatbuffer_vector(flatbuffer *buffer, size_t table, unsigned field, size_t size,
                         size_t *count);

/* The table that an element (4 bytes) of a vector of tables points to. */
size_t flatbuffer_element(flatbuffer *buffer, size_t element);

/* A signed little-endian integer of `bytes` (1 to 8) at `position`. */
int64_t flatbuffer_number(flatbuffer *buffer, size_t position, unsigned bytes);

#endif
