/* The optimizers, as a table of functions over flat memory. Which memory that is, and on which
 * rank, says train/optimizer.h.
 *
 * To add one: a file of its own with its optimizer_type (adam.c is an example), its name in
 * OPTIMIZER_TYPES below, the file's in CMakeLists.txt; for the option, its value in bert/choices.h
 * and its row in options/choices.c (docs/contributing.md shows a whole one). */
#ifndef OPTIM_OPTIMIZERS_H
#define OPTIM_OPTIMIZERS_H

#include "base/error.h"
#include "math/operations.h"

typedef struct optimizer_settings {
    double beta1, beta2, epsilon;
    double weight_decay;
    double momentum;                      /* of Muon */
    bert_muon_adjustment muon_adjustment; /* of the learning rate to a matrix's shape */
} optimizer_settings;

/* One step; the same for all parameters. */
typedef struct optimizer_step {
    double learning_rate;
    double gradient_scale;        /* of clipping: gradients are multiplied by it as they are read */
    int64_t number;               /* counted from 1 */
    const operations *operations; /* to compute with */
    gemm_precision precision;     /* of matrix multiplications */
} optimizer_step;

enum { OPTIMIZER_STATES_MAX = 2 };

/* Adjacent parameters that are updated alike. All arrays are [count]. */
typedef struct optimizer_slice {
    float *weights;
    float *gradients; /* may be overwritten: they are set to zero before the next step */
    float *states[OPTIMIZER_STATES_MAX]; /* zero before the first step */
    size_t count;
    bool decay;  /* false: no weight decay (biases and LayerNorm) */
    bool matrix; /* part of a weight matrix inside the encoder; only with an optimizer of
                    matrices (optimizer_type.orthogonalize) */
    double
        rate_factor; /* of their tensor, on the learning rate: its trust ratio where the optimizer
                        is layer-wise, what its shape gives where it is of matrices; else 1 */
} optimizer_slice;

/* A weight matrix inside the encoder, as PyTorch stores it. */
typedef struct optimizer_matrix {
    float *direction; /* [rows, columns] */
    size_t rows, columns;
} optimizer_matrix;

/* Any number of threads, and any partition of the parameters into slices, gives the same bits. */
typedef struct optimizer_type {
    const char *name;
    /* What it keeps for each parameter: the names in optimizer.safetensors, a NULL after the last.
     */
    const char *states[OPTIMIZER_STATES_MAX + 1];
    /* Layer-wise optimizers alone, else NULL: a first pass over the slices with `decay`, each of
     * one tensor. Of a whole tensor the sums make the trust ratio. */
    tensor_squares (*prepare)(const optimizer_slice *slice, const optimizer_settings *settings,
                              const optimizer_step *step);
    double (*trust_ratio)(tensor_squares whole);
    /* Optimizers of matrices alone, else NULL. First the gradients of slices of matrices become
     * directions; then each whole matrix is orthogonalised in place, with orthogonal_workspace
     * floats of memory; `update` applies it. */
    void (*direct)(const optimizer_slice *slice, const optimizer_settings *settings,
                   const optimizer_step *step);
    void (*orthogonalize)(const optimizer_matrix *matrix, float *workspace,
                          const optimizer_settings *settings, const optimizer_step *step);
    size_t (*workspace)(size_t rows, size_t columns); /* floats */
    double (*rate_factor)(const optimizer_settings *settings, size_t rows, size_t columns);
    void (*update)(const optimizer_slice *slice, const optimizer_settings *settings,
                   const optimizer_step *step);
} optimizer_type;

/* Each NAME is that of optimizer_NAME. */
#define OPTIMIZER_TYPES(EACH) EACH(adamw) EACH(adam) EACH(lamb) EACH(muon)

#define DECLARE(name) extern const optimizer_type optimizer_##name;
OPTIMIZER_TYPES(DECLARE)
#undef DECLARE

/* An unknown name is an error that lists the known ones. */
bert_status optimizer_type_find(const optimizer_type **type, const char *name, bert_error *error);

/* How many arrays of the parameters' size an optimizer keeps. */
size_t optimizer_state_count(const optimizer_type *type);

#endif
