#include "model/parameters.h"

#include "base/memory.h"
#include "math/fill.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ALIGNMENT_FLOATS = MEMORY_ALIGNMENT / sizeof(float),
    ENTRIES_OUTSIDE_LAYERS = 14, /* embeddings 5, MLM head 5, pooler 2, NSP head 2 */
    ENTRIES_IN_LAYER = 16,
};

/* ---------------------------------------------------------------------------------- table --- */

/* Appends an entry; columns 0 makes a vector. `aligned` false: directly behind the one before. The
 * caller has allocated enough entries; the configuration's bounds keep the sums inside 64 bits. */
static void table_add(parameter_table *table, bool aligned, size_t rows, size_t columns, bool decay,
                      const char *format, ...) __attribute__((format(printf, 6, 7)));
static void table_add(parameter_table *table, bool aligned, size_t rows, size_t columns, bool decay,
                      const char *format, ...)
{
    parameter *entry = &table->entries[table->count++];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(entry->name, sizeof entry->name, format, arguments);
    va_end(arguments);
    if (aligned)
        table->size = (table->size + ALIGNMENT_FLOATS - 1) / ALIGNMENT_FLOATS * ALIGNMENT_FLOATS;
    entry->dimensions = columns ? 2 : 1;
    entry->shape[0] = rows;
    entry->shape[1] = columns;
    entry->offset = table->size;
    entry->count = rows * (columns ? columns : 1);
    entry->decay = decay;
    table->size += entry->count;
}

static void table_add_linear(parameter_table *table, size_t outputs, size_t inputs,
                             const char *name)
{
    table_add(table, true, outputs, inputs, true, "%s.weight", name);
    table_add(table, true, outputs, 0, false, "%s.bias", name);
}

static void table_add_layernorm(parameter_table *table, size_t size, const char *name)
{
    table_add(table, true, size, 0, false, "%s.weight", name);
    table_add(table, true, size, 0, false, "%s.bias", name);
}

static void table_add_layer(parameter_table *table, const model_config *config, int layer)
{
    static const char *const projections[] = {"query", "key", "value"};
    size_t hidden = (size_t)config->hidden_size, intermediate = (size_t)config->intermediate_size;
    char prefix[64], name[96];
    snprintf(prefix, sizeof prefix, "bert.encoder.layer.%d", layer);
    for (int i = 0; i < 3; i++)
        table_add(table, i == 0, hidden, hidden, true, "%s.attention.self.%s.weight", prefix,
                  projections[i]);
    for (int i = 0; i < 3; i++)
        table_add(table, i == 0, hidden, 0, false, "%s.attention.self.%s.bias", prefix,
                  projections[i]);
    snprintf(name, sizeof name, "%s.attention.output.dense", prefix);
    table_add_linear(table, hidden, hidden, name);
    snprintf(name, sizeof name, "%s.attention.output.LayerNorm", prefix);
    table_add_layernorm(table, hidden, name);
    snprintf(name, sizeof name, "%s.intermediate.dense", prefix);
    table_add_linear(table, intermediate, hidden, name);
    snprintf(name, sizeof name, "%s.output.dense", prefix);
    table_add_linear(table, hidden, intermediate, name);
    snprintf(name, sizeof name, "%s.output.LayerNorm", prefix);
    table_add_layernorm(table, hidden, name);
}

bert_status parameter_table_create(parameter_table *table, const model_config *config,
                                   bert_error *error)
{
    *table = (parameter_table){0};
    TRY(model_config_check(config, "model configuration", error));
    size_t hidden = (size_t)config->hidden_size, vocab = (size_t)config->vocab_size;
    size_t capacity = ENTRIES_OUTSIDE_LAYERS + ENTRIES_IN_LAYER * (size_t)config->num_hidden_layers;
    TRY(memory_array((void **)&table->entries, capacity, sizeof *table->entries, "parameter table",
                     error));
    table_add(table, true, vocab, hidden, true, "bert.embeddings.word_embeddings.weight");
    table_add(table, true, (size_t)config->max_position_embeddings, hidden, true,
              "bert.embeddings.position_embeddings.weight");
    table_add(table, true, (size_t)config->type_vocab_size, hidden, true,
              "bert.embeddings.token_type_embeddings.weight");
    table_add_layernorm(table, hidden, "bert.embeddings.LayerNorm");
    for (int layer = 0; layer < config->num_hidden_layers; layer++)
        table_add_layer(table, config, layer);
    if (config->next_sentence_prediction)
        table_add_linear(table, hidden, hidden, "bert.pooler.dense");
    table_add(table, true, vocab, 0, false, "cls.predictions.bias");
    table_add_linear(table, hidden, hidden, "cls.predictions.transform.dense");
    table_add_layernorm(table, hidden, "cls.predictions.transform.LayerNorm");
    if (config->next_sentence_prediction)
        table_add_linear(table, 2, hidden, "cls.seq_relationship");
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

/* -------------------------------------------------------------------------- initialisation --- */

static bool ends_with(const char *text, const char *end)
{
    size_t text_length = strlen(text), end_length = strlen(end);
    return text_length >= end_length && strcmp(text + text_length - end_length, end) == 0;
}

/* What a parameter starts as (transformers' _init_weights): LayerNorm 1 and 0, other biases 0,
 * everything else drawn. */
void parameters_initialize(const parameter_table *table, const model_config *config, uint64_t seed,
                           float *values)
{
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        float *first = values + entry->offset;
        if (entry->decay)
            normal_fill(first, entry->count, config->initializer_range, seed, i);
        else
            values_fill(first, entry->count,
                        ends_with(entry->name, "LayerNorm.weight") ? 1.0f : 0.0f);
    }
    const parameter *word = parameter_find(table, "bert.embeddings.word_embeddings.weight");
    if (config->pad_token_id >= 0)
        values_fill(values + word->offset + (size_t)config->pad_token_id * word->shape[1],
                    word->shape[1], 0.0f);
}
