/* The values of the options that are a choice among few; each table ends with a NULL name. */
#ifndef OPTIONS_CHOICES_H
#define OPTIONS_CHOICES_H

#include "bert/options.h"

extern const bert_choice choices_algorithm[];
extern const bert_choice choices_document_separator[];
extern const bert_choice choices_format[];
extern const bert_choice choices_layout[];
extern const bert_choice choices_learning_rate_scaling[];
extern const bert_choice choices_lr_decay_type[];
extern const bert_choice choices_lr_scheduler_type[];
extern const bert_choice choices_mask_unit[];
extern const bert_choice choices_masks[];
extern const bert_choice choices_muon_adjust_lr_fn[];
extern const bert_choice choices_optim[];
extern const bert_choice choices_pairs[];
extern const bert_choice choices_precision[];
extern const bert_choice choices_precision_tried[];
extern const bert_choice choices_gradient_dtype[];
extern const bert_choice choices_problem_type[];
extern const bert_choice choices_sentence_separator[];
extern const bert_choice choices_sequences[];
extern const bert_choice choices_pooling[];

/* The name of a value, and the choice of a name; NULL where there is none. */
const char *choice_name(const bert_choice *choices, int value);
const bert_choice *choice_find(const bert_choice *choices, const char *name);

/* "adamw, adam or lamb" */
void choice_names(char *text, size_t size, const bert_choice *choices);

#endif
