/* Which files of a repository, or of a folder that is to become one, are meant. */
#ifndef HUB_SELECTION_H
#define HUB_SELECTION_H

#include "base/error.h"

/* All functions set chosen[i], of `count` paths, and return how many. `chosen` must be false
 * before.
 *
 * What a model is: config.json; model.safetensors, or the pieces that model.safetensors.index.json
 * names; where there is neither, PyTorch's pytorch_model.bin, or its pieces; where there are none
 * of these, Google's bert_model.ckpt; bert_config.json; and the files of a tokenizer. With `card`,
 * README.md, too. */
size_t selection_model(bool *chosen, const char *const *paths, size_t count, bool card);

/* Whether a path is one of the files with weights, or with the configuration, that selection_model
 * knows. */
bool selection_is_weights(const char *path);
bool selection_is_configuration(const char *path);

size_t selection_patterns(bool *chosen, const char *const *paths, size_t count,
                          const char *patterns);

/* The Parquet files CONFIG/SPLIT/NNNN.parquet. `config` NULL: the only one there is; several are an
 * error that names them. `split` NULL: all. None, too, is an error that says what there is.
 * `*partial` where the Hub converted only the first part of a split (CONFIG/partial-SPLIT/). */
bert_status selection_dataset(bool *chosen, const char *const *paths, size_t count,
                              const char *config, const char *split, const char *what,
                              bool *partial, bert_error *error);

#endif
