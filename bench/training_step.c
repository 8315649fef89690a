/* Our side of bench/against-pytorch: one model, one batch, steps on demand.
 *
 *     training_step CONFIG.json BATCH.safetensors THREADS [--inference] [--micro-batch-tokens N]
 *                   [--precision float32|bf16]
 *
 * Reads lines "steps N" on standard input, runs N steps and answers with one JSON object a line, as
 * bench/pytorch/peer.py does. A step is what `bert pretrain` does: forward and backward over
 * micro-batches, clipping by the global norm, AdamW with its decay groups. */
#include "base/clock.h"
#include "base/memory.h"
#include "base/threads.h"
#include "formats/safetensors.h"
#include "optim/adam.h"
#include "optim/clip.h"
#include "probe.h"
#include "train/micro_batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static void stop(const bert_error *error)
{
    fprintf(stderr, "training_step: %s\n", error->message);
    exit(1);
}

typedef struct bench {
    model *model;
    batch batch; /* the whole one */
    micro_batches micro_batches;
    float *first_moment, *second_moment, *hidden;
    bool training;
    int64_t step;
} bench;

static void update(bench *bench)
{
    static const adam_settings settings = {
        .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.01, .decoupled = true};
    const parameter_table *table = model_parameter_table(bench->model);
    float *values = model_weights(bench->model), *gradients = model_gradients(bench->model);
    double scale = clip_scale(gradient_norm(gradients, table->size), 1.0);
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        adam_update(values + entry->offset, gradients + entry->offset,
                    bench->first_moment + entry->offset, bench->second_moment + entry->offset,
                    entry->count, &settings, 1e-4, bench->step, entry->decay, scale);
    }
}

static double run_step(bench *bench)
{
    model_losses losses = {0};
    micro_batch_cursor place = {0};
    model_input input;
    while (micro_batches_next(&bench->micro_batches, &bench->batch, &place, &input)) {
        if (bench->training)
            model_train(bench->model, &input, 1, (uint64_t)bench->step,
                        &(model_scales){.mlm = 1.0 / bench->batch.masked_count,
                                        .nsp = 1.0 / bench->batch.sequence_count},
                        &losses);
        else
            model_hidden_states(bench->model, &input, bench->hidden);
    }
    if (!bench->training)
        return 0;
    bench->step++;
    update(bench);
    return losses.mlm_loss / (double)losses.mlm_count + losses.nsp_loss / (double)losses.nsp_count;
}

/* A tensor's elements, copied; `count` becomes their number. */
static void *tensor_of(const safetensors_file *file, const char *name, int *count)
{
    const safetensors_tensor *tensor = safetensors_find(file, name);
    if (!tensor) {
        fprintf(stderr, "training_step: %s: no tensor %s\n", file->path, name);
        exit(1);
    }
    *count = (int)tensor->shape[0];
    void *copy = malloc(tensor->bytes + 1);
    if (!copy)
        exit(1);
    memcpy(copy, tensor->data, tensor->bytes);
    return copy;
}

static batch read_batch(const char *path)
{
    bert_error error;
    safetensors_file file;
    if (safetensors_open(&file, path, &error) != BERT_OK)
        stop(&error);
    int types, labels;
    batch batch = {0};
    batch.tokens = tensor_of(&file, "tokens", &batch.token_count);
    batch.token_types = tensor_of(&file, "token_types", &types);
    batch.sequence_starts = tensor_of(&file, "sequence_starts", &batch.sequence_count);
    batch.masked_positions = tensor_of(&file, "masked_positions", &batch.masked_count);
    batch.masked_labels = tensor_of(&file, "masked_labels", &labels);
    batch.next_sentence_labels = tensor_of(&file, "next_sentence_labels", &batch.sequence_count);
    safetensors_close(&file);
    batch.sample_numbers = malloc(((size_t)batch.sequence_count + 1) * sizeof(uint64_t));
    if (!batch.sample_numbers)
        exit(1);
    for (int i = 0; i < batch.sequence_count; i++)
        batch.sample_numbers[i] = (uint64_t)i;
    return batch;
}

static void prepare(bench *bench, const char *config_path, const char *batch_path, int tokens,
                    gemm_precision precision)
{
    bert_error error;
    model_config config;
    if (model_config_read(&config, config_path, &error) != BERT_OK)
        stop(&error);
    bench->batch = read_batch(batch_path);
    int longest = 0;
    for (int i = 0; i < bench->batch.sequence_count; i++) {
        int length = bench->batch.sequence_starts[i + 1] - bench->batch.sequence_starts[i];
        longest = length > longest ? length : longest;
    }
    if (micro_batches_create(&bench->micro_batches, bench->batch.sequence_count,
                             tokens ? tokens : micro_batch_default_tokens(&config, precision),
                             longest, longest, &error) != BERT_OK)
        stop(&error);
    model_limits limits = micro_batches_limits(&bench->micro_batches, bench->training);
    if (model_create(&bench->model, &config, &limits, &error) != BERT_OK)
        stop(&error);
    size_t size = model_parameter_table(bench->model)->size * sizeof(float);
    size_t hidden = (size_t)limits.tokens * (size_t)config.hidden_size * sizeof(float);
    parameters_initialize(model_parameter_table(bench->model), &config, 1,
                          model_weights(bench->model));
    if (bench->training &&
        (memory_map((void **)&bench->first_moment, size, "moments", &error) != BERT_OK ||
         memory_map((void **)&bench->second_moment, size, "moments", &error) != BERT_OK))
        stop(&error);
    if (!bench->training &&
        memory_map((void **)&bench->hidden, hidden, "hidden states", &error) != BERT_OK)
        stop(&error);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: training_step CONFIG.json BATCH.safetensors THREADS "
                        "[--inference] [--micro-batch-tokens N] [--precision float32|bf16]\n");
        return 2;
    }
    bench bench = {.training = true};
    int tokens = 0;
    gemm_precision precision = GEMM_FLOAT32;
    for (int i = 4; i < argc; i++) {
        if (strcmp(argv[i], "--inference") == 0)
            bench.training = false;
        else if (strcmp(argv[i], "--micro-batch-tokens") == 0 && i + 1 < argc)
            tokens = atoi(argv[++i]);
        else if (strcmp(argv[i], "--precision") == 0 && i + 1 < argc)
            precision = gemm_precision_named(argv[++i]);
    }
    threads_use(atoi(argv[3]));
    prepare(&bench, argv[1], argv[2], tokens, precision);
    model_set_precision(bench.model, precision);
    printf("{\"ready\": \"%d threads\"}\n", threads_count());
    fflush(stdout);
    int count;
    while (scanf(" steps %d", &count) == 1) {
        double start = clock_seconds(), loss = 0;
        for (int i = 0; i < count; i++)
            loss = run_step(&bench);
        double seconds = clock_seconds() - start;
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        printf("{\"seconds\": %.6f, \"loss\": %.6f, \"peak_bytes\": %ld}\n", seconds, loss,
               usage.ru_maxrss * 1024L);
        fflush(stdout);
    }
    return 0;
}
