/* The optimizer's state as this rank holds it, and its updates of the parameters. Alone, or without
 * ZeRO, a rank holds all of it; with ZeRO stage 1 (Rajbhandari et al. 2020) its own pieces only. */
#ifndef TRAIN_OPTIMIZER_H
#define TRAIN_OPTIMIZER_H

#include "dist/exchange.h"
#include "model/parameters.h"
#include "optim/lamb.h"
#include "train/settings.h"

enum { OPTIMIZER_MOMENTS = 2 };

/* Neighbouring parameters that are decayed alike, and whose state lies together. With LAMB those
 * that are decayed are apart: a range is then of one tensor and one rank. */
typedef struct optimizer_range {
    size_t offset, count; /* in the model's buffers */
    size_t state;         /* offset in the moments */
    bool decay;
    bool scaled;  /* by the trust ratio of its tensor */
    size_t entry; /* of the table; scaled only, as is the next */
    int owner;    /* the rank whose piece it is, whether the state is sharded or not */
} optimizer_range;

typedef struct optimizer {
    const parameter_table *table;
    bert_job *job; /* NULL: alone */
    layout layout;
    bool sharded;   /* ZeRO */
    bool layerwise; /* LAMB */
    adam_settings adam;
    optimizer_range *ranges; /* rising, owned */
    size_t range_count;
    float *moments[OPTIMIZER_MOMENTS]; /* [state_count] first, second; owned */
    size_t state_count;
    /* LAMB's, of each entry of the table: the sums of squares of every rank's pieces, [ranks]
     * [entries]; those of this rank while they are made, [entries], if sharded; ratios, [entries].
     */
    direction_squares *squares, *own_squares;
    double *ratios;
    float *bucket; /* [layout.bucket] a bucket of moments on its way to a file; sharded only */
} optimizer;

/* `table` must outlive it. */
bert_status optimizer_create(optimizer *optimizer, const bert_pretrain_params *params,
                             const parameter_table *table, bert_job *job, bert_error *error);
void optimizer_free(optimizer *optimizer); /* safe on a zeroed struct */

/* Step number `step`, counted from 1, of what this rank updates. Gradients are multiplied by
 * `scale` and set to zero behind. Sharded, the parameters of other ranks are fetched through
 * `exchange`; else it is not used. LAMB's norms are summed over a rank's pieces and then over the
 * ranks in their order, with ZeRO and without: both give the same bits. */
bert_status optimizer_update(const optimizer *optimizer, float *values, float *gradients,
                             double learning_rate, int64_t step, double scale, exchange *exchange,
                             bert_error *error);

/* Euclidean norm of gradients whose sums this rank has, at least in its own pieces: the same on all
 * ranks, and the same bits with ZeRO and without. `squares` is what this rank adds to it; the
 * caller sums that over the ranks in their order. */
double optimizer_own_squares(const optimizer *optimizer, const float *gradients);

/* optimizer.safetensors: moments under their parameters' names, the same file however many ranks
 * hold them. Collective: rank 0 writes, the others hand it their pieces, and have no error of their
 * own. */
bert_status optimizer_write(const optimizer *optimizer, int64_t step, const char *path,
                            bert_error *error);
/* Each rank what it holds. */
bert_status optimizer_read(const optimizer *optimizer, int64_t step, const char *path,
                           bert_error *error);

#endif
