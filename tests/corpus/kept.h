/* Collects the documents of a reader in one string, for comparison. */
#ifndef TESTS_CORPUS_KEPT_H
#define TESTS_CORPUS_KEPT_H

#include "base/text.h"

/* A bert_document_callback that appends the document and "|" to a `text`. */
static inline bert_status kept_append(void *context, const char *data, size_t length,
                                      bert_error *error)
{
    TRY(text_append(context, data, length, error));
    return text_append(context, "|", 1, error);
}

#endif
