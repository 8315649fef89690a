#include "tasks/finetune_settings.h"

#include "base/file.h"
#include "formats/json.h"
#include "optim/schedule.h"
#include "tasks/glue.h"

#include <limits.h>
#include <math.h>
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

/* Every number with its range; strings and what depends on two settings is checked apart. */
typedef struct number {
    const char *name; /* in finetune.json; with '-' for '_' the option */
    double value, minimum, maximum;
    bool above, below; /* the bound itself is out */
    bool whole;        /* an integer */
} number;

enum { NUMBERS = 20 };

static size_t list_numbers(const bert_finetune_params *p, number numbers[NUMBERS])
{
    const number all[] = {
#define WHOLE(name, low, high) {#name, (double)p->name, low, high, false, false, true}
#define REAL(name, low, open_below, high, open_above)            \
    {                                                            \
#name, p->name, low, high, open_below, open_above, false \
    }
        WHOLE(per_device_train_batch_size, 1, 65536),
        WHOLE(micro_batch_tokens, 0, INT_MAX),
        WHOLE(max_seq_length, 3, 65536),
        WHOLE(num_train_epochs, 1, 100000),
        REAL(learning_rate, 0, true, INFINITY, true),
        REAL(baseline_learning_rate, 0, false, INFINITY, true),
        REAL(warmup_ratio, 0, false, 1, false),
        REAL(weight_decay, 0, false, INFINITY, true),
        REAL(adam_beta1, 0, false, 1, true),
        REAL(adam_beta2, 0, false, 1, true),
        REAL(adam_epsilon, 0, true, INFINITY, true),
        REAL(max_grad_norm, 0, false, INFINITY, true),
        REAL(hidden_dropout_prob, -INFINITY, true, 1, true),
        REAL(attention_probs_dropout_prob, -INFINITY, true, 1, true),
        WHOLE(early_stopping_patience, 0, INT_MAX),
        WHOLE(seeds, 1, 1000),
        WHOLE(seed, 0, 0x1p53),
        WHOLE(logging_steps, 1, 0x1p53),
        REAL(validation_fraction, 0, true, 1, true),
#undef REAL
#undef WHOLE
    };
    memcpy(numbers, all, sizeof all);
    return sizeof all / sizeof *all;
}

static bert_status check_number(const number *number, bert_error *error)
{
    double value = number->value;
    bool fits = (number->above ? value > number->minimum : value >= number->minimum) &&
                (number->below ? value < number->maximum : value <= number->maximum);
    if (fits)
        return BERT_OK;
    return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                     "params->%s is %.17g, expected %s %g and %s %g", number->name, value,
                     number->above ? "above" : "at least", number->minimum,
                     number->below ? "below" : "at most", number->maximum);
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
    if (params->train_file && (!params->text_column || !params->label_column))
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->text_column or params->label_column is empty");
    if (strcmp(params->problem_type, "single_label_classification") != 0 &&
        strcmp(params->problem_type, "regression") != 0)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->problem_type is \"%s\", expected single_label_classification or "
                         "regression",
                         params->problem_type);
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
    if (!params->output)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "params->output is missing");
    if (strcmp(params->precision, "float32") != 0 && strcmp(params->precision, "bf16") != 0)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->precision is \"%s\", expected float32 or bf16",
                         params->precision);
    schedule_kind schedule;
    return schedule_parse(&schedule, params->lr_scheduler_type, error);
}

bert_status finetune_check(const bert_finetune_params *params, bert_error *error)
{
    TRY(check_source(params, error));
    TRY(check_model(params, error));
    if (params->threads < 0)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->threads is %d, expected 0 (all cores) or more", params->threads);
    number numbers[NUMBERS];
    size_t count = list_numbers(params, numbers);
    for (size_t i = 0; i < count; i++)
        TRY(check_number(&numbers[i], error));
    return BERT_OK;
}

bert_status finetune_describe(const bert_finetune_params *params, json_t **settings,
                              bert_error *error)
{
    const struct {
        const char *name, *value;
    } strings[] = {
        {"task", params->task},
        {"data", params->data},
        {"train_file", params->train_file},
        {"validation_file", params->validation_file},
        {"test_file", params->test_file},
        {"text_column", params->text_column},
        {"text_pair_column", params->text_pair_column},
        {"label_column", params->label_column},
        {"problem_type", params->problem_type},
        {"model", params->model},
        {"from_scratch", params->from_scratch},
        {"tokenizer", params->tokenizer},
        {"lr_scheduler_type", params->lr_scheduler_type},
        {"class_weights", params->class_weights},
        {"precision", params->precision},
    };
    json_t *object = json_object();
    bert_status status = BERT_OK;
    for (size_t i = 0; i < sizeof strings / sizeof *strings && status == BERT_OK; i++)
        status = json_put(object, strings[i].name,
                          strings[i].value ? json_string(strings[i].value) : json_null(), error);
    number numbers[NUMBERS];
    size_t count = list_numbers(params, numbers);
    for (size_t i = 0; i < count && status == BERT_OK; i++)
        status = json_put(object, numbers[i].name,
                          numbers[i].whole ? json_integer((json_int_t)numbers[i].value)
                                           : json_real(numbers[i].value),
                          error);
    if (status == BERT_OK)
        status = json_put(object, "baseline", json_boolean(params->baseline), error);
    if (status != BERT_OK) {
        json_decref(object);
        object = NULL;
    }
    *settings = object;
    return status;
}
