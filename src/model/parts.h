/* The parts that a model is made of, whatever its family calls them. */
#ifndef MODEL_PARTS_H
#define MODEL_PARTS_H

#include "model/config.h"

#include <stddef.h>

/* In the order of the buffer; those from QUERY to OUTPUT_NORM are in every layer. */
typedef enum model_part {
    PART_WORD,
    PART_POSITION,
    PART_TOKEN_TYPE,
    PART_EMBEDDING_NORM,
    PART_QUERY,
    PART_KEY,
    PART_VALUE,
    PART_ATTENTION_OUTPUT,
    PART_ATTENTION_NORM,
    PART_INTERMEDIATE,
    PART_OUTPUT,
    PART_OUTPUT_NORM,
    PART_POOLER, /* dense layer on the first token, also DistilBERT's pre_classifier */
    PART_DECODER,
    PART_TRANSFORM,
    PART_TRANSFORM_NORM,
    PART_NSP_HEAD,
    PART_CLASSIFIER,
    PART_COUNT
} model_part;

typedef enum part_kind {
    PART_EMBEDDING, /* a weight [rows, columns] */
    PART_LINEAR,    /* a weight [rows, columns] and a bias [rows] */
    PART_NORM,      /* a weight and a bias [rows] */
    PART_BIAS,      /* a bias [rows]: the decoder's, whose weight is the word embedding */
} part_kind;

typedef struct part_shape {
    part_kind kind;
    size_t rows, columns; /* columns 0 in PART_NORM and PART_BIAS */
} part_shape;

/* Whether a model of this configuration has the part. */
bool part_present(const model_config *config, model_part part);
bool part_is_in_layer(model_part part);
part_shape part_shape_of(const model_config *config, model_part part);

/* Hugging Face's name of its tensor, e.g. "bert.encoder.layer.0.attention.self.query.weight".
 * `layer` is read for parts inside layers only. */
enum { PART_NAME_SIZE = 96 };
void part_name(char name[PART_NAME_SIZE], model_family family, model_part part, int layer,
               bool bias);

/* The prefix of the encoder's names: "bert.", "distilbert.". Files of an encoder alone leave it
 * out. */
const char *family_prefix(model_family family);

/* Whether a name without that prefix is one of an encoder. */
bool is_bare_encoder_name(const char *name);

/* The decoder shares its weight with the word embedding; files may name the copy:
 * "…decoder.weight", and BERT's bias as "…decoder.bias" too. NULL where a tensor has no second
 * name. */
const char *part_tied_name(model_family family, model_part part, bool bias);

#endif
