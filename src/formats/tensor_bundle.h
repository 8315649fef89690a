/* TensorFlow's checkpoints in their second format, "V2" or tensor bundle, as tf.train.Saver and
 * tf.train.Checkpoint write them: PREFIX.index, a table (formats/sstable.h) of names and what is
 * known of each tensor, and PREFIX.data-00000-of-00001 …, the tensors' bytes. Messages of
 * TensorFlow's tensor_bundle.proto, read without TensorFlow. */
#ifndef FORMATS_TENSOR_BUNDLE_H
#define FORMATS_TENSOR_BUNDLE_H

#include "formats/safetensors.h"

typedef struct tensor_bundle {
    char *prefix;                /* owned */
    safetensors_tensor *tensors; /* [count], by name, views of the mapped shards as safetensors_open
                                    gives them; names owned. Several may share their bytes. */
    uint32_t *checksums;         /* [count], as stored */
    uint32_t *shards_of;         /* [count]: in which shard each lies */
    size_t count;
    file_map *shards; /* [shard_count] */
    size_t shard_count;
} tensor_bundle;

/* Whether the path names a checkpoint: it is PREFIX, or PREFIX.index, and the index is there. True
 * as well of a file of the first format ("V1"), which was one table with all in it and which
 * tensor_bundle_open refuses by name. */
bool tensor_bundle_named(const char *path);

/* `path`: as above. The index is read and checked, and every tensor lies in a shard that is there.
 * Tensors that were saved in slices (partitioned variables) are refused by name; so is a big-endian
 * checkpoint. Tensors of other than numbers (strings) are listed as SAFETENSORS_OTHER, with the
 * bytes that the index gives them. */
bert_status tensor_bundle_open(tensor_bundle *bundle, const char *path, bert_error *error);
void tensor_bundle_close(tensor_bundle *bundle); /* safe on a zeroed struct */

/* Holds a tensor of numbers against its checksum: opening does not read gigabytes of an optimizer's
 * moments that nobody asks for. */
bert_status tensor_bundle_verify(const tensor_bundle *bundle, const safetensors_tensor *tensor,
                                 bert_error *error);

#endif
