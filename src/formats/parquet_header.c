/* The headers of pages, in Thrift's compact protocol. */
#include "base/memory.h"
#include "formats/parquet_file.h"

enum {
    HEADER_READ_SIZE =
        4096, /* first try; a header may hold statistics, which may be long strings */
    HEADER_LIMIT = 1 << 24,
};

static void read_data_header(thrift *thrift, parquet_page_header *header)
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

static void read_dictionary_header(thrift *thrift, parquet_page_header *header)
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

static void read_data_header_v2(thrift *thrift, parquet_page_header *header)
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

static bool parse_header(thrift *thrift, parquet_page_header *header)
{
    *header = (parquet_page_header){.type = -1, .values = -1, .compressed = true};
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

bert_status parquet_read_header(parquet_cursor *cursor, parquet_page_header *header,
                                bert_error *error)
{
    uint64_t left = cursor->chunk->end - cursor->position;
    cursor->page_offset = cursor->position;
    for (size_t read_size = HEADER_READ_SIZE;; read_size *= 8) {
        size_t size = read_size < left ? read_size : (size_t)left;
        TRY(parquet_buffer_grow(&cursor->compressed, size, error));
        TRY(parquet_read_at(cursor->file, cursor->position, cursor->compressed.data, size, error));
        thrift thrift = {.data = cursor->compressed.data, .size = size};
        if (parse_header(&thrift, header)) {
            cursor->position += thrift.at;
            left -= thrift.at;
            break;
        }
        if (size == left || read_size >= HEADER_LIMIT)
            return parquet_page_error(cursor, "its header is damaged or truncated", error);
    }
    if (header->size < 0 || header->compressed_size < 0 || (uint64_t)header->compressed_size > left)
        return parquet_page_error(cursor, "it extends past the end of its column chunk", error);
    return BERT_OK;
}
