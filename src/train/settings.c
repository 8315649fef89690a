#include "train/settings.h"

#include "base/file.h"
#include "formats/json.h"
#include "model/config.h"
#include "optim/schedule.h"
#include "train/checkpoint.h"

#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

bert_pretrain_params bert_pretrain_params_default(void)
{
    return (bert_pretrain_params){
        .per_device_train_batch_size = 32,
        .gradient_accumulation_steps = 1,
        .max_seq_length = 128,
        .short_seq_probability = 0.1,
        .mlm_probability = 0.15,
        .next_sentence_prediction = true,
        .optim = "adamw",
        .learning_rate = 1e-4,
        .weight_decay = 0.01,
        .adam_beta1 = 0.9,
        .adam_beta2 = 0.999,
        .adam_epsilon = 1e-8,
        .max_grad_norm = 1.0,
        .lr_scheduler_type = "linear",
        .precision = "float32",
        .gradient_dtype = "float32",
        .distill_temperature = 2,
        .distill_alpha_ce = 5,
        .distill_alpha_mlm = 2,
        .distill_alpha_cos = 1,
        .num_train_epochs = 3,
        .logging_steps = 10,
        .hidden_dropout_prob = -1,
        .attention_probs_dropout_prob = -1,
        .seed = 42,
    };
}

bert_resume_params bert_resume_params_default(void)
{
    return (bert_resume_params){.zero = BERT_UNSET};
}

/* ---------------------------------------------------------------------- the table of fields --- */

typedef enum field_kind { FIELD_INT, FIELD_INT64, FIELD_UINT64, FIELD_DOUBLE, FIELD_BOOL } kind_t;
typedef enum field_open { CLOSED = 0, OPEN_BELOW = 1, OPEN_ABOVE = 2 } open_t; /* bounds left out */

static const struct field {
    const char *name; /* in run.json; with '-' for '_' the option of the command line */
    size_t offset;
    kind_t kind;
    open_t open;
    double minimum, maximum;
    const char *expected;
} fields[] = {
#define FIELD(name, kind, open, minimum, maximum, expected)                                 \
    {                                                                                       \
#name, offsetof(bert_pretrain_params, name), kind, open, minimum, maximum, expected \
    }
#define COUNT(name) FIELD(name, FIELD_INT64, CLOSED, 0, 0x1p53, "0 or more")
#define EPOCHS(name) FIELD(name, FIELD_DOUBLE, CLOSED, 0, 1e9, "0 or more")
    FIELD(per_device_train_batch_size, FIELD_INT, CLOSED, 1, 65536, "1 to 65536"),
    FIELD(micro_batch_tokens, FIELD_INT, CLOSED, 0, INT_MAX, "0 (chosen from the model) or more"),
    FIELD(gradient_accumulation_steps, FIELD_INT, CLOSED, 1, 65536, "1 to 65536"),
    FIELD(max_seq_length, FIELD_INT, CLOSED, 8, 65536, "8 to 65536"),
    FIELD(short_seq_probability, FIELD_DOUBLE, CLOSED, 0, 1, "0 to 1"),
    FIELD(mlm_probability, FIELD_DOUBLE, OPEN_BELOW | OPEN_ABOVE, 0, 1, "above 0 and below 1"),
    FIELD(next_sentence_prediction, FIELD_BOOL, CLOSED, 0, 1, ""),
    FIELD(learning_rate, FIELD_DOUBLE, OPEN_BELOW, 0, DBL_MAX, "above 0"),
    FIELD(weight_decay, FIELD_DOUBLE, CLOSED, 0, DBL_MAX, "0 or more"),
    FIELD(adam_beta1, FIELD_DOUBLE, OPEN_ABOVE, 0, 1, "0 or more and below 1"),
    FIELD(adam_beta2, FIELD_DOUBLE, OPEN_ABOVE, 0, 1, "0 or more and below 1"),
    FIELD(adam_epsilon, FIELD_DOUBLE, OPEN_BELOW, 0, DBL_MAX, "above 0"),
    FIELD(max_grad_norm, FIELD_DOUBLE, CLOSED, 0, DBL_MAX, "0 (no clipping) or more"),
    COUNT(warmup_steps),
    FIELD(warmup_ratio, FIELD_DOUBLE, CLOSED, 0, 1, "0 to 1"),
    COUNT(max_steps),
    EPOCHS(num_train_epochs),
    FIELD(logging_steps, FIELD_INT64, CLOSED, 1, 0x1p53, "1 or more"),
    COUNT(eval_steps),
    EPOCHS(eval_epochs),
    COUNT(eval_samples),
    COUNT(save_steps),
    EPOCHS(save_epochs),
    FIELD(save_total_limit, FIELD_INT, CLOSED, 0, INT_MAX, "0 (keep all) or more"),
    FIELD(hidden_dropout_prob, FIELD_DOUBLE, OPEN_ABOVE, -DBL_MAX, 1, "below 1"),
    FIELD(attention_probs_dropout_prob, FIELD_DOUBLE, OPEN_ABOVE, -DBL_MAX, 1, "below 1"),
    FIELD(gradient_checkpointing, FIELD_BOOL, CLOSED, 0, 1, ""),
    FIELD(zero, FIELD_INT, CLOSED, 0, 1, "0 or 1"),
    FIELD(distill_temperature, FIELD_DOUBLE, OPEN_BELOW, 0, 1e6, "above 0"),
    FIELD(distill_alpha_ce, FIELD_DOUBLE, CLOSED, 0, 1e6, "0 or more"),
    FIELD(distill_alpha_mlm, FIELD_DOUBLE, CLOSED, 0, 1e6, "0 or more"),
    FIELD(distill_alpha_cos, FIELD_DOUBLE, CLOSED, 0, 1e6, "0 or more"),
    FIELD(seed, FIELD_UINT64, CLOSED, 0, 0x1p53, "0 to 2^53"),
    FIELD(threads, FIELD_INT, CLOSED, 0, 4096, "0 (all cores) to 4096"),
#undef EPOCHS
#undef COUNT
#undef FIELD
};
enum { FIELD_COUNT = sizeof fields / sizeof fields[0] };

