/* Muon (Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks") as
 * torch.optim.Muon computes it: Nesterov's momentum of a weight matrix is brought close to the
 * nearest semi-orthogonal matrix by five Newton-Schulz iterations, and applied with decoupled
 * weight decay. What is not a matrix inside the encoder (embeddings, heads, biases, LayerNorm)
 * takes AdamW's step at the same learning rate. */
#include "base/memory.h"
#include "base/minmax.h"
#include "optim/adam.h"

#include <math.h>

enum { ITERATIONS = 5, ALIGNED = MEMORY_ALIGNMENT / sizeof(float) };

/* The quintic polynomial a x + b x³ + c x⁵ whose iteration takes singular values from (0, 1] to
 * near 1, steep at 0 (Jordan et al. 2024). */
static const float a = 3.4445f, b = -4.7750f, c = 2.0315f;
static const double epsilon = 1e-7;

static double rate_factor(const optimizer_settings *settings, size_t rows, size_t columns)
{
    if (settings->muon_adjustment == BERT_MUON_ADJUSTMENT_ORIGINAL)
        return sqrt(fmax(1, (double)rows / (double)columns));
    return 0.2 * sqrt((double)max_size(rows, columns));
}

/* momentum = beta · momentum + (1 − beta) · gradient; the gradient becomes Nesterov's
 * (1 − beta) · gradient + beta · momentum. */
static void direct(const optimizer_slice *slice, const optimizer_settings *settings,
                   const optimizer_step *step)
{
    const operations *operations = step->operations;
    float beta = (float)settings->momentum, scale = (float)step->gradient_scale;
    float rest = (float)(1 - settings->momentum) * scale;
    operations->values_axpby(slice->states[0], slice->gradients, slice->count, rest, beta);
    operations->values_axpby(slice->gradients, slice->states[0], slice->count, beta, rest);
}

static size_t aligned(size_t count)
{
    return (count + ALIGNED - 1) / ALIGNED * ALIGNED;
}

static size_t workspace(size_t rows, size_t columns)
{
    size_t low = min_size(rows, columns);
    return 2 * (aligned(rows * columns) + aligned(low * low));
}

/* One iteration: out = a X + (b XXᵀ + c (XXᵀ)²) X, all [rows, columns]; gram and square [rows,
 * rows].
 */
static void iterate(float *out, const float *x, float *gram, float *square, size_t rows,
                    size_t columns, const optimizer_step *step)
{
    const operations *operations = step->operations;
    operations->linear_forward(step->precision, gram, x, x, NULL, rows, columns, rows);
    operations->linear_forward(step->precision, square, gram, gram, NULL, rows, rows, rows);
    operations->values_axpby(square, gram, rows * rows, b, c);
    operations->linear_backward_input(step->precision, out, square, x, rows, columns, rows);
    operations->values_axpby(out, x, rows * columns, a, 1);
}

/* Works on the transpose of a matrix with more rows than columns: the products XXᵀ are then the
 * smaller ones. */
static void orthogonalize(const optimizer_matrix *matrix, float *memory,
                          const optimizer_settings *settings, const optimizer_step *step)
{
    const operations *operations = step->operations;
    bool is_tall = matrix->rows > matrix->columns;
    size_t rows = min_size(matrix->rows, matrix->columns);
    size_t columns = max_size(matrix->rows, matrix->columns), count = rows * columns;
    float *x = memory, *next = x + aligned(count);
    float *gram = next + aligned(count), *square = gram + aligned(rows * rows);
    (void)settings;
    double norm = sqrt(operations->sum_of_squares(matrix->direction, count));
    if (is_tall)
        operations->matrix_transpose(x, matrix->direction, columns, rows);
    else
        operations->values_copy(x, matrix->direction, count);
    operations->values_axpby(x, x, count, 0, (float)(1 / fmax(norm, epsilon)));
    for (int i = 0; i < ITERATIONS; i++) {
        iterate(next, x, gram, square, rows, columns, step);
        float *other = x;
        x = next;
        next = other;
    }
    if (is_tall)
        operations->matrix_transpose(matrix->direction, x, rows, columns);
    else
        operations->values_copy(matrix->direction, x, count);
}

static void update(const optimizer_slice *slice, const optimizer_settings *settings,
                   const optimizer_step *step)
{
    if (!slice->matrix) {
        adamw_update(slice, settings, step);
        return;
    }
    float keep = (float)(1 - step->learning_rate * settings->weight_decay);
    step->operations->values_axpby(slice->weights, slice->gradients, slice->count,
                                   (float)-(step->learning_rate * slice->rate_factor), keep);
}

const optimizer_type optimizer_muon = {
    .name = "muon",
    .states = {"first_moment", "second_moment"},
    .direct = direct,
    .rate_factor = rate_factor,
    .orthogonalize = orthogonalize,
    .workspace = workspace,
    .update = update,
};
