/* The documents that a reader finds, as one string to compare. */
#ifndef TESTS_CORPUS_KEPT_H
#define TESTS_CORPUS_KEPT_H

#include "base/text.h"

/* A bert_document_callback: appends to a `text` the document and "|". */
static inline bert_status kept_append(void *context, const char *data, size_t length,
                                      bert_error *error)
{
    TRY(text_append(context, data, length, error));
    return text_append(context, "|", 1, error);
}

#endif
