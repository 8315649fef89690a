/* RUN/run.json: the settings of a run, written and read. */
#include "formats/json.h"
#include "formats/option_json.h"
#include "options/options.h"
#include "train/learning_rate.h"
#include "train/settings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { RUN_FORMAT = 1 };

/* An option of one call of the program, not of a run. */
static bool belongs_to_call(const bert_option *option)
{
    return strcmp(option->name, "stop_after_steps") == 0;
}

/* The members of a run's settings in the order of their keys. run.json has had these, first the
 * strings, since its first version; an option that is not among them follows in the order of the
 * table. */
static const char *const first_keys[] = {
    "data",
    "tokenizer",
    "model",
    "output",
    "optim",
    "lr_scheduler_type",
    "learning_rate_scaling",
    "batch_size_ramp",
    "precision",
    "gradient_dtype",
    "teacher",
    "pairs",
    "sequences",
    "sequence_schedule",
    "mask_unit",
    "masks",
    "per_device_train_batch_size",
    "micro_batch_tokens",
    "gradient_accumulation_steps",
    "max_seq_length",
    "short_seq_probability",
    "mlm_probability",
    "next_sentence_prediction",
    "learning_rate",
    "weight_decay",
    "adam_beta1",
    "adam_beta2",
    "adam_epsilon",
    "muon_momentum",
    "muon_adjust_lr_fn",
    "max_grad_norm",
    "lr_end",
    "lr_power",
    "lr_num_cycles",
    "pct_start",
    "div_factor",
    "final_div_factor",
    "lr_decay_ratio",
    "lr_decay_type",
    "base_batch_size",
    "warmup_steps",
    "warmup_ratio",
    "max_steps",
    "num_train_epochs",
    "logging_steps",
    "eval_steps",
    "eval_epochs",
    "eval_samples",
    "save_steps",
    "save_epochs",
    "save_total_limit",
    "hidden_dropout_prob",
    "attention_probs_dropout_prob",
    "gradient_checkpointing",
    "zero",
    "distill_temperature",
    "distill_alpha_ce",
    "distill_alpha_mlm",
    "distill_alpha_cos",
    "seed",
    "threads",
};
enum { FIRST_KEYS = sizeof first_keys / sizeof *first_keys };

static bool is_first_key(const char *name)
{
    for (size_t i = 0; i < FIRST_KEYS; i++)
        if (strcmp(first_keys[i], name) == 0)
            return true;
    return false;
}

