/* Weights out of the folders that others publish, and out of this library's own. */
#ifndef MODEL_WEIGHTS_H
#define MODEL_WEIGHTS_H

#include "base/observer.h"
#include "model/parameters.h"

typedef struct weights_options {
    /* Parameters outside the encoder (pooler, MLM and NSP head, classifier) that the files do not
     * have are initialized from `seed`, with a message to the observer. Else they are an error, but
     * for the pooler of an encoder alone, which nothing reads. */
    bool create_heads;
    uint64_t seed;
    const bert_observer *observer; /* also of what was not used; may be NULL */
} weights_options;

/* Reads the weights of the model that `table` and `config` describe from a folder or a file: those
 * that weight_files_open takes, of F32, F16, BF16 or F64, names with and without the family's
 * prefix, LayerNorm with gamma and beta. The decoder's own copy of the word embedding has to equal
 * it. What the model has no use for (other heads, buffers of numbers) is left; a layer that the
 * configuration does not have, a shape that it does not say, a number that is not finite is an
 * error. After an error `values` may be partly written. */
bert_status weights_load(const parameter_table *table, const model_config *config, float *values,
                         const char *path, const weights_options *options, bert_error *error);

#endif
