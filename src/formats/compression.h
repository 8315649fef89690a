/* Compressed blocks of bytes whose uncompressed size is stored next to them: pages of Parquet,
 * buffers of Arrow, blocks of TensorFlow's tables. A thin layer over the libraries of the codecs.
 */
#ifndef FORMATS_COMPRESSION_H
#define FORMATS_COMPRESSION_H

#include "base/error.h"

typedef enum compression {
    COMPRESSION_NONE,
    COMPRESSION_SNAPPY, /* the raw format, without framing */
    COMPRESSION_GZIP,   /* or zlib's format */
    COMPRESSION_BROTLI,
    COMPRESSION_ZSTD,
    COMPRESSION_LZ4_BLOCK,
    COMPRESSION_LZ4_FRAME,
    COMPRESSION_LZ4_HADOOP, /* blocks with sizes before them, or a block without, as some write */
} compression;

/* More than `size` compressed bytes can hold: a larger declared size is damage, to be found before
 * memory is allocated for it. */
uint64_t compression_bound(compression kind, size_t size);

/* Decompresses data[0, size) into out[0, out_size); the two must not overlap. Untrusted data are
 * safe: more or fewer bytes than out_size, or damage of any kind, is BERT_ERROR_INPUT, and nothing
 * is written outside of `out`. The message does not name the file: the caller prefixes it. */
bert_status compression_decompress(compression kind, const unsigned char *data, size_t size,
                                   unsigned char *out, size_t out_size, bert_error *error);

#endif
