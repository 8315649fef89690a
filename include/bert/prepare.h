/* From text to the indexed token files that training reads, in Megatron-LM's format (docs/data.md).
 * Part of bert.h. */
#ifndef BERT_PREPARE_H
#define BERT_PREPARE_H

#include "bert/choices.h"
#include "bert/corpus.h"
#include "bert/status.h"
#include "bert/tokenizer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bert_prepare_params {
    const char *const *inputs;
    size_t input_count;
    bert_reader_options reader_options; /* its seed does not count: `seed` below does */
    const char *tokenizer;              /* folder or vocab.txt; copied to PREFIX.tokenizer/ */
    bert_tokenizer_options tokenizer_options;
    const char *output; /* PREFIX: writes PREFIX.bin, .idx, .validation.bin, .idx, .json */
    bert_layout layout;
    const char *language;       /* of rules and abbreviations: a BCP 47 tag or ICU locale, "en" */
    double validation_fraction; /* of the documents, chosen by a hash of their text; 0: none */
    uint64_t seed;              /* of that hash, and of the documents taken from weighted sources */
    int threads;                /* 0: all cores */
    /* The work grows in PREFIX.preparing/. Interrupted, even killed, it is continued by the same
     * call, to the bytes of one that was not; its progress is saved every `save_seconds`.
     */
    double save_seconds;
    bool overwrite; /* true: existing outputs, and unfinished work with other settings or
                       inputs, are replaced at the end; false: they are an error */
} bert_prepare_params;
typedef struct bert_data_counts {
    uint64_t documents, sentences, tokens;
} bert_data_counts;
typedef struct bert_prepare_result {
    bert_data_counts train, validation;
    uint64_t bytes, invalid_bytes, unknown_tokens;
    bert_corpus_counts corpus;
} bert_prepare_result;
BERT_API bert_prepare_params bert_prepare_params_default(void);
BERT_API bert_status bert_prepare(const bert_prepare_params *params, bert_prepare_result *result,
                                  const bert_observer *observer, bert_error *error);

#ifdef __cplusplus
}
#endif
#endif
