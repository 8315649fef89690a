/* A repository on the Hub: its URLs, and its name in messages. */
#ifndef HUB_REPOSITORY_H
#define HUB_REPOSITORY_H

#include "bert/hub.h"

#include "base/text.h"

typedef struct hub_repository {
    const char *endpoint, *name; /* owned by the caller */
    bert_repository_kind kind;   /* MODEL or DATASET */
    char *page;                  /* URL of its web page; owned */
    char *what;                  /* "model NAME", "data set NAME"; owned */
} hub_repository;
bert_status hub_repository_open(hub_repository *repository, const char *endpoint, const char *name,
                                bert_repository_kind kind, bert_error *error);
void hub_repository_free(hub_repository *repository);

/* `*url` = ENDPOINT/api/models/NAME/ACTION/REVISION; the caller frees it; likewise below. */
bert_status hub_api_url(char **url, const hub_repository *repository, const char *action,
                        const char *revision, bert_error *error);

/* `*url` = ENDPOINT/NAME/resolve/REVISION/PATH */
bert_status hub_file_url(char **url, const hub_repository *repository, const char *revision,
                         const char *path, bert_error *error);

#endif
