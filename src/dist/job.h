/* The ranks of a job, as the modules above see them: who this one is, small collective calls, and
 * failing together. A NULL job is a process of its own: rank 0 of 1, for which every call is done
 * at once. */
#ifndef DIST_JOB_H
#define DIST_JOB_H

#include "base/error.h"
#include "bert/job.h"

/* Ranks on this machine, itself included: they share its cores. */
int job_local_size(const bert_job *job);

/* all[r] = `bytes` bytes of rank r, on every rank. For small things: it waits. */
bert_status job_allgather(bert_job *job, const void *mine, size_t bytes, void *all,
                          bert_error *error);

/* Where every rank learns how all did: BERT_OK where all were well; else the error of the lowest
 * rank that was not, the same on all ranks, with its name before it. Every failure that only some
 * ranks meet has to pass through here before the next collective call: the others wait there. */
bert_status job_sync_status(bert_job *job, bert_status status, bert_error *error);

/* A failure of the whole job that every rank has noticed by itself, in the same way, and says in
 * the same words: as if agreed. */
bert_status job_failed(bert_job *job, bert_status status);

/* Notes an error that left a job's function. Where it was not agreed upon, the other ranks wait in
 * vain: bert_job_finalize ends them. */
void job_note(bert_job *job, bert_status status, bert_error *error);

/* A rank that computes calls job_alive now and then; one that waits for a disk, or for data being
 * made ready, says so: it is not taken for hung however long that lasts. */
void job_alive(bert_job *job);
void job_begin_waiting(bert_job *job);
void job_end_waiting(bert_job *job);

/* How a piece of work stands after a look at it: nothing is under way, nothing has moved since the
 * last look, or something has. */
typedef enum job_state { JOB_IDLE, JOB_WAITING, JOB_MOVING } job_state;

/* One piece of work that the job's own thread moves on, and looks at again the sooner the more it
 * moves. NULL: none. Returns when the thread is done with the one before. */
typedef job_state job_work(void *context);
void job_set_work(bert_job *job, job_work *work, void *context);
void job_wake(bert_job *job); /* the work has something to do */

#endif
