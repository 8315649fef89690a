/* Pre-tokenized data sets: folders written by Hugging Face's save_to_disk, with the column
 * input_ids and, optionally, token_type_ids, attention_mask and next_sentence_label (0: B follows
 * A, as in BertForPreTraining). Each row is a sample. Ids must not be masked: masks are drawn on
 * the fly.
 *
 * Special tokens and padding are stripped, and the segments stored in unlinked prepared files in
 * the system's temporary folder: a document is a sample, a sentence one of its segments. */
#ifndef DATASET_PRETOKENIZED_H
#define DATASET_PRETOKENIZED_H

#include "dataset/dataset.h"
#include "tokenizer/tokenizer.h"

/* Reads all *.arrow files in the folder and its subfolders, sorted by name. `data` is as from
 * dataset_open, with `is_pretokenized` set, and with labels if the data has them. */
bert_status pretokenized_open(dataset *data, const char *path, const bert_tokenizer *tokenizer,
                              bert_error *error);

#endif
