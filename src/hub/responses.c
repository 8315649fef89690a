#include "hub/responses.h"

#include "base/memory.h"
#include "formats/json.h"
#include "hub/digest.h"
#include "hub/names.h"
#include "hub/url.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* jansson itself rejects \u0000 and deep nesting. */
static bert_status parse_object(json_t **value, const text *answer, const char *what,
                                bert_error *error)
{
    json_error_t problem = {0};
    *value = json_loadb(answer->data ? answer->data : "", answer->length, 0, &problem);
    if (!*value)
        return error_set(error, BERT_ERROR_INPUT, "%s: the response is invalid JSON, line %d: %s",
                         what, problem.line, problem.text);
    if (json_is_object(*value))
        return BERT_OK;
    json_decref(*value);
    *value = NULL;
    return error_set(error, BERT_ERROR_INPUT, "%s: the response is an array, expected an object",
                     what);
}

static bert_status get_array(json_t **array, const json_t *object, const char *what,
                             const char *key, bert_error *error)
{
    *array = json_object_get(object, key);
    if (!json_is_array(*array))
        return error_set(error, BERT_ERROR_INPUT, "%s: the response has no array \"%s\"", what,
                         key);
    return BERT_OK;
}

/* ------------------------------------------------------------------------------- listing --- */

bert_status hub_listing_add(hub_listing *listing, char *path, const char *what, bert_error *error)
{
    bert_status status = repository_path_check(what, path, error);
    if (status == BERT_OK)
        status = memory_grow((void **)&listing->paths, &listing->capacity, listing->count + 1,
                             sizeof *listing->paths, "list of files", error);
    if (status == BERT_OK)
        status = memory_grow((void **)&listing->facts, &listing->facts_capacity, listing->count + 1,
                             sizeof *listing->facts, "list of files", error);
    if (status != BERT_OK) {
        free(path);
        return status;
    }
    listing->facts[listing->count] = (hub_file_facts){0};
    listing->paths[listing->count++] = path;
    return BERT_OK;
}

static bert_status take_commit(char commit[41], const json_t *object, const char *key,
                               const char *what, bert_error *error)
{
    const char *found;
    TRY(json_get_string(object, what, key, true, &found, error));
    if (!commit_is_valid(found))
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: \"%s\" is \"%.60s\", expected a commit of 40 hexadecimal digits",
                         what, key, found);
    memcpy(commit, found, 41);
    return BERT_OK;
}

/* Mirrors may leave out sizes and checksums: what is not there, or not as expected, is not known.
 * Of an LFS file, "blobId" is the checksum of the pointer to it. */
static void take_facts(hub_file_facts *facts, const json_t *sibling)
{
    const json_t *lfs = json_object_get(sibling, "lfs"), *size = json_object_get(sibling, "size");
    const char *digest = json_is_object(lfs)
                             ? json_string_value(json_object_get(lfs, "sha256"))
                             : json_string_value(json_object_get(sibling, "blobId"));
    digest_kind kind;
    facts->has_size = json_is_integer(size) && json_integer_value(size) >= 0;
    if (facts->has_size)
        facts->size = (uint64_t)json_integer_value(size);
    if (digest && digest_kind_of(&kind, digest))
        memcpy(facts->digest, digest, strlen(digest) + 1);
}

static bert_status take_paths(hub_listing *listing, const json_t *siblings, const char *what,
                              bert_error *error)
{
    size_t index;
    json_t *sibling;
    json_array_foreach(siblings, index, sibling)
    {
        const char *name;
        char *path;
        TRY(json_get_string(sibling, what, "rfilename", true, &name, error));
        TRY(path_format(&path, error, "%s", name));
        TRY(hub_listing_add(listing, path, what, error));
        take_facts(&listing->facts[listing->count - 1], sibling);
    }
    return BERT_OK;
}

