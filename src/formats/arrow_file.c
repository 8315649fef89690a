/* Arrow's file format: its footer has the schema and lists the record batches, so what stands
 * before them need not be a stream. */
#include "base/memory.h"
#include "formats/arrow_data.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HEAD = 8,   /* "ARROW1" and two zeros */
    TAIL = 10,  /* the length of the footer, "ARROW1" */
    BLOCK = 24, /* bytes of a Block of File.fbs */
};

bert_status arrow_read_at(const arrow *arrow, uint64_t offset, void *data, size_t size,
                          bert_error *error)
{
    for (size_t done = 0; done < size;) {
        ssize_t got =
            pread(arrow->descriptor, (char *)data + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(error, errno, "%s: cannot read at byte %llu", arrow->name,
                                   (unsigned long long)(offset + done));
        if (got == 0)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: ends at byte %llu; expected %zu more bytes", arrow->name,
                             (unsigned long long)(offset + done), size - done);
        done += (size_t)got;
    }
    return BERT_OK;
}

/* Reads the metadata at `offset` of the file into arrow->metadata. */
static bert_status read_metadata(arrow *arrow, uint64_t offset, size_t size, bert_error *error)
{
    TRY(memory_grow((void **)&arrow->metadata.data, &arrow->metadata.capacity, size, 1,
                    "an Arrow message", error));
    return arrow_read_at(arrow, offset, arrow->metadata.data, size, error);
}

bert_status arrow_read_block(arrow *arrow, const arrow_block *block, bert_error *error)
{
    arrow->message = block->offset;
    if (block->offset > arrow->footer_offset || block->metadata < 8 ||
        block->metadata > ARROW_METADATA_LIMIT ||
        block->metadata > arrow->footer_offset - block->offset)
        return arrow_fail(arrow, "a block of the footer that is not inside the file", error);
    TRY(read_metadata(arrow, block->offset, block->metadata, error));
    unsigned char *data = arrow->metadata.data;
    size_t prefix = arrow_unsigned(data, 4) == UINT32_MAX ? 8 : 4;
    uint64_t size = arrow_unsigned(data + prefix - 4, 4);
    if (size > block->metadata - prefix)
        return arrow_fail(arrow, "metadata larger than its block", error);
    memmove(data, data + prefix, (size_t)size);
    TRY(arrow_parse_message(arrow, (size_t)size, error));
    arrow->body_offset = block->offset + block->metadata;
    if (arrow->body_size > arrow->footer_offset - arrow->body_offset)
        return arrow_fail(arrow, "a body that is not inside the file", error);
    return BERT_OK;
}

/* ------------------------------------------------------------------------------------ footer ---
 */

static bert_status read_footer(arrow *arrow, bert_error *error)
{
    struct stat information;
    if (fstat(arrow->descriptor, &information) != 0)
        return error_set_errno(error, errno, "%s: cannot open", arrow->name);
    uint64_t size = (uint64_t)information.st_size;
    unsigned char head[HEAD] = {0}, tail[TAIL] = {0};
    if (size >= HEAD + TAIL) {
        TRY(arrow_read_at(arrow, 0, head, HEAD, error));
        TRY(arrow_read_at(arrow, size - TAIL, tail, TAIL, error));
    }
    if (memcmp(tail + 4, "ARROW1", 6) != 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: begins like an Arrow file but does not end like one: truncated?",
                         arrow->name);
    uint64_t footer = arrow_unsigned(tail, 4);
    if (footer > ARROW_METADATA_LIMIT || footer > size - HEAD - TAIL)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: byte %llu: an Arrow footer of %llu bytes is larger than the file",
                         arrow->name, (unsigned long long)(size - TAIL),
                         (unsigned long long)footer);
    arrow->footer_offset = arrow->message = size - TAIL - footer;
    TRY(read_metadata(arrow, arrow->footer_offset, (size_t)footer, error));
    arrow->flatbuffer = (flatbuffer){.data = arrow->metadata.data, .size = (size_t)footer};
    return BERT_OK;
}

/* The blocks in field `field` of the footer; *blocks is owned by the caller. */
static bert_status read_blocks(arrow *arrow, size_t root, unsigned field, arrow_block **blocks,
                               size_t *count, bert_error *error)
{
    flatbuffer *buffer = &arrow->flatbuffer;
    size_t at = flatbuffer_vector(buffer, root, field, BLOCK, count);
    TRY(memory_array((void **)blocks, *count, sizeof **blocks, "record batches", error));
    for (size_t i = 0; i < *count; i++, at += BLOCK)
        (*blocks)[i] = (arrow_block){
            .offset = (uint64_t)flatbuffer_number(buffer, at, 8),
            .metadata = (uint32_t)flatbuffer_number(buffer, at + 8, 4),
        };
    return BERT_OK;
}

static bert_status read_dictionaries(arrow *arrow, const arrow_block *blocks, size_t count,
                                     bert_error *error)
{
    for (size_t i = 0; i < count; i++) {
        TRY(arrow_read_block(arrow, &blocks[i], error));
        if (arrow->header_type != ARROW_MESSAGE_DICTIONARY)
            return arrow_fail(arrow, "not a dictionary, unlike what the footer says", error);
        TRY(arrow_read_dictionary(arrow, error));
    }
    return BERT_OK;
}

static bert_status start(arrow *arrow, bert_error *error)
{
    TRY(read_footer(arrow, error));
    flatbuffer *buffer = &arrow->flatbuffer;
    size_t root = flatbuffer_root(buffer), count;
    arrow->version = (int)flatbuffer_integer(buffer, root, 0, 2, 0);
    size_t schema = flatbuffer_table(buffer, root, 1);
    if (schema == 0)
        return arrow_fail(arrow, arrow_damaged, error);
    arrow_block *dictionaries = NULL;
    TRY(arrow_read_schema(arrow, schema, error));
    TRY(read_blocks(arrow, root, 3, &arrow->blocks, &arrow->block_count, error));
    bert_status status = read_blocks(arrow, root, 2, &dictionaries, &count, error);
    if (status == BERT_OK && buffer->failed)
        status = arrow_fail(arrow, arrow_damaged, error);
    if (status == BERT_OK)
        status = read_dictionaries(arrow, dictionaries, count, error);
    free(dictionaries);
    return status;
}

bert_status arrow_open_file(arrow **out, int descriptor, const char *name, bert_error *error)
{
    *out = NULL;
    arrow *arrow;
    TRY(memory_array((void **)&arrow, 1, sizeof *arrow, "an Arrow reader", error));
    arrow->descriptor = descriptor;
    arrow->name = name;
    arrow->is_file = arrow->knows_blocks = true;
    bert_status status = start(arrow, error);
    if (status == BERT_OK)
        *out = arrow;
    else
        arrow_close(arrow);
    return status;
}
