/* The pages of one Parquet column, and the values in them. */
#include "base/memory.h"
#include "base/text.h"
#include "formats/bit_reader.h"
#include "formats/parquet_file.h"
#include "formats/thrift.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    HEADER_READ_SIZE =
        4096, /* first try; a header may hold statistics, which may be long strings */
    HEADER_LIMIT = 1 << 24,
    PAGE_LIMIT = 1 << 29,
    PAGE_VALUES_LIMIT = 1 << 26,
};

enum { PAGE_DATA = 0, PAGE_INDEX = 1, PAGE_DICTIONARY = 2, PAGE_DATA_V2 = 3 };

typedef enum encoding {
    ENCODING_PLAIN = 0,
    ENCODING_PLAIN_DICTIONARY = 2,
    ENCODING_RLE = 3,
    ENCODING_DELTA_INTEGERS = 5,
    ENCODING_DELTA_LENGTH = 6,
    ENCODING_DELTA_STRINGS = 7,
    ENCODING_RLE_DICTIONARY = 8,
} encoding;

typedef struct page_header {
    int32_t type, size, compressed_size;
    bool has_checksum;
    uint32_t checksum;
    int32_t values, encoding;
    int32_t definition_encoding, repetition_encoding; /* version 1 */
    int32_t definition_size, repetition_size;         /* version 2 */
    bool compressed;                                  /* version 2: the values are compressed */
} page_header;

typedef struct buffer {
    unsigned char *data; /* owned */
    size_t capacity;
} buffer;

typedef struct string {
    const unsigned char *data;
    size_t length;
} string;

struct parquet_cursor {
    const parquet *file;
    const parquet_column *column;
    parquet_chunk *chunks; /* owned, [chunk_count] */
    size_t chunk_count, next_chunk;
    const parquet_chunk *chunk; /* NULL before the first */
    uint64_t position;          /* byte offset of the next page */
    uint64_t chunk_values;      /* left in the following pages */
    uint64_t page_offset;       /* byte offset of the current page */

    buffer compressed, page, dictionary_page;
    string *dictionary; /* owned; points into dictionary_page */
    size_t dictionary_size, dictionary_capacity;
    bool has_dictionary;

    /* What remains of the current page. */
    uint32_t page_values;
    encoding encoding;
    run_reader definitions, repetitions, indices;
    const unsigned char *values;
    size_t values_size;
    uint32_t *lengths, *prefixes; /* owned; for the delta encodings */
    size_t length_count, prefix_count, next_length;
    text previous; /* ENCODING_DELTA_STRINGS: the previous string, whose prefix the next one shares
                    */
    text number;   /* of a column of numbers: the last value, formatted */
    int64_t *integers;      /* ENCODING_DELTA_INTEGERS: [length_count], owned */
    unsigned char bytes[8]; /* the last value that was not stored as its bytes */

    /* The levels of the next value, if `pending`. */
    bool pending;
    uint32_t definition, repetition;
};

static bert_status page_error(const parquet_cursor *cursor, const char *what, bert_error *error)
{
    return error_set(error, BERT_ERROR_INPUT,
                     "%s: byte %llu, in the Parquet page of column \"%s\" that begins there: %s",
                     cursor->file->name, (unsigned long long)cursor->page_offset,
                     cursor->column->name, what);
}

/* ---------------------------------------------------------------------------------- header --- */

static void read_data_header(thrift *thrift, page_header *header)
{
    for (thrift_field field = {0}; thrift_next_field(thrift, &field);) {
        switch (field.id) {
        case 1:
            header->values = thrift_integer32(thrift, &field);
            break;
        case 2:
            header->encoding = thrift_integer32(thrift, &field);
            break;
        case 3:
            header->definition_encoding = thrift_integer32(thrift, &field);
            break;
        case 4:
            header->repetition_encoding = thrift_integer32(thrift, &field);
            break;
        default:
            thrift_skip(thrift, &field);
        }
    }
}

static void read_dictionary_header(thrift *thrift, page_header *header)
{
    for (thrift_field field = {0}; thrift_next_field(thrift, &field);) {
        switch (field.id) {
        case 1:
            header->values = thrift_integer32(thrift, &field);
            break;
        case 2:
            header->encoding = thrift_integer32(thrift, &field);
            break;
        default:
            thrift_skip(thrift, &field);
        }
    }
}

