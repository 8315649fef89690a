/* What the files of this module share: the layout of a model's parameters and activations, and the
 * functions that a pass is made of. Letters in shapes: T tokens, B sequences, M masked positions, Q
 * query rows (query_rows below), H hidden size, I intermediate size, V vocabulary, A attention
 * heads. */
#ifndef MODEL_INTERNAL_H
#define MODEL_INTERNAL_H

#include "base/memory.h"
#include "model/model.h"

/* Offsets into a buffer of the table's layout: values, or gradients. Valid for both a linear layer
 * and a LayerNorm. */
typedef struct weight_bias {
    size_t weight, bias;
} weight_bias;

typedef struct layer_parameters {
    weight_bias qkv;                               /* [3H, H], [3H] */
    weight_bias attention_output, attention_norm;  /* [H, H], [H]; [H], [H] */
    weight_bias intermediate, output, output_norm; /* [I, H], [I]; [H, I], [H]; [H], [H] */
} layer_parameters;

typedef struct model_parameters {
    size_t word, position, token_type;     /* [V, H], [positions, H], [types, H] if there are */
    weight_bias embedding_norm;            /* [H], [H] */
    layer_parameters *layers;              /* [layers] */
    size_t heads_offset;                   /* of what follows the last layer */
    weight_bias pooler;                    /* [H, H], [H] */
    weight_bias sequence_output;           /* NSP head [2, H], [2], or classifier [labels, H] … */
    size_t decoder_bias;                   /* [V] */
    weight_bias transform, transform_norm; /* [H, H], [H]; [H], [H] */
} model_parameters;

/* A LayerNorm's input and the statistics of its rows, kept for the backward pass. */
typedef struct norm_activations {
    float *in;                          /* [T, H] */
    float *mean, *reciprocal_deviation; /* [T] */
} norm_activations;

/* What the backward pass of a layer needs from its forward pass. Outputs of LayerNorms are not
 * kept: they are recomputed from their inputs, one pass over memory for two arrays a layer less. */
typedef struct layer_activations {
    float *qkv;         /* [T, 3H], laid out as attention_forward takes it (math/operations.h) */
    float *log_sum_exp; /* [A, Q] */
    float *context;     /* [Q, H] attention's result, before its output layer */
    norm_activations attention_norm; /* [Q, H] */
    float *intermediate;             /* [Q, I] before the activation */
    norm_activations output_norm;    /* [Q, H] */
} layer_activations;

/* Of the head on the first token of every sequence; O outputs. */
typedef struct sequence_activations {
    uint64_t *keys;                   /* [B] of the rows in dropout */
    float *first_tokens;              /* [B, H] */
    float *pooled, *dropped;          /* [B, H] after the activation, after dropout */
    float *d_first_tokens, *d_pooled; /* [B, H] */
    float *logits;                    /* [B, O] */
    int32_t *labels;                  /* [B] */
} sequence_activations;

typedef struct model_activations {
    /* Indices, which are host data: they are made from the input before the pass. */
    int32_t *positions; /* [T] in the sequence */
    uint64_t *row_keys; /* [T] of the rows in dropout */
    int32_t *query_positions;
    uint64_t *query_keys;  /* [Q] both: of the last layer's query rows */
    int32_t *query_starts; /* [B + 1] first query row of a sequence */

    norm_activations embedding_norm;
    layer_activations *layers; /* [layers_kept()]; where that is 1, used by all in turn */
    float *layer_inputs;       /* [layers, T, H] with gradient checkpointing */
    float *hidden;   /* [T, H] hidden states, from layer to layer; after the last one, zero in rows
                      * that are no query rows */
    float *d_hidden; /* [T, H] their gradient */

    /* Scratch of a layer; which of it shares memory, see encoder_scratch_plan. */
    float *query_hidden;     /* [Q, H] hidden states of the query rows, where not all rows are */
    float *d_query_hidden;   /* [Q, H] their gradient */
    float *attention_output; /* [Q, H] after attention's LayerNorm */
    float *activated;        /* [Q, I] after the activation */
    float *d_branch;         /* [Q, H] gradient of what is added to the residual */
    float *d_intermediate;   /* [Q, I] */
    float *d_context;        /* [Q, H] */
    float *d_qkv;            /* [T, 3H], as qkv */

    /* Heads; in the same memory as the encoder's scratch, for they run between its two passes. */
    float *gathered;    /* [M, H] hidden states of the masked positions */
    float *transformed; /* [M, H] before the activation */
    norm_activations transform_norm;
    float *decoder_in;   /* [M, H] */
    float *logits;       /* [LOGIT_ROWS, V] */
    float *d_decoder_in; /* [M, H]; then, in place, of the norm's input and of `transformed` */
    float *d_gathered;   /* [M, H] */
    sequence_activations sequence;
} model_activations;

struct model {
    const operations *operations;
    model_config config;
    parameter_table table;
    model_parameters parameters;
    float *values;              /* [table.size] */
    model_workspace *workspace; /* its own; NULL: others' are used */
};

