/* The configuration of a model: Hugging Face's config.json. The family is data: one encoder
 * computes BERT and DistilBERT, with the heads that the configuration names. */
#ifndef MODEL_CONFIG_H
#define MODEL_CONFIG_H

#include "base/error.h"
#include "math/types.h"

typedef enum model_family {
    MODEL_BERT,       /* Devlin et al. 2018 */
    MODEL_DISTILBERT, /* Sanh et al. 2019: BERT without token types, pooler, NSP head, and dropout
                         after attention */
} model_family;

/* What follows the encoder. */
typedef enum model_head {
    /* The MLM head; with next_sentence_prediction pooler and NSP head too: BertForPreTraining,
     * BertForMaskedLM, DistilBertForMaskedLM. */
    MODEL_HEAD_PRETRAINING,
    /* Nothing: hidden states come out. BertModel, which keeps its pooler; DistilBertModel. */
    MODEL_HEAD_NONE,
    /* A label or a number for each sequence, from its first token: BertForSequenceClassification
     * (pooler, dropout, classifier), DistilBertForSequenceClassification (pre_classifier, ReLU,
     * dropout, classifier). */
    MODEL_HEAD_CLASSIFICATION,
} model_head;

/* What a classification head is trained to give. */
typedef enum model_problem {
    MODEL_CLASSIFICATION, /* "single_label_classification": one of num_labels, by cross-entropy */
    MODEL_REGRESSION,     /* "regression": num_labels numbers, by their mean squared error */
} model_problem;

enum { MODEL_MAX_LABELS = 1 << 16 };

typedef struct model_config {
    model_family family;
    model_head head;
    int vocab_size;
    int hidden_size;
    int num_hidden_layers;
    int num_attention_heads; /* hidden_size is a multiple of it */
    int intermediate_size;
    activation hidden_act; /* of feed-forward layers and the MLM head; 0 is "gelu" */
    double hidden_dropout_prob, attention_probs_dropout_prob; /* [0, 1) */
    int max_position_embeddings;
    int type_vocab_size;      /* 0 in DistilBERT, which has no token types */
    double initializer_range; /* standard deviation of the initial weights */
    double layer_norm_eps;
    int pad_token_id; /* -1: none (null in the file) */
    bool
        next_sentence_prediction; /* BERT with MODEL_HEAD_PRETRAINING only: true BertForPreTraining,
                                     with pooler and NSP head; false BertForMaskedLM, without */
    bool sinusoidal_positions;    /* DistilBERT only: position embeddings are sines and cosines
                                     (Vaswani et al. 2017, 3.5) and are not trained */

    /* With MODEL_HEAD_CLASSIFICATION. */
    int num_labels;
    model_problem problem;
    double classifier_dropout; /* [0, 1); negative: hidden_dropout_prob (null in the file) */
} model_config;

/* One of the sizes by name: tiny 2/128, mini 4/256, small 4/512, medium 8/512, base 12/768,
 * large 24/1024 (Turc et al. 2019; Devlin et al. 2018), heads of 64, intermediate 4 × hidden, the
 * uncased vocabulary's 30,522 entries, with NSP head; distil 6/768, DistilBERT with MLM head. */
bert_status model_config_named(model_config *config, const char *name, bert_error *error);

/* Whether there are pooler (BERT's dense layer and tanh on the first token) and NSP head. */
bool model_config_has_pooler(const model_config *config);
bool model_config_has_nsp_head(const model_config *config);

/* Dropout before the classifier, resolved. */
double model_config_classifier_dropout(const model_config *config);

/* The class of `transformers` that the configuration is for, e.g. "BertForPreTraining". */
const char *model_config_architecture(const model_config *config);

/* Puts another head on the same encoder: what a checkpoint of one kind becomes when it is used for
 * another job. next_sentence_prediction is false afterwards. */
void model_config_set_head(model_config *config, model_head head);

/* Reads and checks a config.json; what this library cannot compute (an unknown hidden_act,
 * relative positions …) is refused by name, never ignored. The sizes that make a model must be
 * there; other missing keys have the defaults of BertConfig and DistilBertConfig. The head is that
 * of the first architecture: none given is BertForPreTraining or DistilBertForMaskedLM; one with a
 * head that this library does not have (token classification, question answering) is read as its
 * encoder, with MODEL_HEAD_NONE. */
bert_status model_config_read(model_config *config, const char *path, bert_error *error);

/* Writes it with `transformers`' keys and the architecture that head and family make. */
bert_status model_config_write(const model_config *config, const char *path, bert_error *error);

/* Ranges, divisibility, contradictions, and products that fit; `origin` (a path or a name) goes
 * into the message. */
bert_status model_config_check(const model_config *config, const char *origin, bert_error *error);

/* The names of the labels: id2label of a config.json. */
typedef struct model_labels {
    char **names; /* [count], owned */
    int count;
} model_labels;

/* Of a file that names none: LABEL_0, LABEL_1 … as `transformers` calls them. `count` is the
 * num_labels that model_config_read found. */
bert_status model_labels_read(model_labels *labels, int count, const char *path, bert_error *error);
void model_labels_free(model_labels *labels); /* safe on a zeroed struct */

/* model_config_write with names for the labels; `labels` NULL, or with num_labels names. */
bert_status model_config_write_labelled(const model_config *config, const model_labels *labels,
                                        const char *path, bert_error *error);

#endif
