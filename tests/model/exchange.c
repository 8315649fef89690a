/* The C side of test_transformers: weights and configuration to `transformers` and back.
 *
 *     model_exchange write DIRECTORY ARCHITECTURE  a random model as config.json, model.safetensors
 *     model_exchange copy DIRECTORY FROM           the model of another folder, with heads that
 *                                                  it lacks made up for a pre-training one
 *     model_exchange run DIRECTORY [MODEL]         the model in DIRECTORY, or MODEL, on a batch;
 * the batch, its hidden states and what the heads say of it go to DIRECTORY/run.safetensors */
#include "base/file.h"
#include "base/random.h"
#include "formats/safetensors.h"
#include "model/folder.h"
#include "model/model.h"
#include "model/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEQUENCES = 3, LENGTH = 12, TOKENS = SEQUENCES * LENGTH, MASKED = TOKENS / 4 };

static const model_limits limits = {TOKENS, SEQUENCES, MASKED, false, false};

static bert_status create(model **model, const model_config *config, bert_error *error)
{
    TRY(model_create(model, config, &limits, error));
    const parameter_table *table = model_parameter_table(*model);
    parameters_initialize(table, config, 1, model_weights(*model));
    /* Biases start as 0, which would hide a bias in a wrong place. */
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        random_stream random = random_stream_start(2, RANDOM_TEST, 0, i);
        for (size_t j = 0; j < entry->count; j++)
            model_weights(*model)[entry->offset + j] += (float)(0.1 * random_normal(&random));
    }
    return BERT_OK;
}

/* A small configuration with the head that makes it this architecture. */
static bert_status configure(model_config *config, const char *architecture, bert_error *error)
{
    bool distil = strncmp(architecture, "Distil", 6) == 0;
    TRY(model_config_named(config, distil ? "distil" : "tiny", error));
    config->num_hidden_layers = 2;
    config->hidden_size = 128;
    config->num_attention_heads = 2;
    config->intermediate_size = 512;
    config->vocab_size = 211;
    config->max_position_embeddings = 32;
    config->num_labels = 3;
    for (int head = 0; strcmp(model_config_architecture(config), architecture) != 0; head++) {
        if (head > MODEL_HEAD_CLASSIFICATION)
            return error_set(error, BERT_ERROR_INVALID_ARGUMENT, "no architecture %s",
                             architecture);
        model_config_set_head(config, (model_head)head);
    }
    return BERT_OK;
}

static bert_status write_model(const char *config_path, const char *weights_path,
                               const char *architecture, bert_error *error)
{
    model_config config;
    model *model = NULL;
    TRY(configure(&config, architecture, error));
    TRY(create(&model, &config, error));
    bert_status status = model_config_write(&config, config_path, error);
    if (status == BERT_OK)
        status = parameters_write(model_parameter_table(model), model_weights(model), weights_path,
                                  error);
    model_free(model);
    return status;
}

/* As BertForPreTraining where `from` is a BERT, as it is otherwise. */
static bert_status copy_model(const char *config_path, const char *weights_path, const char *from,
                              bert_error *error)
{
    model_config config;
    model *model = NULL;
    const weights_options options = {.create_heads = true, .seed = 3};
    bert_status status;
    TRY_OR_GO(status, model_folder_read_config(&config, from, error), done);
    if (config.family == MODEL_BERT) {
        model_config_set_head(&config, MODEL_HEAD_PRETRAINING);
        config.next_sentence_prediction = true;
    }
    TRY_OR_GO(status, create(&model, &config, error), done);
    TRY_OR_GO(status,
              weights_load(model_parameter_table(model), &config, model_weights(model), from,
                           &options, error),
              done);
    TRY_OR_GO(status, model_config_write(&config, config_path, error), done);
    status =
        parameters_write(model_parameter_table(model), model_weights(model), weights_path, error);
done:
    model_free(model);
    return status;
}

