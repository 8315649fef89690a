#include "formats/sstable.h"

#include "base/memory.h"
#include "formats/compression.h"
#include "formats/crc32c.h"
#include "formats/protobuf.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAGIC_BYTES = 8,
    FOOTER = 48, /* two block handles, padding, magic number */
    TRAILER = 5, /* after each block: compression type, masked CRC-32C */
    BLOCK_UNCOMPRESSED = 0,
    BLOCK_SNAPPY = 1,
    /* Upper bound of snappy's compression ratio: an element of three bytes yields at most 64. */
    SNAPPY_MAX_RATIO = 22,
};

#define MAGIC UINT64_C(0xdb4775248b80fb57)

static uint64_t number_at(const unsigned char *bytes, int count)
{
    uint64_t number = 0;
    for (int i = count - 1; i >= 0; i--)
        number = number << 8 | bytes[i];
    return number;
}

static bert_status damaged(const char *path, uint64_t offset, const char *what, bert_error *error)
{
    return error_set(error, BERT_ERROR_INPUT, "%s: damaged table at byte %" PRIu64 ": %s", path,
                     offset, what);
}

bool sstable_detect(const file_map *map)
{
    return map->size >= FOOTER &&
           number_at(map->data + map->size - MAGIC_BYTES, MAGIC_BYTES) == MAGIC;
}

/* ---------------------------------------------------------------------------------- blocks --- */

typedef struct handle {
    uint64_t offset, size; /* of a block, without its trailer */
} handle;

static bool take_handle(const unsigned char **next, const unsigned char *end, handle *handle)
{
    return varint_take(next, end, &handle->offset) && varint_take(next, end, &handle->size);
}

/* The bytes of a block; `owned` is NULL if they are in the mapped file. */
typedef struct block {
    const unsigned char *data;
    unsigned char *owned;
    size_t size;
    uint64_t offset; /* in the file, for messages */
} block;

static void block_close(block *block)
{
    free(block->owned);
    *block = (struct block){0};
}

static bert_status decompress(block *block, const char *path, bert_error *error)
{
    const unsigned char *compressed = block->data, *next = compressed;
    size_t compressed_size = block->size;
    uint64_t size;
    if (!varint_take(&next, compressed + compressed_size, &size) ||
        size / SNAPPY_MAX_RATIO > compressed_size)
        return damaged(path, block->offset,
                       "its snappy data has no length, or one that is too large", error);
    TRY(memory_array((void **)&block->owned, (size_t)size, 1, "a block of a table", error));
    block->data = block->owned;
    block->size = (size_t)size;
    bert_status status = compression_decompress(COMPRESSION_SNAPPY, compressed, compressed_size,
                                                block->owned, block->size, error);
    return status == BERT_OK ? BERT_OK : error_prefix(error, status, "%s", path);
}

/* The block and its trailer must end at or before `end`. */
static bert_status block_open(block *block, const char *path, const file_map *map, handle handle,
                              uint64_t end, bert_error *error)
{
    *block = (struct block){.offset = handle.offset};
    if (handle.offset > end || end - handle.offset < TRAILER ||
        handle.size > end - handle.offset - TRAILER)
        return damaged(path, handle.offset, "a block extends past the end of the file", error);
    block->data = map->data + handle.offset;
    block->size = (size_t)handle.size;
    const unsigned char *trailer = block->data + block->size;
    uint32_t stored = (uint32_t)number_at(trailer + 1, 4);
    if (crc32c_mask(crc32c(0, block->data, block->size + 1)) != stored)
        return damaged(path, handle.offset, "the checksum of a block does not match", error);
    if (*trailer == BLOCK_SNAPPY) {
        bert_status status = decompress(block, path, error);
        if (status != BERT_OK)
            block_close(block);
        return status;
    }
    if (*trailer == BLOCK_UNCOMPRESSED)
        return BERT_OK;
    return error_set(error, BERT_ERROR_UNSUPPORTED,
                     "%s: a block has compression type %u; expected 0 (none) or 1 (snappy)", path,
                     *trailer);
}

/* --------------------------------------------------------------------------------- entries --- */

/* The current key, built from the previous key and the unshared bytes of the entry. */
typedef struct running_key {
    unsigned char bytes[SSTABLE_MAX_KEY];
    size_t length;
    bool any; /* there is a previous key */
} running_key;

static bool key_is_greater(const running_key *key, size_t shared, const unsigned char *more,
                           size_t length)
{
    size_t rest = key->length - shared, common = rest < length ? rest : length;
    int order = memcmp(more, key->bytes + shared, common);
    return !key->any || order > 0 || (order == 0 && length > rest);
}

