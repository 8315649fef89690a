/* Everything that one pre-training run holds while it runs: from parameters, or from the directory
 * of a run, to a trainer that is ready for its next step. bert_pretrain (pretrain.c) runs it to the
 * end, a session (session.c) step by step. */
#ifndef TRAIN_PRETRAINING_H
#define TRAIN_PRETRAINING_H

#include "train/own_batches.h"
#include "train/run_directory.h"
#include "train/run_inputs.h"
#include "train/trainer.h"

typedef struct pretraining {
    /* Given by the caller before pretraining_open or _resume. */
    const bert_observer *observer;
    own_batches *own_batches; /* NULL: samples are drawn from data */

    bert_job *job; /* the caller's */
    run_settings settings;
    run_directory directory;
    run_inputs run_inputs;
    model_config config;
    char *weights;    /* file with the initial weights; NULL: random */
    char *checkpoint; /* last checkpoint of a run that is resumed; NULL: from the start */
    sampler *samplers[RUN_PHASES];
    trainer trainer;
    hub_push *push;
    int threads; /* of this call, resolved; what runs later uses as many */
} pretraining;

/* What a zeroed struct is not. */
#define PRETRAINING_CLOSED ((pretraining){.directory = {.descriptor = -1}})

/* Creates the run's directory, which is removed again on failure. Both set the number of threads;
 * the caller puts the old one back, and calls pretraining_close on failure too. Collective. */
bert_status pretraining_open(pretraining *run, const bert_pretrain_params *params,
                             bert_error *error);
bert_status pretraining_resume(pretraining *run, const bert_resume_params *params,
                               bert_error *error);
void pretraining_close(pretraining *run);

/* Waits until the last checkpoint is on the Hub, where it is sent there; what was not waited for
 * when the run is closed is not sent. */
void pretraining_finish_push(pretraining *run);

/* Tells the observer what is about to be trained. */
void pretraining_announce(const pretraining *run);

#endif
