#include "base/file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OUTPUT_BUFFER_SIZE = 1 << 20 };

bert_status path_format(char **path, bert_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(path, format, arguments);
    va_end(arguments);
    if (length < 0) {
        *path = NULL;
        return error_set(error, BERT_ERROR_MEMORY, "no memory for a path");
    }
    return BERT_OK;
}

bert_status path_join(char **path, const char *directory, const char *name, bert_error *error)
{
    size_t length = strlen(directory);
    const char *separator = length && directory[length - 1] == '/' ? "" : "/";
    return path_format(path, error, "%s%s%s", directory, separator, name);
}

bool file_exists(const char *path)
{
    struct stat information;
    return lstat(path, &information) == 0;
}

bool path_is_directory(const char *path)
{
    struct stat information;
    return stat(path, &information) == 0 && S_ISDIR(information.st_mode);
}

static bert_status open_for_reading(int *descriptor, struct stat *information, const char *path,
                                    bert_error *error)
{
    *descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (*descriptor < 0)
        return error_set_errno(error, errno, "%s: cannot open", path);
    if (fstat(*descriptor, information) != 0) {
        error_set_errno(error, errno, "%s: cannot read", path);
    } else if (S_ISDIR(information->st_mode)) {
        error_set(error, BERT_ERROR_IO, "%s: is a directory, expected a file", path);
    } else {
        return BERT_OK;
    }
    close(*descriptor);
    return BERT_ERROR_IO;
}

