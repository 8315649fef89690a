/* Inline markup of Markdown and reStructuredText. */
#ifndef CORPUS_MARKDOWN_H
#define CORPUS_MARKDOWN_H

#include "base/text.h"

/* Appends a paragraph to `out` without its markup: of emphasis, code spans, escapes and roles the
 * text is kept, of a link its text; images, HTML tags, autolinks and footnote references are
 * dropped. An opening delimiter is text where its closing one does not follow within 2,048 bytes:
 * time grows with the length alone, whatever the input. */
bert_status markdown_append_inline(text *out, const char *paragraph, size_t length,
                                   bert_error *error);

#endif
