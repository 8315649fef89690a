/* Values of options that are a choice among few, and their names on the command line and in
 * run.json, both ways. Part of bert.h.
 *
 * _name returns "adamw" for BERT_OPTIMIZER_ADAMW, NULL for what is not a value. _parse sets *value,
 * and fails for an unknown name with the names that there are. */
#ifndef BERT_CHOICES_H
#define BERT_CHOICES_H

#include "bert/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum bert_optimizer {
    BERT_OPTIMIZER_ADAMW, /* decoupled weight decay */
    BERT_OPTIMIZER_ADAM,  /* weight decay in the gradient */
    BERT_OPTIMIZER_LAMB,  /* for large batches (docs/optimization.md) */
    BERT_OPTIMIZER_MUON,  /* orthogonalised momentum for the encoder's matrices, AdamW for the rest
                           */
} bert_optimizer;

/* How Muon's learning rate depends on the shape of a matrix, as torch.optim.Muon's adjust_lr_fn. */
typedef enum bert_muon_adjustment {
    BERT_MUON_ADJUSTMENT_ORIGINAL,        /* × √max(1, rows / columns) */
    BERT_MUON_ADJUSTMENT_MATCH_RMS_ADAMW, /* × 0.2 √max(rows, columns): steps as long as AdamW's */
} bert_muon_adjustment;

typedef enum bert_lr_scheduler {
    BERT_LR_SCHEDULER_LINEAR,
    BERT_LR_SCHEDULER_COSINE,
    BERT_LR_SCHEDULER_COSINE_WITH_RESTARTS,
    BERT_LR_SCHEDULER_POLYNOMIAL,
    BERT_LR_SCHEDULER_CONSTANT,
    BERT_LR_SCHEDULER_CONSTANT_WITH_WARMUP,
    BERT_LR_SCHEDULER_INVERSE_SQRT,
    BERT_LR_SCHEDULER_ONE_CYCLE,
    BERT_LR_SCHEDULER_WARMUP_STABLE_DECAY,
} bert_lr_scheduler;

/* How the learning rate falls at the end of warmup_stable_decay. */
typedef enum bert_lr_decay {
    BERT_LR_DECAY_COSINE,
    BERT_LR_DECAY_LINEAR,
    BERT_LR_DECAY_1_SQRT, /* 1 − √ of the share that is done */
} bert_lr_decay;

/* How the learning rate grows with the quotient of a batch and base_batch_size. */
typedef enum bert_learning_rate_scaling {
    BERT_LEARNING_RATE_SCALING_NONE,
    BERT_LEARNING_RATE_SCALING_SQRT,
    BERT_LEARNING_RATE_SCALING_LINEAR,
} bert_learning_rate_scaling;

/* Of matrix multiplications, or of gradients that travel between ranks. */
typedef enum bert_precision {
    BERT_PRECISION_ANY = -1, /* of bert_tune: both are tried */
    BERT_PRECISION_FLOAT32,
    BERT_PRECISION_BF16, /* rounded to bfloat16; computed in float32 */
} bert_precision;

/* What the two segments of a pair are, for next-sentence prediction. */
typedef enum bert_pairs {
    BERT_PAIRS_UNSET = -1,
    BERT_PAIRS_SEGMENT,  /* several sentences, as in BERT's paper */
    BERT_PAIRS_SENTENCE, /* one each */
} bert_pairs;

/* What a sequence is, without next-sentence prediction. */
typedef enum bert_sequences {
    BERT_SEQUENCES_UNSET = -1,
    BERT_SEQUENCES_SENTENCES, /* of a document that fit; a longer one goes on in the next */
    BERT_SEQUENCES_CHUNKS,    /* full lengths of a document */
    BERT_SEQUENCES_STREAM,    /* full lengths across the borders of documents */
    BERT_SEQUENCES_DOCUMENTS, /* the beginning of each */
} bert_sequences;

/* What is masked and predicted together. */
typedef enum bert_mask_unit {
    BERT_MASK_UNIT_UNSET = -1,
    BERT_MASK_UNIT_TOKEN,
    BERT_MASK_UNIT_WORD, /* all its tokens */
    BERT_MASK_UNIT_SPAN, /* up to ten words, as SpanBERT */
} bert_mask_unit;

/* What ends a document of a corpus. */
typedef enum bert_document_separator {
    BERT_DOCUMENT_SEPARATOR_UNSET = -1, /* what the format says (docs/corpus.md) */
    BERT_DOCUMENT_SEPARATOR_BLANK_LINE, /* of text; of a table: a row without text */
    BERT_DOCUMENT_SEPARATOR_FILE,       /* its end */
    BERT_DOCUMENT_SEPARATOR_LINE,       /* each line of text, or row of a table, is a document */
    BERT_DOCUMENT_SEPARATOR_NONE,       /* all files of a source are one document */
} bert_document_separator;

/* What ends a sentence of a corpus. */
typedef enum bert_sentence_separator {
    BERT_SENTENCE_SEPARATOR_AUTO, /* lines, in text that has a sentence in each; else punctuation */
    BERT_SENTENCE_SEPARATOR_PUNCTUATION, /* by the rules of the language */
    BERT_SENTENCE_SEPARATOR_LINE,        /* each line is a sentence */
    BERT_SENTENCE_SEPARATOR_ROW,         /* each row of a table is a sentence */
    BERT_SENTENCE_SEPARATOR_NONE,        /* a document is one sentence */
} bert_sentence_separator;

