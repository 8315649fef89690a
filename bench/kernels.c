/* Every operation of math/ at the shapes of BERT tiny, mini, base and large, compared with the
 * machine's peak FMA throughput from registers and its memory bandwidth, both measured here. See
 * docs/benchmarking.md.
 *
 *     kernels [--threads N] [--rounds N] [--model tiny|mini|base|large] [--operation PART_OF_NAME]
 *             [--precision float32|bf16]
 *
 * --precision applies to linear layers and attention; the peak shown is that of float32 in either
 * case.
 *
 * A round is kept if the cores were free: a short loop of multiply-adds just before and just after
 * it reached nine tenths of the peak. Others are discarded. Shows the median of the kept rounds. */
#include "base/clock.h"
#include "probe.h"

#include "base/threads.h"
#include "math/activation.h"
#include "math/attention.h"
#include "math/cross_entropy.h"
#include "math/embedding.h"
#include "math/gemm.h"
#include "math/layernorm.h"
#include "math/linear.h"
#include "math/reduce.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct shape {
    const char *name;
    size_t tokens, length, hidden, intermediate, heads, vocabulary, predictions;
} shape;

static const shape shapes[] = {
    {"tiny", 4096, 128, 128, 512, 2, 30522, 614},
    {"mini", 4096, 128, 256, 1024, 4, 30522, 614},
    {"base", 1024, 128, 768, 3072, 12, 30522, 153},
    {"base, length 512", 2048, 512, 768, 3072, 12, 30522, 307},
    {"large", 1024, 128, 1024, 4096, 16, 30522, 153},
};

/* Operands of the operations: filled with small numbers, then read and overwritten. */
typedef struct arrays {
    shape shape;
    gemm_precision precision;
    float *wide[3];    /* [tokens, intermediate] */
    float *narrow[4];  /* [tokens, hidden] */
    float *triple[2];  /* [tokens, 3 × hidden] */
    float *weights[2]; /* [vocabulary, hidden]: the largest matrix */
    float *logits;     /* [predictions, vocabulary] */
    float *rows[4];    /* log-sum-exp, means, biases: at most tokens × heads */
    int32_t *ids, *positions, *labels, *starts;
    uint8_t *types;
    uint64_t *row_keys;
    attention_shape attention;
    dropout dropout;
} arrays;

static void *take(size_t count, size_t size)
{
    size_t bytes = (count * size / 4096 + 1) * 4096;
    void *block = aligned_alloc(4096, bytes);
    if (!block) {
        fprintf(stderr, "kernels: no memory for %zu bytes\n", bytes);
        exit(1);
    }
    memset(block, 0, bytes);
    return block;
}

