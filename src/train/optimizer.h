/* An optimizer's state as this rank holds it, and its updates of the parameters. Alone, or without
 * ZeRO, a rank holds all of it; with ZeRO stage 1 (Rajbhandari et al. 2020) its shards only. */
#ifndef TRAIN_OPTIMIZER_H
#define TRAIN_OPTIMIZER_H

#include "dist/exchange.h"
#include "model/parameters.h"
#include "optim/optimizers.h"

/* Adjacent parameters that are decayed alike, and whose state is contiguous. What has a rate factor
 * of its own (with a layer-wise optimizer what is decayed, with one of matrices those) is apart: a
 * range is then of one tensor and one rank. */
typedef struct optimizer_range {
    size_t offset, count; /* in the model's buffers */
    size_t state;         /* offset in the states */
    bool decay;
    bool scaled;  /* by the rate factor of its tensor */
    size_t entry; /* of the table; scaled only, as is the next */
    int owner;    /* the rank whose shard it is, whether the state is sharded or not */
} optimizer_range;

/* That what only Muon reads, of the parameters of pre-training or fine-tuning, was not changed for
 * another optimizer. */
bert_status optimizer_figures_check(bert_optimizer kind, double muon_momentum,
                                    bert_muon_adjustment muon_adjust_lr_fn, bert_error *error);

typedef struct optimizer {
    const parameter_table *table;
    bert_job *job; /* NULL: alone */
    layout layout;
    bool sharded; /* ZeRO */
    const operations *operations;
    const optimizer_type *type;
    optimizer_settings settings;
    optimizer_range *ranges; /* rising, owned */
    size_t range_count;
    float *states[OPTIMIZER_STATES_MAX]; /* [state_size] each that the type has; owned */
    size_t state_size;
    /* Layer-wise optimizers', of each entry of the table: the sums of squares of every rank's
     * shards, [ranks][entries]; those of this rank while they are made, [entries], if sharded;
     * ratios, [entries]. */
    tensor_squares *squares, *own_squares;
    double *ratios;               /* rate factors, of optimizers of matrices too */
    struct matrix_work *matrices; /* owned; optimizers of matrices alone (optimizer_matrices.h) */
    float *bucket; /* [layout.bucket] a bucket of states on its way to a file; sharded only */
} optimizer;

/* `sharded`: ZeRO stage 1, where there is a job. `table` must outlive it. */
bert_status optimizer_create(optimizer *optimizer, const optimizer_type *type,
                             const optimizer_settings *settings, bool sharded,
                             const parameter_table *table, const operations *operations,
                             bert_job *job, bert_error *error);
void optimizer_free(optimizer *optimizer); /* safe on a zeroed struct */

/* Back to the state before the first step. */
void optimizer_reset(optimizer *optimizer);

/* Updates what this rank updates; gradients may be overwritten. Sharded, the parameters of other
 * ranks are fetched through `exchange`; else it is not used. Norms of tensors are summed over a
 * rank's shards and then over the ranks in their order, with ZeRO and without: both give the same
 * bits. */
bert_status optimizer_update(const optimizer *optimizer, float *weights, float *gradients,
                             const optimizer_step *step, exchange *exchange, bert_error *error);

/* Whether an update does: layer-wise optimizers and those of matrices make their direction in their
 * memory. */
bool optimizer_overwrites_gradients(const optimizer *optimizer);

/* What this rank adds to the square of the gradients' norm: the sum of the squares of gradients
 * whose sums it has, its own shards. Summed over the ranks in their order it is the same on all of
 * them, and the same bits with ZeRO and without. */
double optimizer_own_squares(const optimizer *optimizer, const float *gradients);

/* optimizer.safetensors: states under their parameters' names, the same file however many ranks
 * hold them. Collective: rank 0 writes, the others hand it their shards, and have no error of their
 * own. */
bert_status optimizer_write(const optimizer *optimizer, int64_t step, const char *path,
                            bert_error *error);
/* Each rank what it holds. */
bert_status optimizer_read(const optimizer *optimizer, int64_t step, const char *path,
                           bert_error *error);

#endif
