/* Trains a tokenizer on a stream of text: bert_train_tokenizer without the reading of corpora. */
#ifndef TOKENIZER_TRAIN_H
#define TOKENIZER_TRAIN_H

#include "bert.h"
#include "tokenizer/word_counter.h"

/* Checks the params, trains and writes the folder. The stream is read by several threads, one at a
 * time. */
bert_status tokenizer_train(const bert_train_tokenizer_params *params, text_stream *stream,
                            bert_train_tokenizer_result *result, const bert_observer *observer,
                            bert_error *error);

#endif
