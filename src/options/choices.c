#include "options/choices.h"

#include "base/error.h"
#include "bert/choices.h"

#include <stdio.h>
#include <string.h>

const bert_choice choices_algorithm[] = {
    {"frequency", BERT_ALGORITHM_FREQUENCY,
     "merge the pair seen most often, as Hugging Face's WordPieceTrainer"},
    {"likelihood", BERT_ALGORITHM_LIKELIHOOD,
     "merge the pair that raises the likelihood of the text most, as WordPiece was "
     "defined"},
    {NULL, 0, NULL},
};

const bert_choice choices_document_separator[] = {
    {"blank-line", BERT_DOCUMENT_SEPARATOR_BLANK_LINE, "or, in a table, a row without text"},
    {"file", BERT_DOCUMENT_SEPARATOR_FILE,
     "a file is a document, with all its rows if it is a table"},
    {"line", BERT_DOCUMENT_SEPARATOR_LINE, "each line, or row of a table, is a document"},
    {"none", BERT_DOCUMENT_SEPARATOR_NONE, "all files of a source are one document"},
    {NULL, 0, NULL},
};

const bert_choice choices_format[] = {
    {"text", BERT_FORMAT_TEXT, NULL},
    {"markdown", BERT_FORMAT_MARKDOWN, "reStructuredText, too"},
    {"wikitext", BERT_FORMAT_WIKITEXT, NULL},
    {NULL, 0, NULL},
};

const bert_choice choices_layout[] = {
    {"sentences", BERT_LAYOUT_SENTENCES, "as Megatron-LM's BERT reads it"},
    {"documents", BERT_LAYOUT_DOCUMENTS,
     "smaller on disk, the ends of sentences are in PREFIX.sentences; training is the "
     "same"},
    {NULL, 0, NULL},
};

const bert_choice choices_learning_rate_scaling[] = {
    {"none", BERT_LEARNING_RATE_SCALING_NONE, NULL},
    {"sqrt", BERT_LEARNING_RATE_SCALING_SQRT, NULL},
    {"linear", BERT_LEARNING_RATE_SCALING_LINEAR, NULL},
    {NULL, 0, NULL},
};

const bert_choice choices_lr_scheduler_type[] = {
    {"linear", BERT_LR_SCHEDULER_LINEAR, NULL},
    {"cosine", BERT_LR_SCHEDULER_COSINE, NULL},
    {"cosine_with_restarts", BERT_LR_SCHEDULER_COSINE_WITH_RESTARTS, NULL},
    {"polynomial", BERT_LR_SCHEDULER_POLYNOMIAL, NULL},
    {"constant", BERT_LR_SCHEDULER_CONSTANT, NULL},
    {"constant_with_warmup", BERT_LR_SCHEDULER_CONSTANT_WITH_WARMUP, NULL},
    {"inverse_sqrt", BERT_LR_SCHEDULER_INVERSE_SQRT, NULL},
    {"one_cycle", BERT_LR_SCHEDULER_ONE_CYCLE, NULL},
    {"warmup_stable_decay", BERT_LR_SCHEDULER_WARMUP_STABLE_DECAY, NULL},
    {NULL, 0, NULL},
};

const bert_choice choices_lr_decay_type[] = {
    {"cosine", BERT_LR_DECAY_COSINE, NULL},
    {"linear", BERT_LR_DECAY_LINEAR, NULL},
    {"1-sqrt", BERT_LR_DECAY_1_SQRT, NULL},
    {NULL, 0, NULL},
};

const bert_choice choices_mask_unit[] = {
    {"token", BERT_MASK_UNIT_TOKEN, NULL},
    {"word", BERT_MASK_UNIT_WORD, "all its tokens"},
    {"span", BERT_MASK_UNIT_SPAN, "up to ten words, as SpanBERT"},
    {NULL, 0, NULL},
};

const bert_choice choices_masks[] = {
    {"dynamic", BERT_MASKS_DYNAMIC, "samples and masks are drawn anew in every epoch"},
    {"static", BERT_MASKS_STATIC, "those of the first epoch in all epochs"},
    {NULL, 0, NULL},
};

const bert_choice choices_muon_adjust_lr_fn[] = {
    {"original", BERT_MUON_ADJUSTMENT_ORIGINAL, "× √max(1, rows / columns)"},
    {"match_rms_adamw", BERT_MUON_ADJUSTMENT_MATCH_RMS_ADAMW,
     "× 0.2 √max(rows, columns): steps as long as AdamW's"},
    {NULL, 0, NULL},
};

const bert_choice choices_optim[] = {
    {"adamw", BERT_OPTIMIZER_ADAMW, "decoupled weight decay"},
    {"adam", BERT_OPTIMIZER_ADAM, "weight decay in the gradient"},
    {"lamb", BERT_OPTIMIZER_LAMB, "for batches of thousands: a trust ratio for every tensor"},
    {"muon", BERT_OPTIMIZER_MUON,
     "orthogonalised momentum for the encoder's matrices, AdamW for the rest"},
    {NULL, 0, NULL},
};

const bert_choice choices_pairs[] = {
    {"segment", BERT_PAIRS_SEGMENT, "several sentences, as in BERT's paper"},
    {"sentence", BERT_PAIRS_SENTENCE, "one each"},
    {NULL, 0, NULL},
};