static bert_status put_fields(json_t *object, const bert_pretrain_params *params, bert_error *error)
{
    size_t count;
    const bert_option *options = bert_pretrain_params_table(&count);
    for (size_t i = 0; i < FIRST_KEYS; i++) {
        const bert_option *option = bert_option_find(options, count, first_keys[i]);
        TRY(json_put(object, option->name, option_to_json(params, option), error));
    }
    for (size_t i = 0; i < count; i++)
        if (!is_first_key(options[i].name) && !belongs_to_call(&options[i]))
            TRY(json_put(object, options[i].name, option_to_json(params, &options[i]), error));
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

/* The lengths are in the settings. A run of one length has one number. */
static bert_status put_phases(json_t *object, const run_settings *settings, bert_error *error)
{
    if (settings->phase_count == 1)
        return json_put(object, "samples_per_epoch",
                        json_integer((json_int_t)settings->phases[0].samples_per_epoch), error);
    json_t *samples = json_array();
    for (int i = 0; i < settings->phase_count; i++)
        json_array_append_new(samples,
                              json_integer((json_int_t)settings->phases[i].samples_per_epoch));
    return json_put(object, "samples_per_epoch_by_length", samples, error);
}

/* What the steps of each batch size begin with, and the highest learning rate that they would have.
 */
static bert_status put_batches(json_t *object, const run_settings *settings, bert_error *error)
{
    json_t *batches = json_array();
    const bert_pretrain_params *params = &settings->params;
    for (int i = 0; i < settings->batch_count; i++) {
        const run_batch *batch = &settings->batches[i];
        double rate = params->learning_rate * learning_rate_scale(params, batch->size);
        json_array_append_new(
            batches, json_pack("{s:I, s:I, s:f}", "batch_size", (json_int_t)batch->size,
                               "first_step", (json_int_t)batch->first_step, "learning_rate", rate));
    }
    return json_put(object, "batches", batches, error);
}

static bert_status put_resolved(json_t *object, const run_settings *settings, bert_error *error)
{
    const data_fingerprint *data = &settings->data;
    TRY(put_phases(object, settings, error));
    TRY(json_put(object, "ranks", json_integer(settings->ranks), error));
    TRY(put_batches(object, settings, error));
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
    static const char *const own[] = {"data",  "eval_data", "tokenizer",
                                      "model", "output",    "threads"};
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

/* Null where the batches were a session's caller's own. */
static bool has_no_data(const json_t *object, const bert_option *option)
{
    return strcmp(option->name, "data") == 0 && json_is_null(json_object_get(object, "data"));
}

/* A setting that is not there is one that the bert which began the run did not have yet: its
 * default is what that one did, which is what a new setting's default has to be. */
static bert_status get_fields(json_t *object, const char *path, bert_pretrain_params *params,
                              bert_error *error)
{
    *params = bert_pretrain_params_default();
    if (!json_is_object(object))
        return error_set(error, BERT_ERROR_INPUT, "%s: \"settings\" is missing", path);
    size_t count;
    const bert_option *options = bert_pretrain_params_table(&count);
    for (size_t i = 0; i < count; i++)
        if (!belongs_to_call(&options[i]) && !has_no_data(object, &options[i]))
            TRY(option_from_json(params, &options[i], object, path, error));
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

static bert_status get_phases(const json_t *object, const char *path, run_settings *settings,
                              bert_error *error)
{
    if (settings->phase_count == 1)
        return get_count(object, path, "samples_per_epoch", 1,
                         &settings->phases[0].samples_per_epoch, error);
    static const char key[] = "samples_per_epoch_by_length";
    const json_t *samples = json_object_get(object, key);
    bool fits = json_array_size(samples) == (size_t)settings->phase_count;
    for (int i = 0; fits && i < settings->phase_count; i++) {
        json_int_t value = json_integer_value(json_array_get(samples, (size_t)i));
        fits = value >= 1;
        settings->phases[i].samples_per_epoch = (uint64_t)value;
    }
    if (!fits)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: \"%s\": expected an array of %d whole numbers above 0", path, key,
                         settings->phase_count);
    return BERT_OK;
}

static bert_status get_resolved(const json_t *object, const char *path, run_settings *settings,
                                bert_error *error)
{
    data_fingerprint *data = &settings->data;
    int64_t ranks = 0;
    TRY(json_get_integer(object, path, "ranks", true, 1, 1 << 24, &ranks, error));
    settings->ranks = (int)ranks;
    TRY(get_phases(object, path, settings, error));
    TRY(get_split(object, path, "train", &data->train, error));
    TRY(get_split(object, path, "validation", &data->validation, error));
    TRY(get_checksum(object, path, "tokenizer_xxh3_64", &data->tokenizer_checksum, error));
    return settings_resolve(settings, error);
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
    const char *data = settings->data_name, *own = settings->params.tokenizer;
    const char *eval_data = settings->params.eval_data;
    TRY(check_split(data, "", &then->train, &now->train, error));
    TRY(check_split(eval_data ? eval_data : data, eval_data ? "" : ".validation", &then->validation,
                    &now->validation, error));
    if (now->tokenizer_checksum != then->tokenizer_checksum)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s%s: the vocabulary has changed since the run began; begin a new run, "
                         "or bring the old tokenizer back",
                         own ? own : data, own ? "" : ".tokenizer");
    return BERT_OK;
}
