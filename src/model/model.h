/* BERT and DistilBERT: embeddings, encoder, and the heads that the configuration names; forward and
 * backward on a stream of tokens without padding (Devlin et al. 2018, Sanh et al. 2019; names and
 * arithmetic of `transformers`). */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "math/operations.h"
#include "model/parameters.h"

/* The input: a view of the caller's arrays (see dataset/batch.h for the meaning of each). */
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

/* One loss, summed over an input, so that the micro-batches of a global batch add up to the same
 * whatever their size (decision 3). */
typedef struct loss_term {
    double sum;              /* of weight × loss; losses in nats where they are cross-entropies */
    double weight;           /* sum of the weights: `sum` divided by it is the mean */
    uint64_t count, correct; /* what was predicted, and of that, what was right */
} loss_term;

/* The most that a call may bring; memory is planned for it (decision 6). */
typedef struct model_limits {
    int tokens, sequences, masked;
    bool training; /* false: memory for the forward pass alone */
    /* Keeps the input of each layer alone, and recomputes the rest in the backward pass (Chen
     * et al. 2016): about a tenth of the memory, one forward pass more, the same bits. */
    bool gradient_checkpointing;
} model_limits;

/* Weights and what they mean. Passes do not write to a model, but to the activations of a
 * workspace: any number of threads may read one model, each with its own workspace. */
typedef struct model model;
typedef struct model_workspace model_workspace;

/* Weights zeroed. With `limits` the model also has a workspace of its own, which the functions that
 * train and evaluate it use; NULL: it has none. */
bert_status model_create(model **out, const model_config *config, const model_limits *limits,
                         bert_error *error);
void model_free(model *model);

/* Activations for inputs within the limits and, for training, gradients; the model outlives it. For
 * one thread at a time. */
bert_status model_workspace_create(model_workspace **out, const model *model,
                                   const model_limits *limits, bert_error *error);
void model_workspace_free(model_workspace *workspace);
size_t model_workspace_bytes(const model_workspace *workspace); /* of its activations */

/* The model's own; NULL without. */
model_workspace *model_own_workspace(model *model);

/* Precision of the matrix multiplications of linear layers and attention in its own workspace,
 * forward and backward: GEMM_FLOAT32 until this is called. Everything that is kept, and all other
 * arithmetic, is float32 in both. */
void model_set_precision(model *model, gemm_precision precision);

const model_config *model_configuration(const model *model);
const operations *model_operations(const model *model);
const parameter_table *model_parameter_table(const model *model);
float *model_weights(model *model);   /* [table.size] */
float *model_gradients(model *model); /* [table.size]; NULL unless training */

/* Checks an input against configuration and a workspace's limits: ids, types, lengths, positions,
 * order. */
bert_status model_workspace_check_input(const model_workspace *workspace, const model_input *input,
                                        bert_error *error);
/* … of the model's own workspace. */
bert_status model_check_input(const model *model, const model_input *input, bert_error *error);

/* Called during model_backward: gradients from `first` to the end of the buffer are final for this
 * pass. Falls to 0, layer by layer. */
typedef void model_gradients_ready(void *context, size_t first);
/* From here on; NULL: no callback. */
void model_watch_gradients(model *model, model_gradients_ready *ready, void *context);

/* The rows that are queries in a layer, and for which everything after its attention is computed.
 * The others are needed as keys and values alone: nothing reads their output, and its gradient is
 * zero. In the last layer, query rows are those that the heads read; in all others, and where
 * nearly all would be, every row is one. */
typedef struct query_rows {
    size_t count;
    const uint64_t *keys;     /* [count] of the rows in dropout */
    const int32_t *positions; /* [count] rows of the batch, increasing */
    const int32_t *starts;    /* [B + 1] first query row of a sequence; NULL: every row is one */
    /* Query, key and value are one linear layer, [3H, H]. Where every row is a query it is one
     * multiplication of all rows; else key and value are, and query is one of its own, of the
     * query rows. */
    size_t separate; /* rows of the latter: count; 0: every row is a query */
    size_t shared;   /* first output of the former: H; 0: every row is a query */
} query_rows;

/* Which rows of the last layer's output are computed: those of the tokens that heads read (masked
 * positions, first tokens), or all. */
typedef enum pass_rows { ROWS_NEEDED_BY_HEADS, ROWS_ALL } pass_rows;

/* One pass through a model, in a workspace: valid until the workspace's next one. */
typedef struct model_pass {
    const model *model;
    const model_workspace *workspace;
    const model_input *input;
    size_t tokens;
    query_rows last_queries; /* of the last layer */
    bool training;           /* dropout is drawn, activations are kept for the backward pass */
    uint64_t seed, step;
} model_pass;

/* Embeddings and encoder. In training dropout is drawn from (seed, step, sample number, position).
 */
model_pass model_forward(model_workspace *workspace, const model_input *input, pass_rows rows,
                         bool training, uint64_t seed, uint64_t step);

/* The heads with their losses. Each adds to `term` and, in training, the gradient of scale × sum to
 * the parameters' and to that of the encoder's output: a scale of 1 / (the weight in the global
 * batch) gives the gradient of the mean, however the batch is divided. The gradients of a head are
 * made along with its loss, block by block: the logits of all masked positions would not fit. */
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

/* From the gradient of the encoder's output, to which the losses added: adds to those of all its
 * parameters. */
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
void model_mlm_logits(model_workspace *workspace, const model_input *input, float *logits);

/* Logits [B, 2] of the NSP head. */
void model_nsp_logits(model_workspace *workspace, const model_input *input, float *logits);

/* Logits [B, num_labels] of the classification head: of the classes, or the numbers themselves. */
void model_label_logits(model_workspace *workspace, const model_input *input, float *logits);

/* Hidden states of the last layer, [T, hidden_size]: what embeddings are made of (the first token's
 * row, or the mean over a sequence's rows). Every model has them, whatever its head. */
void model_hidden_states(model_workspace *workspace, const model_input *input,
                         float *hidden_states);

/* Name of the first parameter whose value (or gradient) is not finite; NULL where all are. */
const char *model_find_nonfinite(const model *model, const float *buffer);

/* Bytes of a model with a workspace of its own, by purpose: for the plan of a run. */
typedef struct model_memory {
    size_t parameters, gradients, activations;
} model_memory;
model_memory model_memory_used(const model *model);

#endif
