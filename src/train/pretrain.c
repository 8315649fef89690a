/* bert_pretrain and bert_pretrain_resume: a run from its first step, or the next one, to its last.
 */
#include "base/observer.h"
#include "base/threads.h"
#include "train/pretraining.h"

#include <inttypes.h>
#include <stdlib.h>

static void fill_result(const pretraining *run, bool finished, bert_pretrain_result *result)
{
    const train_state *state = &run->trainer.state;
    *result = (bert_pretrain_result){
        .steps = state->step,
        .finished = finished,
        .train_loss = state->train_loss,
        .eval_loss = state->eval_loss,
    };
    snprintf(result->checkpoint, sizeof result->checkpoint, "%s/checkpoint-%" PRId64,
             run->directory.path, state->step);
}

static bert_status run_and_report(pretraining *run, bert_pretrain_result *result, bert_error *error)
{
    bool finished;
    pretraining_announce(run);
    job_end_waiting(run->job); /* since it joined: all that follows reports */
    TRY(trainer_run(&run->trainer, &finished, error));
    fill_result(run, finished, result);
    if (finished)
        return BERT_OK;
    char *command;
    TRY(run_directory_resume_command(&command, run->directory.path, error));
    observer_message(run->observer, BERT_MESSAGE_INFO,
                     "stopped after step %" PRId64 " of %" PRId64 ", saved; to go on: %s",
                     result->steps, run->settings.total_steps, command);
    free(command);
    return BERT_OK;
}

bert_status bert_pretrain(const bert_pretrain_params *params, bert_pretrain_result *result,
                          const bert_observer *observer, bert_error *error)
{
    pretraining run = PRETRAINING_CLOSED;
    int before = threads_count();
    run.observer = observer;
    bert_status status = pretraining_open(&run, params, error);
    if (status == BERT_OK)
        status = run_and_report(&run, result, error);
    if (status == BERT_OK)
        pretraining_finish_push(&run);
    job_note(run.job, status, error);
    pretraining_close(&run);
    threads_use(before);
    return status;
}

static bert_status go_on(pretraining *run, bert_pretrain_result *result, bert_error *error)
{
    if (run->trainer.state.step < run->settings.total_steps)
        return run_and_report(run, result, error);
    fill_result(run, true, result);
    hub_push_folder(run->push, result->checkpoint, "End of training");
    observer_message(run->observer, BERT_MESSAGE_INFO,
                     "%s: finished already, after %" PRId64 " steps; the model is in %s",
                     run->directory.path, result->steps, result->checkpoint);
    return BERT_OK;
}

bert_status bert_pretrain_resume(const bert_resume_params *params, bert_pretrain_result *result,
                                 const bert_observer *observer, bert_error *error)
{
    pretraining run = PRETRAINING_CLOSED;
    int before = threads_count();
    run.observer = observer;
    bert_status status = pretraining_resume(&run, params, error);
    if (status == BERT_OK)
        status = go_on(&run, result, error);
    if (status == BERT_OK)
        pretraining_finish_push(&run);
    job_note(run.job, status, error);
    pretraining_close(&run);
    threads_use(before);
    return status;
}