bert_status hub_listing_parse(hub_listing *listing, const text *answer, const char *what,
                              bert_error *error)
{
    *listing = (hub_listing){0};
    json_t *object, *siblings;
    TRY(parse_object(&object, answer, what, error));
    bert_status status;
    TRY_OR_GO(status, take_commit(listing->commit, object, "sha", what, error), done);
    TRY_OR_GO(status, get_array(&siblings, object, what, "siblings", error), done);
    status = take_paths(listing, siblings, what, error);
done:
    json_decref(object);
    if (status != BERT_OK)
        hub_listing_free(listing);
    return status;
}

typedef struct listed_file {
    char *path;
    hub_file_facts facts;
} listed_file;

static int compare_files(const void *a, const void *b)
{
    return strcmp(((const listed_file *)a)->path, ((const listed_file *)b)->path);
}

bert_status hub_listing_sort(hub_listing *listing, bert_error *error)
{
    listed_file *files;
    TRY(memory_array((void **)&files, listing->count, sizeof *files, "list of files", error));
    for (size_t i = 0; i < listing->count; i++)
        files[i] = (listed_file){listing->paths[i], listing->facts[i]};
    qsort(files, listing->count, sizeof *files, compare_files);
    for (size_t i = 0; i < listing->count; i++) {
        listing->paths[i] = files[i].path;
        listing->facts[i] = files[i].facts;
    }
    free(files);
    return BERT_OK;
}

void hub_listing_free(hub_listing *listing)
{
    for (size_t i = 0; i < listing->count; i++)
        free(listing->paths[i]);
    free(listing->paths);
    free(listing->facts);
    *listing = (hub_listing){0};
}

/* ------------------------------------------------------------------------------- identity --- */

/* Copies a text for display, in which control characters could act on a terminal. NULL where it is
 * missing or null. */
static bert_status take_name(char **name, const json_t *object, const char *what, const char *key,
                             bool required, bert_error *error)
{
    const char *found = NULL;
    if (required || !json_is_null(json_object_get(object, key)))
        TRY(json_get_string(object, what, key, required, &found, error));
    if (!found)
        return BERT_OK;
    TRY(path_format(name, error, "%s", found));
    for (unsigned char *c = (unsigned char *)*name; *c; c++)
        if (*c < 0x20 || *c == 0x7F)
            *c = '?';
    return BERT_OK;
}

static bert_status take_organizations(bert_whoami_result *identity, const json_t *organizations,
                                      const char *what, bert_error *error)
{
    size_t index;
    json_t *organization;
    TRY(memory_array((void **)&identity->organizations, json_array_size(organizations),
                     sizeof *identity->organizations, "organizations", error));
    json_array_foreach(organizations, index, organization)
    {
        TRY(take_name(&identity->organizations[index], organization, what, "name", true, error));
        identity->organization_count++;
    }
    return BERT_OK;
}

bert_status hub_identity_parse(bert_whoami_result *identity, const text *answer, const char *what,
                               bert_error *error)
{
    json_t *object;
    TRY(parse_object(&object, answer, what, error));
    const json_t *token = json_object_get(json_object_get(object, "auth"), "accessToken");
    bert_status status;
    TRY_OR_GO(status, take_name(&identity->name, object, what, "name", true, error), done);
    TRY_OR_GO(status, take_name(&identity->full_name, object, what, "fullname", false, error),
              done);
    TRY_OR_GO(status, take_organizations(identity, json_object_get(object, "orgs"), what, error),
              done);
    if (!json_is_object(token))
        goto done;
    TRY_OR_GO(status, take_name(&identity->token_name, token, what, "displayName", false, error),
              done);
    status = take_name(&identity->token_role, token, what, "role", false, error);
done:
    json_decref(object);
    return status;
}

/* ------------------------------------------------------------------------------ preupload --- */

