/* Our side of bench/against-pytorch: one model, one batch, steps on demand.
 *
 *     training_step CONFIG.json BATCH.safetensors THREADS [--inference] [--micro-batch-tokens N]
 *                   [--precision float32|bf16]
 *
 * Reads lines "steps N" on standard input, runs N steps and answers with one JSON object per line,
 * as bench/pytorch/baseline.py does. A step is that of `bert pretrain` (train/training_step.h),
 * with clipping by the global norm and AdamW with its decay groups. */
#include "base/clock.h"
#include "base/memory.h"
#include "base/threads.h"
#include "bert/choices.h"
#include "formats/safetensors.h"
#include "probe.h"
#include "train/training_step.h"

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
    training_step step; /* training alone */
    batch batch;        /* the whole one */
    int64_t steps;      /* done */

    /* Inference alone. */
    model *model;
    micro_batches micro_batches;
    float *hidden;
} bench;

static bert_status next_batch(void *context, const batch **batch, bert_error *error)
{
    (void)error;
    bench *bench = context;
    *batch = &bench->batch;
    return BERT_OK;
}

static bert_status describe_nonfinite(void *context, const nonfinite_step *what, bert_error *error)
{
    (void)context;
    return error_set(error, BERT_ERROR_NOT_FINITE, "loss %g, gradient norm %g", what->loss,
                     what->grad_norm);
}

static double train(bench *bench)
{
    bert_error error;
    if (training_step_run(&bench->step, bench->steps++, 1e-4, &error) != BERT_OK)
        stop(&error);
    return losses_total(&bench->step.sums.losses);
}

static double infer(bench *bench)
{
    for (int i = 0; i < bench->micro_batches.count; i++)
        model_hidden_states(model_own_workspace(bench->model), &bench->micro_batches.inputs[i],
                            bench->hidden);
    return 0;
}

/* Copies a tensor's elements; sets `count` to their number. */
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

static micro_batch_limits limits_of(const batch *batch, int tokens)
{
    int longest = 0;
    for (int i = 0; i < batch->sequence_count; i++) {
        int length = batch->sequence_starts[i + 1] - batch->sequence_starts[i];
        longest = length > longest ? length : longest;
    }
    return (micro_batch_limits){
        .sequences = batch->sequence_count,
        .tokens = tokens,
        .max_seq_length = longest,
        .max_masked = longest,
        .batch_sequences = batch->sequence_count,
    };
}

static void prepare_training(bench *bench, const model_config *config,
                             const micro_batch_limits *limits, gemm_precision precision)
{
    bert_error error;
    const training_settings settings = {
        .config = config,
        .objective = objective_of_pretraining(config, false),
        .optimizer = &optimizer_adamw,
        .optimizer_settings = {.beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.01},
        .max_grad_norm = 1,
        .precision = precision,
        .limits = *limits,
    };
    bench->step = (training_step){
        .context = bench,
        .next_batch = next_batch,
        .describe_nonfinite = describe_nonfinite,
        .seed = 1,
    };
    if (training_step_create(&bench->step, &settings, &error) != BERT_OK)
        stop(&error);
    bench->model = bench->step.model;
}

static void prepare_inference(bench *bench, const model_config *config,
                              const micro_batch_limits *limits, gemm_precision precision)
{
    bert_error error;
    if (micro_batches_create(&bench->micro_batches, limits, &error) != BERT_OK)
        stop(&error);
    micro_batches_cut(&bench->micro_batches, &bench->batch);
    model_limits model_limits = micro_batches_limits(&bench->micro_batches, false);
    size_t hidden = (size_t)model_limits.tokens * (size_t)config->hidden_size * sizeof(float);
    if (model_create(&bench->model, config, &model_limits, &error) != BERT_OK ||
        memory_map((void **)&bench->hidden, hidden, "hidden states", &error) != BERT_OK)
        stop(&error);
    model_set_precision(bench->model, precision);
}

static void prepare(bench *bench, char **paths, bool training, int tokens, gemm_precision precision)
{
    bert_error error;
    model_config config;
    if (model_config_read(&config, paths[0], &error) != BERT_OK)
        stop(&error);
    bench->batch = read_batch(paths[1]);
    const micro_batch_limits limits =
        limits_of(&bench->batch, tokens ? tokens : micro_batch_default_tokens(&config, precision));
    if (training)
        prepare_training(bench, &config, &limits, precision);
    else
        prepare_inference(bench, &config, &limits, precision);
    parameters_initialize(model_parameter_table(bench->model), &config, 1,
                          model_weights(bench->model));
}

static gemm_precision precision_named(const char *name)
{
    bert_precision precision;
    bert_error error;
    if (bert_precision_parse(&precision, name, &error) != BERT_OK)
        stop(&error);
    return precision == BERT_PRECISION_BF16 ? GEMM_BFLOAT16 : GEMM_FLOAT32;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: training_step CONFIG.json BATCH.safetensors THREADS "
                        "[--inference] [--micro-batch-tokens N] [--precision float32|bf16]\n");
        return 2;
    }
    bench bench = {0};
    bool training = true;
    int tokens = 0;
    gemm_precision precision = GEMM_FLOAT32;
    for (int i = 4; i < argc; i++) {
        if (strcmp(argv[i], "--inference") == 0)
            training = false;
        else if (strcmp(argv[i], "--micro-batch-tokens") == 0 && i + 1 < argc)
            tokens = atoi(argv[++i]);
        else if (strcmp(argv[i], "--precision") == 0 && i + 1 < argc)
            precision = precision_named(argv[++i]);
    }
    threads_use(atoi(argv[3]));
    prepare(&bench, argv + 1, training, tokens, precision);
    printf("{\"ready\": \"%d threads\"}\n", threads_count());
    fflush(stdout);
    int count;
    while (scanf(" steps %d", &count) == 1) {
        double start = clock_seconds(), loss = 0;
        for (int i = 0; i < count; i++)
            loss = training ? train(&bench) : infer(&bench);
        double seconds = clock_seconds() - start;
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        printf("{\"seconds\": %.6f, \"loss\": %.6f, \"peak_bytes\": %ld}\n", seconds, loss,
               usage.ru_maxrss * 1024L);
        fflush(stdout);
    }
    return 0;
}
