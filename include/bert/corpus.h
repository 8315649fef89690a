/* libbert: documents out of files, cleaned and mixed. Part of bert.h; the manual is docs/corpus.md.
 */
#ifndef BERT_CORPUS_H
#define BERT_CORPUS_H

#include "bert/choices.h"
#include "bert/status.h"
#include "bert/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What to leave out of a corpus; every step is off where its member has the default. They come in
 * the order of the members: what one drops, the later ones never see. Results depend on
 * the documents and their order alone. */
typedef struct bert_cleaning_options {
    /* A paragraph is kept the first so many times that it is seen (boilerplate); at most 255. */
    int max_repeats; /* 0: off */
    /* Of a document; 0: no bound. Words are separated by white space. Of scripts without spaces,
     * three Chinese characters count as two words, two kana as one, and three letters of Thai, Lao,
     * Khmer, Burmese and the like, without marks, as one. */
    uint64_t min_words, max_words;
    uint64_t min_characters, max_characters; /* likewise, white space included */
    double min_letters;     /* 0: of the characters that are no white space, this share at least */
    double max_digits;      /* 1: this share at most */
    double max_punctuation; /* 1: likewise, symbols included */
    const char *script;     /* NULL; Unicode's name ("Latin", "Cyrillic", "Han"): */
    double min_script;      /* of the letters, this share at least is of that script */
    bool drop_duplicates;   /* of documents with the same text all but the first are dropped */
    /* Documents whose sets of five words in a row are as similar as this (Jaccard, estimated by
     * MinHash with 128 values in 16 bands) to an earlier one are dropped; 0: off, else at least
     * 0.5. Two of similarity 0.8 are found with a probability of 0.95, of 0.9 almost surely. In
     * scripts without spaces a letter with its marks is a word. */
    double drop_near_duplicates;
    /* Bytes, for each of the three steps that remember: 8 to 22 for a paragraph or a
     * document, 256 for a document where near duplicates are looked for. What does not fit is
     * compared and not remembered, and counted. */
    uint64_t memory;
} bert_cleaning_options;

/* Why a document was left out: by the first step that did it. */
typedef enum bert_dropped {
    BERT_DROPPED_EMPTIED, /* nothing but repeated paragraphs */
    BERT_DROPPED_TOO_SHORT,
    BERT_DROPPED_TOO_LONG,
    BERT_DROPPED_FEW_LETTERS,
    BERT_DROPPED_MANY_DIGITS,
    BERT_DROPPED_MUCH_PUNCTUATION,
    BERT_DROPPED_OTHER_SCRIPT,
    BERT_DROPPED_DUPLICATE,
    BERT_DROPPED_NEAR_DUPLICATE,
    BERT_DROPPED_REASONS
} bert_dropped;
/* "too_short" */
BERT_API const char *bert_dropped_name(bert_dropped reason);

typedef struct bert_cleaning_counts {
    uint64_t documents;                     /* that came in */
    uint64_t dropped[BERT_DROPPED_REASONS]; /* documents */
    uint64_t repeated_paragraphs;           /* left out of documents */
    uint64_t not_remembered; /* paragraphs and documents that did not fit into `memory` */
} bert_cleaning_counts;

/* Where inputs that are more than text have their text, and which of it to take. */
typedef struct bert_reader_options {
    /* The column of a table (TSV, CSV, Parquet, Arrow) or the member of JSON objects, by its path:
     * "translation.en"; "data.*.text" makes a document of each element of "data". Several, with
     * commas between them, make one document, a paragraph each. Tables of text without a row of
     * names: the column's number, from 1. NULL: "text", or the only column that holds text. */
    const char *text_field;
    /* BERT_FORMAT_UNSET: by content and name. Else text is read as this (Parquet and Arrow are what
     * they are). */
    bert_format format;
    /* Borders of documents and sentences; docs/corpus.md has an example for each kind of corpus. */
    bert_document_separator document_separator; /* UNSET: what the format says */
    /* Rows that follow each other with the same value in this column of a table, or member of JSON
     * objects, are one document; NULL: each row is one. Excludes document_separator. */
    const char *document_column;
    bert_sentence_separator sentence_separator;
    /* The largest window of Zstandard, as a power of two, and so the memory that decompressing takes
     * at most. Files made with `zstd --long=31` need 31. */
    int zstd_window_log;
    bert_cleaning_options cleaning;
    uint64_t seed; /* decides which documents are taken from a weighted source */
} bert_reader_options;
BERT_API bert_reader_options bert_reader_options_default(void);

/* A source is an input "NAME=PATH:WEIGHT"; all inputs without a name are one source together.
 * A weight of 0.1 takes a tenth of its documents, chosen by a hash of their text; 2.5 each twice
 * and half of them once more. */
enum { BERT_SOURCES_MAX = 32, BERT_SOURCE_NAME_MAX = 64 };
typedef struct bert_source_counts {
    char name[BERT_SOURCE_NAME_MAX]; /* "" for inputs without one */
    double weight;
    uint64_t documents; /* read and left by cleaning */
    uint64_t taken;     /* passed on, repeats included */
} bert_source_counts;

typedef struct bert_corpus_counts {
    bert_cleaning_counts cleaning;
    bert_source_counts sources[BERT_SOURCES_MAX];
    size_t source_count;
} bert_corpus_counts;
/* Replaces the content of `json` by {"sources": [...], "cleaning": {...}}. */
BERT_API bert_status bert_corpus_counts_json(const bert_corpus_counts *counts, bert_text *json,
                                             bert_error *error);

/* Calls `document` for every document that the readers find in `inputs` (`bert cat`). Text is
 * UTF-8, valid during the call; a line feed ends a paragraph, or a sentence
 * where `options` or the text say so (bert_sentence_separator); other sentences are not yet split.
 * A status other than BERT_OK from the callback ends the reading and is returned. `options` and
 * `counts` may be NULL. */
typedef bert_status bert_document_callback(void *context, const char *text, size_t length,
                                           bert_error *error);
BERT_API bert_status bert_read_documents(const char *const *inputs, size_t input_count,
                                         const bert_reader_options *options,
                                         bert_document_callback *document, void *context,
                                         bert_corpus_counts *counts, const bert_observer *observer,
                                         bert_error *error);

#ifdef __cplusplus
}
#endif
#endif
