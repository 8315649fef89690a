/* Batches of the caller's own (bert/session.h): copied, checked completely, and used as the batches
 * that samplers draw. */
#ifndef TRAIN_OWN_BATCHES_H
#define TRAIN_OWN_BATCHES_H

#include "bert/session.h"
#include "dataset/batch.h"
#include "model/config.h"
#include "train/micro_batch.h"

typedef struct own_batches {
    bert_batch_source source; /* next is NULL: batches are given for logits and losses alone */
    const model_config *config;
    micro_batch_limits limits;
    batch batch; /* the last one; owned */
} own_batches;

/* Which labels of a batch are read. Without NSP head there is no NSP label in any of them. */
typedef enum own_labels {
    OWN_LABELS_NONE, /* logits */
    OWN_LABELS_MLM,  /* a loss: NSP's where they are given */
    OWN_LABELS_ALL,  /* training: NSP's where the model has the head */
} own_labels;

/* That nothing is given which has no effect on batches of the caller's own, and all that they
 * need. */
bert_status own_batches_check_params(const bert_pretrain_params *params, bert_error *error);

/* Memory for every batch within the limits; `source` is set before. `config` must outlive it. */
bert_status own_batches_create(own_batches *own, const model_config *config,
                               const micro_batch_limits *limits, bert_error *error);
void own_batches_free(own_batches *own); /* safe on a zeroed struct */

/* Copies a batch into own->batch. The sequences are numbered from 0 on in dropout: it is drawn from
 * the step's number, too. On failure own->batch is empty. */
bert_status own_batches_take(own_batches *own, const bert_batch *given, own_labels labels,
                             bert_error *error);

/* The batch of a step, counted from 0, with `sequences` sequences, numbered from `first` on. */
bert_status own_batches_next(own_batches *own, int64_t step, int sequences, uint64_t first,
                             const batch **batch, bert_error *error);

#endif
