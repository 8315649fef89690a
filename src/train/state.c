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

void losses_add(model_losses *sums, const model_losses *losses)
{
    sums->mlm_loss += losses->mlm_loss;
    sums->mlm_count += losses->mlm_count;
    sums->mlm_correct += losses->mlm_correct;
    sums->nsp_loss += losses->nsp_loss;
    sums->nsp_count += losses->nsp_count;
    sums->nsp_correct += losses->nsp_correct;
    sums->soft_loss += losses->soft_loss;
    sums->cosine_loss += losses->cosine_loss;
    sums->cosine_count += losses->cosine_count;
}

double losses_mlm(const model_losses *losses)
{
    return losses->mlm_count ? losses->mlm_loss / (double)losses->mlm_count : NAN;
}

double losses_nsp(const model_losses *losses)
{
    return losses->nsp_count ? losses->nsp_loss / (double)losses->nsp_count : NAN;
}

double losses_soft(const model_losses *losses)
{
    return losses->cosine_count ? losses->soft_loss / (double)losses->mlm_count : NAN;
}

double losses_cosine(const model_losses *losses)
{
    return losses->cosine_count ? losses->cosine_loss / (double)losses->cosine_count : NAN;
}

double losses_total(const model_losses *losses)
{
    if (!losses->nsp_count)
        return losses_mlm(losses);
    return losses->mlm_count ? losses_mlm(losses) + losses_nsp(losses) : losses_nsp(losses);
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

static bert_status put_interval(json_t *root, const model_losses *sums, bert_error *error)
{
    json_t *interval =
        json_pack("{s:f, s:I, s:I, s:f, s:I, s:I}", "mlm_loss_sum", sums->mlm_loss, "mlm_count",
                  (json_int_t)sums->mlm_count, "mlm_correct", (json_int_t)sums->mlm_correct,
                  "nsp_loss_sum", sums->nsp_loss, "nsp_count", (json_int_t)sums->nsp_count,
                  "nsp_correct", (json_int_t)sums->nsp_correct);
    TRY(json_put(root, "logging_interval", interval, error));
    if (!sums->cosine_count)
        return BERT_OK;
    TRY(json_put(interval, "soft_loss_sum", json_real(sums->soft_loss), error));
    TRY(json_put(interval, "cosine_loss_sum", json_real(sums->cosine_loss), error));
    return json_put(interval, "cosine_count", json_integer((json_int_t)sums->cosine_count), error);
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

static bert_status get_interval(const json_t *interval, const char *path, model_losses *sums,
                                bert_error *error)
{
    TRY(json_get_number(interval, path, "mlm_loss_sum", true, 0, DBL_MAX, &sums->mlm_loss, error));
    TRY(get_count(interval, path, "mlm_count", &sums->mlm_count, error));
    TRY(get_count(interval, path, "mlm_correct", &sums->mlm_correct, error));
    TRY(json_get_number(interval, path, "nsp_loss_sum", true, 0, DBL_MAX, &sums->nsp_loss, error));
    TRY(get_count(interval, path, "nsp_count", &sums->nsp_count, error));
    TRY(get_count(interval, path, "nsp_correct", &sums->nsp_correct, error));
    if (!json_object_get(interval, "cosine_count")) /* only where there is a teacher */
        return BERT_OK;
    TRY(get_count(interval, path, "cosine_count", &sums->cosine_count, error));
    TRY(json_get_number(interval, path, "soft_loss_sum", true, -DBL_MAX, DBL_MAX, &sums->soft_loss,
                        error));
    return json_get_number(interval, path, "cosine_loss_sum", true, -DBL_MAX, DBL_MAX,
                           &sums->cosine_loss, error);
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