struct model_workspace {
    const model *model;
    model_limits limits;
    gemm_precision precision;
    float *gradients; /* [table.size]; NULL unless training */
    model_activations activations;
    void *arena; /* of the activations */
    size_t arena_size;
    model_gradients_ready *gradients_ready; /* NULL: no callback */
    void *gradients_ready_context;
};

/* Which dropout: layer 0 is the embeddings', layer l + 1 the encoder's l-th, the next one the
 * classifier's. Attention takes one number for each head from DROPOUT_ATTENTION on. The numbers are
 * part of what makes runs bit-for-bit reproducible. */
enum dropout_site { DROPOUT_HIDDEN = 0, DROPOUT_OUTPUT = 1, DROPOUT_ATTENTION = 16 };
dropout pass_dropout(const model_pass *pass, double probability, int layer, enum dropout_site site);

/* The gradients from `first` on are final. */
void pass_gradients_ready(const model_pass *pass, size_t first);

/* Linear layers and LayerNorm with the parameters `p` of the model, in the pass's precision; as the
 * functions of math/operations.h. */
void pass_linear_forward(const model_pass *pass, float *out, const float *in, const weight_bias *p,
                         size_t rows, size_t inputs, size_t outputs);
void pass_linear_activation_forward(const model_pass *pass, float *activated, float *out,
                                    const float *in, const weight_bias *p, size_t rows,
                                    size_t inputs, size_t outputs);
void pass_linear_backward_input(const model_pass *pass, float *d_in, const float *d_out,
                                const weight_bias *p, size_t rows, size_t inputs, size_t outputs);
void pass_linear_backward_input_add(const model_pass *pass, float *d_in, const float *d_out,
                                    const weight_bias *p, size_t rows, size_t inputs,
                                    size_t outputs);
void pass_linear_activation_backward_input(const model_pass *pass, float *d_before,
                                           float *activated, const float *d_out,
                                           const float *before, const weight_bias *p, size_t rows,
                                           size_t inputs, size_t outputs);
/* Adds to the gradients of `p`. */
void pass_linear_backward_weight(const model_pass *pass, const weight_bias *p, const float *d_out,
                                 const float *in, size_t rows, size_t inputs, size_t outputs);
/* out[rows, H] from norm->in; its statistics are kept. */
void pass_layernorm_forward(const model_pass *pass, float *out, const norm_activations *norm,
                            const weight_bias *p, size_t rows);
/* The same again, in the backward pass. */
void pass_layernorm_recompute(const model_pass *pass, float *out, const norm_activations *norm,
                              const weight_bias *p, size_t rows);
/* d_in may be d_out. Adds to the gradients of `p`. */
void pass_layernorm_backward(const model_pass *pass, float *d_in, const float *d_out,
                             const norm_activations *norm, const weight_bias *p, size_t rows);

/* Every row; the rows that the heads read: masked positions, and first tokens where there is a head
 * on them. */
query_rows query_rows_all(const model_pass *pass);
query_rows query_rows_of_heads(const model_pass *pass);
/* The query rows [count, H] of in[T, H]: `in` itself where every row is one, else copied to `out`.
 */
float *query_rows_gather(const model_pass *pass, const query_rows *rows, float *out, float *in);
/* out[T, H]: `in` [count, H] in the query rows, zero in the others; nothing is done where `in` is
 * `out`, as query_rows_gather returns it. */
void query_rows_scatter(const model_pass *pass, const query_rows *rows, float *out,
                        const float *in);

/* Takes the arrays of a norm over `rows` rows. */
norm_activations norm_take(arena *arena, size_t rows, size_t columns);

void embeddings_plan(model_workspace *workspace, arena *arena);
void embeddings_forward(const model_pass *pass);
/* The second half of that, from the sum of the three embeddings to `hidden`. */
void embeddings_normalize(const model_pass *pass);
void embeddings_backward(const model_pass *pass);

/* Layers whose activations exist at once: all for training, unless they are recomputed. */
int layers_kept(const model_workspace *workspace);

/* Activations that are kept, and scratch of both passes. */
void encoder_plan(model_workspace *workspace, arena *arena);
void encoder_scratch_plan(model_workspace *workspace, arena *arena);
void encoder_forward(const model_pass *pass);
/* d_hidden: in, the gradient of the last layer's output; out, that of the embeddings' output.
 * Overwrites `hidden`. */
void encoder_backward(const model_pass *pass);

/* Whether a head reads the first token of every sequence. */
bool has_sequence_head(const model *model);

/* The heads, whose losses model.h declares. */
void mlm_head_plan(model_workspace *workspace, arena *arena);
/* The losses of the MLM head with a teacher's pass over the same input. */
void mlm_head_distill(const model_pass *pass, const model_pass *teacher, double temperature,
                      const distillation_scales *scales, loss_term *mlm, loss_term *soft);
void mlm_head_logits(const model_pass *pass, float *logits);
void sequence_head_plan(model_workspace *workspace, arena *arena);
void sequence_head_logits(const model_pass *pass, float *logits);

#endif
