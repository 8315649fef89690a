#include "model/config.h"

#include "bert/pretrain.h"

#include <limits.h>
#include <string.h>

/* Bounds that keep every product of sizes far inside 64 bits, and what the dropout keys hold
 * (math/dropout.h). All published models are orders of magnitude below. */
enum {
    MAX_HIDDEN = 1 << 16,
    MAX_INTERMEDIATE = 1 << 18,
    MAX_LAYERS = 1 << 10,
    MAX_HEADS = 1 << 11,
    MAX_POSITIONS = (1 << 20) - 1,
    MAX_TOKEN_TYPES = 256,
};

/* The sizes are those of base. */
static model_config config_base(void)
{
    return (model_config){
        .vocab_size = 30522,
        .hidden_size = 768,
        .num_hidden_layers = 12,
        .num_attention_heads = 12,
        .intermediate_size = 3072,
        .hidden_dropout_prob = 0.1,
        .attention_probs_dropout_prob = 0.1,
        .max_position_embeddings = 512,
        .type_vocab_size = 2,
        .initializer_range = 0.02,
        .layer_norm_eps = 1e-12,
        .pad_token_id = 0,
        .next_sentence_prediction = true,
        .classifier_dropout = -1.0,
    };
}

/* distilbert-base: every second layer of base (Sanh et al. 2019, section 3). */
static model_config config_distil(void)
{
    model_config config = config_base();
    config.family = MODEL_DISTILBERT;
    config.num_hidden_layers = 6;
    config.type_vocab_size = 0;
    config.next_sentence_prediction = false;
    config.classifier_dropout = 0.2;
    return config;
}

bert_status model_config_named(model_config *config, const char *name, bert_error *error)
{
    static const struct {
        const char *name;
        int layers, hidden;
    } sizes[] = {
        {"tiny", 2, 128},   {"mini", 4, 256},  {"small", 4, 512},
        {"medium", 8, 512}, {"base", 12, 768}, {"large", 24, 1024},
    };
    if (strcmp(name, "distil") == 0) {
        *config = config_distil();
        return BERT_OK;
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (strcmp(name, sizes[i].name) != 0)
            continue;
        *config = config_base();
        config->num_hidden_layers = sizes[i].layers;
        config->hidden_size = sizes[i].hidden;
        config->num_attention_heads = sizes[i].hidden / 64;
        config->intermediate_size = 4 * sizes[i].hidden;
        return BERT_OK;
    }
    return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                     "the model %s is neither a size by name (%s) nor an existing file or folder",
                     name, bert_model_sizes());
}

bool bert_model_size_is_known(const char *model)
{
    model_config config;
    return model_config_named(&config, model, NULL) == BERT_OK;
}

const char *bert_model_sizes(void)
{
    return "tiny, mini, small, medium, base, large or distil";
}

/* --------------------------------------------------------------------------------- heads --- */

bool model_config_has_nsp_head(const model_config *config)
{
    return config->head == MODEL_HEAD_PRETRAINING && config->next_sentence_prediction;
}

bool model_config_has_pooler(const model_config *config)
{
    return config->family == MODEL_BERT &&
           (config->head != MODEL_HEAD_PRETRAINING || config->next_sentence_prediction);
}

double model_config_classifier_dropout(const model_config *config)
{
    return config->classifier_dropout < 0 ? config->hidden_dropout_prob
                                          : config->classifier_dropout;
}

const char *model_config_architecture(const model_config *config)
{
    static const char *const names[][3] = {
        [MODEL_BERT] = {[MODEL_HEAD_PRETRAINING] = "BertForMaskedLM",
                        [MODEL_HEAD_NONE] = "BertModel",
                        [MODEL_HEAD_CLASSIFICATION] = "BertForSequenceClassification"},
        [MODEL_DISTILBERT] = {[MODEL_HEAD_PRETRAINING] = "DistilBertForMaskedLM",
                              [MODEL_HEAD_NONE] = "DistilBertModel",
                              [MODEL_HEAD_CLASSIFICATION] = "DistilBertForSequenceClassification"},
    };
    return model_config_has_nsp_head(config) ? "BertForPreTraining"
                                             : names[config->family][config->head];
}

void model_config_set_head(model_config *config, model_head head)
{
    config->head = head;
    config->next_sentence_prediction = false;
}

/* ------------------------------------------------------------------------------- checking --- */

static bert_status check_integer(const char *origin, const char *key, int value, int minimum,
                                 int maximum, bert_error *error)
{
    if (value >= minimum && value <= maximum)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT, "%s: %s is %d, expected %d to %d", origin, key, value,
                     minimum, maximum);
}

static bert_status check_probability(const char *origin, const char *key, double value,
                                     bert_error *error)
{
    if (value >= 0.0 && value < 1.0)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INPUT, "%s: %s is %g, expected at least 0 and less than 1",
                     origin, key, value);
}

static bert_status check_head(const model_config *config, const char *origin, bert_error *error)
{
    if (config->next_sentence_prediction && config->family == MODEL_DISTILBERT)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: DistilBERT has no head for next-sentence prediction", origin);
    if (config->head != MODEL_HEAD_CLASSIFICATION)
        return BERT_OK;
    TRY(check_integer(origin, "num_labels", config->num_labels, 1, MODEL_MAX_LABELS, error));
    return check_probability(origin, "classifier_dropout", model_config_classifier_dropout(config),
                             error);
}

bert_status model_config_check(const model_config *config, const char *origin, bert_error *error)
{
    const model_config *c = config;
    TRY(check_integer(origin, "vocab_size", c->vocab_size, 1, INT_MAX, error));
    TRY(check_integer(origin, "hidden_size", c->hidden_size, 1, MAX_HIDDEN, error));
    TRY(check_integer(origin, "num_hidden_layers", c->num_hidden_layers, 1, MAX_LAYERS, error));
    TRY(check_integer(origin, "num_attention_heads", c->num_attention_heads, 1, MAX_HEADS, error));
    if (!activation_name(c->hidden_act))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: hidden_act is number %d, of no activation", origin, c->hidden_act);
    TRY(check_integer(origin, "intermediate_size", c->intermediate_size, 1, MAX_INTERMEDIATE,
                      error));
    TRY(check_integer(origin, "max_position_embeddings", c->max_position_embeddings, 1,
                      MAX_POSITIONS, error));
    bool has_types = c->family == MODEL_BERT;
    TRY(check_integer(origin, "type_vocab_size", c->type_vocab_size, has_types,
                      has_types ? MAX_TOKEN_TYPES : 0, error));
    TRY(check_integer(origin, "pad_token_id", c->pad_token_id, -1, c->vocab_size - 1, error));
    TRY(check_probability(origin, "hidden_dropout_prob", c->hidden_dropout_prob, error));
    TRY(check_probability(origin, "attention_probs_dropout_prob", c->attention_probs_dropout_prob,
                          error));
    if (c->hidden_size % c->num_attention_heads != 0)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: hidden_size %d is not a multiple of num_attention_heads %d", origin,
                         c->hidden_size, c->num_attention_heads);
    if (!(c->initializer_range >= 0.0 && c->initializer_range <= 1e6))
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: initializer_range is %g, expected a standard deviation, as 0.02",
                         origin, c->initializer_range);
    if (!(c->layer_norm_eps >= 0.0 && c->layer_norm_eps <= 1.0))
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: layer_norm_eps is %g, expected 0 to 1, as 1e-12", origin,
                         c->layer_norm_eps);
    return check_head(c, origin, error);
}
