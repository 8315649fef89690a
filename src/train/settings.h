/* Every setting of a run, checked, resolved, and kept in RUN/run.json. */
#ifndef TRAIN_SETTINGS_H
#define TRAIN_SETTINGS_H

#include "base/error.h"
#include "bert.h"
#include "train/piecewise_schedule.h"

/* Identifies the data of a run, to check that a resumed run has the same. Checksums are XXH3-64. */
typedef struct split_fingerprint {
    uint64_t documents, sentences, tokens;
    uint64_t index_checksum; /* of the .idx */
    uint64_t token_checksum; /* of the .bin: its size and blocks of it, as it may be very large */
} split_fingerprint;

typedef struct data_fingerprint {
    split_fingerprint train, validation; /* all zero where there is no such split */
    uint64_t tokenizer_checksum;         /* of all tokens in the order of their ids */
} data_fingerprint;

/* A phase: steps whose sequences are of one length; most runs have one. */
enum { RUN_PHASES = PIECEWISE_SCHEDULE_MAX };
typedef struct run_phase {
    int max_seq_length;
    double share; /* of all steps */
    /* An epoch is counted as so many samples as the phase's first one has; the others differ from
     * it by a few, as their pairs are drawn anew. */
    uint64_t samples_per_epoch;
    int64_t first_step; /* steps before it; that of the next phase is where it ends */
} run_phase;

/* A stage: steps of one batch size; most runs have one. The stages and the phases are
 * independent of each other. */
typedef struct run_batch {
    int64_t size;       /* sequences in a step, on all ranks together */
    double share;       /* of all steps */
    int64_t first_step; /* steps before it; the next one's is where it ends */
} run_batch;

typedef struct run_settings {
    /* As given, but `data`, `model` and all other strings are owned, paths absolute,
     * max_seq_length the longest of all phases, and stop_after_steps is 0 and job NULL: they belong
     * to a call, not to a run. */
    bert_pretrain_params params;
    char *data_name; /* owned: params.data in one line, for messages; without data the tokenizer */
    int ranks; /* that the run began with: they determine the global batch, on however many ranks it
                  is resumed */

    run_phase phases[RUN_PHASES];
    int phase_count;

    /* Worked out from params and data. */
    run_batch batches[PIECEWISE_SCHEDULE_MAX];
    int batch_count;
    int64_t total_steps, warmup_steps;
    data_fingerprint data;
} run_settings;

/* Checks every range and contradiction; params->data may be NULL. The message names the option as
 * the command line does. */
bert_status settings_check(const bert_pretrain_params *params, bert_error *error);

/* Checks and copies. Release with settings_free, also after a failure. */
bert_status settings_create(run_settings *settings, const bert_pretrain_params *params,
                            bert_error *error);
void settings_free(run_settings *settings); /* safe on a zeroed struct */

/* What a resumed run sends to the Hub, where its caller says so. */
bert_status settings_change_push(run_settings *settings, const bert_resume_params *params,
                                 bert_error *error);

/* Fills in what follows from the phases' samples_per_epoch. */
bert_status settings_resolve(run_settings *settings, bert_error *error);

/* Where a phase ends: the steps that are done then. */
int64_t settings_phase_end(const run_settings *settings, int phase);

/* Samples in step number `step`, counted from 0: the global batch. */
int64_t settings_samples_in_step(const run_settings *settings, int64_t step);

/* The most samples in any of the steps [first, end). */
int64_t settings_most_samples(const run_settings *settings, int64_t first, int64_t end);

/* Samples in all steps before step number `step`, counted from 0. */
int64_t settings_samples_before(const run_settings *settings, int64_t step);

/* Of all that the ranks of a job have to agree in: everything but paths and threads. XXH3-64. */
bert_status settings_checksum(const run_settings *settings, uint64_t *checksum, bert_error *error);

/* Epochs done after so many steps, fractional. */
double settings_epoch(const run_settings *settings, int64_t steps);

/* Whether something that is due every `steps` or every `epochs` is due after step `step` (counted
 * from 1); both 0: never. */
bool settings_is_due(const run_settings *settings, int64_t steps, double epochs, int64_t step);

/* RUN/run.json. Doubles come back exactly. Reading checks everything again. */
bert_status settings_write(const run_settings *settings, const char *run, bert_error *error);
bert_status settings_read(run_settings *settings, const char *run, bert_error *error);

/* Fails, naming what differs, where `now` is not what the run began with. */
bert_status settings_check_data(const run_settings *settings, const data_fingerprint *now,
                                bert_error *error);

#endif
