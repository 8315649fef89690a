/* Cleaning of a corpus (bert/corpus.h): a stage after the readers that processes the documents one
 * by one, in order, so that its results depend on the sequence of documents alone. */
#ifndef CORPUS_CLEAN_H
#define CORPUS_CLEAN_H

#include "bert/corpus.h"
#include "corpus/hash_counts.h"
#include "corpus/near_duplicates.h"
#include "corpus/reader.h"

typedef struct cleaner {
    bert_cleaning_options options;
    int script; /* ICU's UScriptCode; negative: any */
    hash_counts lines, documents;
    near_duplicates *near; /* owned; NULL if disabled */
    text kept;             /* work buffer */
    bert_cleaning_counts counts;
} cleaner;

bert_cleaning_options cleaning_options_default(void);

/* Checks the options. */
bert_status cleaner_open(cleaner *cleaner, const bert_cleaning_options *options, bert_error *error);
void cleaner_close(cleaner *cleaner); /* safe on a zeroed struct; counts are kept */

/* Whether the options keep every document unchanged. */
bool cleaning_is_off(const bert_cleaning_options *options);

/* Removes repeated paragraphs from a document and decides whether to keep it. */
bert_status cleaner_apply(cleaner *cleaner, document *document, bool *keep, bert_error *error);

#endif
