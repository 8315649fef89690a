#include "reference.h"

#include "base/random.h"
#include "base/threads.h"
#include "math/kernels/kernels.h"

static void *blocks[256];
static size_t block_count;

void *math_memory(size_t count, size_t size)
{
    assert_true(block_count < sizeof blocks / sizeof *blocks);
    void *block = calloc(count ? count : 1, size);
    assert_non_null(block);
    return blocks[block_count++] = block;
}

static int threads_at_start;

int math_teardown(void **state)
{
    (void)state;
    while (block_count > 0)
        free(blocks[--block_count]);
    threads_use(threads_at_start);
    return 0;
}

int math_setup(void **state)
{
    (void)state;
    threads_at_start = threads_count();
    const char *wanted = getenv("BERT_KERNELS");
    if (wanted && kernels_named(wanted) && strcmp(wanted, gemm_kernel_name()) != 0)
        return -1;
    return 0;
}

float *math_random(size_t count, double scale, uint64_t stream)
{
    float *values = math_memory(count, sizeof *values);
    random_stream random = random_stream_start(1, RANDOM_TEST, 0, stream);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(scale * random_normal(&random));
    return values;
}

float *math_zeros(size_t count)
{
    return math_memory(count, sizeof(float));
}

float *math_copy(const float *values, size_t count)
{
    float *copy = math_memory(count, sizeof *copy);
    memcpy(copy, values, count * sizeof *copy);
    return copy;
}

double *math_doubles(const float *values, size_t count)
{
    double *copy = math_memory(count, sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = values[i];
    return copy;
}

uint64_t *math_row_keys(size_t count, uint64_t stream)
{
    uint64_t *keys = math_memory(count, sizeof *keys);
    random_stream random = random_stream_start(2, RANDOM_TEST, 0, stream);
    for (size_t i = 0; i < count; i++)
        keys[i] = random_next64(&random);
    return keys;
}

void assert_close(const char *what, const float *got, const double *expected, size_t count,
                  double tolerance)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(expected[i]));
    for (size_t i = 0; i < count; i++)
        if (!(fabs(got[i] - expected[i]) <= tolerance * largest)) /* NaN fails too */
            fail_msg("%s[%zu] is %.9g, expected %.9g within %.3g", what, i, (double)got[i],
                     expected[i], tolerance * largest);
}

void assert_same_for_threads(const char *what, void (*body)(void *context), void *context,
                             const float *results, size_t count)
{
    float *first = math_memory(count, sizeof *first);
    int before = threads_count();
    for (int threads = 1; threads <= 3; threads++) {
        threads_use(threads);
        assert_int_equal(threads_count(), threads);
        body(context);
        if (threads == 1)
            memcpy(first, results, count * sizeof *first);
        else if (memcmp(first, results, count * sizeof *first) != 0)
            fail_msg("%s: results of %d threads differ from those of one thread", what, threads);
    }
    threads_use(before);
}

double *reference_row_sums(const float *sums, const float *in, size_t rows, size_t depth)
{
    double *expected = math_doubles(sums, rows);
    for (size_t p = 0; p < depth; p++)
        for (size_t i = 0; i < rows; i++)
            expected[i] += (double)in[p * rows + i];
    return expected;
}

void reference_gradient(double *gradient, double *x, size_t count, double (*loss)(void *context),
                        void *context)
{
    const double step = 1e-5; /* the error of the difference is of order step² = 1e-10 */
    for (size_t i = 0; i < count; i++) {
        double value = x[i];
        x[i] = value + step;
        double above = loss(context);
        x[i] = value - step;
        double below = loss(context);
        x[i] = value;
        gradient[i] = (above - below) / (2 * step);
    }
}

double reference_keep(const dropout *dropout, uint64_t row_key, size_t column)
{
    if (dropout->threshold == 0)
        return 1;
    size_t block = column / 128, lane = column % 16, pair = column % 128 / 16;
    const uint32_t counter[4] = {(uint32_t)(16 * block + lane), (uint32_t)row_key,
                                 (uint32_t)(row_key >> 32), dropout->site};
    uint32_t words[4];
    random_philox(counter, dropout->key, words);
    uint32_t chance = words[pair / 2] >> 16 * (pair % 2) & 0xffff;
    return chance < dropout->threshold ? 0 : 1 / (1 - dropout->threshold / 65536.0);
}

