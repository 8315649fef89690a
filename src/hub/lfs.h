/* Large files into the Hub's store: the batch protocol of Git LFS with its basic transfer, and the
 * Hub's transfer in several parts (git-lfs, docs/api/batch.md). */
#ifndef HUB_LFS_H
#define HUB_LFS_H

#include "hub/folder.h"
#include "hub/http.h"
#include "hub/repository.h"

/* Sends one file, whose digest is known, unless the store has it. */
bert_status lfs_upload(http_client *client, const hub_settings *settings,
                       const hub_repository *repository, const char *revision,
                       const upload_file *file, transfer *transfer, bert_error *error);

#endif
