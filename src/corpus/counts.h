/* The counts of reading a corpus, as JSON. */
#ifndef CORPUS_COUNTS_H
#define CORPUS_COUNTS_H

#include "bert/corpus.h"

#include <jansson.h>

/* {"sources": […], "cleaning": {…}}, a new reference; NULL if memory is exhausted. */
json_t *corpus_counts_to_json(const bert_corpus_counts *counts);

/* The inverse; `path` is used in messages. */
bert_status corpus_counts_from_json(bert_corpus_counts *counts, const json_t *value,
                                    const char *path, bert_error *error);

#endif
