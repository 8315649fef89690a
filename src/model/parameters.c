#include "model/parameters.h"

#include "base/memory.h"
#include "math/operations.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT_FLOATS = MEMORY_ALIGNMENT / sizeof(float) };

/* ---------------------------------------------------------------------------------- table --- */

/* The caller has allocated enough entries; the configuration's bounds keep the sums inside 64 bits.
 * Not `aligned`: directly after the previous entry. */
static void table_add(parameter_table *table, const model_config *config, parameter_role role,
                      int layer, bool bias, bool aligned)
{
    role_shape shape = role_shape_of(config, role);
    parameter *entry = &table->entries[table->count++];
    bool matrix = !bias && shape.columns > 0;
    if (aligned)
        table->size = (table->size + ALIGNMENT_FLOATS - 1) / ALIGNMENT_FLOATS * ALIGNMENT_FLOATS;
    *entry = (parameter){
        .role = role,
        .layer = layer,
        .bias = bias,
        .dimensions = matrix ? 2 : 1,
        .shape = {shape.rows, matrix ? shape.columns : 0},
        .offset = table->size,
        .count = shape.rows * (matrix ? shape.columns : 1),
        .decay = matrix && !(role == ROLE_POSITION && config->sinusoidal_positions),
    };
    parameter_name(entry->name, config->family, role, layer, bias);
    table->size += entry->count;
}

static void table_add_role(parameter_table *table, const model_config *config, parameter_role role,
                           int layer)
{
    if (!role_present(config, role))
        return;
    parameter_kind kind = role_shape_of(config, role).kind;
    if (kind != PARAMETER_BIAS)
        table_add(table, config, role, layer, false, true);
    if (kind != PARAMETER_EMBEDDING)
        table_add(table, config, role, layer, true, true);
}

static void table_add_layer(parameter_table *table, const model_config *config, int layer)
{
    for (int bias = 0; bias < 2; bias++)
        for (parameter_role role = ROLE_QUERY; role <= ROLE_VALUE; role++)
            table_add(table, config, role, layer, bias, role == ROLE_QUERY);
    for (parameter_role role = ROLE_VALUE + 1; role_is_in_layer(role); role++)
        table_add_role(table, config, role, layer);
}

bert_status parameter_table_create(parameter_table *table, const model_config *config,
                                   bert_error *error)
{
    *table = (parameter_table){.family = config->family};
    TRY(model_config_check(config, "model configuration", error));
    size_t capacity = 2 * ROLE_COUNT * (size_t)config->num_hidden_layers;
    TRY(memory_array((void **)&table->entries, capacity, sizeof *table->entries, "parameter table",
                     error));
    for (parameter_role role = 0; role < ROLE_QUERY; role++)
        table_add_role(table, config, role, 0);
    for (int layer = 0; layer < config->num_hidden_layers; layer++)
        table_add_layer(table, config, layer);
    for (parameter_role role = ROLE_OUTPUT_NORM + 1; role < ROLE_COUNT; role++)
        table_add_role(table, config, role, 0);
    return BERT_OK;
}

void parameter_table_free(parameter_table *table)
{
    free(table->entries);
    *table = (parameter_table){0};
}

bool parameter_is_matrix(const parameter *parameter)
{
    return role_is_in_layer(parameter->role) && parameter->dimensions == 2;
}

const parameter *parameter_find(const parameter_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->entries[i].name, name) == 0)
            return &table->entries[i];
    return NULL;
}

const parameter *parameter_of_role(const parameter_table *table, parameter_role role, int layer,
                                   bool bias)
{
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        if (entry->role == role && entry->layer == layer && entry->bias == bias)
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
    if (entry->role == ROLE_POSITION && config->sinusoidal_positions)
        host->sinusoids_fill(first, entry->shape[0], entry->shape[1]);
    else if (entry->dimensions == 2)
        host->normal_fill(first, entry->count, config->initializer_range, seed, index);
    else
        host->values_fill(first, entry->count, entry->bias ? 0.0f : 1.0f);
    if (entry->role == ROLE_WORD && config->pad_token_id >= 0)
        host->values_fill(first + (size_t)config->pad_token_id * entry->shape[1], entry->shape[1],
                          0.0f);
}

void parameters_initialize(const parameter_table *table, const model_config *config, uint64_t seed,
                           float *values)
{
    for (size_t i = 0; i < table->count; i++)
        parameter_initialize(table, i, config, seed, values);
}
