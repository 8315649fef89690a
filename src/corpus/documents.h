/* The documents of all inputs of a job, before cleaning and weights. */
#ifndef CORPUS_DOCUMENTS_H
#define CORPUS_DOCUMENTS_H

#include "bert.h"
#include "corpus/inputs.h"
#include "corpus/reader.h"

/* Where a document comes from. */
typedef struct document_origin {
    size_t source; /* in inputs.sources */
    uint64_t file; /* number of the file in the job; each file of an archive counts */
    sentence_borders borders;
    bool is_whole; /* its format says that it is a document; else it can be joined with others */
} document_origin;

typedef struct documents {
    const inputs *inputs;
    bert_reader_options options;
    size_t next_input;
    reader reader; /* of inputs->paths[next_input - 1] while `reading` */
    bool reading;
    uint64_t files; /* of the completed inputs */
    document ahead; /* owned: read to see whether it continues the one before */
    bool has_ahead;
    document_origin ahead_origin;
    uint64_t bytes; /* of the completed inputs */
    /* See reader.h; may be set before the first document. */
    size_t document_limit;
    bool keep_lines;
    /* For messages: */
    uint64_t invalid_bytes;      /* of the completed inputs; see documents_invalid_bytes */
    char *first_invalid;         /* owned: "FILE, byte N"; NULL if all bytes are valid */
    uint64_t cut_documents;      /* longer than document_limit: continued as another one */
    uint64_t files_of_sentences; /* plain text that looks like a sentence in each line */
    char *first_of_sentences;    /* owned: the first of those files */
    empty_files empty;           /* files without a document, of the completed inputs */
    bool has_tables, has_text;   /* among the files */
    uint64_t seen_files;         /* of reader.files, for these counts */
} documents;

/* `inputs` and the strings in `options` must outlive it. */
void documents_start(documents *documents, const inputs *inputs,
                     const bert_reader_options *options);
void documents_close(documents *documents); /* safe on a zeroed struct */

/* The next document; *found is false after the last. */
bert_status documents_next(documents *documents, document *document, document_origin *origin,
                           bool *found, bert_error *error);

uint64_t documents_bytes_read(const documents *documents);
uint64_t documents_invalid_bytes(const documents *documents);

/* At the end of a job: messages about invalid UTF-8, documents that were cut, lines that were taken
 * for sentences, and options that applied to no input. */
void documents_warn(const documents *documents, const bert_observer *observer);

#endif
