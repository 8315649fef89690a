/* Record batches: locates the values of a row in the message body. */
#include "base/memory.h"
#include "formats/arrow_data.h"
#include "formats/compression.h"

#include <endian.h>
#include <string.h>

static bert_status decompress(arrow *arrow, int codec, arrow_span *span, arrow_buffer *decompressed,
                              bert_error *error)
{
    if (span->size == 0)
        return BERT_OK;
    if (span->size < 8)
        return arrow_fail(arrow, "a compressed buffer without its length", error);
    int64_t length = flatbuffer_number(&(flatbuffer){.data = span->data, .size = span->size}, 0, 8);
    span->data += 8;
    span->size -= 8;
    if (length == -1) /* stored uncompressed */
        return BERT_OK;
    if (length < 0 || length > ARROW_BODY_LIMIT)
        return arrow_fail(arrow, "a compressed buffer of more than 1 GiB", error);
    TRY(memory_grow((void **)&decompressed->data, &decompressed->capacity, (size_t)length + 1, 1,
                    "an Arrow buffer", error));
    bert_error reason;
    if (compression_decompress(codec == 0 ? COMPRESSION_LZ4_FRAME : COMPRESSION_ZSTD, span->data,
                               span->size, decompressed->data, (size_t)length, &reason) != BERT_OK)
        return arrow_fail(arrow, reason.message, error);
    *span = (arrow_span){decompressed->data, (size_t)length};
    return BERT_OK;
}

static bert_status find_buffer(arrow *arrow, size_t index, arrow_span *span,
                               arrow_buffer *decompressed, bert_error *error)
{
    flatbuffer *metadata = &arrow->flatbuffer;
    size_t count, buffers = flatbuffer_vector(metadata, arrow->header, 2, 16, &count);
    if (index >= count)
        return arrow_fail(arrow, "fewer buffers than its columns need", error);
    int64_t offset = flatbuffer_number(metadata, buffers + 16 * index, 8);
    int64_t length = flatbuffer_number(metadata, buffers + 16 * index + 8, 8);
    if (metadata->failed || offset < 0 || length < 0 || (uint64_t)offset > arrow->body_size ||
        (uint64_t)length > arrow->body_size - (uint64_t)offset)
        return arrow_fail(arrow, "a buffer that extends past the end of the body", error);
    *span = (arrow_span){length > 0 ? arrow->body.data + offset : (const unsigned char *)"",
                         (size_t)length};
    size_t compression = flatbuffer_table(metadata, arrow->header, 3);
    if (compression == 0)
        return metadata->failed ? arrow_fail(arrow, arrow_damaged, error) : BERT_OK;
    int64_t codec = flatbuffer_integer(metadata, compression, 0, 1, 0);
    if (codec != 0 && codec != 1)
        return arrow_fail(arrow, "an unknown compression", error);
    return decompress(arrow, (int)codec, span, decompressed, error);
}

/* Whether the buffers are long enough for the level's number of rows, so that rows need no further
 * bounds checks. */
static bool is_complete(const arrow_level *level)
{
    uint64_t length = level->length;
    if (level->validity.size > 0 && level->validity.size < length / 8 + (length % 8 > 0))
        return false;
    switch (level->kind) {
    case ARROW_LEVEL_LIST:
    case ARROW_LEVEL_STRING:
        return length == 0 || level->offsets.size / level->width > length;
    case ARROW_LEVEL_INTEGER:
        return level->values.size / level->width >= length;
    case ARROW_LEVEL_BOOLEAN:
        return level->values.size >= length / 8 + (length % 8 > 0);
    default:
        return true;
    }
}

