/* Data sets whose samples are made already: folders of Hugging Face's save_to_disk with the columns
 * input_ids and, where they have them, token_type_ids, attention_mask and next_sentence_label (0: B
 * follows A, as in BertForPreTraining). Their ids are not masked; masks are drawn on the fly.
 *
 * Marks and padding are taken off and the parts kept as an indexed file without a name, in the
 * system's temporary folder: a document is a sample, a sentence one of its parts. */
#ifndef DATASET_READY_MADE_H
#define DATASET_READY_MADE_H

#include "dataset/dataset.h"
#include "tokenizer/tokenizer.h"

/* Reads all *.arrow files in the folder and its folders, sorted by name. `data` is then like one of
 * dataset_open, with `is_ready_made` set, and labels where the data has them. */
bert_status ready_made_open(dataset *data, const char *path, const bert_tokenizer *tokenizer,
                            bert_error *error);

#endif
