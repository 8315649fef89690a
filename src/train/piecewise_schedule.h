/* What follows each other in a run, with shares of its steps: "128:0.9,512:0.1". */
#ifndef TRAIN_PIECEWISE_SCHEDULE_H
#define TRAIN_PIECEWISE_SCHEDULE_H

#include "base/error.h"

enum { PIECEWISE_SCHEDULE_MAX = 16 };

typedef struct piecewise_schedule {
    int64_t numbers[PIECEWISE_SCHEDULE_MAX];
    double shares[PIECEWISE_SCHEDULE_MAX];
    int count;
} piecewise_schedule;

/* How the messages put it. */
typedef struct piecewise_schedule_format {
    const char *option, *numbers, *example; /* "params->sequence_schedule", "lengths" */
    int64_t minimum, maximum;
} piecewise_schedule_format;

/* The shares are above 0 and add up to 1. */
bert_status piecewise_schedule_parse(piecewise_schedule *list, const char *text,
                                     const piecewise_schedule_format *form, bert_error *error);

#endif
