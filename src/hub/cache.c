#include "hub/cache.h"

#include "base/file.h"
#include "base/observer.h"
#include "hub/digest.h"
#include "hub/names.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

bert_status cache_repository_open(cache_repository *repository, const char *cache,
                                  bert_repository_kind kind, const char *name, bert_error *error)
{
    *repository = (cache_repository){0};
    const char *slash = strchr(name, '/');
    int owner = slash ? (int)(slash - name) : 0;
    char *folder;
    TRY(path_format(&folder, error, "%s--%.*s%s%s",
                    kind == BERT_REPOSITORY_DATASET ? "datasets" : "models", owner, name,
                    slash ? "--" : "", slash ? slash + 1 : name));
    bert_status status = path_join(&repository->folder, cache, folder, error);
    if (status == BERT_OK)
        status = path_format(&repository->locks, error, "%s/.locks/%s", cache, folder);
    free(folder);
    if (status != BERT_OK)
        cache_repository_free(repository);
    return status;
}

void cache_repository_free(cache_repository *repository)
{
    free(repository->folder);
    free(repository->locks);
    *repository = (cache_repository){0};
}

bert_status cache_snapshot_path(char **path, const cache_repository *repository, const char *commit,
                                bert_error *error)
{
    return path_format(path, error, "%s/snapshots/%s", repository->folder, commit);
}

bert_status cache_blob_path(char **path, const cache_repository *repository, const char *etag,
                            bert_error *error)
{
    return path_format(path, error, "%s/blobs/%s", repository->folder, etag);
}

bert_status cache_create_parent(const char *path, bert_error *error)
{
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return BERT_OK;
    char *parent;
    TRY(path_format(&parent, error, "%.*s", (int)(slash - path), path));
    bert_status status = directory_create(parent, error);
    free(parent);
    return status;
}

/* ---------------------------------------------------------------------------------- links --- */

/* "../../blobs/ETAG", with one more "../" for each folder above the file. */
static bert_status link_target(text *target, const char *file, const char *etag, bert_error *error)
{
    TRY(text_format(target, error, "../../"));
    for (const char *c = file; *c; c++)
        if (*c == '/')
            TRY(text_format(target, error, "../"));
    return text_format(target, error, "blobs/%s", etag);
}

/* Replaces an existing link atomically. */
static bert_status replace_link(const char *path, const char *target, bert_error *error)
{
    char *temporary;
    TRY(path_format(&temporary, error, "%s.%ld.link", path, (long)getpid()));
    bert_status status = BERT_OK;
    unlink(temporary);
    if (symlink(target, temporary) != 0 || rename(temporary, path) != 0) {
        status = error_set_errno(error, errno, "%s: cannot create the link", path);
        unlink(temporary);
    }
    free(temporary);
    return status;
}

bert_status cache_link(const cache_repository *repository, const char *commit, const char *file,
                       const char *etag, bool replace, bert_error *error)
{
    char *path;
    TRY(path_format(&path, error, "%s/snapshots/%s/%s", repository->folder, commit, file));
    text target = {0};
    bert_status status = BERT_OK;
    if (!replace && access(path, F_OK) == 0)
        goto done;
    TRY_OR_GO(status, cache_create_parent(path, error), done);
    TRY_OR_GO(status, link_target(&target, file, etag, error), done);
    status = replace_link(path, target.data, error);
done:
    text_free(&target);
    free(path);
    return status;
}

/* ----------------------------------------------------------------------------------- refs --- */

bert_status cache_read_ref(char commit[41], const cache_repository *repository,
                           const char *revision, bert_error *error)
{
    if (commit_is_valid(revision)) {
        memcpy(commit, revision, 41);
        return BERT_OK;
    }
    char *path;
    TRY(path_format(&path, error, "%s/refs/%s", repository->folder, revision));
    text content = {0};
    bert_status status = BERT_OK;
    if (!file_exists(path))
        status = error_set(error, BERT_ERROR_INPUT,
                           "%s: missing: the cache does not have this revision", path);
    else
        status = file_read(&content, path, 4096, error);
    if (status == BERT_OK) {
        size_t length = content.data ? strcspn(content.data, " \t\r\n") : 0;
        if (content.data)
            content.data[length] = '\0';
        if (!content.data || !commit_is_valid(content.data))
            status = error_set(error, BERT_ERROR_INPUT,
                               "%s: \"%.60s\", expected a commit of 40 hexadecimal digits", path,
                               content.data ? content.data : "");
        else
            memcpy(commit, content.data, 41);
    }
    text_free(&content);
    free(path);
    return status;
}

