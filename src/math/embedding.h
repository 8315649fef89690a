/* Embedding look-ups and the gather and scatter of rows. */
#ifndef MATH_EMBEDDING_H
#define MATH_EMBEDDING_H

#include <stddef.h>
#include <stdint.h>

/* out[tokens, columns] = word[ids[t]] + position[positions[t]] + type[types[t]]; `type` NULL: the
 * model has no token types, and `types` is not read. */
void embedding_forward(float *out, const int32_t *ids, const int32_t *positions,
                       const uint8_t *types, const float *word, const float *position,
                       const float *type, size_t tokens, size_t columns);

/* Adds d_out's rows to the tables' gradients; ids equal to `pad_id` get none in d_word, as
 * PyTorch's padding_idx has it. d_position and d_type may be NULL: such a table gets none. Any
 * number of threads gives the same bits. */
void embedding_backward(float *d_word, float *d_position, float *d_type, const float *d_out,
                        const int32_t *ids, const int32_t *positions, const uint8_t *types,
                        int32_t pad_id, size_t tokens, size_t columns);

/* out[count, columns] = in[indices[i]]. */
void rows_gather(float *out, const float *in, const int32_t *indices, size_t count, size_t columns);

/* out[columns] = the mean of the rows table[indices[i]], count of them, at least one. */
void rows_mean(float *out, const float *table, const int32_t *indices, size_t count,
               size_t columns);

/* out[indices[i]] += in[i]; indices rise strictly. */
void rows_scatter_add(float *out, const float *in, const int32_t *indices, size_t count,
                      size_t columns);

#endif
