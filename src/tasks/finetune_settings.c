#include "tasks/finetune_settings.h"

#include "base/file.h"
#include "formats/option_json.h"
#include "optim/optimizers.h"
#include "tasks/glue.h"
#include "tokenizer/tokenizer.h"
#include "train/learning_rate.h"
#include "train/optimizer.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

bert_finetune_params bert_finetune_params_default(void)
{
    return (bert_finetune_params){
        .tokenizer_options = bert_tokenizer_options_default(),
        .validation_fraction = 0.1,
        .text_column = "text",
        .label_column = "label",
        .problem_type = BERT_PROBLEM_TYPE_SINGLE_LABEL_CLASSIFICATION,
        .per_device_train_batch_size = 32,
        .gradient_accumulation_steps = 1,
        .max_seq_length = 128,
        .num_train_epochs = 3,
        .learning_rate = 5e-5,
        .lr_scheduler_type = BERT_LR_SCHEDULER_LINEAR,
        .lr_end = 1e-7,
        .lr_power = 1,
        .lr_num_cycles = 1,
        .pct_start = 0.3,
        .div_factor = 25,
        .final_div_factor = 1e4,
        .lr_decay_ratio = 0.2,
        .warmup_ratio = 0.1,
        .optim = BERT_OPTIMIZER_ADAMW,
        .weight_decay = 0.01,
        .adam_beta1 = 0.9,
        .adam_beta2 = 0.999,
        .muon_momentum = 0.95,
        .muon_adjust_lr_fn = BERT_MUON_ADJUSTMENT_MATCH_RMS_ADAMW,
        .adam_epsilon = 1e-8,
        .max_grad_norm = 1.0,
        .hidden_dropout_prob = -1,
        .attention_probs_dropout_prob = -1,
        .seeds = 1,
        .seed = 42,
        .precision = BERT_PRECISION_FLOAT32,
        .gradient_dtype = BERT_PRECISION_FLOAT32,
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
    if (!params->tokenizer && tokenizer_options_given(&params->tokenizer_options))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "settings of a tokenizer go with params->tokenizer: a model folder's "
                         "tokenizer has its own");
    if (params->baseline && params->from_scratch)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->baseline goes with params->model: params->from_scratch is the "
                         "baseline itself");
    if (params->baseline_learning_rate > 0 && !params->baseline)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->baseline_learning_rate is for params->baseline = true: the model "
                         "from scratch");
    return BERT_OK;
}

schedule_settings schedule_settings_of_finetuning(const bert_finetune_params *params)
{
    return (schedule_settings){
        .lr_scheduler_type = bert_lr_scheduler_name(params->lr_scheduler_type),
        .learning_rate = params->learning_rate,
        .lr_end = params->lr_end,
        .lr_power = params->lr_power,
        .lr_num_cycles = params->lr_num_cycles,
        .pct_start = params->pct_start,
        .div_factor = params->div_factor,
        .final_div_factor = params->final_div_factor,
        .lr_decay_ratio = params->lr_decay_ratio,
        .lr_decay_type = params->lr_decay_type,
    };
}

bert_status finetune_check(const bert_finetune_params *params, bert_error *error)
{
    TRY(check_source(params, error));
    TRY(check_model(params, error));
    TRY(OPTIONS_CHECK(bert_finetune_params, params, error));
    TRY(optimizer_figures_check(params->optim, params->muon_momentum, params->muon_adjust_lr_fn,
                                error));
    const schedule_settings settings = schedule_settings_of_finetuning(params);
    const schedule_type *schedule;
    return schedule_settings_check(&settings, &schedule, error);
}

/* An option of one call of the program, not of a run, or one that changes no result. */
static bool belongs_to_call(const bert_option *option)
{
    static const char *const names[] = {
        "output", "resume",      "threads",         "gradient_checkpointing",
        "zero",   "push_to_hub", "hub_private_repo"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(option->name, names[i]) == 0)
            return true;
    return false;
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
    if (status == BERT_OK)
        status = json_put(object, "ranks", json_integer(bert_job_size(params->job)), error);
    if (status != BERT_OK) {
        json_decref(object);
        object = NULL;
    }
    *settings = object;
    return status;
}

bert_status finetune_checksum(const bert_finetune_params *params, uint64_t *checksum,
                              bert_error *error)
{
    static const char *const paths[] = {"data",  "train_file",   "validation_file", "test_file",
                                        "model", "from_scratch", "tokenizer"};
    json_t *settings;
    text dumped = {0};
    TRY(finetune_describe(params, &settings, error));
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        json_object_del(settings, paths[i]);
    bert_status status = json_format(&dumped, settings, 0, error);
    if (status == BERT_OK)
        *checksum = XXH3_64bits(dumped.data, dumped.length);
    text_free(&dumped);
    json_decref(settings);
    return status;
}
