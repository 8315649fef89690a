/* Blocks of bytes whose unpacked size is known, as Parquet and Arrow hold them. */
#ifndef FORMATS_COMPRESSION_H
#define FORMATS_COMPRESSION_H

#include "base/error.h"

typedef enum compression {
    COMPRESSION_NONE,
    COMPRESSION_SNAPPY, /* without framing */
    COMPRESSION_GZIP,   /* or zlib's own form */
    COMPRESSION_BROTLI,
    COMPRESSION_ZSTD,
    COMPRESSION_LZ4_BLOCK,
    COMPRESSION_LZ4_FRAME,
} compression;

/* Unpacks data[0, size) into out[0, out_size). More or fewer bytes than out_size, or damage of any
 * kind, is an error; its message does not name the file. */
bert_status compression_unpack(compression kind, const unsigned char *data, size_t size,
                               unsigned char *out, size_t out_size, bert_error *error);

#endif
