#include "model/weights_match.h"

#include <string.h>

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t text_length = strlen(text), end_length = strlen(end);
    return text_length >= end_length && strcmp(text + text_length - end_length, end) == 0;
}

static bool is_buffer(const char *name)
{
    return ends_with(name, ".position_ids") || ends_with(name, ".token_type_ids");
}

/* The entry that a file may name a second time, or instead; NULL where the name is no such copy. */
static const parameter *tied_entry(const parameter_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        const char *copy = parameter_tied_name(table->family, entry->role, entry->bias);
        if (copy && strcmp(copy, name) == 0)
            return entry;
    }
    return NULL;
}

void weight_shape_expected(uint64_t shape[2], const weight_tensor *found, const parameter *entry)
{
    bool turned = found->transposed && entry->dimensions == 2;
    shape[0] = entry->shape[turned];
    shape[1] = entry->shape[!turned];
}

bool weight_fits(const weight_tensor *found, const parameter *entry)
{
    uint64_t shape[2];
    weight_shape_expected(shape, found, entry);
    return found->tensor->dimensions == entry->dimensions &&
           memcmp(found->tensor->shape, shape, (size_t)entry->dimensions * sizeof *shape) == 0;
}

weight_use weight_use_of(const parameter_table *table, const weight_tensor *found,
                         const parameter **entry)
{
    *entry = parameter_find(table, found->name);
    if (*entry)
        return weight_fits(found, *entry) ? WEIGHT_USED : WEIGHT_MISSHAPEN;
    if (is_buffer(found->name))
        return WEIGHT_BUFFER;
    *entry = tied_entry(table, found->name);
    if (*entry)
        return WEIGHT_COPY;
    const char *prefix = family_prefix(table->family);
    bool of_encoder =
        starts_with(found->name, prefix) && !starts_with(found->name + strlen(prefix), "pooler.");
    return of_encoder ? WEIGHT_MISPLACED : WEIGHT_UNUSED;
}

const weight_tensor *weight_of_parameter(const parameter_table *table, const weight_files *files,
                                         const parameter *entry)
{
    const weight_tensor *found = weight_files_find(files, entry->name);
    const char *copy = parameter_tied_name(table->family, entry->role, entry->bias);
    return !found && copy ? weight_files_find(files, copy) : found;
}
