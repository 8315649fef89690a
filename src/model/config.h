/* The configuration of a model: Hugging Face's config.json. */
#ifndef MODEL_CONFIG_H
#define MODEL_CONFIG_H

#include "base/error.h"

typedef struct model_config {
    int vocab_size;
    int hidden_size;
    int num_hidden_layers;
    int num_attention_heads; /* hidden_size is a multiple of it */
    int intermediate_size;
    double hidden_dropout_prob, attention_probs_dropout_prob; /* [0, 1) */
    int max_position_embeddings;
    int type_vocab_size;
    double initializer_range; /* standard deviation of the initial weights */
    double layer_norm_eps;
    int pad_token_id;              /* -1: none (null in the file) */
    bool next_sentence_prediction; /* architectures: true BertForPreTraining, with pooler and NSP
                                      head; false BertForMaskedLM, without */
} model_config;

/* One of the sizes by name: tiny 2/128, mini 4/256, small 4/512, medium 8/512, base 12/768,
 * large 24/1024 (Turc et al. 2019; Devlin et al. 2018), heads of 64, intermediate 4 × hidden, the
 * uncased vocabulary's 30,522 entries, with NSP head. */
bert_status model_config_named(model_config *config, const char *name, bert_error *error);

/* Reads and checks a config.json; what this library cannot compute (another hidden_act, relative
 * positions …) is refused by name, never ignored. The five sizes that make a model must be there;
 * other missing keys have BertConfig's defaults. An architecture without NSP head gives
 * next_sentence_prediction false. */
bert_status model_config_read(model_config *config, const char *path, bert_error *error);

/* Writes it with `transformers`' keys and the architecture that next_sentence_prediction names. */
bert_status model_config_write(const model_config *config, const char *path, bert_error *error);

/* Ranges, divisibility, and products that fit; `origin` (a path or a name) goes into the message.
 */
bert_status model_config_check(const model_config *config, const char *origin, bert_error *error);

#endif
