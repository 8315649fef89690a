/* What the files of this module share: where a model's parameters and activations lie, and the
 * parts that a pass is made of. Letters in shapes: T tokens, B sequences, M masked positions, H
 * hidden size, I intermediate size, V vocabulary, A attention heads. */
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
    size_t heads_offset;                   /* where what lies behind the last layer begins */
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

/* What the backward pass of a layer needs from its forward pass. What LayerNorms put out is not
 * kept: it is computed again from their inputs, one pass over memory for two arrays a layer less.
 */
typedef struct layer_activations {
    float *qkv;         /* [T, 3H], as math/attention.h lays it out */
    float *log_sum_exp; /* [A, T] */
    float *context;     /* [T, H] attention's result, before its output layer. Here and below, in
                         * the last layer: of the rows that are read alone. */
    norm_activations attention_norm;
    float *intermediate; /* [T, I] before GELU */
    norm_activations output_norm;
} layer_activations;

/* Of the head on the first token of every sequence; O outputs. */
typedef struct sequence_activations {
    uint64_t *keys;                   /* [B] names of the rows in dropout */
    float *first_tokens;              /* [B, H] */
    float *pooled, *dropped;          /* [B, H] behind the activation, behind dropout */
    float *d_first_tokens, *d_pooled; /* [B, H] */
    float *logits;                    /* [B, O] */
    int32_t *labels;                  /* [B] */
} sequence_activations;

typedef struct model_activations {
    int32_t *positions; /* [T] place inside the sequence */
    uint64_t *row_keys; /* [T] names of the rows in dropout */
    int32_t *read_positions;
    uint64_t *read_keys;  /* [T] both: of the rows that are read of the last layer */
    int32_t *read_starts; /* [B + 1] where those of a sequence begin */
    norm_activations embedding_norm;
    layer_activations *layers; /* [kept_layers()]; where that is 1, used by all in turn */
    float *layer_inputs;       /* [layers, T, H] with gradient checkpointing */
    float *hidden;             /* [T, H] what flows from layer to layer; zero, behind the last one,
                                * in rows that are not read */
    float *attention_output;   /* [T, H] behind the norm in the middle of a layer */

    /* Scratch of the encoder. */
    float *activated; /* [T, I] behind GELU */
    float *d_hidden;  /* [T, H] gradient of what flows from layer to layer */
    float *d_branch;  /* [T, H] gradient of a branch beside the residual */
    float *d_wide;    /* [T, max(I, H)] */

    /* Heads; in the same memory as the encoder's scratch, for they run between its two passes. */
    float *gathered;    /* [M, H] hidden states of the masked positions */
    float *transformed; /* [M, H] before GELU */
    norm_activations transform_norm;
    float *decoder_in;    /* [M, H] */
    float *logits;        /* [LOGIT_ROWS, V] */
    float *d_head;        /* [M, H] */
    float *d_head_branch; /* [M, H] */
    sequence_activations sequence;
} model_activations;

struct model {
    const operations *operations;
    model_config config;
    model_limits limits;
    gemm_precision precision;
    parameter_table table;
    model_parameters parameters;
    model_activations activations;
    float *values, *gradients; /* [table.size] */
    void *arena;
    size_t arena_size;
    model_gradients_ready *gradients_ready; /* NULL: nobody is told */
    void *gradients_ready_context;
};

/* Which dropout: layer 0 is the embeddings', layer l + 1 the encoder's l-th, the one behind these
 * the classifier's. Attention takes one number for each head from DROPOUT_ATTENTION on. The numbers
 * are part of what makes runs repeat.
 */
enum dropout_site { DROPOUT_HIDDEN = 0, DROPOUT_OUTPUT = 1, DROPOUT_ATTENTION = 16 };
dropout pass_dropout(const model_pass *pass, double probability, int layer, enum dropout_site spot);

/* The gradients from `first` on are final. */
void pass_gradients_ready(const model_pass *pass, size_t first);

layer_rows all_rows(const model_pass *pass);
/* What heads read: masked positions, and first tokens where there is a head on them. */
layer_rows rows_of_heads(const model_pass *pass);

/* Takes the arrays of a norm over `rows` rows. */
norm_activations norm_take(arena *arena, size_t rows, size_t columns);

void embeddings_plan(model *model, arena *arena);
void embeddings_forward(const model_pass *pass);
/* The second half of that, from the sum of the three embeddings to `hidden`. */
void embeddings_normalize(const model_pass *pass);
void embeddings_backward(const model_pass *pass);

/* Layers whose activations are held at once: all for training, unless they are computed again. */
int kept_layers(const model *model);

/* Kept activations, and scratch of both passes. */
void encoder_plan(model *model, arena *arena);
void encoder_scratch_plan(model *model, arena *arena);
void encoder_forward(const model_pass *pass);
/* d_hidden: in, the gradient of the last layer's output; out, that of the embeddings' output.
 * Overwrites `hidden`. */
void encoder_backward(const model_pass *pass);

/* Whether the first token of every sequence goes into a head. */
bool has_sequence_head(const model *model);

/* The heads, whose losses model.h declares. */
void mlm_head_plan(model *model, arena *arena);
/* The losses of the MLM head with a teacher's pass over the same input. */
void mlm_head_distill(const model_pass *pass, const model_pass *teacher, double temperature,
                      const distillation_scales *scales, loss_term *mlm, loss_term *soft);
void mlm_head_logits(const model_pass *pass, float *logits);
void sequence_head_plan(model *model, arena *arena);
void sequence_head_logits(const model_pass *pass, float *logits);

#endif
