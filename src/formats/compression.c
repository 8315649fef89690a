#include "formats/compression.h"

#include <brotli/decode.h>
#include <limits.h>
#include <lz4.h>
#include <lz4frame.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

static bert_status damaged(const char *kind, const char *reason, bert_error *error)
{
    return error_set(error, BERT_ERROR_INPUT, "damaged %s data: %s", kind, reason);
}

static bert_status wrong_size(const char *kind, size_t found, size_t expected, bert_error *error)
{
    return error_set(error, BERT_ERROR_INPUT, "%s data unpack to %zu bytes, %zu expected", kind,
                     found, expected);
}

/* ---------------------------------------------------------------------------------- snappy --- */

typedef struct block {
    const unsigned char *next, *end; /* of the packed bytes */
    unsigned char *out;
    size_t written, out_size;
} block;

/* `count` bytes, least significant first; false where they are not there. */
static bool take_number(block *block, unsigned count, size_t *number)
{
    if ((size_t)(block->end - block->next) < count)
        return false;
    *number = 0;
    for (unsigned i = 0; i < count; i++)
        *number |= (size_t)block->next[i] << (8 * i);
    block->next += count;
    return true;
}

static bool take_varint(block *block, size_t *number)
{
    *number = 0;
    for (unsigned shift = 0; shift < 35 && block->next < block->end; shift += 7) {
        unsigned char byte = *block->next++;
        *number |= (size_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool copy_literal(block *block, unsigned char tag)
{
    size_t length = tag >> 2;
    if (length >= 60 && !take_number(block, (unsigned)length - 59, &length))
        return false;
    length++;
    if (length > (size_t)(block->end - block->next) || length > block->out_size - block->written)
        return false;
    memcpy(block->out + block->written, block->next, length);
    block->next += length;
    block->written += length;
    return true;
}

static bool copy_back(block *block, unsigned char tag)
{
    size_t length = (tag >> 2) + 1u, distance;
    if ((tag & 3) == 1) {
        if (!take_number(block, 1, &distance))
            return false;
        length = ((tag >> 2) & 7) + 4u;
        distance |= (size_t)(tag >> 5) << 8;
    } else if (!take_number(block, (tag & 3) == 2 ? 2 : 4, &distance)) {
        return false;
    }
    if (distance == 0 || distance > block->written || length > block->out_size - block->written)
        return false;
    unsigned char *to = block->out + block->written;
    const unsigned char *from = to - distance;
    if (distance >= length)
        memcpy(to, from, length);
    else /* it repeats what it has just written */
        for (size_t i = 0; i < length; i++)
            to[i] = from[i];
    block->written += length;
    return true;
}

/* https://github.com/google/snappy, format_description.txt */
static bert_status unpack_snappy(const unsigned char *data, size_t size, unsigned char *out,
                                 size_t out_size, bert_error *error)
{
    block block = {.next = data, .end = data + size, .out = out, .out_size = out_size};
    size_t length;
    if (!take_varint(&block, &length))
        return damaged("snappy", "its length is cut off", error);
    if (length != out_size)
        return wrong_size("snappy", length, out_size, error);
    while (block.next < block.end) {
        unsigned char tag = *block.next++;
        if (!((tag & 3) == 0 ? copy_literal(&block, tag) : copy_back(&block, tag)))
            return damaged("snappy", "a copy or literal reaches out of the block", error);
    }
    if (block.written != out_size)
        return wrong_size("snappy", block.written, out_size, error);
    return BERT_OK;
}

/* ----------------------------------------------------------------------------- the others --- */

static bert_status unpack_gzip(const unsigned char *data, size_t size, unsigned char *out,
                               size_t out_size, bert_error *error)
{
    if (size > UINT_MAX || out_size > UINT_MAX)
        return damaged("gzip", "more than 4 GiB", error);
    unsigned char nothing; /* zlib wants an address for no bytes, too */
    z_stream stream = {
        .next_in = (unsigned char *)data,
        .avail_in = (unsigned)size,
        .next_out = out_size > 0 ? out : &nothing,
        .avail_out = (unsigned)out_size,
    };
    if (inflateInit2(&stream, 15 + 32) != Z_OK) /* + 32: gzip or zlib, as its header says */
        return error_set(error, BERT_ERROR_MEMORY, "no memory to unpack gzip data");
    int result = inflate(&stream, Z_FINISH);
    size_t written = out_size - stream.avail_out;
    bert_status status = BERT_OK;
    if (result == Z_DATA_ERROR || result == Z_NEED_DICT)
        status = damaged("gzip", stream.msg ? stream.msg : "no such stream", error);
    else if (result != Z_STREAM_END)
        status = damaged("gzip", "cut off, or longer than its page says", error);
    else if (written != out_size)
        status = wrong_size("gzip", written, out_size, error);
    inflateEnd(&stream);
    return status;
}

static bert_status unpack_brotli(const unsigned char *data, size_t size, unsigned char *out,
                                 size_t out_size, bert_error *error)
{
    size_t written = out_size;
    if (BrotliDecoderDecompress(size, data, &written, out) != BROTLI_DECODER_RESULT_SUCCESS)
        return damaged("brotli", "cut off, wrong, or longer than its page says", error);
    return written == out_size ? BERT_OK : wrong_size("brotli", written, out_size, error);
}

static bert_status unpack_zstd(const unsigned char *data, size_t size, unsigned char *out,
                               size_t out_size, bert_error *error)
{
    size_t written = ZSTD_decompress(out, out_size, data, size);
    if (ZSTD_isError(written))
        return damaged("zstd", ZSTD_getErrorName(written), error);
    return written == out_size ? BERT_OK : wrong_size("zstd", written, out_size, error);
}

static bert_status unpack_lz4_block(const unsigned char *data, size_t size, unsigned char *out,
                                    size_t out_size, bert_error *error)
{
    if (size > INT_MAX || out_size > INT_MAX)
        return damaged("lz4", "more than 2 GiB", error);
    int written = LZ4_decompress_safe((const char *)data, (char *)out, (int)size, (int)out_size);
    if (written < 0)
        return damaged("lz4", "cut off, wrong, or longer than its page says", error);
    return (size_t)written == out_size ? BERT_OK
                                       : wrong_size("lz4", (size_t)written, out_size, error);
}

static bert_status unpack_lz4_frame(const unsigned char *data, size_t size, unsigned char *out,
                                    size_t out_size, bert_error *error)
{
    LZ4F_dctx *context;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)))
        return error_set(error, BERT_ERROR_MEMORY, "no memory to unpack lz4 data");
    size_t written = 0, left = 1;
    while (left > 0) {
        size_t room = out_size - written, taken = size;
        left = LZ4F_decompress(context, out + written, &room, data, &taken, NULL);
        if (LZ4F_isError(left) || (room == 0 && taken == 0))
            break;
        written += room;
        data += taken;
        size -= taken;
    }
    bert_status status = BERT_OK;
    if (LZ4F_isError(left))
        status = damaged("lz4", LZ4F_getErrorName(left), error);
    else if (left > 0)
        status = damaged("lz4", "cut off, or longer than said", error);
    else if (written != out_size)
        status = wrong_size("lz4", written, out_size, error);
    LZ4F_freeDecompressionContext(context);
    return status;
}

bert_status compression_unpack(compression kind, const unsigned char *data, size_t size,
                               unsigned char *out, size_t out_size, bert_error *error)
{
    switch (kind) {
    case COMPRESSION_NONE:
        if (size != out_size)
            return wrong_size("unpacked", size, out_size, error);
        if (size > 0)
            memcpy(out, data, size);
        return BERT_OK;
    case COMPRESSION_SNAPPY:
        return unpack_snappy(data, size, out, out_size, error);
    case COMPRESSION_GZIP:
        return unpack_gzip(data, size, out, out_size, error);
    case COMPRESSION_BROTLI:
        return unpack_brotli(data, size, out, out_size, error);
    case COMPRESSION_ZSTD:
        return unpack_zstd(data, size, out, out_size, error);
    case COMPRESSION_LZ4_BLOCK:
        return unpack_lz4_block(data, size, out, out_size, error);
    case COMPRESSION_LZ4_FRAME:
        return unpack_lz4_frame(data, size, out, out_size, error);
    }
    return error_set(error, BERT_ERROR_UNSUPPORTED, "unknown compression %d", (int)kind);
}
