#include "formats/arrow.h"

#include "base/file.h"
#include "base/memory.h"
#include "formats/compression.h"
#include "formats/flatbuffer.h"

#include <stdlib.h>
#include <string.h>

enum {
    METADATA_LIMIT = 1 << 26,
    BODY_LIMIT = 1 << 30,
    FIELD_DEPTH_LIMIT = 32,
    FIELDS_LIMIT = 1 << 16,
};

/* Message.fbs and Schema.fbs */
enum { MESSAGE_SCHEMA = 1, MESSAGE_DICTIONARY = 2, MESSAGE_BATCH = 3 };
enum { TYPE_UTF8 = 5, TYPE_LARGE_UTF8 = 20 };

typedef struct buffer {
    unsigned char *data; /* owned */
    size_t capacity;
} buffer;

/* The buffers of one column in the record batch; `data` in the body, or owned where unpacked. */
typedef struct column_data {
    const unsigned char *validity, *offsets, *strings;
    size_t validity_size, offsets_size, strings_size;
    buffer unpacked[3];
    bool loaded;
} column_data;

struct arrow {
    arrow_input input;
    const char *name;
    uint64_t position; /* behind what was read */
    uint64_t message;  /* where the message at hand begins */
    buffer metadata, body;
    size_t body_size;
    flatbuffer flatbuffer; /* the metadata */
    size_t header;         /* of the message, a table in it */
    int header_type;
    arrow_column *columns; /* owned */
    column_data *data;     /* owned, [column_count] */
    size_t column_count;
    uint64_t row, rows; /* in the record batch; row is one more than the index of the one at hand */
    bool is_file;       /* which ends with a mark; a stream may just end */
    bool finished;
};

static bert_status fail(const arrow *arrow, const char *what, bert_error *error)
{
    return error_set(error, BERT_ERROR_INPUT,
                     "%s: byte %llu, in the Arrow message that begins there: %s", arrow->name,
                     (unsigned long long)arrow->message, what);
}

static const char damaged[] = "damaged or cut off";

bool arrow_detect(const char *head, size_t size)
{
    if (size >= 6 && memcmp(head, "ARROW1", 6) == 0)
        return true;
    /* A continuation mark and the length of a schema: no text, and no UTF-16 either. */
    return size >= 8 && memcmp(head, "\xFF\xFF\xFF\xFF", 4) == 0 && memcmp(head + 4, "\0\0\0", 4);
}

/* -------------------------------------------------------------------------------- messages --- */

/* Exactly `size` bytes; memory grows as they come, so that a hostile size costs nothing. */
static bert_status read_bytes(arrow *arrow, buffer *buffer, size_t size, bert_error *error)
{
    for (size_t done = 0; done < size;) {
        size_t piece = size - done < 1 << 20 ? size - done : 1 << 20, got;
        TRY(memory_grow((void **)&buffer->data, &buffer->capacity, done + piece, 1,
                        "an Arrow message", error));
        TRY(arrow->input.read(arrow->input.context, buffer->data + done, piece, &got, error));
        arrow->position += got;
        done += got;
        if (got < piece)
            return fail(arrow, "the input ends in it", error);
    }
    return BERT_OK;
}

/* A number of 4 bytes; *found is false at the end of the input. */
static bert_status read_number(arrow *arrow, uint32_t *number, bool *found, bert_error *error)
{
    unsigned char bytes[4];
    size_t got;
    TRY(arrow->input.read(arrow->input.context, bytes, sizeof bytes, &got, error));
    arrow->position += got;
    *found = got > 0;
    if (got > 0 && got < sizeof bytes)
        return fail(arrow, "the input ends in it", error);
    *number = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
              (uint32_t)bytes[3] << 24;
    return BERT_OK;
}

