/* What a model folder, a checkpoint, a run or a file of weights holds, from their headers. Part of
 * bert.h. */
#ifndef BERT_INSPECT_MODEL_H
#define BERT_INSPECT_MODEL_H

#include "bert/inspect.h"
#include "bert/status.h"
#include "bert/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum bert_model_kind {
    BERT_KIND_RUN,        /* of bert_pretrain: the report is on its last checkpoint */
    BERT_KIND_CHECKPOINT, /* a folder that training can go on from */
    BERT_KIND_FINETUNED,  /* of bert_finetune */
    BERT_KIND_MODEL,      /* a folder with a config.json */
    BERT_KIND_WEIGHTS,    /* weights alone: a file, or a folder that has no config.json */
} bert_model_kind;

/* From config.json. */
typedef struct bert_config_report {
    const char *architecture; /* "BertForPreTraining": the kind as which the folder is loaded */
    int vocab_size, hidden_size, num_hidden_layers, num_attention_heads, intermediate_size;
    int max_position_embeddings;
    int type_vocab_size; /* 0: no token types */
    int num_labels;      /* of a classifier; 0 without one */
    char **labels;       /* [num_labels] */
    bool regression;
} bert_config_report;

typedef enum bert_model_part {
    BERT_MODEL_EMBEDDINGS,
    BERT_MODEL_LAYERS,
    BERT_MODEL_POOLER,   /* also DistilBERT's pre_classifier */
    BERT_MODEL_MLM_HEAD, /* without the word embedding, which it shares */
    BERT_MODEL_NSP_HEAD,
    BERT_MODEL_CLASSIFIER,
    BERT_MODEL_OTHER,
    BERT_MODEL_PARTS
} bert_model_part;
/* "MLM head" */
BERT_API const char *bert_model_part_name(bert_model_part part);

typedef enum bert_tensor_use {
    BERT_TENSOR_USED,
    BERT_TENSOR_COPY,   /* a second name of another: no parameters of its own */
    BERT_TENSOR_BUFFER, /* positions and token types as numbers: no parameters */
    BERT_TENSOR_UNUSED, /* of a head that the configuration does not have */
    BERT_TENSOR_MISFIT, /* loading rejects it: another shape or another encoder */
} bert_tensor_use;
/* "used" */
BERT_API const char *bert_tensor_use_name(bert_tensor_use use);

enum { BERT_TENSOR_DIMENSIONS = 8 };
typedef struct bert_tensor_report {
    char *name;       /* as its file has it */
    const char *type; /* "F32", "BF16" …; "other" for what cannot be read */
    int dimensions;
    uint64_t shape[BERT_TENSOR_DIMENSIONS];
    uint64_t numbers, bytes;
    char *file; /* without its folder */
    bert_model_part part;
    bert_tensor_use use; /* of a file of weights alone: BERT_TENSOR_USED */
} bert_tensor_report;

/* How far a training has come; unknown numbers are NaN, or -1. */
typedef struct bert_training_report {
    int64_t step, max_steps;
    double epoch, train_loss, eval_loss;
    double best_loss; /* lowest evaluation loss of a saved checkpoint, that of best_step */
    int64_t best_step;
    int64_t seed;
    int64_t tokens;
} bert_training_report;

typedef struct bert_inspect_model_params {
    const char *path;
    /* Of a checkpoint with a manifest.json: compare checksums, not sizes alone. Unset: where the
     * files have no more than 1 GiB. */
    bert_switch verify;
} bert_inspect_model_params;

typedef struct bert_model_report {
    bert_model_kind kind;
    char *path; /* of the folder or file that is described: of a run, its last checkpoint */
    bert_config_report config; /* `architecture` NULL: none */

    /* Weights; where there are none, why. */
    char *weights_problem;       /* NULL: they are there */
    bert_tensor_report *tensors; /* [tensor_count], by name */
    size_t tensor_count;
    uint64_t weight_bytes;

    /* Parameters of the files' tensors, or where there are none of the configuration; what copies
     * and buffers hold is not counted. */
    uint64_t parameters[BERT_MODEL_PARTS], parameter_count;
    char **missing; /* [missing_count]: parameters of the configuration that the files lack */
    size_t missing_count;

    bool has_tokenizer; /* the folder has tokenizer files */
    bert_tokenizer_description tokenizer;
    char *tokenizer_problem; /* why it cannot be used; NULL: it can */

    bool has_training; /* trainer_state.json; of a fine-tuned model results.json, whose seed and
                          epoch are those of the weights */
    bert_training_report training;
    int64_t *checkpoints; /* [checkpoint_count] of a run: their steps */
    size_t checkpoint_count;

    bool has_manifest;
    size_t manifest_files;
    uint64_t manifest_bytes;
    bool manifest_verified; /* checksums too, not sizes alone */
} bert_model_report;

/* Whether `path` is one of these, by what it holds. */
BERT_API bool bert_inspect_model_detect(const char *path);

BERT_API bert_inspect_model_params bert_inspect_model_params_default(void);
/* Fills `report`, which is released with bert_model_report_free, also after a failure. Weights are
 * not read, only their headers; a file that differs from manifest.json is an error. */
BERT_API bert_status bert_inspect_model(const bert_inspect_model_params *params,
                                        bert_model_report *report, bert_error *error);
BERT_API void bert_model_report_free(bert_model_report *report);

#ifdef __cplusplus
}
#endif
#endif
