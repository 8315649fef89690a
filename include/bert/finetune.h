/* Fine-tuning: a classifier or a regression on top of a model, from GLUE's files or your own. Part
 * of bert.h. */
#ifndef BERT_FINETUNE_H
#define BERT_FINETUNE_H

#include "bert/choices.h"
#include "bert/job.h"
#include "bert/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bert_finetune_params {
    /* What is learned: a task of GLUE (cola, sst2, mrpc, stsb, qqp, mnli, mnli-mm, qnli, rte, wnli)
     * with the folder of its files, or the folder that holds GLUE's folders … */
    const char *task, *data;
    /* … or your own files (TSV, CSV, JSON lines, Parquet, Arrow) and their columns. A file that
     * `task` names is the same as `train_file`. */
    const char *train_file;
    const char *validation_file;    /* NULL: a share of the training file is held out */
    const char *test_file;          /* NULL; its predictions go to OUTPUT/predictions.tsv */
    double validation_fraction;     /* 0.1, where there is no validation file */
    const char *text_column;        /* "text" */
    const char *text_pair_column;   /* NULL: one text */
    const char *label_column;       /* "label" */
    bert_problem_type problem_type; /* BERT_PROBLEM_TYPE_SINGLE_LABEL_CLASSIFICATION */

    /* What learns: a model folder, or a run's last checkpoint … */
    const char *model;
    /* … or a fresh model: a size by name or a config.json, and its tokenizer. */
    const char *from_scratch, *tokenizer;
    bool baseline; /* true: also train the same model from scratch, for comparison */

    const char *output; /* folder; must not exist, or be empty. Becomes a Hugging Face folder with
                           the best model, its scores and predictions */
    bool resume;        /* false; true: `output` holds a run of the same settings that was stopped:
                           its finished seeds count, the others are trained */

    /* training */
    int per_device_train_batch_size; /* 32 */
    int gradient_accumulation_steps; /* 1: a step has ranks × per_device_train_batch_size × so many
                                        examples */
    int micro_batch_tokens;          /* 0: chosen from the model and the precision */
    int max_seq_length;              /* 128; longer texts are cut */
    int num_train_epochs;            /* 3 */
    double learning_rate;            /* 5e-5 */
    double baseline_learning_rate;   /* 0: as learning_rate */
    bert_lr_scheduler lr_scheduler_type;            /* BERT_LR_SCHEDULER_LINEAR */
    double lr_end, lr_power;                        /* polynomial: 1e-7, 1 */
    int64_t lr_num_cycles;                          /* cosine_with_restarts: 1 */
    double pct_start, div_factor, final_div_factor; /* one_cycle: 0.3, 25, 1e4 */
    double warmup_ratio;  /* 0.1 of all steps, where the schedule has a warm-up */
    bert_optimizer optim; /* BERT_OPTIMIZER_ADAMW */
    double weight_decay;  /* 0.01, not for biases and LayerNorm */
    double adam_beta1, adam_beta2, adam_epsilon;              /* 0.9, 0.999, 1e-8 */
    double max_grad_norm;                                     /* 1.0; 0: no clipping */
    double hidden_dropout_prob, attention_probs_dropout_prob; /* negative: as configured */
    /* NULL: all count alike. "balanced": by examples / (classes × examples of the class), as
     * scikit-learn has it. Or numbers with commas between, in the order of the classes. */
    const char *class_weights;
    int early_stopping_patience; /* 0; N: a seed ends after N epochs without a better score */
    int seeds;                   /* 1 run, with `seed`; N: with seed, seed + 1 … */
    uint64_t seed;               /* 42: new weights, order, dropout */
    bert_precision precision;    /* BERT_PRECISION_FLOAT32 (see bert_pretrain_params) */
    bool gradient_checkpointing; /* false; true: activations are computed again, not kept */
    int64_t logging_steps;       /* 50 */
    int threads;                 /* of each rank; 0: all cores, shared by the ranks on a machine */

    /* several ranks, which share the examples of a step */
    bert_job *job;                 /* NULL: this process alone */
    bert_precision gradient_dtype; /* BERT_PRECISION_FLOAT32; of gradients between ranks */
    int zero; /* 0; 1: ZeRO stage 1, each rank keeps and updates its share of the optimizer's state
               */
} bert_finetune_params;

/* A score over the seeds; of each seed that of its best epoch. */
typedef struct bert_score {
    char name[40];    /* "accuracy", "f1", "matthews_correlation", "pearson", "spearman"; of GLUE's
                         second validation file "mismatched_accuracy" */
    double mean;      /* NaN where a seed's score is not defined: a correlation with what does not
                         vary */
    double deviation; /* standard deviation of the sample (n − 1); NaN for one seed */
} bert_score;

enum { BERT_SCORES_MAX = 8 };
typedef struct bert_score_set {
    bert_score scores[BERT_SCORES_MAX];
    int score_count;
} bert_score_set;

typedef struct bert_finetune_result {
    bert_score_set model;
    bert_score_set baseline; /* empty unless params.baseline */
    /* Of the validation file, what always answering the most frequent label, or the mean of the
     * labels, would score. */
    bert_score_set constant;
    int seeds;          /* finished */
    bool finished;      /* false: stopped by the observer */
    uint64_t best_seed; /* whose model is in the folder */
    int best_epoch;
} bert_finetune_result;

BERT_API bert_finetune_params bert_finetune_params_default(void);
BERT_API bert_status bert_finetune(const bert_finetune_params *params, bert_finetune_result *result,
                                   const bert_observer *observer, bert_error *error);

#ifdef __cplusplus
}
#endif
#endif
