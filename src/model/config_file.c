/* config.json, read and written. */
#include "base/memory.h"
#include "formats/json.h"
#include "model/config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the families call the same things, and what they take where a file does not say. */
typedef struct config_keys {
    const char *model_type, *defaults; /* a name of model_config_named */
    const char *hidden_size, *layers, *heads, *intermediate_size;
    const char *activation, *hidden_dropout, *attention_dropout, *classifier_dropout;
} config_keys;

static const config_keys family_keys[] = {
    [MODEL_BERT] =
        {
            .model_type = "bert",
            .defaults = "base",
            .hidden_size = "hidden_size",
            .layers = "num_hidden_layers",
            .heads = "num_attention_heads",
            .intermediate_size = "intermediate_size",
            .activation = "hidden_act",
            .hidden_dropout = "hidden_dropout_prob",
            .attention_dropout = "attention_probs_dropout_prob",
            .classifier_dropout = "classifier_dropout",
        },
    [MODEL_DISTILBERT] =
        {
            .model_type = "distilbert",
            .defaults = "distil",
            .hidden_size = "dim",
            .layers = "n_layers",
            .heads = "n_heads",
            .intermediate_size = "hidden_dim",
            .activation = "activation",
            .hidden_dropout = "dropout",
            .attention_dropout = "attention_dropout",
            .classifier_dropout = "seq_classif_dropout",
        },
};

/* -------------------------------------------------------------------------------- members --- */

static bert_status read_integer(const json_t *object, const char *path, const char *key,
                                bool required, int *out, bert_error *error)
{
    int64_t value = *out;
    TRY(json_get_integer(object, path, key, required, INT_MIN, INT_MAX, &value, error));
    *out = (int)value;
    return BERT_OK;
}

