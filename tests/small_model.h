/* A model folder with a very small model of random weights: BertForPreTraining with the tokens
 * [PAD] [UNK] [CLS] [SEP] [MASK] a b c … */
#ifndef TESTS_SMALL_MODEL_H
#define TESTS_SMALL_MODEL_H

#include "base/file.h"
#include "base/random.h"
#include "model/parameters.h"
#include "testing.h"

enum { SMALL_VOCAB = 24, SMALL_POSITIONS = 12 };

static const model_config small_config = {
    .vocab_size = SMALL_VOCAB,
    .hidden_size = 8,
    .num_hidden_layers = 2,
    .num_attention_heads = 2,
    .intermediate_size = 16,
    .max_position_embeddings = SMALL_POSITIONS,
    .type_vocab_size = 2,
    .initializer_range = 0.02,
    .layer_norm_eps = 1e-12,
    .next_sentence_prediction = true,
};

static inline void small_model_file(const char *directory, const char *name, const char *content)
{
    char *path;
    assert_ok(path_join(&path, directory, name, error));
    assert_ok(file_write(path, content, strlen(content), error));
    free(path);
}

static inline void small_model_weights(const char *directory)
{
    parameter_table table;
    assert_ok(parameter_table_create(&table, &small_config, error));
    float *values = calloc(table.size, sizeof *values);
    for (size_t i = 0; i < table.count; i++) {
        random_stream stream = random_stream_start(1, RANDOM_TEST, 0, i);
        for (size_t k = 0; k < table.entries[i].count; k++)
            values[table.entries[i].offset + k] = (float)(0.5 * random_normal(&stream));
    }
    char *path;
    assert_ok(path_join(&path, directory, "model.safetensors", error));
    assert_ok(parameters_write(&table, values, path, error));
    free(path);
    free(values);
    parameter_table_free(&table);
}

/* In a fresh directory, which the caller removes. */
static inline const char *small_model_folder(void)
{
    const char *directory = testing_directory();
    char *path;
    assert_ok(path_join(&path, directory, "config.json", error));
    assert_ok(model_config_write(&small_config, path, error));
    free(path);
    small_model_weights(directory);
    char vocabulary[256] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
    for (int id = 5; id < SMALL_VOCAB; id++)
        snprintf(vocabulary + strlen(vocabulary), sizeof vocabulary - strlen(vocabulary), "%c\n",
                 'a' + id - 5);
    small_model_file(directory, "vocab.txt", vocabulary);
    return directory;
}

#endif
