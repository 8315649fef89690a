#include "model/weight_files.h"

#include "base/memory.h"
#include "formats/json.h"
#include "math/operations.h"
#include "model/tensorflow_names.h"

#include <stdlib.h>
#include <string.h>

static bool ends_with(const char *text, const char *end)
{
    size_t text_length = strlen(text), end_length = strlen(end);
    return text_length >= end_length && strcmp(text + text_length - end_length, end) == 0;
}

/* ------------------------------------------------------------------------------------ names --- */

/* The first files called LayerNorm's two tensors as TensorFlow did. */
static bert_status name_make(char **name, model_family family, const char *stored,
                             bert_error *error)
{
    const char *prefix = is_bare_encoder_name(stored) ? family_prefix(family) : "";
    const char *end = ends_with(stored, ".gamma")  ? "weight"
                      : ends_with(stored, ".beta") ? "bias"
                                                   : "";
    int length = (int)(*end ? strrchr(stored, '.') + 1 - stored : (ptrdiff_t)strlen(stored));
    return path_format(name, error, "%s%.*s%s", prefix, length, stored, end);
}

static bert_status add_tensors(weight_files *files, model_family family, const char *path,
                               const safetensors_tensor *tensors, size_t count, bert_error *error)
{
    size_t capacity = files->count;
    TRY(memory_grow((void **)&files->tensors, &capacity, files->count + count,
                    sizeof *files->tensors, "names of tensors", error));
    for (size_t i = 0; i < count; i++) {
        weight_tensor *added = &files->tensors[files->count];
        *added = (weight_tensor){.tensor = &tensors[i], .path = path};
        TRY(name_make(&added->name, family, tensors[i].name, error));
        files->count++;
    }
    return BERT_OK;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(((const weight_tensor *)left)->name, ((const weight_tensor *)right)->name);
}

static bert_status sort_tensors(weight_files *files, bert_error *error)
{
    if (files->count == 0)
        return error_set(error, BERT_ERROR_INPUT, "%s: holds no tensors", files->origin);
    qsort(files->tensors, files->count, sizeof *files->tensors, compare_names);
    for (size_t i = 1; i < files->count; i++)
        if (compare_names(&files->tensors[i - 1], &files->tensors[i]) == 0)
            return error_set(
                error, BERT_ERROR_INPUT, "%s: %s is there twice: as %s in %s, and as %s in %s",
                files->origin, files->tensors[i].name, files->tensors[i - 1].tensor->name,
                files->tensors[i - 1].path, files->tensors[i].tensor->name, files->tensors[i].path);
    return BERT_OK;
}

const weight_tensor *weight_files_find(const weight_files *files, const char *name)
{
    const weight_tensor wanted = {.name = (char *)(uintptr_t)name};
    return bsearch(&wanted, files->tensors, files->count, sizeof wanted, compare_names);
}

/* ---------------------------------------------------------------------------------- numbers --- */

static bert_status read_transposed(const weight_tensor *found, float *out, uint64_t count,
                                   bert_error *error)
{
    const safetensors_tensor *tensor = found->tensor;
    float *stored;
    TRY(memory_array((void **)&stored, count, sizeof *stored, tensor->name, error));
    bert_status status = safetensors_tensor_read(found->path, tensor, stored, count, error);
    if (status == BERT_OK)
        cpu_operations()->matrix_transpose(out, stored, tensor->shape[0], tensor->shape[1]);
    free(stored);
    return status;
}

bert_status weight_tensor_read(const weight_tensor *found, float *out, uint64_t count,
                               bert_error *error)
{
    if (found->bundle)
        TRY(tensor_bundle_verify(found->bundle, found->tensor, error));
    if (found->transposed && found->tensor->dimensions == 2)
        return read_transposed(found, out, count, error);
    return safetensors_tensor_read(found->path, found->tensor, out, count, error);
}

/* ------------------------------------------------------------------------------------ files --- */

/* Allocates `count` files of either kind: tensors point into them, so they never move. */
static bert_status reserve(weight_files *files, size_t count, bert_error *error)
{
    TRY(memory_array((void **)&files->safetensors, count, sizeof *files->safetensors,
                     "files of weights", error));
    return memory_array((void **)&files->torch, count, sizeof *files->torch, "files of weights",
                        error);
}

static bert_status add_variable(weight_files *files, const safetensors_tensor *tensor,
                                bert_error *error)
{
    weight_tensor *added = &files->tensors[files->count];
    *added =
        (weight_tensor){.tensor = tensor, .path = files->bundle.prefix, .bundle = &files->bundle};
    TRY(tensorflow_name(&added->name, &added->transposed, tensor->name, error));
    files->count++;
    return BERT_OK;
}

/* A checkpoint is never one of several: it has all there is. */
static bert_status open_bundle(weight_files *files, const char *path, bert_error *error)
{
    tensor_bundle *bundle = &files->bundle;
    TRY(tensor_bundle_open(bundle, path, error));
    TRY(memory_array((void **)&files->tensors, bundle->count, sizeof *files->tensors,
                     "names of tensors", error));
    bool known = false;
    for (size_t i = 0; i < bundle->count; i++) {
        const char *name = bundle->tensors[i].name;
        known = known || strcmp(name, TENSORFLOW_WORD_EMBEDDINGS) == 0;
        if (tensorflow_is_optimizer(name))
            files->optimizer_count++;
        else
            TRY(add_variable(files, &bundle->tensors[i], error));
    }
    if (known)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT,
                     "%s: a TensorFlow checkpoint, but not of Google's BERT: it has %s, but "
                     "no " TENSORFLOW_WORD_EMBEDDINGS,
                     bundle->prefix, bundle->count ? bundle->tensors[0].name : "no variable");
}

