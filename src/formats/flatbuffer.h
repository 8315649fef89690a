/* Reads FlatBuffers (flatbuffers.dev, internals) without a schema compiler. Every position is
 * checked against the bytes there are; what does not fit reads as absent and sets `failed`, so that
 * one question at the end is enough. */
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

/* A table is known by its position; 0 stands for none, whose fields are all absent. */
size_t flatbuffer_root(flatbuffer *buffer);

/* A field by its number in the schema (a union takes two: type, value); absent: `otherwise`. */
int64_t flatbuffer_integer(flatbuffer *buffer, size_t table, unsigned field, unsigned bytes,
                           int64_t otherwise);
size_t flatbuffer_table(flatbuffer *buffer, size_t table, unsigned field);

/* A string or vector: where its elements of `size` bytes begin; *count is 0 where it is absent. */
size_t flatbuffer_vector(flatbuffer *buffer, size_t table, unsigned field, size_t size,
                         size_t *count);

/* The table that an element (4 bytes) of a vector of tables points to. */
size_t flatbuffer_element(flatbuffer *buffer, size_t element);

/* `bytes` (1 to 8) at a position, least significant first, with sign. */
int64_t flatbuffer_number(flatbuffer *buffer, size_t position, unsigned bytes);

#endif
