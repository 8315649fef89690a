/* The losses that objectives have, summed over steps and ranks, and what they are called. */
#ifndef TRAIN_LOSSES_H
#define TRAIN_LOSSES_H

#include "model/model.h"

/* Of each: its name in the code and in logs ("mlm": mlm_loss, mlm_accuracy); whether it counts into
 * what is called the loss; whether predictions are right or wrong. The order is that of the keys in
 * metrics.jsonl. SOFT and COSINE are distillation's: from the teacher's predictions, and from the
 * direction of its hidden states. LABELS are of a classification or a regression. */
#define LOSS_KINDS_LIST(EACH)            \
    EACH(MLM, "mlm", true, true)         \
    EACH(NSP, "nsp", true, true)         \
    EACH(SOFT, "soft", false, false)     \
    EACH(COSINE, "cosine", false, false) \
    EACH(LABELS, "label", true, false)

typedef enum loss_kind {
#define CONSTANT(kind, name, in_total, has_accuracy) LOSS_##kind,
    LOSS_KINDS_LIST(CONSTANT)
#undef CONSTANT
        LOSS_KINDS
} loss_kind;

typedef struct loss_description {
    const char *name;
    bool in_total, has_accuracy;
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
