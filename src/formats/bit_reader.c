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

bool run_reader_next(run_reader *reader, uint32_t *value)
{
    while (reader->left == 0)
        if (!begin_run(reader))
            return false;
    reader->left--;
    *value = reader->value;
    if (reader->packed) {
        *value = bits_read(reader->data, reader->size, reader->bit, reader->width);
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
    /* Where the values go: one of the two. */
    uint32_t *lengths;
    int64_t *integers;
    size_t done;
} deltas;

static uint64_t unzigzag(uint64_t value)
{
    return value >> 1 ^ (UINT64_C(0) - (value & 1));
}

static uint64_t read_delta(const deltas *deltas, uint64_t bit, unsigned width)
{
    if (width <= 32)
        return bits_read(deltas->data, deltas->size, bit, width);
    return bits_read(deltas->data, deltas->size, bit, 32) |
           (uint64_t)bits_read(deltas->data, deltas->size, bit + 32, width - 32) << 32;
}

/* Appends the current value; false for a length that cannot be one. */
static bool append_value(deltas *deltas)
{
    if (deltas->integers)
        deltas->integers[deltas->done++] = (int64_t)deltas->value;
    else if (deltas->value <= INT32_MAX)
        deltas->lengths[deltas->done++] = (uint32_t)deltas->value;
    else
        return false;
    return true;
}

/* Reads one block. */
static bool read_block(deltas *deltas)
{
    uint64_t min_delta, per_miniblock = deltas->block / deltas->miniblocks;
    unsigned most = deltas->integers ? 64 : 32;
    if (!take_varint(deltas->data, deltas->size, &deltas->at, &min_delta))
        return false;
    min_delta = unzigzag(min_delta);
    if (deltas->miniblocks > deltas->size - deltas->at)
        return false;
    const unsigned char *widths = deltas->data + deltas->at;
    deltas->at += (size_t)deltas->miniblocks;
    for (uint64_t i = 0; i < deltas->miniblocks && deltas->done < deltas->count; i++) {
        unsigned width = widths[i];
        uint64_t bytes = per_miniblock / 8 * width, left = deltas->count - deltas->done;
        if (width > most || bytes > deltas->size - deltas->at)
            return false;
        for (uint64_t j = 0; j < per_miniblock && j < left; j++) {
            /* modulo 2^64, as all writers do */
            deltas->value +=
                min_delta + read_delta(deltas, (uint64_t)deltas->at * 8 + j * width, width);
            if (!append_value(deltas))
                return false;
        }
        deltas->at += (size_t)bytes;
    }
    return true;
}

static bool read_header(deltas *deltas, size_t limit)
{
    bool ok = take_varint(deltas->data, deltas->size, &deltas->at, &deltas->block) &&
              take_varint(deltas->data, deltas->size, &deltas->at, &deltas->miniblocks) &&
              take_varint(deltas->data, deltas->size, &deltas->at, &deltas->count) &&
              take_varint(deltas->data, deltas->size, &deltas->at, &deltas->value);
    deltas->value = unzigzag(deltas->value);
    return ok && deltas->block > 0 && deltas->block <= 1 << 20 && deltas->miniblocks > 0 &&
           deltas->block % deltas->miniblocks == 0 && deltas->block / deltas->miniblocks % 8 == 0 &&
           deltas->count <= limit;
}

static bool read_values(deltas *deltas)
{
    bool ok = deltas->count == 0 || append_value(deltas);
    while (ok && deltas->done < deltas->count)
        ok = read_block(deltas);
    return ok;
}

bert_status delta_read(const unsigned char *data, size_t size, size_t limit, uint32_t **values,
                       size_t *count, size_t *taken, bert_error *error)
{
    *values = NULL;
    deltas deltas = {.data = data, .size = size};
    if (!read_header(&deltas, limit))
        return error_set(error, BERT_ERROR_INPUT, "damaged delta-encoded lengths");
    TRY(memory_array((void **)values, (size_t)deltas.count, sizeof **values, "lengths", error));
    deltas.lengths = *values;
    if (!read_values(&deltas)) {
        free(*values);
        *values = NULL;
        return error_set(error, BERT_ERROR_INPUT, "damaged delta-encoded lengths");
    }
    *count = (size_t)deltas.count;
    *taken = deltas.at;
    return BERT_OK;
}

bert_status delta_read_integers(const unsigned char *data, size_t size, size_t limit,
                                int64_t **values, size_t *count, bert_error *error)
{
    *values = NULL;
    deltas deltas = {.data = data, .size = size};
    if (!read_header(&deltas, limit))
        return error_set(error, BERT_ERROR_INPUT, "damaged delta-encoded integers");
    TRY(memory_array((void **)values, (size_t)deltas.count + 1, sizeof **values, "integers",
                     error));
    deltas.integers = *values;
    if (!read_values(&deltas)) {
        free(*values);
        *values = NULL;
        return error_set(error, BERT_ERROR_INPUT, "damaged delta-encoded integers");
    }
    *count = (size_t)deltas.count;
    return BERT_OK;
}
