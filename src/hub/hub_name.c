#include "hub/hub_name.h"

#include "base/file.h"
#include "hub/names.h"

#include <stdlib.h>
#include <string.h>

static const char url_prefix[] = "hf://", dataset_prefix[] = "datasets/";

bool hub_name_is_url(const char *text)
{
    return strncmp(text, url_prefix, strlen(url_prefix)) == 0;
}

void hub_names_free(hub_name *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(names[i].name);
        free(names[i].revision);
        free(names[i].path);
        names[i] = (hub_name){0};
    }
}

/* The bytes of the revision that `text`, after an @, begins with. Those that the Hub itself makes
 * have slashes, which may stand unquoted: refs/convert/parquet, refs/pr/1. */
static size_t revision_length(const char *text)
{
    bool own = strncmp(text, "refs/convert/", 13) == 0 || strncmp(text, "refs/pr/", 8) == 0;
    size_t length = 0;
    for (int slashes = own ? 3 : 1; text[length]; length++)
        if (text[length] == '/' && --slashes == 0)
            break;
    return length;
}

static bert_status take_revision(hub_name *name, const char *text, size_t length, bert_error *error)
{
    if (length == strlen("~parquet") && strncmp(text, "~parquet", length) == 0)
        return path_format(&name->revision, error, "refs/convert/parquet");
    TRY(path_format(&name->revision, error, "%.*s", (int)length, text));
    char *out = name->revision;
    for (const char *in = name->revision; *in;) {
        bool slash = strncasecmp(in, "%2F", 3) == 0;
        *out++ = slash ? '/' : *in;
        in += slash ? 3 : 1;
    }
    *out = '\0';
    return revision_check(name->revision, error);
}

/* Takes the name from text[length]; what follows is "", "@REVISION", "/PATH" or both. */
static bert_status take(hub_name *name, bert_repository_kind kind, const char *text, size_t length,
                        bert_error *error)
{
    const char *rest = text + length;
    *name = (hub_name){.kind = kind};
    TRY(path_format(&name->name, error, "%.*s", (int)length, text));
    TRY(repository_name_check(name->name, error));
    if (*rest == '@') {
        size_t revision = revision_length(rest + 1);
        TRY(take_revision(name, rest + 1, revision, error));
        rest += 1 + revision;
    }
    if (*rest == '/')
        rest++;
    size_t path = strlen(rest);
    while (path > 0 && rest[path - 1] == '/') /* a folder's, as one may type it */
        path--;
    if (path == 0)
        return BERT_OK;
    TRY(path_format(&name->path, error, "%.*s", (int)path, rest));
    return repository_path_check(name->name, name->path, error);
}

/* The length of the name with the first `parts` components; 0 where there are fewer. */
static size_t name_length(const char *text, int parts)
{
    const char *at = text;
    for (int i = 0; i < parts; i++) {
        size_t length = strcspn(at, "/@");
        if (length == 0 || (i + 1 < parts && at[length] != '/'))
            return 0;
        at += length + (i + 1 < parts);
    }
    return (size_t)(at - text);
}

static bert_status parse_dataset(hub_name *names, size_t *count, const char *text,
                                 bert_error *error)
{
    bert_error first = {0};
    for (int parts = 2; parts >= 1; parts--) {
        size_t length = name_length(text, parts);
        hub_name *name = &names[*count];
        bert_error *problem = first.status == BERT_OK ? &first : NULL;
        if (length == 0)
            continue;
        if (take(name, BERT_REPOSITORY_DATASET, text, length, problem) != BERT_OK) {
            hub_names_free(name, 1);
            continue;
        }
        ++*count;
        if (text[length] == '@')
            break; /* it ends the name: there is no other reading */
    }
    if (*count > 0)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                     "hf://datasets/%s: expected hf://datasets/[OWNER/]NAME[@REVISION][/PATH]%s%s",
                     text, first.status ? "; " : "", first.message);
}

static bert_status parse_model(hub_name *names, size_t *count, const char *text, bool url,
                               bert_error *error)
{
    bert_error problem = {0};
    if (take(names, BERT_REPOSITORY_MODEL, text, strcspn(text, "@"), &problem) == BERT_OK &&
        !names->path) {
        *count = 1;
        return BERT_OK;
    }
    hub_names_free(names, 1);
    if (!url)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                     "hf://%s: expected hf://[OWNER/]NAME[@REVISION]%s%s", text,
                     problem.status ? "; " : "", problem.message);
}

bert_status hub_name_parse(hub_name *names, size_t *count, const char *text, bert_hub_part part,
                           bert_error *error)
{
    bool url = hub_name_is_url(text);
    const char *rest = url ? text + strlen(url_prefix) : text;
    bool dataset = url && strncmp(rest, dataset_prefix, strlen(dataset_prefix)) == 0;
    *count = 0;
    if (part == BERT_HUB_FILES && url && !dataset)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: text comes from a data set: "
                         "hf://datasets/[OWNER/]NAME[@REVISION][/PATH]",
                         text);
    if (part == BERT_HUB_FILES)
        return url ? parse_dataset(names, count, rest + strlen(dataset_prefix), error) : BERT_OK;
    if (dataset)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: is a data set, expected a model: hf://[OWNER/]NAME[@REVISION]", text);
    return parse_model(names, count, rest, url, error);
}
