#include "tasks/finetune_settings.h"

#include "base/file.h"
#include "formats/json.h"
#include "optim/optimizers.h"
#include "tasks/glue.h"
#include "train/learning_rate.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

bert_finetune_params bert_finetune_params_default(void)
{
    return (bert_finetune_params){
        .validation_fraction = 0.1,
        .text_column = "text",
        .label_column = "label",
        .problem_type = "single_label_classification",
        .per_device_train_batch_size = 32,
        .gradient_accumulation_steps = 1,
        .max_seq_length = 128,
        .num_train_epochs = 3,
        .learning_rate = 5e-5,
        .lr_scheduler_type = "linear",
        .lr_end = 1e-7,
        .lr_power = 1,
        .lr_num_cycles = 1,
        .pct_start = 0.3,
        .div_factor = 25,
        .final_div_factor = 1e4,
        .warmup_ratio = 0.1,
        .optim = "adamw",
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
        .gradient_dtype = "float32",
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

enum { NUMBERS = 32 };

static size_t list_numbers(const bert_finetune_params *p, number numbers[NUMBERS])
{
    const number all[] = {
#define WHOLE(name, low, high) {#name, (double)p->name, low, high, false, false, true}
#define REAL(name, low, open_below, high, open_above)            \
    {                                                            \
#name, p->name, low, high, open_below, open_above, false \
    }
        WHOLE(per_device_train_batch_size, 1, 65536),
        WHOLE(gradient_accumulation_steps, 1, 65536),
        WHOLE(micro_batch_tokens, 0, INT_MAX),
        WHOLE(max_seq_length, 3, 65536),
        WHOLE(num_train_epochs, 1, 100000),
        REAL(learning_rate, 0, true, INFINITY, true),
        REAL(baseline_learning_rate, 0, false, INFINITY, true),
        REAL(lr_end, 0, false, INFINITY, true),
        REAL(lr_power, 0, true, 1000, false),
        WHOLE(lr_num_cycles, 1, 0x1p53),
        REAL(pct_start, 0, false, 1, false),
        REAL(div_factor, 1, false, INFINITY, true),
        REAL(final_div_factor, 1, false, INFINITY, true),
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
    return BERT_OK;
}

schedule_settings schedule_settings_of_finetuning(const bert_finetune_params *params)
{
    return (schedule_settings){
        .lr_scheduler_type = params->lr_scheduler_type,
        .learning_rate = params->learning_rate,
        .lr_end = params->lr_end,
        .lr_power = params->lr_power,
        .lr_num_cycles = params->lr_num_cycles,
        .pct_start = params->pct_start,
        .div_factor = params->div_factor,
        .final_div_factor = params->final_div_factor,
    };
}

/* What the training step is made with. */
static bert_status check_step(const bert_finetune_params *params, bert_error *error)
{
    const schedule_settings settings = schedule_settings_of_finetuning(params);
    const schedule_type *schedule;
    const optimizer_type *optimizer;
    if (params->zero != 0 && params->zero != 1)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "params->zero is %d, expected 0 or 1",
                         params->zero);
    TRY(optimizer_type_find(&optimizer, params->optim, error));
    TRY(settings_check_precision("params->precision", params->precision, error));
    TRY(settings_check_precision("params->gradient_dtype", params->gradient_dtype, error));
    return schedule_settings_check(&settings, &schedule, error);
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
    return check_step(params, error);
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
        {"optim", params->optim},
        {"precision", params->precision},
        {"gradient_dtype", params->gradient_dtype},
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