void reference_gemm(gemm_kind kind, size_t m, size_t n, size_t k, const float *a, size_t lda,
                    const float *b, size_t ldb, double *c, size_t ldc, bool accumulate)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double sum = accumulate ? c[i * ldc + j] : 0;
            for (size_t p = 0; p < k; p++)
                sum += (double)(kind == GEMM_TN ? a[p * lda + i] : a[i * lda + p]) *
                       (kind == GEMM_NT ? b[j * ldb + p] : b[p * ldb + j]);
            c[i * ldc + j] = sum;
        }
}

float *math_rounded(const float *values, size_t count)
{
    float *copy = math_copy(values, count);
    for (size_t i = 0; i < count; i++)
        copy[i] = reference_bfloat16(copy[i]);
    return copy;
}

void check_gemm(gemm_precision precision, gemm_kind kind, size_t m, size_t n, size_t k,
                bool accumulate)
{
    size_t lda = (kind == GEMM_TN ? m : k) + 3, ldb = (kind == GEMM_NT ? k : n) + 5, ldc = n + 1;
    size_t a_count = (kind == GEMM_TN ? k : m) * lda, b_count = (kind == GEMM_NT ? n : k) * ldb;
    const float *a = math_random(a_count, 1, m), *b = math_random(b_count, 1, n);
    float *c = math_random(m * ldc, 1, k);
    double *expected = math_doubles(c, m * ldc);
    gemm_fused(precision, kind, m, n, k, a, lda, b, ldb, c, ldc, accumulate, NULL);
    if (precision == GEMM_BFLOAT16) {
        a = math_rounded(a, a_count);
        b = math_rounded(b, b_count);
    }
    reference_gemm(kind, m, n, k, a, lda, b, ldb, expected, ldc, accumulate);
    char what[80];
    snprintf(what, sizeof what, "kind %d, %zu x %zu x %zu%s: c", kind, m, n, k,
             accumulate ? ", accumulated" : "");
    assert_close(what, c, expected, m * ldc, 2e-6);
    math_teardown(NULL);
}

void check_gemm_sizes(gemm_precision precision)
{
    static const size_t sizes[] = {1, 2, 3, 6, 13, 15, 17, 33, 64, 97};
    const size_t count = sizeof sizes / sizeof *sizes;
    for (int kind = GEMM_NN; kind <= GEMM_TN; kind++)
        for (size_t i = 0; i < count; i++)
            for (size_t j = 0; j < count; j++)
                for (size_t l = 0; l < count; l++)
                    check_gemm(precision, (gemm_kind)kind, sizes[i], sizes[j], sizes[l],
                               (i + j + l) % 2);
}

double reference_gelu(double x)
{
    return 0.5 * x * erfc(-x / sqrt(2));
}

void reference_layernorm(double *out, const double *in, const double *gamma, const double *beta,
                         size_t rows, size_t columns, double epsilon)
{
    for (size_t row = 0; row < rows; row++, in += columns, out += columns) {
        double mean = 0, variance = 0;
        for (size_t i = 0; i < columns; i++)
            mean += in[i] / (double)columns;
        for (size_t i = 0; i < columns; i++)
            variance += (in[i] - mean) * (in[i] - mean) / (double)columns;
        for (size_t i = 0; i < columns; i++)
            out[i] = (in[i] - mean) / sqrt(variance + epsilon) * gamma[i] + beta[i];
    }
}

uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float reference_bfloat16(float value)
{
    uint32_t bits = bits_of(value), down = bits & 0xffff0000u, up = down + 0x10000u;
    if (isnan(value))
        return float_of(down | 0x00400000u);
    if (fpclassify(value) == FP_SUBNORMAL)
        return float_of(bits & 0x80000000u);
    if (!isfinite(value) || down == bits)
        return value;
    double below = fabs((double)float_of(down)), above = fabs((double)float_of(up));
    double exact = fabs((double)value);
    if (isinf(above))
        above = 0x1p128;
    if (exact - below == above - exact)
        return float_of(down & 0x10000u ? up : down);
    return float_of(exact - below < above - exact ? down : up);
}

/* An operand as matrix multiplications in this precision use it. */
static double operand(gemm_precision precision, double value)
{
    return precision == GEMM_BFLOAT16 ? (double)reference_bfloat16((float)value) : value;
}

/* Probabilities of one query before dropout, and the weights of the values: exponentials are
 * rounded before the division by their sum. Returns the log-sum-exp of the scores. */
