#include "hub/repository.h"

#include "base/file.h"
#include "hub/url.h"

#include <stdlib.h>

bert_status hub_repository_open(hub_repository *repository, const char *endpoint, const char *name,
                                bert_repository_kind kind, bert_error *error)
{
    bool dataset = kind == BERT_REPOSITORY_DATASET;
    *repository = (hub_repository){.endpoint = endpoint, .name = name, .kind = kind};
    bert_status status = path_format(&repository->page, error, "%s/%s%s", endpoint,
                                     dataset ? "datasets/" : "", name);
    if (status == BERT_OK)
        status =
            path_format(&repository->what, error, "%s %s", dataset ? "data set" : "model", name);
    if (status != BERT_OK)
        hub_repository_free(repository);
    return status;
}

void hub_repository_free(hub_repository *repository)
{
    free(repository->page);
    free(repository->what);
    *repository = (hub_repository){0};
}

bert_status hub_api_url(char **url, const hub_repository *repository, const char *action,
                        const char *revision, bert_error *error)
{
    text quoted = {0};
    bert_status status = url_quote(&quoted, revision, false, error);
    if (status == BERT_OK)
        status = path_format(url, error, "%s/api/%s/%s/%s/%s", repository->endpoint,
                             repository->kind == BERT_REPOSITORY_DATASET ? "datasets" : "models",
                             repository->name, action, quoted.data);
    text_free(&quoted);
    return status;
}

bert_status hub_file_url(char **url, const hub_repository *repository, const char *revision,
                         const char *path, bert_error *error)
{
    text quoted = {0};
    bert_status status = url_quote(&quoted, revision, false, error);
    if (status == BERT_OK)
        status = text_append(&quoted, "/", 1, error);
    if (status == BERT_OK)
        status = url_quote(&quoted, path, true, error);
    if (status == BERT_OK)
        status = path_format(url, error, "%s/resolve/%s", repository->page, quoted.data);
    text_free(&quoted);
    return status;
}
