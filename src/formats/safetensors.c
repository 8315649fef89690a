#include "formats/safetensors.h"

#include "base/bfloat16.h"
#include "base/memory.h"
#include "formats/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The same limit as in the reference implementation. */
enum { SAFETENSORS_MAX_HEADER = 100000000, LENGTH_BYTES = 8 };

static const struct {
    const char *name;
    unsigned bits; /* per element */
    safetensors_type type;
} types[] = {
    {"F32", 32, SAFETENSORS_F32},      {"F16", 16, SAFETENSORS_F16},
    {"BF16", 16, SAFETENSORS_BF16},    {"F64", 64, SAFETENSORS_F64},
    {"I64", 64, SAFETENSORS_I64},      {"I32", 32, SAFETENSORS_I32},
    {"U8", 8, SAFETENSORS_U8},         {"BOOL", 8, SAFETENSORS_OTHER},
    {"I8", 8, SAFETENSORS_OTHER},      {"I16", 16, SAFETENSORS_OTHER},
    {"U16", 16, SAFETENSORS_OTHER},    {"U32", 32, SAFETENSORS_OTHER},
    {"U64", 64, SAFETENSORS_OTHER},    {"C64", 64, SAFETENSORS_OTHER},
    {"F8_E5M2", 8, SAFETENSORS_OTHER}, {"F8_E4M3", 8, SAFETENSORS_OTHER},
    {"F8_E8M0", 8, SAFETENSORS_OTHER}, {"F6_E2M3", 6, SAFETENSORS_OTHER},
    {"F6_E3M2", 6, SAFETENSORS_OTHER}, {"F4", 4, SAFETENSORS_OTHER},
};
enum { TYPE_COUNT = sizeof types / sizeof types[0] };

/* The product of a shape; false on overflow. */
static bool count_elements(const safetensors_tensor *tensor, uint64_t *count)
{
    *count = 1;
    for (int d = 0; d < tensor->dimensions; d++)
        if (__builtin_mul_overflow(*count, tensor->shape[d], count))
            return false;
    return true;
}

static bool count_bytes(const safetensors_tensor *tensor, unsigned bits, uint64_t *bytes)
{
    if (!count_elements(tensor, bytes) || __builtin_mul_overflow(*bytes, bits, bytes) ||
        *bytes % 8 != 0)
        return false;
    *bytes /= 8;
    return true;
}

/* ------------------------------------------------------------------------------- reading --- */

static bert_status read_shape(safetensors_tensor *tensor, const char *path, const json_t *shape,
                              bert_error *error)
{
    size_t dimensions = json_array_size(shape);
    if (!json_is_array(shape) || dimensions > SAFETENSORS_MAX_DIMENSIONS)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: tensor %s: \"shape\" is not an array of at most %d sizes", path,
                         tensor->name, SAFETENSORS_MAX_DIMENSIONS);
    for (size_t d = 0; d < dimensions; d++) {
        const json_t *size = json_array_get(shape, d);
        if (!json_is_integer(size) || json_integer_value(size) < 0)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: tensor %s: size %zu of its shape is not an integer ≥ 0", path,
                             tensor->name, d);
        tensor->shape[d] = (uint64_t)json_integer_value(size);
    }
    tensor->dimensions = (int)dimensions;
    return BERT_OK;
}

/* Checks "data_offsets" against the data region and sets the tensor's data pointer. */
static bert_status read_offsets(safetensors_tensor *tensor, const char *path, const json_t *offsets,
                                const unsigned char *data, uint64_t data_size, bert_error *error)
{
    const json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !json_is_integer(begin) || !json_is_integer(end))
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: tensor %s: \"data_offsets\" is not a pair of integers", path,
                         tensor->name);
    int64_t first = json_integer_value(begin), last = json_integer_value(end);
    if (first < 0 || last < first || (uint64_t)last > data_size)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: tensor %s: bytes %" PRId64 " to %" PRId64
                         " are not inside the file's %" PRIu64 " bytes of data",
                         path, tensor->name, first, last, data_size);
    tensor->data = data + first;
    tensor->bytes = (uint64_t)(last - first);
    return BERT_OK;
}

