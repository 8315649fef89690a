#include "formats/tensor_bundle.h"

#include "base/memory.h"
#include "formats/crc32c.h"
#include "formats/protobuf.h"
#include "formats/sstable.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INDEX ".index"

enum { MAX_SHARDS = 4096, MAX_TENSORS = 1 << 20 };

/* TensorFlow's types.proto. 0 bits: elements of variable size. */
static const struct {
    uint64_t number;
    const char *name;
    unsigned bits;
    safetensors_type type;
} types[] = {
    {1, "float", 32, SAFETENSORS_F32},          {2, "double", 64, SAFETENSORS_F64},
    {3, "int32", 32, SAFETENSORS_I32},          {4, "uint8", 8, SAFETENSORS_U8},
    {5, "int16", 16, SAFETENSORS_OTHER},        {6, "int8", 8, SAFETENSORS_OTHER},
    {7, "string", 0, SAFETENSORS_OTHER},        {8, "complex64", 64, SAFETENSORS_OTHER},
    {9, "int64", 64, SAFETENSORS_I64},          {10, "bool", 8, SAFETENSORS_OTHER},
    {14, "bfloat16", 16, SAFETENSORS_BF16},     {17, "uint16", 16, SAFETENSORS_OTHER},
    {18, "complex128", 128, SAFETENSORS_OTHER}, {19, "half", 16, SAFETENSORS_F16},
    {22, "uint32", 32, SAFETENSORS_OTHER},      {23, "uint64", 64, SAFETENSORS_OTHER},
};
enum { TYPE_COUNT = sizeof types / sizeof types[0] };

/* -------------------------------------------------------------------------------- messages --- */

/* BundleHeaderProto */
typedef struct header {
    uint64_t shards, byte_order, oldest_reader;
} header;

static bool read_version(protobuf message, header *header)
{
    for (protobuf_field field; protobuf_next(&message, &field);)
        if (field.number == 2)
            header->oldest_reader = protobuf_integer(&message, &field, PROTOBUF_VARINT);
    return !message.failed;
}

static bool read_header(protobuf message, header *header)
{
    bool good = true;
    for (protobuf_field field; protobuf_next(&message, &field);)
        if (field.number == 1)
            header->shards = protobuf_integer(&message, &field, PROTOBUF_VARINT);
        else if (field.number == 2)
            header->byte_order = protobuf_integer(&message, &field, PROTOBUF_VARINT);
        else if (field.number == 3)
            good = good && read_version(protobuf_message(&message, &field), header);
    return good && !message.failed;
}

/* BundleEntryProto */
typedef struct entry {
    uint64_t type, shard, offset, size, checksum;
    uint64_t shape[SAFETENSORS_MAX_DIMENSIONS];
    size_t dimensions; /* may exceed SAFETENSORS_MAX_DIMENSIONS */
    bool unknown;      /* the shape is not fully known */
    bool sliced;
} entry;

static bool read_dimension(protobuf message, entry *entry)
{
    uint64_t size = 0;
    for (protobuf_field field; protobuf_next(&message, &field);)
        if (field.number == 1)
            size = protobuf_integer(&message, &field, PROTOBUF_VARINT);
    entry->unknown |= size > INT64_MAX; /* a signed field: −1 means an unknown size */
    if (entry->dimensions < SAFETENSORS_MAX_DIMENSIONS)
        entry->shape[entry->dimensions] = size;
    entry->dimensions++;
    return !message.failed;
}

static bool read_shape(protobuf message, entry *entry)
{
    bool good = true;
    for (protobuf_field field; protobuf_next(&message, &field);)
        if (field.number == 2)
            good = good && read_dimension(protobuf_message(&message, &field), entry);
        else if (field.number == 3)
            entry->unknown |= protobuf_integer(&message, &field, PROTOBUF_VARINT) != 0;
    return good && !message.failed;
}

