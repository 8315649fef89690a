/* Labels of texts: the classifier's probabilities, or a regression's numbers. */
#include "base/memory.h"
#include "options/options.h"
#include "tasks/inference.h"

#include <stdlib.h>
#include <string.h>

typedef struct predictor {
    float *logits;  /* [limits.sequences, labels] */
    float *answers; /* [count, labels], the caller's */
} predictor;

bert_predict_params bert_predict_params_default(void)
{
    return (bert_predict_params){0};
}

static bert_status predict_batch(void *context, bert_workspace *workspace,
                                 const inference_batch *batch, bert_error *error)
{
    const predictor *predictor = context;
    const bert_model *loaded = workspace->loaded;
    const operations *operations = model_operations(loaded->model);
    size_t labels = bert_model_label_count(loaded);
    size_t sequences = (size_t)batch->input.sequence_count;
    model_label_logits(workspace->activations, &batch->input, predictor->logits);
    if (!operations->all_finite(predictor->logits, sequences * labels))
        return error_set(error, BERT_ERROR_NOT_FINITE,
                         "an answer is not finite; the model's weights are of no use");
    if (!bert_model_is_regression(loaded))
        operations->softmax_forward(predictor->logits, predictor->logits, sequences, labels);
    for (size_t i = 0; i < sequences; i++)
        memcpy(predictor->answers + batch->numbers[i] * labels, predictor->logits + i * labels,
               labels * sizeof *predictor->answers);
    return BERT_OK;
}

bert_status bert_predict(const bert_model *model, bert_workspace *workspace,
                         const bert_input *inputs, size_t count, const bert_predict_params *params,
                         float *answers, bert_inference_stats *usage, bert_error *error)
{
    if (bert_model_label_count(model) == 0)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "the model has no classifier (it is a %s); bert finetune makes one of it",
                         model_config_architecture(model_configuration(model->model)));
    TRY(OPTIONS_CHECK(bert_predict_params, params, error));
    TRY(inference_check_length(params->max_seq_length, error));
    predictor predictor = {.answers = answers};
    TRY(memory_array((void **)&predictor.logits,
                     (size_t)model->limits.sequences * bert_model_label_count(model), sizeof(float),
                     "answers", error));
    const inference_job job = {
        .batch = predict_batch, .context = &predictor, .max_seq_length = params->max_seq_length};
    bert_status status = inference_run(model, workspace, inputs, count, &job, usage, error);
    free(predictor.logits);
    return status;
}
