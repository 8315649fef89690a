/* Messages of Arrow IPC data, and the reader's beginning and end. */
#include "base/memory.h"
#include "formats/arrow_data.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

bert_status arrow_fail(const arrow *arrow, const char *what, bert_error *error)
{
    return error_set(error, BERT_ERROR_INPUT,
                     "%s: byte %llu, in the Arrow message that begins there: %s", arrow->name,
                     (unsigned long long)arrow->message, what);
}

const char arrow_damaged[] = "damaged or truncated";

uint64_t arrow_unsigned(const unsigned char *data, unsigned width)
{
    uint64_t value = 0;
    for (unsigned i = width; i-- > 0;)
        value = value << 8 | data[i];
    return value;
}

int64_t arrow_signed(const unsigned char *data, unsigned width)
{
    unsigned unused = 64 - 8 * width;
    return (int64_t)(arrow_unsigned(data, width) << unused) >> unused;
}

/* --------------------------------------------------------------------------------- detection ---
 */

bool arrow_detect_file(const char *head, size_t size)
{
    return size >= 6 && memcmp(head, "ARROW1", 6) == 0;
}

static bool is_feather_1(const char *head, size_t size)
{
    return size >= 8 && memcmp(head, "FEA1\0\0\0", 8) == 0;
}

/* Before Arrow 0.15 a stream began with the length of its schema message. */
static bool is_old_stream(const char *head, size_t size)
{
    if (size < 16)
        return false;
    uint64_t length = arrow_unsigned((const unsigned char *)head, 4);
    if (length < 16 || length > size - 4 || length > ARROW_METADATA_LIMIT)
        return false;
    flatbuffer message = {.data = (const unsigned char *)head + 4, .size = (size_t)length};
    size_t root = flatbuffer_root(&message);
    int64_t version = flatbuffer_integer(&message, root, 0, 2, 0);
    int64_t type = flatbuffer_integer(&message, root, 1, 1, 0);
    size_t count, schema = flatbuffer_table(&message, root, 2);
    flatbuffer_vector(&message, schema, 1, 4, &count);
    return !message.failed && version >= 0 && version <= 4 && type == ARROW_MESSAGE_SCHEMA &&
           schema != 0 && count > 0;
}

bool arrow_detect(const char *head, size_t size)
{
    /* A continuation marker and the length of a schema: neither text nor UTF-16 begins like this.
     */
    return arrow_detect_file(head, size) || is_feather_1(head, size) ||
           (size >= 8 && memcmp(head, "\xFF\xFF\xFF\xFF", 4) == 0 &&
            memcmp(head + 4, "\0\0\0", 4) != 0) ||
           is_old_stream(head, size);
}

/* -------------------------------------------------------------------------------- messages --- */

/* Reads exactly `size` bytes. The buffer grows as data arrives, so that an untrusted size cannot
 * exhaust memory. */
static bert_status read_bytes(arrow *arrow, arrow_buffer *buffer, uint64_t size, bert_error *error)
{
    for (uint64_t done = 0; done < size;) {
        size_t chunk = size - done < 1 << 20 ? (size_t)(size - done) : 1 << 20, got;
        TRY(memory_grow((void **)&buffer->data, &buffer->capacity, (size_t)done + chunk, 1,
                        "an Arrow message", error));
        TRY(arrow->input.read(arrow->input.context, buffer->data + done, chunk, &got, error));
        arrow->position += got;
        done += got;
        if (got < chunk)
            return arrow_fail(arrow, "the input ends inside it; is it truncated?", error);
    }
    return BERT_OK;
}

/* Reads a 4-byte little-endian number; *found is false at the end of the input. */
static bert_status read_number(arrow *arrow, uint32_t *number, bool *found, bert_error *error)
{
    unsigned char bytes[4];
    size_t got;
    TRY(arrow->input.read(arrow->input.context, bytes, sizeof bytes, &got, error));
    arrow->position += got;
    *found = got > 0;
    if (got > 0 && got < sizeof bytes)
        return arrow_fail(arrow, "the input ends inside it; is it truncated?", error);
    *number = (uint32_t)arrow_unsigned(bytes, got ? sizeof bytes : 0);
    return BERT_OK;
}

/* Arrow 0.17 named the codec of a record batch in the metadata of its message. */
static bert_status read_old_codec(arrow *arrow, size_t root, bert_error *error)
{
    static const char key[] = "ARROW:experimental_compression";
    flatbuffer *buffer = &arrow->flatbuffer;
    size_t count, pairs = flatbuffer_vector(buffer, root, 4, 4, &count);
    for (size_t i = 0; i < count && !buffer->failed; i++) {
        size_t pair = flatbuffer_element(buffer, pairs + 4 * i), key_length, length;
        size_t name = flatbuffer_vector(buffer, pair, 0, 1, &key_length);
        size_t value = flatbuffer_vector(buffer, pair, 1, 1, &length);
        if (key_length != sizeof key - 1 || memcmp(buffer->data + name, key, key_length) != 0)
            continue;
        const char *codec = (const char *)buffer->data + value;
        bool is_lz4 = length == 3 && strncasecmp(codec, "lz4", 3) == 0;
        if (!is_lz4 && !(length == 4 && strncasecmp(codec, "zstd", 4) == 0))
            return arrow_fail(arrow, "an unknown compression", error);
        arrow->is_compressed = true;
        arrow->compression = is_lz4 ? COMPRESSION_LZ4_FRAME : COMPRESSION_ZSTD;
    }
    return BERT_OK;
}

