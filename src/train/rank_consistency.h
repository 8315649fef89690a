/* That all ranks of a job stand at the same place: the same settings and data when they begin, the
 * same parameters then and at every checkpoint. */
#ifndef TRAIN_RANK_CONSISTENCY_H
#define TRAIN_RANK_CONSISTENCY_H

#include "dist/job.h"

/* What a rank is about to do: checksums of its data and of all settings that the ranks have to
 * agree in, and where it begins. */
typedef struct rank_fingerprint {
    uint64_t data, settings;
    int64_t step;
} rank_fingerprint;

/* Fails on all ranks, naming the first that differs from rank 0 and in what. */
bert_status rank_consistency_check_start(bert_job *job, const rank_fingerprint *mine,
                                         bert_error *error);

/* values[count]: the parameters. `step` for the message. */
bert_status rank_consistency_check_parameters(bert_job *job, const float *values, size_t count,
                                              int64_t step, bert_error *error);

#endif
