/* README.md of a checkpoint: the model card, as the Hugging Face Hub shows it. */
#ifndef TRAIN_MODEL_CARD_H
#define TRAIN_MODEL_CARD_H

#include "train/checkpoint.h"

bert_status model_card_write(const checkpoint_content *content, const char *path,
                             bert_error *error);

#endif
