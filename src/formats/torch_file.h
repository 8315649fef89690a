/* What torch.save makes of a state dict: a zip archive (since PyTorch 1.6) or the pickles and raw
 * storages that it wrote before. Read without Python and without running anything: the pickle may
 * name what weights need and nothing else (formats/pickle.h). */
#ifndef FORMATS_TORCH_FILE_H
#define FORMATS_TORCH_FILE_H

#include "formats/safetensors.h"

typedef struct torch_file {
    file_map map;
    char *path;                  /* owned, for messages */
    safetensors_tensor *tensors; /* [count], views of the mapped file as safetensors_open gives
                                    them; names owned. Several may share their bytes. */
    size_t count;
} torch_file;

/* Every offset, size and stride is checked; a tensor whose elements are not side by side (a
 * transposed view) is refused by name. */
bert_status torch_file_open(torch_file *file, const char *path, bert_error *error);
void torch_file_close(torch_file *file); /* safe on a zeroed struct */

#endif
