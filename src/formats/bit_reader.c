#include "formats/bit_reader.h"

#include "base/memory.h"

#include <stdlib.h>

uint32_t bits_read(const unsigned char *data, size_t size, uint64_t at, unsigned count)
{
    uint64_t value = 0, byte = at / 8;
    for (unsigned i = 0; i < 5 && byte + i < size; i++)
        value |= (uint64_t)data[byte + i] << (8 * i);
    value >>= at % 8;
    return (uint32_t)(value & ((UINT64_C(1) << count) - 1));
}

static uint64_t bits_read_64(const unsigned char *data, size_t size, uint64_t at, unsigned count)
{
    if (count <= 32)
        return bits_read(data, size, at, count);
    return bits_read(data, size, at, 32) | (uint64_t)bits_read(data, size, at + 32, count - 32)
                                               << 32;
}

/* The same, most significant first, for the deprecated packing. */
static uint32_t bits_read_reversed(const unsigned char *data, size_t size, uint64_t at,
                                   unsigned count)
{
    uint32_t value = 0;
    for (uint64_t i = at; i < at + count; i++)
        value = value << 1 | (i / 8 < size ? data[i / 8] >> (7 - i % 8) & 1u : 0);
    return value;
}

static bool take_varint(const unsigned char *data, size_t size, size_t *at, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && *at < size; shift += 7) {
        unsigned byte = data[(*at)++];
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool begin_run(run_reader *reader)
{
    uint64_t head;
    if (!take_varint(reader->data, reader->size, &reader->at, &head))
        return false;
    reader->packed = head & 1;
    size_t rest = reader->size - reader->at;
    if (reader->packed) {
        /* The last group may be truncated after its last value. */
        uint64_t groups = head >> 1, bytes;
        if (groups > UINT32_MAX)
            return false;
        bytes = groups * reader->width;
        reader->left = bytes <= rest ? groups * 8 : (uint64_t)rest * 8 / reader->width;
        reader->bit = (uint64_t)reader->at * 8;
        reader->at += bytes <= rest ? (size_t)bytes : rest;
        return true;
    }
    unsigned bytes = (reader->width + 7) / 8;
    if (bytes > rest)
        return false;
    reader->left = head >> 1;
    reader->value = bits_read(reader->data, reader->size, (uint64_t)reader->at * 8, bytes * 8);
    reader->at += bytes;
    return true;
}

run_reader run_reader_packed(const unsigned char *data, size_t size, unsigned width, uint64_t count)
{
    return (run_reader){.data = data,
                        .size = size,
                        .at = size,
                        .width = width,
                        .left = count,
                        .packed = true,
                        .reversed = true};
}

bool run_reader_next(run_reader *reader, uint32_t *value)
{
    while (reader->left == 0)
        if (!begin_run(reader))
            return false;
    reader->left--;
    *value = reader->value;
    if (reader->packed) {
        *value = reader->reversed
                     ? bits_read_reversed(reader->data, reader->size, reader->bit, reader->width)
                     : bits_read(reader->data, reader->size, reader->bit, reader->width);
        reader->bit += reader->width;
    }
    return true;
}

/* ---------------------------------------------------------------------------------- deltas --- */

typedef struct deltas {
    const unsigned char *data;
    size_t size, at;
    uint64_t block, miniblocks, count;
    uint64_t value;
} deltas;

static uint64_t unzigzag(uint64_t value)
{
    return value >> 1 ^ (UINT64_C(0) - (value & 1));
}

/* Reads one block, appending to the `*done` values. */
static bool read_block(deltas *deltas, int64_t *values, size_t *done)
{
    uint64_t min_delta, per_miniblock = deltas->block / deltas->miniblocks;
    if (!take_varint(deltas->data, deltas->size, &deltas->at, &min_delta))
        return false;
    min_delta = unzigzag(min_delta);
    if (deltas->miniblocks > deltas->size - deltas->at)
        return false;
    const unsigned char *widths = deltas->data + deltas->at;
    deltas->at += (size_t)deltas->miniblocks;
    for (uint64_t i = 0; i < deltas->miniblocks && *done < deltas->count; i++) {
        unsigned width = widths[i];
        uint64_t bytes = per_miniblock / 8 * width, left = deltas->count - *done;
        if (width > 64 || bytes > deltas->size - deltas->at)
            return false;
        for (uint64_t j = 0; j < per_miniblock && j < left; j++) {
            uint64_t delta = bits_read_64(deltas->data, deltas->size,
                                          (uint64_t)deltas->at * 8 + j * width, width);
            deltas->value += min_delta + delta; /* modulo 2^64, as all writers do */
            values[(*done)++] = (int64_t)deltas->value;
        }
        deltas->at += (size_t)bytes;
    }
    return true;
}

/* What the rest of the data can hold: each block has a byte for its own and its parts' sizes. */
static uint64_t most_deltas(const deltas *deltas)
{
    return (deltas->size - deltas->at) / (1 + deltas->miniblocks) * deltas->block;
}

bert_status delta_read(const unsigned char *data, size_t size, size_t limit, int64_t **values,
                       size_t *count, size_t *taken, bert_error *error)
{
    *values = NULL;
    deltas deltas = {.data = data, .size = size};
    bool ok = take_varint(data, size, &deltas.at, &deltas.block) &&
              take_varint(data, size, &deltas.at, &deltas.miniblocks) &&
              take_varint(data, size, &deltas.at, &deltas.count) &&
              take_varint(data, size, &deltas.at, &deltas.value);
    deltas.value = unzigzag(deltas.value);
    if (!ok || deltas.block == 0 || deltas.block > 1 << 20 || deltas.miniblocks == 0 ||
        deltas.block % deltas.miniblocks != 0 || deltas.block / deltas.miniblocks % 8 != 0 ||
        deltas.count > limit || deltas.count > 1 + most_deltas(&deltas))
        return error_set(error, BERT_ERROR_INPUT, "damaged delta-encoded numbers");
    TRY(memory_array((void **)values, (size_t)deltas.count, sizeof **values, "numbers", error));
    size_t done = 0;
    if (deltas.count > 0)
        (*values)[done++] = (int64_t)deltas.value;
    while (ok && done < deltas.count)
        ok = read_block(&deltas, *values, &done);
    if (!ok) {
        free(*values);
        *values = NULL;
        return error_set(error, BERT_ERROR_INPUT, "damaged delta-encoded numbers");
    }
    *count = (size_t)deltas.count;
    *taken = deltas.at;
    return BERT_OK;
}