bert_status cache_write_ref(const cache_repository *repository, const char *revision,
                            const char *commit, bert_error *error)
{
    if (strcmp(revision, commit) == 0)
        return BERT_OK;
    char *path, *temporary = NULL;
    TRY(path_format(&path, error, "%s/refs/%s", repository->folder, revision));
    bert_status status;
    TRY_OR_GO(status, cache_create_parent(path, error), done);
    /* Concurrent writers use different temporary names. */
    TRY_OR_GO(status, path_format(&temporary, error, "%s.%ld", path, (long)getpid()), done);
    TRY_OR_GO(status, file_write(temporary, commit, strlen(commit), error), done);
    if (rename(temporary, path) != 0) {
        status = error_set_errno(error, errno, "%s: cannot rename %s to it", path, temporary);
        unlink(temporary);
    }
done:
    free(temporary);
    free(path);
    return status;
}

/* -------------------------------------------------------------------------------- listing --- */

void cache_link_digest(hub_file_facts *facts, const char *path)
{
    char target[1024];
    ssize_t length = readlink(path, target, sizeof target - 1);
    target[length > 0 ? length : 0] = '\0';
    const char *slash = strrchr(target, '/');
    digest_kind kind;
    if (slash && digest_kind_of(&kind, slash + 1))
        memcpy(facts->digest, slash + 1, strlen(slash + 1) + 1);
}

bert_status cache_list_snapshot(hub_listing *listing, const cache_repository *repository,
                                const char *commit, bert_error *error)
{
    *listing = (hub_listing){0};
    memcpy(listing->commit, commit, 41);
    char *root;
    TRY(cache_snapshot_path(&root, repository, commit, error));
    char *roots[] = {root, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    bert_status status =
        tree ? BERT_OK : error_set_errno(error, errno, "%s: cannot read the folder", root);
    for (FTSENT *entry; status == BERT_OK && (entry = fts_read(tree));) {
        if (entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR)
            status = error_set_errno(error, entry->fts_errno, "%s: cannot read", entry->fts_path);
        struct stat target;
        bool file = (entry->fts_info == FTS_SL || entry->fts_info == FTS_F) &&
                    stat(entry->fts_path, &target) == 0 && S_ISREG(target.st_mode);
        char *path = NULL;
        if (status == BERT_OK && file)
            status = path_format(&path, error, "%s", entry->fts_path + strlen(root) + 1);
        if (path)
            status = hub_listing_add(listing, path, root, error);
        if (path && status == BERT_OK && entry->fts_info == FTS_SL)
            cache_link_digest(&listing->facts[listing->count - 1], entry->fts_path);
    }
    if (tree)
        fts_close(tree);
    free(root);
    if (status != BERT_OK)
        hub_listing_free(listing);
    return status;
}

/* ---------------------------------------------------------------------------------- locks --- */

/* Whether the path still names the open file: the previous owner of the lock may have removed it.
 */
static bool is_same_file(int descriptor, const char *path)
{
    struct stat opened, named;
    return fstat(descriptor, &opened) == 0 && stat(path, &named) == 0 &&
           opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

static bert_status wait_for_lock(int *lock, const char *path, const bert_observer *observer,
                                 bert_error *error)
{
    bool reported = false;
    for (;;) {
        int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (descriptor < 0)
            return error_set_errno(error, errno, "%s: cannot create", path);
        bool locked = flock(descriptor, LOCK_EX | LOCK_NB) == 0;
        if (locked && is_same_file(descriptor, path)) {
            *lock = descriptor;
            return BERT_OK;
        }
        int problem = errno;
        close(descriptor);
        if (locked)
            continue;
        if (problem != EWOULDBLOCK && problem != EINTR)
            return error_set_errno(error, problem, "%s: cannot lock", path);
        if (observer_should_stop(observer))
            return error_set(error, BERT_ERROR_IO,
                             "%s: stopped while another process held the lock", path);
        if (!reported)
            observer_message(observer, BERT_MESSAGE_INFO,
                             "waiting: another process is downloading the same file (%s)", path);
        reported = true;
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
}

bert_status cache_lock(int *lock, const cache_repository *repository, const char *etag,
                       const bert_observer *observer, bert_error *error)
{
    char *path;
    *lock = -1;
    TRY(directory_create(repository->locks, error));
    TRY(path_format(&path, error, "%s/%s.lock", repository->locks, etag));
    bert_status status = wait_for_lock(lock, path, observer, error);
    free(path);
    return status;
}

void cache_unlock(int lock)
{
    if (lock >= 0)
        close(
            lock); /* keep the file: if it were removed, two processes could hold different locks */
}
