/* Embedding look-ups, and the gather and scatter of rows, on the CPU: see operations.h. */
#ifndef MATH_EMBEDDING_H
#define MATH_EMBEDDING_H

#include <stddef.h>
#include <stdint.h>

void embedding_forward(float *out, const int32_t *ids, const int32_t *positions,
                       const uint8_t *types, const float *word, const float *position,
                       const float *type, size_t tokens, size_t columns);
void embedding_backward(float *d_word, float *d_position, float *d_type, const float *d_out,
                        const int32_t *ids, const int32_t *positions, const uint8_t *types,
                        int32_t pad_id, size_t tokens, size_t columns);
void rows_gather(float *out, const float *in, const int32_t *indices, size_t count, size_t columns);
void rows_scatter_add(float *out, const float *in, const int32_t *indices, size_t count,
                      size_t columns);
void rows_mean(float *out, const float *table, const int32_t *indices, size_t count,
               size_t columns);

#endif