/* Reads the entry at *next; at a restart point, its key is stored in full. Returns NULL, or what is
 * wrong with the entry. */
static const char *take_entry(const unsigned char **next, const unsigned char *end,
                              bool restarts_key, running_key *key, sstable_entry *entry)
{
    uint64_t shared, length, value_length;
    if (!varint_take(next, end, &shared) || !varint_take(next, end, &length) ||
        !varint_take(next, end, &value_length) || length > (size_t)(end - *next) ||
        value_length > (size_t)(end - *next) - length)
        return "an entry extends past the end of its block";
    if (shared > key->length || (restarts_key && shared > 0))
        return "a key shares more bytes with the previous key than that has";
    if (length > SSTABLE_MAX_KEY - shared)
        return "a key is longer than 1024 bytes";
    if (!key_is_greater(key, (size_t)shared, *next, (size_t)length))
        return "its keys are not in ascending order";
    memcpy(key->bytes + shared, *next, (size_t)length);
    key->length = (size_t)(shared + length);
    key->any = true;
    *entry = (sstable_entry){.key = key->bytes,
                             .key_length = key->length,
                             .value = *next + length,
                             .value_length = (size_t)value_length};
    *next += length + value_length;
    return NULL;
}

/* Calls `visit` for the entries of a block. They are followed by the restart points (offsets of the
 * entries that store their key in full) and their number. */
static bert_status block_visit(const block *block, const char *path, running_key *key,
                               sstable_visitor *visit, void *context, bert_error *error)
{
    if (block->size < 4)
        return damaged(path, block->offset, "a block is too short", error);
    uint64_t restarts = number_at(block->data + block->size - 4, 4), restart = 0;
    if (restarts > (block->size - 4) / 4)
        return damaged(path, block->offset, "a block is too short for its restart points", error);
    const unsigned char *end = block->data + block->size - 4 - 4 * restarts;
    const unsigned char *next = block->data;
    while (next < end) {
        sstable_entry entry;
        bool restarts_key =
            restart < restarts && number_at(end + 4 * restart, 4) == (uint64_t)(next - block->data);
        restart += restarts_key;
        /* The first key of a block shares no bytes with the last key of the previous block. */
        const char *wrong =
            take_entry(&next, end, restarts_key || next == block->data, key, &entry);
        if (wrong)
            return damaged(path, block->offset, wrong, error);
        TRY(visit(context, &entry, error));
    }
    /* A block without entries still has the restart point 0. */
    if (restart < restarts && !(block->data == end && restarts == 1))
        return damaged(path, block->offset, "a restart point is not at an entry", error);
    return BERT_OK;
}

/* ----------------------------------------------------------------------------------- tables --- */

typedef struct table {
    const char *path;
    const file_map *map;
    uint64_t done; /* where the previous block ended */
    running_key key;
    sstable_visitor *visit;
    void *context;
} table;

/* An entry of the index block: its value is the handle of a data block. */
static bert_status visit_block(void *context, const sstable_entry *entry, bert_error *error)
{
    table *table = context;
    const unsigned char *next = entry->value;
    handle handle;
    if (!take_handle(&next, entry->value + entry->value_length, &handle) ||
        handle.offset < table->done)
        return damaged(table->path, table->done,
                       "an invalid block handle in the index, or overlapping blocks", error);
    block block;
    TRY(block_open(&block, table->path, table->map, handle, table->map->size - FOOTER, error));
    table->done = handle.offset + handle.size + TRAILER;
    bert_status status =
        block_visit(&block, table->path, &table->key, table->visit, table->context, error);
    block_close(&block);
    return status;
}

bert_status sstable_read(const char *path, const file_map *map, sstable_visitor *visit,
                         void *context, bert_error *error)
{
    if (!sstable_detect(map))
        return error_set(
            error, BERT_ERROR_INPUT,
            "%s: has no footer of a table (LevelDB's format): truncated, or another format", path);
    uint64_t end = map->size - FOOTER;
    const unsigned char *next = map->data + end;
    handle unused, index;
    if (!take_handle(&next, map->data + map->size - MAGIC_BYTES, &unused) ||
        !take_handle(&next, map->data + map->size - MAGIC_BYTES, &index))
        return damaged(path, end, "invalid block handles in its footer", error);
    block block;
    TRY(block_open(&block, path, map, index, end, error));
    table table = {.path = path, .map = map, .visit = visit, .context = context};
    running_key key = {.any = false};
    bert_status status = block_visit(&block, path, &key, visit_block, &table, error);
    block_close(&block);
    return status;
}
