/* Embeddings of texts: the last layer's hidden states, pooled. */
#include "base/memory.h"
#include "options/options.h"
#include "tasks/inference.h"

#include <stdlib.h>
#include <string.h>

typedef struct embedder {
    const bert_embed_params *params;
    float *hidden_states; /* [limits.tokens, hidden_size] */
    float *pooled;        /* [limits.sequences, hidden_size] */
    float *embeddings;    /* [count, hidden_size], the caller's */
} embedder;

bert_embed_params bert_embed_params_default(void)
{
    return (bert_embed_params){.pooling = BERT_POOLING_MEAN};
}

static bert_status embed_batch(void *context, bert_workspace *workspace,
                               const inference_batch *batch, bert_error *error)
{
    const embedder *embedder = context;
    const bert_model *loaded = workspace->loaded;
    const operations *operations = model_operations(loaded->model);
    const model_input *input = &batch->input;
    size_t hidden = bert_model_hidden_size(loaded), sequences = (size_t)input->sequence_count;
    model_hidden_states(workspace->activations, input, embedder->hidden_states);
    if (embedder->params->pooling == BERT_POOLING_CLS)
        operations->rows_gather(embedder->pooled, embedder->hidden_states, input->sequence_starts,
                                sequences, hidden);
    else
        operations->segments_mean(embedder->pooled, embedder->hidden_states, input->sequence_starts,
                                  sequences, hidden);
    if (embedder->params->normalize)
        operations->rows_normalize(embedder->pooled, sequences, hidden);
    if (!operations->all_finite(embedder->pooled, sequences * hidden))
        return error_set(error, BERT_ERROR_NOT_FINITE,
                         "an embedding is not finite; the model's weights are of no use");
    for (size_t i = 0; i < sequences; i++)
        memcpy(embedder->embeddings + batch->numbers[i] * hidden, embedder->pooled + i * hidden,
               hidden * sizeof *embedder->pooled);
    return BERT_OK;
}

bert_status bert_embed(const bert_model *model, bert_workspace *workspace, const bert_input *inputs,
                       size_t count, const bert_embed_params *params, float *embeddings,
                       bert_inference_stats *usage, bert_error *error)
{
    TRY(OPTIONS_CHECK(bert_embed_params, params, error));
    TRY(inference_check_length(params->max_seq_length, error));
    embedder embedder = {.params = params, .embeddings = embeddings};
    size_t hidden = bert_model_hidden_size(model);
    bert_status status;
    TRY_OR_GO(status,
              memory_map((void **)&embedder.hidden_states,
                         (size_t)model->limits.tokens * hidden * sizeof(float), "hidden states",
                         error),
              done);
    TRY_OR_GO(status,
              memory_array((void **)&embedder.pooled, (size_t)model->limits.sequences * hidden,
                           sizeof(float), "embeddings", error),
              done);
    const inference_job job = {
        .batch = embed_batch, .context = &embedder, .max_seq_length = params->max_seq_length};
    status = inference_run(model, workspace, inputs, count, &job, usage, error);
done:
    free(embedder.pooled);
    memory_unmap(embedder.hidden_states, (size_t)model->limits.tokens * hidden * sizeof(float));
    return status;
}
