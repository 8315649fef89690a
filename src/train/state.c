#include "train/state.h"

#include "formats/json.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

void train_state_init(train_state *state)
{
    *state = (train_state){.train_loss = NAN, .eval_loss = NAN, .best_loss = NAN};
}

void train_state_free(train_state *state)
{
    json_decref(state->last_log);
    json_decref(state->last_evaluation);
    train_state_init(state);
}

/* --------------------------------------------------------------------------------- writing --- */

static json_t *number_or_null(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

static bert_status put_best(json_t *root, const train_state *state, bert_error *error)
{
    char name[64];
    snprintf(name, sizeof name, "checkpoint-%" PRId64, state->best_step);
    TRY(json_put(root, "best_global_step", json_integer(state->best_step), error));
    TRY(json_put(root, "best_metric", number_or_null(state->best_loss), error));
    return json_put(root, "best_model_checkpoint",
                    state->best_step ? json_string(name) : json_null(), error);
}

static bert_status put_history(json_t *root, const train_state *state, bert_error *error)
{
    json_t *history = json_array();
    if (state->last_log)
        json_array_append(history, state->last_log);
    if (state->last_evaluation)
        json_array_append(history, state->last_evaluation);
    return json_put(root, "log_history", history, error);
}

static bert_status put_key(json_t *object, loss_kind kind, const char *measure, json_t *value,
                           bert_error *error)
{
    char key[64];
    snprintf(key, sizeof key, "%s_%s", loss_descriptions[kind].name, measure);
    return json_put(object, key, value, error);
}

/* Weights are numbers of predictions in all that is pre-trained. MLM and NSP have their keys even
 * where there is no such loss; that of the teacher's predictions has the weight of MLM's. */
static bert_status put_interval(json_t *root, const loss_sums *sums, bert_error *error)
{
    json_t *interval = json_object();
    TRY(json_put(root, "logging_interval", interval, error));
    for (loss_kind kind = 0; kind < LOSS_KINDS; kind++) {
        const loss_term *term = &sums->terms[kind];
        if (kind != LOSS_MLM && kind != LOSS_NSP && !(term->weight > 0))
            continue;
        TRY(put_key(interval, kind, "loss_sum", json_real(term->sum), error));
        if (kind != LOSS_SOFT)
            TRY(put_key(interval, kind, "count", json_integer((json_int_t)term->count), error));
        if (loss_descriptions[kind].has_accuracy)
            TRY(put_key(interval, kind, "correct", json_integer((json_int_t)term->correct), error));
    }
    return BERT_OK;
}

bert_status train_state_write(const train_state *state, const run_settings *settings,
                              const char *path, bert_error *error)
{
    const bert_pretrain_params *params = &settings->params;
    int64_t samples = settings_samples_before(settings, state->step);
    json_t *root = json_object();
    bert_status status;
    TRY_OR_GO(status, put_best(root, state, error), done);
    TRY_OR_GO(status,
              json_put(root, "epoch", json_real(settings_epoch(settings, state->step)), error),
              done);
    TRY_OR_GO(status, json_put(root, "eval_steps", json_integer(params->eval_steps), error), done);
    TRY_OR_GO(status, json_put(root, "global_step", json_integer(state->step), error), done);
    TRY_OR_GO(status, put_history(root, state, error), done);
    TRY_OR_GO(status, json_put(root, "logging_steps", json_integer(params->logging_steps), error),
              done);
    TRY_OR_GO(status, json_put(root, "max_steps", json_integer(settings->total_steps), error),
              done);
    TRY_OR_GO(status,
              json_put(root, "num_train_epochs", json_real(params->num_train_epochs), error), done);
    TRY_OR_GO(status, json_put(root, "save_steps", json_integer(params->save_steps), error), done);
    TRY_OR_GO(status,
              json_put(root, "train_batch_size", json_integer(params->per_device_train_batch_size),
                       error),
              done);
    /* What transformers has no key for. */
    TRY_OR_GO(status, json_put(root, "samples", json_integer(samples), error), done);
    TRY_OR_GO(status, json_put(root, "tokens", json_integer((json_int_t)state->tokens), error),
              done);
    TRY_OR_GO(status, json_put(root, "train_loss", number_or_null(state->train_loss), error), done);
    TRY_OR_GO(status, json_put(root, "eval_loss", number_or_null(state->eval_loss), error), done);
    TRY_OR_GO(status, put_interval(root, &state->interval, error), done);
    status = json_write(root, path, error);
done:
    json_decref(root);
    return status;
}

/* --------------------------------------------------------------------------------- reading --- */

static bert_status get_number_or_null(const json_t *root, const char *path, const char *key,
                                      double *out, bert_error *error)
{
    *out = NAN;
    if (json_is_null(json_object_get(root, key)))
        return BERT_OK;
    return json_get_number(root, path, key, true, -DBL_MAX, DBL_MAX, out, error);
}

static bert_status get_count(const json_t *root, const char *path, const char *key, uint64_t *out,
                             bert_error *error)
{
    int64_t value = 0;
    TRY(json_get_integer(root, path, key, true, 0, INT64_MAX, &value, error));
    *out = (uint64_t)value;
    return BERT_OK;
}

/* As put_interval writes it. */
static bert_status get_term(const json_t *interval, const char *path, loss_kind kind,
                            loss_sums *sums, bert_error *error)
{
    loss_term *term = &sums->terms[kind];
    const char *name = loss_descriptions[kind].name;
    char sum[64], count[64], correct[64];
    snprintf(sum, sizeof sum, "%s_loss_sum", name);
    snprintf(count, sizeof count, "%s_count", name);
    snprintf(correct, sizeof correct, "%s_correct", name);
    if (kind != LOSS_MLM && kind != LOSS_NSP && !json_object_get(interval, sum))
        return BERT_OK;
    TRY(json_get_number(interval, path, sum, true, -DBL_MAX, DBL_MAX, &term->sum, error));
    if (kind == LOSS_SOFT)
        term->count = sums->terms[LOSS_MLM].count;
    else
        TRY(get_count(interval, path, count, &term->count, error));
    if (loss_descriptions[kind].has_accuracy)
        TRY(get_count(interval, path, correct, &term->correct, error));
    term->weight = (double)term->count;
    return BERT_OK;
}

static bert_status get_interval(const json_t *interval, const char *path, loss_sums *sums,
                                bert_error *error)
{
    for (loss_kind kind = 0; kind < LOSS_KINDS; kind++)
        TRY(get_term(interval, path, kind, sums, error));
    return BERT_OK;
}

static bert_status get_all(train_state *state, const json_t *root, const char *path,
                           bert_error *error)
{
    TRY(json_get_integer(root, path, "global_step", true, 1, INT64_MAX, &state->step, error));
    TRY(json_get_integer(root, path, "best_global_step", true, 0, state->step, &state->best_step,
                         error));
    TRY(get_count(root, path, "tokens", &state->tokens, error));
    TRY(get_number_or_null(root, path, "best_metric", &state->best_loss, error));
    TRY(get_number_or_null(root, path, "train_loss", &state->train_loss, error));
    TRY(get_number_or_null(root, path, "eval_loss", &state->eval_loss, error));
    const json_t *history = json_object_get(root, "log_history");
    for (size_t i = 0; i < json_array_size(history); i++) {
        json_t *line = json_array_get(history, i);
        json_t **place =
            json_object_get(line, "eval_loss") ? &state->last_evaluation : &state->last_log;
        json_decref(*place);
        *place = json_incref(line);
    }
    return get_interval(json_object_get(root, "logging_interval"), path, &state->interval, error);
}

bert_status train_state_read(train_state *state, const char *path, bert_error *error)
{
    train_state_free(state);
    json_t *root;
    TRY(json_read(&root, path, error));
    bert_status status = get_all(state, root, path, error);
    json_decref(root);
    if (status != BERT_OK)
        train_state_free(state);
    return status;
}
