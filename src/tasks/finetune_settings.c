#include "tasks/finetune_settings.h"

#include "base/file.h"
#include "formats/option_json.h"
#include "tasks/glue.h"

#include <stdlib.h>
#include <string.h>

bert_finetune_params bert_finetune_params_default(void)
{
    return (bert_finetune_params){
        .validation_fraction = 0.1,
        .text_column = "text",
        .label_column = "label",
        .problem_type = "single_label_classification",
        .per_device_train_batch_size = 32,
        .max_seq_length = 128,
        .num_train_epochs = 3,
        .learning_rate = 5e-5,
        .lr_scheduler_type = "linear",
        .warmup_ratio = 0.1,
        .weight_decay = 0.01,
        .adam_beta1 = 0.9,
        .adam_beta2 = 0.999,
        .adam_epsilon = 1e-8,
        .max_grad_norm = 1.0,
        .hidden_dropout_prob = -1,
        .attention_probs_dropout_prob = -1,
        .seeds = 1,
        .seed = 42,
        .precision = "float32",
        .logging_steps = 50,
    };
}

bert_status finetune_resolve(bert_finetune_params *resolved, const bert_finetune_params *params,
                             bert_error *error)
{
    *resolved = *params;
    if (params->task && params->train_file)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "params->task is \"%s\" and params->train_file is \"%s\"; expected one of the two",
            params->task, params->train_file);
    if (!params->task || glue_task_find(params->task))
        return BERT_OK;
    if (!file_exists(params->task))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->task is \"%s\", expected one of " GLUE_TASK_NAMES
                         ", or a file of your own; no such file exists",
                         params->task);
    resolved->train_file = params->task;
    resolved->task = NULL;
    return BERT_OK;
}

static bert_status check_source(const bert_finetune_params *params, bert_error *error)
{
    if (!params->task == !params->train_file)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "expected either params->task with the name of a GLUE task or a file of your "
            "own, or params->train_file");
    if (params->task && !params->data)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->data is missing: the folder with the files of %s", params->task);
    if (!params->task && params->data)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "params->data is the folder of a GLUE task; it does not go with a file of your "
            "own (%s)",
            params->train_file);
    if (params->task && (params->validation_file || params->test_file))
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "params->validation_file and params->test_file go with a training file of your own, "
            "not with the task %s",
            params->task);
    return BERT_OK;
}

static bert_status check_model(const bert_finetune_params *params, bert_error *error)
{
    if (!params->model == !params->from_scratch)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "expected either params->model with a model folder, or params->from_scratch with a "
            "size or a config.json");
    if (!params->from_scratch != !params->tokenizer)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "params->from_scratch and params->tokenizer go together: a model folder has its own "
            "tokenizer");
    if (params->baseline && params->from_scratch)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->baseline goes with params->model: params->from_scratch is the "
                         "baseline itself");
    return BERT_OK;
}

bert_status finetune_check(const bert_finetune_params *params, bert_error *error)
{
    TRY(check_source(params, error));
    TRY(check_model(params, error));
    return OPTIONS_CHECK(bert_finetune_params, params, error);
}

/* An option of one call of the program, not of a run, or one that a run may be resumed without. */
static bool belongs_to_call(const bert_option *option)
{
    return strcmp(option->name, "output") == 0 || strcmp(option->name, "resume") == 0 ||
           strcmp(option->name, "threads") == 0;
}

bert_status finetune_describe(const bert_finetune_params *params, json_t **settings,
                              bert_error *error)
{
    size_t count;
    const bert_option *options = bert_finetune_params_table(&count);
    json_t *object = json_object();
    bert_status status = BERT_OK;
    for (size_t i = 0; i < count && status == BERT_OK; i++)
        if (!belongs_to_call(&options[i]))
            status = json_put(object, options[i].name, option_to_json(params, &options[i]), error);
    if (status != BERT_OK) {
        json_decref(object);
        object = NULL;
    }
    *settings = object;
    return status;
}
