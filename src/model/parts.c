#include "model/parts.h"

#include <stdio.h>
#include <string.h>

/* Sizes that shapes are made of. */
typedef enum size_name {
    SIZE_NONE,
    SIZE_ONE_PAIR, /* 2: B follows A, or does not */
    SIZE_VOCAB,
    SIZE_POSITIONS,
    SIZE_TYPES,
    SIZE_HIDDEN,
    SIZE_INTERMEDIATE,
    SIZE_LABELS,
} size_name;

static const struct {
    part_kind kind;
    size_name rows, columns;
} shapes[PART_COUNT] = {
    [PART_WORD] = {PART_EMBEDDING, SIZE_VOCAB, SIZE_HIDDEN},
    [PART_POSITION] = {PART_EMBEDDING, SIZE_POSITIONS, SIZE_HIDDEN},
    [PART_TOKEN_TYPE] = {PART_EMBEDDING, SIZE_TYPES, SIZE_HIDDEN},
    [PART_EMBEDDING_NORM] = {PART_NORM, SIZE_HIDDEN, SIZE_NONE},
    [PART_QUERY] = {PART_LINEAR, SIZE_HIDDEN, SIZE_HIDDEN},
    [PART_KEY] = {PART_LINEAR, SIZE_HIDDEN, SIZE_HIDDEN},
    [PART_VALUE] = {PART_LINEAR, SIZE_HIDDEN, SIZE_HIDDEN},
    [PART_ATTENTION_OUTPUT] = {PART_LINEAR, SIZE_HIDDEN, SIZE_HIDDEN},
    [PART_ATTENTION_NORM] = {PART_NORM, SIZE_HIDDEN, SIZE_NONE},
    [PART_INTERMEDIATE] = {PART_LINEAR, SIZE_INTERMEDIATE, SIZE_HIDDEN},
    [PART_OUTPUT] = {PART_LINEAR, SIZE_HIDDEN, SIZE_INTERMEDIATE},
    [PART_OUTPUT_NORM] = {PART_NORM, SIZE_HIDDEN, SIZE_NONE},
    [PART_POOLER] = {PART_LINEAR, SIZE_HIDDEN, SIZE_HIDDEN},
    [PART_DECODER] = {PART_BIAS, SIZE_VOCAB, SIZE_NONE},
    [PART_TRANSFORM] = {PART_LINEAR, SIZE_HIDDEN, SIZE_HIDDEN},
    [PART_TRANSFORM_NORM] = {PART_NORM, SIZE_HIDDEN, SIZE_NONE},
    [PART_NSP_HEAD] = {PART_LINEAR, SIZE_ONE_PAIR, SIZE_HIDDEN},
    [PART_CLASSIFIER] = {PART_LINEAR, SIZE_LABELS, SIZE_HIDDEN},
};

/* Names without ".weight" and ".bias"; those of layers follow the layer's own. */
typedef struct family_names {
    const char *prefix, *layer;
    const char *parts[PART_COUNT];
    const char *decoder_weight, *decoder_bias; /* second names of tied tensors */
} family_names;

