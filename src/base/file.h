/* Files: read whole, mapped, or written so that they appear whole or not at all. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/text.h"

/* `*path` = "directory/name"; the caller frees it. */
bert_status path_join(char **path, const char *directory, const char *name, bert_error *error);

/* `*path` = printf; the caller frees it. */
bert_status path_format(char **path, bert_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool file_exists(const char *path); /* anything: file, directory, link to nothing */
bool path_is_directory(const char *path);

/* Appends the whole file to `content`. More than `limit` bytes is an error that says so, so that a
 * wrong file name cannot take all memory. */
bert_status file_read(text *content, const char *path, size_t limit, bert_error *error);

/* A file mapped for reading. `data` is NULL for an empty file. */
typedef struct file_map {
    const unsigned char *data;
    size_t size;
} file_map;
bert_status file_map_open(file_map *map, const char *path, bert_error *error);
void file_map_close(file_map *map);

/* A file being written: bytes go to "path.partial" beside its final name. Commit flushes, syncs and
 * renames; until then the final name is untouched, and discard leaves nothing behind. Every write
 * error is reported (also a full disk that only shows at the flush). */
typedef struct output_file {
    int descriptor;
    char *path, *partial_path; /* owned */
    unsigned char *buffer;     /* owned */
    size_t buffered;
    uint64_t written; /* bytes so far, buffered ones included */
} output_file;
bert_status output_file_open(output_file *file, const char *path, bert_error *error);
bert_status output_file_write(output_file *file, const void *data, size_t size, bert_error *error);
/* Writes over bytes that were written before. */
bert_status output_file_patch(output_file *file, uint64_t offset, const void *data, size_t size,
                              bert_error *error);
bert_status output_file_commit(output_file *file, bert_error *error);
void output_file_discard(output_file *file); /* safe on a zeroed struct and after commit */

/* For files that outlive an interrupted job: opens `path` itself, under its final name, behind its
 * first `size` bytes, and cuts off the rest; makes it where size is 0. Fewer bytes are an error. */
bert_status output_file_continue(output_file *file, const char *path, uint64_t size,
                                 bert_error *error);
/* All that was written so far survives a kill and a power cut. */
bert_status output_file_sync(output_file *file, bert_error *error);
void output_file_suspend(output_file *file); /* as discard, but the file stays as far as synced */

/* Open, write and commit in one. */
bert_status file_write(const char *path, const void *data, size_t size, bert_error *error);

/* Creates a directory and its missing parents; one that is there already is fine. */
bert_status directory_create(const char *path, bert_error *error);

/* Removes a directory with all it holds, links not followed. A missing one is fine. */
bert_status directory_remove(const char *path, bert_error *error);

/* Makes the entries of a directory (new names, renames) survive a power cut. */
bert_status directory_sync(const char *path, bert_error *error);

#endif
