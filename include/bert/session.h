/* A training session: pre-training step by step, in a loop written by the caller, on prepared data
 * or on the caller's batches, with access to weights, gradients and logits between steps. The
 * result is bit-for-bit that of bert_pretrain with the same params: both run the same step. Part of
 * bert.h.
 *
 *     bert_session *session;
 *     bert_status status = bert_session_open(&session, &params, NULL, NULL, &error);
 *     bert_step_result step = {0};
 *     while (status == BERT_OK && !step.finished) {
 *         status = bert_session_step(session, &step, &error);
 *         … step.losses.loss, bert_session_weights(session, …) …
 *     }
 *     bert_session_close(session);
 *
 * A session belongs to one thread at a time. Every call computes on params.threads threads and puts
 * the caller's number of OpenMP threads back; callbacks run with the session's. With a job of
 * several ranks all ranks open the same session and make the same calls of bert_session_open,
 * _resume, _step, _run and _save; the other functions concern one rank alone. */
#ifndef BERT_SESSION_H
#define BERT_SESSION_H

#include "bert/pretrain.h"
#include "bert/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bert_session bert_session;

/* --------------------------------------------------------------------------------- batches --- */

/* A batch from the caller: B sequences of T tokens in all, laid end to end without padding, and
 * the M tokens to be predicted. */
typedef struct bert_batch {
    int sequence_count;              /* B, at least 1 */
    int token_count;                 /* T */
    int masked_count;                /* M; may be 0 */
    const int32_t *tokens;           /* [T] ids in [0, vocab_size), after masking */
    const uint8_t *token_types;      /* [T] in [0, type_vocab_size); NULL: all 0 */
    const int32_t *sequence_starts;  /* [B + 1] first token of each sequence, from 0; the last entry
                                        is T; a sequence has 1 to params.max_seq_length tokens */
    const int32_t *masked_positions; /* [M] increasing positions in [0, T); NULL where M is 0 */
    const int32_t *masked_labels;    /* [M] the ids before masking; not read for logits */
    /* [B] 0: the second segment follows the first, 1: it is a random one; a model with NSP head
     * needs them in training, one without it takes none. Not read for logits. */
    const uint8_t *next_sentence_labels;
} bert_batch;

/* Where the batches of steps come from. */
typedef struct bert_batch_source {
    void *context;
    /* Fills in this rank's batch of step number `step`, counted from 0, with exactly `sequences`
     * sequences: its share of params.per_device_train_batch_size × gradient_accumulation_steps on
     * all ranks, or of params.batch_size_ramp. `*batch` is zero before; the arrays stay the
     * caller's, are copied when the call returns, and may be written to again then. A status that
     * is not BERT_OK ends the step with it; the callback writes the message into `error`. A resumed
     * session is bit-for-bit equal to an uninterrupted one if the batch depends on `step` alone. */
    bert_status (*next)(void *context, int64_t step, int sequences, bert_batch *batch,
                        bert_error *error);
} bert_batch_source;

/* --------------------------------------------------------------------------- open and close --- */

/* Begins a run in params->output, as bert_pretrain does: checks the params, writes run.json and
 * config.json, initializes or reads the weights. `source` NULL: batches are made from
 * params->data.
 *
 * With a source, which is copied, params->data is NULL; params->tokenizer, whose ids the batches
 * have, and params->max_steps are needed. All steps are one epoch. There is no validation split:
 * eval_… is not given, nor what concerns drawing samples (masks, pairs, short_seq_probability …).
 *
 * `observer` may be NULL; the struct is copied, its context lives until the session is closed. Its
 * should_stop is called after every step but the last.
 *
 * On failure *session is NULL, and a directory that was made is removed. */
BERT_API bert_status bert_session_open(bert_session **session, const bert_pretrain_params *params,
                                       const bert_batch_source *source,
                                       const bert_observer *observer, bert_error *error);

/* Continues the run in params->run from its last checkpoint, whether a session or bert_pretrain
 * wrote it, with the settings of its run.json: the bits are those of a run that was never
 * interrupted. A run on the caller's batches can only be continued by a session, and `source`
 * is needed again. */
BERT_API bert_status bert_session_resume(bert_session **session, const bert_resume_params *params,
                                         const bert_batch_source *source,
                                         const bert_observer *observer, bert_error *error);

/* Saves nothing: steps after the last checkpoint are lost. Waits for what is on its way to the Hub
 * (params->push_to_hub), unless a step failed. NULL is fine. */
BERT_API void bert_session_close(bert_session *session);

/* ----------------------------------------------------------------------------------- steps --- */

