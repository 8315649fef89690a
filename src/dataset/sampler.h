/* Samples drawn on the fly: pairs or single segments, and masks, as functions of (seed, epoch,
 * index).
 *
 * The scheme (dataset/scheme.h) decides which tokens form a sample, dataset/masking.h which of them
 * are predicted. An epoch's samples are a table of 4 bytes each, built in one pass at its start;
 * their order is a pseudo-random permutation computed element by element, so any sample of any
 * epoch can be drawn without those before it (architecture, decision 2).
 *
 * Thread-safe: a lock serialises calls. */
#ifndef DATASET_SAMPLER_H
#define DATASET_SAMPLER_H

#include "dataset/batch.h"
#include "dataset/masking.h"
#include "dataset/scheme.h"

typedef struct sampler_settings {
    const sample_scheme *scheme;
    int max_seq_length;           /* including [CLS] and [SEP]s; at least 8 */
    double short_seq_probability; /* 0.1, of segment pairs and sentences */
    double mlm_probability;       /* 0.15 */
    bert_mask_unit mask_unit;
    /* Static masking, as in files prepared for the original BERT: every epoch has the samples and
     * masks of the first, in another order. Else dynamic masking: they are drawn anew in each epoch
     * (Liu et al. 2019, section 4.1). */
    bool is_static;
    uint64_t first_epoch; /* the number of epoch 0 in random draws: phases of a run with different
                             sequence lengths draw from different epochs */
    uint64_t seed;
    bool shuffle; /* false for evaluation: samples in the order of the data */
} sampler_settings;

typedef struct sampler sampler;

/* `data` and `tokenizer` must outlive the sampler. Checks the data (dataset_check), and that the
 * scheme can draw samples from it (pairs need two documents with sentences). An id outside the
 * vocabulary is an error here if it is among the first million tokens, else in the sampler_fill
 * that reads it. */
bert_status sampler_create(sampler **out, const dataset *data, const bert_tokenizer *tokenizer,
                           const sampler_settings *settings, bert_error *error);
void sampler_free(sampler *sampler); /* NULL is fine */

/* The number of samples in an epoch; builds its table unless it is one of the last two used. */
bert_status sampler_epoch_size(sampler *sampler, uint64_t epoch, uint64_t *samples,
                               bert_error *error);

/* How it draws samples; `order` is that of no epoch in particular. */
const sample_settings *sampler_drawing(const sampler *sampler);

/* The largest number of tokens and of predictions in a sample, for sizing batches. */
int sampler_max_tokens(const sampler *sampler);
int sampler_max_masked(const sampler *sampler);

/* Replaces the content of `batch` with samples [first, first + count) of the run's infinite order
 * of samples: epoch 0 from beginning to end, then epoch 1, and so on. */
bert_status sampler_fill(sampler *sampler, uint64_t first, int count, batch *batch,
                         bert_error *error);

/* The epoch of a sample of the run and its index in it. Epochs differ slightly in size, so the
 * first call that reaches epoch n builds the tables of all epochs before it, once each. */
bert_status sampler_locate(sampler *sampler, uint64_t number, uint64_t *epoch, uint64_t *index,
                           bert_error *error);

#endif
