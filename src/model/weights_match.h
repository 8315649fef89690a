/* How a model uses the tensors of its files, by names and shapes alone: the rules by which
 * weights_load reads them. */
#ifndef MODEL_WEIGHTS_MATCH_H
#define MODEL_WEIGHTS_MATCH_H

#include "model/parameters.h"
#include "model/weight_files.h"

typedef enum weight_use {
    WEIGHT_USED,      /* a parameter's, of its shape */
    WEIGHT_COPY,      /* a second name of one: the decoder's weight is the word embedding */
    WEIGHT_BUFFER,    /* the numbers 0, 1, 2 … or 0, 0, 0 … that older `transformers` saved */
    WEIGHT_UNUSED,    /* of a head that the model does not have */
    WEIGHT_MISSHAPEN, /* a parameter's, of another shape: loading fails */
    WEIGHT_MISPLACED, /* of an encoder that is not this one: loading fails */
} weight_use;

/* `*entry` is the parameter that the tensor is, or is a copy of; else NULL. */
weight_use weight_use_of(const parameter_table *table, const weight_tensor *found,
                         const parameter **entry);

/* The shape that the tensor has to have for a parameter: transposed where the file has it so.
 */
void weight_shape_expected(uint64_t shape[2], const weight_tensor *found, const parameter *entry);
bool weight_fits(const weight_tensor *found, const parameter *entry);

/* The tensor of a parameter, under its name or its second one; NULL where the files lack it. */
const weight_tensor *weight_of_parameter(const parameter_table *table, const weight_files *files,
                                         const parameter *entry);

#endif
