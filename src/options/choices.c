#include "options/choices.h"

#include <stddef.h>

const bert_choice choices_algorithm[] = {
    {"frequency", "merge the pair seen most often, as Hugging Face's WordPieceTrainer"},
    {"likelihood", "merge the pair that raises the likelihood of the text most, as WordPiece was "
                   "defined"},
    {NULL, NULL},
};

const bert_choice choices_format[] = {
    {"text", NULL},
    {"markdown", "reStructuredText, too"},
    {"wikitext", NULL},
    {NULL, NULL},
};

const bert_choice choices_layout[] = {
    {"sentences", "as Megatron-LM's BERT reads it"},
    {"documents", "smaller on disk, the ends of sentences are in PREFIX.sentences; training is the "
                  "same"},
    {NULL, NULL},
};

const bert_choice choices_learning_rate_scaling[] = {
    {"none", NULL},
    {"sqrt", NULL},
    {"linear", NULL},
    {NULL, NULL},
};

const bert_choice choices_lr_scheduler_type[] = {
    {"linear", NULL},       {"cosine", NULL},    {"cosine_with_restarts", NULL},
    {"polynomial", NULL},   {"constant", NULL},  {"constant_with_warmup", NULL},
    {"inverse_sqrt", NULL}, {"one_cycle", NULL}, {NULL, NULL},
};

const bert_choice choices_mask_unit[] = {
    {"token", NULL},
    {"word", "all its tokens"},
    {"span", "up to ten words, as SpanBERT"},
    {NULL, NULL},
};

const bert_choice choices_masks[] = {
    {"dynamic", "samples and masks are drawn anew in every epoch"},
    {"static", "those of the first epoch in all epochs"},
    {NULL, NULL},
};

const bert_choice choices_optim[] = {
    {"adamw", "decoupled weight decay"},
    {"adam", "weight decay in the gradient"},
    {"lamb", "for batches of thousands: a trust ratio for every tensor"},
    {NULL, NULL},
};

const bert_choice choices_pairs[] = {
    {"segment", "several sentences, as in BERT's paper"},
    {"sentence", "one each"},
    {NULL, NULL},
};

const bert_choice choices_precision[] = {
    {"float32", NULL},
    {"bf16", "operands rounded to bfloat16, all else float32; about twice as fast on processors "
             "with AMX or AVX512-BF16"},
    {NULL, NULL},
};

const bert_choice choices_precision_tried[] = {
    {"any", "both"},
    {"float32", NULL},
    {"bf16", NULL},
    {NULL, NULL},
};

const bert_choice choices_gradient_dtype[] = {
    {"float32", NULL},
    {"bf16", "rounded to bfloat16, half the bytes"},
    {NULL, NULL},
};

const bert_choice choices_problem_type[] = {
    {"single_label_classification", NULL},
    {"regression", "labels are numbers"},
    {NULL, NULL},
};

const bert_choice choices_sequences[] = {
    {"sentences", "whole sentences of a document that fit"},
    {"chunks", "full lengths of a document"},
    {"stream", "full lengths across the borders of documents"},
    {"documents", "the beginning of each"},
    {NULL, NULL},
};
