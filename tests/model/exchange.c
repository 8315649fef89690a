/* The C side of test_transformers: weights and configuration to `transformers` and back.
 *
 *     model_exchange write DIRECTORY mlm|pairs    a random model as config.json, model.safetensors
 *     model_exchange run DIRECTORY                the model in DIRECTORY on a batch; both the batch
 *                                                 and its logits go to DIRECTORY/run.safetensors */
#include "base/file.h"
#include "base/random.h"
#include "formats/safetensors.h"
#include "model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEQUENCES = 3, LENGTH = 12, TOKENS = SEQUENCES * LENGTH, MASKED = TOKENS / 4 };

static const model_limits limits = {TOKENS, SEQUENCES, MASKED, false};

static bert_status create(model **model, const model_config *config, bert_error *error)
{
    TRY(model_create(model, config, &limits, error));
    const parameter_table *table = model_parameter_table(*model);
    parameters_initialize(table, config, 1, model_values(*model));
    /* Biases start as 0, which would hide a bias in a wrong place. */
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        random_stream random = random_stream_start(2, RANDOM_TEST, 0, i);
        for (size_t j = 0; j < entry->count; j++)
            model_values(*model)[entry->offset + j] += (float)(0.1 * random_normal(&random));
    }
    return BERT_OK;
}

static bert_status write_model(const char *config_path, const char *weights_path, bool pairs,
                               bert_error *error)
{
    model_config config;
    model *model = NULL;
    TRY(model_config_named(&config, "tiny", error));
    config.vocab_size = 211;
    config.max_position_embeddings = 32;
    config.next_sentence_prediction = pairs;
    TRY(create(&model, &config, error));
    bert_status status = model_config_write(&config, config_path, error);
    if (status == BERT_OK)
        status = parameters_write(model_parameter_table(model), model_values(model), weights_path,
                                  error);
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
        types[i] = (uint8_t)(i % LENGTH > 7 ? config->type_vocab_size - 1 : 0);
    }
    for (int i = 0; i <= SEQUENCES; i++)
        starts[i] = i * LENGTH;
    for (int i = 0; i < MASKED; i++)
        positions[i] = 4 * i + 1;
    const model_input input = {
        .token_count = TOKENS,
        .sequence_count = SEQUENCES,
        .masked_count = MASKED,
        .tokens = tokens,
        .token_types = types,
        .sequence_starts = starts,
        .sample_numbers = numbers,
        .masked_positions = positions,
    };
    TRY(model_check_input(model, &input, error));
    uint64_t vocab = (uint64_t)config->vocab_size;
    float pair_logits[SEQUENCES * 2], *logits = calloc(MASKED * vocab, sizeof *logits);
    if (!logits)
        return error_set(error, BERT_ERROR_MEMORY, "no memory for logits");
    model_mlm_logits(model, &input, logits);
    safetensors_tensor tensors[] = {
        {"tokens", SAFETENSORS_I32, 2, {SEQUENCES, LENGTH}, tokens, sizeof tokens},
        {"types", SAFETENSORS_U8, 2, {SEQUENCES, LENGTH}, types, sizeof types},
        {"positions", SAFETENSORS_I32, 1, {MASKED}, positions, sizeof positions},
        {"mlm_logits", SAFETENSORS_F32, 2, {MASKED, vocab}, logits, MASKED * vocab * 4},
        {"nsp_logits", SAFETENSORS_F32, 2, {SEQUENCES, 2}, pair_logits, sizeof pair_logits},
    };
    size_t count = sizeof tensors / sizeof *tensors - 1;
    if (config->next_sentence_prediction) {
        model_nsp_logits(model, &input, pair_logits);
        count++;
    }
    bert_status status = safetensors_write(run_path, tensors, count, NULL, 0, error);
    free(logits);
    return status;
}

static bert_status run_model(const char *config_path, const char *weights_path,
                             const char *run_path, bert_error *error)
{
    model_config config;
    model *model = NULL;
    TRY(model_config_read(&config, config_path, error));
    TRY(model_create(&model, &config, &limits, error));
    bert_status status =
        parameters_read(model_parameter_table(model), model_values(model), weights_path, error);
    if (status == BERT_OK)
        status = write_run(model, run_path, error);
    model_free(model);
    return status;
}

int main(int count, char **arguments)
{
    char *config_path = NULL, *weights_path = NULL, *run_path = NULL;
    bert_error error = {0};
    bert_status status = BERT_ERROR_USAGE;
    if (count >= 3 && path_join(&config_path, arguments[2], "config.json", &error) == BERT_OK &&
        path_join(&weights_path, arguments[2], "model.safetensors", &error) == BERT_OK &&
        path_join(&run_path, arguments[2], "run.safetensors", &error) == BERT_OK) {
        if (strcmp(arguments[1], "write") == 0 && count == 4)
            status =
                write_model(config_path, weights_path, strcmp(arguments[3], "pairs") == 0, &error);
        else if (strcmp(arguments[1], "run") == 0)
            status = run_model(config_path, weights_path, run_path, &error);
    }
    if (status != BERT_OK)
        fprintf(stderr, "model_exchange: %s\n", error.message);
    free(config_path);
    free(weights_path);
    free(run_path);
    return status == BERT_OK ? 0 : 1;
}
