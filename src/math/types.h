/* What operations on tensors take besides tensors (operations.h): plain values of the host. */
#ifndef MATH_TYPES_H
#define MATH_TYPES_H

#include "bert/choices.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The precision of the operands of a matrix multiplication. GEMM_BFLOAT16 rounds each of them to
 * bfloat16 as it is packed (to nearest, ties to even; NaN stays NaN, subnormal numbers become
 * zero), and multiplies and adds in float32. Nothing in memory is bfloat16. The exponents are those
 * of float32, so no gradient underflows and no loss needs scaling. On processors with AVX512-BF16 a
 * multiplication takes about half the time; everywhere else the rounding is the same and nothing is
 * gained. */
typedef enum gemm_precision { GEMM_FLOAT32, GEMM_BFLOAT16 } gemm_precision;

/* As an option says it. */
gemm_precision gemm_precision_of(bert_precision precision);

/* An activation function: its number in the table of math/kernels/activation.inc. */
typedef int activation;
enum { ACTIVATION_GELU, ACTIVATION_RELU };

/* By the name that `transformers` has for it in hidden_act; false: there is none. */
bool activation_find(activation *found, const char *name);
/* NULL for numbers that none has: the table is 0, 1 … up to the first of them. */
const char *activation_name(activation activation);

/* Dropout whose mask is a function of an element's position, so that it does not depend on
 * threads, instruction set or micro-batches, and is drawn again in the backward pass instead of
 * being stored.
 *
 * A row (a token in hidden dropout; a query of one head in attention) has a 64-bit key. Its columns
 * are taken in blocks of 128: lane l (0…15) of block b is Philox4x32-10 of counter
 * {16 b + l, key low, key high, site}; bits 16 h … 16 h + 15 of its word w decide column
 * 128 b + 16 (2 w + h) + l. So 16 lanes computed in parallel give the masks of 16 adjacent
 * columns without a shuffle, in any vector width. An element is dropped where its 16 bits are below
 * `threshold`; the others are multiplied by `scale` = 1 / (1 − threshold / 65536), so the mean is
 * kept exactly. */
typedef struct dropout {
    uint32_t threshold; /* round(65536 × probability); 0: no dropout at all */
    float scale;
    uint32_t key[2]; /* of (seed, step) */
    uint32_t site;   /* which dropout of the model: one number for each layer and site in it */
} dropout;

/* probability in [0, 1). */
dropout dropout_at(double probability, uint64_t seed, uint64_t step, uint32_t site);

/* The key of a token's row: its sample's number and its position in its sequence. */
static inline uint64_t dropout_row_key(uint64_t sample_number, uint32_t position)
{
    return sample_number << 20 ^ position; /* max_position_embeddings is below 2^20 */
}

typedef struct attention_shape {
    size_t tokens, sequences, heads, head_size; /* hidden = heads × head_size */
    const int32_t *sequence_starts;             /* [sequences + 1] */
    /* Where not every token is a query: the queries of a sequence are those from
     * query_starts[sequence] to query_starts[sequence + 1] − 1 of `queries` in all. NULL: every
     * token is one, and `queries` is not read. */
    size_t queries;
    const int32_t *query_starts; /* [sequences + 1] */
} attention_shape;

typedef struct cross_entropy_sums {
    double loss;      /* sum over the rows of −log softmax(logits)[label] */
    uint64_t correct; /* rows whose largest logit is the label's (the first of equals counts) */
} cross_entropy_sums;

typedef struct weighted_cross_entropy_sums {
    double loss;      /* sum over the rows of weight × −log softmax(logits)[label] */
    double weight;    /* sum over the rows of the weights */
    uint64_t correct; /* as above */
} weighted_cross_entropy_sums;

/* The constants of one step of Adam, rounded to float once. */
typedef struct adam_constants {
    float beta1, one_minus_beta1, beta2, one_minus_beta2;
    float epsilon, step_size, reciprocal_root_correction2;
    float keep, l2; /* weights × keep, gradient + l2 × weights */
    float gradient_scale;
} adam_constants;

/* The same of LAMB. */
typedef struct lamb_constants {
    float gradient_scale;
    float beta1, one_minus_beta1, beta2, one_minus_beta2;
    float reciprocal_correction1, reciprocal_root_correction2;
    float epsilon, weight_decay;
} lamb_constants;

/* Sums of squares of a tensor, or of a part of it, and of the direction of its step: in double over
 * blocks of fixed size. */
typedef struct tensor_squares {
    double weights, direction;
} tensor_squares;

#endif