static bert_status take_mode(hub_upload_mode *mode, const json_t *file, const char *what,
                             bert_error *error)
{
    const char *name = "", *digest = "";
    digest_kind kind;
    TRY(json_get_string(file, what, "uploadMode", true, &name, error));
    if (strcmp(name, "lfs") != 0 && strcmp(name, "regular") != 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: \"uploadMode\" is \"%.60s\", expected \"lfs\" or \"regular\"", what,
                         name);
    TRY(json_get_boolean(file, what, "shouldIgnore", false, &mode->ignored, error));
    if (!json_is_null(json_object_get(file, "oid"))) /* null if the Hub has no such file */
        TRY(json_get_string(file, what, "oid", false, &digest, error));
    mode->large = strcmp(name, "lfs") == 0;
    if (digest_kind_of(&kind, digest))
        memcpy(mode->digest, digest, strlen(digest) + 1);
    return BERT_OK;
}

static const json_t *find_file(const json_t *files, const char *path)
{
    size_t index;
    json_t *file;
    json_array_foreach(files, index, file)
    {
        const char *found = json_string_value(json_object_get(file, "path"));
        if (found && strcmp(found, path) == 0)
            return file;
    }
    return NULL;
}

bert_status hub_upload_modes_parse(hub_upload_mode *modes, const char *const *paths, size_t count,
                                   const text *answer, const char *what, bert_error *error)
{
    json_t *object, *files;
    TRY(parse_object(&object, answer, what, error));
    bert_status status = get_array(&files, object, what, "files", error);
    for (size_t i = 0; status == BERT_OK && i < count; i++) {
        modes[i] = (hub_upload_mode){0};
        const json_t *file = find_file(files, paths[i]);
        status = file ? take_mode(&modes[i], file, what, error)
                      : error_set(error, BERT_ERROR_INPUT, "%s: the response has no entry for %s",
                                  what, paths[i]);
    }
    json_decref(object);
    return status;
}

/* ------------------------------------------------------------------------------------ LFS --- */

static bert_status take_url(char **url, const json_t *action, const char *key, const char *what,
                            bert_error *error)
{
    const char *found;
    char *origin;
    TRY(json_get_string(action, what, key, true, &found, error));
    bert_status status = url_origin(&origin, found, error);
    if (status != BERT_OK)
        return error_prefix(error, status, "%s: \"%s\"", what, key);
    free(origin);
    return path_format(url, error, "%s", found);
}

static bool is_number(const char *name)
{
    return *name && name[strspn(name, "0123456789")] == '\0';
}

/* Adds a header line "Name: value"; rejects characters that would allow header injection. */
static bert_status take_header(lfs_action *action, const char *name, const json_t *value,
                               const char *what, bert_error *error)
{
    const char *content = json_string_value(value);
    bool valid = content && *name;
    for (const char *c = name; valid && *c; c++)
        valid = isalnum((unsigned char)*c) || strchr("-_", *c);
    for (const char *c = content; valid && *c; c++)
        valid = *c >= ' ' && *c <= '~';
    if (!valid)
        return error_set(error, BERT_ERROR_INPUT, "%s: the request header \"%.60s\" is invalid",
                         what, name);
    TRY(path_format(&action->headers[action->header_count], error, "%s: %s", name, content));
    action->header_count++;
    return BERT_OK;
}

/* The "header" object of a multipart upload: "chunk_size", and the URLs of the parts under "1",
 * "2", … */
static bert_status take_parts(lfs_action *action, const json_t *header, uint64_t size,
                              const char *what, bert_error *error)
{
    const json_t *stated = json_object_get(header, "chunk_size");
    int64_t part_size = json_integer_value(stated);
    const char *digits = json_string_value(stated); /* the Hub sends it as a string */
    if (digits && is_number(digits) && strlen(digits) < 18)
        part_size = strtoll(digits, NULL, 10);
    if (part_size <= 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: \"chunk_size\" is not a positive number of bytes", what);
    uint64_t parts = size / (uint64_t)part_size + (size % (uint64_t)part_size != 0);
    if (parts == 0 || parts > json_object_size(header) - 1)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: the response has fewer than the %" PRIu64 " parts needed", what,
                         parts);
    action->part_size = (uint64_t)part_size;
    TRY(memory_array((void **)&action->parts, parts, sizeof *action->parts, "list of parts",
                     error));
    action->part_count = parts; /* set early, so that lfs_action_free frees all after an error */
    uint64_t found = 0;
    json_t *members = (json_t *)(uintptr_t)header; /* jansson's iterators are not const */
    const char *name;
    json_t *value;
    json_object_foreach(members, name, value)
    {
        uint64_t number = is_number(name) && strlen(name) < 10 ? strtoull(name, NULL, 10) : 0;
        if (number == 0 || number > parts || action->parts[number - 1])
            continue;
        TRY(take_url(&action->parts[number - 1], header, name, what, error));
        found++;
    }
    if (found == parts)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT, "%s: some of the %" PRIu64 " parts have no URL", what,
                     parts);
}

