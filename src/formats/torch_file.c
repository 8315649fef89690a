#include "formats/torch_file.h"

#include "base/memory.h"
#include "formats/pickle.h"
#include "formats/zip.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PICKLE = 64 << 20 };

static const char *const allowed_names[] = {
    "collections OrderedDict",
    "torch._utils _rebuild_tensor",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
    "torch FloatStorage",
    "torch HalfStorage",
    "torch BFloat16Storage",
    "torch DoubleStorage",
    "torch LongStorage",
    "torch IntStorage",
    "torch ShortStorage",
    "torch CharStorage",
    "torch ByteStorage",
    "torch BoolStorage",
    NULL,
};

static const struct {
    const char *name;
    size_t bytes; /* per element */
    safetensors_type type;
} storages[] = {
    {"torch FloatStorage", 4, SAFETENSORS_F32},     {"torch HalfStorage", 2, SAFETENSORS_F16},
    {"torch BFloat16Storage", 2, SAFETENSORS_BF16}, {"torch DoubleStorage", 8, SAFETENSORS_F64},
    {"torch LongStorage", 8, SAFETENSORS_I64},      {"torch IntStorage", 4, SAFETENSORS_I32},
    {"torch ShortStorage", 2, SAFETENSORS_OTHER},   {"torch CharStorage", 1, SAFETENSORS_OTHER},
    {"torch ByteStorage", 1, SAFETENSORS_U8},       {"torch BoolStorage", 1, SAFETENSORS_OTHER},
};

/* One storage, identified by the key that the pickle uses for it. */
typedef struct storage {
    const char *key;
    size_t key_length;
    const unsigned char *data;
    uint64_t size;
    size_t order,
        element_bytes; /* legacy format only: its index in the file, and bytes per element */
} storage;

typedef struct reader {
    torch_file *file;
    pickle pickle;
    storage *storages; /* [storage_count] */
    size_t storage_count;
    zip_archive archive;
} reader;

/* Longer names are truncated in messages. */
enum { MAX_NAME_SHOWN = 120 };

static bert_status unexpected(const torch_file *file, const pickle_value *name, const char *what,
                              bert_error *error)
{
    if (!name)
        return error_set(error, BERT_ERROR_INPUT, "%s: %s", file->path, what);
    return error_set(error, BERT_ERROR_INPUT, "%s: %.*s %s", file->path,
                     (int)(name->length < MAX_NAME_SHOWN ? name->length : MAX_NAME_SHOWN),
                     name->text, what);
}

/* ---------------------------------------------------------------------------------- tensors --- */

static int compare_keys(const void *left, const void *right)
{
    const storage *a = left, *b = right;
    size_t shorter = a->key_length < b->key_length ? a->key_length : b->key_length;
    int order = memcmp(a->key, b->key, shorter);
    return order ? order : (a->key_length > b->key_length) - (a->key_length < b->key_length);
}

static int compare_order(const void *left, const void *right)
{
    const storage *a = left, *b = right;
    return (a->order > b->order) - (a->order < b->order);
}

static void sort_storages(reader *reader, int compare(const void *, const void *))
{
    if (reader->storage_count)
        qsort(reader->storages, reader->storage_count, sizeof *reader->storages, compare);
}

/* Expects the storages to be sorted by key. */
static storage *find_storage(const reader *reader, const pickle_value *key)
{
    if (!key || key->kind != PICKLE_STRING || reader->storage_count == 0)
        return NULL;
    const storage wanted = {.key = key->text, .key_length = key->length};
    return bsearch(&wanted, reader->storages, reader->storage_count, sizeof wanted, compare_keys);
}

/* Index into `storages`; -1 if there is none. */
static int storage_kind(const pickle_value *type)
{
    for (size_t kind = 0; kind < sizeof storages / sizeof *storages; kind++)
        if (pickle_is_text(type, PICKLE_NAME, storages[kind].name))
            return (int)kind;
    return -1;
}

