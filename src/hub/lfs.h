/* Uploads large files to the Hub's LFS storage: Git LFS's batch API (git-lfs, docs/api/batch.md)
 * with basic transfers and the Hub's multipart transfers. */
#ifndef HUB_LFS_H
#define HUB_LFS_H

#include "hub/folder.h"
#include "hub/http.h"
#include "hub/repository.h"

/* Uploads one file, whose digest is set, unless it is already stored. */
bert_status lfs_upload(http_client *client, const hub_settings *settings,
                       const hub_repository *repository, const char *revision,
                       const upload_file *file, transfer *transfer, bert_error *error);

#endif
