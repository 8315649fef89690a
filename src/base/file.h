/* Files: read completely, memory-mapped, or written atomically (temporary file, fsync, rename). */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/text.h"

/* `*path` = "directory/name"; the caller frees it. */
bert_status path_join(char **path, const char *directory, const char *name, bert_error *error);

/* `*path` = printf; the caller frees it. */
bert_status path_format(char **path, bert_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool file_exists(const char *path); /* any kind: file, directory, dangling symbolic link */
bool path_is_directory(const char *path);

/* Appends the whole file to `content`. A file of more than `limit` bytes is an error, so that a
 * wrong file name cannot exhaust memory. */
bert_status file_read(text *content, const char *path, size_t limit, bert_error *error);

/* A file memory-mapped for reading. `data` is NULL for an empty file. */
typedef struct file_map {
    const unsigned char *data;
    size_t size;
} file_map;
bert_status file_map_open(file_map *map, const char *path, bert_error *error);
void file_map_close(file_map *map);

/* A file being written atomically: bytes go to "PATH.partial" in the same directory. Commit
 * flushes, syncs and renames it; until then PATH is untouched, and discard removes the partial
 * file. Every write error is reported, including a full disk that is detected only by the flush. */
typedef struct output_file {
    int descriptor;
    char *path, *partial_path; /* owned */
    unsigned char *buffer;     /* owned */
    size_t buffered;
    uint64_t written; /* bytes so far, including buffered ones */
} output_file;
bert_status output_file_open(output_file *file, const char *path, bert_error *error);
bert_status output_file_write(output_file *file, const void *data, size_t size, bert_error *error);
/* Overwrites bytes that were written earlier. */
bert_status output_file_patch(output_file *file, uint64_t offset, const void *data, size_t size,
                              bert_error *error);
bert_status output_file_commit(output_file *file, bert_error *error);
void output_file_discard(output_file *file); /* safe on a zeroed struct and after commit */

/* For files that must survive an interrupted job: opens `path` itself, under its final name,
 * truncates it to `size` bytes and continues writing there. Creates it if size is 0. A file of
 * fewer than `size` bytes is an error. */
bert_status output_file_continue(output_file *file, const char *path, uint64_t size,
                                 bert_error *error);
/* Flushes and syncs: everything written so far survives a kill and a power failure. */
bert_status output_file_sync(output_file *file, bert_error *error);
void output_file_suspend(output_file *file); /* closes, keeps what was synced */

/* Open, write and commit in one call. */
bert_status file_write(const char *path, const void *data, size_t size, bert_error *error);

/* Creates a directory and its missing parents. An existing directory is not an error. */
bert_status directory_create(const char *path, bert_error *error);

/* Removes a directory recursively, without following links. A missing directory is not an error. */
bert_status directory_remove(const char *path, bert_error *error);

/* Makes the entries of a directory (new names, renames) survive a power failure. */
bert_status directory_sync(const char *path, bert_error *error);

#endif