bert_status file_read(text *content, const char *path, size_t limit, bert_error *error)
{
    int descriptor;
    struct stat information;
    TRY(open_for_reading(&descriptor, &information, path, error));
    bert_status status = BERT_OK;
    unsigned char chunk[1 << 16];
    size_t total = 0;
    while (status == BERT_OK) {
        ssize_t got = read(descriptor, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            status = error_set_errno(error, errno, "%s: cannot read at byte %zu", path, total);
        if (got <= 0)
            break;
        total += (size_t)got;
        if (total > limit)
            status = error_set(error, BERT_ERROR_INPUT,
                               "%s: has more than %zu bytes, too large for this kind of file", path,
                               limit);
        else
            status = text_append(content, (char *)chunk, (size_t)got, error);
    }
    close(descriptor);
    return status;
}

bert_status file_map_open(file_map *map, const char *path, bert_error *error)
{
    *map = (file_map){0};
    int descriptor;
    struct stat information;
    TRY(open_for_reading(&descriptor, &information, path, error));
    bert_status status = BERT_OK;
    if (information.st_size > 0) {
        void *data = mmap(NULL, (size_t)information.st_size, PROT_READ, MAP_SHARED, descriptor, 0);
        if (data == MAP_FAILED)
            status = error_set_errno(error, errno, "%s: cannot map %lld bytes", path,
                                     (long long)information.st_size);
        else
            *map = (file_map){.data = data, .size = (size_t)information.st_size};
    }
    close(descriptor);
    return status;
}

void file_map_close(file_map *map)
{
    if (map->data)
        munmap((void *)(uintptr_t)map->data, map->size);
    *map = (file_map){0};
}

bert_status output_file_open(output_file *file, const char *path, bert_error *error)
{
    *file = (output_file){.descriptor = -1};
    bert_status status;
    TRY_OR_GO(status, path_format(&file->path, error, "%s", path), failed);
    TRY_OR_GO(status, path_format(&file->partial_path, error, "%s.partial", path), failed);
    TRY_OR_GO(status,
              memory_array((void **)&file->buffer, OUTPUT_BUFFER_SIZE, 1, "output buffer", error),
              failed);
    file->descriptor = open(file->partial_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file->descriptor >= 0)
        return BERT_OK;
    status = error_set_errno(error, errno, "%s: cannot create", path);
failed:
    output_file_discard(file);
    return status;
}

static bert_status write_all(output_file *file, const unsigned char *data, size_t size,
                             bert_error *error)
{
    while (size > 0) {
        ssize_t written = write(file->descriptor, data, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_set_errno(error, errno, "%s: cannot write (%llu bytes so far)", file->path,
                                   (unsigned long long)file->written);
        data += written;
        size -= (size_t)written;
    }
    return BERT_OK;
}

bert_status output_file_write(output_file *file, const void *data, size_t size, bert_error *error)
{
    file->written += size;
    if (size <= OUTPUT_BUFFER_SIZE - file->buffered) {
        memcpy(file->buffer + file->buffered, data, size);
        file->buffered += size;
        return BERT_OK;
    }
    TRY(write_all(file, file->buffer, file->buffered, error));
    file->buffered = 0;
    if (size >= OUTPUT_BUFFER_SIZE)
        return write_all(file, data, size, error);
    memcpy(file->buffer, data, size);
    file->buffered = size;
    return BERT_OK;
}

bert_status output_file_patch(output_file *file, uint64_t offset, const void *data, size_t size,
                              bert_error *error)
{
    TRY(write_all(file, file->buffer, file->buffered, error));
    file->buffered = 0;
    for (size_t done = 0; done < size;) {
        ssize_t written = pwrite(file->descriptor, (const char *)data + done, size - done,
                                 (off_t)(offset + done));
        if (written < 0 && errno != EINTR)
            return error_set_errno(error, errno, "%s: cannot write", file->path);
        done += written > 0 ? (size_t)written : 0;
    }
    return BERT_OK;
}

static bert_status sync_parent(const char *path, bert_error *error)
{
    const char *slash = strrchr(path, '/');
    char *parent;
    if (!slash)
        TRY(path_format(&parent, error, "."));
    else
        TRY(path_format(&parent, error, "%.*s", (int)(slash == path ? 1 : slash - path), path));
    bert_status status = directory_sync(parent, error);
    free(parent);
    return status;
}

bert_status output_file_commit(output_file *file, bert_error *error)
{
    bert_status status = write_all(file, file->buffer, file->buffered, error);
    if (status == BERT_OK && fsync(file->descriptor) != 0)
        status = error_set_errno(error, errno, "%s: cannot write to disk", file->path);
    if (close(file->descriptor) != 0 && status == BERT_OK)
        status = error_set_errno(error, errno, "%s: cannot write to disk", file->path);
    file->descriptor = -1;
    if (status == BERT_OK && rename(file->partial_path, file->path) != 0)
        status = error_set_errno(error, errno, "%s: cannot rename %s to it", file->path,
                                 file->partial_path);
    if (status == BERT_OK) {
        status = sync_parent(file->path, error);
        free(file->partial_path);
        file->partial_path = NULL; /* renamed: discard must not unlink it */
    }
    output_file_discard(file);
    return status;
}

void output_file_discard(output_file *file)
{
    if (file->partial_path) {
        if (file->descriptor >= 0)
            close(file->descriptor);
        unlink(file->partial_path);
    }
    free(file->partial_path);
    free(file->path);
    free(file->buffer);
    *file = (output_file){.descriptor = -1};
}

bert_status output_file_continue(output_file *file, const char *path, uint64_t size,
                                 bert_error *error)
{
    *file = (output_file){.descriptor = -1, .written = size};
    struct stat information;
    bert_status status;
    TRY_OR_GO(status, path_format(&file->path, error, "%s", path), failed);
    TRY_OR_GO(status, path_format(&file->partial_path, error, "%s", path), failed);
    TRY_OR_GO(status,
              memory_array((void **)&file->buffer, OUTPUT_BUFFER_SIZE, 1, "output buffer", error),
              failed);
    file->descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (file->descriptor < 0 || fstat(file->descriptor, &information) != 0)
        status = error_set_errno(error, errno, "%s: cannot open for writing", path);
    else if ((uint64_t)information.st_size < size)
        status = error_set(error, BERT_ERROR_INPUT, "%s: has %lld bytes, expected at least %llu",
                           path, (long long)information.st_size, (unsigned long long)size);
    else if (ftruncate(file->descriptor, (off_t)size) != 0 ||
             lseek(file->descriptor, 0, SEEK_END) < 0)
        status = error_set_errno(error, errno, "%s: cannot continue writing", path);
failed:
    if (status != BERT_OK)
        output_file_suspend(file);
    return status;
}

bert_status output_file_sync(output_file *file, bert_error *error)
{
    TRY(write_all(file, file->buffer, file->buffered, error));
    file->buffered = 0;
    if (fdatasync(file->descriptor) != 0)
        return error_set_errno(error, errno, "%s: cannot write to disk", file->path);
    return BERT_OK;
}

void output_file_suspend(output_file *file)
{
    if (file->descriptor >= 0)
        close(file->descriptor);
    free(file->partial_path);
    file->partial_path = NULL; /* discard must not unlink the file */
    output_file_discard(file);
}

bert_status file_write(const char *path, const void *data, size_t size, bert_error *error)
{
    output_file file;
    TRY(output_file_open(&file, path, error));
    bert_status status = output_file_write(&file, data, size, error);
    if (status == BERT_OK)
        return output_file_commit(&file, error);
    output_file_discard(&file);
    return status;
}

bert_status directory_create(const char *path, bert_error *error)
{
    char *partial;
    TRY(path_format(&partial, error, "%s", path));
    bert_status status = BERT_OK;
    for (char *end = partial + 1; status == BERT_OK; end++) {
        if (*end != '/' && *end != '\0')
            continue;
        char kept = *end;
        *end = '\0';
        if (mkdir(partial, 0777) != 0 && errno != EEXIST)
            status = error_set_errno(error, errno, "%s: cannot create the directory", partial);
        *end = kept;
        if (kept == '\0')
            break;
    }
    if (status == BERT_OK && !path_is_directory(path))
        status = error_set(error, BERT_ERROR_IO, "%s: exists and is not a directory", path);
    free(partial);
    return status;
}

bert_status directory_remove(const char *path, bert_error *error)
{
    if (!file_exists(path))
        return BERT_OK;
    char *roots[] = {(char *)(uintptr_t)path, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (!tree)
        return error_set_errno(error, errno, "%s: cannot remove", path);
    bert_status status = BERT_OK;
    for (FTSENT *entry; status == BERT_OK && (entry = fts_read(tree));) {
        if (entry->fts_info == FTS_D)
            continue; /* removed in post-order, when it is empty */
        if (remove(entry->fts_accpath) != 0)
            status = error_set_errno(error, errno, "%s: cannot remove", entry->fts_path);
    }
    fts_close(tree);
    return status;
}

bert_status directory_sync(const char *path, bert_error *error)
{
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return error_set_errno(error, errno, "%s: cannot open the directory", path);
    bert_status status = BERT_OK;
    if (fsync(descriptor) != 0 && errno != EINVAL) /* unsupported by some file systems */
        status = error_set_errno(error, errno, "%s: cannot sync the directory", path);
    close(descriptor);
    return status;
}