/* How often samples and masks are drawn. */
typedef enum bert_masks {
    BERT_MASKS_DYNAMIC, /* anew in every epoch */
    BERT_MASKS_STATIC,  /* those of the first epoch in all epochs */
} bert_masks;

/* How a tokenizer's entries are chosen. */
typedef enum bert_algorithm {
    BERT_ALGORITHM_FREQUENCY,  /* merge the pair seen most often, as Hugging Face does */
    BERT_ALGORITHM_LIKELIHOOD, /* the pair that raises the likelihood of the text most */
} bert_algorithm;

/* What a sequence of prepared data's index is. */
typedef enum bert_layout {
    BERT_LAYOUT_SENTENCES, /* as Megatron-LM's BERT reads it */
    BERT_LAYOUT_DOCUMENTS, /* PREFIX.sentences has the ends of sentences, a byte each */
} bert_layout;

/* What a text file is read as. */
typedef enum bert_format {
    BERT_FORMAT_UNSET = -1, /* by content and name */
    BERT_FORMAT_TEXT,
    BERT_FORMAT_MARKDOWN, /* reStructuredText, too */
    BERT_FORMAT_WIKITEXT,
} bert_format;

/* What a classifier predicts. */
typedef enum bert_problem_type {
    BERT_PROBLEM_TYPE_SINGLE_LABEL_CLASSIFICATION,
    BERT_PROBLEM_TYPE_REGRESSION, /* labels are numbers */
} bert_problem_type;

/* Which hidden state of the last layer is a text's embedding. */
typedef enum bert_pooling {
    BERT_POOLING_MEAN, /* over all tokens, [CLS] and [SEP] included */
    BERT_POOLING_CLS,  /* the first token's */
} bert_pooling;

BERT_API const char *bert_optimizer_name(bert_optimizer value);
BERT_API bert_status bert_optimizer_parse(bert_optimizer *value, const char *name,
                                          bert_error *error);
BERT_API const char *bert_muon_adjustment_name(bert_muon_adjustment value);
BERT_API bert_status bert_muon_adjustment_parse(bert_muon_adjustment *value, const char *name,
                                                bert_error *error);
BERT_API const char *bert_lr_scheduler_name(bert_lr_scheduler value);
BERT_API bert_status bert_lr_scheduler_parse(bert_lr_scheduler *value, const char *name,
                                             bert_error *error);
BERT_API const char *bert_lr_decay_name(bert_lr_decay value);
BERT_API bert_status bert_lr_decay_parse(bert_lr_decay *value, const char *name, bert_error *error);
BERT_API const char *bert_learning_rate_scaling_name(bert_learning_rate_scaling value);
BERT_API bert_status bert_learning_rate_scaling_parse(bert_learning_rate_scaling *value,
                                                      const char *name, bert_error *error);
BERT_API const char *bert_precision_name(bert_precision value);
BERT_API bert_status bert_precision_parse(bert_precision *value, const char *name,
                                          bert_error *error);
BERT_API const char *bert_pairs_name(bert_pairs value);
BERT_API bert_status bert_pairs_parse(bert_pairs *value, const char *name, bert_error *error);
BERT_API const char *bert_sequences_name(bert_sequences value);
BERT_API bert_status bert_sequences_parse(bert_sequences *value, const char *name,
                                          bert_error *error);
BERT_API const char *bert_mask_unit_name(bert_mask_unit value);
BERT_API bert_status bert_mask_unit_parse(bert_mask_unit *value, const char *name,
                                          bert_error *error);
BERT_API const char *bert_masks_name(bert_masks value);
BERT_API bert_status bert_masks_parse(bert_masks *value, const char *name, bert_error *error);
BERT_API const char *bert_algorithm_name(bert_algorithm value);
BERT_API bert_status bert_algorithm_parse(bert_algorithm *value, const char *name,
                                          bert_error *error);
BERT_API const char *bert_layout_name(bert_layout value);
BERT_API bert_status bert_layout_parse(bert_layout *value, const char *name, bert_error *error);
BERT_API const char *bert_format_name(bert_format value);
BERT_API bert_status bert_format_parse(bert_format *value, const char *name, bert_error *error);
BERT_API const char *bert_document_separator_name(bert_document_separator value);
BERT_API bert_status bert_document_separator_parse(bert_document_separator *value, const char *name,
                                                   bert_error *error);
BERT_API const char *bert_sentence_separator_name(bert_sentence_separator value);
BERT_API bert_status bert_sentence_separator_parse(bert_sentence_separator *value, const char *name,
                                                   bert_error *error);
BERT_API const char *bert_problem_type_name(bert_problem_type value);
BERT_API bert_status bert_problem_type_parse(bert_problem_type *value, const char *name,
                                             bert_error *error);
BERT_API const char *bert_pooling_name(bert_pooling value);
BERT_API bert_status bert_pooling_parse(bert_pooling *value, const char *name, bert_error *error);

#ifdef __cplusplus
}
#endif
#endif