static bert_status load_level(arrow *arrow, arrow_level *level, bert_error *error)
{
    flatbuffer *metadata = &arrow->flatbuffer;
    size_t count, nodes = flatbuffer_vector(metadata, arrow->header, 1, 16, &count);
    if (level->node >= count)
        return arrow_fail(arrow, "fewer nodes than its columns need", error);
    int64_t length = flatbuffer_number(metadata, nodes + 16 * level->node, 8);
    if (length < 0)
        return arrow_fail(arrow, arrow_damaged, error);
    level->length = (uint64_t)length;
    size_t buffer = level->buffer;
    TRY(find_buffer(arrow, buffer++, &level->validity, &level->decompressed[0], error));
    if (level->kind == ARROW_LEVEL_LIST || level->kind == ARROW_LEVEL_STRING)
        TRY(find_buffer(arrow, buffer++, &level->offsets, &level->decompressed[1], error));
    if (level->kind >= ARROW_LEVEL_STRING)
        TRY(find_buffer(arrow, buffer++, &level->values, &level->decompressed[2], error));
    return is_complete(level)
               ? BERT_OK
               : arrow_fail(arrow, "a column that is shorter than its number of rows", error);
}

static bert_status load_column(arrow *arrow, size_t index, bert_error *error)
{
    const arrow_column *column = &arrow->columns[index];
    uint64_t expected = arrow->rows;
    for (size_t i = 0; i < column->level_count; i++) {
        arrow_level *level = &column->levels[i];
        TRY(load_level(arrow, level, error));
        if (expected > level->length)
            return arrow_fail(arrow, "a column of fewer rows than the batch has", error);
        if (level->kind == ARROW_LEVEL_LIST)
            expected = 0; /* find_range checks each list's end against the level below */
        else if (level->kind == ARROW_LEVEL_FIXED_LIST &&
                 __builtin_mul_overflow(level->length, level->list_length, &expected))
            return arrow_fail(arrow, arrow_damaged, error);
        else if (level->kind == ARROW_LEVEL_STRUCT)
            expected = level->length;
    }
    arrow->loaded[index] = true;
    return BERT_OK;
}

