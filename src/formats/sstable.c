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
    FOOTER = 48, /* two handles, zeros, magic number */
    TRAILER = 5, /* behind each block: how it is packed, masked CRC-32C */
    PACKED_NOT = 0,
    PACKED_SNAPPY = 1,
    /* Three bytes of snappy make 64 at most. */
    SNAPPY_MOST = 22,
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
    uint64_t offset, size; /* of a block without its trailer */
} handle;

static bool take_handle(const unsigned char **next, const unsigned char *end, handle *handle)
{
    return varint_take(next, end, &handle->offset) && varint_take(next, end, &handle->size);
}

/* A block's bytes; `owned` NULL where they are the file's. */
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

static bert_status unpack(block *block, const char *path, bert_error *error)
{
    const unsigned char *packed = block->data, *next = packed;
    size_t packed_size = block->size;
    uint64_t size;
    if (!varint_take(&next, packed + packed_size, &size) || size / SNAPPY_MOST > packed_size)
        return damaged(path, block->offset, "its snappy data have no length, or one too large",
                       error);
    TRY(memory_array((void **)&block->owned, (size_t)size, 1, "a block of a table", error));
    block->data = block->owned;
    block->size = (size_t)size;
    bert_status status = compression_decompress(COMPRESSION_SNAPPY, packed, packed_size,
                                                block->owned, block->size, error);
    return status == BERT_OK ? BERT_OK : error_prefix(error, status, "%s", path);
}

/* `end`: where the block and its trailer have to end at the latest. */
static bert_status block_open(block *block, const char *path, const file_map *map, handle place,
                              uint64_t end, bert_error *error)
{
    *block = (struct block){.offset = place.offset};
    if (place.offset > end || end - place.offset < TRAILER ||
        place.size > end - place.offset - TRAILER)
        return damaged(path, place.offset, "a block reaches behind its end", error);
    block->data = map->data + place.offset;
    block->size = (size_t)place.size;
    const unsigned char *trailer = block->data + block->size;
    uint32_t stored = (uint32_t)number_at(trailer + 1, 4);
    if (crc32c_mask(crc32c(0, block->data, block->size + 1)) != stored)
        return damaged(path, place.offset, "a block does not have its checksum", error);
    if (*trailer == PACKED_SNAPPY) {
        bert_status status = unpack(block, path, error);
        if (status != BERT_OK)
            block_close(block);
        return status;
    }
    if (*trailer == PACKED_NOT)
        return BERT_OK;
    return error_set(error, BERT_ERROR_UNSUPPORTED,
                     "%s: a block is packed in way %u; expected 0 (not at all) or 1 (snappy)", path,
                     *trailer);
}

/* --------------------------------------------------------------------------------- entries --- */

/* A key as it is pieced together from the one before it. */
typedef struct running_key {
    unsigned char bytes[SSTABLE_MAX_KEY];
    size_t length;
    bool any; /* there was one before */
} running_key;

static bool key_rises(const running_key *key, size_t shared, const unsigned char *more,
                      size_t length)
{
    size_t rest = key->length - shared, common = rest < length ? rest : length;
    int order = memcmp(more, key->bytes + shared, common);
    return !key->any || order > 0 || (order == 0 && length > rest);
}

/* Reads the entry at *next; `fresh`: its key stands there in whole. NULL: it is a good one. */
static const char *take_entry(const unsigned char **next, const unsigned char *end, bool fresh,
                              running_key *key, sstable_entry *entry)
{
    uint64_t shared, length, value_length;
    if (!varint_take(next, end, &shared) || !varint_take(next, end, &length) ||
        !varint_take(next, end, &value_length) || length > (size_t)(end - *next) ||
        value_length > (size_t)(end - *next) - length)
        return "an entry reaches behind the end of its block";
    if (shared > key->length || (fresh && shared > 0))
        return "a key shares more with the one before it than there is";
    if (length > SSTABLE_MAX_KEY - shared)
        return "a key is longer than 1024 bytes";
    if (!key_rises(key, (size_t)shared, *next, (size_t)length))
        return "its keys do not rise";
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

/* Shows the entries of a block. Behind them stand the offsets of those whose key is whole, and how
 * many these are. */
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
        bool fresh =
            restart < restarts && number_at(end + 4 * restart, 4) == (uint64_t)(next - block->data);
        restart += fresh;
        /* The first key of a block shares nothing, whatever the block before ended with. */
        const char *wrong = take_entry(&next, end, fresh || next == block->data, key, &entry);
        if (wrong)
            return damaged(path, block->offset, wrong, error);
        TRY(visit(context, &entry, error));
    }
    /* A block without entries has the restart point 0 all the same. */
    if (restart < restarts && !(block->data == end && restarts == 1))
        return damaged(path, block->offset, "a restart point is at no entry", error);
    return BERT_OK;
}

/* ----------------------------------------------------------------------------------- tables --- */

typedef struct table {
    const char *path;
    const file_map *map;
    uint64_t done; /* where the last block ended */
    running_key key;
    sstable_visitor *visit;
    void *context;
} table;

/* An entry of the index: the value is the handle of the next block. */
static bert_status visit_block(void *context, const sstable_entry *entry, bert_error *error)
{
    table *table = context;
    const unsigned char *next = entry->value;
    handle place;
    if (!take_handle(&next, entry->value + entry->value_length, &place) ||
        place.offset < table->done)
        return damaged(table->path, table->done,
                       "the index names no block, or one that overlaps another", error);
    block block;
    TRY(block_open(&block, table->path, table->map, place, table->map->size - FOOTER, error));
    table->done = place.offset + place.size + TRAILER;
    bert_status status =
        block_visit(&block, table->path, &table->key, table->visit, table->context, error);
    block_close(&block);
    return status;
}

bert_status sstable_read(const char *path, const file_map *map, sstable_visitor *visit,
                         void *context, bert_error *error)
{
    if (!sstable_detect(map))
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: has not the last bytes of a table (LevelDB's format): cut off, or "
                         "something else",
                         path);
    uint64_t end = map->size - FOOTER;
    const unsigned char *next = map->data + end;
    handle unused, index;
    if (!take_handle(&next, map->data + map->size - MAGIC_BYTES, &unused) ||
        !take_handle(&next, map->data + map->size - MAGIC_BYTES, &index))
        return damaged(path, end, "its footer names no blocks", error);
    block block;
    TRY(block_open(&block, path, map, index, end, error));
    table table = {.path = path, .map = map, .visit = visit, .context = context};
    running_key key = {.any = false};
    bert_status status = block_visit(&block, path, &key, visit_block, &table, error);
    block_close(&block);
    return status;
}