static double field_value(const bert_pretrain_params *params, const struct field *field)
{
    const char *place = (const char *)params + field->offset;
    switch (field->kind) {
    case FIELD_INT:
        return *(const int *)(const void *)place;
    case FIELD_INT64:
        return (double)*(const int64_t *)(const void *)place;
    case FIELD_UINT64:
        return (double)*(const uint64_t *)(const void *)place;
    case FIELD_DOUBLE:
        return *(const double *)(const void *)place;
    case FIELD_BOOL:
        break;
    }
    return *(const bool *)place;
}

static void field_store(bert_pretrain_params *params, const struct field *field, double value)
{
    char *place = (char *)params + field->offset;
    switch (field->kind) {
    case FIELD_INT:
        *(int *)(void *)place = (int)value;
        break;
    case FIELD_INT64:
        *(int64_t *)(void *)place = (int64_t)value;
        break;
    case FIELD_UINT64:
        *(uint64_t *)(void *)place = (uint64_t)value;
        break;
    case FIELD_DOUBLE:
        *(double *)(void *)place = value;
        break;
    case FIELD_BOOL:
        *(bool *)place = value != 0;
        break;
    }
}

static void option_name(char *option, size_t size, const char *name)
{
    snprintf(option, size, "--%s", name);
    for (char *c = option; *c; c++)
        if (*c == '_')
            *c = '-';
}

static bert_status check_range(const bert_pretrain_params *params, const struct field *field,
                               bert_error *error)
{
    double value = field_value(params, field);
    bool low = field->open & OPEN_BELOW ? value > field->minimum : value >= field->minimum;
    bool high = field->open & OPEN_ABOVE ? value < field->maximum : value <= field->maximum;
    if (low && high)
        return BERT_OK;
    char option[64];
    option_name(option, sizeof option, field->name);
    return error_set(error, BERT_ERROR_USAGE, "%s is %.17g, expected %s", option, value,
                     field->expected);
}

/* -------------------------------------------------------------------------------- checking --- */

