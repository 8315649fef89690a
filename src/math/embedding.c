#include "math/embedding.h"

#include "base/minmax.h"

#include <string.h>

void embedding_forward(float *out, const int32_t *ids, const int32_t *positions,
                       const uint8_t *types, const float *word, const float *position,
                       const float *type, size_t tokens, size_t columns)
{
#pragma omp parallel for schedule(static)
    for (size_t token = 0; token < tokens; token++) {
        const float *word_row = word + (size_t)ids[token] * columns;
        const float *position_row = position + (size_t)positions[token] * columns;
        float *row = out + token * columns;
        if (!type) {
            for (size_t column = 0; column < columns; column++)
                row[column] = word_row[column] + position_row[column];
            continue;
        }
        const float *type_row = type + (size_t)types[token] * columns;
        for (size_t column = 0; column < columns; column++)
            row[column] = word_row[column] + type_row[column] + position_row[column];
    }
}

static void row_add(float *table, size_t row, size_t columns, size_t first, const float *gradient,
                    size_t count)
{
    float *sum = table + row * columns + first;
    for (size_t i = 0; i < count; i++)
        sum[i] += gradient[i];
}

/* Columns of a unit of work: whole cache lines, and enough of them to be worth it. */
enum { COLUMN_BLOCK = 64 };

void embedding_backward(float *d_word, float *d_position, float *d_type, const float *d_out,
                        const int32_t *ids, const int32_t *positions, const uint8_t *types,
                        int32_t pad_id, size_t tokens, size_t columns)
{
    /* Divided by columns: each element is summed by one thread, in the order of the tokens. */
#pragma omp parallel for schedule(static)
    for (size_t first = 0; first < columns; first += COLUMN_BLOCK) {
        size_t count = min_size(COLUMN_BLOCK, columns - first);
        for (size_t token = 0; token < tokens; token++) {
            const float *gradient = d_out + token * columns + first;
            if (ids[token] != pad_id)
                row_add(d_word, (size_t)ids[token], columns, first, gradient, count);
            if (d_position)
                row_add(d_position, (size_t)positions[token], columns, first, gradient, count);
            if (d_type)
                row_add(d_type, types[token], columns, first, gradient, count);
        }
    }
}

void rows_gather(float *out, const float *in, const int32_t *indices, size_t count, size_t columns)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * columns, in + (size_t)indices[i] * columns, columns * sizeof *out);
}

void rows_mean(float *out, const float *table, const int32_t *indices, size_t count, size_t columns)
{
    for (size_t column = 0; column < columns; column++) {
        double sum = 0;
        for (size_t i = 0; i < count; i++)
            sum += table[(size_t)indices[i] * columns + column];
        out[column] = (float)(sum / (double)count);
    }
}

void rows_scatter_add(float *out, const float *in, const int32_t *indices, size_t count,
                      size_t columns)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < count; i++) { /* the indices differ, so no two threads share a row */
        float *row = out + (size_t)indices[i] * columns;
        for (size_t column = 0; column < columns; column++)
            row[column] += in[i * columns + column];
    }
}