/* The persistent id is a tuple ('storage', type, key, device, number of elements[, view]). */
static bert_status resolve_storage(const reader *reader, const pickle_value *name,
                                   const pickle_value *persistent, const storage **found, int *kind,
                                   bert_error *error)
{
    const torch_file *file = reader->file;
    if (!persistent || persistent->kind != PICKLE_PERSISTENT)
        return unexpected(file, name, "has no storage", error);
    const pickle *pickle = &reader->pickle;
    const pickle_value *id = pickle_item(pickle, persistent, 0);
    if (id->kind != PICKLE_TUPLE ||
        !pickle_is_text(pickle_item(pickle, id, 0), PICKLE_STRING, "storage"))
        return unexpected(file, name, "has a storage with an unexpected id", error);
    const pickle_value *type = pickle_item(pickle, id, 1), *key = pickle_item(pickle, id, 2);
    const pickle_value *view = pickle_item(pickle, id, 5);
    *kind = 0;
    int kinds = sizeof storages / sizeof *storages;
    while (*kind < kinds && !pickle_is_text(type, PICKLE_NAME, storages[*kind].name))
        ++*kind;
    if (*kind == kinds || !key || key->kind != PICKLE_STRING || (view && view->kind != PICKLE_NONE))
        return unexpected(file, name, "has a storage with an unexpected id", error);
    *found = find_storage(reader, key);
    return *found ? BERT_OK
                  : unexpected(file, name, "has a storage that is not in the file", error);
}

static bert_status read_sizes(const reader *reader, const pickle_value *name,
                              const pickle_value *sizes, uint64_t out[SAFETENSORS_MAX_DIMENSIONS],
                              bert_error *error)
{
    if (!sizes || sizes->kind != PICKLE_TUPLE || sizes->count > SAFETENSORS_MAX_DIMENSIONS)
        return unexpected(reader->file, name, "has a shape that is not a tuple of at most 8 sizes",
                          error);
    for (size_t i = 0; i < sizes->count; i++) {
        const pickle_value *size = pickle_item(&reader->pickle, sizes, i);
        if (size->kind != PICKLE_INTEGER || size->large || size->integer < 0)
            return unexpected(reader->file, name,
                              "has a size or stride that is not an integer of 0 or more", error);
        out[i] = (uint64_t)size->integer;
    }
    return BERT_OK;
}

/* Whether the strides are those of a contiguous tensor. *fits is false if the number of elements
 * overflows. */
static bool is_contiguous(const safetensors_tensor *tensor, const uint64_t *strides,
                          uint64_t *elements, bool *fits)
{
    bool contiguous = true;
    *elements = 1;
    *fits = true;
    for (int d = tensor->dimensions - 1; d >= 0 && *fits; d--) {
        contiguous = contiguous && (tensor->shape[d] == 1 || strides[d] == *elements);
        *fits = !__builtin_mul_overflow(*elements, tensor->shape[d], elements);
    }
    return contiguous || *elements == 0;
}

/* _rebuild_tensor[_v2](storage, offset, sizes, strides, …) */
static bert_status read_tensor(const reader *reader, const pickle_value *name,
                               const pickle_value *arguments, safetensors_tensor *tensor,
                               bert_error *error)
{
    const torch_file *file = reader->file;
    const pickle *pickle = &reader->pickle;
    const pickle_value *offset = pickle_item(pickle, arguments, 1);
    const pickle_value *sizes = pickle_item(pickle, arguments, 2);
    const pickle_value *steps = pickle_item(pickle, arguments, 3);
    uint64_t strides[SAFETENSORS_MAX_DIMENSIONS], elements, begin, bytes;
    const storage *storage = NULL;
    int kind = 0;
    bool fits;
    TRY(resolve_storage(reader, name, pickle_item(pickle, arguments, 0), &storage, &kind, error));
    TRY(read_sizes(reader, name, sizes, tensor->shape, error));
    TRY(read_sizes(reader, name, steps, strides, error));
    if (sizes->count != steps->count || !offset || offset->kind != PICKLE_INTEGER ||
        offset->large || offset->integer < 0)
        return unexpected(file, name, "has inconsistent shape, strides and offset", error);
    tensor->dimensions = (int)sizes->count;
    tensor->type = storages[kind].type;
    if (!is_contiguous(tensor, strides, &elements, &fits))
        return unexpected(
            file, name, "is not contiguous (a view was saved); save it with .contiguous()", error);
    if (!fits || __builtin_mul_overflow(elements, storages[kind].bytes, &bytes) ||
        __builtin_mul_overflow((uint64_t)offset->integer, storages[kind].bytes, &begin) ||
        begin > storage->size || bytes > storage->size - begin)
        return unexpected(file, name, "extends past the end of its storage; is the file truncated?",
                          error);
    tensor->data = storage->data + begin;
    tensor->bytes = bytes;
    return BERT_OK;
}

