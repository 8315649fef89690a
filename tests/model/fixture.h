/* A small model with random weights and a batch for it, for the tests of this folder. */
#ifndef TESTS_MODEL_FIXTURE_H
#define TESTS_MODEL_FIXTURE_H

#include "base/random.h"
#include "model/model.h"

enum { FIXTURE_SEQUENCES = 4, FIXTURE_TOKENS = 40, FIXTURE_MASKED = 9, FIXTURE_LABELS = 3 };

/* The arrays of a model_input. */
typedef struct fixture_batch {
    int32_t tokens[FIXTURE_TOKENS], starts[FIXTURE_SEQUENCES + 1];
    int32_t positions[FIXTURE_MASKED], labels[FIXTURE_MASKED];
    uint8_t types[FIXTURE_TOKENS], pair_labels[FIXTURE_SEQUENCES];
    uint64_t numbers[FIXTURE_SEQUENCES];
    int32_t sequence_labels[FIXTURE_SEQUENCES];
    float targets[FIXTURE_SEQUENCES * FIXTURE_LABELS], class_weights[FIXTURE_LABELS];
    model_input input;
} fixture_batch;

static const model_limits fixture_limits = {FIXTURE_TOKENS, FIXTURE_SEQUENCES, FIXTURE_MASKED, true,
                                            false};

static inline model_config fixture_config(double dropout)
{
    return (model_config){
        .vocab_size = 83,
        .hidden_size = 24,
        .num_hidden_layers = 2,
        .num_attention_heads = 3,
        .intermediate_size = 40,
        .hidden_dropout_prob = dropout,
        .attention_probs_dropout_prob = dropout,
        .max_position_embeddings = 16,
        .type_vocab_size = 2,
        .initializer_range = 0.02,
        .layer_norm_eps = 1e-12,
        .pad_token_id = 0,
        .next_sentence_prediction = true,
    };
}

/* The same encoder as another kind of model. */
static inline model_config fixture_kind(double dropout, model_family family, model_head head,
                                        model_problem problem)
{
    model_config config = fixture_config(dropout);
    config.family = family;
    config.head = head;
    config.next_sentence_prediction = head == MODEL_HEAD_PRETRAINING && family == MODEL_BERT;
    if (family == MODEL_DISTILBERT)
        config.type_vocab_size = 0;
    config.num_labels = FIXTURE_LABELS;
    config.problem = problem;
    config.classifier_dropout = dropout;
    return config;
}

static inline void fixture_batch_fill(fixture_batch *batch)
{
    static const int32_t starts[] = {0, 13, 14, 30, 40};
    static const int32_t positions[] = {1, 7, 12, 13, 20, 21, 29, 33, 39};
    random_stream random = random_stream_start(5, RANDOM_TEST, 0, 0);
    memcpy(batch->starts, starts, sizeof starts);
    memcpy(batch->positions, positions, sizeof positions);
    for (int i = 0; i < FIXTURE_TOKENS; i++) {
        batch->tokens[i] = (int32_t)random_below(&random, 83);
        batch->types[i] = (uint8_t)random_below(&random, 2);
    }
    for (int i = 0; i < FIXTURE_MASKED; i++)
        batch->labels[i] = (int32_t)random_below(&random, 83);
    for (int i = 0; i < FIXTURE_SEQUENCES; i++) {
        batch->pair_labels[i] = (uint8_t)random_below(&random, 2);
        batch->numbers[i] = 1000000007u * (uint64_t)(i + 1);
    }
    batch->input = (model_input){
        .token_count = FIXTURE_TOKENS,
        .sequence_count = FIXTURE_SEQUENCES,
        .masked_count = FIXTURE_MASKED,
        .tokens = batch->tokens,
        .token_types = batch->types,
        .sequence_starts = batch->starts,
        .sample_numbers = batch->numbers,
        .masked_positions = batch->positions,
        .masked_labels = batch->labels,
        .next_sentence_labels = batch->pair_labels,
    };
}

/* The labels that this kind of model learns from, and no others. */
static inline void fixture_batch_for(fixture_batch *batch, const model_config *config)
{
    static const float weights[FIXTURE_LABELS] = {0.5f, 2.0f, 1.5f};
    random_stream random = random_stream_start(7, RANDOM_TEST, 0, 0);
    fixture_batch_fill(batch);
    memcpy(batch->class_weights, weights, sizeof weights);
    for (int i = 0; i < FIXTURE_SEQUENCES; i++)
        batch->sequence_labels[i] = (int32_t)random_below(&random, FIXTURE_LABELS);
    for (int i = 0; i < FIXTURE_SEQUENCES * FIXTURE_LABELS; i++)
        batch->targets[i] = (float)random_normal(&random);
    model_input *input = &batch->input;
    if (!model_config_has_nsp_head(config))
        input->next_sentence_labels = NULL;
    if (config->family == MODEL_DISTILBERT)
        input->token_types = NULL;
    if (config->head != MODEL_HEAD_PRETRAINING) {
        input->masked_count = 0;
        input->masked_positions = input->masked_labels = NULL;
    }
    if (config->head == MODEL_HEAD_CLASSIFICATION && config->problem == MODEL_REGRESSION) {
        input->targets = batch->targets;
    } else if (config->head == MODEL_HEAD_CLASSIFICATION) {
        input->labels = batch->sequence_labels;
        input->class_weights = batch->class_weights;
    }
}

/* All parameters at random, biases and LayerNorms too, so that nothing is trivial. */
static inline void fixture_randomize(model *model)
{
    const parameter_table *table = model_parameter_table(model);
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        random_stream random = random_stream_start(6, RANDOM_TEST, 1, i);
        double middle = entry->dimensions == 1 && !entry->bias ? 1.0 : 0.0; /* LayerNorm */
        for (size_t j = 0; j < entry->count; j++)
            model_weights(model)[entry->offset + j] =
                (float)(middle + 0.2 * random_normal(&random));
    }
}

static inline model *fixture_model(const model_config *config, const model_limits *limits)
{
    model *model = NULL;
    assert_ok(model_create(&model, config, limits, error));
    fixture_randomize(model);
    return model;
}

#endif
