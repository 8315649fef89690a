#include "math/layernorm.h"

#include "math/chunks.h"
#include "math/kernels/kernels.h"
#include "math/workspace.h"

#include <string.h>

void layernorm_forward(float *out, float *mean, float *reciprocal_deviation, const float *in,
                       const float *gamma, const float *beta, size_t rows, size_t columns,
                       float epsilon)
{
    const kernels *kernels = kernels_active();
#pragma omp parallel for schedule(static) if (rows * columns > CHUNK_WORTH_THREADS)
    for (size_t row = 0; row < rows; row++)
        kernels->layernorm_forward(out + row * columns, NULL, mean ? mean + row : NULL,
                                   reciprocal_deviation ? reciprocal_deviation + row : NULL,
                                   in + row * columns, NULL, NULL, 0, gamma, beta, columns,
                                   epsilon);
}

void dropout_residual_layernorm_forward(float *out, float *sum, float *mean,
                                        float *reciprocal_deviation, const float *in,
                                        const float *residual, const dropout *dropout,
                                        const uint64_t *row_keys, const float *gamma,
                                        const float *beta, size_t rows, size_t columns,
                                        float epsilon)
{
    const kernels *kernels = kernels_active();
#pragma omp parallel for schedule(static) if (rows * columns > CHUNK_WORTH_THREADS)
    for (size_t row = 0; row < rows; row++)
        kernels->layernorm_forward(
            out + row * columns, sum + row * columns, mean ? mean + row : NULL,
            reciprocal_deviation ? reciprocal_deviation + row : NULL, in + row * columns,
            residual + row * columns, dropout, dropout->threshold ? row_keys[row] : 0, gamma, beta,
            columns, epsilon);
}

/* Sums over rows are formed in blocks of rows whose number depends on the shape alone. */
enum { MOST_BLOCKS = 64, LEAST_ROWS = 16 };

typedef struct backward {
    const kernels *kernels;
    float *d_in, *d_residual;
    const float *d_out, *in, *mean, *reciprocal_deviation, *gamma;
    const dropout *dropout; /* NULL: none */
    const uint64_t *row_keys;
    size_t columns;
} backward;

static void backward_rows(const backward *backward, size_t first, size_t end, float *gamma_sums,
                          float *beta_sums)
{
    for (size_t row = first; row < end; row++) {
        size_t offset = row * backward->columns;
        backward->kernels->layernorm_backward(
            backward->d_residual + offset, gamma_sums, beta_sums, backward->d_out + offset,
            backward->in + offset, backward->mean[row], backward->reciprocal_deviation[row],
            backward->gamma, backward->columns);
        if (backward->dropout && backward->dropout->threshold)
            backward->kernels->dropout(backward->d_in + offset, backward->d_residual + offset,
                                       backward->row_keys[row], backward->columns,
                                       backward->dropout);
        else if (backward->d_in != backward->d_residual)
            memcpy(backward->d_in + offset, backward->d_residual + offset,
                   backward->columns * sizeof(float));
    }
}

static void backward_all(const backward *backward, float *d_gamma, float *d_beta, size_t rows)
{
    size_t columns = backward->columns, floats;
    float *partial = workspace_of_thread(&floats);
    size_t blocks = rows / LEAST_ROWS < MOST_BLOCKS ? rows / LEAST_ROWS : MOST_BLOCKS;
    if (blocks * 2 * columns > floats)
        blocks = floats / (2 * columns);
    if (blocks < 2) {
        backward_rows(backward, 0, rows, d_gamma, d_beta);
        return;
    }
#pragma omp parallel for schedule(static)
    for (size_t block = 0; block < blocks; block++) {
        float *sums = partial + block * 2 * columns;
        memset(sums, 0, 2 * columns * sizeof *sums);
        backward_rows(backward, block * rows / blocks, (block + 1) * rows / blocks, sums,
                      sums + columns);
    }
    for (size_t block = 0; block < blocks; block++)
        for (size_t column = 0; column < columns; column++) {
            d_gamma[column] += partial[block * 2 * columns + column];
            d_beta[column] += partial[block * 2 * columns + columns + column];
        }
}

void layernorm_backward(float *d_in, float *d_gamma, float *d_beta, const float *d_out,
                        const float *in, const float *mean, const float *reciprocal_deviation,
                        const float *gamma, size_t rows, size_t columns)
{
    const backward backward = {.kernels = kernels_active(),
                               .d_in = d_in,
                               .d_residual = d_in,
                               .d_out = d_out,
                               .in = in,
                               .mean = mean,
                               .reciprocal_deviation = reciprocal_deviation,
                               .gamma = gamma,
                               .columns = columns};
    backward_all(&backward, d_gamma, d_beta, rows);
}

void dropout_residual_layernorm_backward(float *d_in, float *d_residual, float *d_gamma,
                                         float *d_beta, const float *d_out, const float *sum,
                                         const float *mean, const float *reciprocal_deviation,
                                         const dropout *dropout, const uint64_t *row_keys,
                                         const float *gamma, size_t rows, size_t columns)
{
    const backward backward = {.kernels = kernels_active(),
                               .d_in = d_in,
                               .d_residual = d_residual,
                               .d_out = d_out,
                               .in = sum,
                               .mean = mean,
                               .reciprocal_deviation = reciprocal_deviation,
                               .gamma = gamma,
                               .dropout = dropout,
                               .row_keys = row_keys,
                               .columns = columns};
    backward_all(&backward, d_gamma, d_beta, rows);
}
