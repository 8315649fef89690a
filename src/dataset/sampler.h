/* Samples drawn on the fly: pairs or segments, and masks, as functions of (seed, epoch, index).
 *
 * Which tokens make a sample is the scheme's affair (dataset/scheme.h), which of them are predicted
 * dataset/masking.h's. An epoch's samples are a table of 4 bytes each, built in one pass at its
 * start; their order is a permutation that is itself a function, so any sample of any epoch is
 * known without those before it (architecture, decision 2).
 *
 * Calls may come from several threads at once; they take turns. */
#ifndef DATASET_SAMPLER_H
#define DATASET_SAMPLER_H

#include "dataset/batch.h"
#include "dataset/masking.h"
#include "dataset/scheme.h"

typedef struct sampler_settings {
    const sample_scheme *scheme;
    int max_seq_length;           /* with [CLS] and [SEP]s; at least 8 */
    double short_seq_probability; /* 0.1, of segment pairs and sentences */
    double mlm_probability;       /* 0.15 */
    bert_mask_unit mask_unit;
    /* Samples and masks are drawn once, as in files prepared for original BERT: every epoch has
     * those of the first, in another order. Else anew in each (Liu et al. 2019, section 4.1). */
    bool is_static;
    uint64_t first_epoch; /* what epoch 0 is called in the draws: parts of a run that differ in
                             length draw from epochs of their own */
    uint64_t seed;
    bool shuffle; /* false for evaluation: samples in the order of the data */
} sampler_settings;

typedef struct sampler sampler;

/* `data` and `tokenizer` must outlive the sampler. Checks the data (dataset_check), and that the
 * scheme can make samples of it (pairs need two documents with sentences). Ids that the tokenizer
 * does not have are an error here where the first million tokens hold one, else in the sampler_fill
 * that meets it. */
bert_status sampler_create(sampler **out, const dataset *data, const bert_tokenizer *tokenizer,
                           const sampler_settings *settings, bert_error *error);
void sampler_free(sampler *sampler); /* NULL is fine */

/* Samples in an epoch; builds its table if it is not one of the last two used. */
bert_status sampler_epoch_size(sampler *sampler, uint64_t epoch, uint64_t *samples,
                               bert_error *error);

/* The most tokens and predictions one sample can have: what batches are sized with. */
int sampler_max_tokens(const sampler *sampler);
int sampler_max_masked(const sampler *sampler);

/* Replaces the content of `batch` with `count` samples of the run's endless order of samples:
 * epoch 0 from beginning to end, then epoch 1, and so on; `first` counts from the run's start. */
bert_status sampler_fill(sampler *sampler, uint64_t first, int count, batch *batch,
                         bert_error *error);

/* Where a sample of the run stands: its epoch and its place in it. Epochs differ a little in size,
 * so the first call that reaches into epoch n builds the tables of those before it, once each. */
bert_status sampler_locate(sampler *sampler, uint64_t number, uint64_t *epoch, uint64_t *index,
                           bert_error *error);

#endif
