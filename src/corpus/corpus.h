/* The documents of all inputs of a job, one after the other. */
#ifndef CORPUS_CORPUS_H
#define CORPUS_CORPUS_H

#include "bert.h"
#include "corpus/inputs.h"
#include "corpus/reader.h"

typedef struct corpus {
    inputs inputs;
    bert_reader_options options;
    size_t next_input;
    reader reader; /* of inputs.paths[next_input - 1] */
    bool reading;
    uint64_t total_bytes; /* 0 where it is not known: standard input, pipes */
    uint64_t bytes;       /* of the inputs read to their ends */
    uint64_t documents;
    /* See reader.h; may be set before the first corpus_next. */
    size_t document_limit;
    bool keep_lines;
    uint64_t invalid_bytes; /* as above; see corpus_invalid_bytes */
    char *first_invalid;    /* owned: "FILE, byte N"; NULL where all is UTF-8 */
} corpus;

/* Checks that every input is there and can be opened, so that a wrong name shows now and not after
 * hours. Folders and patterns are taken for
 * the files in them (corpus/inputs.h). The strings in `options` (NULL: the defaults) must outlive
 * the corpus. */
bert_status corpus_open(corpus *corpus, const char *const *inputs, size_t input_count,
                        const bert_reader_options *options, bert_error *error);
void corpus_close(corpus *corpus); /* safe on a zeroed struct */

/* The next document; *found is false where there are no more. No document in all inputs is an
 * error. */
bert_status corpus_next(corpus *corpus, document *document, bool *found, bert_error *error);

uint64_t corpus_bytes_read(const corpus *corpus);
uint64_t corpus_invalid_bytes(const corpus *corpus);

/* At the end of the job: one warning where there was text that is not UTF-8. */
void corpus_warn(const corpus *corpus, const bert_observer *observer);

#endif
