#include "formats/compression.h"

#include <brotli/decode.h>
#include <limits.h>
#include <lz4.h>
#include <lz4frame.h>
#include <snappy-c.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

static bert_status damaged(const char *kind, const char *reason, bert_error *error)
{
    return error_set(error, BERT_ERROR_INPUT, "damaged %s data: %s", kind, reason);
}

static bert_status wrong_size(const char *kind, size_t found, size_t expected, bert_error *error)
{
    return error_set(error, BERT_ERROR_INPUT, "%s data decompress to %zu bytes, %zu expected", kind,
                     found, expected);
}

static bert_status decompress_snappy(const unsigned char *data, size_t size, unsigned char *out,
                                     size_t out_size, bert_error *error)
{
    size_t length;
    if (snappy_uncompressed_length((const char *)data, size, &length) != SNAPPY_OK)
        return damaged("snappy", "its length is truncated", error);
    if (length != out_size)
        return wrong_size("snappy", length, out_size, error);
    char none; /* the library requires a valid pointer even for 0 bytes */
    char *destination = out_size > 0 ? (char *)out : &none;
    if (snappy_uncompress((const char *)data, size, destination, &length) != SNAPPY_OK)
        return damaged("snappy", "truncated, or a copy or literal outside the block", error);
    return BERT_OK;
}

static bert_status decompress_gzip(const unsigned char *data, size_t size, unsigned char *out,
                                   size_t out_size, bert_error *error)
{
    if (size > UINT_MAX || out_size > UINT_MAX)
        return damaged("gzip", "more than 4 GiB", error);
    unsigned char none; /* zlib requires a valid pointer even for 0 bytes */
    z_stream stream = {
        .next_in = (unsigned char *)data,
        .avail_in = (unsigned)size,
        .next_out = out_size > 0 ? out : &none,
        .avail_out = (unsigned)out_size,
    };
    if (inflateInit2(&stream, 15 + 32) != Z_OK) /* + 32: gzip or zlib, whichever header it has */
        return error_set(error, BERT_ERROR_MEMORY, "no memory to decompress gzip data");
    int result = inflate(&stream, Z_FINISH);
    while (result == Z_STREAM_END && stream.avail_in > 0 && inflateReset(&stream) == Z_OK)
        result = inflate(&stream, Z_FINISH); /* a gzip file may be several, one after the other */
    size_t written = out_size - stream.avail_out;
    bert_status status = BERT_OK;
    if (result == Z_DATA_ERROR || result == Z_NEED_DICT)
        status = damaged("gzip", stream.msg ? stream.msg : "not a gzip or zlib stream", error);
    else if (result != Z_STREAM_END)
        status = damaged("gzip", "truncated, or longer than its page states", error);
    else if (written != out_size)
        status = wrong_size("gzip", written, out_size, error);
    inflateEnd(&stream);
    return status;
}

static bert_status decompress_brotli(const unsigned char *data, size_t size, unsigned char *out,
                                     size_t out_size, bert_error *error)
{
    size_t written = out_size;
    if (BrotliDecoderDecompress(size, data, &written, out) != BROTLI_DECODER_RESULT_SUCCESS)
        return damaged("brotli", "truncated, invalid, or longer than its page states", error);
    return written == out_size ? BERT_OK : wrong_size("brotli", written, out_size, error);
}

static bert_status decompress_zstd(const unsigned char *data, size_t size, unsigned char *out,
                                   size_t out_size, bert_error *error)
{
    size_t written = ZSTD_decompress(out, out_size, data, size);
    if (ZSTD_isError(written))
        return damaged("zstd", ZSTD_getErrorName(written), error);
    return written == out_size ? BERT_OK : wrong_size("zstd", written, out_size, error);
}

static bert_status decompress_lz4_block(const unsigned char *data, size_t size, unsigned char *out,
                                        size_t out_size, bert_error *error)
{
    if (size > INT_MAX || out_size > INT_MAX)
        return damaged("lz4", "more than 2 GiB", error);
    int written = LZ4_decompress_safe((const char *)data, (char *)out, (int)size, (int)out_size);
    if (written < 0)
        return damaged("lz4", "truncated, invalid, or longer than its page states", error);
    return (size_t)written == out_size ? BERT_OK
                                       : wrong_size("lz4", (size_t)written, out_size, error);
}