static bert_status take_upload(lfs_action *action, const json_t *upload, uint64_t size,
                               const char *what, bert_error *error)
{
    TRY(take_url(&action->url, upload, "href", what, error));
    const json_t *header = json_object_get(upload, "header");
    if (!header || json_is_null(header))
        return BERT_OK;
    if (!json_is_object(header))
        return error_set(error, BERT_ERROR_INPUT, "%s: \"header\" is not an object", what);
    if (json_object_get(header, "chunk_size"))
        return take_parts(action, header, size, what, error);
    TRY(memory_array((void **)&action->headers, json_object_size(header), sizeof *action->headers,
                     "header lines", error));
    json_t *members = (json_t *)(uintptr_t)header; /* jansson's iterators are not const */
    const char *name;
    json_t *value;
    json_object_foreach(members, name, value) TRY(take_header(action, name, value, what, error));
    return BERT_OK;
}

static bert_status take_object(lfs_action *action, const json_t *object, uint64_t size,
                               const char *what, bert_error *error)
{
    const json_t *failure = json_object_get(object, "error");
    if (failure) {
        const char *message = json_string_value(json_object_get(failure, "message"));
        return error_set(error, BERT_ERROR_INPUT, "%s: rejected by the Hub's LFS storage: %.300s",
                         what, message ? message : "no reason given");
    }
    const json_t *actions = json_object_get(object, "actions");
    const json_t *upload = json_object_get(actions, "upload");
    const json_t *verify = json_object_get(actions, "verify");
    action->there = upload == NULL;
    if (upload)
        TRY(take_upload(action, upload, size, what, error));
    if (upload && verify && !json_is_null(verify))
        TRY(take_url(&action->verify_url, verify, "href", what, error));
    return BERT_OK;
}

bert_status lfs_action_parse(lfs_action *action, const text *answer, const char *digest,
                             uint64_t size, const char *what, bert_error *error)
{
    *action = (lfs_action){0};
    json_t *batch, *objects;
    TRY(parse_object(&batch, answer, what, error));
    bert_status status = get_array(&objects, batch, what, "objects", error);
    const json_t *ours = NULL;
    size_t index;
    json_t *object;
    json_array_foreach(objects, index, object)
    {
        const char *found = json_string_value(json_object_get(object, "oid"));
        if (found && strcmp(found, digest) == 0)
            ours = object;
    }
    if (status == BERT_OK && !ours)
        status = error_set(error, BERT_ERROR_INPUT,
                           "%s: the response has no entry for the object %s", what, digest);
    if (status == BERT_OK)
        status = take_object(action, ours, size, what, error);
    json_decref(batch);
    if (status != BERT_OK)
        lfs_action_free(action);
    return status;
}

void lfs_action_free(lfs_action *action)
{
    for (size_t i = 0; i < action->header_count; i++)
        free(action->headers[i]);
    for (size_t i = 0; i < action->part_count; i++)
        free(action->parts[i]);
    free(action->headers);
    free(action->parts);
    free(action->url);
    free(action->verify_url);
    *action = (lfs_action){0};
}

bert_status hub_commit_parse(char commit[41], const text *answer, const char *what,
                             bert_error *error)
{
    json_t *object;
    TRY(parse_object(&object, answer, what, error));
    bert_status status = take_commit(commit, object, "commitOid", what, error);
    json_decref(object);
    return status;
}