static bert_status next_batch(arrow *arrow, bool *found, bert_error *error)
{
    for (;;) {
        TRY(arrow_read_message(arrow, found, error));
        if (!*found)
            return BERT_OK;
        if (arrow->header_type == ARROW_MESSAGE_DICTIONARY)
            continue; /* dictionary-encoded columns are not supported */
        if (arrow->header_type != ARROW_MESSAGE_BATCH)
            return arrow_fail(arrow, "a message that is not a record batch", error);
        int64_t rows = flatbuffer_integer(&arrow->flatbuffer, arrow->header, 0, 8, 0);
        /* A supported column has at least one bit a row, so larger counts cannot be valid. */
        if (arrow->flatbuffer.failed || rows < 0 || rows > INT32_MAX)
            return arrow_fail(arrow, arrow_damaged, error);
        arrow->rows = (uint64_t)rows;
        arrow->row = 0;
        for (size_t i = 0; i < arrow->column_count; i++)
            arrow->loaded[i] = false;
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

/* --------------------------------------------------------------------------------- values --- */

static bool is_null(const arrow_level *level, uint64_t row)
{
    return level->validity.size > 0 && !(level->validity.data[row / 8] >> row % 8 & 1);
}

/* Reads the offsets of row `row` of a list or string level: the range [*begin, *end) within [0,
 * limit). */
static bert_status find_range(const arrow *arrow, const arrow_level *level, uint64_t row,
                              uint64_t limit, uint64_t *begin, uint64_t *end, bert_error *error)
{
    flatbuffer offsets = {.data = level->offsets.data, .size = level->offsets.size};
    int64_t first = flatbuffer_number(&offsets, row * level->width, level->width);
    int64_t last = flatbuffer_number(&offsets, (row + 1) * level->width, level->width);
    if (first < 0 || last < first || (uint64_t)last > limit)
        return arrow_fail(arrow, "a list or string that extends past the end of its column", error);
    *begin = (uint64_t)first;
    *end = (uint64_t)last;
    return BERT_OK;
}

/* The values of a row: a range of rows of the last level. */
typedef struct row_range {
    uint64_t begin, end;
    size_t level; /* the first level that has one row for each value */
} row_range;

static bert_status find_row(arrow *arrow, size_t index, row_range *range, bert_error *error)
{
    if (!arrow->loaded[index])
        TRY(load_column(arrow, index, error));
    const arrow_column *column = &arrow->columns[index];
    *range = (row_range){.begin = arrow->row - 1, .end = arrow->row};
    if (!column->is_list)
        return BERT_OK;
    const arrow_level *level = column->levels;
    uint64_t row = arrow->row - 1;
    bool null = is_null(level, row);
    while (level->kind == ARROW_LEVEL_STRUCT)
        null |= is_null(++level, row);
    range->level = (size_t)(level - column->levels) + 1;
    range->begin = range->end = 0;
    if (null)
        return BERT_OK;
    if (level->kind == ARROW_LEVEL_LIST)
        return find_range(arrow, level, row, level[1].length, &range->begin, &range->end, error);
    range->begin = row * level->list_length;
    range->end = range->begin + level->list_length;
    return BERT_OK;
}

static bool is_value_null(const arrow_column *column, size_t level, uint64_t row)
{
    for (; level < column->level_count; level++)
        if (is_null(&column->levels[level], row))
            return true;
    return false;
}

bert_status arrow_value_count(arrow *arrow, size_t column, size_t *count, bert_error *error)
{
    row_range range;
    TRY(find_row(arrow, column, &range, error));
    *count = (size_t)(range.end - range.begin);
    return BERT_OK;
}

bert_status arrow_text(arrow *arrow, size_t column, size_t index, const char **data, size_t *length,
                       bert_error *error)
{
    row_range range;
    TRY(find_row(arrow, column, &range, error));
    uint64_t row = range.begin + index, begin = 0, end = 0;
    const arrow_level *strings =
        &arrow->columns[column].levels[arrow->columns[column].level_count - 1];
    *data = NULL;
    *length = 0;
    if (is_value_null(&arrow->columns[column], range.level, row))
        return BERT_OK;
    TRY(find_range(arrow, strings, row, strings->values.size, &begin, &end, error));
    *data = (const char *)strings->values.data + begin;
    *length = (size_t)(end - begin);
    return BERT_OK;
}

static int64_t integer_at(const unsigned char *bytes, unsigned width, bool is_signed)
{
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    switch (width) {
    case 1:
        return is_signed ? (int8_t)*bytes : (int64_t)*bytes;
    case 2:
        memcpy(&two, bytes, sizeof two);
        two = le16toh(two);
        return is_signed ? (int16_t)two : (int64_t)two;
    case 4:
        memcpy(&four, bytes, sizeof four);
        four = le32toh(four);
        return is_signed ? (int32_t)four : (int64_t)four;
    default:
        memcpy(&eight, bytes, sizeof eight);
        return (int64_t)le64toh(eight);
    }
}

bert_status arrow_integers(arrow *arrow, size_t column, int64_t *values, bert_error *error)
{
    row_range range;
    TRY(find_row(arrow, column, &range, error));
    const arrow_column *info = &arrow->columns[column];
    const arrow_level *integers = &info->levels[info->level_count - 1];
    for (uint64_t row = range.begin; row < range.end; row++) {
        if (is_value_null(info, range.level, row))
            return arrow_fail(arrow, "a null where an integer was expected", error);
        if (integers->kind == ARROW_LEVEL_BOOLEAN) {
            *values++ = integers->values.data[row / 8] >> row % 8 & 1;
            continue;
        }
        *values = integer_at(integers->values.data + row * integers->width, integers->width,
                             integers->is_signed);
        if (*values < 0 && !integers->is_signed)
            return arrow_fail(arrow, "an integer of more than 63 bits", error);
        values++;
    }
    return BERT_OK;
}
