/* A job of several processes, its ranks, that train one model together: `mpirun -n 4 bert
 * pretrain`.
 *
 * The ranks find each other through MPI, which is loaded only where a launcher (mpirun, srun) has
 * started the process: a single process never waits for it. Every rank calls bert_pretrain with
 * the same parameters; rank 0 alone writes and talks to its observer. */
#ifndef BERT_JOB_H
#define BERT_JOB_H

#include "bert/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bert_job bert_job;

typedef struct bert_job_params {
    double rank_timeout; /* seconds; a rank without heartbeats for so long ends the job */
    /* Called once, from a thread of the library, before a lost rank ends the job, with one line
     * that names the rank. The process ends after the call. NULL: no callback. */
    void (*on_rank_lost)(void *context, const char *message);
    void *context;
} bert_job_params;
BERT_API bert_job_params bert_job_params_default(void);

/* Joins the other ranks. *job is NULL where no launcher has started several processes; every
 * function that takes a job takes NULL for a single process. Fails where a launcher has, but this
 * library or this machine has no MPI: every process would train a model of its own. At most once in
 * a process. */
BERT_API bert_status bert_job_join(bert_job **job, const bert_job_params *params,
                                   bert_error *error);

BERT_API int bert_job_rank(const bert_job *job); /* from 0 */
BERT_API int bert_job_size(const bert_job *job);

/* Whether this process is the one to report an error: rank 0 of those that failed together, or one
 * that failed alone. */
BERT_API bool bert_job_reports_error(const bert_job *job);

/* Finalizes the job after waiting for the other ranks. After an error that the others do not know
 * of it ends all of them instead, and does not return. NULL is fine. */
BERT_API void bert_job_finalize(bert_job *job);

#ifdef __cplusplus
}
#endif
#endif
