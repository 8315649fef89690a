/* Commands that several ranks may run together (mpirun -n N bert …). */
#ifndef CLI_RANKS_H
#define CLI_RANKS_H

#include "bert.h"

typedef struct rank_command {
    /* On every rank; all but rank 0 have an observer with should_stop alone. */
    bert_status (*work)(void *context, bert_job *job, const bert_observer *observer,
                        bert_error *error);
    int (*show)(void *context); /* what came out of it, on one rank; the exit code */
    void *context;
} rank_command;

/* Joins the other ranks, if there are any, runs the command, finalizes the job. Returns the exit
 * code. */
int ranks_run(const bert_job_params *params, const rank_command *command);

#endif