static bert_status read_tensor(safetensors_tensor *tensor, const char *path, const json_t *entry,
                               const unsigned char *data, uint64_t data_size, bert_error *error)
{
    if (!json_is_object(entry))
        return error_set(error, BERT_ERROR_INPUT, "%s: tensor %s: its entry is not an object", path,
                         tensor->name);
    TRY(read_shape(tensor, path, json_object_get(entry, "shape"), error));
    TRY(read_offsets(tensor, path, json_object_get(entry, "data_offsets"), data, data_size, error));
    const char *type_name = json_string_value(json_object_get(entry, "dtype"));
    int t = 0;
    while (t < TYPE_COUNT && (!type_name || strcmp(types[t].name, type_name) != 0))
        t++;
    if (t == TYPE_COUNT)
        return error_set(error, BERT_ERROR_INPUT, "%s: tensor %s: unknown dtype \"%s\"", path,
                         tensor->name, type_name ? type_name : "");
    tensor->type = types[t].type;
    uint64_t expected;
    if (!count_bytes(tensor, types[t].bits, &expected))
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: tensor %s: the byte size of its shape overflows 64 bits", path,
                         tensor->name);
    if (expected != tensor->bytes)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: tensor %s: has %" PRIu64
                         " bytes, its shape and dtype %s need %" PRIu64,
                         path, tensor->name, tensor->bytes, types[t].name, expected);
    return BERT_OK;
}

static bert_status read_metadata(safetensors_file *file, json_t *metadata, bert_error *error)
{
    if (!json_is_object(metadata))
        return error_set(error, BERT_ERROR_INPUT, "%s: \"__metadata__\" is not an object",
                         file->path);
    TRY(memory_array((void **)&file->metadata, 2 * json_object_size(metadata), sizeof(char *),
                     "safetensors metadata", error));
    for (void *i = json_object_iter(metadata); i; i = json_object_iter_next(metadata, i)) {
        const char *key = json_object_iter_key(i);
        const char *value = json_string_value(json_object_iter_value(i));
        if (!value)
            return error_set(error, BERT_ERROR_INPUT, "%s: metadata \"%s\" is not a string",
                             file->path, key);
        char **pair = file->metadata + 2 * file->metadata_count++;
        pair[0] = strdup(key);
        pair[1] = strdup(value);
        if (!pair[0] || !pair[1])
            return error_set(error, BERT_ERROR_MEMORY, "%s: no memory for its metadata",
                             file->path);
    }
    return BERT_OK;
}

/* By offset in the file; empty tensors before the tensor that starts at the same offset. */
static int compare_offsets(const void *left, const void *right)
{
    const safetensors_tensor *a = left, *b = right;
    if (a->data != b->data)
        return a->data < b->data ? -1 : 1;
    return (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

/* Checks that the sorted tensors cover the data without overlaps or holes. */
static bert_status check_coverage(const safetensors_file *file, const unsigned char *data,
                                  uint64_t data_size, bert_error *error)
{
    const unsigned char *expected = data;
    for (size_t i = 0; i < file->count; i++) {
        const safetensors_tensor *tensor = &file->tensors[i];
        if (tensor->data != expected)
            return error_set(
                error, BERT_ERROR_INPUT,
                "%s: tensor %s: starts at byte %td of the data, expected %td (%s)", file->path,
                tensor->name, (const unsigned char *)tensor->data - data, expected - data,
                (const unsigned char *)tensor->data < expected ? "an overlap" : "a hole");
        expected += tensor->bytes;
    }
    if ((uint64_t)(expected - data) != data_size)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: the tensors cover %td bytes of %" PRIu64 " bytes of data", file->path,
                         expected - data, data_size);
    return BERT_OK;
}

static bert_status read_entries(safetensors_file *file, json_t *header, const unsigned char *data,
                                uint64_t data_size, bert_error *error)
{
    TRY(memory_array((void **)&file->tensors, json_object_size(header), sizeof *file->tensors,
                     "safetensors entries", error));
    for (void *i = json_object_iter(header); i; i = json_object_iter_next(header, i)) {
        const char *key = json_object_iter_key(i);
        json_t *entry = json_object_iter_value(i);
        if (strcmp(key, "__metadata__") == 0) {
            TRY(read_metadata(file, entry, error));
            continue;
        }
        safetensors_tensor *tensor = &file->tensors[file->count];
        tensor->name = strdup(key);
        if (!tensor->name)
            return error_set(error, BERT_ERROR_MEMORY, "%s: no memory for its entries", file->path);
        file->count++;
        TRY(read_tensor(tensor, file->path, entry, data, data_size, error));
    }
    qsort(file->tensors, file->count, sizeof *file->tensors, compare_offsets);
    return check_coverage(file, data, data_size, error);
}

static bert_status read_header(safetensors_file *file, bert_error *error)
{
    const unsigned char *bytes = file->map.data;
    if (file->map.size < LENGTH_BYTES)
        return error_set(error, BERT_ERROR_INPUT, "%s: %zu bytes, too short for a safetensors file",
                         file->path, file->map.size);
    uint64_t length = 0;
    for (int i = LENGTH_BYTES - 1; i >= 0; i--)
        length = length << 8 | bytes[i];
    uint64_t rest = file->map.size - LENGTH_BYTES;
    if (length > rest || length > SAFETENSORS_MAX_HEADER)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: a header of %" PRIu64
                         " bytes in a file of %zu: truncated, or not a safetensors file",
                         file->path, length, file->map.size);
    json_error_t problem = {0};
    json_t *header = json_loadb((const char *)bytes + LENGTH_BYTES, (size_t)length,
                                JSON_REJECT_DUPLICATES, &problem);
    if (!json_is_object(header)) {
        bert_status status =
            error_set(error, BERT_ERROR_INPUT, "%s: the header is not a JSON object: %s",
                      file->path, header ? "it is an array" : problem.text);
        json_decref(header);
        return status;
    }
    bert_status status =
        read_entries(file, header, bytes + LENGTH_BYTES + length, rest - length, error);
    json_decref(header);
    return status;
}

