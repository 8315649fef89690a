#include "model/parameter_roles.h"

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
    parameter_kind kind;
    size_name rows, columns;
} shapes[ROLE_COUNT] = {
    [ROLE_WORD] = {PARAMETER_EMBEDDING, SIZE_VOCAB, SIZE_HIDDEN},
    [ROLE_POSITION] = {PARAMETER_EMBEDDING, SIZE_POSITIONS, SIZE_HIDDEN},
    [ROLE_TOKEN_TYPE] = {PARAMETER_EMBEDDING, SIZE_TYPES, SIZE_HIDDEN},
    [ROLE_EMBEDDING_NORM] = {PARAMETER_NORM, SIZE_HIDDEN, SIZE_NONE},
    [ROLE_QUERY] = {PARAMETER_LINEAR, SIZE_HIDDEN, SIZE_HIDDEN},
    [ROLE_KEY] = {PARAMETER_LINEAR, SIZE_HIDDEN, SIZE_HIDDEN},
    [ROLE_VALUE] = {PARAMETER_LINEAR, SIZE_HIDDEN, SIZE_HIDDEN},
    [ROLE_ATTENTION_OUTPUT] = {PARAMETER_LINEAR, SIZE_HIDDEN, SIZE_HIDDEN},
    [ROLE_ATTENTION_NORM] = {PARAMETER_NORM, SIZE_HIDDEN, SIZE_NONE},
    [ROLE_INTERMEDIATE] = {PARAMETER_LINEAR, SIZE_INTERMEDIATE, SIZE_HIDDEN},
    [ROLE_OUTPUT] = {PARAMETER_LINEAR, SIZE_HIDDEN, SIZE_INTERMEDIATE},
    [ROLE_OUTPUT_NORM] = {PARAMETER_NORM, SIZE_HIDDEN, SIZE_NONE},
    [ROLE_POOLER] = {PARAMETER_LINEAR, SIZE_HIDDEN, SIZE_HIDDEN},
    [ROLE_DECODER] = {PARAMETER_BIAS, SIZE_VOCAB, SIZE_NONE},
    [ROLE_TRANSFORM] = {PARAMETER_LINEAR, SIZE_HIDDEN, SIZE_HIDDEN},
    [ROLE_TRANSFORM_NORM] = {PARAMETER_NORM, SIZE_HIDDEN, SIZE_NONE},
    [ROLE_NSP_HEAD] = {PARAMETER_LINEAR, SIZE_ONE_PAIR, SIZE_HIDDEN},
    [ROLE_CLASSIFIER] = {PARAMETER_LINEAR, SIZE_LABELS, SIZE_HIDDEN},
};

/* Names without ".weight" and ".bias"; those of layers follow the layer's own. */
typedef struct family_names {
    const char *prefix, *layer;
    const char *roles[ROLE_COUNT];
    const char *decoder_weight, *decoder_bias; /* second names of tied tensors */
} family_names;

