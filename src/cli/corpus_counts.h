/* What the commands that read a corpus have in common: the report of what cleaning and mixing did.
 */
#ifndef CLI_CORPUS_COUNTS_H
#define CLI_CORPUS_COUNTS_H

#include "options.h"

#include <stdio.h>

/* A line for each source that has a name or a weight, and one for what cleaning left out; none
 * where nothing was. */
void corpus_counts_print(FILE *file, const bert_corpus_counts *counts);

/* The same as an object; NULL where there is no memory. */
json_t *corpus_counts_json(const bert_corpus_counts *counts);

#endif
