/* The pages of one Parquet column: a dictionary, then pages of levels and values. */
#include "base/memory.h"
#include "formats/parquet_file.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

bert_status parquet_page_error(const parquet_cursor *cursor, const char *what, bert_error *error)
{
    return error_set(error, BERT_ERROR_INPUT,
                     "%s: byte %llu, in the Parquet page of column \"%s\" that begins there: %s",
                     cursor->file->name, (unsigned long long)cursor->page_offset,
                     cursor->column->name, what);
}

bert_status parquet_buffer_grow(parquet_buffer *buffer, size_t size, bert_error *error)
{
    return memory_grow((void **)&buffer->data, &buffer->capacity, size > 0 ? size : 1, 1,
                       "a Parquet page", error);
}

/* Reads the compressed bytes of a page into cursor->compressed. */
static bert_status read_body(parquet_cursor *cursor, const parquet_page_header *header,
                             bert_error *error)
{
    size_t size = (size_t)header->compressed_size;
    TRY(parquet_buffer_grow(&cursor->compressed, size, error));
    TRY(parquet_read_at(cursor->file, cursor->position, cursor->compressed.data, size, error));
    cursor->position += size;
    if (header->has_checksum &&
        (uint32_t)crc32(0, cursor->compressed.data, (unsigned)size) != header->checksum)
        return parquet_page_error(cursor, "its checksum does not match: it is damaged", error);
    return BERT_OK;
}

static bert_status decompress(parquet_cursor *cursor, compression kind, size_t skipped,
                              const parquet_page_header *header, parquet_buffer *out,
                              bert_error *error)
{
    size_t size = (size_t)header->size - skipped;
    size_t compressed = (size_t)header->compressed_size - skipped;
    if (size > compression_bound(kind, compressed))
        return parquet_page_error(cursor, "its size is more than its bytes can hold", error);
    TRY(parquet_buffer_grow(out, size, error));
    bert_error reason;
    if (compression_decompress(kind, cursor->compressed.data + skipped, compressed, out->data, size,
                               &reason) != BERT_OK)
        return parquet_page_error(cursor, reason.message, error);
    return BERT_OK;
}

/* ------------------------------------------------------------------------------ dictionary --- */

