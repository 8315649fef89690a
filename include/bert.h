/* libbert: pre-trains BERT from raw text.
 *
 * Every job has a params struct: take the one that bert_…_params_default() returns, fill in what
 * you want otherwise, and call. Strings in it stay yours and must live during the call. A function
 * that can fail returns a bert_status and writes one line into `error` (which may be NULL). The
 * library never prints, never exits and keeps no global state but the number of threads and what
 * libcurl keeps. Objects (bert_tokenizer, bert_model) are released with their _free, which takes
 * NULL; one object may be read from several threads at once where its functions take it const.
 *
 * Files follow the formats of the field: Hugging Face model and tokenizer folders, Megatron-LM
 * indexed data. See docs/ and `bert help`. */
#ifndef BERT_H
#define BERT_H

#include "bert/corpus.h"
#include "bert/finetune.h"
#include "bert/hub.h"
#include "bert/inference.h"
#include "bert/inspect_data.h"
#include "bert/job.h"
#include "bert/npy.h"
#include "bert/plan.h"
#include "bert/serve.h"
#include "bert/status.h"
#include "bert/table.h"
#include "bert/tune.h"
#include "bert/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------- tokenizer --- */

typedef struct bert_tokenizer bert_tokenizer;

/* A choice that a file may already have made: BERT_UNSET leaves it to the file. */
typedef enum bert_switch { BERT_UNSET = -1, BERT_OFF = 0, BERT_ON = 1 } bert_switch;

/* What the files do not say, or what shall be otherwise than they say. */
typedef struct bert_tokenizer_options {
    bert_switch lowercase;            /* unset: tokenizer files, else on */
    bert_switch strip_accents;        /* unset: as `lowercase` */
    bert_switch handle_chinese_chars; /* unset: on */
    bert_switch clean_text;           /* unset: on */
    int max_input_chars_per_word;     /* 0: 100. A longer word is [UNK] */
} bert_tokenizer_options;
BERT_API bert_tokenizer_options bert_tokenizer_options_default(void);

/* Opens a vocab.txt, a tokenizer.json, or a folder that holds them (tokenizer.json wins; settings
 * from tokenizer_config.json). `options` may be NULL. */
BERT_API bert_status bert_tokenizer_load(bert_tokenizer **tokenizer, const char *path,
                                         const bert_tokenizer_options *options, bert_error *error);
BERT_API void bert_tokenizer_free(bert_tokenizer *tokenizer);

BERT_API size_t bert_tokenizer_vocab_size(const bert_tokenizer *tokenizer);
/* Token of an id, owned by the tokenizer; NULL where no token has it. */
BERT_API const char *bert_tokenizer_token(const bert_tokenizer *tokenizer, int32_t id);
/* Id of a token, -1 where there is none. */
BERT_API int32_t bert_tokenizer_id(const bert_tokenizer *tokenizer, const char *token);

/* The ids of one text, and where in it each came from. Zero-initialise; grows as needed, reuse it;
 * release with bert_encoding_free. */
typedef struct bert_encoding {
    int32_t *ids;      /* [count] */
    uint8_t *type_ids; /* [count] 0: first text and its marks, 1: second text */
    uint32_t *starts;  /* [count] byte offsets into the text that the token came from; */
    uint32_t *ends;    /* [count] 0, 0 for [CLS] and [SEP] */
    size_t count, capacity;
    uint64_t invalid_bytes; /* bytes that were not UTF-8, read as U+FFFD, in the last text */
} bert_encoding;
BERT_API void bert_encoding_free(bert_encoding *encoding);

/* Replaces the content of `encoding` by the ids of `text` (any bytes, at most 4 GiB − 1). With
 * `add_special_tokens`, [CLS] before and [SEP] behind. `max_length` cuts the end of the text so
 * that no more ids come out, special ones included; 0: no limit. */
BERT_API bert_status bert_tokenizer_encode(const bert_tokenizer *tokenizer, const char *text,
                                           size_t length, bool add_special_tokens,
                                           size_t max_length, bert_encoding *encoding,
                                           bert_error *error);

/* The same for two texts: [CLS] first [SEP] second [SEP]. `max_length` cuts the longer text first
 * (Hugging Face's "longest_first"). Offsets are into the text that the type id says. */
BERT_API bert_status bert_tokenizer_encode_pair(const bert_tokenizer *tokenizer, const char *first,
                                                size_t first_length, const char *second,
                                                size_t second_length, bool add_special_tokens,
                                                size_t max_length, bert_encoding *encoding,
                                                bert_error *error);

/* Encodes every line of a block of text on several threads (0: all cores) and calls `line` for
 * each, in order, from the calling thread. A line ends before its LF; the last one may have none.
 * `encoding` is valid during the call; offsets are into the line. A status other than BERT_OK from
 * the callback ends the work and is returned. Memory grows with the number of threads and the
 * longest line, not with the block. */
