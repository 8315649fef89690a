/* Every table of options with the defaults of its struct, for the tests that go through all. */
#ifndef TESTS_OPTIONS_TABLES_H
#define TESTS_OPTIONS_TABLES_H

#include "bert.h"

/* TABLE(struct) for each. */
#define EVERY_TABLE                    \
    TABLE(bert_cleaning_options)       \
    TABLE(bert_reader_options)         \
    TABLE(bert_tokenizer_options)      \
    TABLE(bert_train_tokenizer_params) \
    TABLE(bert_inspect_corpus_params)  \
    TABLE(bert_inspect_data_params)    \
    TABLE(bert_inspect_model_params)   \
    TABLE(bert_prepare_params)         \
    TABLE(bert_tune_params)            \
    TABLE(bert_plan_params)            \
    TABLE(bert_pretrain_params)        \
    TABLE(bert_resume_params)          \
    TABLE(bert_job_params)             \
    TABLE(bert_evaluate_params)        \
    TABLE(bert_finetune_params)        \
    TABLE(bert_model_options)          \
    TABLE(bert_embed_params)           \
    TABLE(bert_predict_params)         \
    TABLE(bert_serve_params)           \
    TABLE(bert_download_params)        \
    TABLE(bert_upload_params)

/* Cleaning has its defaults in the reader's. */
static inline bert_cleaning_options bert_cleaning_options_default(void)
{
    return bert_reader_options_default().cleaning;
}

#endif
