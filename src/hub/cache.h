/* The cache on disk, in the layout of huggingface_hub:
 *
 *     CACHE/models--owner--name/blobs/ETAG                     the content, named by its checksum
 *                              /blobs/ETAG.incomplete          what has come of it so far
 *                              /snapshots/COMMIT/path/of/file  a relative link to its blob
 *                              /refs/REVISION                  the commit that a revision stands
 * for CACHE/.locks/models--owner--name/ETAG.lock               held (flock) while a blob is fetched
 */
#ifndef HUB_CACHE_H
#define HUB_CACHE_H

#include "bert/hub.h"
#include "hub/responses.h"

/* One repository in the cache. Files and folders are created only when needed. */
typedef struct cache_repository {
    char *folder; /* CACHE/models--owner--name */
    char *locks;  /* CACHE/.locks/models--owner--name */
} cache_repository;
bert_status cache_repository_open(cache_repository *repository, const char *cache,
                                  bert_repository_kind kind, const char *name, bert_error *error);
void cache_repository_free(cache_repository *repository);

/* Paths in the cache; the caller frees them. */
bert_status cache_snapshot_path(char **path, const cache_repository *repository, const char *commit,
                                bert_error *error);
bert_status cache_blob_path(char **path, const cache_repository *repository, const char *etag,
                            bert_error *error);

/* Creates the link snapshots/COMMIT/FILE to the blob `etag`. An existing link to an existing file
 * is kept, unless `replace` is set. */
bert_status cache_link(const cache_repository *repository, const char *commit, const char *file,
                       const char *etag, bool replace, bert_error *error);

/* The commit to which a revision was resolved when it was last downloaded; a commit resolves to
 * itself. A revision that is not in the cache is an error. */
bert_status cache_read_ref(char commit[41], const cache_repository *repository,
                           const char *revision, bert_error *error);
bert_status cache_write_ref(const cache_repository *repository, const char *revision,
                            const char *commit, bert_error *error);

/* Lists the files of a snapshot like a listing of the Hub; dangling links are skipped. Their
 * checksums are known from the names of the blobs, their sizes are not. */
bert_status cache_list_snapshot(hub_listing *listing, const cache_repository *repository,
                                const char *commit, bert_error *error);

/* Sets the checksum from the name of the blob that the link leads to; where the file is no link, or
 * the name no checksum, it stays as it is. */
void cache_link_digest(hub_file_facts *facts, const char *path);

/* Waits until no other process is downloading the blob; release `*lock` with cache_unlock. */
bert_status cache_lock(int *lock, const cache_repository *repository, const char *etag,
                       const bert_observer *observer, bert_error *error);
void cache_unlock(int lock);

/* Creates the parent folders of `path`. */
bert_status cache_create_parent(const char *path, bert_error *error);

#endif
