/* Small types that several headers share. Part of bert.h. */
#ifndef BERT_TYPES_H
#define BERT_TYPES_H

#include "bert/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A choice that a file may already have made: BERT_UNSET leaves it to the file. */
typedef enum bert_switch { BERT_UNSET = -1, BERT_OFF = 0, BERT_ON = 1 } bert_switch;

/* What may be named by its name on the Hugging Face Hub (bert_hub_resolve), and which of its files
 * are needed. */
typedef enum bert_hub_part {
    BERT_HUB_NOTHING,       /* a path is a path */
    BERT_HUB_MODEL,         /* a model's folder: configuration, weights, tokenizer */
    BERT_HUB_INITIAL_MODEL, /* the same; names of sizes come first (bert_model_size_is_known) */
    BERT_HUB_CONFIGURATION, /* a model's config.json alone; likewise */
    BERT_HUB_TOKENIZER,     /* a folder with vocab.txt or tokenizer.json */
    BERT_HUB_ANYTHING,      /* a model's folder, whatever is in it */
    BERT_HUB_FILES,         /* files of a data set */
} bert_hub_part;

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
