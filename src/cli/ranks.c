#include "ranks.h"

#include "console.h"

#include <stdlib.h>

static void report_lost(void *context, const char *message)
{
    (void)context;
    console_error("%s", message);
}

static bert_status work(const rank_command *command, bert_job *job, bert_error *error)
{
    bert_observer observer = console_observer;
    if (bert_job_rank(job) != 0) {
        observer.message = NULL;
        observer.progress = NULL;
    }
    return command->work(command->context, job, &observer, error);
}

/* One rank reports the result, and its exit status is that of the job: a launcher that sees another
 * one end with an error would end the rest in the middle of it. */
int ranks_run(const bert_job_params *params, const rank_command *command)
{
    bert_error error = {0};
    bert_job *job;
    bert_job_params told = *params;
    told.on_rank_lost = report_lost;
    console_catch_signals();
    if (bert_job_join(&job, &told, &error) != BERT_OK)
        return console_failure(&error);
    bert_status status = work(command, job, &error);
    int code = EXIT_SUCCESS;
    if (bert_job_reports_error(job))
        code = status == BERT_OK ? command->show(command->context) : console_failure(&error);
    bert_job_finalize(job);
    return code;
}
