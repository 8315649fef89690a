/* RUN/, the directory of a run: settings, metrics, checkpoints. */
#ifndef TRAIN_RUN_DIRECTORY_H
#define TRAIN_RUN_DIRECTORY_H

#include "model/config.h"
#include "train/settings.h"

typedef struct run_directory {
    char *path;     /* as the caller named it, no slash at its end; owned */
    int descriptor; /* holds the lock that keeps a second process out */
    bool created;   /* by this call: run_directory_abandon may take it away */
} run_directory;

/* Makes the directory of a new run. One that holds anything is an error and stays as it is. */
bert_status run_directory_create(run_directory *directory, const char *path, bert_error *error);

/* The command that continues the run, as it can be pasted into a shell. Owned by the caller. */
bert_status run_directory_resume_command(char **command, const char *path, bert_error *error);

/* Opens that of a run to be resumed. */
bert_status run_directory_open(run_directory *directory, const char *path, bert_error *error);
void run_directory_close(run_directory *directory); /* safe on a zeroed struct */

/* Writes run.json and config.json: from here on the run can be resumed. */
bert_status run_directory_describe(const run_directory *directory, const run_settings *settings,
                                   const model_config *config, bert_error *error);

/* Takes back what the two calls above made, after a failure before the first step. */
void run_directory_abandon(const run_directory *directory);

#endif
