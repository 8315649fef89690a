#include "model/weights.h"

#include "base/memory.h"
#include "math/operations.h"
#include "model/weights_match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* One load. */
typedef struct load {
    const parameter_table *table;
    const model_config *config;
    float *values;
    const weights_options *options;
    weight_files files;
    text created, unused; /* names, with commas between them */
} load;

/* Names of a list that grows; a long one is truncated where it no longer helps. */
static bert_status list_add(text *list, const char *name, bert_error *error)
{
    enum { LONGEST = 600 };
    if (list->length > LONGEST)
        return BERT_OK;
    if (list->length + strlen(name) > LONGEST)
        return text_format(list, error, ", …");
    return text_format(list, error, "%s%s", list->length ? ", " : "", name);
}

/* ---------------------------------------------------------------------------------- entries --- */

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

static bert_status check_shape(const weight_tensor *found, const parameter *entry,
                               bert_error *error)
{
    if (weight_fits(found, entry))
        return BERT_OK;
    const safetensors_tensor *tensor = found->tensor;
    uint64_t expected[2];
    weight_shape_expected(expected, found, entry);
    char found_text[128], expected_text[64];
    shape_format(found_text, sizeof found_text, tensor->dimensions, tensor->shape);
    shape_format(expected_text, sizeof expected_text, entry->dimensions, expected);
    return error_set(error, BERT_ERROR_INPUT,
                     "%s: %s has shape %s, expected %s; do the weights belong to this config.json?",
                     found->path, tensor->name, found_text, expected_text);
}

static bert_status read_floats(const weight_tensor *found, const parameter *entry, float *out,
                               bert_error *error)
{
    TRY(check_shape(found, entry, error));
    TRY(weight_tensor_read(found, out, entry->count, error));
    if (cpu_operations()->all_finite(out, entry->count))
        return BERT_OK;
    return error_set(error, BERT_ERROR_NOT_FINITE,
                     "%s: %s holds a NaN or an infinity; the model was broken when it was saved",
                     found->path, found->tensor->name);
}

static bert_status create_entry(load *load, size_t index, bert_error *error)
{
    const parameter *entry = &load->table->entries[index];
    bool encoder = entry->role < ROLE_POOLER;
    bool unread = entry->role == ROLE_POOLER && load->config->head == MODEL_HEAD_NONE;
    if (encoder || !(load->options->create_heads || unread))
        return error_set(error, BERT_ERROR_INPUT, "%s: no tensor %s; is this a model with %s?",
                         load->files.origin, entry->name,
                         encoder ? "this number of layers" : "this head");
    parameter_initialize(load->table, index, load->config, load->options->seed, load->values);
    return list_add(&load->created, entry->name, error);
}

static bert_status read_entry(load *load, size_t index, bert_error *error)
{
    const parameter *entry = &load->table->entries[index];
    const weight_tensor *found = weight_of_parameter(load->table, &load->files, entry);
    if (!found)
        return create_entry(load, index, error);
    return read_floats(found, entry, load->values + entry->offset, error);
}

/* ------------------------------------------------------------------------------- leftovers --- */

/* A tied copy has to say the same as the tensor that it is tied to, where there is a decoder. */
static bert_status check_tied(const load *load, const weight_tensor *found, const parameter *entry,
                              bert_error *error)
{
    if (load->config->head != MODEL_HEAD_PRETRAINING)
        return BERT_OK;
    float *copy = NULL;
    TRY(memory_array((void **)&copy, entry->count, sizeof *copy, entry->name, error));
    bert_status status = read_floats(found, entry, copy, error);
    if (status == BERT_OK &&
        memcmp(copy, load->values + entry->offset, entry->count * sizeof *copy) != 0)
        status = error_set(error, BERT_ERROR_UNSUPPORTED,
                           "%s: %s differs from %s; only tied decoders are supported", found->path,
                           found->tensor->name, entry->name);
    free(copy);
    return status;
}

static bert_status check_leftover(load *load, const weight_tensor *found, bert_error *error)
{
    const parameter *entry;
    switch (weight_use_of(load->table, found, &entry)) {
    case WEIGHT_COPY:
        return check_tied(load, found, entry, error);
    case WEIGHT_UNUSED:
        return list_add(&load->unused, found->tensor->name, error);
    case WEIGHT_MISPLACED:
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: tensor %s has no place in this model; does the file belong to this "
                         "config.json?",
                         found->path, found->tensor->name);
    default: /* read, or not needed */
        return BERT_OK;
    }
}

static void tell(const load *load)
{
    if (load->created.length)
        observer_message(load->options->observer, BERT_MESSAGE_WARNING,
                         "%s: has no weights for these, which start from random numbers: %s",
                         load->files.origin, load->created.data);
    if (load->unused.length)
        observer_message(load->options->observer, BERT_MESSAGE_INFO, "%s: not used: %s",
                         load->files.origin, load->unused.data);
    if (load->files.optimizer_count)
        observer_message(load->options->observer, BERT_MESSAGE_INFO,
                         "%s: not used: %zu variables of the optimizer", load->files.origin,
                         load->files.optimizer_count);
}

static bert_status load_all(load *load, bert_error *error)
{
    for (size_t i = 0; i < load->table->count; i++)
        TRY(read_entry(load, i, error));
    for (size_t i = 0; i < load->files.count; i++)
        TRY(check_leftover(load, &load->files.tensors[i], error));
    tell(load);
    return BERT_OK;
}

bert_status weights_load(const parameter_table *table, const model_config *config, float *values,
                         const char *path, const weights_options *options, bert_error *error)
{
    load load = {.table = table, .config = config, .values = values, .options = options};
    TRY(weight_files_open(&load.files, table->family, path, error));
    bert_status status = load_all(&load, error);
    weight_files_close(&load.files);
    text_free(&load.created);
    text_free(&load.unused);
    return status;
}

/* --------------------------------------------------------------------------------- writing --- */

bert_status parameters_write(const parameter_table *table, const float *values, const char *path,
                             bert_error *error)
{
    safetensors_tensor *tensors = NULL;
    const char *prefix = family_prefix(table->family);
    bool encoder_alone = true;
    for (size_t i = 0; i < table->count; i++)
        encoder_alone = encoder_alone && starts_with(table->entries[i].name, prefix);
    TRY(memory_array((void **)&tensors, table->count, sizeof *tensors, "tensor list", error));
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        tensors[i] = (safetensors_tensor){
            .name = entry->name + (encoder_alone ? strlen(prefix) : 0),
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
