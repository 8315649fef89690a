/* bert_evaluate: a trained model against prepared data. */
#include "base/memory.h"
#include "base/observer.h"
#include "base/threads.h"
#include "dataset/pretokenized.h"
#include "formats/json.h"
#include "model/folder.h"
#include "model/weights.h"
#include "options/options.h"
#include "train/checkpoint.h"
#include "train/evaluator.h"
#include "train/run_inputs.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_SEQ_LENGTH = 128 };

bert_evaluate_params bert_evaluate_params_default(void)
{
    return (bert_evaluate_params){
        .batch_size = 32,
        .mlm_probability = 0.15,
        .short_seq_probability = 0.1,
        .pairs = BERT_PAIRS_UNSET,
        .sequences = BERT_SEQUENCES_UNSET,
        .mask_unit = BERT_MASK_UNIT_UNSET,
        .seed = 42,
    };
}

static bert_status check_params(const bert_evaluate_params *params, bert_error *error)
{
    TRY(OPTIONS_CHECK(bert_evaluate_params, params, error));
    if (params->max_seq_length != 0 &&
        (params->max_seq_length < 8 || params->max_seq_length > INT_MAX / params->batch_size))
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "params->max_seq_length is %d; expected 0 or at least 8, and at most %d for %d "
            "sequences in a batch",
            params->max_seq_length, INT_MAX / params->batch_size, params->batch_size);
    if (params->pairs != BERT_PAIRS_UNSET && params->sequences != BERT_SEQUENCES_UNSET)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "params->pairs and params->sequences are both given, expected one of them");
    if (!params->data && !params->eval_data)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "params->data is missing");
    if (params->train_split && params->eval_data)
        return error_set(
            error, BERT_ERROR_INVALID_ARGUMENT,
            "params->train_split and params->eval_data are both given, expected one of "
            "them");
    return BERT_OK;
}

/* Everything that one evaluation holds. */
typedef struct session {
    char *folder; /* of the model */
    json_t *run;  /* run.json of the run that it is a checkpoint of; NULL: it is of none */
    char *run_path;
    run_inputs run_inputs;
    model_config config;
    evaluator evaluator;
    model *model;
    evaluation_sums sums;
} session;

static bert_status read_config(session *session, const bert_evaluate_params *params,
                               bert_error *error)
{
    TRY(model_folder_read_config(&session->config, session->folder, error));
    if (session->config.head != MODEL_HEAD_PRETRAINING)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: the model has no head for masked tokens (it is a %s)", params->model,
                         model_config_architecture(&session->config));
    if (params->max_seq_length > session->config.max_position_embeddings)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->max_seq_length is %d, but the model %s has %d positions",
                         params->max_seq_length, params->model,
                         session->config.max_position_embeddings);
    int vocabulary = (int)bert_tokenizer_vocab_size(session->run_inputs.tokenizer);
    if (session->config.vocab_size < vocabulary)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: the model knows %d tokens, but the tokenizer of %s has %d",
                         params->model, session->config.vocab_size,
                         run_inputs_name(&session->run_inputs), vocabulary);
    return BERT_OK;
}

/* The run that a folder checkpoint-N belongs to. */
static bert_status read_run(session *session, bert_error *error)
{
    static const char name[] = "checkpoint-";
    size_t length = strlen(session->folder);
    while (length > 1 && session->folder[length - 1] == '/')
        length--;
    size_t start = length;
    while (start > 0 && session->folder[start - 1] != '/')
        start--;
    if (strncmp(session->folder + start, name, sizeof name - 1) != 0)
        return BERT_OK;
    TRY(path_format(&session->run_path, error, "%.*srun.json", (int)start, session->folder));
    return file_exists(session->run_path) ? json_read(&session->run, session->run_path, error)
                                          : BERT_OK;
}

/* What was given, else what the run has under the key, else what every run has. */
static bert_status choose_name(const session *session, const char *given, const char *key,
                               const char *usual, const char **name, bert_error *error)
{
    *name = given ? given : usual;
    if (given || !session->run)
        return BERT_OK;
    return json_get_string(json_object_get(session->run, "settings"), session->run_path, key, false,
                           name, error);
}

