/* Texts through a trained model, many at once: computed in batches without padding, in memory that
 * does not grow with their number. Part of bert.h. */
#ifndef BERT_INFERENCE_H
#define BERT_INFERENCE_H

#include "bert/choices.h"
#include "bert/status.h"
#include "bert/tokenizer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A trained model with its tokenizer. Nothing that is done with a loaded model changes it: any
 * number of threads may use one at once. */
typedef struct bert_model bert_model;

/* The memory that a model computes in. One thread uses a workspace at a time; N threads need one
 * model and N workspaces:
 *
 *     bert_workspace *workspace;
 *     status = bert_workspace_create(&workspace, model, &error);   in each thread
 *     while (status == BERT_OK && more())
 *         status = bert_embed(model, workspace, inputs, count, &params, vectors, NULL, &error);
 *     bert_workspace_free(workspace);
 *
 * Functions that take one create it for the call where it is NULL; keep one for repeated calls. */
typedef struct bert_workspace bert_workspace;

typedef struct bert_model_options {
    int batch_tokens; /* 0: chosen from the model. Computed at once, where there are so many; more
                         take more memory */
    int threads;      /* 0: all cores */
} bert_model_options;
BERT_API bert_model_options bert_model_options_default(void);

/* `directory`: a model folder, one TensorFlow checkpoint in it, or a run: its last checkpoint.
 * `options` may be NULL in the second form. */
BERT_API bert_status bert_model_load(bert_model **model, const char *directory, bert_error *error);
BERT_API bert_status bert_model_load_with(bert_model **model, const char *directory,
                                          const bert_model_options *options, bert_error *error);
BERT_API void bert_model_free(bert_model *model);

/* Free it before the model; it works with no other one. Its size is that of the activations of
 * batch_tokens tokens; there are no weights in it. */
BERT_API bert_status bert_workspace_create(bert_workspace **workspace, const bert_model *model,
                                           bert_error *error);
BERT_API void bert_workspace_free(bert_workspace *workspace);
BERT_API size_t bert_workspace_bytes(const bert_workspace *workspace);

/* The model's tokenizer, owned by the model. */
BERT_API const bert_tokenizer *bert_model_tokenizer(const bert_model *model);

/* Whether it has a head for masked tokens, as models that were pre-trained have. */
BERT_API bool bert_model_fills_masks(const bert_model *model);

/* Columns of an embedding. */
BERT_API size_t bert_model_hidden_size(const bert_model *model);

/* One text, or a pair of texts where `pair` is not NULL. Any bytes. */
typedef struct bert_input {
    const char *text;
    size_t length;
    const char *pair;
    size_t pair_length;
} bert_input;

/* What went through a model, added up over calls: zero it before the first. Where it is given, a
 * message about a text begins with its number, counted from 1 over all these calls. After a
 * failure, the texts in `texts` are done. */
typedef struct bert_inference_stats {
    uint64_t texts, tokens;
    uint64_t truncated;     /* texts that were too long and were truncated */
    uint64_t invalid_bytes; /* bytes that were not UTF-8, read as U+FFFD */
} bert_inference_stats;

typedef struct bert_embed_params {
    bert_pooling pooling;
    bool normalize;     /* divide each by its Euclidean length */
    int max_seq_length; /* 0: the model's positions, or model_max_length of its tokenizer where that
                           is less; longer texts are truncated */
} bert_embed_params;
BERT_API bert_embed_params bert_embed_params_default(void);

/* embeddings[count, hidden_size] out of the last layer's hidden states; the caller's. `usage` may
 * be NULL. */
BERT_API bert_status bert_embed(const bert_model *model, bert_workspace *workspace,
                                const bert_input *inputs, size_t count,
                                const bert_embed_params *params, float *embeddings,
                                bert_inference_stats *usage, bert_error *error);

/* The number of a classifier's outputs: the labels in id2label, or 1 for a regression. 0 for a
 * model without a classifier. */
BERT_API size_t bert_model_label_count(const bert_model *model);
/* The name of a label, owned by the model. */
BERT_API const char *bert_model_label(const bert_model *model, size_t label);
BERT_API bool bert_model_is_regression(const bert_model *model);

typedef struct bert_predict_params {
    int max_seq_length; /* 0: the model's positions, or model_max_length of its tokenizer where that
                           is less; longer texts are truncated */
} bert_predict_params;
BERT_API bert_predict_params bert_predict_params_default(void);

/* answers[count, label_count], the caller's: probabilities of the labels, which add up to 1; of a
 * regression the numbers themselves. `usage` may be NULL. */
BERT_API bert_status bert_predict(const bert_model *model, bert_workspace *workspace,
                                  const bert_input *inputs, size_t count,
                                  const bert_predict_params *params, float *answers,
                                  bert_inference_stats *usage, bert_error *error);

typedef struct bert_prediction {
    int32_t id;
    double probability;
} bert_prediction;

/* The `top_k` most probable tokens, best first, for every [MASK] in `text`, in its order.
 * predictions: [mask_count, top_k], of which at most `mask_capacity` rows are written; the caller
 * owns it. `*mask_count` is how many the text has. A text without [MASK], or one longer than the
 * model has positions, is an error. Ties go to the smaller id. */
BERT_API bert_status bert_fill_mask(const bert_model *model, bert_workspace *workspace,
                                    const char *text, size_t length, size_t top_k,
                                    bert_prediction *predictions, size_t mask_capacity,
                                    size_t *mask_count, bert_error *error);

/* The same for many texts. */
typedef struct bert_filled {
    bert_prediction *predictions; /* [mask_count, top_k] */
    size_t mask_count;
} bert_filled;

/* filled[count] is written for the texts that usage->texts counts; each is released by
 * bert_filled_free. `usage` may be NULL. */
BERT_API bert_status bert_fill_masks(const bert_model *model, bert_workspace *workspace,
                                     const bert_input *inputs, size_t count, size_t top_k,
                                     bert_filled *filled, bert_inference_stats *usage,
                                     bert_error *error);
BERT_API void bert_filled_free(bert_filled *filled);

#ifdef __cplusplus
}
#endif
#endif
