#include "train/losses.h"

#include <math.h>

const loss_description loss_descriptions[LOSS_KINDS] = {
#define DESCRIPTION(kind, name, in_total, has_accuracy) {name, in_total, has_accuracy},
    LOSS_KINDS_LIST(DESCRIPTION)
#undef DESCRIPTION
};

void losses_add(loss_sums *sums, const loss_sums *losses)
{
    for (int kind = 0; kind < LOSS_KINDS; kind++) {
        loss_term *sum = &sums->terms[kind];
        const loss_term *term = &losses->terms[kind];
        sum->sum += term->sum;
        sum->weight += term->weight;
        sum->count += term->count;
        sum->correct += term->correct;
    }
}

bool losses_finite(const loss_sums *losses)
{
    for (int kind = 0; kind < LOSS_KINDS; kind++)
        if (!isfinite(losses->terms[kind].sum))
            return false;
    return true;
}

double loss_mean(const loss_sums *losses, loss_kind kind)
{
    const loss_term *term = &losses->terms[kind];
    return term->weight > 0 ? term->sum / term->weight : NAN;
}

double loss_accuracy(const loss_sums *losses, loss_kind kind)
{
    const loss_term *term = &losses->terms[kind];
    if (!loss_descriptions[kind].has_accuracy || term->count == 0)
        return NAN;
    return (double)term->correct / (double)term->count;
}

double losses_total(const loss_sums *losses)
{
    double total = 0;
    bool counted = false;
    for (int kind = 0; kind < LOSS_KINDS; kind++)
        if (loss_descriptions[kind].in_total && losses->terms[kind].weight > 0) {
            total += loss_mean(losses, (loss_kind)kind);
            counted = true;
        }
    return counted ? total : NAN;
}
