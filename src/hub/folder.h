/* The files of a folder to upload. */
#ifndef HUB_FOLDER_H
#define HUB_FOLDER_H

#include "bert/hub.h"
#include "hub/digest.h"
#include "hub/responses.h"

typedef struct upload_file {
    char *path;     /* relative to the folder, and in the repository; owned */
    int descriptor; /* open for reading until upload_folder_close */
    uint64_t size;
    hub_upload_mode mode;               /* as the Hub requires */
    char digest[DIGEST_MAX_DIGITS + 1]; /* SHA-256 of LFS files, git's SHA-1 of others */
    bool unchanged;                     /* identical to the file on the Hub */
} upload_file;

typedef struct upload_folder {
    const char *directory; /* owned by the caller */
    const char *content;   /* "model", "tokenizer", "data set" or, chosen by patterns, "files" */
    upload_file *files;    /* sorted by path */
    size_t count;
} upload_folder;

/* Finds and opens the files. `include` NULL: those of a model, whose missing weights are an error
 * unless the folder has a tokenizer and nothing else of a model; of a data set, all. Hidden files
 * and folders, token files and incomplete downloads are skipped. Selecting a symbolic link is an
 * error, because its target may be any file. */
bert_status upload_folder_open(upload_folder *folder, const char *directory,
                               bert_repository_kind kind, const char *include, bert_error *error);
bool upload_folder_has(const upload_folder *folder, const char *path);
void upload_folder_close(upload_folder *folder);

/* Appends a file's content. */
bert_status upload_file_read(text *content, const upload_file *file, bert_error *error);

#endif