static const dataset *measured(const session *session, const bert_evaluate_params *params)
{
    return params->train_split ? &session->run_inputs.train : &session->run_inputs.validation;
}

static bert_status choose_scheme(const session *session, const bert_evaluate_params *params,
                                 const sample_scheme **scheme, bert_error *error)
{
    bool has_pairs =
        session->config.next_sentence_prediction && params->sequences == BERT_SEQUENCES_UNSET;
    if (params->pairs != BERT_PAIRS_UNSET && !has_pairs)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "params->pairs: the model %s has no head for next-sentence prediction; "
                         "params->sequences says what it is shown",
                         params->model);
    const char *name, *usual = has_pairs ? "segment" : "sentences";
    const char *given =
        has_pairs ? bert_pairs_name(params->pairs) : bert_sequences_name(params->sequences);
    if (!given && measured(session, params)->is_pretokenized)
        given = usual; /* its samples are what they are */
    TRY(choose_name(session, given, has_pairs ? "pairs" : "sequences", usual, &name, error));
    return scheme_parse(scheme, name, has_pairs, has_pairs ? "params->pairs" : "params->sequences",
                        error);
}

static bert_status choose_samples(const session *session, const bert_evaluate_params *params,
                                  sampler_settings *settings, bert_error *error)
{
    const char *unit;
    int positions = session->config.max_position_embeddings;
    int64_t length = positions < DEFAULT_SEQ_LENGTH ? positions : DEFAULT_SEQ_LENGTH;
    TRY(choose_scheme(session, params, &settings->scheme, error));
    TRY(choose_name(session, bert_mask_unit_name(params->mask_unit), "mask_unit", "token", &unit,
                    error));
    TRY(bert_mask_unit_parse(&settings->mask_unit, unit, error));
    if (params->max_seq_length > 0)
        length = params->max_seq_length;
    else if (session->run)
        TRY(json_get_integer(json_object_get(session->run, "settings"), session->run_path,
                             "max_seq_length", false, 8, positions, &length, error));
    settings->max_seq_length = (int)length;
    return BERT_OK;
}

static bert_status create_evaluator(session *session, const bert_evaluate_params *params,
                                    bert_error *error)
{
    if (!params->train_split && !session->run_inputs.has_validation)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.validation.idx: there is no validation split; prepare the data with "
                         "one, name other data as params->eval_data, or evaluate on the training "
                         "data",
                         run_inputs_name(&session->run_inputs));
    sampler_settings settings = {
        .short_seq_probability = params->short_seq_probability,
        .mlm_probability = params->mlm_probability,
        .seed = params->seed,
    };
    TRY(choose_samples(session, params, &settings, error));
    return evaluator_create(&session->evaluator, measured(session, params),
                            session->run_inputs.tokenizer, &settings, params->batch_size,
                            micro_batch_default_tokens(&session->config, GEMM_FLOAT32),
                            params->samples, error);
}

static bert_status load_model(session *session, bert_error *error)
{
    model_limits limits = evaluator_limits(&session->evaluator);
    TRY(model_create(&session->model, &session->config, &limits, error));
    TRY(weights_load(model_parameter_table(session->model), &session->config,
                     model_weights(session->model), session->folder, &(weights_options){0}, error));
    return memory_array((void **)&session->sums.mlm_labels, (size_t)session->config.vocab_size,
                        sizeof(uint64_t), "counts of labels", error);
}

/* Of a pre-tokenized data set the split that is measured is the only one that is read. Prepared
 * data has its own tokenizer, which is compared with the model's; pre-tokenized ids have none. */
