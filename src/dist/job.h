/* The ranks of a job: rank and size, small collectives, and agreement on errors. A NULL job is a
 * single process, rank 0 of 1, for which every call returns at once. */
#ifndef DIST_JOB_H
#define DIST_JOB_H

#include "base/error.h"
#include "bert/job.h"

/* Number of ranks on this machine, including this one: they share its cores. */
int job_local_size(const bert_job *job);

/* all[r] = `mine` of rank r, `bytes` bytes each, on every rank. Blocking; for small data. */
bert_status job_allgather(bert_job *job, const void *mine, size_t bytes, void *all,
                          bert_error *error);

/* Synchronises the status of all ranks: BERT_OK if all ranks pass BERT_OK; else, on all ranks, the
 * error of the lowest rank that failed, prefixed by its number. An error that may occur on some
 * ranks only must pass through here before the next collective call, in which the others would wait
 * forever. */
bert_status job_sync_status(bert_job *job, bert_status status, bert_error *error);

/* Marks an error that every rank has detected by itself, with the same message, as agreed upon. */
bert_status job_failed(bert_job *job, bert_status status);

/* Records an error on which a function of the job returned. If it was not agreed upon, the other
 * ranks wait forever: bert_job_finalize aborts them. */
void job_note(bert_job *job, bert_status status, bert_error *error);

/* A computing rank calls job_alive regularly. One that waits for a disk or for data calls
 * job_begin_waiting and job_end_waiting, and is not considered hung meanwhile, however long it
 * takes. */
void job_alive(bert_job *job);
void job_begin_waiting(bert_job *job);
void job_end_waiting(bert_job *job);

/* State of the work after a poll: nothing to do, no progress since the last poll, or progress. */
typedef enum job_state { JOB_IDLE, JOB_WAITING, JOB_MOVING } job_state;

/* Sets the work that the job's thread advances by polling, more often while it progresses. NULL:
 * none. Returns after the thread has finished a poll of the previous work. */
typedef job_state job_work(void *context);
void job_set_work(bert_job *job, job_work *work, void *context);
void job_wake(bert_job *job); /* tells the thread that there is work to do */

#endif
