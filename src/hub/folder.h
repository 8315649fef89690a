/* The files of a folder that are to be uploaded. */
#ifndef HUB_FOLDER_H
#define HUB_FOLDER_H

#include "hub/digest.h"
#include "hub/responses.h"

typedef struct upload_file {
    char *path;     /* inside the folder, as it will be in the repository; owned */
    int descriptor; /* open for reading while the folder is */
    uint64_t size;
    hub_upload_mode mode;               /* as the Hub wants it */
    char digest[DIGEST_MAX_DIGITS + 1]; /* SHA-256 of large files, git's SHA-1 of others */
    bool unchanged;                     /* the Hub has it already */
} upload_file;

typedef struct upload_folder {
    const char *directory; /* the caller's */
    upload_file *files;    /* sorted by path */
    size_t count;
} upload_folder;

/* Finds and opens the files. `include` NULL: those of a model, weights among them, or it is an
 * error. Hidden files and folders, and those with the names that tokens and unfinished files have,
 * are not looked at. A symbolic link that would be chosen is an error: what it leads to may be
 * anything. */
bert_status upload_folder_open(upload_folder *folder, const char *directory, const char *include,
                               bert_error *error);
void upload_folder_close(upload_folder *folder);

/* Appends a file's content. */
bert_status upload_file_read(text *content, const upload_file *file, bert_error *error);

#endif
