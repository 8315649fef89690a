/* A small model with random weights and a batch for it, for the tests of this folder. */
#ifndef TESTS_MODEL_FIXTURE_H
#define TESTS_MODEL_FIXTURE_H

#include "base/random.h"
#include "model/model.h"

enum { FIXTURE_SEQUENCES = 4, FIXTURE_TOKENS = 40, FIXTURE_MASKED = 9 };

/* The arrays behind a model_input. */
typedef struct fixture_batch {
    int32_t tokens[FIXTURE_TOKENS], starts[FIXTURE_SEQUENCES + 1];
    int32_t positions[FIXTURE_MASKED], labels[FIXTURE_MASKED];
    uint8_t types[FIXTURE_TOKENS], pair_labels[FIXTURE_SEQUENCES];
    uint64_t numbers[FIXTURE_SEQUENCES];
    model_input input;
} fixture_batch;

static const model_limits fixture_limits = {FIXTURE_TOKENS, FIXTURE_SEQUENCES, FIXTURE_MASKED,
                                            true};

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

/* All parameters at random, biases and LayerNorms too, so that nothing is trivial. */
static inline void fixture_randomize(model *model)
{
    const parameter_table *table = model_parameter_table(model);
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        random_stream random = random_stream_start(6, RANDOM_TEST, 1, i);
        double middle = strstr(entry->name, "LayerNorm.weight") ? 1.0 : 0.0;
        for (size_t j = 0; j < entry->count; j++)
            model_values(model)[entry->offset + j] = (float)(middle + 0.2 * random_normal(&random));
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