bert_status safetensors_open(safetensors_file *file, const char *path, bert_error *error)
{
    *file = (safetensors_file){0};
    bert_status status;
    TRY_OR_GO(status, path_format(&file->path, error, "%s", path), failed);
    TRY_OR_GO(status, file_map_open(&file->map, path, error), failed);
    TRY_OR_GO(status, read_header(file, error), failed);
    return BERT_OK;
failed:
    safetensors_close(file);
    return status;
}

void safetensors_close(safetensors_file *file)
{
    for (size_t i = 0; i < file->count; i++)
        free((void *)(uintptr_t)file->tensors[i].name);
    for (size_t i = 0; i < 2 * file->metadata_count; i++)
        free(file->metadata[i]);
    free(file->tensors);
    free(file->metadata);
    free(file->path);
    file_map_close(&file->map);
    *file = (safetensors_file){0};
}

const safetensors_tensor *safetensors_find(const safetensors_file *file, const char *name)
{
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->tensors[i].name, name) == 0)
            return &file->tensors[i];
    return NULL;
}

/* --------------------------------------------------------------------------- conversions --- */

static float from_half(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t exponent = half >> 10 & 0x1f, mantissa = half & 0x3ff;
    if (exponent == 0x1f) /* infinity, NaN */
        return float_from_bits(sign | 0x7f800000 | mantissa << 13);
    if (exponent != 0)
        return float_from_bits(sign | (exponent + 127 - 15) << 23 | mantissa << 13);
    float subnormal = (float)mantissa * 0x1p-24f;
    return sign ? -subnormal : subnormal;
}

bert_status safetensors_read_float(const safetensors_file *file, const safetensors_tensor *tensor,
                                   float *out, uint64_t count, bert_error *error)
{
    return safetensors_tensor_read(file->path, tensor, out, count, error);
}

bert_status safetensors_tensor_read(const char *path, const safetensors_tensor *tensor, float *out,
                                    uint64_t count, bert_error *error)
{
    uint64_t elements;
    if (!count_elements(tensor, &elements) || elements != count)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: tensor %s: %" PRIu64 " elements, expected %" PRIu64, path,
                         tensor->name, elements, count);
    const unsigned char *data =
        tensor->data; /* possibly unaligned, so elements are read with memcpy */
    uint16_t narrow;
    double wide;
    switch (tensor->type) {
    case SAFETENSORS_F32:
        if (count)
            memcpy(out, data, count * sizeof(float));
        return BERT_OK;
    case SAFETENSORS_F16:
        for (uint64_t i = 0; i < count; i++) {
            memcpy(&narrow, data + i * sizeof narrow, sizeof narrow);
            out[i] = from_half(narrow);
        }
        return BERT_OK;
    case SAFETENSORS_BF16:
        for (uint64_t i = 0; i < count; i++) {
            memcpy(&narrow, data + i * sizeof narrow, sizeof narrow);
            out[i] = bfloat16_widen(narrow);
        }
        return BERT_OK;
    case SAFETENSORS_F64:
        for (uint64_t i = 0; i < count; i++) {
            memcpy(&wide, data + i * sizeof wide, sizeof wide);
            out[i] = (float)wide;
        }
        return BERT_OK;
    default:
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s: tensor %s: is not of a floating-point type (F32, F16, BF16, F64)",
                         path, tensor->name);
    }
}

safetensors_tensor safetensors_slice(const safetensors_tensor *tensor, uint64_t first,
                                     uint64_t count)
{
    uint64_t elements;
    uint64_t size = count_elements(tensor, &elements) && elements ? tensor->bytes / elements : 0;
    safetensors_tensor slice = *tensor;
    slice.dimensions = 1;
    slice.shape[0] = count;
    slice.data = (const unsigned char *)tensor->data + first * size;
    slice.bytes = count * size;
    return slice;
}

/* ------------------------------------------------------------------------------- writing --- */

