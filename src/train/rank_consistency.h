/* That all ranks of a job stand at the same place: the same settings and data when they begin, the
 * same parameters then and at every checkpoint. */
#ifndef TRAIN_RANK_CONSISTENCY_H
#define TRAIN_RANK_CONSISTENCY_H

#include "dist/job.h"
#include "train/settings.h"

/* Fails on all ranks, naming the first that differs from rank 0 and in what. */
bert_status rank_consistency_check_start(bert_job *job, const run_settings *settings, int64_t step,
                                         bert_error *error);

/* values[count]: the parameters. `step` for the message. */
bert_status rank_consistency_check_parameters(bert_job *job, const float *values, size_t count,
                                              int64_t step, bert_error *error);

#endif
