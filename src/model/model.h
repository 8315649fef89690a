/* BERT and DistilBERT: embeddings, encoder, and the heads that the configuration names; forward and
 * backward on a stream of tokens without padding (Devlin et al. 2018, Sanh et al. 2019; names and
 * arithmetic of `transformers`). */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "math/operations.h"
#include "model/parameters.h"

/* What goes in: a view of the caller's arrays (see dataset/batch.h for the meaning of each). */
typedef struct model_input {
    int token_count, sequence_count, masked_count;
    const int32_t *tokens;               /* [T] */
    const uint8_t *token_types;          /* [T]; not read, and may be NULL, without token types */
    const int32_t *sequence_starts;      /* [B + 1] */
    const uint64_t *sample_numbers;      /* [B], names the dropout of each sequence */
    const int32_t *masked_positions;     /* [M] */
    const int32_t *masked_labels;        /* [M]; NULL: no MLM loss is computed */
    const uint8_t *next_sentence_labels; /* [B]; NULL: no NSP loss; NULL where there is no head */

    /* With MODEL_HEAD_CLASSIFICATION, where its loss is wanted. */
    const int32_t *labels;      /* [B] in [0, num_labels), in a classification */
    const float *targets;       /* [B, num_labels], in a regression */
    const float *class_weights; /* [num_labels] of a label's sample in the loss; NULL: 1 for all */
} model_input;

/* One loss, summed over an input, so that any cut of a global batch adds up to the same (decision
 * 3). */
typedef struct loss_term {
    double sum;              /* of weight × loss; losses in nats where they are cross-entropies */
    double weight;           /* sum of the weights: `sum` divided by it is the mean */
    uint64_t count, correct; /* what was predicted, and of that, what was right */
} loss_term;

/* The most that a call may bring; memory is planned for it (decision 6). */
typedef struct model_limits {
    int tokens, sequences, masked;
    bool training; /* false: room for the forward pass alone */
    /* Keeps what goes into each layer alone, and computes the rest again in the backward pass (Chen
     * et al. 2016): about a tenth of the memory, one forward pass more, the same bits. */
    bool gradient_checkpointing;
} model_limits;

typedef struct model model;

/* A model with its own parameter buffer (zeroed), and, for training, a gradient buffer. */
bert_status model_create(model **out, const model_config *config, const model_limits *limits,
                         bert_error *error);
void model_free(model *model);

/* Precision of the products of linear layers and attention, forward and backward: GEMM_FLOAT32
 * until this is called. Everything that is kept, and all other arithmetic, is float32 in both. */
void model_set_precision(model *model, gemm_precision precision);

const model_config *model_configuration(const model *model);
const operations *model_operations(const model *model);
const parameter_table *model_parameter_table(const model *model);
float *model_weights(model *model);   /* [table.size] */
float *model_gradients(model *model); /* [table.size]; NULL unless training */

/* Checks an input against configuration and limits: ids, types, lengths, positions, order. */
bert_status model_check_input(const model *model, const model_input *input, bert_error *error);

/* Called while model_backward goes on: gradients at `first` and behind it in
 * the buffer are final for this pass. Falls to 0, layer by layer. */
typedef void model_gradients_ready(void *context, size_t first);
/* From here on; NULL: nobody is told. */
void model_watch_gradients(model *model, model_gradients_ready *ready, void *context);

/* Some rows of the stream. */
typedef struct layer_rows {
    size_t count;
    const uint64_t *keys;     /* [count] names in dropout */
    const int32_t *positions; /* [count] in the stream, rising; NULL: all T rows */
    const int32_t *starts;    /* [B + 1] where the rows of a sequence begin */
} layer_rows;

/* Which rows of the last layer's output are computed: those of the tokens that heads read (masked
 * positions, first tokens), or all. */
typedef enum pass_rows { ROWS_NEEDED_BY_HEADS, ROWS_ALL } pass_rows;

/* One pass through a model, whose activations it lies in: good until the model's next one. */
typedef struct model_pass {
    model *model;
    const model_input *input;
    size_t tokens;
    layer_rows read; /* of the last layer's output */
    bool training;   /* dropout is drawn, and activations are kept for the backward pass */
    uint64_t seed, step;
} model_pass;

/* Embeddings and encoder. In training dropout is drawn from (seed, step, sample number, place). */
model_pass model_forward(model *model, const model_input *input, pass_rows rows, bool training,
                         uint64_t seed, uint64_t step);

/* The heads with their losses. Each adds to `term` and, in training, the gradient of scale × sum to
 * the parameters' and to that of the encoder's output: a scale of 1 / (the weight in the global
 * batch) gives the gradient of the mean, however the batch is cut. The gradients of a head are made
 * along with its loss, block by block: the logits of all masked positions would not fit. */
void model_mlm_loss(const model_pass *pass, double scale, loss_term *term);
void model_nsp_loss(const model_pass *pass, double scale, loss_term *term);
/* Cross-entropy of the classifier's answers, weighted by class_weights. */
void model_classification_loss(const model_pass *pass, double scale, loss_term *term);
/* Squared error, the mean over a sample's num_labels. */
void model_regression_loss(const model_pass *pass, double scale, loss_term *term);

/* The losses of a student that learns from a teacher as DistilBERT did (Sanh et al. 2019, section
 * 2), both with the same input and rows: its own MLM loss; temperature² × KL of the teacher's and
 * its own predictions at the masked positions; 1 − cosine of both hidden states, at all tokens. */
typedef struct distillation_scales {
    double mlm, soft, cosine;
} distillation_scales;
void model_distillation_loss(const model_pass *student, const model_pass *teacher,
                             double temperature, const distillation_scales *scales, loss_term *mlm,
                             loss_term *soft, loss_term *cosine);

/* Adds the gradients of all that the losses gave the encoder's output. */
void model_backward(const model_pass *pass);

/* Whether the two fit; `origin` of the teacher goes into the message. */
bert_status model_check_teacher(const model_config *student, const model_config *teacher,
                                const char *origin, bert_error *error);

/* Student's parameters from the teacher's: embeddings, MLM head, and of the teacher's layers as
 * many as the student has, evenly from the first to the last (of 12 for 6 the ones that DistilBERT
 * took: 0, 2, 4, 7, 9, 11). What the teacher does not have, or the student's family, is left alone.
 */
void parameters_from_teacher(const parameter_table *student, float *values,
                             const parameter_table *teacher, const float *teacher_values);

/* Logits of the masked positions, [M, vocab_size], in the caller's memory; labels are not read. The
 * model must have the head. */
void model_mlm_logits(model *model, const model_input *input, float *logits);

/* Logits [B, 2] of the NSP head. */
void model_nsp_logits(model *model, const model_input *input, float *logits);

/* Logits [B, num_labels] of the classification head: of the classes, or the numbers themselves. */
void model_label_logits(model *model, const model_input *input, float *logits);

/* Hidden states of the last layer, [T, hidden_size]: what embeddings are made of (the first token's
 * row, or the mean over a sequence's rows). Every model has them, whatever its head. */
void model_hidden_states(model *model, const model_input *input, float *hidden_states);

/* Name of the first parameter whose value (or gradient) is not finite; NULL where all are. */
const char *model_find_nonfinite(const model *model, const float *buffer);

/* Bytes that the model holds, and what for: for `bert inspect` and the plan of a run. */
typedef struct model_memory {
    size_t parameters, gradients, activations;
} model_memory;
model_memory model_memory_used(const model *model);

#endif