static void read_data_header_v2(thrift *thrift, page_header *header)
{
    for (thrift_field field = {0}; thrift_next_field(thrift, &field);) {
        switch (field.id) {
        case 1:
            header->values = thrift_integer32(thrift, &field);
            break;
        case 4:
            header->encoding = thrift_integer32(thrift, &field);
            break;
        case 5:
            header->definition_size = thrift_integer32(thrift, &field);
            break;
        case 6:
            header->repetition_size = thrift_integer32(thrift, &field);
            break;
        case 7:
            header->compressed = thrift_boolean(thrift, &field);
            break;
        default:
            thrift_skip(thrift, &field);
        }
    }
}

static bool parse_header(thrift *thrift, page_header *header)
{
    *header = (page_header){.type = -1, .values = -1, .compressed = true};
    for (thrift_field field = {0}; thrift_next_field(thrift, &field);) {
        switch (field.id) {
        case 1:
            header->type = thrift_integer32(thrift, &field);
            break;
        case 2:
            header->size = thrift_integer32(thrift, &field);
            break;
        case 3:
            header->compressed_size = thrift_integer32(thrift, &field);
            break;
        case 4:
            header->checksum = (uint32_t)thrift_integer32(thrift, &field);
            header->has_checksum = true;
            break;
        case 5:
            thrift_struct(thrift, &field);
            read_data_header(thrift, header);
            break;
        case 7:
            thrift_struct(thrift, &field);
            read_dictionary_header(thrift, header);
            break;
        case 8:
            thrift_struct(thrift, &field);
            read_data_header_v2(thrift, header);
            break;
        default:
            thrift_skip(thrift, &field);
        }
    }
    return !thrift->failed;
}

static bert_status grow(buffer *buffer, size_t size, bert_error *error)
{
    return memory_grow((void **)&buffer->data, &buffer->capacity, size > 0 ? size : 1, 1,
                       "a Parquet page", error);
}

static bert_status read_header(parquet_cursor *cursor, page_header *header, bert_error *error)
{
    uint64_t left = cursor->chunk->end - cursor->position;
    cursor->page_offset = cursor->position;
    for (size_t read_size = HEADER_READ_SIZE;; read_size *= 8) {
        size_t size = read_size < left ? read_size : (size_t)left;
        TRY(grow(&cursor->compressed, size, error));
        TRY(parquet_read_at(cursor->file, cursor->position, cursor->compressed.data, size, error));
        thrift thrift = {.data = cursor->compressed.data, .size = size};
        if (parse_header(&thrift, header)) {
            cursor->position += thrift.at;
            left -= thrift.at;
            break;
        }
        if (size == left || read_size >= HEADER_LIMIT)
            return page_error(cursor, "its header is damaged or truncated", error);
    }
    if (header->size < 0 || header->compressed_size < 0 || (uint64_t)header->compressed_size > left)
        return page_error(cursor, "it extends past the end of its column chunk", error);
    if (header->size > PAGE_LIMIT || header->compressed_size > PAGE_LIMIT ||
        header->values > PAGE_VALUES_LIMIT)
        return page_error(cursor, "it is larger than 512 MiB, or has more than 2^26 values", error);
    return BERT_OK;
}

/* Reads the compressed bytes of a page into cursor->compressed. */
static bert_status read_body(parquet_cursor *cursor, const page_header *header, bert_error *error)
{
    size_t size = (size_t)header->compressed_size;
    TRY(grow(&cursor->compressed, size, error));
    TRY(parquet_read_at(cursor->file, cursor->position, cursor->compressed.data, size, error));
    cursor->position += size;
    if (header->has_checksum &&
        (uint32_t)crc32(0, cursor->compressed.data, (unsigned)size) != header->checksum)
        return page_error(cursor, "its checksum does not match: it is damaged", error);
    return BERT_OK;
}

static bert_status decompress(parquet_cursor *cursor, compression kind, size_t skipped,
                              const page_header *header, buffer *out, bert_error *error)
{
    size_t size = (size_t)header->size - skipped;
    TRY(grow(out, size, error));
    bert_error reason;
    if (compression_decompress(kind, cursor->compressed.data + skipped,
                               (size_t)header->compressed_size - skipped, out->data, size,
                               &reason) != BERT_OK)
        return page_error(cursor, reason.message, error);
    return BERT_OK;
}

/* ------------------------------------------------------------------------------ dictionary --- */

