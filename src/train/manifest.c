#include "train/manifest.h"

#include "formats/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

enum { MANIFEST_FORMAT = 1, DIGEST_CHARACTERS = 32 };

typedef struct file_digest {
    uint64_t size;
    char checksum[DIGEST_CHARACTERS + 1]; /* XXH3-128, most significant byte first */
} file_digest;

static bert_status digest_file(file_digest *digest, const char *path, bert_error *error)
{
    file_map map;
    TRY(file_map_open(&map, path, error));
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(map.data, map.size));
    digest->size = map.size;
    for (size_t i = 0; i < sizeof canonical.digest; i++)
        snprintf(digest->checksum + 2 * i, 3, "%02x", canonical.digest[i]);
    file_map_close(&map);
    return BERT_OK;
}

static bert_status add_file(json_t *files, const char *directory, const char *name,
                            bert_error *error)
{
    char *path;
    file_digest digest;
    TRY(path_join(&path, directory, name, error));
    bert_status status = digest_file(&digest, path, error);
    free(path);
    TRY(status);
    return json_put(
        files, name,
        json_pack("{s:I, s:s}", "size", (json_int_t)digest.size, "xxh3_128", digest.checksum),
        error);
}

bert_status manifest_write(const char *directory, const char *const *names, size_t count,
                           bert_error *error)
{
    char *path = NULL;
    json_t *root = json_object(), *files = json_object();
    bert_status status;
    TRY_OR_GO(status, path_join(&path, directory, MANIFEST_NAME, error), done);
    for (size_t i = 0; i < count; i++)
        TRY_OR_GO(status, add_file(files, directory, names[i], error), done);
    TRY_OR_GO(status, json_put(root, "format", json_integer(MANIFEST_FORMAT), error), done);
    TRY_OR_GO(status, json_put(root, "files", json_incref(files), error), done);
    status = json_write(root, path, error);
done:
    json_decref(files);
    json_decref(root);
    free(path);
    return status;
}

/* A file's entry in the manifest. */
typedef struct listed_file {
    uint64_t size;
    const char *checksum; /* of the JSON */
} listed_file;

static bert_status get_listed(listed_file *listed, const json_t *files, const char *manifest,
                              const char *name, bert_error *error)
{
    const json_t *entry = json_object_get(files, name);
    int64_t size = 0;
    if (!json_is_object(entry))
        return error_set(error, BERT_ERROR_INPUT, "%s: does not list %s: the file was altered",
                         manifest, name);
    TRY(json_get_integer(entry, manifest, "size", true, 0, INT64_MAX, &size, error));
    listed->size = (uint64_t)size;
    return json_get_string(entry, manifest, "xxh3_128", true, &listed->checksum, error);
}

static bert_status check_size(const listed_file *listed, const char *path, uint64_t size,
                              bert_error *error)
{
    if (size == listed->size)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT,
                     "%s: has %" PRIu64 " bytes, the manifest says %" PRIu64
                     ": the file was truncated or altered",
                     path, size, listed->size);
}

static bert_status check_file(const json_t *files, const char *manifest, const char *path,
                              const char *name, bert_error *error)
{
    listed_file listed = {0};
    TRY(get_listed(&listed, files, manifest, name, error));
    if (!file_exists(path))
        return error_set(error, BERT_ERROR_INPUT, "%s: is missing, but the manifest lists it",
                         path);
    file_digest digest;
    TRY(digest_file(&digest, path, error));
    TRY(check_size(&listed, path, digest.size, error));
    if (strcmp(digest.checksum, listed.checksum) != 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: its checksum is not the manifest's: the file was altered", path);
    return BERT_OK;
}

static bert_status read_manifest(json_t **root, const char *manifest, bert_error *error)
{
    int64_t format;
    if (!file_exists(manifest))
        return error_set(error, BERT_ERROR_INPUT, "%s: is missing: no whole checkpoint of bert",
                         manifest);
    TRY(json_read(root, manifest, error));
    return json_get_integer(*root, manifest, "format", true, MANIFEST_FORMAT, MANIFEST_FORMAT,
                            &format, error);
}

bert_status manifest_verify(const char *directory, const char *const *names, size_t count,
                            bert_error *error)
{
    char *manifest = NULL;
    json_t *root = NULL;
    bert_status status;
    TRY_OR_GO(status, path_join(&manifest, directory, MANIFEST_NAME, error), done);
    TRY_OR_GO(status, read_manifest(&root, manifest, error), done);
    const json_t *files = json_object_get(root, "files");
    for (size_t i = 0; i < count && status == BERT_OK; i++) {
        char *path = NULL;
        TRY_OR_GO(status, path_join(&path, directory, names[i], error), done);
        status = check_file(files, manifest, path, names[i], error);
        free(path);
    }
done:
    json_decref(root);
    free(manifest);
    return status;
}

/* --------------------------------------------------------------------- all that is listed --- */

/* Adds the file to the report after comparing its size, which takes no reading. */
static bert_status count_file(manifest_report *report, const json_t *files, const char *manifest,
                              const char *path, const char *name, bert_error *error)
{
    listed_file listed = {0};
    struct stat information;
    if (strchr(name, '/') || name[0] == '.')
        return error_set(error, BERT_ERROR_INPUT, "%s: lists \"%s\"; expected files beside it",
                         manifest, name);
    TRY(get_listed(&listed, files, manifest, name, error));
    if (stat(path, &information) != 0)
        return error_set(error, BERT_ERROR_INPUT, "%s: is missing, but the manifest lists it",
                         path);
    TRY(check_size(&listed, path, (uint64_t)information.st_size, error));
    report->files++;
    report->bytes += listed.size;
    return BERT_OK;
}

static bert_status check_listed(manifest_report *report, const json_t *files, const char *manifest,
                                const char *directory, bool checksums, bert_error *error)
{
    const char *name;
    json_t *entry;
    json_object_foreach((json_t *)(uintptr_t)files, name, entry)
    {
        char *path;
        TRY(path_join(&path, directory, name, error));
        bert_status status = checksums ? check_file(files, manifest, path, name, error)
                                       : count_file(report, files, manifest, path, name, error);
        free(path);
        TRY(status);
    }
    return BERT_OK;
}

bert_status manifest_verify_all(manifest_report *report, const char *directory,
                                uint64_t checksum_limit, bert_error *error)
{
    char *manifest = NULL;
    json_t *root = NULL;
    bert_status status;
    *report = (manifest_report){0};
    TRY_OR_GO(status, path_join(&manifest, directory, MANIFEST_NAME, error), done);
    TRY_OR_GO(status, read_manifest(&root, manifest, error), done);
    const json_t *files = json_object_get(root, "files");
    TRY_OR_GO(status, check_listed(report, files, manifest, directory, false, error), done);
    report->verified = report->bytes <= checksum_limit;
    if (report->verified)
        status = check_listed(report, files, manifest, directory, true, error);
done:
    json_decref(root);
    free(manifest);
    return status;
}
