/* Pre-training: masked-language modelling and next-sentence prediction (Devlin et al. 2019), from
 * prepared data to a folder that `transformers` opens (docs/runs.md). Part of bert.h. */
#ifndef BERT_PRETRAIN_H
#define BERT_PRETRAIN_H

#include "bert/choices.h"
#include "bert/job.h"
#include "bert/status.h"
#include "bert/tokenizer.h"
#include "bert/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where a length of time is given in steps or in epochs, at most one of the two is set (> 0). */
typedef struct bert_pretrain_params {
    /* PREFIX of bert_prepare; several are numbered through as one, a line ("\n") for each. A line
     * may be a folder of prepared files, or a pattern of the shell that their PREFIXes match,
     * sorted by their bytes, and end in ":WEIGHT" (docs/data.md): how often each document comes in
     * an epoch. Or pre-tokenized data sets of Hugging Face, a line ("\n") for each: a folder, a zip
     * or tar archive, or files in Arrow, Parquet or JSON lines with input_ids, and token_type_ids,
     * attention_mask, next_sentence_label where they have them, masked on the fly; a line may end
     * in ":SPLIT" (docs/data.md). NULL: the batches of a session come from the caller
     * (bert/session.h). */
    const char *data;
    /* The same, without weights: what evaluations read instead of the validation split of `data`;
     * its validation split, or all of it where it has none. NULL: the validation split. */
    const char *eval_data;
    const char *tokenizer; /* NULL: PREFIX.tokenizer; a pre-tokenized data set needs it */
    /* Only with `tokenizer`: prepared data keep the settings that they were prepared with. Saved
     * with each checkpoint. */
    bert_tokenizer_options tokenizer_options;
    /* tiny | mini | small | medium | base | large | distil, a config.json, or a model folder, also
     * one that others published; its vocabulary may be smaller than the data's (docs/models.md) */
    const char *model;
    const char *output; /* the run's directory; must not exist, or be empty */

    /* Distillation (Sanh et al. 2019): a model folder with MLM head, of the same vocabulary, hidden
     * size and positions, from which the model learns in addition to the masked tokens; NULL: none.
     * A model that starts from nothing takes over the teacher's embeddings, head and layers,
     * evenly. The loss is alpha_ce × KL of both predictions for the masked tokens at the
     * temperature, times its square, + alpha_mlm × MLM + alpha_cos × (1 − cosine of the last hidden
     * states). Without next-sentence prediction. */
    const char *teacher;
    double distill_temperature;
    double distill_alpha_ce, distill_alpha_mlm, distill_alpha_cos;

    /* batch */
    int per_device_train_batch_size; /* sequences in a micro-batch */
    int micro_batch_tokens;          /* 0: chosen from the model and the precision. A
                                        micro-batch is split into smaller ones of at most so
                                        many tokens, which changes memory and speed, and results
                                        by rounding only */
    int gradient_accumulation_steps; /* micro-batches in a step */
    int max_seq_length;              /* tokens, [CLS] and [SEP] included */
    double short_seq_probability;    /* share of sequences with a random shorter length */
    double mlm_probability;          /* share of the tokens to predict */
    bool next_sentence_prediction;   /* false: MLM alone */

    /* samples (docs/data.md) */
    bert_pairs pairs;         /* with NSP */
    bert_sequences sequences; /* without NSP */
    bert_mask_unit mask_unit;
    bert_masks masks;
    const char *sequence_schedule; /* NULL, or lengths that follow each other with their shares of
                                      the steps, "128:0.9,512:0.1", instead of max_seq_length;
                                      evaluations take the longest */
    const char *batch_size_ramp;   /* NULL, or sequences in a step, on all ranks together, with
                                      their shares of the steps, "256:0.1,4096:0.9"; a step then
                                      has as many micro-batches as its size takes */

    /* optimizer */
    bert_optimizer optim;
    double learning_rate; /* the schedule's highest */
    double weight_decay;  /* not for biases and LayerNorm */
    double adam_beta1, adam_beta2, adam_epsilon;
    double muon_momentum;
    bert_muon_adjustment muon_adjust_lr_fn;
    double max_grad_norm; /* 0: no clipping */
    bert_lr_scheduler lr_scheduler_type;
    double lr_end, lr_power;             /* polynomial: the rate at the end, and the exponent */
    int64_t lr_num_cycles;               /* cosine_with_restarts: number of cycles */
    double pct_start;                    /* one_cycle: share of the steps in which the rate rises */
    double div_factor, final_div_factor; /* one_cycle: from learning_rate / div_factor, to that /
                                            final_div_factor */
    /* warmup_stable_decay: share of all steps in which the rate falls, and how. */
    double lr_decay_ratio;
    bert_lr_decay lr_decay_type;
    /* Rates are given for a batch of base_batch_size sequences (0: none), and multiplied for the
     * one that a step has. */
    bert_learning_rate_scaling learning_rate_scaling;
    int64_t base_batch_size;
    int64_t warmup_steps;
    double warmup_ratio; /* of the whole length, where warmup_steps is 0 */

    /* length and intervals; 0 is "not in this unit" */
    int64_t max_steps;
    double num_train_epochs; /* read where max_steps is 0 */
    int64_t logging_steps;
    int64_t eval_steps; /* both 0: only at the end */
    double eval_epochs;
    int64_t eval_samples; /* 0: all of the validation split, or of eval_data */
    int64_t save_steps;   /* both 0: only at the end */
    double save_epochs;
    int save_total_limit;     /* 0: keep all; the best one is always kept */
    int64_t stop_after_steps; /* N > 0: stop after N steps of this call, with a checkpoint */

    /* dropout of the model; negative: as its configuration says */
    double hidden_dropout_prob, attention_probs_dropout_prob;

    /* BERT_PRECISION_BF16: the operands of matrix multiplications in linear layers and attention
     * are rounded to bfloat16, all else is float32. Evaluations of the run use it, too. About twice
     * as fast where the processor has AMX or AVX512-BF16. */
    bert_precision precision;

    /* several ranks; the batch of a step is then ranks × per_device_train_batch_size ×
     * gradient_accumulation_steps */
    bert_job *job;                 /* NULL: this process alone */
    bert_precision gradient_dtype; /* of gradients between ranks */
    bool gradient_checkpointing;   /* activations are recomputed in the backward pass, not kept */
    int zero;    /* 1: ZeRO stage 1, each rank keeps and updates its share of Adam's moments */
    int threads; /* of each rank; 0: all cores, shared by the ranks on a machine */

    uint64_t seed; /* of weights, order, pairs, masks, dropout */
} bert_pretrain_params;
typedef struct bert_pretrain_result {
    int64_t steps;         /* done in all, those before a resume included */
    bool finished;         /* false: stopped by the observer or stop_after_steps */
    double train_loss;     /* mean over the last logging interval */
    double eval_loss;      /* last evaluation; NaN where there was none */
    char checkpoint[4096]; /* folder of the last checkpoint */
} bert_pretrain_result;
BERT_API bert_pretrain_params bert_pretrain_params_default(void);
BERT_API bert_status bert_pretrain(const bert_pretrain_params *params, bert_pretrain_result *result,
                                   const bert_observer *observer, bert_error *error);

/* Continues the run in `run` from its last complete checkpoint, with the settings of its run.json,
 * bit-for-bit as if it had never stopped. `threads` 0: as in run.json;
 * `stop_after_steps` as in bert_pretrain_params. */
typedef struct bert_resume_params {
    const char *run;
    int threads;
    int64_t stop_after_steps;
    /* These may differ from the first call's. The global batch stays the same on any number of
     * ranks; results differ by rounding only. */
    bert_job *job;
    bert_switch zero;       /* unset: as in run.json */
    int micro_batch_tokens; /* 0: as in run.json */
} bert_resume_params;
BERT_API bert_resume_params bert_resume_params_default(void);
BERT_API bert_status bert_pretrain_resume(const bert_resume_params *params,
                                          bert_pretrain_result *result,
                                          const bert_observer *observer, bert_error *error);

#ifdef __cplusplus
}
#endif
#endif
