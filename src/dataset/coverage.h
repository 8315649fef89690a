/* What the samples of an epoch have of the text.
 *
 * A token is seen if it is in a sample as its document's own text. The random second segments of
 * pairs are not counted: they are text of other documents, whichever these are. */
#ifndef DATASET_COVERAGE_H
#define DATASET_COVERAGE_H

#include "dataset/scheme.h"

typedef struct sample_coverage {
    uint64_t tokens; /* of the documents that were looked at, as often as they occur in the epoch */
    uint64_t seen;   /* of those, each counted once */
    uint64_t samples;
    uint64_t random_labels; /* samples whose label is 1, "B is random" */
    bool is_estimate;       /* the counts are those of a part of the data */
} sample_coverage;

/* Draws the samples of an epoch by `threads` threads, without their tokens. Where there are more
 * than `samples_max`, those of a few hundred stretches at equal distances, about so many together:
 * a million takes some tenths of a second. All is 0 where there are no samples, as of pairs in one
 * document. `data` is checked (dataset_check), `settings` are a
 * sampler's (sampler_drawing).
 */
bert_status coverage_measure(sample_coverage *coverage, const dataset *data,
                             const sample_settings *settings, uint64_t epoch, uint64_t samples_max,
                             int threads, bert_error *error);

/* Shares of seen tokens, and of labels; 0 where there is nothing. */
double coverage_seen(const sample_coverage *coverage);
double coverage_random(const sample_coverage *coverage);

#endif