const bert_choice choices_precision[] = {
    {"float32", BERT_PRECISION_FLOAT32, NULL},
    {"bf16", BERT_PRECISION_BF16,
     "operands rounded to bfloat16, all else float32; about twice as fast on processors "
     "with AMX or AVX512-BF16"},
    {NULL, 0, NULL},
};

const bert_choice choices_precision_tried[] = {
    {"any", BERT_PRECISION_ANY, "both"},
    {"float32", BERT_PRECISION_FLOAT32, NULL},
    {"bf16", BERT_PRECISION_BF16, NULL},
    {NULL, 0, NULL},
};

const bert_choice choices_gradient_dtype[] = {
    {"float32", BERT_PRECISION_FLOAT32, NULL},
    {"bf16", BERT_PRECISION_BF16, "rounded to bfloat16, half the bytes"},
    {NULL, 0, NULL},
};

const bert_choice choices_problem_type[] = {
    {"single_label_classification", BERT_PROBLEM_TYPE_SINGLE_LABEL_CLASSIFICATION, NULL},
    {"regression", BERT_PROBLEM_TYPE_REGRESSION, "labels are numbers"},
    {NULL, 0, NULL},
};

const bert_choice choices_sentence_separator[] = {
    {"auto", BERT_SENTENCE_SEPARATOR_AUTO,
     "lines, in text that has a sentence in each; else punctuation"},
    {"punctuation", BERT_SENTENCE_SEPARATOR_PUNCTUATION, "by the rules of the language"},
    {"line", BERT_SENTENCE_SEPARATOR_LINE, "each line is a sentence"},
    {"row", BERT_SENTENCE_SEPARATOR_ROW, "each row of a table is a sentence"},
    {"none", BERT_SENTENCE_SEPARATOR_NONE, "a document is one sentence"},
    {NULL, 0, NULL},
};

const bert_choice choices_sequences[] = {
    {"sentences", BERT_SEQUENCES_SENTENCES,
     "sentences of a document that fit; a longer one goes on in the next"},
    {"chunks", BERT_SEQUENCES_CHUNKS, "full lengths of a document"},
    {"stream", BERT_SEQUENCES_STREAM, "full lengths across the borders of documents"},
    {"documents", BERT_SEQUENCES_DOCUMENTS, "the beginning of each"},
    {NULL, 0, NULL},
};

const bert_choice choices_pooling[] = {
    {"mean", BERT_POOLING_MEAN, "over all tokens"},
    {"cls", BERT_POOLING_CLS, "the first token's"},
    {NULL, 0, NULL},
};

/* ----------------------------------------------------------------------------------- names --- */

const char *choice_name(const bert_choice *choices, int value)
{
    for (const bert_choice *choice = choices; choice->name; choice++)
        if (choice->value == value)
            return choice->name;
    return NULL;
}

const bert_choice *choice_find(const bert_choice *choices, const char *name)
{
    for (const bert_choice *choice = choices; choice->name; choice++)
        if (strcmp(choice->name, name) == 0)
            return choice;
    return NULL;
}

void choice_names(char *text, size_t size, const bert_choice *choices)
{
    size_t length = 0;
    text[0] = '\0';
    for (const bert_choice *choice = choices; choice->name && length < size; choice++)
        length += (size_t)snprintf(text + length, size - length, "%s%s",
                                   choice == choices ? ""
                                   : choice[1].name  ? ", "
                                                     : " or ",
                                   choice->name);
}

static bert_status parse(int *value, const bert_choice *choices, const char *name,
                         bert_error *error)
{
    const bert_choice *choice = choice_find(choices, name);
    char known[256];
    if (choice) {
        *value = choice->value;
        return BERT_OK;
    }
    choice_names(known, sizeof known, choices);
    return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "\"%.80s\": expected %s", name, known);
}

#define DEFINE(type, choices)                                                  \
    const char *type##_name(type value)                                        \
    {                                                                          \
        return choice_name(choices, (int)value);                               \
    }                                                                          \
    bert_status type##_parse(type *value, const char *name, bert_error *error) \
    {                                                                          \
        int number = 0;                                                        \
        TRY(parse(&number, choices, name, error));                             \
        *value = (type)number;                                                 \
        return BERT_OK;                                                        \
    }
DEFINE(bert_optimizer, choices_optim)
DEFINE(bert_muon_adjustment, choices_muon_adjust_lr_fn)
DEFINE(bert_lr_scheduler, choices_lr_scheduler_type)
DEFINE(bert_lr_decay, choices_lr_decay_type)
DEFINE(bert_learning_rate_scaling, choices_learning_rate_scaling)
DEFINE(bert_precision, choices_precision)
DEFINE(bert_pairs, choices_pairs)
DEFINE(bert_sequences, choices_sequences)
DEFINE(bert_mask_unit, choices_mask_unit)
DEFINE(bert_masks, choices_masks)
DEFINE(bert_algorithm, choices_algorithm)
DEFINE(bert_layout, choices_layout)
DEFINE(bert_format, choices_format)
DEFINE(bert_document_separator, choices_document_separator)
DEFINE(bert_sentence_separator, choices_sentence_separator)
DEFINE(bert_problem_type, choices_problem_type)
DEFINE(bert_pooling, choices_pooling)
