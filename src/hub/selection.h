/* Selects the files of a repository, or of a folder to upload. */
#ifndef HUB_SELECTION_H
#define HUB_SELECTION_H

#include "base/error.h"

/* All functions set chosen[i] for the selected ones of `count` paths and return their number.
 * `chosen` must be all false.
 *
 * The files of a model: config.json or bert_config.json; the tokenizer files; and the first of
 * these that exists: model.safetensors, its shards (model.safetensors.index.json), PyTorch's
 * pytorch_model.bin, its shards, Google's bert_model.ckpt. With `card`, also README.md. */
size_t selection_model(bool *chosen, const char *const *paths, size_t count, bool card);

/* Whether a path is a weights file, or a configuration file, in the sense of selection_model; or a
 * file that makes a tokenizer: vocab.txt, tokenizer.json. */
bool selection_is_weights(const char *path);
bool selection_is_configuration(const char *path);
bool selection_is_tokenizer(const char *path);

size_t selection_patterns(bool *chosen, const char *const *paths, size_t count,
                          const char *patterns);

/* Selects the Parquet files CONFIG/SPLIT/NNNN.parquet. `config` NULL: the only one; several are an
 * error that lists them. `split` NULL: all. If nothing matches, the error lists what is available.
 * *partial: the Hub has converted only the first part of a split (CONFIG/partial-SPLIT/). */
bert_status selection_dataset(bool *chosen, const char *const *paths, size_t count,
                              const char *config, const char *split, const char *what,
                              bool *partial, bert_error *error);

#endif
