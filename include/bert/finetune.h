/* Fine-tuning: a classifier or a regression on top of a model, from GLUE's files or your own. Part
 * of bert.h. */
#ifndef BERT_FINETUNE_H
#define BERT_FINETUNE_H

#include "bert/choices.h"
#include "bert/job.h"
#include "bert/status.h"
#include "bert/tokenizer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bert_finetune_params {
    /* What is learned: a task of GLUE (cola, sst2, mrpc, stsb, qqp, mnli, mnli-mm, qnli, rte, wnli)
     * with the folder of its files, or the folder that holds GLUE's folders … */
    const char *task, *data;
    /* … or other files (TSV, CSV, JSON lines, Parquet, Arrow) and their columns. A file
     * that `task` names is the same as `train_file`. */
    const char *train_file;
    const char *validation_file; /* NULL: a share of the training file is held out */
    const char *test_file;       /* NULL; its predictions go to OUTPUT/predictions.tsv */
    double validation_fraction;  /* where there is no validation file */
    const char *text_column;
    const char *text_pair_column; /* NULL: one text */
    const char *label_column;
    bert_problem_type problem_type;

    /* What learns: a model folder, or a run's last checkpoint … */
    const char *model;
    /* … or a fresh model: a size by name or a config.json, and its tokenizer. */
    const char *from_scratch, *tokenizer;
    bert_tokenizer_options tokenizer_options; /* of that tokenizer */
    bool baseline; /* true: also train the same model from scratch, for comparison */

    const char *output; /* folder; must not exist, or be empty. Becomes a Hugging Face folder with
                           the best model, its scores and predictions */
    bool resume;        /* `output` holds a run of the same settings that was stopped:
                           its finished seeds count, the others are trained */

    /* training */
    int per_device_train_batch_size; /* examples in a micro-batch */
    int gradient_accumulation_steps; /* a step has ranks × per_device_train_batch_size × so many
                                        examples */
    int micro_batch_tokens;          /* 0: chosen from the model and the precision */
    int max_seq_length;              /* longer texts are truncated */
    int num_train_epochs;
    double learning_rate;          /* the schedule's highest */
    double baseline_learning_rate; /* 0: as learning_rate */
    bert_lr_scheduler lr_scheduler_type;
    double lr_end, lr_power;                        /* polynomial (as bert_pretrain_params) */
    int64_t lr_num_cycles;                          /* cosine_with_restarts */
    double pct_start, div_factor, final_div_factor; /* one_cycle */
    double lr_decay_ratio;                          /* warmup_stable_decay */
    bert_lr_decay lr_decay_type;                    /* likewise */
    double warmup_ratio; /* of all steps, where the schedule has a warm-up */
    bert_optimizer optim;
    double weight_decay; /* not for biases and LayerNorm */
    double adam_beta1, adam_beta2, adam_epsilon;
    double muon_momentum;
    bert_muon_adjustment muon_adjust_lr_fn;
    double max_grad_norm;                                     /* 0: no clipping */
    double hidden_dropout_prob, attention_probs_dropout_prob; /* negative: as configured */
    /* NULL: all count alike. "balanced": by examples / (classes × examples of the class), as
     * scikit-learn has it. Or numbers with commas between, in the order of the classes. */
    const char *class_weights;
    int early_stopping_patience; /* N > 0: a seed ends after N epochs without a better score */
    int seeds;                   /* number of runs, with seed, seed + 1 … */
    uint64_t seed;               /* of new weights, order, dropout */
    bert_precision precision;    /* as in bert_pretrain_params */
    bool gradient_checkpointing; /* activations are recomputed in the backward pass, not kept */
    int64_t logging_steps;
    int threads; /* of each rank; 0: all cores, shared by the ranks on a machine */

    /* several ranks, which share the examples of a step */
    bert_job *job;                 /* NULL: this process alone */
    bert_precision gradient_dtype; /* of gradients between ranks */
    int zero; /* 1: ZeRO stage 1, each rank keeps and updates its share of the optimizer's state
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