static bool read_entry(protobuf message, entry *entry)
{
    bool good = true;
    for (protobuf_field field; protobuf_next(&message, &field);)
        switch (field.number) {
        case 1:
            entry->type = protobuf_integer(&message, &field, PROTOBUF_VARINT);
            break;
        case 2:
            good = good && read_shape(protobuf_message(&message, &field), entry);
            break;
        case 3:
            entry->shard = protobuf_integer(&message, &field, PROTOBUF_VARINT);
            break;
        case 4:
            entry->offset = protobuf_integer(&message, &field, PROTOBUF_VARINT);
            break;
        case 5:
            entry->size = protobuf_integer(&message, &field, PROTOBUF_VARINT);
            break;
        case 6:
            entry->checksum = protobuf_integer(&message, &field, PROTOBUF_FIXED32);
            break;
        case 7:
            entry->sliced = true;
            break;
        default:
            break;
        }
    return good && !message.failed;
}

/* ----------------------------------------------------------------------------------- index --- */

typedef struct reader {
    tensor_bundle *bundle;
    size_t capacity, checksum_capacity, shard_capacity; /* of the bundle's arrays */
    bool header_read; /* the header was read and its shards are mapped */
} reader;

static bert_status shard_path(char **path, const tensor_bundle *bundle, size_t shard,
                              bert_error *error)
{
    return path_format(path, error, "%s.data-%05zu-of-%05zu", bundle->prefix, shard,
                       bundle->shard_count);
}

static bert_status map_shards(reader *reader, uint64_t count, bert_error *error)
{
    tensor_bundle *bundle = reader->bundle;
    if (count < 1 || count > MAX_SHARDS)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.index: declares %" PRIu64 " data files; expected 1 to %d",
                         bundle->prefix, count, MAX_SHARDS);
    TRY(memory_array((void **)&bundle->shards, (size_t)count, sizeof *bundle->shards,
                     "files of a checkpoint", error));
    bundle->shard_count = (size_t)count;
    for (size_t i = 0; i < bundle->shard_count; i++) {
        char *path;
        TRY(shard_path(&path, bundle, i, error));
        bert_status status = file_map_open(&bundle->shards[i], path, error);
        free(path);
        TRY(status);
    }
    reader->header_read = true;
    return BERT_OK;
}

static bert_status take_header(reader *reader, const sstable_entry *entry, bert_error *error)
{
    enum { READER = 1 }; /* the supported version */
    header header = {0};
    const char *prefix = reader->bundle->prefix;
    if (!read_header((protobuf){.next = entry->value, .end = entry->value + entry->value_length},
                     &header))
        return error_set(error, BERT_ERROR_INPUT, "%s.index: its header is damaged", prefix);
    if (header.byte_order != 0) /* BundleHeaderProto.LITTLE */
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s.index: its byte order is not little endian; save it again on a "
                         "machine that is",
                         prefix);
    if (header.oldest_reader > READER)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s.index: needs a reader of version %" PRIu64 "; this is version %d",
                         prefix, header.oldest_reader, READER);
    return map_shards(reader, header.shards, error);
}

static bert_status sliced(const reader *reader, const unsigned char *name, size_t length,
                          bert_error *error)
{
    return error_set(error, BERT_ERROR_UNSUPPORTED,
                     "%s.index: tensor %.*s was saved in slices (a partitioned variable), which is "
                     "not supported; save it without a partitioner",
                     reader->bundle->prefix, (int)length, (const char *)name);
}

/* Sets type and shape, and checks them against the byte count in the index. */
static bert_status set_type(safetensors_tensor *tensor, const char *prefix, const entry *entry,
                            bert_error *error)
{
    if (entry->unknown || entry->dimensions > SAFETENSORS_MAX_DIMENSIONS)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.index: tensor %s: expected a shape of at most %d sizes, all known",
                         prefix, tensor->name, SAFETENSORS_MAX_DIMENSIONS);
    tensor->dimensions = (int)entry->dimensions;
    memcpy(tensor->shape, entry->shape, sizeof entry->shape);
    tensor->bytes = entry->size;
    tensor->type = SAFETENSORS_OTHER;
    int t = 0;
    while (t < TYPE_COUNT && types[t].number != entry->type)
        t++;
    if (t == TYPE_COUNT || types[t].bits == 0)
        return BERT_OK;
    tensor->type = types[t].type;
    uint64_t expected = types[t].bits / 8;
    for (int d = 0; d < tensor->dimensions; d++)
        if (__builtin_mul_overflow(expected, tensor->shape[d], &expected))
            return error_set(error, BERT_ERROR_INPUT,
                             "%s.index: tensor %s: the byte size of its shape overflows 64 bits",
                             prefix, tensor->name);
    if (expected == tensor->bytes)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT,
                     "%s.index: tensor %s: has %" PRIu64
                     " bytes, its shape and type %s need %" PRIu64,
                     prefix, tensor->name, tensor->bytes, types[t].name, expected);
}

