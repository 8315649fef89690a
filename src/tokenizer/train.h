/* Trains a tokenizer on a stream of text: bert_train_tokenizer, but for where the text comes from.
 */
#ifndef TOKENIZER_TRAIN_H
#define TOKENIZER_TRAIN_H

#include "bert.h"
#include "tokenizer/word_counter.h"

/* Checks the params, learns and writes the folder. The stream is read while the words are counted,
 * by several threads in turn. */
bert_status tokenizer_train(const bert_train_tokenizer_params *params, text_stream *stream,
                            bert_train_tokenizer_result *result, const bert_observer *observer,
                            bert_error *error);

#endif