static bert_status write_run(model *model, const char *run_path, bert_error *error)
{
    const model_config *config = model_configuration(model);
    int32_t tokens[TOKENS], starts[SEQUENCES + 1], positions[MASKED];
    uint8_t types[TOKENS];
    uint64_t numbers[SEQUENCES] = {0};
    for (int i = 0; i < TOKENS; i++) {
        tokens[i] = (i * 37 + 5) % config->vocab_size;
        types[i] = (uint8_t)(i % LENGTH > 7 && config->type_vocab_size > 1);
    }
    for (int i = 0; i <= SEQUENCES; i++)
        starts[i] = i * LENGTH;
    for (int i = 0; i < MASKED; i++)
        positions[i] = 4 * i + 1;
    model_input input = {
        .token_count = TOKENS,
        .sequence_count = SEQUENCES,
        .tokens = tokens,
        .token_types = types,
        .sequence_starts = starts,
        .sample_numbers = numbers,
        .masked_positions = positions,
    };
    TRY(model_check_input(model, &input, error));
    uint64_t vocab = (uint64_t)config->vocab_size, hidden = (uint64_t)config->hidden_size;
    uint64_t outputs = (uint64_t)config->num_labels;
    float *logits = calloc(MASKED * vocab, sizeof *logits);
    float *states = calloc(TOKENS * hidden, sizeof *states);
    float *labels = calloc(SEQUENCES * outputs + 1, sizeof *labels), pairs[SEQUENCES * 2];
    if (!logits || !states || !labels)
        return error_set(error, BERT_ERROR_MEMORY, "no memory for logits");
    model_hidden_states(model_own_workspace(model), &input, states);
    safetensors_tensor tensors[6] = {
        {"tokens", SAFETENSORS_I32, 2, {SEQUENCES, LENGTH}, tokens, sizeof tokens},
        {"types", SAFETENSORS_U8, 2, {SEQUENCES, LENGTH}, types, sizeof types},
        {"positions", SAFETENSORS_I32, 1, {MASKED}, positions, sizeof positions},
        {"hidden_states", SAFETENSORS_F32, 2, {TOKENS, hidden}, states, TOKENS * hidden * 4},
    };
    size_t count = 4;
    if (config->head == MODEL_HEAD_PRETRAINING) {
        input.masked_count = MASKED;
        model_mlm_logits(model_own_workspace(model), &input, logits);
        tensors[count++] = (safetensors_tensor){"mlm_logits", SAFETENSORS_F32,   2, {MASKED, vocab},
                                                logits,       MASKED * vocab * 4};
    }
    if (model_config_has_nsp_head(config)) {
        model_nsp_logits(model_own_workspace(model), &input, pairs);
        tensors[count++] = (safetensors_tensor){"nsp_logits",   SAFETENSORS_F32, 2,
                                                {SEQUENCES, 2}, pairs,           sizeof pairs};
    }
    if (config->head == MODEL_HEAD_CLASSIFICATION) {
        model_label_logits(model_own_workspace(model), &input, labels);
        tensors[count++] =
            (safetensors_tensor){"label_logits",       SAFETENSORS_F32, 2,
                                 {SEQUENCES, outputs}, labels,          SEQUENCES * outputs * 4};
    }
    bert_status status = safetensors_write(run_path, tensors, count, NULL, 0, error);
    free(logits);
    free(states);
    free(labels);
    return status;
}

static bert_status run_model(const char *folder, const char *run_path, bert_error *error)
{
    model_config config;
    model *model = NULL;
    TRY(model_folder_read_config(&config, folder, error));
    TRY(model_create(&model, &config, &limits, error));
    bert_status status = weights_load(model_parameter_table(model), &config, model_weights(model),
                                      folder, &(weights_options){0}, error);
    if (status == BERT_OK)
        status = write_run(model, run_path, error);
    model_free(model);
    return status;
}

int main(int count, char **arguments)
{
    char *config_path = NULL, *weights_path = NULL, *run_path = NULL;
    bert_error error = {0};
    bert_status status = BERT_ERROR_INVALID_ARGUMENT;
    if (count >= 3 && path_join(&config_path, arguments[2], "config.json", &error) == BERT_OK &&
        path_join(&weights_path, arguments[2], "model.safetensors", &error) == BERT_OK &&
        path_join(&run_path, arguments[2], "run.safetensors", &error) == BERT_OK) {
        if (strcmp(arguments[1], "write") == 0 && count == 4)
            status = write_model(config_path, weights_path, arguments[3], &error);
        else if (strcmp(arguments[1], "copy") == 0 && count == 4)
            status = copy_model(config_path, weights_path, arguments[3], &error);
        else if (strcmp(arguments[1], "run") == 0)
            status = run_model(arguments[count == 4 ? 3 : 2], run_path, &error);
    }
    if (status != BERT_OK)
        fprintf(stderr, "model_exchange: %s\n", error.message);
    free(config_path);
    free(weights_path);
    free(run_path);
    return status == BERT_OK ? 0 : 1;
}
