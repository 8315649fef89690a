/* Texts through a model, batch by batch: what embeddings, predictions and fill-mask share.
 *
 * A window of texts is encoded on all threads and sorted by length, so that the sequences of a
 * batch are alike and the threads that share them end together; batches of up to the model's limit
 * of tokens then go through it as one stream without padding. */
#ifndef TASKS_INFERENCE_H
#define TASKS_INFERENCE_H

#include "tasks/loaded_model.h"

typedef struct inference_batch {
    model_input input;
    const size_t *numbers; /* [sequence_count] which of the caller's texts each sequence is */
} inference_batch;

typedef struct inference_job {
    /* Called for every batch; a text comes once, in any order. */
    bert_status (*batch)(void *context, bert_workspace *workspace, const inference_batch *batch,
                         bert_error *error);
    void *context;
    int max_seq_length; /* 0: the model's positions. Longer texts are truncated */
    /* Fill-mask: the positions of [MASK] are the batch's masked positions, up to the model's limit
     * of them; a text without one, or a longer text, is an error. */
    bool masks;
} inference_job;

/* One text or two, with [CLS] and [SEP]; `max_length` 0: as long as they are. */
bert_status inference_encode(const bert_tokenizer *tokenizer, const bert_input *input,
                             size_t max_length, bert_encoding *encoding, bert_error *error);

/* The range of max_seq_length, for those who have it from their caller. */
bert_status inference_check_length(int max_seq_length, bert_error *error);

/* `workspace` NULL: one is created for the call. Adds to `usage` where it is not NULL (see
 * bert_inference_stats). On failure of a text, those before it are done. */
bert_status inference_run(const bert_model *loaded, bert_workspace *workspace,
                          const bert_input *inputs, size_t count, const inference_job *job,
                          bert_inference_stats *usage, bert_error *error);

#endif
