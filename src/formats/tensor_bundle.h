/* TensorFlow checkpoints of format V2 (tensor bundles), as tf.train.Saver and tf.train.Checkpoint
 * write them: PREFIX.index, a table (formats/sstable.h) from tensor names to BundleEntryProto
 * (TensorFlow's tensor_bundle.proto), and PREFIX.data-00000-of-00001 …, the bytes of the tensors.
 * TensorFlow is not needed. */
#ifndef FORMATS_TENSOR_BUNDLE_H
#define FORMATS_TENSOR_BUNDLE_H

#include "formats/safetensors.h"

typedef struct tensor_bundle {
    char *prefix;                /* owned */
    safetensors_tensor *tensors; /* [count], sorted by name; views of the mapped shards; names
                                    owned. Several may share their bytes. */
    uint32_t *checksums;         /* [count], as stored */
    uint32_t *shards_of;         /* [count], index of each tensor's shard */
    size_t count;
    file_map *shards; /* [shard_count] */
    size_t shard_count;
} tensor_bundle;

/* Whether the path names a checkpoint: PREFIX or PREFIX.index, where the index exists. Also true
 * for a file of the old format V1, a single table, which tensor_bundle_open rejects with a message
 * of its own. */
bool tensor_bundle_named(const char *path);

/* `path`: as above. Reads and checks the index and maps the shards; every tensor is checked to be
 * inside its shard. Tensors saved in slices (partitioned variables) and big-endian checkpoints are
 * errors. Non-numeric tensors (strings) are listed as SAFETENSORS_OTHER, with the byte count of the
 * index. */
bert_status tensor_bundle_open(tensor_bundle *bundle, const char *path, bert_error *error);
void tensor_bundle_close(tensor_bundle *bundle); /* safe on a zeroed struct */

/* Verifies the checksum of a numeric tensor. tensor_bundle_open does not, to avoid reading
 * gigabytes of optimizer state that is not needed. */
bert_status tensor_bundle_verify(const tensor_bundle *bundle, const safetensors_tensor *tensor,
                                 bert_error *error);

#endif
