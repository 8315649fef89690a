/* State dicts written by torch.save: a zip archive (since PyTorch 1.6), or the legacy format of
 * pickles and raw storages. Python is not needed and no code is executed: the pickle may refer only
 * to the names that weights need (formats/pickle.h). */
#ifndef FORMATS_TORCH_FILE_H
#define FORMATS_TORCH_FILE_H

#include "formats/safetensors.h"

typedef struct torch_file {
    file_map map;
    char *path;                  /* owned, for messages */
    safetensors_tensor *tensors; /* [count], views of the mapped file; names owned. Several may
                                    share their bytes. */
    size_t count;
} torch_file;

/* Every offset, size and stride is checked. A tensor that is not contiguous (a transposed view) is
 * an error that names it. */
bert_status torch_file_open(torch_file *file, const char *path, bert_error *error);
void torch_file_close(torch_file *file); /* safe on a zeroed struct */

#endif