static float *take_floats(size_t count)
{
    float *values = take(count, sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(i * 2654435761u % 2048) / 2048 - 0.5f;
    return values;
}

static arrays take_arrays(const shape *shape, gemm_precision precision)
{
    const size_t tokens = shape->tokens, hidden = shape->hidden;
    const size_t sequences = tokens / shape->length;
    arrays a = {.shape = *shape, .precision = precision, .dropout = dropout_at(0.1, 1, 2, 3)};
    for (int i = 0; i < 3; i++)
        a.wide[i] = take_floats(tokens * shape->intermediate);
    for (int i = 0; i < 4; i++)
        a.narrow[i] = take_floats(tokens * hidden);
    for (int i = 0; i < 2; i++)
        a.triple[i] = take_floats(tokens * 3 * hidden);
    for (int i = 0; i < 2; i++)
        a.weights[i] = take_floats(shape->vocabulary * hidden);
    a.logits = take_floats(shape->predictions * shape->vocabulary);
    for (int i = 0; i < 4; i++)
        a.rows[i] = take_floats(tokens * shape->heads + shape->vocabulary);
    a.ids = take(tokens, sizeof *a.ids);
    a.positions = take(tokens, sizeof *a.positions);
    a.labels = take(tokens, sizeof *a.labels);
    a.types = take(tokens, sizeof *a.types);
    a.row_keys = take(tokens, sizeof *a.row_keys);
    a.starts = take(sequences + 1, sizeof *a.starts);
    for (size_t i = 0; i < tokens; i++) {
        a.ids[i] = (int32_t)(i * 2654435761u % shape->vocabulary);
        a.labels[i] = a.ids[i];
        a.positions[i] = (int32_t)(i % shape->length);
        a.row_keys[i] = dropout_row_key(i / shape->length, (uint32_t)(i % shape->length));
    }
    for (size_t i = 0; i <= sequences; i++)
        a.starts[i] = (int32_t)(i * shape->length);
    a.attention = (attention_shape){.tokens = tokens,
                                    .sequences = sequences,
                                    .heads = shape->heads,
                                    .head_size = hidden / shape->heads,
                                    .sequence_starts = a.starts};
    return a;
}

static void free_arrays(arrays *a)
{
    for (int i = 0; i < 4; i++) {
        free(a->narrow[i]);
        free(a->rows[i]);
    }
    for (int i = 0; i < 3; i++)
        free(a->wide[i]);
    for (int i = 0; i < 2; i++) {
        free(a->triple[i]);
        free(a->weights[i]);
    }
    free(a->logits);
    free(a->ids);
    free(a->positions);
    free(a->labels);
    free(a->types);
    free(a->row_keys);
    free(a->starts);
}

/* The operations. T, H, I, V, P are the sizes of the shape. */
#define T (a->shape.tokens)
#define H (a->shape.hidden)
#define I (a->shape.intermediate)
#define V (a->shape.vocabulary)
#define P (a->shape.predictions)

static void qkv_forward(arrays *a)
{
    linear_forward(a->precision, a->triple[0], a->narrow[0], a->weights[0], a->rows[0], T, H,
                   3 * H);
}
static void qkv_backward_input(arrays *a)
{
    linear_backward_input(a->precision, a->narrow[0], a->triple[0], a->weights[0], T, H, 3 * H);
}
static void qkv_backward_weight(arrays *a)
{
    linear_backward_weight(a->precision, a->weights[1], a->rows[0], a->triple[0], a->narrow[0], T,
                           H, 3 * H);
}
static void output_forward(arrays *a)
{
    linear_forward(a->precision, a->narrow[0], a->narrow[1], a->weights[0], a->rows[0], T, H, H);
}
static void output_backward_input(arrays *a)
{
    linear_backward_input(a->precision, a->narrow[0], a->narrow[1], a->weights[0], T, H, H);
}
static void output_backward_weight(arrays *a)
{
    linear_backward_weight(a->precision, a->weights[1], a->rows[0], a->narrow[0], a->narrow[1], T,
                           H, H);
}
static void up_forward(arrays *a)
{
    linear_activation_forward(a->precision, ACTIVATION_GELU, a->wide[0], a->wide[1], a->narrow[0],
                              a->weights[0], a->rows[0], T, H, I);
}
static void up_backward_input(arrays *a)
{
    linear_backward_input(a->precision, a->narrow[0], a->wide[0], a->weights[0], T, H, I);
}
static void up_backward_weight(arrays *a)
{
    linear_backward_weight(a->precision, a->weights[1], a->rows[0], a->wide[0], a->narrow[0], T, H,
                           I);
}
static void down_forward(arrays *a)
{
    linear_forward(a->precision, a->narrow[0], a->wide[0], a->weights[0], a->rows[0], T, I, H);
}
static void down_backward_input(arrays *a)
{
    linear_backward_input(a->precision, a->wide[0], a->narrow[0], a->weights[0], T, I, H);
}
static void down_backward_weight(arrays *a)
{
    linear_backward_weight(a->precision, a->weights[1], a->rows[0], a->narrow[0], a->wide[0], T, I,
                           H);
}
static void decoder_forward(arrays *a)
{
    linear_forward(a->precision, a->logits, a->narrow[0], a->weights[0], a->rows[0], P, H, V);
}
static void decoder_backward_input(arrays *a)
{
    linear_backward_input(a->precision, a->narrow[0], a->logits, a->weights[0], P, H, V);
}
static void decoder_backward_weight(arrays *a)
{
    linear_backward_weight(a->precision, a->weights[1], a->rows[0], a->logits, a->narrow[0], P, H,
                           V);
}
static void attention_in(arrays *a)
{
    attention_forward(a->precision, a->narrow[0], a->rows[0], a->triple[0], &a->attention,
                      &a->dropout, a->row_keys);
}
static void attention_back(arrays *a)
{
    attention_backward(a->precision, a->triple[1], a->narrow[1], a->narrow[0], a->rows[0],
                       a->triple[0], &a->attention, &a->dropout, a->row_keys);
}
static void norm_forward(arrays *a)
{
    dropout_residual_layernorm_forward(a->narrow[0], a->narrow[1], a->rows[0], a->rows[1],
                                       a->narrow[2], a->narrow[3], &a->dropout, a->row_keys,
                                       a->rows[2], a->rows[3], T, H, 1e-12f);
}
static void norm_backward(arrays *a)
{
    dropout_residual_layernorm_backward(a->narrow[0], a->narrow[1], a->weights[0], a->weights[1],
                                        a->narrow[2], a->narrow[3], a->rows[0], a->rows[1],
                                        &a->dropout, a->row_keys, a->rows[2], T, H);
}
static void gelu_in(arrays *a)
{
    activation_forward(ACTIVATION_GELU, a->wide[1], a->wide[0], T * I);
}
static void gelu_back(arrays *a)
{
    activation_backward(ACTIVATION_GELU, a->wide[1], a->wide[2], a->wide[0], T * I);
}
static void entropy(arrays *a)
{
    cross_entropy_forward_backward(a->logits, a->labels, P, V, 0.01f);
}
static void embed(arrays *a)
{
    embedding_forward(a->narrow[0], a->ids, a->positions, a->types, a->weights[0], a->narrow[1],
                      a->narrow[2], T, H);
}
static void embed_back(arrays *a)
{
    embedding_backward(a->weights[0], a->narrow[1], a->narrow[2], a->narrow[0], a->ids,
                       a->positions, a->types, 0, T, H);
}
static void squares(arrays *a)
{
    volatile double sink = sum_of_squares(a->weights[0], V * H);
    (void)sink;
}

typedef struct operation {
    const char *name;
    void (*run)(arrays *a);
    double flops, bytes; /* of one call; bytes: each array counted once, with cold caches */
} operation;

enum { MOST_OPERATIONS = 32 };

static size_t list_operations(operation *list, const arrays *a)
{
    const double t = (double)T, h = (double)H, i = (double)I, v = (double)V, p = (double)P;
    const double scores = t * (double)a->shape.length * h;
    const operation all[] = {
        {"query, key, value: forward", qkv_forward, 6 * t * h * h, 4 * (4 * t * h + 3 * h * h)},
        {"query, key, value: input", qkv_backward_input, 6 * t * h * h,
         4 * (4 * t * h + 3 * h * h)},
        {"query, key, value: weight", qkv_backward_weight, 6 * t * h * h,
         4 * (4 * t * h + 6 * h * h)},
        {"attention output: forward", output_forward, 2 * t * h * h, 4 * (2 * t * h + h * h)},
        {"attention output: input", output_backward_input, 2 * t * h * h, 4 * (2 * t * h + h * h)},
        {"attention output: weight", output_backward_weight, 2 * t * h * h,
         4 * (2 * t * h + 2 * h * h)},
        {"intermediate and GELU: forward", up_forward, 2 * t * h * i,
         4 * (t * h + 2 * t * i + h * i)},
        {"intermediate: input", up_backward_input, 2 * t * h * i, 4 * (t * h + t * i + h * i)},
        {"intermediate: weight", up_backward_weight, 2 * t * h * i,
         4 * (t * h + t * i + 2 * h * i)},
        {"output: forward", down_forward, 2 * t * h * i, 4 * (t * h + t * i + h * i)},
        {"output: input", down_backward_input, 2 * t * h * i, 4 * (t * h + t * i + h * i)},
        {"output: weight", down_backward_weight, 2 * t * h * i, 4 * (t * h + t * i + 2 * h * i)},
        {"decoder: forward", decoder_forward, 2 * p * h * v, 4 * (p * h + p * v + h * v)},
        {"decoder: input", decoder_backward_input, 2 * p * h * v, 4 * (p * h + p * v + h * v)},
        {"decoder: weight", decoder_backward_weight, 2 * p * h * v,
         4 * (p * h + p * v + 2 * h * v)},
        {"attention: forward", attention_in, 4 * scores, 4 * 4 * t * h},
        {"attention: backward", attention_back, 10 * scores, 4 * 8 * t * h},
        {"dropout, residual, LayerNorm: forward", norm_forward, 0, 4 * 4 * t * h},
        {"dropout, residual, LayerNorm: backward", norm_backward, 0, 4 * 4 * t * h},
        {"GELU: forward", gelu_in, 0, 4 * 2 * t * i},
        {"GELU: backward", gelu_back, 0, 4 * 3 * t * i},
        {"cross-entropy: forward and backward", entropy, 0, 4 * 2 * p * v},
        {"embeddings: forward", embed, 0, 4 * 2 * t * h},
        {"embeddings: backward", embed_back, 0, 4 * 3 * t * h},
        {"sum of squares", squares, 0, 4 * v * h},
    };
    const size_t count = sizeof all / sizeof *all;
    memcpy(list, all, sizeof all);
    return count;
}

typedef struct settings {
    int threads, rounds;
    double peak, bandwidth;
    gemm_precision precision;
} settings;

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool cores_are_free(settings *settings)
{
    double now = probe_peak_gflops(settings->threads, 0.001);
    if (now > settings->peak)
        settings->peak = now;
    return now >= 0.9 * settings->peak;
}

enum { MAX_ROUNDS = 1000 };

/* Median seconds per call over rounds with free cores; without any, the best of all. */
static double measure(const operation *operation, arrays *a, settings *settings, int *discarded)
{
    double start = clock_seconds();
    operation->run(a);
    double once = clock_seconds() - start;
    int calls = once < 0.005 ? (int)(0.005 / (once + 1e-9)) + 1 : 1;
    double seconds[MAX_ROUNDS], best = 1e9;
    int good = 0;
    *discarded = 0;
    while (good < settings->rounds && *discarded < 4 * settings->rounds) {
        bool was_free = cores_are_free(settings);
        start = clock_seconds();
        for (int i = 0; i < calls; i++)
            operation->run(a);
        double passed = (clock_seconds() - start) / calls;
        best = passed < best ? passed : best;
        if (cores_are_free(settings) && was_free)
            seconds[good++] = passed;
        else
            ++*discarded;
    }
    if (good == 0)
        return best;
    qsort(seconds, (size_t)good, sizeof *seconds, compare);
    return seconds[good / 2];
}

static void measure_shape(const shape *shape, const char *wanted, settings *settings)
{
    arrays a = take_arrays(shape, settings->precision);
    operation operations[MOST_OPERATIONS];
    size_t count = list_operations(operations, &a);
    printf("\n%s: %zu tokens in sequences of %zu, hidden %zu, %zu predictions\n", shape->name,
           shape->tokens, shape->length, shape->hidden, shape->predictions);
    printf("%-40s %10s %9s %7s %8s %7s %6s\n", "operation", "ms", "GFLOP/s", "of peak", "GB/s",
           "of peak", "aside");
    for (size_t i = 0; i < count; i++) {
        if (wanted && !strstr(operations[i].name, wanted))
            continue;
        int discarded;
        double seconds = measure(&operations[i], &a, settings, &discarded);
        double gflops = operations[i].flops / seconds * 1e-9;
        double bandwidth = operations[i].bytes / seconds * 1e-9;
        printf("%-40s %10.3f ", operations[i].name, 1e3 * seconds);
        if (gflops > 0)
            printf("%9.1f %6.1f%% ", gflops, 100 * gflops / settings->peak);
        else
            printf("%9s %7s ", "", "");
        printf("%8.1f %6.1f%% %6d\n", bandwidth, 100 * bandwidth / settings->bandwidth, discarded);
        fflush(stdout);
    }
    free_arrays(&a);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"threads", required_argument, NULL, 't'},   {"rounds", required_argument, NULL, 'r'},
        {"model", required_argument, NULL, 'm'},     {"operation", required_argument, NULL, 'o'},
        {"precision", required_argument, NULL, 'p'}, {0}};
    settings settings = {.rounds = 9};
    const char *model = NULL, *operation = NULL;
    int threads = 0;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 't')
            threads = atoi(optarg);
        else if (option == 'r')
            settings.rounds = atoi(optarg);
        else if (option == 'm')
            model = optarg;
        else if (option == 'o')
            operation = optarg;
        else if (option == 'p' && strcmp(optarg, "bf16") == 0)
            settings.precision = GEMM_BFLOAT16;
        else if (option == 'p' && strcmp(optarg, "float32") == 0)
            settings.precision = GEMM_FLOAT32;
        else
            return 2;
    }
    if (threads < 0 || settings.rounds < 1 || settings.rounds > MAX_ROUNDS) {
        fprintf(stderr, "kernels: --threads from 0, --rounds from 1 to %d\n", MAX_ROUNDS);
        return 2;
    }
    threads_use(threads);
    settings.threads = threads_count();
    for (int i = 0; i < 100; i++)
        cores_are_free(&settings); /* the peak is the best of many short measurements */
    for (int i = 0; i < 5; i++) {
        double bandwidth = probe_bandwidth(settings.threads, 0.2);
        settings.bandwidth = bandwidth > settings.bandwidth ? bandwidth : settings.bandwidth;
    }
    printf("kernels %s, %d threads: peak %.1f GFLOP/s, bandwidth %.1f GB/s\n", gemm_kernel_name(),
           settings.threads, settings.peak, settings.bandwidth);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (!model || strncmp(shapes[i].name, model, strlen(model)) == 0)
            measure_shape(&shapes[i], operation, &settings);
    return 0;
}