bert_status arrow_parse_message(arrow *arrow, size_t size, bert_error *error)
{
    flatbuffer *buffer = &arrow->flatbuffer;
    *buffer = (struct flatbuffer){.data = arrow->metadata.data, .size = size};
    size_t root = flatbuffer_root(buffer);
    arrow->version = (int)flatbuffer_integer(buffer, root, 0, 2, 0);
    arrow->header_type = (int)flatbuffer_integer(buffer, root, 1, 1, 0);
    arrow->header = flatbuffer_table(buffer, root, 2);
    int64_t body = flatbuffer_integer(buffer, root, 3, 8, 0);
    arrow->is_compressed = false;
    TRY(read_old_codec(arrow, root, error));
    if (buffer->failed || arrow->header == 0 || body < 0)
        return arrow_fail(arrow, arrow_damaged, error);
    if (arrow->version < ARROW_METADATA_V4 || arrow->version > ARROW_METADATA_V5)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s: is Arrow data with metadata of version %d, expected 4 (since Arrow "
                         "0.8) or 5",
                         arrow->name, arrow->version + 1);
    arrow->body_size = (uint64_t)body;
    return BERT_OK;
}

static bert_status read_message(arrow *arrow, uint32_t size, bert_error *error)
{
    if (size > ARROW_METADATA_LIMIT)
        return arrow_fail(arrow, "its metadata is larger than 64 MiB", error);
    TRY(read_bytes(arrow, &arrow->metadata, size, error));
    TRY(arrow_parse_message(arrow, size, error));
    return read_bytes(arrow, &arrow->body, arrow->body_size, error);
}

bert_status arrow_read_message(arrow *arrow, bool *found, bert_error *error)
{
    arrow->message = arrow->position;
    uint32_t size = 0;
    TRY(read_number(arrow, &size, found, error));
    if (*found && size == UINT32_MAX) { /* the continuation marker, absent before Arrow 0.15 */
        TRY(read_number(arrow, &size, found, error));
        if (!*found)
            return arrow_fail(arrow, "the input ends inside it; is it truncated?", error);
    }
    if (!*found && arrow->is_file)
        return arrow_fail(
            arrow, "the input ends where a message was expected; is the file truncated?", error);
    *found = *found && size > 0;
    return *found ? read_message(arrow, size, error) : BERT_OK;
}

/* ---------------------------------------------------------------------------------- reader --- */

/* Reads the schema message of a stream, whose first bytes decide what it is. */
static bert_status start(arrow *arrow, bert_error *error)
{
    unsigned char head[8];
    size_t got;
    TRY(arrow->input.read(arrow->input.context, head, 4, &got, error));
    uint32_t size = got == 4 ? (uint32_t)arrow_unsigned(head, 4) : 0;
    bool found = got == 4;
    if (found && memcmp(head, "ARRO", 4) == 0) {
        TRY(arrow->input.read(arrow->input.context, head, 4, &got, error));
        arrow->position = 8;
        arrow->is_file = true;
        TRY(arrow_read_message(arrow, &found, error));
    } else if (found && memcmp(head, "FEA1", 4) == 0) {
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s: is a Feather file of version 1, expected version 2, which is Arrow; "
                         "write it again with pyarrow or pandas",
                         arrow->name);
    } else if (found && size == UINT32_MAX) {
        arrow->position = 4; /* the rest reads like a message without the marker */
        TRY(arrow_read_message(arrow, &found, error));
    } else if (found && size >= 16 && size <= ARROW_METADATA_LIMIT) { /* before Arrow 0.15 */
        arrow->position = 4;
        TRY(read_message(arrow, size, error));
    } else {
        return arrow_fail(arrow, "not Arrow IPC data, neither stream nor file format", error);
    }
    if (!found || arrow->header_type != ARROW_MESSAGE_SCHEMA)
        return arrow_fail(arrow, "expected a schema, with which Arrow data begins", error);
    return arrow_read_schema(arrow, arrow->header, error);
}

bert_status arrow_open(arrow **out, arrow_input input, const char *name, bert_error *error)
{
    *out = NULL;
    arrow *arrow;
    TRY(memory_array((void **)&arrow, 1, sizeof *arrow, "an Arrow reader", error));
    arrow->input = input;
    arrow->descriptor = -1;
    arrow->name = name;
    bert_status status = start(arrow, error);
    if (status == BERT_OK)
        *out = arrow;
    else
        arrow_close(arrow);
    return status;
}

static void free_column(arrow_column *column)
{
    for (size_t i = 0; i < column->level_count; i++)
        arrow_level_free(&column->levels[i]);
    free(column->levels);
    free(column->values);
    free(column->name);
    free(column->type);
}

static void free_dictionaries(arrow_dictionary *dictionary)
{
    while (dictionary) {
        arrow_dictionary *next = dictionary->next;
        arrow_level_free(&dictionary->values);
        text_free(&dictionary->bytes);
        free(dictionary->entries);
        free(dictionary);
        dictionary = next;
    }
}

void arrow_close(arrow *arrow)
{
    if (!arrow)
        return;
    for (size_t i = 0; i < arrow->column_count; i++)
        free_column(&arrow->columns[i]);
    free_dictionaries(arrow->dictionaries);
    free(arrow->columns);
    free(arrow->loaded);
    free(arrow->fields);
    free(arrow->blocks);
    free(arrow->metadata.data);
    free(arrow->body.data);
    free(arrow->compressed.data);
    text_free(&arrow->number);
    free(arrow);
}

const arrow_column *arrow_columns(const arrow *arrow, size_t *count)
{
    *count = arrow->column_count;
    return arrow->columns;
}

uint64_t arrow_offset(const arrow *arrow)
{
    return arrow->message;
}
