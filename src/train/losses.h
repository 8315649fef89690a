/* The losses that objectives have, summed over steps and ranks, and what they are called. */
#ifndef TRAIN_LOSSES_H
#define TRAIN_LOSSES_H

#include "model/model.h"

/* The order is that of their keys in metrics.jsonl. */
typedef enum loss_kind {
    LOSS_MLM,
    LOSS_NSP,
    LOSS_SOFT,   /* distillation: from the teacher's predictions */
    LOSS_COSINE, /* distillation: from the direction of its hidden states */
    LOSS_LABELS, /* classification or regression */
    LOSS_KINDS
} loss_kind;

typedef struct loss_description {
    const char *name;  /* "mlm": mlm_loss, mlm_accuracy */
    bool in_total;     /* counts into what is called the loss */
    bool has_accuracy; /* predictions are right or wrong */
} loss_description;
extern const loss_description loss_descriptions[LOSS_KINDS];

typedef struct loss_sums {
    loss_term terms[LOSS_KINDS];
} loss_sums;

void losses_add(loss_sums *sums, const loss_sums *losses);
bool losses_finite(const loss_sums *losses);

/* Means; NaN where nothing was counted. The total is the sum of those of `in_total` that were. */
double loss_mean(const loss_sums *losses, loss_kind kind);
double loss_accuracy(const loss_sums *losses, loss_kind kind);
double losses_total(const loss_sums *losses);

#endif
