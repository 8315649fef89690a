/* Losses and accuracies of a pre-trained model on held-out data. Part of bert.h. */
#ifndef BERT_EVALUATE_H
#define BERT_EVALUATE_H

#include "bert/choices.h"
#include "bert/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bert_evaluate_params {
    const char *model; /* model folder (a checkpoint), or a run: its last checkpoint */
    const char *data;  /* needed unless there is eval_data: PREFIX, or several as
                          bert_pretrain_params has them, without weights: their  validation splits, or
                          the training splits where `train_split` is set. Of  a pre-tokenized data set
                          the split of its line's ":SPLIT", else  "validation", else the only one */
    bool train_split;
    /* As bert_pretrain_params.eval_data: measured instead of the validation split of `data`, which
     * may then be NULL. */
    const char *eval_data;
    /* What is unset or 0 here is taken from the checkpoint's run.json; without one it is
     * bert_pretrain's default, the length at most the model's positions. */
    bert_pairs pairs;         /* of a model with an NSP head */
    bert_sequences sequences; /* masked tokens alone are measured, whatever heads there are */
    bert_mask_unit mask_unit;
    int max_seq_length;
    int batch_size;               /* sequences */
    double mlm_probability;       /* share of the tokens to predict */
    double short_seq_probability; /* share of sequences with a random shorter length */
    int64_t samples;              /* 0: all */
    uint64_t seed;
    int threads;
} bert_evaluate_params;
typedef struct bert_evaluation {
    uint64_t samples, tokens; /* tokens: all that went through the model */
    uint64_t mlm_count;       /* predicted positions */
    double mlm_loss;          /* mean cross-entropy, nats */
    double mlm_perplexity;    /* exp(mlm_loss) */
    double mlm_accuracy;      /* share of positions whose most probable token is the right one */
    double
        mlm_baseline_accuracy; /* the same for always answering the split's most frequent label */
    uint64_t nsp_count;        /* pairs; 0 for a model without NSP head and with
                                  `sequences`, then the rest is NaN */
    double nsp_loss;
    double nsp_accuracy;
    double nsp_baseline_accuracy; /* share of the more frequent label */
} bert_evaluation;
BERT_API bert_evaluate_params bert_evaluate_params_default(void);
BERT_API bert_status bert_evaluate(const bert_evaluate_params *params, bert_evaluation *evaluation,
                                   const bert_observer *observer, bert_error *error);

#ifdef __cplusplus
}
#endif
#endif
