/* What the lines of plain text are. */
#ifndef CORPUS_LINE_KIND_H
#define CORPUS_LINE_KIND_H

#include "base/error.h"

typedef enum line_kind {
    LINES_ARE_WRAPPED, /* a line break is a space */
    LINES_ARE_PARAGRAPHS,
    LINES_ARE_SENTENCES,
} line_kind;

/* Looks at the beginning of a text, of which the last line may be cut.
 *
 * Rules for sentences (corpus/sentences.h) need capitals or punctuation. Where the text has
 * neither to go by, its line breaks are all there is: lower-cased text with a sentence in each line
 * (BookCorpus, Google's input format after lower-casing), and lines that begin like sentences and
 * mostly end without punctuation (chat logs, captions). In all other text a line break is a space:
 * prose is wrapped at a width, and where it is not, the rules find at least the same borders. */
bert_status line_kind_of(line_kind *kind, const char *head, size_t size, bert_error *error);

#endif