static bert_status read_dictionary(parquet_cursor *cursor, const parquet_page_header *header,
                                   bert_error *error)
{
    if (cursor->has_dictionary || header->values < 0)
        return parquet_page_error(cursor, "a second dictionary, or one without a size", error);
    if ((header->encoding != PARQUET_PLAIN && header->encoding != PARQUET_PLAIN_DICTIONARY) ||
        cursor->column->physical_type == PARQUET_BOOLEAN)
        return parquet_page_error(cursor, "a dictionary in an unknown encoding", error);
    TRY(read_body(cursor, header, error));
    TRY(decompress(cursor, cursor->chunk->compression, 0, header, &cursor->dictionary_page, error));
    const unsigned char *data = cursor->dictionary_page.data;
    size_t size = (size_t)header->size, count = (size_t)header->values;
    if (count > size / 4) /* a string takes at least 4 bytes (its length), and so does a number */
        return parquet_page_error(cursor, "a dictionary with fewer values than its header declares",
                                  error);
    TRY(memory_grow((void **)&cursor->dictionary, &cursor->dictionary_capacity, count + 1,
                    sizeof *cursor->dictionary, "a dictionary of strings", error));
    for (size_t i = 0; i < count; i++)
        if (!parquet_take_plain(cursor->column, &data, &size, &cursor->dictionary[i]))
            return parquet_page_error(
                cursor, "a string of the dictionary extends past the end of the page", error);
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

/* Takes the levels at the beginning of a version 1 page: their length, then runs. The oldest
 * writers packed them instead, without a length. */
static bert_status take_levels(parquet_cursor *cursor, run_reader *levels, unsigned maximum,
                               int32_t encoding, bert_error *error)
{
    *levels = (run_reader){0};
    if (maximum == 0)
        return BERT_OK;
    unsigned width = bit_width(maximum);
    parquet_string runs;
    if (encoding == PARQUET_BIT_PACKED) {
        uint64_t bits = (uint64_t)cursor->page_values * width;
        size_t size = (size_t)((bits + 7) / 8);
        if (size > cursor->values_size)
            return parquet_page_error(cursor, "its levels extend past the end of the page", error);
        *levels = run_reader_packed(cursor->values, size, width, cursor->page_values);
        cursor->values += size;
        cursor->values_size -= size;
        return BERT_OK;
    }
    if (encoding != PARQUET_RLE)
        return parquet_page_error(cursor, "levels in an unknown encoding", error);
    if (!parquet_take_string(&cursor->values, &cursor->values_size, &runs))
        return parquet_page_error(cursor, "its levels extend past the end of the page", error);
    *levels = (run_reader){.data = runs.data, .size = runs.length, .width = width};
    return BERT_OK;
}

static bert_status begin_page_v1(parquet_cursor *cursor, const parquet_page_header *header,
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

static bert_status begin_page_v2(parquet_cursor *cursor, const parquet_page_header *header,
                                 bert_error *error)
{
    int64_t levels = (int64_t)header->repetition_size + header->definition_size;
    if (header->repetition_size < 0 || header->definition_size < 0 ||
        levels > header->compressed_size || levels > header->size)
        return parquet_page_error(cursor, "its levels extend past the end of the page", error);
    bool compressed = header->compressed || cursor->file->always_compressed;
    cursor->values_size = (size_t)(header->size - levels);
    if (header->compressed_size == levels) /* nulls only: nothing was compressed */
        cursor->values_size = 0;
    else
        TRY(decompress(cursor, compressed ? cursor->chunk->compression : COMPRESSION_NONE,
                       (size_t)levels, header, &cursor->page, error));
    cursor->values = cursor->page.data;
    /* The levels stay in `compressed`, which is not reused before the next page. */
    cursor->repetitions = (run_reader){.data = cursor->compressed.data,
                                       .size = (size_t)header->repetition_size,
                                       .width = bit_width(cursor->column->max_repetition)};
    cursor->definitions = (run_reader){.data = cursor->compressed.data + header->repetition_size,
                                       .size = (size_t)header->definition_size,
                                       .width = bit_width(cursor->column->max_definition)};
    return BERT_OK;
}

static bert_status begin_data_page(parquet_cursor *cursor, const parquet_page_header *header,
                                   bert_error *error)
{
    if (header->values < 0 || (uint64_t)header->values > cursor->chunk_values)
        return parquet_page_error(cursor, "it has more values than its column chunk declares",
                                  error);
    TRY(read_body(cursor, header, error));
    cursor->page_values = (uint32_t)header->values;
    cursor->chunk_values -= cursor->page_values;
    cursor->encoding = (parquet_encoding)header->encoding;
    TRY(header->type == PARQUET_PAGE_DATA ? begin_page_v1(cursor, header, error)
                                          : begin_page_v2(cursor, header, error));
    return parquet_begin_values(cursor, error);
}

static void next_chunk(parquet_cursor *cursor)
{
    cursor->chunk = &cursor->chunks[cursor->next_chunk++];
    cursor->position = cursor->page_offset = cursor->chunk->start;
    cursor->chunk_values = cursor->chunk->values;
    cursor->has_dictionary = false;
    text_clear(&cursor->previous);
}

bert_status parquet_next_page(parquet_cursor *cursor, bool *found, bert_error *error)
{
    for (*found = true; cursor->page_values == 0;) {
        if (cursor->chunk_values == 0) {
            *found = cursor->next_chunk < cursor->chunk_count;
            if (!*found)
                return BERT_OK;
            next_chunk(cursor);
            continue;
        }
        if (cursor->position >= cursor->chunk->end)
            return parquet_page_error(cursor, "the column chunk ends after it, with values missing",
                                      error);
        parquet_page_header header;
        TRY(parquet_read_header(cursor, &header, error));
        if (header.type == PARQUET_PAGE_DATA || header.type == PARQUET_PAGE_DATA_V2)
            TRY(begin_data_page(cursor, &header, error));
        else if (header.type == PARQUET_PAGE_DICTIONARY)
            TRY(read_dictionary(cursor, &header, error));
        else if (header.type == PARQUET_PAGE_INDEX)
            cursor->position += (uint64_t)header.compressed_size;
        else
            return parquet_page_error(cursor, "a page of an unknown kind", error);
    }
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
    text_free(&cursor->previous);
    text_free(&cursor->number);
    free(cursor);
}

uint64_t parquet_cursor_offset(const parquet_cursor *cursor)
{
    return cursor->page_offset;
}
