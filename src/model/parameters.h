/* Parameters in one flat buffer with a table of names, shapes and decay flags (architecture,
 * decision 4). Gradients and optimizer state are buffers of the same layout. */
#ifndef MODEL_PARAMETERS_H
#define MODEL_PARAMETERS_H

#include "model/parameter_roles.h"

typedef struct parameter {
    char name[PARAMETER_NAME_SIZE]; /* Hugging Face's, by parameter_name */
    parameter_role role;
    int layer;      /* of roles inside layers; else 0 */
    bool bias;      /* true: the bias; false: the weight */
    int dimensions; /* 1 or 2 */
    size_t shape[2];
    size_t offset, count; /* floats, from the start of the buffer */
    bool decay;           /* false for biases, LayerNorm, and positions that are not trained */
} parameter;

typedef struct parameter_table {
    parameter *entries; /* [count], in the order of the buffer; query, key and value of a layer are
                           adjacent so that one matrix multiplication computes all three */
    size_t count;
    size_t size; /* floats in the buffer; padding between entries holds zeros, and entries start on
                    64-byte borders except inside a query-key-value group */
    model_family family;
} parameter_table;

/* The table of the model that the configuration describes. The decoder weight is the word embedding
 * and has no entry. */
bert_status parameter_table_create(parameter_table *table, const model_config *config,
                                   bert_error *error);
void parameter_table_free(parameter_table *table);

/* Whether it is a weight matrix inside the encoder: attention's and those of the feed-forward
 * layers. */
bool parameter_is_matrix(const parameter *parameter);

const parameter *parameter_find(const parameter_table *table, const char *name); /* or NULL */
const parameter *parameter_of_role(const parameter_table *table, parameter_role role, int layer,
                                   bool bias); /* or NULL */

/* Initial weights as BERT's: normal(0, initializer_range), biases 0, LayerNorm 1 and 0, the [PAD]
 * row 0 as in `transformers`. A function of (seed, index in the table): the same on every machine.
 */
void parameters_initialize(const parameter_table *table, const model_config *config, uint64_t seed,
                           float *values);

/* The same for entry `index` alone. */
void parameter_initialize(const parameter_table *table, size_t index, const model_config *config,
                          uint64_t seed, float *values);

/* Weights to safetensors with Hugging Face's names; an encoder alone without their prefix, as
 * `transformers` has it. model/weights.h reads them. */
bert_status parameters_write(const parameter_table *table, const float *values, const char *path,
                             bert_error *error);

#endif
