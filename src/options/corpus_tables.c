/* Options of what reads text: readers, cleaning, tokenizers, prepared data. */
#include "options/rows.h"

#define PARAMS bert_cleaning_options
static const bert_option cleaning_options[] = {
#define CLEANING
#include "options/cleaning.inc"
#undef CLEANING
};
DEFINE_TABLE(bert_cleaning_options_table, cleaning_options)
#undef PARAMS

#define PARAMS bert_reader_options
#define READER
#define CLEANING cleaning.
#define SEED_HELP "the hash by which documents of a source with a weight are chosen"
static const bert_option reader_options[] = {
#include "options/reader.inc"
#include "options/seed.inc"
#include "options/cleaning.inc"
};
DEFINE_TABLE(bert_reader_options_table, reader_options)
#undef SEED_HELP
#undef CLEANING
#undef READER
#undef PARAMS

#define PARAMS bert_tokenizer_options
#define TOKENIZER
static const bert_option tokenizer_options[] = {
#include "options/tokenizer.inc"
};
DEFINE_TABLE(bert_tokenizer_options_table, tokenizer_options)
#undef TOKENIZER
#undef PARAMS

#define READER reader_options.
#define CLEANING reader_options.cleaning.
#define TOKENIZER tokenizer_options.
#define SEED_HELP "the hash by which documents of a source with a weight are chosen"

#define PARAMS bert_train_tokenizer_params
static const bert_option train_tokenizer_params[] = {
    PATH(output, .value = "DIR",
         .help = "folder for the tokenizer's files; must not exist, or be empty"),
    SIZE(vocab_size, .value = "N", FROM_TO(6, 1 << 24),
         .help = "entries of the vocabulary, special tokens included"),
    FLAG(lowercase, .opposite = "cased", .help = "keep case and accents"),
    OPTION_AT(SWITCH, bert_switch, "strip_accents", strip_accents,
              .help = "strip accents though cased; --no-strip-accents: keep them though "
                      "uncased"),
    UINT64(min_frequency, .value = "N", COUNT, .help = "do not merge pairs seen less often"),
    SIZE(limit_alphabet, .value = "N", COUNT_FROM(1),
         .help = "how many different characters to keep, the most frequent"),
    TEXT(initial_alphabet, .value = "CHARACTERS", .optional = true,
         .help = "characters to keep even if the text has none of them"),
#include "options/reader.inc"
    OPTION_AT(UINT64, uint64_t, "seed", reader_options.seed, .value = "N", COUNT,
              .help = "seed of " SEED_HELP),
    CHOICE(bert_algorithm, algorithm, .value = "NAME", .choices = choices_algorithm,
           .help = "how entries are chosen"),
    PATH(extend, .value = "PATH", .optional = true,
         .help = "keep every entry of this tokenizer and its settings, and append new ones"),
    SIZE(add, .value = "N", FROM_TO(0, 1 << 23), .default_text = "",
         .help = "entries to append to those of --extend"),
    UINT64(memory, .value = "BYTES", COUNT, .default_text = "no limit",
           .help = "memory for words and their counts; where it is not enough, the rarest "
                   "words are dropped, and how many is reported"),
#include "options/threads.inc"
#include "options/cleaning.inc"
};
DEFINE_TABLE(bert_train_tokenizer_params_table, train_tokenizer_params)
#undef PARAMS

#define PARAMS bert_inspect_corpus_params
static const bert_option inspect_corpus_params[] = {
    SIZE(top, .value = "N", COUNT, .help = "entries that a list has at most"),
    PATH(tokenizer, .value = "PATH", .optional = true, .group = "Of a corpus",
         .help = "tokenize the corpus with this one: folder of tokenizer files, "
                 "tokenizer.json or vocab.txt"),
#include "options/tokenizer.inc"
#include "options/reader.inc"
    UINT64(memory, .value = "BYTES", COUNT_FROM(1 << 20),
           .help = "memory for finding repeated lines; where it is not enough, lines seen "
                   "rarely are forgotten, and the result says so"),
#include "options/threads.inc"
};
DEFINE_TABLE(bert_inspect_corpus_params_table, inspect_corpus_params)
#undef PARAMS
#undef SEED_HELP

#define PARAMS bert_inspect_data_params
#define SEED_HELP "pairs and masks"
static const bert_option inspect_data_params[] = {
    PATHS(data, .value = "DATA",
          .help = "PREFIX of data that bert prepare wrote, or a pre-tokenized data set"),
    PATH(tokenizer, .value = "PATH", .optional = true, .default_text = "PREFIX.tokenizer",
         .help = "folder of tokenizer files, tokenizer.json or vocab.txt; needed for a "
                 "pre-tokenized data set"),
    SIZE(samples, .value = "N", COUNT, .help = "samples of the training split to show"),
#include "options/inspect_samples.inc"
};
DEFINE_TABLE(bert_inspect_data_params_table, inspect_data_params)

static const bert_option inspect_samples[] = {
#include "options/inspect_samples.inc"
};
DEFINE_TABLE(bert_inspect_samples_table, inspect_samples)
#undef SEED_HELP
#undef PARAMS

#define PARAMS bert_prepare_params
#define SEED_HELP \
    "that hash, and of the one by which documents of a source with a weight are chosen"
static const bert_option prepare_params[] = {
    PATH(tokenizer, .value = "PATH",
         .help = "folder of tokenizer files, tokenizer.json or vocab.txt; a copy stays with "
                 "the data"),
    PATH(output, .value = "PREFIX",
         .help = "write PREFIX.bin, PREFIX.idx, PREFIX.validation.bin, PREFIX.validation.idx, "
                 "PREFIX.json and PREFIX.tokenizer/ (and .sentences, see --layout); none of "
                 "them may exist"),
    CHOICE(bert_layout, layout, .value = "NAME", .choices = choices_layout,
           .help = "what a sequence of the index is"),
    FLAG(overwrite, .help = "replace existing files when all is done; start anew where an "
                            "interrupted preparation would be continued"),
#include "options/tokenizer.inc"
#include "options/reader.inc"
    TEXT(language, .value = "LANGUAGE",
         .help = "whose rules split the sentences, as BCP 47 or ICU names it"),
    REAL(validation_fraction, .value = "SHARE", FROM_BELOW(0, 1),
         .help = "share of the documents to hold out, chosen by a hash of their text; 0: "
                 "none"),
#include "options/seed.inc"
#include "options/threads.inc"
    REAL(save_seconds, .value = "SECONDS", AT_LEAST(0),
         .help = "how often to save how far the work is, to continue it from there"),
#include "options/cleaning.inc"
};
DEFINE_TABLE(bert_prepare_params_table, prepare_params)
#undef SEED_HELP
#undef PARAMS