static bert_status set_data(safetensors_tensor *tensor, const tensor_bundle *bundle,
                            const entry *entry, bert_error *error)
{
    if (entry->shard >= bundle->shard_count)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.index: tensor %s: is in data file %" PRIu64 " of %zu", bundle->prefix,
                         tensor->name, entry->shard, bundle->shard_count);
    const file_map *shard = &bundle->shards[entry->shard];
    if (entry->offset > shard->size || entry->size > shard->size - entry->offset)
        return error_set(
            error, BERT_ERROR_INPUT,
            "%s.index: tensor %s: %" PRIu64 " bytes at offset %" PRIu64
            " are not in data file %" PRIu64 ", which has %zu: truncated, or of another checkpoint",
            bundle->prefix, tensor->name, entry->size, entry->offset, entry->shard, shard->size);
    if (entry->size > 0)
        tensor->data = shard->data + entry->offset;
    return BERT_OK;
}

/* Makes space for one more tensor in each array. */
static bert_status grow(reader *reader, bert_error *error)
{
    tensor_bundle *bundle = reader->bundle;
    size_t needed = bundle->count + 1;
    if (needed > MAX_TENSORS)
        return error_set(error, BERT_ERROR_INPUT, "%s.index: holds more than %d tensors",
                         bundle->prefix, MAX_TENSORS);
    TRY(memory_grow((void **)&bundle->tensors, &reader->capacity, needed, sizeof *bundle->tensors,
                    "tensors of a checkpoint", error));
    TRY(memory_grow((void **)&bundle->checksums, &reader->checksum_capacity, needed,
                    sizeof *bundle->checksums, "tensors of a checkpoint", error));
    return memory_grow((void **)&bundle->shards_of, &reader->shard_capacity, needed,
                       sizeof *bundle->shards_of, "tensors of a checkpoint", error);
}

static bert_status take_tensor(reader *reader, const sstable_entry *found, bert_error *error)
{
    tensor_bundle *bundle = reader->bundle;
    entry entry = {0};
    if (found->key[0] == '\0') /* the key of a slice: a zero byte, then name and extent */
        return sliced(reader, found->key + 1, found->key_length - 1, error);
    if (!read_entry((protobuf){.next = found->value, .end = found->value + found->value_length},
                    &entry) ||
        memchr(found->key, '\0', found->key_length))
        return error_set(error, BERT_ERROR_INPUT, "%s.index: the entry of tensor %.*s is damaged",
                         bundle->prefix, (int)found->key_length, (const char *)found->key);
    if (entry.sliced)
        return sliced(reader, found->key, found->key_length, error);
    TRY(grow(reader, error));
    safetensors_tensor *tensor = &bundle->tensors[bundle->count];
    *tensor = (safetensors_tensor){
        .name = strndup((const char *)found->key, found->key_length),
    };
    if (!tensor->name)
        return error_set(error, BERT_ERROR_MEMORY, "%s.index: no memory for its names",
                         bundle->prefix);
    bundle->checksums[bundle->count] = (uint32_t)entry.checksum;
    bundle->shards_of[bundle->count] = (uint32_t)entry.shard;
    bundle->count++;
    TRY(set_type(tensor, bundle->prefix, &entry, error));
    return set_data(tensor, bundle, &entry, error);
}

