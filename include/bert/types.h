/* Small types that several headers share. Part of bert.h. */
#ifndef BERT_TYPES_H
#define BERT_TYPES_H

#include "bert/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A choice that a file may already have made: BERT_UNSET leaves it to the file. */
typedef enum bert_switch { BERT_UNSET = -1, BERT_OFF = 0, BERT_ON = 1 } bert_switch;

/* A string that the library writes. Zero-initialise; grows as needed, reuse it; release with
 * bert_text_free. */
typedef struct bert_text {
    char *data; /* terminated */
    size_t length, capacity;
} bert_text;
BERT_API void bert_text_free(bert_text *text);

#ifdef __cplusplus
}
#endif
#endif