static double query_probabilities(gemm_precision precision, double *probabilities, double *weights,
                                  const double *query, const double *keys, size_t length,
                                  size_t stride, size_t size)
{
    double sum = 0, maximum = -INFINITY;
    for (size_t j = 0; j < length; j++) {
        probabilities[j] = 0;
        for (size_t i = 0; i < size; i++)
            probabilities[j] += operand(precision, query[i]) *
                                operand(precision, keys[j * stride + i]) / sqrt((double)size);
        maximum = fmax(maximum, probabilities[j]);
    }
    for (size_t j = 0; j < length; j++)
        sum += exp(probabilities[j] - maximum);
    for (size_t j = 0; j < length; j++) {
        double term = exp(probabilities[j] - maximum);
        probabilities[j] = term / sum;
        weights[j] = operand(precision, term) / sum;
    }
    return maximum + log(sum);
}

void reference_attention(gemm_precision precision, double *out, double *log_sum_exp,
                         const double *qkv, const attention_shape *shape, const dropout *dropout_,
                         const uint64_t *row_keys)
{
    const size_t size = shape->head_size, hidden = shape->heads * size, stride = 3 * hidden;
    double *p = malloc(shape->tokens * sizeof *p), *weights = malloc(shape->tokens * sizeof *p);
    for (size_t s = 0; s < shape->sequences; s++)
        for (size_t head = 0; head < shape->heads; head++) {
            size_t first = (size_t)shape->sequence_starts[s];
            size_t end = (size_t)shape->sequence_starts[s + 1];
            dropout dropout = *dropout_;
            dropout.site += (uint32_t)head;
            const double *keys = qkv + first * stride + hidden + head * size;
            for (size_t t = first; t < end; t++) {
                double normaliser =
                    query_probabilities(precision, p, weights, qkv + t * stride + head * size, keys,
                                        end - first, stride, size);
                if (log_sum_exp)
                    log_sum_exp[head * shape->tokens + t] = normaliser;
                for (size_t i = 0; i < size; i++)
                    out[t * hidden + head * size + i] = 0;
                for (size_t j = 0; j < end - first; j++) {
                    double weight = weights[j] * reference_keep(&dropout, row_keys[t], j);
                    for (size_t i = 0; i < size; i++)
                        out[t * hidden + head * size + i] +=
                            weight * operand(precision, keys[j * stride + hidden + i]);
                }
            }
        }
    free(p);
    free(weights);
}

void reference_attention_backward(gemm_precision precision, double *d_qkv, const double *d_out,
                                  const double *qkv, const attention_shape *shape,
                                  const dropout *dropout_, const uint64_t *row_keys)
{
    const size_t size = shape->head_size, hidden = shape->heads * size, stride = 3 * hidden;
    double *p = malloc(shape->tokens * sizeof *p), *d_p = malloc(shape->tokens * sizeof *d_p);
    double *weights = malloc(shape->tokens * sizeof *weights);
    memset(d_qkv, 0, shape->tokens * stride * sizeof *d_qkv);
    for (size_t s = 0; s < shape->sequences; s++)
        for (size_t head = 0; head < shape->heads; head++) {
            size_t first = (size_t)shape->sequence_starts[s];
            size_t length = (size_t)shape->sequence_starts[s + 1] - first;
            size_t offset = first * stride + head * size;
            dropout dropout = *dropout_;
            dropout.site += (uint32_t)head;
            const double *q = qkv + offset, *k = q + hidden, *v = k + hidden;
            double *d_q = d_qkv + offset, *d_k = d_q + hidden, *d_v = d_k + hidden;
            for (size_t t = 0; t < length; t++) {
                const double *d_row = d_out + (first + t) * hidden + head * size;
                double mean = 0;
                query_probabilities(precision, p, weights, q + t * stride, k, length, stride, size);
                for (size_t j = 0; j < length; j++) {
                    double keep = reference_keep(&dropout, row_keys[first + t], j);
                    double weight = operand(precision, keep * p[j]);
                    d_p[j] = 0;
                    for (size_t i = 0; i < size; i++) {
                        double d = operand(precision, d_row[i]);
                        d_p[j] += keep * d * operand(precision, v[j * stride + i]);
                        d_v[j * stride + i] += weight * d;
                    }
                    mean += weights[j] * d_p[j];
                }
                for (size_t j = 0; j < length; j++) {
                    double d_score =
                        operand(precision, p[j] * (d_p[j] - mean) / sqrt((double)size));
                    for (size_t i = 0; i < size; i++) {
                        d_q[t * stride + i] += d_score * operand(precision, k[j * stride + i]);
                        d_k[j * stride + i] += d_score * operand(precision, q[t * stride + i]);
                    }
                }
            }
        }
    free(p);
    free(d_p);
    free(weights);
}
