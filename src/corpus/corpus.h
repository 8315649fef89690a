/* The documents of all inputs of a job, cleaned and weighted. */
#ifndef CORPUS_CORPUS_H
#define CORPUS_CORPUS_H

#include "bert.h"
#include "corpus/clean.h"
#include "corpus/documents.h"

typedef struct corpus {
    inputs inputs;
    bert_reader_options options;
    documents documents; /* its document_limit and keep_lines may be set before corpus_next */
    cleaner cleaner;
    document_origin origin; /* of the last document */
    unsigned repeats;       /* remaining copies of it */
    uint64_t total_bytes;   /* 0: unknown (standard input, pipes) */
    uint64_t returned;      /* documents, copies included */
} corpus;

/* Checks that every input exists and can be opened, so that a wrong name is reported now and not
 * after hours. corpus/inputs.h describes inputs. The strings in `options` (NULL: defaults) must
 * outlive the corpus. */
bert_status corpus_open(corpus *corpus, const char *const *inputs, size_t input_count,
                        const bert_reader_options *options, bert_error *error);
void corpus_close(corpus *corpus); /* safe on a zeroed struct */

/* The next document, after cleaning, repeated by the weight of its source; *found is false after
 * the last. `document` must be unchanged since the last call, because it may be returned again. It
 * is an error if all inputs contain no document. */
bert_status corpus_next(corpus *corpus, document *document, bool *found, bert_error *error);

/* Whether documents are returned as the readers produce them, without cleaning and weights, so that
 * their boundaries do not matter. */
bool corpus_is_plain(const corpus *corpus);

/* Appends everything except the files that determines the documents, to compare jobs. */
bert_status corpus_append_settings(const corpus *corpus, text *settings, bert_error *error);

/* The counts of documents read, dropped and returned so far. */
void corpus_count(const corpus *corpus, bert_corpus_counts *counts);

uint64_t corpus_bytes_read(const corpus *corpus);
uint64_t corpus_invalid_bytes(const corpus *corpus);

/* At the end of a job: what documents_warn says. */
void corpus_warn(const corpus *corpus, const bert_observer *observer);

#endif
