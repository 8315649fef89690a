/* optimizer.safetensors: the states, as first_moment, under their parameters' names. */
#include "base/memory.h"
#include "formats/safetensors.h"
#include "train/optimizer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names of states: parameter names have at most 95 characters, so these fit. */
enum { STATE_NAME_SIZE = 128 };

/* ---------------------------------------------------------------------------------- writing --- */

typedef struct state_list {
    safetensors_tensor *tensors; /* [states × entries] without data */
    char (*names)[STATE_NAME_SIZE];
    size_t count;
} state_list;

static void list_free(state_list *list)
{
    free(list->names);
    free(list->tensors);
}

static bert_status list_create(state_list *list, const optimizer *optimizer, bert_error *error)
{
    const parameter_table *table = optimizer->table;
    *list = (state_list){.count = optimizer_state_count(optimizer->type) * table->count};
    TRY(memory_array((void **)&list->tensors, list->count, sizeof *list->tensors, "names of states",
                     error));
    TRY(memory_array((void **)&list->names, list->count, sizeof *list->names, "names of states",
                     error));
    for (size_t i = 0; i < list->count; i++) {
        const parameter *entry = &table->entries[i % table->count];
        snprintf(list->names[i], sizeof list->names[i], "%s.%s",
                 optimizer->type->states[i / table->count], entry->name);
        list->tensors[i] = (safetensors_tensor){
            .name = list->names[i],
            .type = SAFETENSORS_F32,
            .dimensions = entry->dimensions,
            .shape = {entry->shape[0], entry->dimensions > 1 ? entry->shape[1] : 0},
            .bytes = entry->count * sizeof(float),
        };
    }
    return BERT_OK;
}

static bert_status begin_file(safetensors_writer *writer, const optimizer *optimizer, int64_t step,
                              const char *path, bert_error *error)
{
    char number[24];
    snprintf(number, sizeof number, "%" PRId64, step);
    const char *metadata[] = {"format", "pt", "step", number};
    state_list list;
    bert_status status = list_create(&list, optimizer, error);
    if (status == BERT_OK)
        status = safetensors_begin(writer, path, list.tensors, list.count, metadata, 2, error);
    list_free(&list);
    return status;
}

/* What `values`, elements [first, first + count) of a buffer, hold of entries, without the padding
 * between them. The file has entries in the order of the buffer. */
static bert_status append_elements(safetensors_writer *writer, const parameter_table *table,
                                   const float *values, size_t first, size_t count,
                                   bert_error *error)
{
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        size_t from = entry->offset > first ? entry->offset : first;
        size_t to = entry->offset + entry->count;
        if (to > first + count)
            to = first + count;
        if (from < to)
            TRY(safetensors_append(writer, values + (from - first), (to - from) * sizeof(float),
                                   error));
    }
    return BERT_OK;
}

/* All ranks gather one bucket after the other, to the last one even where rank 0's disk is full:
 * the others wait for it in every all-gather. */
static bert_status append_gathered(safetensors_writer *writer, const optimizer *optimizer,
                                   const float *state, bert_status status, bert_error *error)
{
    const layout *layout = &optimizer->layout;
    for (size_t b = 0; b < layout->buckets; b++) {
        TRY(job_allgather(optimizer->job, state + b * layout->shard, layout->shard * sizeof(float),
                          optimizer->bucket, error));
        layout_range bucket = layout_bucket(layout, b);
        if (status == BERT_OK && bert_job_rank(optimizer->job) == 0)
            status = append_elements(writer, optimizer->table, optimizer->bucket, bucket.start,
                                     bucket.count, error);
    }
    return status;
}

bert_status optimizer_write(const optimizer *optimizer, int64_t step, const char *path,
                            bert_error *error)
{
    safetensors_writer writer = {.file = {.descriptor = -1}};
    bert_status status = BERT_OK;
    bool writes = bert_job_rank(optimizer->job) == 0;
    if (writes)
        status = begin_file(&writer, optimizer, step, path, error);
    for (size_t m = 0; m < optimizer_state_count(optimizer->type); m++) {
        if (optimizer->sharded)
            status = append_gathered(&writer, optimizer, optimizer->states[m], status, error);
        else if (status == BERT_OK && writes)
            status = append_elements(&writer, optimizer->table, optimizer->states[m], 0,
                                     optimizer->table->size, error);
    }
    if (status == BERT_OK && writes)
        status = safetensors_commit(&writer, error);
    safetensors_discard(&writer);
    return status;
}

/* ---------------------------------------------------------------------------------- reading --- */

static bert_status check_step(const safetensors_file *file, int64_t step, bert_error *error)
{
    for (size_t i = 0; i < file->metadata_count; i++)
        if (strcmp(file->metadata[2 * i], "step") == 0 &&
            strtoll(file->metadata[2 * i + 1], NULL, 10) == step)
            return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT,
                     "%s: is not of step %" PRId64 ", as trainer_state.json says", file->path,
                     step);
}

/* The overlap of a range with an entry. */
static bert_status read_range(const safetensors_file *file, const safetensors_tensor *tensor,
                              const parameter *entry, const optimizer_range *range, float *state,
                              bert_error *error)
{
    size_t from = entry->offset > range->offset ? entry->offset : range->offset;
    size_t to = entry->offset + entry->count;
    if (to > range->offset + range->count)
        to = range->offset + range->count;
    if (from >= to)
        return BERT_OK;
    safetensors_tensor slice = safetensors_slice(tensor, from - entry->offset, to - from);
    return safetensors_read_float(file, &slice, state + range->state + (from - range->offset),
                                  to - from, error);
}

static bert_status read_state(const optimizer *optimizer, const safetensors_file *file, size_t m,
                              const parameter *entry, bert_error *error)
{
    char name[STATE_NAME_SIZE];
    snprintf(name, sizeof name, "%s.%s", optimizer->type->states[m], entry->name);
    const safetensors_tensor *tensor = safetensors_find(file, name);
    if (!tensor)
        return error_set(error, BERT_ERROR_INPUT, "%s: tensor %s is missing", file->path, name);
    uint64_t elements = 1;
    for (int i = 0; i < tensor->dimensions; i++)
        elements *= tensor->shape[i]; /* checked when the file was opened */
    if (elements != entry->count)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: tensor %s: %" PRIu64 " elements, expected %zu", file->path, name,
                         elements, entry->count);
    for (size_t i = 0; i < optimizer->range_count; i++)
        TRY(read_range(file, tensor, entry, &optimizer->ranges[i], optimizer->states[m], error));
    return BERT_OK;
}

bert_status optimizer_read(const optimizer *optimizer, int64_t step, const char *path,
                           bert_error *error)
{
    safetensors_file file;
    TRY(safetensors_open(&file, path, error));
    bert_status status = check_step(&file, step, error);
    for (size_t m = 0; m < optimizer_state_count(optimizer->type); m++)
        for (size_t i = 0; i < optimizer->table->count && status == BERT_OK; i++)
            status = read_state(optimizer, &file, m, &optimizer->table->entries[i], error);
    safetensors_close(&file);
    return status;
}