typedef bert_status bert_line_callback(void *context, const char *text, size_t length,
                                       const bert_encoding *encoding, bert_error *error);
BERT_API bert_status bert_tokenizer_encode_lines(const bert_tokenizer *tokenizer, const char *block,
                                                 size_t length, bool add_special_tokens,
                                                 size_t max_length, int threads,
                                                 bert_line_callback *line, void *context,
                                                 bert_error *error);

/* A string that the library writes. Zero-initialise; grows as needed, reuse it; release with
 * bert_text_free. */
typedef struct bert_text {
    char *data; /* terminated */
    size_t length, capacity;
} bert_text;
BERT_API void bert_text_free(bert_text *text);

/* Replaces the content of `text` by the text of ids: pieces joined, words with a space between two.
 * Ids that no token has are left out; with `skip_special_tokens`, special tokens too. `clean_up`
 * closes the spaces before . ? ! , n't 'm 's 've 're, as tokenizer.json's "cleanup" does. */
BERT_API bert_status bert_tokenizer_decode(const bert_tokenizer *tokenizer, const int32_t *ids,
                                           size_t count, bool skip_special_tokens, bool clean_up,
                                           bert_text *text, bert_error *error);

typedef struct bert_train_tokenizer_params {
    const char *const *inputs; /* whatever bert_read_documents takes; the text that it gives */
    size_t input_count;
    bert_reader_options reader_options;
    const char *output; /* folder for the tokenizer files; must not exist, or be empty */
    /* "frequency": merge the pair seen most often, as Hugging Face's WordPieceTrainer does;
     * "likelihood": the one that raises the likelihood of the text most, as WordPiece was defined.
     */
    const char *algorithm;
    size_t vocab_size; /* 30522, as published BERT has */
    bool lowercase;    /* true; false makes a cased tokenizer */
    bert_switch strip_accents;
    uint64_t min_frequency;       /* 2: pairs seen less often are not merged */
    size_t limit_alphabet;        /* 1000 characters, the most frequent */
    const char *initial_alphabet; /* NULL; characters that are kept even if never seen */
    uint64_t memory; /* 0: no limit. Bytes that words and their counts may take; where they would
                        take more, the rarest are dropped and the observer is told how many */
    int threads;     /* 0: all cores */

    /* Instead of a new vocabulary: the one of this tokenizer, every id kept, with up to `add` new
     * tokens behind it that the text asks for. Its settings count; vocab_size, lowercase,
     * strip_accents, limit_alphabet and initial_alphabet do not. */
    const char *extend; /* NULL, or what bert_tokenizer_load takes */
    size_t add;
} bert_train_tokenizer_params;
typedef struct bert_train_tokenizer_result {
    size_t vocab_size; /* may be less than asked for on a small text */
    uint64_t bytes, words, distinct_words, invalid_bytes;
    /* Because of `memory`: occurrences of words that were dropped, and by how much the count of a
     * word that was kept can be too low. */
    uint64_t dropped_words, count_error;
    /* No sources where nothing was cleaned or weighed: documents are not told apart then. */
    bert_corpus_counts corpus;
    bool finished; /* false: stopped by the observer, nothing was written */
} bert_train_tokenizer_result;
BERT_API bert_train_tokenizer_params bert_train_tokenizer_params_default(void);
BERT_API bert_status bert_train_tokenizer(const bert_train_tokenizer_params *params,
                                          bert_train_tokenizer_result *result,
                                          const bert_observer *observer, bert_error *error);

/* ------------------------------------------------------------------------------------ data --- */

typedef struct bert_prepare_params {
    const char *const *inputs;
    size_t input_count;
    bert_reader_options reader_options; /* its seed does not count: `seed` below does */
    const char *tokenizer;              /* folder or vocab.txt; copied to PREFIX.tokenizer/ */
    bert_tokenizer_options tokenizer_options;
    const char *output;         /* PREFIX: writes PREFIX.bin, .idx, .validation.bin, .idx, .json */
    const char *layout;         /* "sentences": a sequence of the index is a sentence, as
                                   Megatron-LM's BERT wants it; "documents": it is a document, and
                                   PREFIX.sentences has the ends of sentences, a byte each */
    const char *language;       /* "en": sentence rules of ICU (BCP 47 or ICU locale) */
    double validation_fraction; /* 0.01 of the documents, chosen by a hash of their text; 0: none */
    uint64_t seed;              /* 42, of that hash, and of what sources with a weight give */
    int threads;                /* 0: all cores */
    /* The work grows in PREFIX.preparing/. Interrupted, even killed, it is continued by the same
     * call, to the bytes of one that was not; it is noted every `save_seconds` (2) how far it is.
     */
    double save_seconds;
    bool overwrite; /* false: outputs that are there are an error, and so is work with other
                       settings or inputs; true: they are replaced at the end */
} bert_prepare_params;
typedef struct bert_data_counts {
    uint64_t documents, sentences, tokens;
} bert_data_counts;
typedef struct bert_prepare_result {
    bert_data_counts train, validation;
    uint64_t bytes, invalid_bytes, unknown_tokens;
    bert_corpus_counts corpus;
} bert_prepare_result;
/* Replaces the content of `json` by {"sources": [...], "cleaning": {...}}. */
BERT_API bert_status bert_corpus_counts_json(const bert_corpus_counts *counts, bert_text *json,
                                             bert_error *error);
