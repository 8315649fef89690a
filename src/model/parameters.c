#include "model/parameters.h"

#include "base/memory.h"
#include "math/operations.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT_FLOATS = MEMORY_ALIGNMENT / sizeof(float) };

/* ---------------------------------------------------------------------------------- table --- */

/* The caller has allocated enough entries; the configuration's bounds keep the sums inside 64 bits.
 * Not `aligned`: directly after the previous entry. */
static void table_add(parameter_table *table, const model_config *config, model_part part,
                      int layer, bool bias, bool aligned)
{
    part_shape shape = part_shape_of(config, part);
    parameter *entry = &table->entries[table->count++];
    bool matrix = !bias && shape.columns > 0;
    if (aligned)
        table->size = (table->size + ALIGNMENT_FLOATS - 1) / ALIGNMENT_FLOATS * ALIGNMENT_FLOATS;
    *entry = (parameter){
        .part = part,
        .layer = layer,
        .bias = bias,
        .dimensions = matrix ? 2 : 1,
        .shape = {shape.rows, matrix ? shape.columns : 0},
        .offset = table->size,
        .count = shape.rows * (matrix ? shape.columns : 1),
        .decay = matrix && !(part == PART_POSITION && config->sinusoidal_positions),
    };
    part_name(entry->name, config->family, part, layer, bias);
    table->size += entry->count;
}

static void table_add_part(parameter_table *table, const model_config *config, model_part part,
                           int layer)
{
    if (!part_present(config, part))
        return;
    part_kind kind = part_shape_of(config, part).kind;
    if (kind != PART_BIAS)
        table_add(table, config, part, layer, false, true);
    if (kind != PART_EMBEDDING)
        table_add(table, config, part, layer, true, true);
}

static void table_add_layer(parameter_table *table, const model_config *config, int layer)
{
    for (int bias = 0; bias < 2; bias++)
        for (model_part part = PART_QUERY; part <= PART_VALUE; part++)
            table_add(table, config, part, layer, bias, part == PART_QUERY);
    for (model_part part = PART_VALUE + 1; part_is_in_layer(part); part++)
        table_add_part(table, config, part, layer);
}

bert_status parameter_table_create(parameter_table *table, const model_config *config,
                                   bert_error *error)
{
    *table = (parameter_table){.family = config->family};
    TRY(model_config_check(config, "model configuration", error));
    size_t capacity = 2 * PART_COUNT * (size_t)config->num_hidden_layers;
    TRY(memory_array((void **)&table->entries, capacity, sizeof *table->entries, "parameter table",
                     error));
    for (model_part part = 0; part < PART_QUERY; part++)
        table_add_part(table, config, part, 0);
    for (int layer = 0; layer < config->num_hidden_layers; layer++)
        table_add_layer(table, config, layer);
    for (model_part part = PART_OUTPUT_NORM + 1; part < PART_COUNT; part++)
        table_add_part(table, config, part, 0);
    return BERT_OK;
}

void parameter_table_free(parameter_table *table)
{
    free(table->entries);
    *table = (parameter_table){0};
}

const parameter *parameter_find(const parameter_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->entries[i].name, name) == 0)
            return &table->entries[i];
    return NULL;
}

const parameter *parameter_of_part(const parameter_table *table, model_part part, int layer,
                                   bool bias)
{
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        if (entry->part == part && entry->layer == layer && entry->bias == bias)
            return entry;
    }
    return NULL;
}

/* -------------------------------------------------------------------------- initialisation --- */

/* What a parameter starts as (transformers' _init_weights): LayerNorm 1 and 0, other biases 0,
 * everything else drawn. On the host, whatever trains it: every machine starts from the same bits.
 */
void parameter_initialize(const parameter_table *table, size_t index, const model_config *config,
                          uint64_t seed, float *values)
{
    const parameter *entry = &table->entries[index];
    const operations *host = cpu_operations();
    float *first = values + entry->offset;
    if (entry->part == PART_POSITION && config->sinusoidal_positions)
        host->sinusoids_fill(first, entry->shape[0], entry->shape[1]);
    else if (entry->dimensions == 2)
        host->normal_fill(first, entry->count, config->initializer_range, seed, index);
    else
        host->values_fill(first, entry->count, entry->bias ? 0.0f : 1.0f);
    if (entry->part == PART_WORD && config->pad_token_id >= 0)
        host->values_fill(first + (size_t)config->pad_token_id * entry->shape[1], entry->shape[1],
                          0.0f);
}

void parameters_initialize(const parameter_table *table, const model_config *config, uint64_t seed,
                           float *values)
{
    for (size_t i = 0; i < table->count; i++)
        parameter_initialize(table, i, config, seed, values);
}
