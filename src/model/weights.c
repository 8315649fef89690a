/* Parameters from and to safetensors. */
#include "model/parameters.h"

#include "base/memory.h"
#include "formats/safetensors.h"
#include "math/reduce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The entry that a file may name a second time, or instead; NULL where the name is no such copy. */
static const parameter *tied_entry(const parameter_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        const char *copy = part_tied_name(table->family, entry->part, entry->bias);
        if (copy && strcmp(copy, name) == 0)
            return entry;
    }
    return NULL;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Tensors that a file may hold beyond the table: a buffer of numbers 0, 1, 2 … that older
 * `transformers` saved, and the heads that this configuration leaves out. */
static bool may_be_left_over(const parameter_table *table, const char *name)
{
    if (strcmp(name, "bert.embeddings.position_ids") == 0)
        return true;
    bool has_pair_head = parameter_of_part(table, PART_PAIR, 0, false) != NULL;
    return !has_pair_head &&
           (starts_with(name, "bert.pooler.") || starts_with(name, "cls.seq_relationship."));
}

/* "[30522, 768]" */
static void shape_format(char *out, size_t size, int dimensions, const uint64_t *shape)
{
    size_t used = (size_t)snprintf(out, size, "[");
    for (int i = 0; i < dimensions && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, i ? ", %llu" : "%llu",
                                 (unsigned long long)shape[i]);
    if (used < size)
        snprintf(out + used, size - used, "]");
}

static bert_status check_shape(const safetensors_file *file, const safetensors_tensor *tensor,
                               const parameter *entry, bert_error *error)
{
    uint64_t expected[2] = {entry->shape[0], entry->shape[1]};
    if (tensor->dimensions == entry->dimensions &&
        memcmp(tensor->shape, expected, (size_t)entry->dimensions * sizeof *expected) == 0)
        return BERT_OK;
    char found_text[128], expected_text[64];
    shape_format(found_text, sizeof found_text, tensor->dimensions, tensor->shape);
    shape_format(expected_text, sizeof expected_text, entry->dimensions, expected);
    return error_set(error, BERT_ERROR_INPUT,
                     "%s: %s has shape %s, expected %s; do the weights belong to this config.json?",
                     file->path, tensor->name, found_text, expected_text);
}

static bert_status read_entry(const parameter_table *table, const safetensors_file *file,
                              const parameter *entry, float *values, bert_error *error)
{
    const safetensors_tensor *tensor = safetensors_find(file, entry->name);
    const char *copy = part_tied_name(table->family, entry->part, entry->bias);
    if (!tensor && copy)
        tensor = safetensors_find(file, copy);
    if (!tensor)
        return error_set(error, BERT_ERROR_INPUT, "%s: no tensor %s; is this a BERT with %s?",
                         file->path, entry->name,
                         starts_with(entry->name, "cls.") ? "its pre-training heads"
                                                          : "this number of layers");
    TRY(check_shape(file, tensor, entry, error));
    TRY(safetensors_read_float(file, tensor, values + entry->offset, entry->count, error));
    if (!all_finite(values + entry->offset, entry->count))
        return error_set(
            error, BERT_ERROR_NUMBER,
            "%s: %s holds a NaN or an infinity; the model was broken when it was saved", file->path,
            tensor->name);
    return BERT_OK;
}

/* A tied copy has to say the same as the tensor that it is tied to. */
static bert_status check_tied(const parameter_table *table, const safetensors_file *file,
                              const safetensors_tensor *tensor, const float *values,
                              bert_error *error)
{
    const parameter *entry = tied_entry(table, tensor->name);
    TRY(check_shape(file, tensor, entry, error));
    float *copy = NULL;
    TRY(memory_array((void **)&copy, entry->count, sizeof *copy, tensor->name, error));
    bert_status status = safetensors_read_float(file, tensor, copy, entry->count, error);
    if (status == BERT_OK && memcmp(copy, values + entry->offset, entry->count * sizeof *copy) != 0)
        status = error_set(error, BERT_ERROR_UNSUPPORTED,
                           "%s: %s differs from %s; only tied decoders are supported", file->path,
                           tensor->name, entry->name);
    free(copy);
    return status;
}

static bert_status read_all(const parameter_table *table, const safetensors_file *file,
                            float *values, bert_error *error)
{
    for (size_t i = 0; i < table->count; i++)
        TRY(read_entry(table, file, &table->entries[i], values, error));
    for (size_t i = 0; i < file->count; i++) {
        const safetensors_tensor *tensor = &file->tensors[i];
        if (tied_entry(table, tensor->name))
            TRY(check_tied(table, file, tensor, values, error));
        else if (!parameter_find(table, tensor->name) && !may_be_left_over(table, tensor->name))
            return error_set(error, BERT_ERROR_INPUT,
                             "%s: tensor %s has no place in this model; does the file belong to "
                             "this config.json?",
                             file->path, tensor->name);
    }
    return BERT_OK;
}

bert_status parameters_read(const parameter_table *table, float *values, const char *path,
                            bert_error *error)
{
    safetensors_file file = {0};
    TRY(safetensors_open(&file, path, error));
    bert_status status = read_all(table, &file, values, error);
    safetensors_close(&file);
    return status;
}

bert_status parameters_write(const parameter_table *table, const float *values, const char *path,
                             bert_error *error)
{
    safetensors_tensor *tensors = NULL;
    TRY(memory_array((void **)&tensors, table->count, sizeof *tensors, "tensor list", error));
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        tensors[i] = (safetensors_tensor){
            .name = entry->name,
            .type = SAFETENSORS_F32,
            .dimensions = entry->dimensions,
            .shape = {entry->shape[0], entry->shape[1]},
            .data = values + entry->offset,
            .bytes = entry->count * sizeof *values,
        };
    }
    const char *const metadata[] = {"format", "pt"}; /* `transformers` reads nothing without it */
    bert_status status = safetensors_write(path, tensors, table->count, metadata, 1, error);
    free(tensors);
    return status;
}