/* The next message with its body; *found is false behind the last. */
static bert_status read_message(arrow *arrow, bool *found, bert_error *error)
{
    arrow->message = arrow->position;
    uint32_t size = 0;
    TRY(read_number(arrow, &size, found, error));
    if (*found && size == UINT32_MAX) { /* absent before version 0.15 */
        TRY(read_number(arrow, &size, found, error));
        if (!*found)
            return fail(arrow, "the input ends in it", error);
    }
    if (!*found && arrow->is_file)
        return fail(arrow, "the input ends where a message was expected: it is cut off", error);
    *found = *found && size > 0;
    if (!*found)
        return BERT_OK;
    if (size > METADATA_LIMIT)
        return fail(arrow, "its metadata are larger than they can reasonably be", error);
    TRY(read_bytes(arrow, &arrow->metadata, size, error));
    flatbuffer *flatbuffer = &arrow->flatbuffer;
    *flatbuffer = (struct flatbuffer){.data = arrow->metadata.data, .size = size};
    size_t root = flatbuffer_root(flatbuffer);
    arrow->header_type = (int)flatbuffer_integer(flatbuffer, root, 1, 1, 0);
    arrow->header = flatbuffer_table(flatbuffer, root, 2);
    int64_t body = flatbuffer_integer(flatbuffer, root, 3, 8, 0);
    if (flatbuffer->failed || arrow->header == 0 || body < 0)
        return fail(arrow, damaged, error);
    if (body > BODY_LIMIT)
        return fail(arrow, "a record batch of more than 1 GiB", error);
    arrow->body_size = (size_t)body;
    return read_bytes(arrow, &arrow->body, arrow->body_size, error);
}

/* ---------------------------------------------------------------------------------- schema --- */

typedef struct layout {
    const char *name;
    int buffers; /* of its own; -1: not known before the batch */
} layout;

static const layout layouts[] = {
    {"none", 0},
    {"null", 0},
    {"int", 2},
    {"float", 2},
    {"binary", 3},
    {"utf8", 3},
    {"bool", 2},
    {"decimal", 2},
    {"date", 2},
    {"time", 2},
    {"timestamp", 2},
    {"interval", 2},
    {"list", 2},
    {"struct", 1},
    {"union", -1},
    {"fixed-size binary", 2},
    {"fixed-size list", 1},
    {"map", 2},
    {"duration", 2},
    {"large binary", 3},
    {"large_utf8", 3},
    {"large list", 2},
    {"run-end encoded", 0},
    {"binary view", -1},
    {"utf8 view", -1},
    {"list view", 3},
    {"large list view", 3},
};

typedef struct walk {
    size_t nodes, buffers, fields;
    bool unknown; /* from here on, nobody knows which buffer is whose */
} walk;

/* Counts what a field and those below it have in a record batch. */
static bert_status count_field(arrow *arrow, size_t field, walk *walk, int depth,
                               const layout **found, bert_error *error)
{
    flatbuffer *buffer = &arrow->flatbuffer;
    if (depth > FIELD_DEPTH_LIMIT || ++walk->fields > FIELDS_LIMIT)
        return fail(arrow, "a schema of too many fields", error);
    uint8_t type = (uint8_t)flatbuffer_integer(buffer, field, 2, 1, 0);
    if (type >= sizeof layouts / sizeof *layouts)
        return fail(arrow, "a column of an unknown type", error);
    const layout *layout = &layouts[type];
    if (found)
        *found = layout;
    walk->nodes++;
    if (flatbuffer_table(buffer, field, 4)) { /* a dictionary: indices are all there is */
        walk->buffers += 2;
        return BERT_OK;
    }
    walk->unknown |= layout->buffers < 0;
    walk->buffers += layout->buffers > 0 ? (size_t)layout->buffers : 0;
    size_t count, children = flatbuffer_vector(buffer, field, 5, 4, &count);
    for (size_t i = 0; i < count && !buffer->failed; i++)
        TRY(count_field(arrow, flatbuffer_element(buffer, children + 4 * i), walk, depth + 1, NULL,
                        error));
    return BERT_OK;
}

static bert_status read_field(arrow *arrow, size_t field, walk *walk, arrow_column *column,
                              bert_error *error)
{
    flatbuffer *buffer = &arrow->flatbuffer;
    column->node = walk->nodes;
    column->buffer = walk->buffers;
    bool known = !walk->unknown;
    const layout *layout = &layouts[0];
    TRY(count_field(arrow, field, walk, 0, &layout, error));
    column->type = layout->name;
    bool is_dictionary = flatbuffer_table(buffer, field, 4) != 0;
    if (is_dictionary)
        column->type = "dictionary";
    column->large = layout == &layouts[TYPE_LARGE_UTF8];
    column->is_text = known && !is_dictionary && (layout == &layouts[TYPE_UTF8] || column->large);
    size_t length, name = flatbuffer_vector(buffer, field, 0, 1, &length);
    return path_format(&column->name, error, "%.*s", (int)length,
                       (const char *)buffer->data + name);
}

