/* bert_evaluate: a trained model against prepared data. */
#include "base/memory.h"
#include "base/observer.h"
#include "base/threads.h"
#include "model/folder.h"
#include "model/weights.h"
#include "train/checkpoint.h"
#include "train/evaluator.h"
#include "train/material.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

enum { DEFAULT_SEQ_LENGTH = 128 };

bert_evaluate_params bert_evaluate_params_default(void)
{
    return (bert_evaluate_params){
        .batch_size = 32,
        .mlm_probability = 0.15,
        .short_seq_probability = 0.1,
        .seed = 42,
    };
}

static bert_status check_params(const bert_evaluate_params *params, bert_error *error)
{
    if (!params->model || !*params->model)
        return error_set(error, BERT_ERROR_USAGE, "--model is missing");
    if (!params->data || !*params->data)
        return error_set(error, BERT_ERROR_USAGE, "--data is missing");
    if (params->batch_size < 1 || params->batch_size > 65536)
        return error_set(error, BERT_ERROR_USAGE, "--batch-size is %d, expected 1 to 65536",
                         params->batch_size);
    if (params->max_seq_length != 0 &&
        (params->max_seq_length < 8 || params->max_seq_length > 65536 ||
         params->max_seq_length > INT_MAX / params->batch_size))
        return error_set(error, BERT_ERROR_USAGE,
                         "--max-seq-length is %d, expected 8 to 65536, and at most %d for %d "
                         "sequences in a batch",
                         params->max_seq_length, INT_MAX / params->batch_size, params->batch_size);
    if (!(params->mlm_probability > 0 && params->mlm_probability < 1))
        return error_set(error, BERT_ERROR_USAGE,
                         "--mlm-probability is %g, expected above 0 and below 1",
                         params->mlm_probability);
    if (!(params->short_seq_probability >= 0 && params->short_seq_probability <= 1))
        return error_set(error, BERT_ERROR_USAGE, "--short-seq-probability is %g, expected 0 to 1",
                         params->short_seq_probability);
    if (params->samples < 0 || params->threads < 0)
        return error_set(error, BERT_ERROR_USAGE,
                         "--samples and --threads: expected 0 (all) or more");
    return BERT_OK;
}

/* Everything that one evaluation holds. */
typedef struct session {
    char *folder; /* of the model */
    material material;
    model_config config;
    evaluator evaluator;
    model *model;
    evaluation_sums sums;
} session;

static bert_status read_config(session *session, const bert_evaluate_params *params,
                               bert_error *error)
{
    TRY(model_folder_read_config(&session->config, session->folder, error));
    if (params->max_seq_length > session->config.max_position_embeddings)
        return error_set(
            error, BERT_ERROR_USAGE, "--max-seq-length is %d, but the model %s has %d positions",
            params->max_seq_length, params->model, session->config.max_position_embeddings);
    int vocabulary = (int)bert_tokenizer_vocab_size(session->material.tokenizer);
    if (session->config.vocab_size < vocabulary)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s: the model knows %d tokens, but the tokenizer of %s has %d",
                         params->model, session->config.vocab_size, params->data, vocabulary);
    return BERT_OK;
}

static bert_status create_evaluator(session *session, const bert_evaluate_params *params,
                                    bert_error *error)
{
    if (!params->train_split && !session->material.has_validation)
        return error_set(error, BERT_ERROR_INPUT,
                         "%s.validation.idx: there is no validation split; prepare the data with "
                         "one, or evaluate on the training data",
                         params->data);
    int positions = session->config.max_position_embeddings;
    sampler_settings settings = {
        .max_seq_length = params->max_seq_length,
        .short_seq_probability = params->short_seq_probability,
        .mlm_probability = params->mlm_probability,
        .scheme =
            session->config.next_sentence_prediction ? &scheme_segment_pairs : &scheme_sentences,
        .seed = params->seed,
    };
    if (settings.max_seq_length == 0)
        settings.max_seq_length = positions < DEFAULT_SEQ_LENGTH ? positions : DEFAULT_SEQ_LENGTH;
    return evaluator_create(&session->evaluator,
                            params->train_split ? &session->material.train
                                                : &session->material.validation,
                            session->material.tokenizer, &settings, params->batch_size,
                            micro_batch_default_tokens(&session->config), params->samples, error);
}

static bert_status load_model(session *session, bert_error *error)
{
    model_limits limits = evaluator_limits(&session->evaluator);
    TRY(model_create(&session->model, &session->config, &limits, error));
    TRY(weights_load(model_parameter_table(session->model), &session->config,
                     model_values(session->model), session->folder, &(weights_options){0}, error));
    return memory_array((void **)&session->sums.mlm_labels, (size_t)session->config.vocab_size,
                        sizeof(uint64_t), "counts of labels", error);
}

static bert_status open_session(session *session, const bert_evaluate_params *params,
                                bert_error *error)
{
    TRY(checkpoint_find_model(&session->folder, params->model, error));
    TRY(checkpoint_verify_model(session->folder, error));
    /* Prepared data has its own, which is compared with the model's; ready-made ids have none. */
    char *tokenizer = NULL;
    if (path_is_directory(params->data))
        TRY(model_find_folder(&tokenizer, session->folder, error));
    bert_status status = material_open(&session->material, params->data, tokenizer, error);
    free(tokenizer);
    TRY(status);
    TRY(material_check_tokenizer(&session->material, session->folder, error));
    TRY(read_config(session, params, error));
    TRY(create_evaluator(session, params, error));
    return load_model(session, error);
}

static void close_session(session *session)
{
    free(session->sums.mlm_labels);
    model_free(session->model);
    evaluator_free(&session->evaluator);
    material_close(&session->material);
    free(session->folder);
}

static double share(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : NAN;
}

static bert_evaluation summarize(const session *session)
{
    const evaluation_sums *sums = &session->sums;
    const model_losses *losses = &sums->losses;
    uint64_t most_frequent = 0;
    for (int id = 0; id < session->config.vocab_size; id++)
        if (sums->mlm_labels[id] > most_frequent)
            most_frequent = sums->mlm_labels[id];
    uint64_t more =
        sums->nsp_labels[0] > sums->nsp_labels[1] ? sums->nsp_labels[0] : sums->nsp_labels[1];
    return (bert_evaluation){
        .samples = sums->samples,
        .tokens = sums->tokens,
        .mlm_count = losses->mlm_count,
        .mlm_loss = losses_mlm(losses),
        .mlm_perplexity = exp(losses_mlm(losses)),
        .mlm_accuracy = share(losses->mlm_correct, losses->mlm_count),
        .mlm_baseline_accuracy = share(most_frequent, losses->mlm_count),
        .nsp_count = losses->nsp_count,
        .nsp_loss = losses_nsp(losses),
        .nsp_accuracy = share(losses->nsp_correct, losses->nsp_count),
        .nsp_baseline_accuracy = share(losses->nsp_count ? more : 0, losses->nsp_count),
    };
}

bert_status bert_evaluate(const bert_evaluate_params *params, bert_evaluation *evaluation,
                          const bert_observer *observer, bert_error *error)
{
    TRY(check_params(params, error));
    threads_use(params->threads);
    session session = {0};
    bert_status status;
    TRY_OR_GO(status, open_session(&session, params, error), done);
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
    return status;
}
