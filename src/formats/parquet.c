/* The footer of a Parquet file, and the positions of the column chunks. */
#include "base/file.h"
#include "base/memory.h"
#include "formats/parquet_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FOOTER_LIMIT = 1 << 28,
    TAIL = 8, /* bytes at the end of the file: length of the footer, "PAR1" */
    SIZE_SLACK = 100,
};

static const char magic[] = "PAR1", encrypted_magic[] = "PARE";

bert_status parquet_read_at(const parquet *parquet, uint64_t offset, void *data, size_t size,
                            bert_error *error)
{
    for (size_t done = 0; done < size;) {
        ssize_t got =
            pread(parquet->descriptor, (char *)data + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(error, errno, "%s: cannot read at byte %llu", parquet->name,
                                   (unsigned long long)(offset + done));
        if (got == 0)
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: ends at byte %llu; expected %zu more bytes", parquet->name,
                             (unsigned long long)(offset + done), size - done);
        done += (size_t)got;
    }
    return BERT_OK;
}

bert_status parquet_footer_error(const parquet *parquet, const thrift *thrift, const char *what,
                                 bert_error *error)
{
    return error_set(error, BERT_ERROR_INPUT, "%s: byte %llu, in the Parquet footer: %s",
                     parquet->name, (unsigned long long)(parquet->footer_offset + thrift->at),
                     what);
}

const char parquet_damaged[] = "damaged or truncated";

/* ---------------------------------------------------------------------------------- chunks --- */

static bert_status choose_compression(const parquet *parquet, const thrift *thrift, int32_t codec,
                                      compression *out, bert_error *error)
{
    static const compression kinds[] = {
        [0] = COMPRESSION_NONE,      [1] = COMPRESSION_SNAPPY,     [2] = COMPRESSION_GZIP,
        [4] = COMPRESSION_BROTLI,    [5] = COMPRESSION_LZ4_HADOOP, [6] = COMPRESSION_ZSTD,
        [7] = COMPRESSION_LZ4_BLOCK,
    };
    if (codec < 0 || codec > 7)
        return parquet_footer_error(parquet, thrift, "an unknown compression codec", error);
    if (codec == 3)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s: is compressed with LZO; rewrite it with another codec, e.g. zstd",
                         parquet->name);
    *out = kinds[codec];
    return BERT_OK;
}

static bert_status read_chunk_metadata(const parquet *parquet, thrift *thrift, parquet_chunk *chunk,
                                       bert_error *error)
{
    int64_t values = -1, size = -1, data_offset = -1, dictionary_offset = 0;
    int32_t codec = -1;
    for (thrift_field field = {0}; thrift_next_field(thrift, &field);) {
        switch (field.id) {
        case 4:
            codec = thrift_integer32(thrift, &field);
            break;
        case 5:
            values = thrift_integer(thrift, &field);
            break;
        case 7:
            size = thrift_integer(thrift, &field);
            break;
        case 9:
            data_offset = thrift_integer(thrift, &field);
            break;
        case 11:
            dictionary_offset = thrift_integer(thrift, &field);
            break;
        default:
            thrift_skip(thrift, &field);
        }
    }
    if (!thrift->failed && values == 0) { /* an empty row group may have no pages anywhere */
        *chunk = (parquet_chunk){0};
        return BERT_OK;
    }
    /* Some writers store 0 if there is no dictionary. */
    int64_t start =
        dictionary_offset > 0 && dictionary_offset < data_offset ? dictionary_offset : data_offset;
    if (thrift->failed || values < 0 || size < 0 || start < 4 ||
        (uint64_t)start > parquet->footer_offset ||
        (uint64_t)size > parquet->footer_offset - (uint64_t)start)
        return parquet_footer_error(parquet, thrift, "a column chunk that is not inside the file",
                                    error);
    chunk->start = (uint64_t)start;
    /* Old Java writers leave the header of the dictionary page out of the size (PARQUET-816). */
    uint64_t rest = parquet->footer_offset - chunk->start - (uint64_t)size;
    chunk->end = chunk->start + (uint64_t)size + (rest < SIZE_SLACK ? rest : SIZE_SLACK);
    chunk->values = (uint64_t)values;
    return choose_compression(parquet, thrift, codec, &chunk->compression, error);
}

static bert_status read_chunk(const parquet *parquet, thrift *thrift, const char *column,
                              parquet_chunk *chunk, bert_error *error)
{
    bool seen = false;
    for (thrift_field field = {0}; thrift_next_field(thrift, &field);) {
        if (field.id == 1)
            return error_set(
                error, BERT_ERROR_UNSUPPORTED,
                "%s: has its columns in other files, like a _metadata file; read those",
                parquet->name);
        if (field.id == 8 || field.id == 9)
            return error_set(
                error, BERT_ERROR_UNSUPPORTED,
                "%s: the column \"%s\" of this Parquet file is encrypted, which is not "
                "supported; decrypt it first",
                parquet->name, column);
        if (field.id == 3 && !seen) {
            thrift_struct(thrift, &field);
            TRY(read_chunk_metadata(parquet, thrift, chunk, error));
            seen = true;
        } else {
            thrift_skip(thrift, &field);
        }
    }
    if (thrift->failed || !seen)
        return parquet_footer_error(parquet, thrift, parquet_damaged, error);
    return BERT_OK;
}