BERT_API bert_prepare_params bert_prepare_params_default(void);
BERT_API bert_status bert_prepare(const bert_prepare_params *params, bert_prepare_result *result,
                                  const bert_observer *observer, bert_error *error);

/* ---------------------------------------------------------------------------- pre-training --- */

/* Where a length of time is given in steps or in epochs, at most one of the two is set (> 0). */
typedef struct bert_pretrain_params {
    /* PREFIX of bert_prepare; several are numbered through as one, a line ("\n") for each. A line
     * may be a folder of prepared files, or a pattern of the shell that their PREFIXes match,
     * sorted by their bytes, and end in ":WEIGHT" (docs/data.md): how often each document comes in
     * an epoch. Or a folder of ready-made ids as Hugging Face's save_to_disk writes it (input_ids,
     * token_type_ids, attention_mask, next_sentence_label), whose masks are drawn. */
    const char *data;
    const char *tokenizer; /* NULL: PREFIX.tokenizer; a folder of ids needs it */
    /* tiny | mini | small | medium | base | large | distil, a config.json, or a model folder, also
     * one that others published; its vocabulary may be smaller than the data's (docs/models.md) */
    const char *model;
    const char *output; /* the run's directory; must not exist, or be empty */

    /* Distillation (Sanh et al. 2019): a model folder with MLM head, of the same vocabulary, hidden
     * size and positions, from which the model learns beside the masked tokens; NULL: none. A model
     * that starts from nothing takes over the teacher's embeddings, head and layers, evenly. The
     * loss is alpha_ce × KL of both predictions for the masked tokens at the temperature, times its
     * square, + alpha_mlm × MLM + alpha_cos × (1 − cosine of the last hidden states). Without
     * next-sentence prediction. */
    const char *teacher;
    double distill_temperature;                                    /* 2 */
    double distill_alpha_ce, distill_alpha_mlm, distill_alpha_cos; /* 5, 2, 1 */

    /* batch */
    int per_device_train_batch_size; /* 32 sequences in a micro-batch */
    int micro_batch_tokens;          /* 0: chosen from the model and the precision. A
                                        micro-batch is computed in pieces of at most so many
                                        tokens: memory and speed change, the result does so by
                                        rounding only */
    int gradient_accumulation_steps; /* 1 micro-batch in a step */
    int max_seq_length;              /* 128 tokens, [CLS] and [SEP] included */
    double short_seq_probability;    /* 0.1 */
    double mlm_probability;          /* 0.15 */
    bool next_sentence_prediction;   /* true; false: MLM alone */

    /* samples (docs/data.md tells what each is for) */
    const char *pairs;     /* with NSP: "segment" (several sentences each), "sentence" */
    const char *sequences; /* without: "sentences" (whole ones of a document that fit), "chunks"
                              (full lengths of a document), "stream" (full lengths over the borders
                              of documents), "documents" (the beginning of each) */
    const char *mask_unit; /* "token", "word" (whole words), "span" (as SpanBERT) */
    const char *masks;     /* "dynamic": samples and masks anew in every epoch; "static": those of
                              the first epoch in all */
    const char *sequence_schedule; /* NULL, or lengths that follow each other with their shares of
                                      the steps, "128:0.9,512:0.1", instead of max_seq_length;
                                      evaluations take the longest */
    const char *batch_size_ramp;   /* NULL, or sequences in a step, on all ranks together, with
                                      their shares of the steps, "256:0.1,4096:0.9"; a step then
                                      has as many micro-batches as its size takes */

    /* optimizer */
    const char *optim; /* "adamw" (decoupled decay), "adam" (decay in the gradient), or "lamb" for
                          large batches (docs/optimization.md) */
    double learning_rate;                        /* 1e-4 */
    double weight_decay;                         /* 0.01, not for biases and LayerNorm */
    double adam_beta1, adam_beta2, adam_epsilon; /* 0.9, 0.999, 1e-8 */
    double max_grad_norm;                        /* 1.0; 0: no clipping */
    /* "linear", "cosine", "cosine_with_restarts", "polynomial", "constant", "constant_with_warmup",
     * "inverse_sqrt", "one_cycle" */
    const char *lr_scheduler_type;
    double lr_end, lr_power; /* polynomial: 1e-7, 1; the rate at the end, and the exponent */
    int64_t lr_num_cycles;   /* cosine_with_restarts: 1 */
    double pct_start;        /* one_cycle: 0.3 of the steps rise */
    double div_factor, final_div_factor; /* one_cycle: 25, 1e4: from learning_rate / div_factor, to
                                            that / final_div_factor */
    /* Rates are given for a batch of base_batch_size sequences (0: none), and multiplied for the
     * one that a step has: "none", "sqrt" or "linear" in their quotient. */
    const char *learning_rate_scaling;
    int64_t base_batch_size;
    int64_t warmup_steps; /* 0 */
    double warmup_ratio;  /* of the whole length, where warmup_steps is 0 */

    /* length and rhythm; 0 is "not in this unit" */
    int64_t max_steps;
    double num_train_epochs; /* 3, where max_steps is 0 */
    int64_t logging_steps;   /* 10 */
    int64_t eval_steps;      /* both 0: only at the end */
    double eval_epochs;
    int64_t eval_samples; /* 0: the whole validation split */
    int64_t save_steps;   /* both 0: only at the end */
    double save_epochs;
    int save_total_limit;     /* 0: keep all; the best one is always kept */
    int64_t stop_after_steps; /* 0; N: stop after N steps of this call as by a signal */

    /* dropout of the model; negative: as its configuration says */
    double hidden_dropout_prob, attention_probs_dropout_prob;

    /* Of the operands of matrix products in linear layers and attention: "float32", or "bf16":
     * rounded to bfloat16 on their way into the product, which is computed in float32, as all the
     * rest is. Evaluations of the run use it too. About twice as fast where the processor has AMX
     * or AVX512-BF16.
     */
    const char *precision;

    /* several ranks; the batch of a step is then ranks × per_device_train_batch_size ×
     * gradient_accumulation_steps */
    bert_job *job;               /* NULL: this process alone */
    const char *gradient_dtype;  /* "float32"; "bf16": gradients travel rounded to bfloat16 */
    bool gradient_checkpointing; /* false; true: activations are computed again, not kept */
    int zero;    /* 0; 1: ZeRO stage 1, each rank keeps and updates its share of Adam's moments */
    int threads; /* of each rank; 0: all cores, shared by the ranks on a machine */

    uint64_t seed; /* 42: weights, order, pairs, masks, dropout */
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

/* Continues the run in `run` from its last whole checkpoint, with the settings of its run.json,
 * bit for bit as if it had never stopped. `threads` 0 means: as run.json says;
 * `stop_after_steps` as in bert_pretrain_params. */
typedef struct bert_resume_params {
    const char *run;
    int threads;
    int64_t stop_after_steps;
    /* What may be otherwise than it was: the batch of a step stays what it was, however many ranks
     * share it now, and results differ by rounding only. */
    bert_job *job;
    bert_switch zero;       /* unset: as run.json says */
    int micro_batch_tokens; /* 0: as run.json says */
} bert_resume_params;
BERT_API bert_resume_params bert_resume_params_default(void);
BERT_API bert_status bert_pretrain_resume(const bert_resume_params *params,
                                          bert_pretrain_result *result,
                                          const bert_observer *observer, bert_error *error);

/* "step 120/1000  epoch 0.36  loss 6.21  lr 9.6e-05  8,412 tokens/s  3:05 left", without a line end
 * and without what is not known. Returns what snprintf would. */
BERT_API int bert_progress_format(char *line, size_t size, const bert_progress *progress);

/* -------------------------------------------------------------------------- use of a model --- */

typedef struct bert_evaluate_params {
    const char *model; /* model folder (a checkpoint), or a run: its last checkpoint */
    const char *data; /* PREFIX, or several as bert_pretrain_params has them, without weights: their
                         validation splits, or the training splits where `train_split` is set */
    bool train_split;
    /* What is NULL or 0 here is as the checkpoint's run.json says it was trained; without one as
     * bert_pretrain has it, 128 tokens, or less where the model has fewer positions. */
    const char *pairs;     /* of a model with an NSP head: "segment" or "sentence" */
    const char *sequences; /* masked tokens alone are measured, whatever heads there are:
                              "sentences", "chunks", "stream" or "documents" */
    const char *mask_unit; /* "token", "word" or "span" */
    int max_seq_length;
    int batch_size;               /* 32 sequences */
    double mlm_probability;       /* 0.15 */
    double short_seq_probability; /* 0.1 */
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

/* bert/inference.h has bert_model and what it is used for. */
BERT_API const bert_tokenizer *bert_model_tokenizer(const bert_model *model);

#ifdef __cplusplus
}
#endif

#include "bert/inspect.h"
#include "bert/inspect_model.h"

#endif
