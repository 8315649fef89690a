/* The state of a run besides weights and moments: where it is, and what it has seen since the last
 * logging step. Kept in trainer_state.json. */
#ifndef TRAIN_STATE_H
#define TRAIN_STATE_H

#include "train/losses.h"
#include "train/settings.h"

#include <jansson.h>

typedef struct train_state {
    int64_t step;       /* steps done */
    uint64_t tokens;    /* tokens that went through the model in them */
    loss_sums interval; /* sums since the last logging step */
    double train_loss;  /* mean over the last logging interval; NaN: there was none */
    double eval_loss;   /* of the last evaluation; NaN: there was none */
    double best_loss;   /* lowest evaluation loss of a saved checkpoint; NaN: none */
    int64_t best_step;  /* the step of that checkpoint; 0: none */
    json_t *last_log;   /* last line of each kind in metrics.jsonl, owned; NULL: none */
    json_t *last_evaluation;
} train_state;

void train_state_init(train_state *state);
void train_state_free(train_state *state);

/* Keys as in the trainer_state.json of `transformers` where it has them. */
bert_status train_state_write(const train_state *state, const run_settings *settings,
                              const char *path, bert_error *error);
bert_status train_state_read(train_state *state, const char *path, bert_error *error);

#endif
