/* What Google's BERT calls its variables in TensorFlow, as Hugging Face calls the tensors. */
#ifndef MODEL_TENSORFLOW_NAMES_H
#define MODEL_TENSORFLOW_NAMES_H

#include "base/error.h"

#include <stdbool.h>

/* By this one a BERT is known. */
#define TENSORFLOW_WORD_EMBEDDINGS "bert/embeddings/word_embeddings"

/* Whether a variable is the optimizer's: Adam's moments, the number of the step. */
bool tensorflow_is_optimizer(const char *variable);

/* "bert/encoder/layer_0/attention/self/query/kernel" is
 * "bert.encoder.layer.0.attention.self.query.weight". `*transposed`: it is a kernel [in, out],
 * which PyTorch has as [out, in]. The output_weights and output_bias of Google's run_classifier.py,
 * which are in no scope, are those of "classifier". Any other variable keeps its name,
 * with dots. The caller frees *name. */
bert_status tensorflow_name(char **name, bool *transposed, const char *variable, bert_error *error);

#endif
