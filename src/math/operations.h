/* The operations that a training step and inference are made of, as a table of functions. model/,
 * optim/, dist/, train/, tasks/ and plan/ compute through it and never look into a tensor, so that
 * their code stays one whatever fills the table; math/ fills it for the CPU.
 *
 * A tensor is a `float *` into memory that memory_map of the same table returned: row-major,
 * without padding, in pieces that the caller's arena takes (base/memory.h). A type of its own for
 * elements would say nothing today: activations, gradients, weights and statistics are all float32,
 * and what is rounded to bfloat16 is so inside an operation. Indices (ids, positions, labels, row
 * keys, starts of sequences) are host data that callers may read and write. What an operation
 * returns (a sum, a loss) is a host value.
 *
 * No operation takes a context: a process computes on one device (with several, one rank each), and
 * what the device keeps belongs to those who fill the table. Operations run in the order of the
 * calls, each on all OpenMP threads of the caller, and give the same bits for any number of them.
 * Several threads may call at once.
 *
 * Where it is not said otherwise, outputs are overwritten and do not overlap inputs; "+=" says that
 * an output is added to. */
#ifndef MATH_OPERATIONS_H
#define MATH_OPERATIONS_H

#include "base/error.h"
#include "math/types.h"

typedef struct operations {
    /* ---- memory: zeroed, MEMORY_ALIGNMENT-aligned; unmapped with the same size ---- */

    bert_status (*memory_map)(void **out, size_t bytes, const char *what, bert_error *error);
    void (*memory_unmap)(void *memory, size_t bytes);

    /* ---- linear layers: weight[outputs, inputs] as PyTorch stores it. The precision is that of
     * the operands of the matrix multiplication; biases and their gradients are float32. Without
     * rows nothing is done ---- */

    /* out[rows, outputs] = in[rows, inputs] · weightᵀ + bias[outputs] (or NULL). */
    void (*linear_forward)(gemm_precision precision, float *out, const float *in,
                           const float *weight, const float *bias, size_t rows, size_t inputs,
                           size_t outputs);
    /* The same, and activated[rows, outputs] = activation(out), fused. */
    void (*linear_activation_forward)(gemm_precision precision, activation activation,
                                      float *activated, float *out, const float *in,
                                      const float *weight, const float *bias, size_t rows,
                                      size_t inputs, size_t outputs);
    /* d_in[rows, inputs] = d_out[rows, outputs] · weight. */
    void (*linear_backward_input)(gemm_precision precision, float *d_in, const float *d_out,
                                  const float *weight, size_t rows, size_t inputs, size_t outputs);
    /* The same, with d_in +=: where a residual's gradient is already. */
    void (*linear_backward_input_add)(gemm_precision precision, float *d_in, const float *d_out,
                                      const float *weight, size_t rows, size_t inputs,
                                      size_t outputs);
    /* linear_backward_input of a layer after an activation f: before[rows, inputs] is its input,
     * d_before the gradient (d_out · weight) · f′(before), and activated[rows, inputs] = f(before)
     * recomputed for linear_backward_weight, so that it need not be kept. */
    void (*linear_activation_backward_input)(gemm_precision precision, activation activation,
                                             float *d_before, float *activated, const float *d_out,
                                             const float *before, const float *weight, size_t rows,
                                             size_t inputs, size_t outputs);
    /* d_weight[outputs, inputs] += d_outᵀ · in; d_bias[outputs] += column sums of d_out (unless
     * NULL). */
    void (*linear_backward_weight)(gemm_precision precision, float *d_weight, float *d_bias,
                                   const float *d_out, const float *in, size_t rows, size_t inputs,
                                   size_t outputs);

    /* ---- self-attention inside each sequence of an unpadded batch (Vaswani et al. 2017, 3.2),
     * without a matrix of sequence length squared; the backward pass recomputes the probabilities
     * from log_sum_exp (Dao et al. 2022) ---- */

    /* qkv[tokens, 3 × hidden]: query, key, value of a token side by side, heads inside each; where
     * not every token is a query, key and value [tokens, 2 × hidden], and after them query
     * [queries, hidden]. out[queries, hidden]. log_sum_exp[heads, queries]: of the scaled scores,
     * kept for the backward pass; NULL where there is none. The probability of key j for query i of
     * head h is dropped as column j of the row with key row_keys[i] and site dropout->site + h. */
    void (*attention_forward)(gemm_precision precision, float *out, float *log_sum_exp,
                              const float *qkv, const attention_shape *shape,
                              const dropout *dropout, const uint64_t *row_keys);
    /* d_qkv is laid out as qkv. */
    void (*attention_backward)(gemm_precision precision, float *d_qkv, const float *d_out,
                               const float *out, const float *log_sum_exp, const float *qkv,
                               const attention_shape *shape, const dropout *dropout,
                               const uint64_t *row_keys);

    /* ---- layer normalization over the last dimension (Ba et al. 2016) ---- */

    /* out[rows, columns] = (in − mean) · reciprocal_deviation · gamma + beta, variance without
     * Bessel's correction, epsilon inside the root. mean, reciprocal_deviation [rows]: kept for the
     * backward pass; both may be NULL where there is none. out may be in if there is none. */
    void (*layernorm_forward)(float *out, float *mean, float *reciprocal_deviation, const float *in,
                              const float *gamma, const float *beta, size_t rows, size_t columns,
                              float epsilon);
    /* d_gamma[columns] +=, d_beta[columns] +=; d_in[rows, columns] may be d_out. */
    void (*layernorm_backward)(float *d_in, float *d_gamma, float *d_beta, const float *d_out,
                               const float *in, const float *mean,
                               const float *reciprocal_deviation, const float *gamma, size_t rows,
                               size_t columns);
    /* sum = residual + dropout(in), out = layernorm(sum), in one pass. sum may be in. */
    void (*dropout_residual_layernorm_forward)(float *out, float *sum, float *mean,
                                               float *reciprocal_deviation, const float *in,
                                               const float *residual, const dropout *dropout,
                                               const uint64_t *row_keys, const float *gamma,
                                               const float *beta, size_t rows, size_t columns,
                                               float epsilon);
    /* d_residual[rows, columns] = gradient of sum, d_in = the same through the dropout (the same
     * pointer for both where there is no dropout); d_gamma +=, d_beta +=. d_residual may be d_out.
     */
    void (*dropout_residual_layernorm_backward)(float *d_in, float *d_residual, float *d_gamma,
                                                float *d_beta, const float *d_out, const float *sum,
                                                const float *mean,
                                                const float *reciprocal_deviation,
                                                const dropout *dropout, const uint64_t *row_keys,
                                                const float *gamma, size_t rows, size_t columns);

    /* ---- activations and dropout, elementwise; outputs may be inputs ---- */

    /* out[count] = f(in), f being the activation; d_in[count] = d_out · f′(in). */
    void (*activation_forward)(activation activation, float *out, const float *in, size_t count);
    void (*activation_backward)(activation activation, float *d_in, const float *d_out,
                                const float *in, size_t count);
    /* out[count] = tanh(in); d_in = d_out · (1 − out²). */
    void (*tanh_forward)(float *out, const float *in, size_t count);
    void (*tanh_backward)(float *d_in, const float *d_out, const float *out, size_t count);
    /* out[rows, columns] = dropped and scaled in; row_keys[rows]. Its own backward pass. */
    void (*dropout_apply)(float *out, const float *in, const uint64_t *row_keys, size_t rows,
                          size_t columns, const dropout *dropout);

    /* ---- embeddings and rows ---- */

    /* out[tokens, columns] = word[ids[t]] + position[positions[t]] + type[types[t]]; `type` NULL:
     * the model has no token types, and `types` is not read. */
    void (*embedding_forward)(float *out, const int32_t *ids, const int32_t *positions,
                              const uint8_t *types, const float *word, const float *position,
                              const float *type, size_t tokens, size_t columns);
    /* The tables' gradients += rows of d_out; ids equal to `pad_id` get none in d_word, as
     * PyTorch's padding_idx has it. d_position and d_type may be NULL: such a table gets none. */
    void (*embedding_backward)(float *d_word, float *d_position, float *d_type, const float *d_out,
                               const int32_t *ids, const int32_t *positions, const uint8_t *types,
                               int32_t pad_id, size_t tokens, size_t columns);
    /* out[count, columns] = in[indices[i]]. */
    void (*rows_gather)(float *out, const float *in, const int32_t *indices, size_t count,
                        size_t columns);
    /* out[indices[i]] += in[i]; indices are strictly increasing. */
    void (*rows_scatter_add)(float *out, const float *in, const int32_t *indices, size_t count,
                             size_t columns);
    /* out[columns] = the mean of the rows table[indices[i]], count of them, at least one. */
    void (*rows_mean)(float *out, const float *table, const int32_t *indices, size_t count,
                      size_t columns);
    /* out[segments, columns]: means of the rows in[starts[s], starts[s + 1]), of which each segment
     * has at least one. */
    void (*segments_mean)(float *out, const float *in, const int32_t *starts, size_t segments,
                          size_t columns);
    /* Divides each of values[rows, columns] by its Euclidean norm, or by 1e-12 where that is less
     * (as torch.nn.functional.normalize). */
    void (*rows_normalize)(float *values, size_t rows, size_t columns);

    /* ---- losses, in nats ---- */

    /* logits[rows, classes], labels[rows]. */
    cross_entropy_sums (*cross_entropy_forward)(const float *logits, const int32_t *labels,
                                                size_t rows, size_t classes);
    /* The same, and logits become their gradient: scale × (softmax − one-hot). */
    cross_entropy_sums (*cross_entropy_forward_backward)(float *logits, const int32_t *labels,
                                                         size_t rows, size_t classes, float scale);
    /* Cross-entropy with class_weights[classes] (NULL: 1 for all), host values. gradient[rows,
     * classes] becomes scale × weight × (softmax − one-hot); it is `logits`, or NULL: not computed.
     */
    weighted_cross_entropy_sums (*weighted_cross_entropy)(const float *logits, float *gradient,
                                                          const int32_t *labels,
                                                          const float *class_weights, size_t rows,
                                                          size_t classes, float scale);
    /* probabilities[rows, classes] = softmax(logits); may be the same array. */
    void (*softmax_forward)(float *probabilities, const float *logits, size_t rows, size_t classes);
    /* The sum over the rows of the mean over the columns of (prediction − target)²; targets are
     * host values. gradient[rows, columns] becomes scale × its gradient; it may be `predictions`;
     * NULL: not computed. */
    double (*squared_error)(const float *predictions, float *gradient, const float *targets,
                            size_t rows, size_t columns, float scale);
    /* The sum over the rows of temperature² × KL(softmax(teacher / temperature) ‖ softmax(student /
     * temperature)) (Hinton et al. 2015); both logits are [rows, classes]. The teacher's become
     * scale × the gradient with respect to the student's. */
    double (*soft_targets)(const float *student, float *teacher, size_t rows, size_t classes,
                           float temperature, float scale);
    /* The sum over the rows of 1 − cos(student, teacher), both [rows, columns], as PyTorch's
     * CosineEmbeddingLoss with 1e-12 added to each square; d_student += scale × its gradient. */
    double (*cosine_distance)(float *d_student, const float *student, const float *teacher,
                              size_t rows, size_t columns, float scale);

    /* ---- flat memory ---- */

    /* out[count] = value; = 0, of large memory without reading it first; = in (they do not
     * overlap); sum[count] += other[count]. */
    void (*values_fill)(float *out, size_t count, float value);
    void (*values_zero)(float *out, size_t count);
    void (*values_copy)(float *out, const float *in, size_t count);
    void (*values_add)(float *sum, const float *other, size_t count);
    /* y[count] = a · x + b · y, as BLAS's axpby: optimizers without a loop of their own are made of
     * it. */
    void (*values_axpby)(float *y, const float *x, size_t count, float a, float b);
    /* Sum of squares, in double. */
    double (*sum_of_squares)(const float *values, size_t count);
    /* Whether every element is finite. */
    bool (*all_finite)(const float *values, size_t count);
    /* out[count] drawn from normal(0, deviation): element i is a function of (seed, index, i)
     * alone, by Box and Muller's method on the stream (seed, RANDOM_INITIAL_WEIGHTS, index). Only
     * operations that IEEE 754 rounds exactly are used, so every machine gets the same bits. */
    void (*normal_fill)(float *out, size_t count, double deviation, uint64_t seed, uint64_t index);
    /* out[positions, columns]: in row p, columns 2i and 2i + 1 are sine and cosine of
     * p / 10000^(2i / columns) (Vaswani et al. 2017, 3.5). */
    void (*sinusoids_fill)(float *out, size_t positions, size_t columns);
    /* out[columns, rows] = in[rows, columns]ᵀ. */
    void (*matrix_transpose)(float *out, const float *in, size_t rows, size_t columns);

    /* ---- optimizers; any number of threads gives the same bits ---- */

    /* weights[count] = keep × weights − step_size × first / (√second × reciprocal_root_correction2
     * + epsilon), where the moments [count] are brought up to date with gradient_scale × gradients
     * + l2 × weights. */
    void (*adam_update)(float *weights, const float *gradients, float *first_moment,
                        float *second_moment, size_t count, const adam_constants *constants);
    /* Adam's moments are brought up to date, and the gradients replaced by the direction corrected
     * first moment / (root of the corrected second one + epsilon) + weight_decay × weights. */
    tensor_squares (*lamb_direction)(const float *weights, float *gradients, float *first_moment,
                                     float *second_moment, size_t count,
                                     const lamb_constants *constants);

    /* ---- gradients of several ranks; on the calling thread alone, for they run during the
     * backward pass ---- */

    /* out[count] = rows[0][i] + rows[1][i] + …, in this order and in float32; `out` may be one of
     * the rows. row_count >= 1. */
    void (*rows_sum)(float *out, const float *const *rows, size_t row_count, size_t count);
    /* The same for rows in bfloat16; the sum is float32. */
    void (*rows_sum_bfloat16)(float *out, const uint16_t *const *rows, size_t row_count,
                              size_t count);
    /* To nearest, ties to even; a NaN stays one. */
    void (*bfloat16_from_float)(uint16_t *out, const float *values, size_t count);
    void (*float_from_bfloat16)(float *out, const uint16_t *values, size_t count);
} operations;

/* The CPU's: memory is the host's. */
const operations *cpu_operations(void);

#endif