/* Means over a batch, in nats; NaN where there is no such loss, or nothing was predicted. */
typedef struct bert_losses {
    double loss; /* MLM + NSP, those that there are */
    double mlm_loss, mlm_accuracy;
    double nsp_loss, nsp_accuracy;
    double soft_loss, cosine_loss; /* of distillation: not in `loss` */
} bert_losses;

typedef struct bert_step_result {
    int64_t step;               /* done in all, this one and those before a resume included */
    bert_losses losses;         /* before the update, of all ranks' batches, with dropout */
    double learning_rate;       /* of the update */
    double grad_norm;           /* before clipping */
    uint64_t sequences, tokens; /* in the batch, on all ranks */
    double seconds;             /* of the step without logs, evaluation and checkpoint */
    bool finished;              /* this was the last step */
    /* The observer, a callback, or stop_after_steps wants to stop: a checkpoint is saved. Further
     * steps are possible. */
    bool stopping;
} bert_step_result;

/* The next step: batch, forward, loss, backward, all-reduce, clip, update; then what is
 * due by the params: a line in metrics.jsonl, an evaluation, a checkpoint. The last step always
 * saves one.
 *
 * After a failed step (an invalid batch, a loss that is not finite, a full disk) the session
 * does no further ones: read from it, close it, and resume from the last checkpoint. A step after
 * the last one is BERT_ERROR_INVALID_ARGUMENT. */
BERT_API bert_status bert_session_step(bert_session *session, bert_step_result *result,
                                       bert_error *error);

/* After a step, when weights and gradients can be read; false stops. */
typedef bool bert_step_callback(void *context, bert_session *session,
                                const bert_step_result *result);

/* Steps until the last one is done or one of them stops: `callback` (NULL: none) or the observer.
 * On several ranks one of them is enough to stop all. *result, which may be NULL, is that of the
 * last step done. The callback makes no steps, saves and closes nothing. */
BERT_API bert_status bert_session_run(bert_session *session, bert_step_callback *callback,
                                      void *context, bert_step_result *result, bert_error *error);

BERT_API int64_t bert_session_steps_done(const bert_session *session);
BERT_API int64_t bert_session_total_steps(const bert_session *session);

/* Saves a checkpoint of the steps done, OUTPUT/checkpoint-N, with all files that bert_pretrain
 * writes there, atomically, and removes old ones as params->save_total_limit says. Does nothing
 * where this step's is there already; before the first step there is nothing to save, which is an
 * error. */
BERT_API bert_status bert_session_save(bert_session *session, bert_error *error);

/* ------------------------------------------------------------------- weights and gradients --- */

/* One parameter, row-major. Name and values are the session's and valid until it is closed. */
typedef struct bert_tensor {
    const char *name; /* Hugging Face's: "bert.encoder.layer.0.attention.self.query.weight" */
    int dimensions;   /* 1 or 2 */
    size_t shape[2];  /* [outputs, inputs] of a linear layer; the second is 1 of a vector */
    size_t count;     /* of values */
    float *values;    /* [count] */
} bert_tensor;

/* The names of all parameters, in the order of the buffer that holds them: `index` from 0 to
 * bert_session_tensor_count, else NULL. The weight of the MLM decoder is that of the word
 * embeddings and has no name of its own. */
BERT_API size_t bert_session_tensor_count(const bert_session *session);
BERT_API const char *bert_session_tensor_name(const bert_session *session, size_t index);

/* The weights themselves: what is written there is what the next step trains from. On several ranks
 * all write the same. */
BERT_API bert_status bert_session_weights(bert_session *session, const char *name,
                                          bert_tensor *tensor, bert_error *error);

/* The gradients of the last step: of the mean loss of all ranks' batches, before clipping. The next
 * step zeroes them. Zero before the first step. BERT_ERROR_UNSUPPORTED with LAMB, which makes its
 * update in their memory, and with ZeRO on several ranks, where each has the sums of its share. */
BERT_API bert_status bert_session_gradients(bert_session *session, const char *name,
                                            bert_tensor *tensor, bert_error *error);

/* --------------------------------------------------------------------- other than training --- */

/* Logits of a batch with the weights as they are, without dropout: of the vocabulary at the masked
 * positions into mlm_logits [M, vocab_size], of the NSP head into nsp_logits [B, 2]; each may be
 * NULL. The batch has at most the sequences of a step of this rank. Nothing of the training
 * changes. In params.precision. */
BERT_API bert_status bert_session_logits(bert_session *session, const bert_batch *batch,
                                         float *mlm_logits, float *nsp_logits, bert_error *error);

/* The losses of a batch in the same way, MLM and, where it has next_sentence_labels, NSP. */
BERT_API bert_status bert_session_loss(bert_session *session, const bert_batch *batch,
                                       bert_losses *losses, bert_error *error);

#ifdef __cplusplus
}
#endif
#endif
