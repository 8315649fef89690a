/* manifest.json: size and checksum of every file of a checkpoint, so that a damaged one is noticed
 * before it is used. */
#ifndef TRAIN_MANIFEST_H
#define TRAIN_MANIFEST_H

#include "base/error.h"

#define MANIFEST_NAME "manifest.json"

/* Writes directory/manifest.json over the `count` files of the directory that are named. */
bert_status manifest_write(const char *directory, const char *const *names, size_t count,
                           bert_error *error);

/* Checks that the manifest lists each of the `count` named files and that they are as it says. The
 * first one that is missing, has another size or another checksum is the error. */
bert_status manifest_verify(const char *directory, const char *const *names, size_t count,
                            bert_error *error);

#endif