static bert_status add_tensor(const reader *reader, const pickle_value *name,
                              const pickle_value *value, bert_error *error)
{
    torch_file *file = reader->file;
    const pickle *pickle = &reader->pickle;
    if (name->kind != PICKLE_STRING)
        return unexpected(file, NULL, "a key of the state dict is not a string", error);
    if (memchr(name->text, '\0', name->length))
        return unexpected(file, NULL, "a key of the state dict contains a zero byte", error);
    if (value->kind == PICKLE_CALL && pickle_is_text(pickle_item(pickle, value, 0), PICKLE_NAME,
                                                     "torch._utils _rebuild_parameter"))
        value = pickle_item(pickle, pickle_item(pickle, value, 1), 0);
    const pickle_value *callable =
        value && value->kind == PICKLE_CALL ? pickle_item(pickle, value, 0) : NULL;
    if (!pickle_is_text(callable, PICKLE_NAME, "torch._utils _rebuild_tensor_v2") &&
        !pickle_is_text(callable, PICKLE_NAME, "torch._utils _rebuild_tensor"))
        return unexpected(file, name,
                          "is not a tensor; expected a state dict, as "
                          "torch.save(model.state_dict(), FILE) writes it",
                          error);
    safetensors_tensor *tensor = &file->tensors[file->count];
    tensor->name = strndup(name->text, name->length);
    if (!tensor->name)
        return error_set(error, BERT_ERROR_MEMORY, "%s: no memory for its names", file->path);
    file->count++;
    return read_tensor(reader, name, pickle_item(pickle, value, 1), tensor, error);
}

static bert_status read_state(const reader *reader, bert_error *error)
{
    torch_file *file = reader->file;
    const pickle_value *root = &reader->pickle.values[reader->pickle.root];
    if (root->kind != PICKLE_DICT)
        return unexpected(file, NULL,
                          "does not contain a dict of tensors; expected a state dict, as "
                          "torch.save(model.state_dict(), FILE) writes it",
                          error);
    TRY(memory_array((void **)&file->tensors, root->count / 2, sizeof *file->tensors, "tensors",
                     error));
    for (size_t i = 0; i + 1 < root->count; i += 2)
        TRY(add_tensor(reader, pickle_item(&reader->pickle, root, i),
                       pickle_item(&reader->pickle, root, i + 1), error));
    return BERT_OK;
}

/* --------------------------------------------------------------------------------- archives --- */

/* The rest of a name after "FOLDER/`inside`"; NULL if the name does not begin like this. */
static const char *name_inside(const zip_entry *entry, const char *inside, size_t *length)
{
    const char *slash = memchr(entry->name, '/', entry->name_length);
    if (!slash)
        return NULL;
    size_t rest = entry->name_length - (size_t)(slash + 1 - entry->name), size = strlen(inside);
    if (rest < size || memcmp(slash + 1, inside, size) != 0)
        return NULL;
    *length = rest - size;
    return slash + 1 + size;
}

static bert_status read_byte_order(const reader *reader, const zip_entry *entry, bert_error *error)
{
    if (entry->size == 6 && memcmp(entry->data, "little", 6) == 0)
        return BERT_OK;
    return error_set(error, BERT_ERROR_UNSUPPORTED,
                     "%s: its byte order is not little endian; save it again on a machine that is",
                     reader->file->path);
}

static bert_status read_archive(reader *reader, bert_error *error)
{
    torch_file *file = reader->file;
    TRY(zip_open(&reader->archive, file->path, &file->map, error));
    TRY(memory_array((void **)&reader->storages, reader->archive.count, sizeof *reader->storages,
                     "storages", error));
    const zip_entry *state = NULL;
    for (size_t i = 0; i < reader->archive.count; i++) {
        const zip_entry *entry = &reader->archive.entries[i];
        size_t length;
        const char *key = name_inside(entry, "data/", &length);
        if (key)
            reader->storages[reader->storage_count++] = (storage){
                .key = key, .key_length = length, .data = entry->data, .size = entry->size};
        else if (name_inside(entry, "data.pkl", &length) && length == 0)
            state = entry;
        else if (name_inside(entry, "byteorder", &length) && length == 0)
            TRY(read_byte_order(reader, entry, error));
        TRY(zip_verify(file->path, entry, error));
    }
    if (!state || state->size > MAX_PICKLE)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: an archive without data.pkl, or with one of more than 64 MiB; "
                         "expected what torch.save writes",
                         file->path);
    size_t used;
    sort_storages(reader, compare_keys);
    TRY(pickle_read(&reader->pickle, file->path, state->data, state->size, allowed_names, &used,
                    error));
    return read_state(reader, error);
}

/* -------------------------------------------------------------------- legacy format --- */

/* The pickle of 0x1950a86a20f9469cfc6c, the magic number of torch.save's legacy format. */
static const unsigned char legacy_magic[] = {0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46,
                                             0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e};