static bert_status check_contradictions(const bert_pretrain_params *params, bert_error *error)
{
    if (params->max_steps == 0 && !(params->num_train_epochs > 0))
        return error_set(error, BERT_ERROR_USAGE,
                         "--max-steps and --num-train-epochs are both 0, expected a length");
    if (params->eval_steps > 0 && params->eval_epochs > 0)
        return error_set(error, BERT_ERROR_USAGE,
                         "--eval-steps and --eval-epochs are both given, expected one of them");
    if (params->save_steps > 0 && params->save_epochs > 0)
        return error_set(error, BERT_ERROR_USAGE,
                         "--save-steps and --save-epochs are both given, expected one of them");
    if (params->stop_after_steps < 0)
        return error_set(error, BERT_ERROR_USAGE,
                         "--stop-after-steps is %" PRId64 ", expected 0 or more",
                         params->stop_after_steps);
    if (params->warmup_steps > 0 && params->warmup_ratio > 0)
        return error_set(error, BERT_ERROR_USAGE,
                         "--warmup-steps and --warmup-ratio are both given, expected one of them");
    if (strcmp(params->optim, "adamw") != 0 && strcmp(params->optim, "adam") != 0)
        return error_set(error, BERT_ERROR_USAGE, "--optim is \"%s\", expected adamw or adam",
                         params->optim);
    if (strcmp(params->precision, "float32") != 0 && strcmp(params->precision, "bf16") != 0)
        return error_set(error, BERT_ERROR_USAGE, "--precision is \"%s\", expected float32 or bf16",
                         params->precision);
    if (strcmp(params->gradient_dtype, "float32") != 0 &&
        strcmp(params->gradient_dtype, "bf16") != 0)
        return error_set(error, BERT_ERROR_USAGE,
                         "--gradient-dtype is \"%s\", expected float32 or bf16",
                         params->gradient_dtype);
    if (params->teacher &&
        !(params->distill_alpha_ce + params->distill_alpha_mlm + params->distill_alpha_cos > 0))
        return error_set(error, BERT_ERROR_USAGE,
                         "all of --distill-alpha-ce, --distill-alpha-mlm and --distill-alpha-cos "
                         "are 0, expected something to learn from");
    schedule_kind schedule;
    TRY(schedule_parse(&schedule, params->lr_scheduler_type, error));
    if (schedule == SCHEDULE_CONSTANT && (params->warmup_steps > 0 || params->warmup_ratio > 0))
        return error_set(error, BERT_ERROR_USAGE,
                         "--lr-scheduler-type constant has no warm-up; use constant_with_warmup");
    return BERT_OK;
}

bert_status settings_check(const bert_pretrain_params *params, bert_error *error)
{
    const struct {
        const char *value, *option;
    } strings[] = {{params->data, "--data"},
                   {params->model, "--model"},
                   {params->output, "--output"},
                   {params->optim, "--optim"},
                   {params->lr_scheduler_type, "--lr-scheduler-type"},
                   {params->precision, "--precision"},
                   {params->gradient_dtype, "--gradient-dtype"}};
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
        if (!strings[i].value || !*strings[i].value)
            return error_set(error, BERT_ERROR_USAGE, "%s is missing", strings[i].option);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        TRY(check_range(params, &fields[i], error));
    return check_contradictions(params, error);
}

static bert_status copy_string(const char **string, bert_error *error)
{
    char *copy = strdup(*string);
    *string = copy;
    return copy ? BERT_OK : error_set(error, BERT_ERROR_MEMORY, "no memory for settings");
}

/* A path that still holds when the run is resumed from another directory. */
static bert_status copy_path(const char **path, bert_error *error)
{
    char *absolute = NULL;
    if (**path == '/')
        return copy_string(path, error);
    char *here = getcwd(NULL, 0);
    bert_status status = here ? path_join(&absolute, here, *path, error)
                              : error_set(error, BERT_ERROR_IO, "no current directory");
    free(here);
    *path = absolute;
    return status;
}

/* The name of a size means the size, whatever else has that name. Of a run its last checkpoint is
 * taken here and now: the run may go on to others. */
static bert_status copy_model(const char **model, bert_error *error)
{
    model_config named;
    if (model_config_named(&named, *model, NULL) == BERT_OK)
        return copy_string(model, error);
    char *found = NULL;
    bert_status status = checkpoint_find_model(&found, *model, error);
    *model = found;
    if (status == BERT_OK)
        status = copy_path(model, error);
    free(found);
    return status;
}

bert_status settings_create(run_settings *settings, const bert_pretrain_params *params,
                            bert_error *error)
{
    *settings = (run_settings){0};
    TRY(settings_check(params, error));
    bert_pretrain_params *kept = &settings->params;
    *kept = *params;
    kept->stop_after_steps = 0;
    kept->job = NULL;
    settings->ranks = bert_job_size(params->job);
    /* All are replaced before the first failure returns: what is freed is always a copy. */
    bert_status statuses[] = {
        copy_path(&kept->data, error),
        copy_model(&kept->model, error),
        copy_path(&kept->output, error),
        copy_string(&kept->optim, error),
        copy_string(&kept->lr_scheduler_type, error),
        copy_string(&kept->precision, error),
        copy_string(&kept->gradient_dtype, error),
        kept->teacher ? copy_model(&kept->teacher, error) : BERT_OK,
    };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        TRY(statuses[i]);
    return BERT_OK;
}

