/* safetensors: an 8-byte little-endian header length, a JSON header, then raw tensors.
 * Format: https://github.com/huggingface/safetensors (README, "Format"). Hostile files are
 * expected: every offset, shape and product is checked, overlaps and holes are refused. */
#ifndef FORMATS_SAFETENSORS_H
#define FORMATS_SAFETENSORS_H

#include "base/file.h"

enum { SAFETENSORS_MAX_DIMENSIONS = 8 };

typedef enum safetensors_type {
    SAFETENSORS_F32,
    SAFETENSORS_F16,
    SAFETENSORS_BF16,
    SAFETENSORS_F64,
    SAFETENSORS_I64,
    SAFETENSORS_I32,
    SAFETENSORS_U8,
    SAFETENSORS_OTHER, /* known to the format, of no use here: listed, not readable */
} safetensors_type;

typedef struct safetensors_tensor {
    const char *name;
    safetensors_type type;
    int dimensions;
    uint64_t shape[SAFETENSORS_MAX_DIMENSIONS];
    const void *data; /* reading: into the mapped file, perhaps unaligned. Writing: the caller's */
    uint64_t bytes;
} safetensors_tensor;

typedef struct safetensors_file {
    file_map map;
    char *path;                  /* owned, for messages */
    safetensors_tensor *tensors; /* [count], in the order of their data; names owned */
    size_t count;
    char **metadata; /* [2 × metadata_count] key, value; owned */
    size_t metadata_count;
} safetensors_file;

bert_status safetensors_open(safetensors_file *file, const char *path, bert_error *error);
void safetensors_close(safetensors_file *file); /* safe on a zeroed struct */

/* NULL where there is none. */
const safetensors_tensor *safetensors_find(const safetensors_file *file, const char *name);

/* Copies a tensor of F32, F16, BF16 or F64 into `out` as float; count must be its element count. */
bert_status safetensors_read_float(const safetensors_file *file, const safetensors_tensor *tensor,
                                   float *out, uint64_t count, bert_error *error);

/* The same for a tensor of any file; `path` goes into messages. */
bert_status safetensors_tensor_read(const char *path, const safetensors_tensor *tensor, float *out,
                                    uint64_t count, bert_error *error);

/* `count` elements of a tensor from element `first` on, as a tensor of one dimension. */
safetensors_tensor safetensors_slice(const safetensors_tensor *tensor, uint64_t first,
                                     uint64_t count);

/* A file being written whose tensors' data comes piece by piece. */
typedef struct safetensors_writer {
    output_file file;
    uint64_t missing; /* bytes of data that are still to come */
} safetensors_writer;

/* Writes the header for these tensors, whose `data` is not read. Zero-initialise the writer with
 * file.descriptor -1 where it may be discarded without this. */
bert_status safetensors_begin(safetensors_writer *writer, const char *path,
                              const safetensors_tensor *tensors, size_t count,
                              const char *const *metadata, size_t metadata_count,
                              bert_error *error);
/* The tensors' data, one behind the other, in pieces of any size. */
bert_status safetensors_append(safetensors_writer *writer, const void *data, uint64_t bytes,
                               bert_error *error);
/* All data has come: the file appears. */
bert_status safetensors_commit(safetensors_writer *writer, bert_error *error);
void safetensors_discard(safetensors_writer *writer); /* safe after commit */

/* Writes the tensors in the order given, `metadata` being [2 × metadata_count] key, value. The file
 * appears whole or not at all. `data` of each goes to disk as it is. */
bert_status safetensors_write(const char *path, const safetensors_tensor *tensors, size_t count,
                              const char *const *metadata, size_t metadata_count,
                              bert_error *error);

#endif