static const family_names families[] = {
    [MODEL_BERT] =
        {
            .prefix = "bert.",
            .layer = "bert.encoder.layer",
            .roles =
                {
                    [ROLE_WORD] = "bert.embeddings.word_embeddings",
                    [ROLE_POSITION] = "bert.embeddings.position_embeddings",
                    [ROLE_TOKEN_TYPE] = "bert.embeddings.token_type_embeddings",
                    [ROLE_EMBEDDING_NORM] = "bert.embeddings.LayerNorm",
                    [ROLE_QUERY] = "attention.self.query",
                    [ROLE_KEY] = "attention.self.key",
                    [ROLE_VALUE] = "attention.self.value",
                    [ROLE_ATTENTION_OUTPUT] = "attention.output.dense",
                    [ROLE_ATTENTION_NORM] = "attention.output.LayerNorm",
                    [ROLE_INTERMEDIATE] = "intermediate.dense",
                    [ROLE_OUTPUT] = "output.dense",
                    [ROLE_OUTPUT_NORM] = "output.LayerNorm",
                    [ROLE_POOLER] = "bert.pooler.dense",
                    [ROLE_DECODER] = "cls.predictions",
                    [ROLE_TRANSFORM] = "cls.predictions.transform.dense",
                    [ROLE_TRANSFORM_NORM] = "cls.predictions.transform.LayerNorm",
                    [ROLE_NSP_HEAD] = "cls.seq_relationship",
                    [ROLE_CLASSIFIER] = "classifier",
                },
            .decoder_weight = "cls.predictions.decoder.weight",
            .decoder_bias = "cls.predictions.decoder.bias",
        },
    [MODEL_DISTILBERT] =
        {
            .prefix = "distilbert.",
            .layer = "distilbert.transformer.layer",
            .roles =
                {
                    [ROLE_WORD] = "distilbert.embeddings.word_embeddings",
                    [ROLE_POSITION] = "distilbert.embeddings.position_embeddings",
                    [ROLE_EMBEDDING_NORM] = "distilbert.embeddings.LayerNorm",
                    [ROLE_QUERY] = "attention.q_lin",
                    [ROLE_KEY] = "attention.k_lin",
                    [ROLE_VALUE] = "attention.v_lin",
                    [ROLE_ATTENTION_OUTPUT] = "attention.out_lin",
                    [ROLE_ATTENTION_NORM] = "sa_layer_norm",
                    [ROLE_INTERMEDIATE] = "ffn.lin1",
                    [ROLE_OUTPUT] = "ffn.lin2",
                    [ROLE_OUTPUT_NORM] = "output_layer_norm",
                    [ROLE_POOLER] = "pre_classifier",
                    [ROLE_DECODER] = "vocab_projector",
                    [ROLE_TRANSFORM] = "vocab_transform",
                    [ROLE_TRANSFORM_NORM] = "vocab_layer_norm",
                    [ROLE_CLASSIFIER] = "classifier",
                },
            .decoder_weight = "vocab_projector.weight",
        },
};

bool role_present(const model_config *config, parameter_role role)
{
    switch (role) {
    case ROLE_TOKEN_TYPE:
        return config->family == MODEL_BERT;
    case ROLE_POOLER:
        return model_config_has_pooler(config) || config->head == MODEL_HEAD_CLASSIFICATION;
    case ROLE_DECODER:
    case ROLE_TRANSFORM:
    case ROLE_TRANSFORM_NORM:
        return config->head == MODEL_HEAD_PRETRAINING;
    case ROLE_NSP_HEAD:
        return model_config_has_nsp_head(config);
    case ROLE_CLASSIFIER:
        return config->head == MODEL_HEAD_CLASSIFICATION;
    default:
        return true;
    }
}

bool role_is_in_layer(parameter_role role)
{
    return role >= ROLE_QUERY && role <= ROLE_OUTPUT_NORM;
}

role_shape role_shape_of(const model_config *config, parameter_role role)
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
    return (role_shape){
        .kind = shapes[role].kind,
        .rows = (size_t)sizes[shapes[role].rows],
        .columns = (size_t)sizes[shapes[role].columns],
    };
}

void parameter_name(char name[PARAMETER_NAME_SIZE], model_family family, parameter_role role,
                    int layer, bool bias)
{
    const family_names *names = &families[family];
    const char *end = bias ? "bias" : "weight";
    if (role_is_in_layer(role))
        snprintf(name, PARAMETER_NAME_SIZE, "%s.%d.%s.%s", names->layer, layer, names->roles[role],
                 end);
    else
        snprintf(name, PARAMETER_NAME_SIZE, "%s.%s", names->roles[role], end);
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

const char *parameter_tied_name(model_family family, parameter_role role, bool bias)
{
    if (role == ROLE_WORD)
        return families[family].decoder_weight;
    return role == ROLE_DECODER && bias ? families[family].decoder_bias : NULL;
}