static bert_status open_one(weight_files *files, model_family family, const char *path,
                            bert_error *error)
{
    if (ends_with(path, ".safetensors")) {
        safetensors_file *file = &files->safetensors[files->safetensors_count];
        TRY(safetensors_open(file, path, error));
        files->safetensors_count++;
        return add_tensors(files, family, file->path, file->tensors, file->count, error);
    }
    torch_file *file = &files->torch[files->torch_count];
    TRY(torch_file_open(file, path, error));
    files->torch_count++;
    return add_tensors(files, family, file->path, file->tensors, file->count, error);
}

static int compare_strings(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The files that "weight_map" names, each once; views of the JSON. */
static bert_status list_shards(const char ***names, size_t *count, json_t *map, const char *path,
                               bert_error *error)
{
    *count = 0;
    if (!json_is_object(map))
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: \"weight_map\" is not an object of tensors and files", path);
    TRY(memory_array((void **)names, json_object_size(map), sizeof **names, "shards", error));
    size_t all = 0;
    for (void *i = json_object_iter(map); i; i = json_object_iter_next(map, i)) {
        const char *name = json_string_value(json_object_iter_value(i));
        if (!name || !*name || strchr(name, '/') || name[0] == '.')
            return error_set(
                error, BERT_ERROR_INPUT,
                "%s: \"weight_map\" names \"%s\" for %s; expected a file in the same folder", path,
                name ? name : "", json_object_iter_key(i));
        (*names)[all++] = name;
    }
    qsort(*names, all, sizeof **names, compare_strings);
    for (size_t i = 0; i < all; i++)
        if (i == 0 || strcmp((*names)[i], (*names)[*count - 1]) != 0)
            (*names)[(*count)++] = (*names)[i];
    return BERT_OK;
}

static bert_status open_shards(weight_files *files, model_family family, const char *folder,
                               const char *index, bert_error *error)
{
    json_t *object = NULL;
    const char **names = NULL;
    size_t count = 0;
    bert_status status;
    TRY_OR_GO(status, json_read(&object, index, error), done);
    TRY_OR_GO(status,
              list_shards(&names, &count, json_object_get(object, "weight_map"), index, error),
              done);
    TRY_OR_GO(status, reserve(files, count, error), done);
    for (size_t i = 0; i < count && status == BERT_OK; i++) {
        char *path;
        TRY_OR_GO(status, path_join(&path, folder, names[i], error), done);
        status = open_one(files, family, path, error);
        free(path);
    }
done:
    free(names);
    json_decref(object);
    return status;
}

/* What remains: Google's checkpoint. */
static bert_status open_folder_bundle(weight_files *files, const char *folder, bert_error *error)
{
    char *path;
    TRY(path_join(&path, folder, "bert_model.ckpt", error));
    bert_status status =
        tensor_bundle_named(path)
            ? open_bundle(files, path, error)
            : error_set(error, BERT_ERROR_IO,
                        "%s: no weights in it; expected model.safetensors or pytorch_model.bin, or "
                        "one of them with .index.json and its shards, or bert_model.ckpt.index and "
                        "its data",
                        folder);
    free(path);
    return status;
}

static bert_status open_folder(weight_files *files, model_family family, const char *folder,
                               bert_error *error)
{
    static const struct {
        const char *name;
        bool index;
    } kinds[] = {
        {"model.safetensors", false},
        {"model.safetensors.index.json", true},
        {"pytorch_model.bin", false},
        {"pytorch_model.bin.index.json", true},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char *path;
        TRY(path_join(&path, folder, kinds[i].name, error));
        bool found = file_exists(path);
        bert_status status = BERT_OK;
        if (found && kinds[i].index)
            status = open_shards(files, family, folder, path, error);
        else if (found && (status = reserve(files, 1, error)) == BERT_OK)
            status = open_one(files, family, path, error);
        free(path);
        if (found)
            return status;
    }
    return open_folder_bundle(files, folder, error);
}

bert_status weight_files_open(weight_files *files, model_family family, const char *path,
                              bert_error *error)
{
    *files = (weight_files){0};
    bert_status status;
    TRY_OR_GO(status, path_format(&files->origin, error, "%s", path), done);
    if (path_is_directory(path))
        status = open_folder(files, family, path, error);
    else if (tensor_bundle_named(path))
        status = open_bundle(files, path, error);
    else if ((status = reserve(files, 1, error)) == BERT_OK)
        status = open_one(files, family, path, error);
    if (status == BERT_OK)
        status = sort_tensors(files, error);
done:
    if (status != BERT_OK)
        weight_files_close(files);
    return status;
}

void weight_files_close(weight_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->tensors[i].name);
    free(files->tensors);
    for (size_t i = 0; i < files->safetensors_count; i++)
        safetensors_close(&files->safetensors[i]);
    for (size_t i = 0; i < files->torch_count; i++)
        torch_file_close(&files->torch[i]);
    tensor_bundle_close(&files->bundle);
    free(files->safetensors);
    free(files->torch);
    free(files->origin);
    *files = (weight_files){0};
}
