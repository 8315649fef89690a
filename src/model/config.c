#include "model/config.h"

#include "formats/json.h"

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

/* BertConfig's defaults; the sizes are those of base. */
static model_config config_default(void)
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
    };
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
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (strcmp(name, sizes[i].name) != 0)
            continue;
        *config = config_default();
        config->num_hidden_layers = sizes[i].layers;
        config->hidden_size = sizes[i].hidden;
        config->num_attention_heads = sizes[i].hidden / 64;
        config->intermediate_size = 4 * sizes[i].hidden;
        return BERT_OK;
    }
    return error_set(error, BERT_ERROR_USAGE,
                     "unknown model size '%s': expected tiny, mini, small, medium, base or large",
                     name);
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

bert_status model_config_check(const model_config *config, const char *origin, bert_error *error)
{
    const model_config *c = config;
    TRY(check_integer(origin, "vocab_size", c->vocab_size, 1, INT_MAX, error));
    TRY(check_integer(origin, "hidden_size", c->hidden_size, 1, MAX_HIDDEN, error));
    TRY(check_integer(origin, "num_hidden_layers", c->num_hidden_layers, 1, MAX_LAYERS, error));
    TRY(check_integer(origin, "num_attention_heads", c->num_attention_heads, 1, MAX_HEADS, error));
    TRY(check_integer(origin, "intermediate_size", c->intermediate_size, 1, MAX_INTERMEDIATE,
                      error));
    TRY(check_integer(origin, "max_position_embeddings", c->max_position_embeddings, 1,
                      MAX_POSITIONS, error));
    TRY(check_integer(origin, "type_vocab_size", c->type_vocab_size, 1, MAX_TOKEN_TYPES, error));
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
    return BERT_OK;
}

/* -------------------------------------------------------------------------------- reading --- */

static bert_status read_integer(const json_t *object, const char *path, const char *key,
                                bool required, int *out, bert_error *error)
{
    int64_t value = *out;
    TRY(json_get_integer(object, path, key, required, INT_MIN, INT_MAX, &value, error));
    *out = (int)value;
    return BERT_OK;
}

/* A string member that has to be one certain value where it is there at all. */
static bert_status require_string(const json_t *object, const char *path, const char *key,
                                  const char *expected, bert_error *error)
{
    const char *found = expected;
    TRY(json_get_string(object, path, key, false, &found, error));
    if (strcmp(found, expected) == 0)
        return BERT_OK;
    return error_set(error, BERT_ERROR_UNSUPPORTED, "%s: %s is \"%s\"; only \"%s\" is supported",
                     path, key, found, expected);
}

static bert_status require_boolean(const json_t *object, const char *path, const char *key,
                                   bool expected, bert_error *error)
{
    bool found = expected;
    TRY(json_get_boolean(object, path, key, false, &found, error));
    if (found == expected)
        return BERT_OK;
    return error_set(error, BERT_ERROR_UNSUPPORTED, "%s: %s is %s; only %s is supported", path, key,
                     found ? "true" : "false", expected ? "true" : "false");
}

/* Refuses what changes the arithmetic in a way that this library does not have. */
static bert_status refuse_unsupported(const json_t *object, const char *path, bert_error *error)
{
    TRY(require_string(object, path, "model_type", "bert", error));
    TRY(require_string(object, path, "hidden_act", "gelu", error));
    TRY(require_string(object, path, "position_embedding_type", "absolute", error));
    TRY(require_boolean(object, path, "is_decoder", false, error));
    TRY(require_boolean(object, path, "is_encoder_decoder", false, error));
    TRY(require_boolean(object, path, "add_cross_attention", false, error));
    TRY(require_boolean(object, path, "tie_word_embeddings", true, error));
    const json_t *pruned = json_object_get(object, "pruned_heads");
    if (pruned && json_object_size(pruned) > 0)
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s: pruned_heads is not empty; pruned models are not supported", path);
    const json_t *quantization = json_object_get(object, "quantization_config");
    if (quantization && !json_is_null(quantization))
        return error_set(error, BERT_ERROR_UNSUPPORTED,
                         "%s: quantization_config is set; quantized models are not supported",
                         path);
    return BERT_OK;
}

/* Whether the first architecture that the file names has the NSP head. BertModel has none; a file
 * that names none is for BertForPreTraining. */
