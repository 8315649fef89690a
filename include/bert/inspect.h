/* What a tokenizer holds, and how well it suits a corpus. Part of bert.h. */
#ifndef BERT_INSPECT_H
#define BERT_INSPECT_H

#include "bert/corpus.h"
#include "bert/status.h"
#include "bert/tokenizer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- a tokenizer ---- */

typedef struct bert_tokenizer_description {
    size_t vocab_size;            /* largest id + 1 */
    size_t missing;               /* ids below that which no token has */
    size_t special, added;        /* special tokens; other tokens found literally in texts */
    size_t beginning, continuing; /* of the rest: without and with ## */
    /* The alphabet: tokens of one character, as words or beginnings of them, and with ##. */
    size_t characters, continuing_characters;
    bool lowercase, strip_accents, handle_chinese_chars, clean_text;
    size_t max_input_chars_per_word;
} bert_tokenizer_description;
BERT_API void bert_tokenizer_describe(const bert_tokenizer *tokenizer,
                                      bert_tokenizer_description *description);

/* ---- a corpus through a tokenizer ---- */

typedef struct bert_inspect_corpus_params {
    const char *const *inputs; /* whatever bert_read_documents takes */
    size_t input_count;
    bert_reader_options reader_options;
    const char *tokenizer; /* what bert_tokenizer_load takes */
    bert_tokenizer_options tokenizer_options;
    size_t top;      /* entries that each of the report's lists has at most */
    uint64_t memory; /* bytes that finding repeated lines may take */
    int threads;     /* 0: all cores */
} bert_inspect_corpus_params;

/* An entry of a list: some text, truncated where `cut` is true, and a number. */
typedef struct bert_counted_text {
    char *text; /* UTF-8, terminated */
    bool cut;
    uint64_t count;
} bert_counted_text;
typedef struct bert_counted_texts {
    bert_counted_text *entries; /* [count], the largest number first */
    size_t count;
} bert_counted_texts;

/* Words are those of the tokenizer: what white space separates, and each punctuation mark alone.
 * Lines are those of the text as bert_read_documents gives it, and the lines of plain text. */
typedef struct bert_corpus_report {
    uint64_t documents, lines, words, tokens; /* no [CLS] and [SEP] */
    uint64_t bytes;                           /* of UTF-8 text, line ends not counted */
    uint64_t invalid_bytes;                   /* of the input; read as U+FFFD */

    uint64_t unknown_words; /* each is one [UNK]; the reason is one of three: */
    uint64_t too_long;      /* more characters than max_input_chars_per_word */
    uint64_t not_covered;   /* has a character that is in no token */
    uint64_t no_pieces;     /* its characters are in tokens, but these do not make it up */

    /* Characters, after normalisation, that are in no token: how often they were seen. */
    uint64_t uncovered_different, uncovered_count;
    bert_counted_texts uncovered;

    bert_counted_texts longest_words; /* different ones; the count is in characters */

    /* Lines equal to an earlier one, compared by a 64-bit hash. Where `memory` did not
     * suffice, lines seen rarely were forgotten: then repeated_count is too low, and so is a count
     * in the list by at most repeated_error. */
    uint64_t repeated_count;
    uint64_t repeated_error;           /* 0: exact */
    bert_counted_texts repeated_lines; /* the count is of all its occurrences */
} bert_corpus_report;

BERT_API bert_inspect_corpus_params bert_inspect_corpus_params_default(void);
/* Fills `report`, which is released with bert_corpus_report_free, also after a failure. When the
 * observer stops it, the report is on what was read until then, and *finished is false. */
BERT_API bert_status bert_inspect_corpus(const bert_inspect_corpus_params *params,
                                         bert_corpus_report *report, bool *finished,
                                         const bert_observer *observer, bert_error *error);
BERT_API void bert_corpus_report_free(bert_corpus_report *report);

#ifdef __cplusplus
}
#endif
#endif
