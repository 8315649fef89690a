/* RUN/checkpoint-N: a Hugging Face model folder, and all that is needed to continue
 * training. Written atomically: to a hidden temporary directory, fsync of every file, rename, fsync
 * of the run's directory. manifest.json shows later whether the files are still what was written.
 */
#ifndef TRAIN_CHECKPOINT_H
#define TRAIN_CHECKPOINT_H

#include "model/parameters.h"
#include "tokenizer/tokenizer.h"
#include "train/optimizer.h"
#include "train/state.h"

/* The content of a checkpoint; read while saving, filled in (buffers and *state) while loading.
 * `values` has the layout of `table`. */
typedef struct checkpoint_content {
    const run_settings *settings;
    const model_config *config;
    const parameter_table *table;
    const bert_tokenizer *tokenizer;
    float *values;
    const optimizer *optimizer;
    train_state *state;
} checkpoint_content;

/* Saves RUN/checkpoint-(state->step). All ranks of a job call it, with paths on a file system that
 * they share or that only rank 0 has; rank 0 writes, and all learn how it went. On failure nothing
 * of it is left, and what was there before is untouched. */
bert_status checkpoint_save(const char *run, const checkpoint_content *content, bert_error *error);

/* Checks every file against the manifest, then loads weights, moments and state. */
bert_status checkpoint_load(const char *directory, const checkpoint_content *content,
                            bert_error *error);

/* Checks the files that a model is made of (those of an optimizer are left alone) against the
 * manifest. A folder without manifest, as others write it, passes. */
bert_status checkpoint_verify_model(const char *directory, bert_error *error);

/* The steps of all checkpoints in a run, rising; the caller frees `*steps`. */
bert_status checkpoint_steps(int64_t **steps, size_t *count, const char *run, bert_error *error);

/* The folder of the last checkpoint in a run, owned by the caller; NULL where there is none. */
bert_status checkpoint_last(char **directory, const char *run, bert_error *error);

/* Where a user names a model: the folder itself, or the last checkpoint where it is a run's
 * directory. Owned by the caller. */
bert_status checkpoint_find_model(char **directory, const char *path, bert_error *error);

/* Removes all but the last `limit` checkpoints and that of step `best_step`; 0 keeps all. */
bert_status checkpoint_prune(const char *run, int limit, int64_t best_step, bert_error *error);

/* Removes what a crash may have left half written or half removed. */
bert_status checkpoint_clean(const char *run, bert_error *error);

#endif