static bert_status open_inputs(session *session, const bert_evaluate_params *params,
                               bert_error *error)
{
    const char *data = params->data, *eval_data = params->eval_data;
    bool is_pretokenized = run_inputs_is_pretokenized(data ? data : eval_data);
    if (is_pretokenized && data && !params->train_split) {
        eval_data = eval_data ? eval_data : data;
        data = NULL;
    }
    char *tokenizer = NULL;
    if (is_pretokenized)
        TRY(model_find_folder(&tokenizer, session->folder, error));
    bert_status status =
        run_inputs_open(&session->run_inputs, data, eval_data, tokenizer, NULL, error);
    free(tokenizer);
    return status;
}

static bert_status open_session(session *session, const bert_evaluate_params *params,
                                bert_error *error)
{
    TRY(checkpoint_find_model(&session->folder, params->model, error));
    TRY(checkpoint_verify_model(session->folder, error));
    TRY(open_inputs(session, params, error));
    if (session->run_inputs.train.is_weighted)
        return error_set(error, BERT_ERROR_INVALID_ARGUMENT,
                         "%s: weights are for training; an evaluation looks at each document once",
                         session->run_inputs.train.prefix);
    TRY(run_inputs_check_tokenizer(&session->run_inputs, session->folder, error));
    TRY(read_config(session, params, error));
    TRY(read_run(session, error));
    TRY(create_evaluator(session, params, error));
    return load_model(session, error);
}

static void close_session(session *session)
{
    free(session->sums.mlm_labels);
    model_free(session->model);
    evaluator_free(&session->evaluator);
    run_inputs_close(&session->run_inputs);
    json_decref(session->run);
    free(session->run_path);
    free(session->folder);
}

static double share(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : NAN;
}

static bert_evaluation summarize(const session *session)
{
    const evaluation_sums *sums = &session->sums;
    const loss_sums *losses = &sums->losses;
    uint64_t most_frequent = 0;
    for (int id = 0; id < session->config.vocab_size; id++)
        if (sums->mlm_labels[id] > most_frequent)
            most_frequent = sums->mlm_labels[id];
    uint64_t more =
        sums->nsp_labels[0] > sums->nsp_labels[1] ? sums->nsp_labels[0] : sums->nsp_labels[1];
    return (bert_evaluation){
        .samples = sums->samples,
        .tokens = sums->tokens,
        .mlm_count = losses->terms[LOSS_MLM].count,
        .mlm_loss = loss_mean(losses, LOSS_MLM),
        .mlm_perplexity = exp(loss_mean(losses, LOSS_MLM)),
        .mlm_accuracy = loss_accuracy(losses, LOSS_MLM),
        .mlm_baseline_accuracy = share(most_frequent, losses->terms[LOSS_MLM].count),
        .nsp_count = losses->terms[LOSS_NSP].count,
        .nsp_loss = loss_mean(losses, LOSS_NSP),
        .nsp_accuracy = loss_accuracy(losses, LOSS_NSP),
        .nsp_baseline_accuracy =
            share(losses->terms[LOSS_NSP].count ? more : 0, losses->terms[LOSS_NSP].count),
    };
}

bert_status bert_evaluate(const bert_evaluate_params *params, bert_evaluation *evaluation,
                          const bert_observer *observer, bert_error *error)
{
    TRY(check_params(params, error));
    int before = threads_use(params->threads);
    session session = {0};
    bert_status status;
    TRY_OR_GO(status, open_session(&session, params, error), done);
    tokenizer_warn(session.run_inputs.tokenizer, run_inputs_name(&session.run_inputs), observer);
    pretokenized_announce(measured(&session, params), sampler_max_tokens(session.evaluator.sampler),
                          observer);
    TRY_OR_GO(
        status,
        evaluator_run(&session.evaluator, session.model, NULL, &session.sums, observer, error),
        done);
    if (session.sums.samples < session.evaluator.samples)
        observer_message(observer, BERT_MESSAGE_WARNING,
                         "stopped after %llu of %llu samples: the figures are of these",
                         (unsigned long long)session.sums.samples,
                         (unsigned long long)session.evaluator.samples);
    *evaluation = summarize(&session);
done:
    close_session(&session);
    threads_use(before);
    return status;
}
