/* Pre-tokenized data sets of Hugging Face: rows with the column input_ids and, optionally,
 * token_type_ids, attention_mask, special_tokens_mask, next_sentence_label (0: B follows A, as in
 * BertForPreTraining) and labels. Each row is a sample; masks are drawn on the fly.
 *
 * Padding is stripped, and so are [CLS] at the beginning and [SEP] at the end of each segment,
 * which samples get back; a row that lacks one, as those that run_mlm.py cuts out of a stream,
 * stays without. Ids that are masked already are restored from `labels`. The segments are stored in
 * unlinked prepared files in the system's temporary folder: a document is a sample, a sentence one
 * of its segments. */
#ifndef DATASET_PRETOKENIZED_H
#define DATASET_PRETOKENIZED_H

#include "dataset/dataset.h"
#include "dataset/pretokenized_files.h"
#include "tokenizer/tokenizer.h"

/* Reads the files for training or those for evaluation. `data` is as from dataset_open, with
 * `is_pretokenized` set, and with labels if the data has them. */
bert_status pretokenized_open(dataset *data, const pretokenized_files *files, bool is_evaluation,
                              const bert_tokenizer *tokenizer, bert_error *error);

/* Whether the line (dataset/pretokenized_files.h) names files of which the first has lists of
 * integers called input_ids. */
bool pretokenized_detect(const char *line);

/* Tokens in a row, [CLS] and [SEP] included, padding not. */
uint64_t pretokenized_row_length(const dataset *data, uint64_t row);

/* Tells the observer what the rows do not say by themselves: how many were skipped, how many are
 * longer than a sequence, how many ids were restored. Nothing of prepared data. */
void pretokenized_announce(const dataset *data, int max_seq_length, const bert_observer *observer);

#endif
