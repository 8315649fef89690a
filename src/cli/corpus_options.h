/* What the commands that read a corpus have in common: options, and the report of what cleaning and
 * mixing did. */
#ifndef CLI_CORPUS_OPTIONS_H
#define CLI_CORPUS_OPTIONS_H

#include "options.h"

#include <stdio.h>

/* Rows of an option table, for the bert_reader_options `reader`. */
#define CORPUS_TEXT_FIELD_OPTION(reader)                                                         \
    {                                                                                            \
        .name = "text-field", .kind = OPTION_STRING, .target = &(reader).text_field,             \
        .value = "NAME",                                                                         \
        .help =                                                                                  \
            "the column of a table, or the member of JSON lines' objects, that holds the text; " \
            "several with commas between them make one document. In a table of text without a "  \
            "row of names, the column's number",                                                 \
        .default_text = "text, or the only column that holds text"                               \
    }

#define CORPUS_FORMAT_OPTION(reader)                                                              \
    {                                                                                             \
        .name = "format", .kind = OPTION_STRING, .target = &(reader).format, .value = "FORMAT",   \
        .default_text = "by content and name",                                                    \
        .help =                                                                                   \
            "read text as text, markdown (reStructuredText, too) or wikitext, whatever it looks " \
            "like"                                                                                \
    }

#define CORPUS_SEED_OPTION(reader)                                                     \
    {                                                                                  \
        .name = "seed", .kind = OPTION_UINT64, .target = &(reader).seed, .value = "N", \
        .help = "of the hash by which documents of a source with a weight are chosen"  \
    }

#define CORPUS_COUNT_OPTION(option_name, member, what)                                 \
    {                                                                                  \
        .name = option_name, .kind = OPTION_UINT64, .target = &(member), .value = "N", \
        .default_text = "no bound", .help = what                                       \
    }

#define CORPUS_SHARE_OPTION(option_name, member, what)                                     \
    {                                                                                      \
        .name = option_name, .kind = OPTION_NUMBER, .target = &(member), .value = "SHARE", \
        .minimum = 0, .maximum = 1, .help = what                                           \
    }

#define CORPUS_CLEANING_OPTIONS(reader)                                                            \
    {.kind = OPTION_HEADING,                                                                       \
     .help = "What to leave out, in this order (nothing unless asked for)"},                       \
        {.name = "max-repeats",                                                                    \
         .kind = OPTION_INT,                                                                       \
         .target = &(reader).cleaning.max_repeats,                                                 \
         .value = "N",                                                                             \
         .minimum = 0,                                                                             \
         .maximum = 255,                                                                           \
         .default_text = "no bound",                                                               \
         .help = "keep a paragraph the first N times that it is seen"},                            \
        CORPUS_COUNT_OPTION("min-words", (reader).cleaning.min_words,                              \
                            "drop documents of fewer words"),                                      \
        CORPUS_COUNT_OPTION("max-words", (reader).cleaning.max_words,                              \
                            "drop documents of more words"),                                       \
        CORPUS_COUNT_OPTION("min-characters", (reader).cleaning.min_characters,                    \
                            "drop documents of fewer characters"),                                 \
        CORPUS_COUNT_OPTION("max-characters", (reader).cleaning.max_characters,                    \
                            "drop documents of more characters"),                                  \
        CORPUS_SHARE_OPTION("min-letters", (reader).cleaning.min_letters,                          \
                            "drop documents with a smaller share of letters among the characters " \
                            "that are no white space"),                                            \
        CORPUS_SHARE_OPTION("max-digits", (reader).cleaning.max_digits,                            \
                            "drop documents with a larger share of digits"),                       \
        CORPUS_SHARE_OPTION("max-punctuation", (reader).cleaning.max_punctuation,                  \
                            "drop documents with a larger share of punctuation and symbols"),      \
        {.name = "script",                                                                         \
         .kind = OPTION_STRING,                                                                    \
         .target = &(reader).cleaning.script,                                                      \
         .value = "NAME",                                                                          \
         .default_text = "any",                                                                    \
         .help = "drop documents in other scripts than this one of Unicode: Latin, Cyrillic, Han " \
                 "..."},                                                                           \
        CORPUS_SHARE_OPTION("min-script", (reader).cleaning.min_script,                            \
                            "the share of letters of --script that a document needs"),             \
        {.name = "drop-duplicates",                                                                \
         .kind = OPTION_FLAG,                                                                      \
         .target = &(reader).cleaning.drop_duplicates,                                             \
         .help = "of documents with the same text keep the first"},                                \
        {.name = "drop-near-duplicates",                                                           \
         .kind = OPTION_NUMBER,                                                                    \
         .target = &(reader).cleaning.near_duplicates,                                             \
         .value = "SIMILARITY",                                                                    \
         .minimum = 0,                                                                             \
         .maximum = 1,                                                                             \
         .default_text = "off",                                                                    \
         .help =                                                                                   \
             "drop documents that share so much with an earlier one: 0.5 to 1, of their sets of "  \
             "five words in a row (MinHash)"},                                                     \
    {                                                                                              \
        .name = "cleaning-memory", .kind = OPTION_UINT64, .target = &(reader).cleaning.memory,     \
        .value = "BYTES",                                                                          \
        .help = "for each of the three steps that remember what they saw; what does not fit is "   \
                "compared but not remembered, and counted"                                         \
    }

/* A line for each source that has a name or a weight, and one for what cleaning left out; none
 * where nothing was. */
void corpus_counts_print(FILE *file, const bert_corpus_counts *counts);

/* The same as an object; NULL where there is no memory. */
json_t *corpus_counts_json(const bert_corpus_counts *counts);

#endif