static bert_status read_architecture(const json_t *object, const char *path,
                                     bool *next_sentence_prediction, bert_error *error)
{
    const json_t *architectures = json_object_get(object, "architectures");
    if (!architectures || json_is_null(architectures))
        return BERT_OK;
    if (!json_is_array(architectures))
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: architectures is no list; expected [\"BertForPreTraining\"]", path);
    const json_t *first = json_array_get(architectures, 0);
    if (first && !json_is_string(first))
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: architectures holds something other than "
                         "names; expected [\"BertForPreTraining\"]",
                         path);
    if (first)
        *next_sentence_prediction = strcmp(json_string_value(first), "BertForPreTraining") == 0;
    return BERT_OK;
}

static bert_status read_members(model_config *config, const json_t *object, const char *path,
                                bert_error *error)
{
    model_config *c = config;
    TRY(refuse_unsupported(object, path, error));
    TRY(read_integer(object, path, "vocab_size", true, &c->vocab_size, error));
    TRY(read_integer(object, path, "hidden_size", true, &c->hidden_size, error));
    TRY(read_integer(object, path, "num_hidden_layers", true, &c->num_hidden_layers, error));
    TRY(read_integer(object, path, "num_attention_heads", true, &c->num_attention_heads, error));
    TRY(read_integer(object, path, "intermediate_size", true, &c->intermediate_size, error));
    TRY(read_integer(object, path, "max_position_embeddings", false, &c->max_position_embeddings,
                     error));
    TRY(read_integer(object, path, "type_vocab_size", false, &c->type_vocab_size, error));
    if (json_is_null(json_object_get(object, "pad_token_id")))
        c->pad_token_id = -1;
    else
        TRY(read_integer(object, path, "pad_token_id", false, &c->pad_token_id, error));
    /* Ranges are checked below; here any finite number passes. */
    TRY(json_get_number(object, path, "hidden_dropout_prob", false, -1e300, 1e300,
                        &c->hidden_dropout_prob, error));
    TRY(json_get_number(object, path, "attention_probs_dropout_prob", false, -1e300, 1e300,
                        &c->attention_probs_dropout_prob, error));
    TRY(json_get_number(object, path, "initializer_range", false, -1e300, 1e300,
                        &c->initializer_range, error));
    TRY(json_get_number(object, path, "layer_norm_eps", false, -1e300, 1e300, &c->layer_norm_eps,
                        error));
    TRY(read_architecture(object, path, &c->next_sentence_prediction, error));
    return model_config_check(c, path, error);
}

bert_status model_config_read(model_config *config, const char *path, bert_error *error)
{
    json_t *object = NULL;
    TRY(json_read(&object, path, error));
    model_config read = config_default();
    bert_status status = read_members(&read, object, path, error);
    json_decref(object);
    if (status == BERT_OK)
        *config = read;
    return status;
}

/* -------------------------------------------------------------------------------- writing --- */

bert_status model_config_write(const model_config *config, const char *path, bert_error *error)
{
    const model_config *c = config;
    /* json_pack takes over no reference but makes all values; NULL is lack of memory only. The
     * keys stand in alphabetical order, as `transformers` writes them. */
    json_t *object = json_pack(
        "{s[s] sf sn ss sf si sf si sf si ss si si so ss ss si sb si}", "architectures",
        c->next_sentence_prediction ? "BertForPreTraining" : "BertForMaskedLM",
        "attention_probs_dropout_prob", c->attention_probs_dropout_prob, "classifier_dropout",
        "hidden_act", "gelu", "hidden_dropout_prob", c->hidden_dropout_prob, "hidden_size",
        c->hidden_size, "initializer_range", c->initializer_range, "intermediate_size",
        c->intermediate_size, "layer_norm_eps", c->layer_norm_eps, "max_position_embeddings",
        c->max_position_embeddings, "model_type", "bert", "num_attention_heads",
        c->num_attention_heads, "num_hidden_layers", c->num_hidden_layers, "pad_token_id",
        c->pad_token_id < 0 ? json_null() : json_integer(c->pad_token_id),
        "position_embedding_type", "absolute", "torch_dtype", "float32", "type_vocab_size",
        c->type_vocab_size, "use_cache", 1, "vocab_size", c->vocab_size);
    if (!object)
        return error_set(error, BERT_ERROR_MEMORY, "%s: no memory for the configuration", path);
    bert_status status = json_write(object, path, error);
    json_decref(object);
    return status;
}