void settings_free(run_settings *settings)
{
    bert_pretrain_params *params = &settings->params;
    const char *strings[] = {params->data,           params->model,     params->output,
                             params->optim,          params->precision, params->lr_scheduler_type,
                             params->gradient_dtype, params->teacher};
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
        free((void *)(uintptr_t)strings[i]);
    *settings = (run_settings){0};
}

/* -------------------------------------------------------------------------- what follows --- */

int64_t settings_samples_per_step(const run_settings *settings)
{
    return (int64_t)settings->params.per_device_train_batch_size *
           settings->params.gradient_accumulation_steps * settings->ranks;
}

int64_t settings_samples_before(const run_settings *settings, int64_t step)
{
    return step * settings_samples_per_step(settings);
}

double settings_epoch(const run_settings *settings, int64_t steps)
{
    return (double)settings_samples_before(settings, steps) / (double)settings->samples_per_epoch;
}

bool settings_is_due(const run_settings *settings, int64_t steps, double epochs, int64_t step)
{
    if (steps > 0)
        return step % steps == 0;
    if (epochs > 0)
        return floor(settings_epoch(settings, step) / epochs) >
               floor(settings_epoch(settings, step - 1) / epochs);
    return false;
}

bert_status settings_resolve(run_settings *settings, uint64_t samples_per_epoch, bert_error *error)
{
    const bert_pretrain_params *params = &settings->params;
    settings->samples_per_epoch = samples_per_epoch;
    double steps = (double)params->max_steps;
    if (params->max_steps == 0)
        steps = ceil(params->num_train_epochs * (double)samples_per_epoch /
                     (double)settings_samples_per_step(settings));
    if (!(steps >= 1 && steps <= 0x1p53) || samples_per_epoch == 0)
        return error_set(error, BERT_ERROR_USAGE,
                         "%g epochs of %" PRIu64 " samples are %g steps, expected 1 to 2^53",
                         params->num_train_epochs, samples_per_epoch, steps);
    settings->total_steps = (int64_t)steps;
    settings->warmup_steps = params->warmup_steps;
    if (params->warmup_steps == 0)
        settings->warmup_steps = (int64_t)ceil(params->warmup_ratio * steps);
    return BERT_OK;
}

/* -------------------------------------------------------------------------------- run.json --- */

enum { RUN_FORMAT = 1 };

static bert_status put_fields(json_t *object, const bert_pretrain_params *params, bert_error *error)
{
    TRY(json_put(object, "data", json_string(params->data), error));
    TRY(json_put(object, "model", json_string(params->model), error));
    TRY(json_put(object, "output", json_string(params->output), error));
    TRY(json_put(object, "optim", json_string(params->optim), error));
    TRY(json_put(object, "lr_scheduler_type", json_string(params->lr_scheduler_type), error));
    TRY(json_put(object, "precision", json_string(params->precision), error));
    TRY(json_put(object, "gradient_dtype", json_string(params->gradient_dtype), error));
    if (params->teacher)
        TRY(json_put(object, "teacher", json_string(params->teacher), error));
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        double value = field_value(params, &fields[i]);
        json_t *json = fields[i].kind == FIELD_DOUBLE ? json_real(value)
                       : fields[i].kind == FIELD_BOOL ? json_boolean(value != 0)
                                                      : json_integer((json_int_t)value);
        TRY(json_put(object, fields[i].name, json, error));
    }
    return BERT_OK;
}

/* 64-bit checksums do not fit JSON's numbers as everybody reads them. */
static json_t *json_checksum(uint64_t checksum)
{
    char digits[20];
    snprintf(digits, sizeof digits, "%016" PRIx64, checksum);
    return json_string(digits);
}

static bert_status put_split(json_t *object, const char *name, const split_fingerprint *split,
                             bert_error *error)
{
    json_t *json =
        json_pack("{s:I, s:I, s:I, s:o, s:o}", "documents", (json_int_t)split->documents,
                  "sentences", (json_int_t)split->sentences, "tokens", (json_int_t)split->tokens,
                  "index_xxh3_64", json_checksum(split->index_checksum), "token_xxh3_64",
                  json_checksum(split->token_checksum));
    return json_put(object, name, json, error);
}