static bert_status read_row_group(const parquet *parquet, thrift *thrift, size_t column,
                                  parquet_chunk *chunk, bert_error *error)
{
    bool seen = false;
    for (thrift_field field = {0}; thrift_next_field(thrift, &field);) {
        if (field.id != 1 || seen) {
            thrift_skip(thrift, &field);
            continue;
        }
        if (thrift_list(thrift, &field, THRIFT_STRUCT) != parquet->column_count)
            return parquet_footer_error(
                parquet, thrift, "a row group whose number of columns differs from the schema",
                error);
        for (size_t i = 0; i < parquet->column_count; i++) {
            if (i == column)
                TRY(read_chunk(parquet, thrift, parquet->columns[column].name, chunk, error));
            else
                thrift_skip(thrift, &(thrift_field){.type = THRIFT_STRUCT});
        }
        seen = true;
    }
    if (thrift->failed || !seen)
        return parquet_footer_error(parquet, thrift, parquet_damaged, error);
    return BERT_OK;
}

bert_status parquet_find_chunks(const parquet *parquet, size_t column, parquet_chunk **chunks,
                                size_t *count, bert_error *error)
{
    thrift thrift = {
        .data = parquet->footer, .size = parquet->footer_size, .at = parquet->row_groups_at};
    *count = thrift_list(&thrift, &(thrift_field){.type = THRIFT_LIST}, THRIFT_STRUCT);
    TRY(memory_array((void **)chunks, *count, sizeof **chunks, "row groups", error));
    bert_status status =
        thrift.failed ? parquet_footer_error(parquet, &thrift, parquet_damaged, error) : BERT_OK;
    for (size_t i = 0; status == BERT_OK && i < *count; i++)
        status = read_row_group(parquet, &thrift, column, &(*chunks)[i], error);
    if (status != BERT_OK) {
        free(*chunks);
        *chunks = NULL;
    }
    return status;
}

/* ------------------------------------------------------------------------------------ file --- */

static bert_status read_footer(parquet *parquet, bert_error *error)
{
    struct stat information;
    if (fstat(parquet->descriptor, &information) != 0)
        return error_set_errno(error, errno, "%s: cannot open", parquet->name);
    parquet->size = (uint64_t)information.st_size;
    unsigned char head[4], tail[TAIL];
    if (parquet->size < sizeof head + TAIL)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: has %llu bytes, too short for a Parquet file", parquet->name,
                         (unsigned long long)parquet->size);
    TRY(parquet_read_at(parquet, 0, head, sizeof head, error));
    TRY(parquet_read_at(parquet, parquet->size - TAIL, tail, TAIL, error));
    if (memcmp(head, encrypted_magic, 4) == 0)
        return error_set(
            error, BERT_ERROR_UNSUPPORTED,
            "%s: is an encrypted Parquet file, which is not supported; decrypt it first",
            parquet->name);
    bool begins = memcmp(head, magic, 4) == 0;
    if (!begins || memcmp(tail + 4, magic, 4) != 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: byte %llu: does not %s with PAR1: not a Parquet file, or truncated",
                         parquet->name, begins ? (unsigned long long)parquet->size - 4 : 0,
                         begins ? "end" : "begin");
    uint32_t size = (uint32_t)tail[0] | (uint32_t)tail[1] << 8 | (uint32_t)tail[2] << 16 |
                    (uint32_t)tail[3] << 24;
    if (size > FOOTER_LIMIT || size > parquet->size - sizeof head - TAIL)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: byte %llu: a footer of %u bytes is larger than the file",
                         parquet->name, (unsigned long long)(parquet->size - TAIL), size);
    parquet->footer_size = size;
    parquet->footer_offset = parquet->size - TAIL - size;
    TRY(memory_array((void **)&parquet->footer, size, 1, "a Parquet footer", error));
    return parquet_read_at(parquet, parquet->footer_offset, parquet->footer, size, error);
}

/* Whether a file is by a writer that called its compressed pages uncompressed (ARROW-17100). */
static bool says_uncompressed(const unsigned char *writer, size_t length)
{
    static const char old[] = "parquet-cpp version 1.";
    return length >= sizeof old - 1 && memcmp(writer, old, sizeof old - 1) == 0;
}

static bert_status read_metadata(parquet *parquet, bert_error *error)
{
    thrift thrift = {.data = parquet->footer, .size = parquet->footer_size};
    bool schema_seen = false;
    for (thrift_field field = {0}; thrift_next_field(&thrift, &field);) {
        if (field.id == 2 && !schema_seen) {
            TRY(parquet_read_schema(parquet, &thrift, &field, error));
            schema_seen = true;
        } else if (field.id == 4) {
            parquet->row_groups_at = thrift.at;
            thrift_skip(&thrift, &field);
        } else if (field.id == 6) {
            size_t length;
            const unsigned char *writer = thrift_binary(&thrift, &field, &length);
            parquet->always_compressed = says_uncompressed(writer, length);
        } else {
            thrift_skip(&thrift, &field);
        }
    }
    if (thrift.failed || !schema_seen || parquet->row_groups_at == 0)
        return parquet_footer_error(parquet, &thrift, parquet_damaged, error);
    return BERT_OK;
}

bert_status parquet_open(parquet **out, int descriptor, const char *name, bert_error *error)
{
    *out = NULL;
    parquet *parquet;
    TRY(memory_array((void **)&parquet, 1, sizeof *parquet, "a Parquet reader", error));
    parquet->descriptor = descriptor;
    parquet->name = name;
    bert_status status;
    TRY_OR_GO(status, read_footer(parquet, error), failed);
    TRY_OR_GO(status, read_metadata(parquet, error), failed);
    *out = parquet;
    return BERT_OK;
failed:
    parquet_close(parquet);
    return status;
}

void parquet_close(parquet *parquet)
{
    if (!parquet)
        return;
    for (size_t i = 0; i < parquet->column_count; i++) {
        free(parquet->columns[i].name);
        free(parquet->columns[i].type);
    }
    free(parquet->columns);
    free(parquet->footer);
    free(parquet);
}

const parquet_column *parquet_columns(const parquet *parquet, size_t *count)
{
    *count = parquet->column_count;
    return parquet->columns;
}
