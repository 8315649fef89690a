/* What follows each other in a run, with shares of its steps: "128:0.9,512:0.1". */
#ifndef TRAIN_SHARE_LIST_H
#define TRAIN_SHARE_LIST_H

#include "base/error.h"

enum { SHARE_LIST_MOST = 16 };

typedef struct share_list {
    int64_t numbers[SHARE_LIST_MOST];
    double shares[SHARE_LIST_MOST];
    int count;
} share_list;

/* How the messages put it. */
typedef struct share_list_form {
    const char *option, *numbers, *example; /* "--sequence-schedule", "lengths" */
    int64_t minimum, maximum;
} share_list_form;

/* The shares are above 0 and add up to 1. */
bert_status share_list_parse(share_list *list, const char *text, const share_list_form *form,
                             bert_error *error);

#endif
