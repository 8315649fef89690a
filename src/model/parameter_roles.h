/* The role that a parameter has in the model, the same in all families. A role has a weight, a bias
 * or both. */
#ifndef MODEL_PARAMETER_ROLES_H
#define MODEL_PARAMETER_ROLES_H

#include "model/config.h"

#include <stddef.h>

/* In the order of the buffer; those from QUERY to OUTPUT_NORM are in every layer. */
typedef enum parameter_role {
    ROLE_WORD,
    ROLE_POSITION,
    ROLE_TOKEN_TYPE,
    ROLE_EMBEDDING_NORM,
    ROLE_QUERY,
    ROLE_KEY,
    ROLE_VALUE,
    ROLE_ATTENTION_OUTPUT,
    ROLE_ATTENTION_NORM,
    ROLE_INTERMEDIATE,
    ROLE_OUTPUT,
    ROLE_OUTPUT_NORM,
    ROLE_POOLER, /* dense layer on the first token, also DistilBERT's pre_classifier */
    ROLE_DECODER,
    ROLE_TRANSFORM,
    ROLE_TRANSFORM_NORM,
    ROLE_NSP_HEAD,
    ROLE_CLASSIFIER,
    ROLE_COUNT
} parameter_role;

typedef enum parameter_kind {
    PARAMETER_EMBEDDING, /* a weight [rows, columns] */
    PARAMETER_LINEAR,    /* a weight [rows, columns] and a bias [rows] */
    PARAMETER_NORM,      /* a weight and a bias [rows] */
    PARAMETER_BIAS,      /* a bias [rows]: the decoder's, whose weight is the word embedding */
} parameter_kind;

typedef struct role_shape {
    parameter_kind kind;
    size_t rows, columns; /* columns 0 in PARAMETER_NORM and PARAMETER_BIAS */
} role_shape;

/* Whether a model of this configuration has parameters in this role. */
bool role_present(const model_config *config, parameter_role role);
bool role_is_in_layer(parameter_role role);
role_shape role_shape_of(const model_config *config, parameter_role role);

/* Hugging Face's name of its tensor, e.g. "bert.encoder.layer.0.attention.self.query.weight".
 * `layer` is read for roles inside layers only. */
enum { PARAMETER_NAME_SIZE = 96 };
void parameter_name(char name[PARAMETER_NAME_SIZE], model_family family, parameter_role role,
                    int layer, bool bias);

/* The prefix of the encoder's names: "bert.", "distilbert.". Files of an encoder alone leave it
 * out. */
const char *family_prefix(model_family family);

/* Whether a name without that prefix is one of an encoder. */
bool is_bare_encoder_name(const char *name);

/* The decoder shares its weight with the word embedding; files may name the copy:
 * "…decoder.weight", and BERT's bias as "…decoder.bias" too. NULL where a tensor has no second
 * name. */
const char *parameter_tied_name(model_family family, parameter_role role, bool bias);

#endif
