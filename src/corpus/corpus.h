/* The documents of all inputs of a job, one after the other. */
#ifndef CORPUS_CORPUS_H
#define CORPUS_CORPUS_H

#include "bert.h"
#include "corpus/clean.h"
#include "corpus/inputs.h"
#include "corpus/reader.h"

typedef struct corpus {
    inputs inputs;
    bert_reader_options options;
    size_t next_input;
    cleaner cleaner;
    reader reader;    /* of inputs.paths[next_input - 1] */
    unsigned repeats; /* how often the last document is still to come */
    bool reading;
    uint64_t total_bytes; /* 0 where it is not known: standard input, pipes */
    uint64_t bytes;       /* of the inputs read to their ends */
    uint64_t documents;   /* given, repeats included */
    /* See reader.h; may be set before the first corpus_next. */
    size_t document_limit;
    bool keep_lines;
    uint64_t invalid_bytes; /* as above; see corpus_invalid_bytes */
    char *first_invalid;    /* owned: "FILE, byte N"; NULL where all is UTF-8 */
} corpus;

/* Checks that every input is there and can be opened, so that a wrong name shows now and not after
 * hours. What inputs may be is said in corpus/inputs.h. The strings in `options` (NULL: the
 * defaults) must outlive the corpus. */
bert_status corpus_open(corpus *corpus, const char *const *inputs, size_t input_count,
                        const bert_reader_options *options, bert_error *error);
void corpus_close(corpus *corpus); /* safe on a zeroed struct */

/* The next document, cleaned and by the weight of its source; *found is false where there are no
 * more. `document` is as the last call left it, which may give it again. No document in all inputs
 * is an error. */
bert_status corpus_next(corpus *corpus, document *document, bool *found, bert_error *error);

/* Whether it gives its text as the readers find it: nothing is cleaned, no source has a weight, and
 * so it does not matter where documents end. */
bool corpus_is_plain(const corpus *corpus);

/* Appends all that decides, beside the files, which documents come: for telling jobs apart. */
bert_status corpus_append_settings(const corpus *corpus, text *settings, bert_error *error);

/* What was read, left out and taken so far. */
void corpus_count(const corpus *corpus, bert_corpus_counts *counts);

uint64_t corpus_bytes_read(const corpus *corpus);
uint64_t corpus_invalid_bytes(const corpus *corpus);

/* At the end of the job: one warning where there was text that is not UTF-8. */
void corpus_warn(const corpus *corpus, const bert_observer *observer);

#endif
