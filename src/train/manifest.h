/* manifest.json: size and checksum of every file of a checkpoint, so that a damaged one is noticed
 * before it is used. */
#ifndef TRAIN_MANIFEST_H
#define TRAIN_MANIFEST_H

#include "base/error.h"

#define MANIFEST_NAME "manifest.json"

/* Writes directory/manifest.json over the `count` files of the directory that are named. */
bert_status manifest_write(const char *directory, const char *const *names, size_t count,
                           bert_error *error);

/* Checks that the manifest lists each of the `count` named files and that they match it. The
 * first one that is missing, has another size or another checksum is the error. */
bert_status manifest_verify(const char *directory, const char *const *names, size_t count,
                            bert_error *error);

/* The same for all files that the manifest lists: their sizes and, where they have together at most
 * `checksum_limit` bytes, their checksums. */
typedef struct manifest_report {
    size_t files;
    uint64_t bytes;
    bool verified; /* checksums too */
} manifest_report;
bert_status manifest_verify_all(manifest_report *report, const char *directory,
                                uint64_t checksum_limit, bert_error *error);

#endif
