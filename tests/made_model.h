/* A tiny model with random weights, for tests of inference and fine-tuning. */
#ifndef TESTS_MADE_MODEL_H
#define TESTS_MADE_MODEL_H

#include "testing.h"

#include "base/file.h"
#include "base/random.h"
#include "tasks/loaded_model.h"

enum { VOCAB = 24, HIDDEN = 8, POSITIONS = 12, MASK_ID = 4 };

static const model_config tiny = {
    .vocab_size = VOCAB,
    .hidden_size = HIDDEN,
    .num_hidden_layers = 2,
    .num_attention_heads = 2,
    .intermediate_size = 16,
    .max_position_embeddings = POSITIONS,
    .type_vocab_size = 2,
    .initializer_range = 0.02,
    .layer_norm_eps = 1e-12,
    .next_sentence_prediction = true,
};

/* Sets the weights before they are written. */
typedef void change_weights(const parameter_table *table, float *values);

static inline void randomize(const parameter_table *table, float *values)
{
    for (size_t i = 0; i < table->count; i++) {
        random_stream stream = random_stream_start(1, RANDOM_TEST, 0, i);
        for (size_t k = 0; k < table->entries[i].count; k++)
            values[table->entries[i].offset + k] = (float)(0.5 * random_normal(&stream));
    }
}

static inline void write_file(const char *directory, const char *name, const char *content)
{
    char *path;
    assert_ok(path_join(&path, directory, name, error));
    assert_ok(file_write(path, content, strlen(content), error));
    free(path);
}

/* Writes a model folder into a new directory, with `tokens` entries in its vocabulary. */
static inline const char *make_folder(change_weights *change, int tokens)
{
    const char *directory = testing_directory();
    char config_path[512], weights_path[512];
    snprintf(config_path, sizeof config_path, "%s/config.json", directory);
    snprintf(weights_path, sizeof weights_path, "%s/model.safetensors", directory);
    assert_ok(model_config_write(&tiny, config_path, error));
    parameter_table table;
    assert_ok(parameter_table_create(&table, &tiny, error));
    float *values = calloc(table.size, sizeof *values);
    change(&table, values);
    assert_ok(parameters_write(&table, values, weights_path, error));
    free(values);
    parameter_table_free(&table);

    char vocabulary[1024] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
    for (int id = 5; id < tokens; id++)
        snprintf(vocabulary + strlen(vocabulary), sizeof vocabulary - strlen(vocabulary), "%c%s\n",
                 'a' + id - 5, id > 20 ? "x" : "");
    write_file(directory, "vocab.txt", vocabulary);
    return directory;
}

static inline bert_model *open_folder(const char *directory)
{
    bert_model *loaded;
    assert_ok(bert_model_load(&loaded, directory, error));
    assert_ok(directory_remove(directory, error));
    return loaded;
}

#endif
