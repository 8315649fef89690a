/* safetensors: an 8-byte little-endian header length, a JSON header, then raw tensors. Format:
 * https://github.com/huggingface/safetensors (README, "Format"). Files are untrusted: every offset,
 * shape and product is checked, overlaps and holes are errors. */
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
    SAFETENSORS_OTHER, /* known to the format but not used here: listed, not readable */
} safetensors_type;

typedef struct safetensors_tensor {
    const char *name;
    safetensors_type type;
    int dimensions;
    uint64_t shape[SAFETENSORS_MAX_DIMENSIONS];
    const void *data; /* reading: points into the mapped file, possibly unaligned. Writing: owned by
                         the caller */
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

/* Returns NULL if there is no tensor of this name. */
const safetensors_tensor *safetensors_find(const safetensors_file *file, const char *name);

/* Converts an F32, F16, BF16 or F64 tensor to float in out[count]; count must be its number of
 * elements. */
bert_status safetensors_read_float(const safetensors_file *file, const safetensors_tensor *tensor,
                                   float *out, uint64_t count, bert_error *error);

/* The same for a tensor of any file format; `path` is used in messages. */
bert_status safetensors_tensor_read(const char *path, const safetensors_tensor *tensor, float *out,
                                    uint64_t count, bert_error *error);

/* Elements [first, first + count) of a tensor, as a view of one dimension. The caller checks the
 * range. */
safetensors_tensor safetensors_slice(const safetensors_tensor *tensor, uint64_t first,
                                     uint64_t count);

/* A file being written, whose tensor data is appended in chunks. */
typedef struct safetensors_writer {
    output_file file;
    uint64_t missing; /* bytes of data still to be appended */
} safetensors_writer;

/* Writes the header for these tensors; their `data` is not read. If the writer may be discarded
 * before this call, zero-initialise it with file.descriptor -1. */
bert_status safetensors_begin(safetensors_writer *writer, const char *path,
                              const safetensors_tensor *tensors, size_t count,
                              const char *const *metadata, size_t metadata_count,
                              bert_error *error);
/* Appends the data of the tensors, concatenated, in chunks of any size. */
bert_status safetensors_append(safetensors_writer *writer, const void *data, uint64_t bytes,
                               bert_error *error);
/* Completes the file; an error if data is missing. */
bert_status safetensors_commit(safetensors_writer *writer, bert_error *error);
void safetensors_discard(safetensors_writer *writer); /* safe after commit */

/* Writes the tensors atomically, in the order given, with `metadata` [2 × metadata_count] (key,
 * value). The `data` of each is written unconverted. */
bert_status safetensors_write(const char *path, const safetensors_tensor *tensors, size_t count,
                              const char *const *metadata, size_t metadata_count,
                              bert_error *error);

#endif