static bert_status read_schema(arrow *arrow, bert_error *error)
{
    bool found;
    TRY(read_message(arrow, &found, error));
    if (!found || arrow->header_type != MESSAGE_SCHEMA)
        return fail(arrow, "no schema, with which Arrow data begin", error);
    flatbuffer *buffer = &arrow->flatbuffer;
    if (flatbuffer_integer(buffer, arrow->header, 0, 2, 0) != 0)
        return error_set(error, BERT_ERROR_UNSUPPORTED, "%s: is big-endian Arrow data",
                         arrow->name);
    size_t count, fields = flatbuffer_vector(buffer, arrow->header, 1, 4, &count);
    TRY(memory_array((void **)&arrow->columns, count, sizeof *arrow->columns, "columns", error));
    TRY(memory_array((void **)&arrow->data, count, sizeof *arrow->data, "columns", error));
    walk walk = {0};
    for (size_t i = 0; i < count && !buffer->failed; i++) {
        TRY(read_field(arrow, flatbuffer_element(buffer, fields + 4 * i), &walk, &arrow->columns[i],
                       error));
        arrow->column_count++;
    }
    return buffer->failed ? fail(arrow, damaged, error) : BERT_OK;
}

bert_status arrow_open(arrow **out, arrow_input input, const char *name, bert_error *error)
{
    *out = NULL;
    arrow *arrow;
    TRY(memory_array((void **)&arrow, 1, sizeof *arrow, "an Arrow reader", error));
    arrow->input = input;
    arrow->name = name;
    bert_status status;
    /* A file begins with ARROW1 and two zeros, a stream with the schema. */
    unsigned char head[8];
    size_t got;
    TRY_OR_GO(status, input.read(input.context, head, 4, &got, error), failed);
    if (got == 4 && memcmp(head, "ARRO", 4) == 0) {
        TRY_OR_GO(status, input.read(input.context, head, 4, &got, error), failed);
        arrow->position = 8;
        arrow->is_file = true;
    } else if (got == 4 && memcmp(head, "\xFF\xFF\xFF\xFF", 4) == 0) {
        arrow->position = 4; /* the mark: what follows is read as one without it */
    } else {
        status = fail(arrow, "neither the stream nor the file form of Arrow", error);
        goto failed;
    }
    TRY_OR_GO(status, read_schema(arrow, error), failed);
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
        free(arrow->columns[i].name);
        for (int j = 0; j < 3; j++)
            free(arrow->data[i].unpacked[j].data);
    }
    free(arrow->columns);
    free(arrow->data);
    free(arrow->metadata.data);
    free(arrow->body.data);
    free(arrow);
}

const arrow_column *arrow_columns(const arrow *arrow, size_t *count)
{
    *count = arrow->column_count;
    return arrow->columns;
}

/* ----------------------------------------------------------------------------- record batch --- */

static bert_status unpack(arrow *arrow, int codec, const unsigned char **data, size_t *size,
                          buffer *unpacked, bert_error *error)
{
    if (*size == 0)
        return BERT_OK;
    if (*size < 8)
        return fail(arrow, "a compressed buffer without its length", error);
    int64_t length = flatbuffer_number(&(flatbuffer){.data = *data, .size = *size}, 0, 8);
    *data += 8;
    *size -= 8;
    if (length == -1) /* left as it was */
        return BERT_OK;
    if (length < 0 || length > BODY_LIMIT)
        return fail(arrow, "a compressed buffer of more than 1 GiB", error);
    TRY(memory_grow((void **)&unpacked->data, &unpacked->capacity, (size_t)length + 1, 1,
                    "an Arrow buffer", error));
    bert_error reason;
    if (compression_unpack(codec == 0 ? COMPRESSION_LZ4_FRAME : COMPRESSION_ZSTD, *data, *size,
                           unpacked->data, (size_t)length, &reason) != BERT_OK)
        return fail(arrow, reason.message, error);
    *data = unpacked->data;
    *size = (size_t)length;
    return BERT_OK;
}

