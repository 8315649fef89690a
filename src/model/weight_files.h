/* The files of a model's weights, in any of the formats read, as one list of tensors. */
#ifndef MODEL_WEIGHT_FILES_H
#define MODEL_WEIGHT_FILES_H

#include "formats/safetensors.h"
#include "formats/tensor_bundle.h"
#include "formats/torch_file.h"
#include "model/parameter_roles.h"

typedef struct weight_tensor {
    char *name; /* as parameter_name has it: with the family's prefix, LayerNorm's gamma and beta as
                   weight and bias; owned */
    const safetensors_tensor *tensor; /* under the name that its file has */
    const char *path;                 /* of that file */
    const tensor_bundle *bundle;      /* that has its checksum; NULL where there is none */
    bool transposed;                  /* it is [columns, rows] there */
} weight_tensor;

typedef struct weight_files {
    char *origin; /* folder or file that was opened, for messages; owned */
    safetensors_file *safetensors;
    torch_file *torch;
    tensor_bundle bundle;
    size_t safetensors_count, torch_count;
    weight_tensor *tensors; /* [count], by name; no name twice */
    size_t count;
    size_t optimizer_count; /* variables of an optimizer in the same files */
} weight_files;

/* A folder: model.safetensors, or its shards by model.safetensors.index.json, or pytorch_model.bin,
 * or its shards by pytorch_model.bin.index.json, or Google's bert_model.ckpt; the first that is
 * there. Or one such file, or a TensorFlow checkpoint's prefix. */
bert_status weight_files_open(weight_files *files, model_family family, const char *path,
                              bert_error *error);
void weight_files_close(weight_files *files); /* safe on a zeroed struct */

const weight_tensor *weight_files_find(const weight_files *files, const char *name); /* or NULL */

/* safetensors_tensor_read, verified by its checksum where it has one; a matrix that is stored
 * transposed is transposed back. */
bert_status weight_tensor_read(const weight_tensor *found, float *out, uint64_t count,
                               bert_error *error);

#endif
