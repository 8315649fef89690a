/* Our side of bench/against-pytorch: one model, one batch, steps on demand.
 *
 *     training_step CONFIG.json BATCH.safetensors THREADS [--inference] [--token-budget N]
 *
 * Reads lines "steps N" on standard input, runs N steps and answers with one JSON object a line, as
 * bench/pytorch/peer.py does. A step is what `bert pretrain` does: forward and backward over
 * micro-batches, clipping by the global norm, AdamW with its decay groups. */
#include "base/memory.h"
#include "base/threads.h"
#include "formats/safetensors.h"
#include "model/model.h"
#include "optim/adam.h"
#include "optim/clip.h"
#include "probe.h"

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
    model_input input; /* the whole batch */
    float *first_moment, *second_moment;
    int token_budget; /* tokens in a micro-batch */
    bool training;
    int64_t step;
} bench;

/* The part of the batch from sequence `first` on that fits the token budget; `next` is the first
 * sequence behind it. Positions count from the part's own start. */
static model_input cut(const bench *bench, int first, int *next, int32_t *starts,
                       int32_t *positions)
{
    const model_input *whole = &bench->input;
    int begin = whole->sequence_starts[first], last = first;
    while (last < whole->sequence_count &&
           (last == first || whole->sequence_starts[last + 1] - begin <= bench->token_budget))
        last++;
    int end = whole->sequence_starts[last], masked = 0, skipped = 0;
    for (int i = 0; i < whole->masked_count; i++) {
        skipped += whole->masked_positions[i] < begin;
        if (whole->masked_positions[i] >= begin && whole->masked_positions[i] < end)
            positions[masked++] = whole->masked_positions[i] - begin;
    }
    for (int i = first; i <= last; i++)
        starts[i - first] = whole->sequence_starts[i] - begin;
    *next = last;
    return (model_input){
        .token_count = end - begin,
        .sequence_count = last - first,
        .masked_count = masked,
        .tokens = whole->tokens + begin,
        .token_types = whole->token_types + begin,
        .sequence_starts = starts,
        .sample_numbers = whole->sample_numbers + first,
        .masked_positions = positions,
        .masked_labels = whole->masked_labels + skipped,
        .next_sentence_labels = whole->next_sentence_labels + first,
    };
}

static void update(bench *bench)
{
    static const adam_settings settings = {
        .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.01, .decoupled = true};
    const parameter_table *table = model_parameter_table(bench->model);
    float *values = model_values(bench->model), *gradients = model_gradients(bench->model);
    double scale = clip_scale(gradient_norm(gradients, table->size), 1.0);
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        adam_update(values + entry->offset, gradients + entry->offset,
                    bench->first_moment + entry->offset, bench->second_moment + entry->offset,
                    entry->count, &settings, 1e-4, bench->step, entry->decay, scale);
    }
}

static double run_step(bench *bench, int32_t *starts, int32_t *positions, float *hidden)
{
    model_losses losses = {0};
    for (int first = 0; first < bench->input.sequence_count;) {
        model_input part = cut(bench, first, &first, starts, positions);
        if (bench->training)
            model_train(bench->model, &part, 1, (uint64_t)bench->step,
                        1.0 / bench->input.masked_count, 1.0 / bench->input.sequence_count,
                        &losses);
        else
            model_hidden_states(bench->model, &part, hidden);
    }
    if (!bench->training)
        return 0;
    bench->step++;
    update(bench);
    return losses.mlm_loss / (double)losses.mlm_count + losses.nsp_loss / (double)losses.nsp_count;
}

static const void *tensor_of(const safetensors_file *file, const char *name, uint64_t *count)
{
    const safetensors_tensor *tensor = safetensors_find(file, name);
    if (!tensor) {
        fprintf(stderr, "training_step: %s: no tensor %s\n", file->path, name);
        exit(1);
    }
    *count = tensor->shape[0];
    void *copy = malloc(tensor->bytes ? tensor->bytes : 1);
    memcpy(copy, tensor->data, tensor->bytes);
    return copy;
}