/* One of a column's buffers: 0 validity, 1 offsets, 2 bytes. */
static bert_status find_buffer(arrow *arrow, size_t index, const unsigned char **data, size_t *size,
                               buffer *unpacked, bert_error *error)
{
    flatbuffer *metadata = &arrow->flatbuffer;
    size_t count, buffers = flatbuffer_vector(metadata, arrow->header, 2, 16, &count);
    if (index >= count)
        return fail(arrow, "fewer buffers than its columns have", error);
    int64_t offset = flatbuffer_number(metadata, buffers + 16 * index, 8);
    int64_t length = flatbuffer_number(metadata, buffers + 16 * index + 8, 8);
    if (metadata->failed || offset < 0 || length < 0 || (uint64_t)offset > arrow->body_size ||
        (uint64_t)length > arrow->body_size - (uint64_t)offset)
        return fail(arrow, "a buffer that reaches out of the body", error);
    *data = length > 0 ? arrow->body.data + offset : (const unsigned char *)"";
    *size = (size_t)length;
    size_t compression = flatbuffer_table(metadata, arrow->header, 3);
    if (compression == 0)
        return metadata->failed ? fail(arrow, damaged, error) : BERT_OK;
    int64_t codec = flatbuffer_integer(metadata, compression, 0, 1, 0);
    if (codec != 0 && codec != 1)
        return fail(arrow, "an unknown compression", error);
    return unpack(arrow, (int)codec, data, size, unpacked, error);
}

static bert_status load_column(arrow *arrow, size_t index, bert_error *error)
{
    const arrow_column *column = &arrow->columns[index];
    column_data *data = &arrow->data[index];
    flatbuffer *metadata = &arrow->flatbuffer;
    size_t count, nodes = flatbuffer_vector(metadata, arrow->header, 1, 16, &count);
    if (column->node >= count ||
        (uint64_t)flatbuffer_number(metadata, nodes + 16 * column->node, 8) != arrow->rows)
        return fail(arrow, "a column with another number of rows", error);
    TRY(find_buffer(arrow, column->buffer, &data->validity, &data->validity_size,
                    &data->unpacked[0], error));
    TRY(find_buffer(arrow, column->buffer + 1, &data->offsets, &data->offsets_size,
                    &data->unpacked[1], error));
    TRY(find_buffer(arrow, column->buffer + 2, &data->strings, &data->strings_size,
                    &data->unpacked[2], error));
    size_t width = column->large ? 8 : 4;
    if (data->offsets_size / width < arrow->rows + 1 ||
        (data->validity_size > 0 && data->validity_size < (arrow->rows + 7) / 8))
        return fail(arrow, "a column that is shorter than its number of rows", error);
    data->loaded = true;
    return BERT_OK;
}

static bert_status next_batch(arrow *arrow, bool *found, bert_error *error)
{
    for (;;) {
        TRY(read_message(arrow, found, error));
        if (!*found)
            return BERT_OK;
        if (arrow->header_type == MESSAGE_DICTIONARY)
            continue; /* of columns that are not read */
        if (arrow->header_type != MESSAGE_BATCH)
            return fail(arrow, "a message that is no record batch", error);
        int64_t rows = flatbuffer_integer(&arrow->flatbuffer, arrow->header, 0, 8, 0);
        /* No column of strings has more rows than bytes; others are not asked for. */
        if (arrow->flatbuffer.failed || rows < 0 || rows > INT32_MAX)
            return fail(arrow, damaged, error);
        arrow->rows = (uint64_t)rows;
        arrow->row = 0;
        for (size_t i = 0; i < arrow->column_count; i++)
            arrow->data[i].loaded = false;
        if (rows > 0)
            return BERT_OK;
    }
}

bert_status arrow_next_row(arrow *arrow, bool *found, bert_error *error)
{
    *found = false;
    if (arrow->finished)
        return BERT_OK;
    *found = true;
    if (arrow->row == arrow->rows)
        TRY(next_batch(arrow, found, error));
    arrow->finished = !*found;
    arrow->row += *found;
    return BERT_OK;
}

bert_status arrow_value(arrow *arrow, size_t column, const char **string, size_t *length,
                        bert_error *error)
{
    column_data *data = &arrow->data[column];
    if (!data->loaded)
        TRY(load_column(arrow, column, error));
    size_t row = (size_t)arrow->row - 1;
    *string = NULL;
    *length = 0;
    if (data->validity_size > 0 && !(data->validity[row / 8] >> row % 8 & 1))
        return BERT_OK;
    flatbuffer offsets = {.data = data->offsets, .size = data->offsets_size};
    unsigned width = arrow->columns[column].large ? 8 : 4;
    int64_t begin = flatbuffer_number(&offsets, row * width, width);
    int64_t end = flatbuffer_number(&offsets, (row + 1) * width, width);
    if (begin < 0 || end < begin || (uint64_t)end > data->strings_size)
        return fail(arrow, "a string that reaches out of its column", error);
    *string = (const char *)data->strings + begin;
    *length = (size_t)(end - begin);
    return BERT_OK;
}

uint64_t arrow_offset(const arrow *arrow)
{
    return arrow->message;
}
