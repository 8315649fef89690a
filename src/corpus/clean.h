/* What is left out of a corpus (bert/corpus.h): a stage behind the readers, document by document in
 * their order, so that its results depend on nothing else. */
#ifndef CORPUS_CLEAN_H
#define CORPUS_CLEAN_H

#include "bert/corpus.h"
#include "corpus/hash_counts.h"
#include "corpus/near_duplicates.h"
#include "corpus/reader.h"

typedef struct cleaner {
    bert_cleaning_options options;
    int script; /* ICU's number; negative: any */
    hash_counts lines, documents;
    near_duplicates *near; /* owned; NULL where off */
    text kept;             /* work space */
    bert_cleaning_counts counts;
} cleaner;

bert_cleaning_options cleaning_options_default(void);

/* Checks the options. */
bert_status cleaner_open(cleaner *cleaner, const bert_cleaning_options *options, bert_error *error);
void cleaner_close(cleaner *cleaner); /* safe on a zeroed struct; counts stay */

/* Whether every document stays as it is. */
bool cleaning_is_off(const bert_cleaning_options *options);

/* Takes repeated paragraphs out of a document and finds out whether it stays. */
bert_status cleaner_apply(cleaner *cleaner, document *document, bool *stays, bert_error *error);

#endif