static bert_status add_entry(json_t *header, const char *path, const safetensors_tensor *tensor,
                             uint64_t *offset, bert_error *error)
{
    int t = 0; /* each type's own name precedes SAFETENSORS_OTHER in the table */
    while (t < TYPE_COUNT && types[t].type != tensor->type)
        t++;
    uint64_t bytes = 0;
    if (t == TYPE_COUNT || tensor->type == SAFETENSORS_OTHER || tensor->dimensions < 0 ||
        tensor->dimensions > SAFETENSORS_MAX_DIMENSIONS ||
        !count_bytes(tensor, types[t].bits, &bytes) || bytes != tensor->bytes ||
        json_object_get(header, tensor->name))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: tensor %s cannot be written: its type, shape or byte count (%" PRIu64
                         ", expected %" PRIu64 ") is wrong, or its name is a duplicate",
                         path, tensor->name, tensor->bytes, bytes);
    json_t *shape = json_array();
    for (int d = 0; d < tensor->dimensions; d++)
        json_array_append_new(shape, json_integer((json_int_t)tensor->shape[d]));
    json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", types[t].name, "shape", shape,
                              "data_offsets", (json_int_t)*offset, (json_int_t)(*offset + bytes));
    *offset += bytes;
    return json_put(header, tensor->name, entry, error);
}

static bert_status build_header(text *out, const char *path, const safetensors_tensor *tensors,
                                size_t count, const char *const *metadata, size_t metadata_count,
                                bert_error *error)
{
    bert_status status = BERT_OK;
    json_t *header = json_object(), *pairs = json_object();
    for (size_t i = 0; i < metadata_count && status == BERT_OK; i++)
        status = json_put(pairs, metadata[2 * i], json_string(metadata[2 * i + 1]), error);
    if (metadata_count && status == BERT_OK)
        status = json_put(header, "__metadata__", json_incref(pairs), error);
    uint64_t offset = 0;
    for (size_t i = 0; i < count && status == BERT_OK; i++)
        status = add_entry(header, path, &tensors[i], &offset, error);
    char *dumped = status == BERT_OK ? json_dumps(header, JSON_COMPACT) : NULL;
    if (dumped)
        status = text_append(out, dumped, strlen(dumped), error);
    else if (status == BERT_OK)
        status = error_set(error, BERT_ERROR_MEMORY, "%s: no memory for its header", path);
    free(dumped);
    json_decref(pairs);
    json_decref(header);
    while (status == BERT_OK && out->length % LENGTH_BYTES !=
                                    0) /* aligns the data, as the reference implementation does */
        status = text_append(out, " ", 1, error);
    return status;
}

bert_status safetensors_begin(safetensors_writer *writer, const char *path,
                              const safetensors_tensor *tensors, size_t count,
                              const char *const *metadata, size_t metadata_count, bert_error *error)
{
    text header = {0};
    *writer = (safetensors_writer){.file = {.descriptor = -1}};
    bert_status status;
    TRY_OR_GO(status, build_header(&header, path, tensors, count, metadata, metadata_count, error),
              done);
    for (size_t i = 0; i < count; i++)
        writer->missing += tensors[i].bytes; /* add_entry has checked the sizes */
    unsigned char length[LENGTH_BYTES];
    for (int i = 0; i < LENGTH_BYTES; i++)
        length[i] = (unsigned char)((uint64_t)header.length >> (8 * i));
    TRY_OR_GO(status, output_file_open(&writer->file, path, error), done);
    TRY_OR_GO(status, output_file_write(&writer->file, length, sizeof length, error), done);
    status = output_file_write(&writer->file, header.data, header.length, error);
done:
    if (status != BERT_OK)
        safetensors_discard(writer);
    text_free(&header);
    return status;
}

bert_status safetensors_append(safetensors_writer *writer, const void *data, uint64_t bytes,
                               bert_error *error)
{
    if (bytes == 0)
        return BERT_OK;
    if (bytes > writer->missing)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: %" PRIu64 " bytes of data, but its header declares only %" PRIu64
                         " more",
                         writer->file.path, bytes, writer->missing);
    writer->missing -= bytes;
    return output_file_write(&writer->file, data, bytes, error);
}

bert_status safetensors_commit(safetensors_writer *writer, bert_error *error)
{
    if (writer->missing)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: %" PRIu64 " bytes of data are missing", writer->file.path,
                         writer->missing);
    return output_file_commit(&writer->file, error);
}

void safetensors_discard(safetensors_writer *writer)
{
    output_file_discard(&writer->file);
}

bert_status safetensors_write(const char *path, const safetensors_tensor *tensors, size_t count,
                              const char *const *metadata, size_t metadata_count, bert_error *error)
{
    safetensors_writer writer;
    TRY(safetensors_begin(&writer, path, tensors, count, metadata, metadata_count, error));
    bert_status status = BERT_OK;
    for (size_t i = 0; i < count && status == BERT_OK; i++)
        status = safetensors_append(&writer, tensors[i].data, tensors[i].bytes, error);
    if (status == BERT_OK)
        status = safetensors_commit(&writer, error);
    safetensors_discard(&writer);
    return status;
}