static bert_status put_resolved(json_t *object, const run_settings *settings, bert_error *error)
{
    const data_fingerprint *data = &settings->data;
    TRY(json_put(object, "samples_per_epoch", json_integer((json_int_t)settings->samples_per_epoch),
                 error));
    TRY(json_put(object, "ranks", json_integer(settings->ranks), error));
    TRY(json_put(object, "total_steps", json_integer(settings->total_steps), error));
    TRY(json_put(object, "total_warmup_steps", json_integer(settings->warmup_steps), error));
    TRY(put_split(object, "train", &data->train, error));
    TRY(put_split(object, "validation", &data->validation, error));
    return json_put(object, "tokenizer_xxh3_64", json_checksum(data->tokenizer_checksum), error);
}

bert_status settings_checksum(const run_settings *settings, uint64_t *checksum, bert_error *error)
{
    json_t *root = json_object();
    text dumped = {0};
    bert_status status;
    TRY_OR_GO(status, put_fields(root, &settings->params, error), done);
    static const char *const own[] = {"data", "model", "output", "threads"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        json_object_del(root, own[i]);
    TRY_OR_GO(status, put_resolved(root, settings, error), done);
    TRY_OR_GO(status, json_format(&dumped, root, 0, error), done);
    *checksum = XXH3_64bits(dumped.data, dumped.length);
done:
    text_free(&dumped);
    json_decref(root);
    return status;
}

bert_status settings_write(const run_settings *settings, const char *run, bert_error *error)
{
    char *path = NULL;
    json_t *root = json_object(), *given = json_object(), *resolved = json_object();
    bert_status status;
    TRY_OR_GO(status, path_join(&path, run, "run.json", error), done);
    TRY_OR_GO(status, put_fields(given, &settings->params, error), done);
    TRY_OR_GO(status, put_resolved(resolved, settings, error), done);
    TRY_OR_GO(status, json_put(root, "format", json_integer(RUN_FORMAT), error), done);
    TRY_OR_GO(status, json_put(root, "bert_version", json_string(bert_version()), error), done);
    TRY_OR_GO(status, json_put(root, "settings", json_incref(given), error), done);
    TRY_OR_GO(status, json_put(root, "resolved", json_incref(resolved), error), done);
    status = json_write(root, path, error);
done:
    json_decref(resolved);
    json_decref(given);
    json_decref(root);
    free(path);
    return status;
}

static bert_status get_fields(const json_t *object, const char *path, bert_pretrain_params *params,
                              bert_error *error)
{
    const bert_pretrain_params defaults = bert_pretrain_params_default();
    TRY(json_get_string(object, path, "data", true, &params->data, error));
    TRY(json_get_string(object, path, "model", true, &params->model, error));
    TRY(json_get_string(object, path, "output", true, &params->output, error));
    TRY(json_get_string(object, path, "optim", true, &params->optim, error));
    TRY(json_get_string(object, path, "lr_scheduler_type", true, &params->lr_scheduler_type,
                        error));
    TRY(json_get_string(object, path, "precision", true, &params->precision, error));
    TRY(json_get_string(object, path, "gradient_dtype", true, &params->gradient_dtype, error));
    TRY(json_get_string(object, path, "teacher", false, &params->teacher, error));
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const struct field *field = &fields[i];
        if (field->kind == FIELD_BOOL) {
            bool flag = false;
            TRY(json_get_boolean(object, path, field->name, true, &flag, error));
            field_store(params, field, flag);
        } else if (field->kind == FIELD_DOUBLE) {
            /* Runs from before there was distillation lack its settings. */
            bool required = strncmp(field->name, "distill_", 8) != 0;
            double value = field_value(&defaults, field);
            TRY(json_get_number(object, path, field->name, required, field->minimum, field->maximum,
                                &value, error));
            field_store(params, field, value);
        } else {
            int64_t value = 0;
            TRY(json_get_integer(object, path, field->name, true, (int64_t)field->minimum,
                                 (int64_t)field->maximum, &value, error));
            field_store(params, field, (double)value);
        }
    }
    return BERT_OK;
}

static bert_status get_count(const json_t *object, const char *path, const char *key,
                             int64_t minimum, uint64_t *out, bert_error *error)
{
    int64_t value = 0;
    TRY(json_get_integer(object, path, key, true, minimum, INT64_MAX, &value, error));
    *out = (uint64_t)value;
    return BERT_OK;
}

