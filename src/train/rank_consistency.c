#include "train/rank_consistency.h"

#include "base/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <xxhash.h>

/* Compares `count` numbers of all ranks; names[i] names number i. */
static bert_status compare(bert_job *job, const uint64_t *mine, size_t count,
                           const char *const *names, int64_t step, bert_error *error)
{
    if (!job)
        return BERT_OK;
    uint64_t *all;
    TRY(memory_array((void **)&all, (size_t)bert_job_size(job), count * sizeof *mine,
                     "checksums of ranks", error));
    bert_status status = job_allgather(job, mine, count * sizeof *mine, all, error);
    for (size_t rank = 1; rank < (size_t)bert_job_size(job) && status == BERT_OK; rank++)
        for (size_t i = 0; i < count && status == BERT_OK; i++)
            if (all[rank * count + i] != all[i])
                status = job_failed(
                    job, error_set(error, BERT_ERROR_INPUT,
                                   "rank %zu of %d has other %s than rank 0 at step %" PRId64
                                   "; all ranks need the same program, data and options",
                                   rank, bert_job_size(job), names[i], step));
    free(all);
    return status;
}

bert_status rank_consistency_check_start(bert_job *job, const rank_fingerprint *mine,
                                         bert_error *error)
{
    static const char *const names[] = {"data", "settings", "checkpoint"};
    const uint64_t numbers[] = {mine->data, mine->settings, (uint64_t)mine->step};
    return compare(job, numbers, 3, names, mine->step, error);
}

bert_status rank_consistency_check_parameters(bert_job *job, const float *values, size_t count,
                                              int64_t step, bert_error *error)
{
    static const char *const names[] = {"parameters"};
    uint64_t checksum = job ? XXH3_64bits(values, count * sizeof *values) : 0;
    return compare(job, &checksum, 1, names, step, error);
}
