/* How many sequences a step has: ranks × micro-batches × sequences in one; or, with a ramp, sizes
 * that follow each other. The ranks share them out evenly, in as many micro-batches as it takes. */
#ifndef TRAIN_BATCH_SIZE_H
#define TRAIN_BATCH_SIZE_H

#include "base/text.h"
#include "train/settings.h"

bert_status batch_size_check(const bert_pretrain_params *params, bert_error *error);

/* Fills in the sizes and shares of settings->batches. */
bert_status batch_size_parts(run_settings *settings, bert_error *error);

/* Whether this many ranks can share the steps, and a step can be counted in int. */
bert_status batch_size_check_ranks(const run_settings *settings, int ranks, bert_error *error);

/* Appends the sizes of a run in words: "256" or "256 to 4096"; with `steps` "256 to step 100, 4096
 * to step 1000". */
bert_status batch_size_describe(text *out, const run_settings *settings, bool steps,
                                bert_error *error);

/* Tells where steps change in size, and what their size makes of the learning rate; nothing where
 * neither does. */
void batch_size_announce(const run_settings *settings, const bert_observer *observer);

#endif
