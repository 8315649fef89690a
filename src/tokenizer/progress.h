/* Progress reports of vocabulary training. */
#ifndef TOKENIZER_PROGRESS_H
#define TOKENIZER_PROGRESS_H

#include "base/observer.h"

/* Reports progress; returns whether the observer requests a stop. */
static inline bool progress_tokens(const bert_observer *observer, size_t done, size_t total)
{
    double none = __builtin_nan("");
    observer_progress(observer, &(bert_progress){.job = "train-tokenizer",
                                                 .unit = "token",
                                                 .done = done,
                                                 .total = total,
                                                 .epoch = none,
                                                 .loss = none,
                                                 .learning_rate = none,
                                                 .tokens_per_second = none,
                                                 .seconds_left = none});
    return observer_should_stop(observer);
}

#endif