/* The header has the empty key, so it comes first. */
static bert_status take(void *context, const sstable_entry *entry, bert_error *error)
{
    reader *reader = context;
    if (entry->key_length == 0)
        return take_header(reader, entry, error);
    if (!reader->header_read)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.index: has no header; expected the index of a TensorFlow checkpoint",
                         reader->bundle->prefix);
    return take_tensor(reader, entry, error);
}

/* ------------------------------------------------------------------------------------ files --- */

/* Whether the path is a table: the index of a V2 checkpoint, or a V1 checkpoint. Does not open
 * pipes. */
static bool is_table(const char *path)
{
    file_map map;
    struct stat information;
    if (stat(path, &information) != 0 || !S_ISREG(information.st_mode) ||
        file_map_open(&map, path, NULL) != BERT_OK)
        return false;
    bool found = sstable_detect(&map);
    file_map_close(&map);
    return found;
}

static bool has_index(const char *prefix)
{
    char *path;
    if (path_format(&path, NULL, "%s" INDEX, prefix) != BERT_OK)
        return false;
    bool found = file_exists(path);
    free(path);
    return found;
}

bool tensor_bundle_named(const char *path)
{
    return has_index(path) || is_table(path);
}

/* Sets the prefix from "PREFIX" or "PREFIX.index". */
static bert_status set_prefix(tensor_bundle *bundle, const char *path, bert_error *error)
{
    size_t length = strlen(path), end = strlen(INDEX);
    bool index = length > end && strcmp(path + length - end, INDEX) == 0 && is_table(path);
    return path_format(&bundle->prefix, error, "%.*s", (int)(index ? length - end : length), path);
}

static bert_status read_index(tensor_bundle *bundle, bert_error *error)
{
    char *path;
    file_map map = {0};
    reader reader = {.bundle = bundle};
    TRY(path_format(&path, error, "%s.index", bundle->prefix));
    bert_status status;
    TRY_OR_GO(status, file_map_open(&map, path, error), done);
    TRY_OR_GO(status, sstable_read(path, &map, take, &reader, error), done);
    if (!reader.header_read)
        status = error_set(error, BERT_ERROR_INPUT,
                           "%s: is empty; expected the index of a TensorFlow checkpoint", path);
done:
    file_map_close(&map);
    free(path);
    return status;
}

bert_status tensor_bundle_open(tensor_bundle *bundle, const char *path, bert_error *error)
{
    *bundle = (tensor_bundle){0};
    bert_status status = set_prefix(bundle, path, error);
    if (status == BERT_OK && !has_index(bundle->prefix) && is_table(bundle->prefix))
        status = error_set(error, BERT_ERROR_UNSUPPORTED,
                           "%s: is a TensorFlow checkpoint of the old format (V1, one file); "
                           "expected %s.index and its data files, the default format of "
                           "tf.compat.v1.train.Saver: restore it and save it again",
                           path, path);
    if (status == BERT_OK)
        status = read_index(bundle, error);
    if (status != BERT_OK)
        tensor_bundle_close(bundle);
    return status;
}

void tensor_bundle_close(tensor_bundle *bundle)
{
    for (size_t i = 0; i < bundle->count; i++)
        free((void *)(uintptr_t)bundle->tensors[i].name);
    for (size_t i = 0; i < bundle->shard_count; i++)
        file_map_close(&bundle->shards[i]);
    free(bundle->tensors);
    free(bundle->checksums);
    free(bundle->shards_of);
    free(bundle->shards);
    free(bundle->prefix);
    *bundle = (tensor_bundle){0};
}

bert_status tensor_bundle_verify(const tensor_bundle *bundle, const safetensors_tensor *tensor,
                                 bert_error *error)
{
    size_t index = (size_t)(tensor - bundle->tensors);
    if (crc32c_mask(crc32c(0, tensor->data, (size_t)tensor->bytes)) == bundle->checksums[index])
        return BERT_OK;
    char *path;
    TRY(shard_path(&path, bundle, bundle->shards_of[index], error));
    bert_status status =
        error_set(error, BERT_ERROR_INPUT, "%s: damaged: the checksum of tensor %s does not match",
                  path, tensor->name);
    free(path);
    return status;
}