static model_input read_batch(const char *path)
{
    bert_error error;
    safetensors_file file;
    if (safetensors_open(&file, path, &error) != BERT_OK)
        stop(&error);
    uint64_t tokens, types, starts, samples, masked, labels, pairs;
    model_input input = {
        .tokens = tensor_of(&file, "tokens", &tokens),
        .token_types = tensor_of(&file, "token_types", &types),
        .sequence_starts = tensor_of(&file, "sequence_starts", &starts),
        .masked_positions = tensor_of(&file, "masked_positions", &masked),
        .masked_labels = tensor_of(&file, "masked_labels", &labels),
        .next_sentence_labels = tensor_of(&file, "next_sentence_labels", &pairs),
    };
    samples = starts - 1;
    uint64_t *numbers = malloc(samples * sizeof *numbers);
    for (uint64_t i = 0; i < samples; i++)
        numbers[i] = i;
    input.sample_numbers = numbers;
    input.token_count = (int)tokens;
    input.sequence_count = (int)samples;
    input.masked_count = (int)masked;
    safetensors_close(&file);
    return input;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: training_step CONFIG.json BATCH.safetensors THREADS "
                        "[--inference] [--token-budget N]\n");
        return 2;
    }
    bench bench = {.training = true, .token_budget = 1024};
    for (int i = 4; i < argc; i++) {
        if (strcmp(argv[i], "--inference") == 0)
            bench.training = false;
        else if (strcmp(argv[i], "--token-budget") == 0 && i + 1 < argc)
            bench.token_budget = atoi(argv[++i]);
    }
    threads_use(atoi(argv[3]));
    bert_error error;
    model_config config;
    if (model_config_read(&config, argv[1], &error) != BERT_OK)
        stop(&error);
    bench.input = read_batch(argv[2]);
    int longest = 0;
    for (int i = 0; i < bench.input.sequence_count; i++) {
        int length = bench.input.sequence_starts[i + 1] - bench.input.sequence_starts[i];
        longest = length > longest ? length : longest;
    }
    if (bench.token_budget < longest)
        bench.token_budget = longest;
    model_limits limits = {.tokens = bench.token_budget,
                           .sequences = bench.input.sequence_count,
                           .masked = bench.input.masked_count < bench.token_budget
                                         ? bench.input.masked_count
                                         : bench.token_budget,
                           .training = bench.training};
    if (model_create(&bench.model, &config, &limits, &error) != BERT_OK ||
        model_check_input(bench.model, &bench.input, NULL) == BERT_ERROR_MEMORY)
        stop(&error);
    const parameter_table *table = model_parameter_table(bench.model);
    parameters_initialize(table, &config, 1, model_values(bench.model));
    if (bench.training &&
        (memory_map((void **)&bench.first_moment, table->size * 4, "moments", &error) != BERT_OK ||
         memory_map((void **)&bench.second_moment, table->size * 4, "moments", &error) != BERT_OK))
        stop(&error);
    size_t sequences = (size_t)bench.input.sequence_count;
    int32_t *starts = malloc((sequences + 1) * sizeof *starts);
    int32_t *positions = malloc(((size_t)bench.input.masked_count + 1) * sizeof *positions);
    float *hidden = malloc((size_t)bench.token_budget * (size_t)config.hidden_size * 4);
    printf("{\"ready\": \"%d threads\"}\n", threads_count());
    fflush(stdout);
    int count;
    while (scanf(" steps %d", &count) == 1) {
        double start = probe_now(), loss = 0;
        for (int i = 0; i < count; i++)
            loss = run_step(&bench, starts, positions, hidden);
        double seconds = probe_now() - start;
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        printf("{\"seconds\": %.6f, \"loss\": %.6f, \"peak_bytes\": %ld}\n", seconds, loss,
               usage.ru_maxrss * 1024L);
        fflush(stdout);
    }
    return 0;
}
