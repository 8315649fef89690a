/* Marks inside a paragraph of Markdown or reStructuredText. */
#ifndef CORPUS_MARKDOWN_H
#define CORPUS_MARKDOWN_H

#include "base/text.h"

/* Appends the words of a paragraph: emphasis, code and escapes without their marks, links as their
 * labels, images, tags, addresses and footnote marks not at all. What is not closed near by is
 * text, so that time grows with the length. */
bert_status markdown_append_inline(text *out, const char *paragraph, size_t length,
                                   bert_error *error);

#endif