static bert_status next_pickle(reader *reader, size_t *offset, bert_error *error)
{
    const torch_file *file = reader->file;
    size_t left = file->map.size - *offset, used = 0;
    pickle_free(&reader->pickle);
    bert_status status =
        pickle_read(&reader->pickle, file->path, file->map.data + *offset,
                    left < MAX_PICKLE ? left : MAX_PICKLE, allowed_names, &used, error);
    *offset += used;
    return status;
}

/* Takes the element size of each storage from the persistent ids in the pickle of the weights. */
static void set_element_bytes(reader *reader)
{
    const pickle *pickle = &reader->pickle;
    for (size_t i = 0; i < pickle->count; i++) {
        const pickle_value *value = &pickle->values[i];
        const pickle_value *id =
            value->kind == PICKLE_PERSISTENT ? pickle_item(pickle, value, 0) : NULL;
        if (!id || id->kind != PICKLE_TUPLE)
            continue;
        storage *storage = find_storage(reader, pickle_item(pickle, id, 2));
        int kind = storage_kind(pickle_item(pickle, id, 1));
        if (storage && kind >= 0)
            storage->element_bytes = storages[kind].bytes;
    }
}

/* After the last pickle follows, for each key, the number of elements and the elements. */
static bert_status find_legacy_storages(reader *reader, size_t offset, bert_error *error)
{
    const file_map *map = &reader->file->map;
    sort_storages(reader, compare_keys);
    set_element_bytes(reader);
    sort_storages(reader, compare_order);
    for (size_t i = 0; i < reader->storage_count; i++) {
        storage *storage = &reader->storages[i];
        uint64_t count = 0;
        size_t bytes = storage->element_bytes;
        if (map->size - offset < 8)
            return unexpected(reader->file, NULL, "it is truncated before its last storage", error);
        memcpy(&count, map->data + offset, 8);
        offset += 8;
        if (bytes == 0 || count > (map->size - offset) / bytes)
            return unexpected(reader->file, NULL, "it is truncated inside a storage", error);
        storage->data = map->data + offset;
        storage->size = count * bytes;
        offset += (size_t)storage->size;
    }
    sort_storages(reader, compare_keys);
    return BERT_OK;
}

/* The list of keys is a separate pickle after that of the weights. Both are needed, so it gets a
 * reader of its own. */
static bert_status read_legacy(reader *reader, bert_error *error)
{
    size_t offset = 0;
    for (int i = 0; i < 4; i++) /* magic number, protocol, system, weights */
        TRY(next_pickle(reader, &offset, error));
    struct reader keys = {.file = reader->file};
    bert_status status = next_pickle(&keys, &offset, error);
    const pickle_value *list = status == BERT_OK ? &keys.pickle.values[keys.pickle.root] : NULL;
    if (list && list->kind != PICKLE_LIST)
        status = unexpected(reader->file, NULL, "has no list of storages", error);
    if (status == BERT_OK)
        status = memory_array((void **)&reader->storages, list->count, sizeof *reader->storages,
                              "storages", error);
    for (size_t i = 0; status == BERT_OK && i < list->count; i++) {
        const pickle_value *key = pickle_item(&keys.pickle, list, i);
        if (key->kind != PICKLE_STRING)
            status = unexpected(reader->file, NULL, "has a storage without a name", error);
        else
            reader->storages[reader->storage_count++] = (storage){
                .key = key->text, .key_length = key->length, .order = i}; /* points into the file */
    }
    pickle_free(&keys.pickle);
    TRY(status);
    TRY(find_legacy_storages(reader, offset, error));
    return read_state(reader, error);
}

bert_status torch_file_open(torch_file *file, const char *path, bert_error *error)
{
    *file = (torch_file){0};
    reader reader = {.file = file};
    bert_status status;
    TRY_OR_GO(status, path_format(&file->path, error, "%s", path), done);
    TRY_OR_GO(status, file_map_open(&file->map, path, error), done);
    bool legacy = file->map.size >= sizeof legacy_magic &&
                  memcmp(file->map.data, legacy_magic, sizeof legacy_magic) == 0;
    if (zip_detect(&file->map))
        status = read_archive(&reader, error);
    else if (legacy)
        status = read_legacy(&reader, error);
    else
        status = error_set(
            error, BERT_ERROR_INPUT,
            "%s: is not what torch.save writes: neither a zip archive nor its legacy format", path);
done:
    zip_close(&reader.archive);
    pickle_free(&reader.pickle);
    free(reader.storages);
    if (status != BERT_OK)
        torch_file_close(file);
    return status;
}

void torch_file_close(torch_file *file)
{
    for (size_t i = 0; i < file->count; i++)
        free((void *)(uintptr_t)file->tensors[i].name);
    free(file->tensors);
    free(file->path);
    file_map_close(&file->map);
    *file = (torch_file){0};
}