/* Any finite number: model_config_check has the ranges. */
static bert_status read_number(const json_t *object, const char *path, const char *key, double *out,
                               bert_error *error)
{
    return json_get_number(object, path, key, false, -1e300, 1e300, out, error);
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

static bert_status read_activation(const json_t *object, const char *path, const char *key,
                                   activation *out, bert_error *error)
{
    const char *name = activation_name(*out);
    TRY(json_get_string(object, path, key, false, &name, error));
    if (activation_find(out, name))
        return BERT_OK;
    char known[256] = "";
    for (int i = 0; activation_name(i); i++) {
        size_t length = strlen(known);
        snprintf(known + length, sizeof known - length, "%s\"%s\"", i > 0 ? ", " : "",
                 activation_name(i));
    }
    return error_set(error, BERT_ERROR_UNSUPPORTED, "%s: %s is \"%s\"; supported are %s", path, key,
                     name, known);
}

/* Refuses what changes the arithmetic in a way that this library does not have. */
static bert_status refuse_unsupported(const json_t *object, const char *path, bert_error *error)
{
    TRY(require_string(object, path, "position_embedding_type", "absolute", error));
    TRY(require_boolean(object, path, "is_decoder", false, error));
    TRY(require_boolean(object, path, "is_encoder_decoder", false, error));
    TRY(require_boolean(object, path, "add_cross_attention", false, error));
    TRY(require_boolean(object, path, "tie_word_embeddings", true, error));
    TRY(require_boolean(object, path, "tie_weights_", true, error));
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

/* Files of the first years have no model_type: "dim" identifies DistilBERT. */
static bert_status read_family(const json_t *object, const char *path, model_family *family,
                               bert_error *error)
{
    bool distil = json_object_get(object, "dim") && !json_object_get(object, "hidden_size");
    *family = distil ? MODEL_DISTILBERT : MODEL_BERT;
    const char *found = family_keys[*family].model_type;
    TRY(json_get_string(object, path, "model_type", false, &found, error));
    for (int i = 0; i < (int)(sizeof family_keys / sizeof *family_keys); i++)
        if (strcmp(found, family_keys[i].model_type) == 0) {
            *family = (model_family)i;
            return BERT_OK;
        }
    return error_set(error, BERT_ERROR_UNSUPPORTED,
                     "%s: model_type is \"%s\"; only \"bert\" and \"distilbert\" are supported",
                     path, found);
}

/* The head of the first architecture that the file names. */
static bert_status read_architecture(const json_t *object, const char *path, model_config *config,
                                     bert_error *error)
{
    const json_t *architectures = json_object_get(object, "architectures");
    if (!architectures || json_is_null(architectures))
        return BERT_OK;
    if (!json_is_array(architectures))
        return error_set(error, BERT_ERROR_INPUT, "%s: architectures is no list; expected [\"%s\"]",
                         path, model_config_architecture(config));
    const json_t *first = json_array_get(architectures, 0);
    if (!first)
        return BERT_OK;
    if (!json_is_string(first))
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: architectures holds something other than names; expected [\"%s\"]",
                         path, model_config_architecture(config));
    const char *name = json_string_value(first);
    bool pairs = config->family == MODEL_BERT && strcmp(name, "BertForPreTraining") == 0;
    model_config_set_head(config, MODEL_HEAD_PRETRAINING);
    if (!pairs && strcmp(name, model_config_architecture(config)) != 0) {
        model_config_set_head(config, MODEL_HEAD_CLASSIFICATION);
        if (strcmp(name, model_config_architecture(config)) != 0)
            model_config_set_head(config, MODEL_HEAD_NONE);
    }
    config->next_sentence_prediction = pairs;
    return BERT_OK;
}

/* As `transformers` does: as many labels as id2label names, 2 where the file has none; a single one
 * is a number. */
static bert_status read_classification(const json_t *object, const char *path,
                                       const config_keys *keys, model_config *config,
                                       bert_error *error)
{
    const json_t *labels = json_object_get(object, "id2label");
    config->num_labels = 2;
    if (json_is_object(labels)) {
        size_t count = json_object_size(labels);
        config->num_labels = count > INT_MAX ? INT_MAX : (int)count;
    } else {
        TRY(read_integer(object, path, "num_labels", false, &config->num_labels, error));
    }
    config->problem = config->num_labels == 1 ? MODEL_REGRESSION : MODEL_CLASSIFICATION;
    const json_t *problem = json_object_get(object, "problem_type");
    if (problem && !json_is_null(problem)) {
        const char *name = "";
        TRY(json_get_string(object, path, "problem_type", true, &name, error));
        bool regression = strcmp(name, "regression") == 0;
        if (!regression && strcmp(name, "single_label_classification") != 0)
            return error_set(error, BERT_ERROR_UNSUPPORTED,
                             "%s: problem_type is \"%s\"; only \"single_label_classification\" and "
                             "\"regression\" are supported",
                             path, name);
        config->problem = regression ? MODEL_REGRESSION : MODEL_CLASSIFICATION;
    }
    if (json_is_null(json_object_get(object, keys->classifier_dropout)))
        return BERT_OK;
    return read_number(object, path, keys->classifier_dropout, &config->classifier_dropout, error);
}

static bert_status read_members(model_config *config, const json_t *object, const char *path,
                                bert_error *error)
{
    model_config *c = config;
    model_family family;
    TRY(read_family(object, path, &family, error));
    const config_keys *keys = &family_keys[family];
    TRY(model_config_named(c, keys->defaults, error));
    TRY(refuse_unsupported(object, path, error));
    TRY(read_integer(object, path, "vocab_size", true, &c->vocab_size, error));
    TRY(read_integer(object, path, keys->hidden_size, true, &c->hidden_size, error));
    TRY(read_integer(object, path, keys->layers, true, &c->num_hidden_layers, error));
    TRY(read_integer(object, path, keys->heads, true, &c->num_attention_heads, error));
    TRY(read_activation(object, path, keys->activation, &c->hidden_act, error));
    TRY(read_integer(object, path, keys->intermediate_size, true, &c->intermediate_size, error));
    TRY(read_integer(object, path, "max_position_embeddings", false, &c->max_position_embeddings,
                     error));
    if (json_is_null(json_object_get(object, "pad_token_id")))
        c->pad_token_id = -1;
    else
        TRY(read_integer(object, path, "pad_token_id", false, &c->pad_token_id, error));
    TRY(read_number(object, path, keys->hidden_dropout, &c->hidden_dropout_prob, error));
    TRY(read_number(object, path, keys->attention_dropout, &c->attention_probs_dropout_prob,
                    error));
    TRY(read_number(object, path, "initializer_range", &c->initializer_range, error));
    if (family == MODEL_DISTILBERT) {
        TRY(json_get_boolean(object, path, "sinusoidal_pos_embds", false, &c->sinusoidal_positions,
                             error));
    } else {
        TRY(read_integer(object, path, "type_vocab_size", false, &c->type_vocab_size, error));
        TRY(read_number(object, path, "layer_norm_eps", &c->layer_norm_eps, error));
    }
    TRY(read_architecture(object, path, c, error));
    if (c->head == MODEL_HEAD_CLASSIFICATION)
        TRY(read_classification(object, path, keys, c, error));
    return model_config_check(c, path, error);
}

bert_status model_config_read(model_config *config, const char *path, bert_error *error)
{
    json_t *object = NULL;
    TRY(json_read(&object, path, error));
    model_config read;
    bert_status status = read_members(&read, object, path, error);
    json_decref(object);
    if (status == BERT_OK)
        *config = read;
    return status;
}

/* --------------------------------------------------------------------------------- labels --- */

static bert_status label_name(char **name, const json_t *object, int label, const char *path,
                              bert_error *error)
{
    char key[16];
    snprintf(key, sizeof key, "%d", label);
    const json_t *value = json_object_get(object, key);
    if (object && !json_is_string(value))
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: id2label has no name for label %d; expected \"%d\": \"NAME\"", path,
                         label, label);
    return value ? path_format(name, error, "%s", json_string_value(value))
                 : path_format(name, error, "LABEL_%d", label);
}

bert_status model_labels_read(model_labels *labels, int count, const char *path, bert_error *error)
{
    *labels = (model_labels){0};
    json_t *object = NULL;
    bert_status status;
    TRY_OR_GO(status, json_read(&object, path, error), done);
    TRY_OR_GO(status,
              memory_array((void **)&labels->names, (size_t)count, sizeof *labels->names, "labels",
                           error),
              done);
    const json_t *names = json_object_get(object, "id2label");
    for (; labels->count < count && status == BERT_OK; labels->count++)
        status = label_name(&labels->names[labels->count], json_is_object(names) ? names : NULL,
                            labels->count, path, error);
done:
    json_decref(object);
    if (status != BERT_OK)
        model_labels_free(labels);
    return status;
}

void model_labels_free(model_labels *labels)
{
    for (int i = 0; i < labels->count; i++)
        free(labels->names[i]);
    free(labels->names);
    *labels = (model_labels){0};
}

/* -------------------------------------------------------------------------------- writing --- */

/* The names where there are some, else their number alone, which only this key has. */
static bert_status put_labels(json_t *object, const model_config *config,
                              const model_labels *labels, bert_error *error)
{
    json_t *names = json_object(), *numbers = json_object();
    bert_status status = BERT_OK;
    for (int i = 0; i < config->num_labels && status == BERT_OK; i++) {
        char key[16], generic[24];
        snprintf(key, sizeof key, "%d", i);
        snprintf(generic, sizeof generic, "LABEL_%d", i);
        const char *name = labels ? labels->names[i] : generic;
        status = json_put(names, key, json_string(name), error);
        if (status == BERT_OK)
            status = json_put(numbers, name, json_integer(i), error);
    }
    if (status == BERT_OK)
        status = json_put(object, "id2label", json_incref(names), error);
    if (status == BERT_OK)
        status = json_put(object, "label2id", json_incref(numbers), error);
    json_decref(names);
    json_decref(numbers);
    return status == BERT_OK ? json_put(object, "problem_type",
                                        json_string(config->problem == MODEL_REGRESSION
                                                        ? "regression"
                                                        : "single_label_classification"),
                                        error)
                             : status;
}

/* json_pack's NULL is lack of memory only. */
static json_t *pack_bert(const model_config *c)
{
    return json_pack("{sf so ss sf si si si sf si si ss sb}", "attention_probs_dropout_prob",
                     c->attention_probs_dropout_prob, "classifier_dropout",
                     c->classifier_dropout < 0 ? json_null() : json_real(c->classifier_dropout),
                     "hidden_act", activation_name(c->hidden_act), "hidden_dropout_prob",
                     c->hidden_dropout_prob, "hidden_size", c->hidden_size, "num_hidden_layers",
                     c->num_hidden_layers, "intermediate_size", c->intermediate_size,
                     "layer_norm_eps", c->layer_norm_eps, "num_attention_heads",
                     c->num_attention_heads, "type_vocab_size", c->type_vocab_size,
                     "position_embedding_type", "absolute", "use_cache", 1);
}

static json_t *pack_distilbert(const model_config *c)
{
    return json_pack("{ss sf si sf si si si sf sb sb}", "activation",
                     activation_name(c->hidden_act), "attention_dropout",
                     c->attention_probs_dropout_prob, "dim", c->hidden_size, "dropout",
                     c->hidden_dropout_prob, "hidden_dim", c->intermediate_size, "n_heads",
                     c->num_attention_heads, "n_layers", c->num_hidden_layers,
                     "seq_classif_dropout", model_config_classifier_dropout(c),
                     "sinusoidal_pos_embds", (int)c->sinusoidal_positions, "tie_weights_", 1);
}

static bert_status put_common(json_t *object, const model_config *c, bert_error *error)
{
    TRY(json_put(object, "architectures", json_pack("[s]", model_config_architecture(c)), error));
    TRY(json_put(object, "initializer_range", json_real(c->initializer_range), error));
    TRY(json_put(object, "max_position_embeddings", json_integer(c->max_position_embeddings),
                 error));
    TRY(json_put(object, "model_type", json_string(family_keys[c->family].model_type), error));
    TRY(json_put(object, "pad_token_id",
                 c->pad_token_id < 0 ? json_null() : json_integer(c->pad_token_id), error));
    TRY(json_put(object, "torch_dtype", json_string("float32"), error));
    return json_put(object, "vocab_size", json_integer(c->vocab_size), error);
}

static int compare_keys(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Keys in alphabetical order, as `transformers` writes them; label numbers keep theirs. */
static bert_status write_sorted(json_t *object, const char *path, bert_error *error)
{
    const char *keys[32];
    size_t count = 0;
    json_t *sorted = json_object();
    bert_status status = BERT_OK;
    for (void *i = json_object_iter(object); i && count < sizeof keys / sizeof *keys;
         i = json_object_iter_next(object, i))
        keys[count++] = json_object_iter_key(i);
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 0; i < count && status == BERT_OK; i++)
        status = json_put(sorted, keys[i], json_incref(json_object_get(object, keys[i])), error);
    if (status == BERT_OK)
        status = json_write(sorted, path, error);
    json_decref(sorted);
    return status;
}

bert_status model_config_write_labelled(const model_config *config, const model_labels *labels,
                                        const char *path, bert_error *error)
{
    json_t *object =
        config->family == MODEL_DISTILBERT ? pack_distilbert(config) : pack_bert(config);
    if (!object)
        return error_set(error, BERT_ERROR_MEMORY, "%s: no memory for the configuration", path);
    bert_status status = put_common(object, config, error);
    if (status == BERT_OK && config->head == MODEL_HEAD_CLASSIFICATION)
        status = put_labels(object, config, labels, error);
    if (status == BERT_OK)
        status = write_sorted(object, path, error);
    json_decref(object);
    return status;
}

bert_status model_config_write(const model_config *config, const char *path, bert_error *error)
{
    return model_config_write_labelled(config, NULL, path, error);
}
