#include "formats/arrow_data.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { METADATA_LIMIT = 1 << 26 };

bert_status arrow_fail(const arrow *arrow, const char *what, bert_error *error)
{
    return error_set(error, BERT_ERROR_INPUT,
                     "%s: byte %llu, in the Arrow message that begins there: %s", arrow->name,
                     (unsigned long long)arrow->message, what);
}

const char arrow_damaged[] = "damaged or truncated";

bool arrow_detect(const char *head, size_t size)
{
    if (size >= 6 && memcmp(head, "ARROW1", 6) == 0)
        return true;
    /* A continuation marker and the length of a schema: neither text nor UTF-16 begins like this.
     */
    return size >= 8 && memcmp(head, "\xFF\xFF\xFF\xFF", 4) == 0 && memcmp(head + 4, "\0\0\0", 4);
}

/* -------------------------------------------------------------------------------- messages --- */

/* Reads exactly `size` bytes. The buffer grows as data arrives, so that an untrusted size cannot
 * exhaust memory. */
static bert_status read_bytes(arrow *arrow, arrow_buffer *buffer, size_t size, bert_error *error)
{
    for (size_t done = 0; done < size;) {
        size_t chunk = size - done < 1 << 20 ? size - done : 1 << 20, got;
        TRY(memory_grow((void **)&buffer->data, &buffer->capacity, done + chunk, 1,
                        "an Arrow message", error));
        TRY(arrow->input.read(arrow->input.context, buffer->data + done, chunk, &got, error));
        arrow->position += got;
        done += got;
        if (got < chunk)
            return arrow_fail(arrow, "the input ends inside it", error);
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
        return arrow_fail(arrow, "the input ends inside it", error);
    *number = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
              (uint32_t)bytes[3] << 24;
    return BERT_OK;
}

bert_status arrow_read_message(arrow *arrow, bool *found, bert_error *error)
{
    arrow->message = arrow->position;
    uint32_t size = 0;
    TRY(read_number(arrow, &size, found, error));
    if (*found && size == UINT32_MAX) { /* the continuation marker, absent before Arrow 0.15 */
        TRY(read_number(arrow, &size, found, error));
        if (!*found)
            return arrow_fail(arrow, "the input ends inside it", error);
    }
    if (!*found && arrow->is_file)
        return arrow_fail(
            arrow, "the input ends where a message was expected; is the file truncated?", error);
    *found = *found && size > 0;
    if (!*found)
        return BERT_OK;
    if (size > METADATA_LIMIT)
        return arrow_fail(arrow, "its metadata is larger than 64 MiB", error);
    TRY(read_bytes(arrow, &arrow->metadata, size, error));
    flatbuffer *flatbuffer = &arrow->flatbuffer;
    *flatbuffer = (struct flatbuffer){.data = arrow->metadata.data, .size = size};
    size_t root = flatbuffer_root(flatbuffer);
    arrow->header_type = (int)flatbuffer_integer(flatbuffer, root, 1, 1, 0);
    arrow->header = flatbuffer_table(flatbuffer, root, 2);
    int64_t body = flatbuffer_integer(flatbuffer, root, 3, 8, 0);
    if (flatbuffer->failed || arrow->header == 0 || body < 0)
        return arrow_fail(arrow, arrow_damaged, error);
    if (body > ARROW_BODY_LIMIT)
        return arrow_fail(arrow, "a record batch of more than 1 GiB", error);
    arrow->body_size = (size_t)body;
    return read_bytes(arrow, &arrow->body, arrow->body_size, error);
}

/* ------------------------------------------------------------------------------------ file --- */

bert_status arrow_open(arrow **out, arrow_input input, const char *name, bert_error *error)
{
    *out = NULL;
    arrow *arrow;
    TRY(memory_array((void **)&arrow, 1, sizeof *arrow, "an Arrow reader", error));
    arrow->input = input;
    arrow->name = name;
    bert_status status;
    /* A file begins with "ARROW1" and two zero bytes, a stream with the schema message. */
    unsigned char head[8];
    size_t got;
    TRY_OR_GO(status, input.read(input.context, head, 4, &got, error), failed);
    if (got == 4 && memcmp(head, "ARRO", 4) == 0) {
        TRY_OR_GO(status, input.read(input.context, head, 4, &got, error), failed);
        arrow->position = 8;
        arrow->is_file = true;
    } else if (got == 4 && memcmp(head, "\xFF\xFF\xFF\xFF", 4) == 0) {
        arrow->position =
            4; /* the continuation marker; the rest reads like a message without one */
    } else {
        status = arrow_fail(arrow, "not Arrow IPC data, neither stream nor file format", error);
        goto failed;
    }
    TRY_OR_GO(status, arrow_read_schema(arrow, error), failed);
    *out = arrow;
    return BERT_OK;
failed:
    arrow_close(arrow);
    return status;
}

void arrow_close(arrow *arrow)
{
    if (!arrow)
        return;
    for (size_t i = 0; i < arrow->column_count; i++) {
        arrow_column *column = &arrow->columns[i];
        for (size_t j = 0; j < column->level_count; j++)
            for (int k = 0; k < 3; k++)
                free(column->levels[j].decompressed[k].data);
        free(column->levels);
        free(column->name);
        free(column->type);
    }
    free(arrow->columns);
    free(arrow->loaded);
    free(arrow->metadata.data);
    free(arrow->body.data);
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
