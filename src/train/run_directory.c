#include "train/run_directory.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

bert_status run_directory_resume_command(char **command, const char *path, bert_error *error)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_./-+,:=@%";
    text line = {0};
    bool quotes = path[strspn(path, plain)] != '\0';
    bert_status status = text_format(&line, error, "bert pretrain --resume %s", quotes ? "'" : "");
    for (const char *c = path; *c && status == BERT_OK; c++)
        status =
            *c == '\'' ? text_append(&line, "'\\''", 4, error) : text_append(&line, c, 1, error);
    if (status == BERT_OK)
        status = text_append(&line, "'", quotes, error);
    if (status != BERT_OK)
        text_free(&line);
    *command = line.data;
    return status;
}

static bert_status refuse_existing_run(const char *path, bert_error *error)
{
    char *command;
    TRY(run_directory_resume_command(&command, path, error));
    bert_status status = error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                                   "%s: holds a run already; to continue it: %s", path, command);
    free(command);
    return status;
}

static bert_status check_empty(const char *path, bert_error *error)
{
    DIR *directory = opendir(path);
    if (!directory)
        return error_set_errno(error, errno, "%s: cannot list the directory", path);
    const char *found = NULL;
    for (struct dirent *entry; !found && (entry = readdir(directory));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            found = entry->d_name;
    bert_status status = BERT_OK;
    if (found && strcmp(found, "run.json") != 0 && faccessat(dirfd(directory), "run.json", F_OK, 0))
        status = error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                           "%s: exists and is not empty (it holds %s); name another params->output",
                           path, found);
    else if (found)
        status = refuse_existing_run(path, error);
    closedir(directory);
    return status;
}

static bert_status open_and_lock(run_directory *directory, bert_error *error)
{
    directory->descriptor = open(directory->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory->descriptor < 0)
        return error_set_errno(error, errno, "%s: cannot open the directory", directory->path);
    if (flock(directory->descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: another process is training in it", directory->path);
    return BERT_OK; /* where a file system has no locks, we go without */
}

/* Without trailing slashes: file names are appended to it, and it is in messages. */
static bert_status copy_path(run_directory *directory, const char *path, bert_error *error)
{
    *directory = (run_directory){.descriptor = -1};
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    return path_format(&directory->path, error, "%.*s", (int)length, path);
}

bert_status run_directory_create(run_directory *directory, const char *path, bert_error *error)
{
    bert_status status;
    TRY_OR_GO(status, copy_path(directory, path, error), failed);
    path = directory->path;
    if (file_exists(path)) {
        if (!path_is_directory(path))
            status = error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                               "%s: exists and is no directory; name another params->output", path);
        else
            status = check_empty(path, error);
        if (status == BERT_OK && access(path, W_OK | X_OK) != 0)
            status = error_set_errno(error, errno, "%s: cannot write into it", path);
    } else {
        status = directory_create(path, error);
        directory->created = status == BERT_OK;
    }
    if (status == BERT_OK)
        status = open_and_lock(directory, error);
failed:
    if (status != BERT_OK) {
        run_directory_abandon(directory);
        run_directory_close(directory);
    }
    return status;
}

bert_status run_directory_open(run_directory *directory, const char *path, bert_error *error)
{
    bert_status status = copy_path(directory, path, error);
    if (status == BERT_OK)
        status = open_and_lock(directory, error);
    if (status != BERT_OK)
        run_directory_close(directory);
    return status;
}

void run_directory_close(run_directory *directory)
{
    if (directory->path && directory->descriptor >= 0)
        close(directory->descriptor);
    free(directory->path);
    *directory = (run_directory){.descriptor = -1};
}

bert_status run_directory_describe(const run_directory *directory, const run_settings *settings,
                                   const model_config *config, bert_error *error)
{
    char *path;
    TRY(path_join(&path, directory->path, "config.json", error));
    bert_status status = model_config_write(config, path, error);
    free(path);
    TRY(status);
    return settings_write(settings, directory->path, error);
}

void run_directory_abandon(const run_directory *directory)
{
    static const char *const names[] = {"run.json", "config.json", "metrics.jsonl",
                                        "timings.jsonl"};
    if (directory->descriptor >= 0)
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            unlinkat(directory->descriptor, names[i], 0);
    if (directory->created)
        rmdir(directory->path);
}