static const family_names families[] = {
    [MODEL_BERT] =
        {
            .prefix = "bert.",
            .layer = "bert.encoder.layer",
            .parts =
                {
                    [PART_WORD] = "bert.embeddings.word_embeddings",
                    [PART_POSITION] = "bert.embeddings.position_embeddings",
                    [PART_TOKEN_TYPE] = "bert.embeddings.token_type_embeddings",
                    [PART_EMBEDDING_NORM] = "bert.embeddings.LayerNorm",
                    [PART_QUERY] = "attention.self.query",
                    [PART_KEY] = "attention.self.key",
                    [PART_VALUE] = "attention.self.value",
                    [PART_ATTENTION_OUTPUT] = "attention.output.dense",
                    [PART_ATTENTION_NORM] = "attention.output.LayerNorm",
                    [PART_INTERMEDIATE] = "intermediate.dense",
                    [PART_OUTPUT] = "output.dense",
                    [PART_OUTPUT_NORM] = "output.LayerNorm",
                    [PART_POOLER] = "bert.pooler.dense",
                    [PART_DECODER] = "cls.predictions",
                    [PART_TRANSFORM] = "cls.predictions.transform.dense",
                    [PART_TRANSFORM_NORM] = "cls.predictions.transform.LayerNorm",
                    [PART_NSP_HEAD] = "cls.seq_relationship",
                    [PART_CLASSIFIER] = "classifier",
                },
            .decoder_weight = "cls.predictions.decoder.weight",
            .decoder_bias = "cls.predictions.decoder.bias",
        },
    [MODEL_DISTILBERT] =
        {
            .prefix = "distilbert.",
            .layer = "distilbert.transformer.layer",
            .parts =
                {
                    [PART_WORD] = "distilbert.embeddings.word_embeddings",
                    [PART_POSITION] = "distilbert.embeddings.position_embeddings",
                    [PART_EMBEDDING_NORM] = "distilbert.embeddings.LayerNorm",
                    [PART_QUERY] = "attention.q_lin",
                    [PART_KEY] = "attention.k_lin",
                    [PART_VALUE] = "attention.v_lin",
                    [PART_ATTENTION_OUTPUT] = "attention.out_lin",
                    [PART_ATTENTION_NORM] = "sa_layer_norm",
                    [PART_INTERMEDIATE] = "ffn.lin1",
                    [PART_OUTPUT] = "ffn.lin2",
                    [PART_OUTPUT_NORM] = "output_layer_norm",
                    [PART_POOLER] = "pre_classifier",
                    [PART_DECODER] = "vocab_projector",
                    [PART_TRANSFORM] = "vocab_transform",
                    [PART_TRANSFORM_NORM] = "vocab_layer_norm",
                    [PART_CLASSIFIER] = "classifier",
                },
            .decoder_weight = "vocab_projector.weight",
        },
};

bool part_present(const model_config *config, model_part part)
{
    switch (part) {
    case PART_TOKEN_TYPE:
        return config->family == MODEL_BERT;
    case PART_POOLER:
        return model_config_has_pooler(config) || config->head == MODEL_HEAD_CLASSIFICATION;
    case PART_DECODER:
    case PART_TRANSFORM:
    case PART_TRANSFORM_NORM:
        return config->head == MODEL_HEAD_PRETRAINING;
    case PART_NSP_HEAD:
        return model_config_has_nsp_head(config);
    case PART_CLASSIFIER:
        return config->head == MODEL_HEAD_CLASSIFICATION;
    default:
        return true;
    }
}

bool part_is_in_layer(model_part part)
{
    return part >= PART_QUERY && part <= PART_OUTPUT_NORM;
}

part_shape part_shape_of(const model_config *config, model_part part)
{
    const int sizes[] = {
        [SIZE_NONE] = 0,
        [SIZE_ONE_PAIR] = 2,
        [SIZE_VOCAB] = config->vocab_size,
        [SIZE_POSITIONS] = config->max_position_embeddings,
        [SIZE_TYPES] = config->type_vocab_size,
        [SIZE_HIDDEN] = config->hidden_size,
        [SIZE_INTERMEDIATE] = config->intermediate_size,
        [SIZE_LABELS] = config->num_labels,
    };
    return (part_shape){
        .kind = shapes[part].kind,
        .rows = (size_t)sizes[shapes[part].rows],
        .columns = (size_t)sizes[shapes[part].columns],
    };
}

void part_name(char name[PART_NAME_SIZE], model_family family, model_part part, int layer,
               bool bias)
{
    const family_names *names = &families[family];
    const char *end = bias ? "bias" : "weight";
    if (part_is_in_layer(part))
        snprintf(name, PART_NAME_SIZE, "%s.%d.%s.%s", names->layer, layer, names->parts[part], end);
    else
        snprintf(name, PART_NAME_SIZE, "%s.%s", names->parts[part], end);
}

const char *family_prefix(model_family family)
{
    return families[family].prefix;
}

bool is_bare_encoder_name(const char *name)
{
    static const char *const starts[] = {"embeddings.", "encoder.layer.", "transformer.layer.",
                                         "pooler."};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (strncmp(name, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

const char *part_tied_name(model_family family, model_part part, bool bias)
{
    if (part == PART_WORD)
        return families[family].decoder_weight;
    return part == PART_DECODER && bias ? families[family].decoder_bias : NULL;
}