static bert_status get_checksum(const json_t *object, const char *path, const char *key,
                                uint64_t *out, bert_error *error)
{
    const char *digits = "";
    char *end = NULL;
    TRY(json_get_string(object, path, key, true, &digits, error));
    *out = strtoull(digits, &end, 16);
    if (strlen(digits) != 16 || *end)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: \"%s\" is \"%s\", expected 16 hexadecimal digits", path, key, digits);
    return BERT_OK;
}

static bert_status get_split(const json_t *object, const char *path, const char *name,
                             split_fingerprint *split, bert_error *error)
{
    const json_t *json = json_object_get(object, name);
    TRY(get_count(json, path, "documents", 0, &split->documents, error));
    TRY(get_count(json, path, "sentences", 0, &split->sentences, error));
    TRY(get_count(json, path, "tokens", 0, &split->tokens, error));
    TRY(get_checksum(json, path, "index_xxh3_64", &split->index_checksum, error));
    return get_checksum(json, path, "token_xxh3_64", &split->token_checksum, error);
}

static bert_status get_resolved(const json_t *object, const char *path, run_settings *settings,
                                bert_error *error)
{
    data_fingerprint *data = &settings->data;
    int64_t ranks = 0;
    TRY(json_get_integer(object, path, "ranks", true, 1, 1 << 24, &ranks, error));
    settings->ranks = (int)ranks;
    TRY(get_count(object, path, "samples_per_epoch", 1, &settings->samples_per_epoch, error));
    TRY(get_split(object, path, "train", &data->train, error));
    TRY(get_split(object, path, "validation", &data->validation, error));
    TRY(get_checksum(object, path, "tokenizer_xxh3_64", &data->tokenizer_checksum, error));
    return settings_resolve(settings, settings->samples_per_epoch, error);
}

bert_status settings_read(run_settings *settings, const char *run, bert_error *error)
{
    *settings = (run_settings){0};
    char *path = NULL;
    json_t *root = NULL;
    int64_t format = 0;
    bert_pretrain_params params = {0};
    bert_status status;
    TRY_OR_GO(status, path_join(&path, run, "run.json", error), done);
    if (!file_exists(path)) {
        status = error_set(error, BERT_ERROR_INPUT,
                           "%s: there is no run.json in it, so it is no directory of a run", run);
        goto done;
    }
    TRY_OR_GO(status, json_read(&root, path, error), done);
    TRY_OR_GO(status,
              json_get_integer(root, path, "format", true, RUN_FORMAT, RUN_FORMAT, &format, error),
              done);
    TRY_OR_GO(status, get_fields(json_object_get(root, "settings"), path, &params, error), done);
    status = settings_create(settings, &params, error);
    if (status == BERT_OK)
        status = get_resolved(json_object_get(root, "resolved"), path, settings, error);
    else
        status = error_prefix(error, status, "%s", path);
done:
    json_decref(root);
    free(path);
    return status;
}

static bert_status check_split(const char *data, const char *suffix, const split_fingerprint *then,
                               const split_fingerprint *now, bert_error *error)
{
    if (now->documents != then->documents || now->sentences != then->sentences ||
        now->tokens != then->tokens)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s%s: the data has changed since the run began: now %" PRIu64
                         " documents, %" PRIu64 " sentences, %" PRIu64 " tokens; then %" PRIu64
                         ", %" PRIu64 ", %" PRIu64 "; begin a new run, or bring the old data back",
                         data, suffix, now->documents, now->sentences, now->tokens, then->documents,
                         then->sentences, then->tokens);
    const char *file = now->index_checksum != then->index_checksum   ? "idx"
                       : now->token_checksum != then->token_checksum ? "bin"
                                                                     : NULL;
    if (file)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s%s.%s: has changed since the run began (its checksum is another); "
                         "begin a new run, or bring the old data back",
                         data, suffix, file);
    return BERT_OK;
}

bert_status settings_check_data(const run_settings *settings, const data_fingerprint *now,
                                bert_error *error)
{
    const data_fingerprint *then = &settings->data;
    const char *data = settings->params.data;
    TRY(check_split(data, "", &then->train, &now->train, error));
    TRY(check_split(data, ".validation", &then->validation, &now->validation, error));
    if (now->tokenizer_checksum != then->tokenizer_checksum)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.tokenizer: the vocabulary has changed since the run began; begin a "
                         "new run, or bring the old tokenizer back",
                         data);
    return BERT_OK;
}