static bool take_string(const unsigned char **data, size_t *size, string *value)
{
    if (*size < 4)
        return false;
    const unsigned char *at = *data;
    uint32_t length =
        (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    if (length > *size - 4)
        return false;
    *value = (string){.data = at + 4, .length = length};
    *data += 4 + (size_t)length;
    *size -= 4 + (size_t)length;
    return true;
}

static bool take_plain(const parquet_column *column, const unsigned char **data, size_t *size,
                       string *value)
{
    if (!column->is_number && !column->is_integer)
        return take_string(data, size, value);
    *value = (string){.data = *data, .length = parquet_number_size(column->physical_type)};
    if (value->length > *size)
        return false;
    *data += value->length;
    *size -= value->length;
    return true;
}

static bert_status read_dictionary(parquet_cursor *cursor, const page_header *header,
                                   bert_error *error)
{
    if (cursor->has_dictionary || header->values < 0)
        return page_error(cursor, "a second dictionary, or one without a size", error);
    if (header->encoding != ENCODING_PLAIN && header->encoding != ENCODING_PLAIN_DICTIONARY)
        return page_error(cursor, "a dictionary in an unknown encoding", error);
    TRY(read_body(cursor, header, error));
    TRY(decompress(cursor, cursor->chunk->compression, 0, header, &cursor->dictionary_page, error));
    const unsigned char *data = cursor->dictionary_page.data;
    size_t size = (size_t)header->size, count = (size_t)header->values;
    if (count > size / 4) /* a string takes at least 4 bytes (its length), and so does a number */
        return page_error(cursor, "a dictionary with fewer values than its header declares", error);
    TRY(memory_grow((void **)&cursor->dictionary, &cursor->dictionary_capacity, count + 1,
                    sizeof *cursor->dictionary, "a dictionary of strings", error));
    for (size_t i = 0; i < count; i++)
        if (!take_plain(cursor->column, &data, &size, &cursor->dictionary[i]))
            return page_error(cursor, "a string of the dictionary extends past the end of the page",
                              error);
    cursor->dictionary_size = count;
    cursor->has_dictionary = true;
    return BERT_OK;
}

/* ------------------------------------------------------------------------------- data pages --- */

static unsigned bit_width(unsigned maximum)
{
    unsigned width = 0;
    while (maximum >> width)
        width++;
    return width;
}

/* Takes the levels at the beginning of a version 1 page: their length, then runs. */
static bert_status take_levels(parquet_cursor *cursor, run_reader *levels, unsigned maximum,
                               int32_t encoding, bert_error *error)
{
    *levels = (run_reader){0};
    if (maximum == 0)
        return BERT_OK;
    if (encoding != ENCODING_RLE)
        return page_error(
            cursor, "levels in the deprecated BIT_PACKED encoding, which is not supported", error);
    string runs;
    if (!take_string(&cursor->values, &cursor->values_size, &runs))
        return page_error(cursor, "its levels extend past the end of the page", error);
    *levels = (run_reader){.data = runs.data, .size = runs.length, .width = bit_width(maximum)};
    return BERT_OK;
}

static bert_status begin_page_v1(parquet_cursor *cursor, const page_header *header,
                                 bert_error *error)
{
    TRY(decompress(cursor, cursor->chunk->compression, 0, header, &cursor->page, error));
    cursor->values = cursor->page.data;
    cursor->values_size = (size_t)header->size;
    TRY(take_levels(cursor, &cursor->repetitions, cursor->column->max_repetition,
                    header->repetition_encoding, error));
    return take_levels(cursor, &cursor->definitions, cursor->column->max_definition,
                       header->definition_encoding, error);
}

static bert_status begin_page_v2(parquet_cursor *cursor, const page_header *header,
                                 bert_error *error)
{
    int64_t levels = (int64_t)header->repetition_size + header->definition_size;
    if (header->repetition_size < 0 || header->definition_size < 0 ||
        levels > header->compressed_size || levels > header->size)
        return page_error(cursor, "its levels extend past the end of the page", error);
    TRY(decompress(cursor, header->compressed ? cursor->chunk->compression : COMPRESSION_NONE,
                   (size_t)levels, header, &cursor->page, error));
    cursor->values = cursor->page.data;
    cursor->values_size = (size_t)(header->size - levels);
    /* The levels stay in `compressed`, which is not reused before the next page. */
    cursor->repetitions = (run_reader){.data = cursor->compressed.data,
                                       .size = (size_t)header->repetition_size,
                                       .width = bit_width(cursor->column->max_repetition)};
    cursor->definitions = (run_reader){.data = cursor->compressed.data + header->repetition_size,
                                       .size = (size_t)header->definition_size,
                                       .width = bit_width(cursor->column->max_definition)};
    return BERT_OK;
}

static bert_status take_deltas(parquet_cursor *cursor, uint32_t **values, size_t *count,
                               bert_error *error)
{
    free(*values);
    size_t taken;
    bert_error reason;
    bert_status status = delta_read(cursor->values, cursor->values_size, cursor->page_values,
                                    values, count, &taken, &reason);
    if (status == BERT_ERROR_MEMORY)
        return error_set(error, status, "%s", reason.message);
    if (status != BERT_OK)
        return page_error(cursor, reason.message, error);
    cursor->values += taken;
    cursor->values_size -= taken;
    return BERT_OK;
}

/* One bit each, or runs of them after their length in bytes. */
static bert_status begin_booleans(parquet_cursor *cursor, bert_error *error)
{
    string runs = {.data = cursor->values, .length = cursor->values_size};
    if (cursor->encoding == ENCODING_PLAIN)
        cursor->indices = (run_reader){.data = runs.data,
                                       .size = runs.length,
                                       .at = runs.length,
                                       .width = 1,
                                       .packed = true,
                                       .left = (uint64_t)runs.length * 8};
    else if (cursor->encoding != ENCODING_RLE)
        return page_error(cursor, "an unsupported encoding of booleans", error);
    else if (!take_string(&cursor->values, &cursor->values_size, &runs))
        return page_error(cursor, "its values extend past the end of the page", error);
    else
        cursor->indices = (run_reader){.data = runs.data, .size = runs.length, .width = 1};
    return BERT_OK;
}

static bert_status begin_integers(parquet_cursor *cursor, bert_error *error)
{
    if (!cursor->column->is_integer)
        return page_error(cursor, "an encoding of integers in a column of another type", error);
    free(cursor->integers);
    bert_error reason;
    bert_status status =
        delta_read_integers(cursor->values, cursor->values_size, cursor->page_values,
                            &cursor->integers, &cursor->length_count, &reason);
    if (status == BERT_ERROR_MEMORY)
        return error_set(error, status, "%s", reason.message);
    return status == BERT_OK ? BERT_OK : page_error(cursor, reason.message, error);
}

static bert_status begin_values(parquet_cursor *cursor, bert_error *error)
{
    cursor->next_length = 0;
    text_clear(&cursor->previous);
    if ((cursor->column->is_number || cursor->column->is_integer) &&
        (cursor->encoding == ENCODING_DELTA_STRINGS || cursor->encoding == ENCODING_DELTA_LENGTH))
        return page_error(cursor, "an encoding that does not apply to numbers", error);
    if (cursor->column->physical_type == PARQUET_BOOLEAN)
        return begin_booleans(cursor, error);
    switch (cursor->encoding) {
    case ENCODING_PLAIN:
        return BERT_OK;
    case ENCODING_DELTA_INTEGERS:
        return begin_integers(cursor, error);
    case ENCODING_DELTA_STRINGS:
        TRY(take_deltas(cursor, &cursor->prefixes, &cursor->prefix_count, error));
        TRY(take_deltas(cursor, &cursor->lengths, &cursor->length_count, error));
        return cursor->prefix_count == cursor->length_count
                   ? BERT_OK
                   : page_error(cursor, "damaged delta-encoded strings", error);
    case ENCODING_DELTA_LENGTH:
        return take_deltas(cursor, &cursor->lengths, &cursor->length_count, error);
    case ENCODING_PLAIN_DICTIONARY:
    case ENCODING_RLE_DICTIONARY:
        if (!cursor->has_dictionary)
            return page_error(cursor, "it needs a dictionary, but there is none", error);
        cursor->indices = (run_reader){0};
        if (cursor->values_size == 0) /* nulls only */
            return BERT_OK;
        if (cursor->values[0] > 32)
            return page_error(cursor, "dictionary indices of more than 32 bits", error);
        cursor->indices = (run_reader){.data = cursor->values + 1,
                                       .size = cursor->values_size - 1,
                                       .width = cursor->values[0]};
        return BERT_OK;
    default:
        return page_error(cursor, "an unsupported encoding", error);
    }
}

static bert_status begin_data_page(parquet_cursor *cursor, const page_header *header,
                                   bert_error *error)
{
    if (header->values < 0 || (uint64_t)header->values > cursor->chunk_values)
        return page_error(cursor, "it has more values than its column chunk declares", error);
    TRY(read_body(cursor, header, error));
    cursor->page_values = (uint32_t)header->values;
    cursor->chunk_values -= cursor->page_values;
    cursor->encoding = (encoding)header->encoding;
    TRY(header->type == PAGE_DATA ? begin_page_v1(cursor, header, error)
                                  : begin_page_v2(cursor, header, error));
    return begin_values(cursor, error);
}

/* Advances to the next page that has values; *found is false after the last. */
static bert_status next_page(parquet_cursor *cursor, bool *found, bert_error *error)
{
    for (*found = true; cursor->page_values == 0;) {
        if (cursor->chunk_values == 0) {
            *found = cursor->next_chunk < cursor->chunk_count;
            if (!*found)
                return BERT_OK;
            cursor->chunk = &cursor->chunks[cursor->next_chunk++];
            cursor->position = cursor->page_offset = cursor->chunk->start;
            cursor->chunk_values = cursor->chunk->values;
            cursor->has_dictionary = false;
            continue;
        }
        if (cursor->position >= cursor->chunk->end)
            return page_error(cursor, "the column chunk ends after it, with values missing", error);
        page_header header;
        TRY(read_header(cursor, &header, error));
        if (header.type == PAGE_DATA || header.type == PAGE_DATA_V2)
            TRY(begin_data_page(cursor, &header, error));
        else if (header.type == PAGE_DICTIONARY)
            TRY(read_dictionary(cursor, &header, error));
        else if (header.type == PAGE_INDEX)
            cursor->position += (uint64_t)header.compressed_size;
        else
            return page_error(cursor, "a page of an unknown kind", error);
    }
    return BERT_OK;
}

/* ---------------------------------------------------------------------------------- values --- */

static bool take_bytes(parquet_cursor *cursor, size_t length, string *value)
{
    if (length > cursor->values_size)
        return false;
    *value = (string){.data = cursor->values, .length = length};
    cursor->values += length;
    cursor->values_size -= length;
    return true;
}

static bert_status take_shared(parquet_cursor *cursor, string *value, bert_error *error)
{
    size_t prefix = cursor->prefixes[cursor->next_length];
    if (prefix > cursor->previous.length ||
        !take_bytes(cursor, cursor->lengths[cursor->next_length], value))
        return page_error(cursor, "a string extends past the end of the page", error);
    cursor->next_length++;
    cursor->previous.length = prefix;
    TRY(text_append(&cursor->previous, (const char *)value->data, value->length, error));
    *value = (string){.data = (const unsigned char *)cursor->previous.data,
                      .length = cursor->previous.length};
    return BERT_OK;
}

/* The value as its bytes in little-endian order. */
static string take_integer_bytes(parquet_cursor *cursor, int64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        cursor->bytes[i] = (unsigned char)((uint64_t)value >> 8 * i);
    return (string){.data = cursor->bytes, .length = size};
}

static bert_status take_value(parquet_cursor *cursor, string *value, bert_error *error)
{
    uint32_t index;
    if (cursor->column->physical_type == PARQUET_BOOLEAN) {
        if (!run_reader_next(&cursor->indices, &index))
            return page_error(cursor, "fewer booleans than values", error);
        *value = take_integer_bytes(cursor, index, 1);
        return BERT_OK;
    }
    switch (cursor->encoding) {
    case ENCODING_DELTA_INTEGERS:
        if (cursor->next_length == cursor->length_count)
            return page_error(cursor, "fewer integers than values", error);
        *value = take_integer_bytes(cursor, cursor->integers[cursor->next_length++],
                                    parquet_number_size(cursor->column->physical_type));
        return BERT_OK;
    case ENCODING_PLAIN:
        if (take_plain(cursor->column, &cursor->values, &cursor->values_size, value))
            return BERT_OK;
        break;
    case ENCODING_DELTA_LENGTH:
        if (cursor->next_length < cursor->length_count &&
            take_bytes(cursor, cursor->lengths[cursor->next_length++], value))
            return BERT_OK;
        break;
    case ENCODING_DELTA_STRINGS:
        if (cursor->next_length < cursor->length_count)
            return take_shared(cursor, value, error);
        break;
    default:
        if (!run_reader_next(&cursor->indices, &index))
            return page_error(cursor, "fewer dictionary indices than values", error);
        if (index >= cursor->dictionary_size)
            return page_error(cursor, "an index outside of its dictionary", error);
        *value = cursor->dictionary[index];
        return BERT_OK;
    }
    return page_error(cursor, "a string extends past the end of the page", error);
}

/* Reads the levels of the next value unless they are pending; *found is false after the last value.
 */
static bert_status next_levels(parquet_cursor *cursor, bool *found, bert_error *error)
{
    *found = true;
    if (cursor->pending)
        return BERT_OK;
    TRY(next_page(cursor, found, error));
    if (!*found)
        return BERT_OK;
    const parquet_column *column = cursor->column;
    cursor->definition = column->max_definition;
    cursor->repetition = 0;
    if (column->max_repetition > 0 && !run_reader_next(&cursor->repetitions, &cursor->repetition))
        return page_error(cursor, "fewer repetition levels than values", error);
    if (column->max_definition > 0 && !run_reader_next(&cursor->definitions, &cursor->definition))
        return page_error(cursor, "fewer definition levels than values", error);
    if (cursor->definition > column->max_definition || cursor->repetition > column->max_repetition)
        return page_error(cursor, "a level above the maximum of its column", error);
    cursor->page_values--;
    cursor->pending = true;
    return BERT_OK;
}

bert_status parquet_next_row(parquet_cursor *cursor, bool *found, bert_error *error)
{
    TRY(next_levels(cursor, found, error));
    while (*found && cursor->repetition != 0) { /* skip the unread values of the previous row */
        const char *data;
        size_t length;
        bool any;
        TRY(parquet_next_value(cursor, &data, &length, &any, error));
        TRY(next_levels(cursor, found, error));
    }
    cursor->repetition =
        UINT32_MAX; /* so that parquet_next_value takes the first value of the row */
    return BERT_OK;
}

bert_status parquet_next_value(parquet_cursor *cursor, const char **data, size_t *length,
                               bool *found, bert_error *error)
{
    TRY(next_levels(cursor, found, error));
    if (!*found || cursor->repetition == 0) {
        *found = false;
        return BERT_OK;
    }
    cursor->pending = false;
    *data = NULL;
    *length = 0;
    if (cursor->definition < cursor->column->max_definition)
        return BERT_OK;
    string value;
    TRY(take_value(cursor, &value, error));
    if (cursor->column->is_number) {
        TRY(parquet_number_format(&cursor->number, cursor->column->physical_type, value.data,
                                  error));
        value = (string){.data = (const unsigned char *)cursor->number.data,
                         .length = cursor->number.length};
    }
    *data = (const char *)value.data;
    *length = value.length;
    return BERT_OK;
}

bert_status parquet_next_integer(parquet_cursor *cursor, int64_t *value, bool *is_null, bool *found,
                                 bert_error *error)
{
    const parquet_column *column = cursor->column;
    *is_null = false;
    TRY(next_levels(cursor, found, error));
    if (!*found || cursor->repetition == 0) {
        *found = false;
        return BERT_OK;
    }
    cursor->pending = false;
    *found = column->max_repetition == 0 || cursor->definition >= column->list_definition;
    *is_null = cursor->definition < column->max_definition;
    if (!*found || *is_null)
        return BERT_OK;
    string taken;
    TRY(take_value(cursor, &taken, error));
    uint64_t bits = 0;
    for (size_t i = taken.length; i-- > 0;)
        bits = bits << 8 | taken.data[i];
    *value = column->physical_type == PARQUET_INT32 ? (int32_t)(uint32_t)bits : (int64_t)bits;
    return BERT_OK;
}

/* ---------------------------------------------------------------------------------- cursor --- */

bert_status parquet_cursor_open(parquet_cursor **out, const parquet *parquet, size_t column,
                                bert_error *error)
{
    *out = NULL;
    parquet_cursor *cursor;
    TRY(memory_array((void **)&cursor, 1, sizeof *cursor, "a Parquet reader", error));
    cursor->file = parquet;
    cursor->column = &parquet->columns[column];
    bert_status status =
        parquet_find_chunks(parquet, column, &cursor->chunks, &cursor->chunk_count, error);
    if (status != BERT_OK)
        parquet_cursor_close(cursor);
    else
        *out = cursor;
    return status;
}

void parquet_cursor_close(parquet_cursor *cursor)
{
    if (!cursor)
        return;
    free(cursor->chunks);
    free(cursor->compressed.data);
    free(cursor->page.data);
    free(cursor->dictionary_page.data);
    free(cursor->dictionary);
    free(cursor->lengths);
    free(cursor->prefixes);
    free(cursor->integers);
    text_free(&cursor->previous);
    text_free(&cursor->number);
    free(cursor);
}

uint64_t parquet_cursor_offset(const parquet_cursor *cursor)
{
    return cursor->page_offset;
}