static size_t big_endian(const unsigned char *data)
{
    return (size_t)data[0] << 24 | (size_t)data[1] << 16 | (size_t)data[2] << 8 | data[3];
}

/* Hadoop's framing: blocks, each after its decompressed and its compressed size. Returns false if
 * the data have another form. */
static bool decompress_hadoop_blocks(const unsigned char *data, size_t size, unsigned char *out,
                                     size_t out_size)
{
    while (size >= 8) {
        size_t decompressed = big_endian(data), compressed = big_endian(data + 4);
        data += 8;
        size -= 8;
        if (compressed > size || decompressed > out_size || decompressed > INT_MAX ||
            LZ4_decompress_safe((const char *)data, (char *)out, (int)compressed,
                                (int)decompressed) != (int)decompressed)
            return false;
        data += compressed;
        size -= compressed;
        out += decompressed;
        out_size -= decompressed;
    }
    return size == 0 && out_size == 0;
}

static bert_status decompress_lz4_frame(const unsigned char *data, size_t size, unsigned char *out,
                                        size_t out_size, bert_error *error)
{
    LZ4F_dctx *context;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)))
        return error_set(error, BERT_ERROR_MEMORY, "no memory to decompress lz4 data");
    size_t written = 0, left = 1; /* left: 0 once the frame has ended */
    while (left > 0) {
        size_t produced = out_size - written, consumed = size;
        left = LZ4F_decompress(context, out + written, &produced, data, &consumed, NULL);
        if (LZ4F_isError(left) || (produced == 0 && consumed == 0))
            break;
        written += produced;
        data += consumed;
        size -= consumed;
    }
    bert_status status = BERT_OK;
    if (LZ4F_isError(left))
        status = damaged("lz4", LZ4F_getErrorName(left), error);
    else if (left > 0)
        status = damaged("lz4", "truncated, or longer than stated", error);
    else if (written != out_size)
        status = wrong_size("lz4", written, out_size, error);
    LZ4F_freeDecompressionContext(context);
    return status;
}

uint64_t compression_bound(compression kind, size_t size)
{
    uint64_t bytes = size;
    switch (kind) {
    case COMPRESSION_NONE:
        return bytes;
    case COMPRESSION_SNAPPY: /* copies of 64 bytes take 3 */
        return 32 * bytes;
    case COMPRESSION_GZIP: /* copies of 258 bytes take 2 bits */
        return 1040 * bytes;
    case COMPRESSION_BROTLI: /* copies of 16 MiB */
        return bytes << 22;
    case COMPRESSION_ZSTD: /* blocks of 128 KiB take 4 */
        return bytes << 15;
    case COMPRESSION_LZ4_BLOCK:
    case COMPRESSION_LZ4_FRAME:
    case COMPRESSION_LZ4_HADOOP: /* each byte of a length stands for at most 255 */
        return 255 * bytes;
    }
    return 0;
}

bert_status compression_decompress(compression kind, const unsigned char *data, size_t size,
                                   unsigned char *out, size_t out_size, bert_error *error)
{
    switch (kind) {
    case COMPRESSION_NONE:
        if (size != out_size)
            return wrong_size("uncompressed", size, out_size, error);
        if (size > 0)
            memcpy(out, data, size);
        return BERT_OK;
    case COMPRESSION_SNAPPY:
        return decompress_snappy(data, size, out, out_size, error);
    case COMPRESSION_GZIP:
        return decompress_gzip(data, size, out, out_size, error);
    case COMPRESSION_BROTLI:
        return decompress_brotli(data, size, out, out_size, error);
    case COMPRESSION_ZSTD:
        return decompress_zstd(data, size, out, out_size, error);
    case COMPRESSION_LZ4_BLOCK:
        return decompress_lz4_block(data, size, out, out_size, error);
    case COMPRESSION_LZ4_FRAME:
        return decompress_lz4_frame(data, size, out, out_size, error);
    case COMPRESSION_LZ4_HADOOP:
        return decompress_hadoop_blocks(data, size, out, out_size)
                   ? BERT_OK
                   : decompress_lz4_block(data, size, out, out_size, error);
    }
    return error_set(error, BERT_ERROR_UNSUPPORTED, "unknown compression %d", (int)kind);
}
