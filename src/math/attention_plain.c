/* Attention by simple loops, without any workspace: for heads so large, or memory so short, that
 * the blocks of kernels/attention.inc do not fit. Each score is computed twice. */
#include "math/attention_plain.h"

#include "base/bfloat16.h"
#include "base/random.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* An operand of a matrix multiplication, rounded to its precision (math/types.h): subnormal
 * numbers become zero in bfloat16. */
static inline float operand(gemm_precision precision, float value)
{
    if (precision == GEMM_FLOAT32)
        return value;
    uint32_t bits = float_to_bits(value);
    return (bits & 0x7fffffff) < 0x00800000 ? float_from_bits(bits & 0x80000000)
                                            : bfloat16_widen(bfloat16_round(value));
}

static float dot(gemm_precision precision, const float *a, gemm_precision b_precision,
                 const float *b, size_t count)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++)
        sum += operand(precision, a[i]) * operand(b_precision, b[i]);
    return sum;
}

/* out += factor × in; both operands are rounded. */
static void add_scaled(gemm_precision precision, float *out, float factor, const float *in,
                       size_t count)
{
    factor = operand(precision, factor);
    for (size_t i = 0; i < count; i++)
        out[i] += factor * operand(precision, in[i]);
}

/* 0 where the probability of column `column` is dropped, else the scale (see math/types.h). */
static float keep_factor(const dropout *dropout, uint64_t row_key, size_t column)
{
    const uint32_t counter[4] = {(uint32_t)(column / 128 * 16 + column % 16), (uint32_t)row_key,
                                 (uint32_t)(row_key >> 32), dropout->site};
    uint32_t bits[4];
    random_philox(counter, dropout->key, bits);
    size_t half = column % 128 / 16;
    uint32_t drawn = bits[half / 2] >> half % 2 * 16 & 0xffff;
    return drawn < dropout->threshold ? 0 : dropout->scale;
}

static float score(const attention_head *head, size_t i, size_t j)
{
    return head->scale * dot(head->precision, head->query + i * head->query_stride, head->precision,
                             head->key + j * head->stride, head->size);
}

static float keep_factor_of(const attention_head *head, size_t i, size_t j)
{
    return head->dropout.threshold == 0 ? 1 : keep_factor(&head->dropout, head->row_keys[i], j);
}

void attention_forward_plain(float *out, float *log_sum_exp, const attention_head *head)
{
    for (size_t i = 0; i < head->queries; i++) {
        float maximum = -INFINITY, sum = 0;
        for (size_t j = 0; j < head->length; j++) {
            float s = score(head, i, j);
            if (s > maximum) {
                sum *= expf(maximum - s);
                maximum = s;
            }
            sum += expf(s - maximum);
        }
        if (log_sum_exp)
            log_sum_exp[i] = maximum + logf(sum);
        float *row = out + i * head->out_stride;
        memset(row, 0, head->size * sizeof *row);
        for (size_t j = 0; j < head->length; j++) {
            bool kept = keep_factor_of(head, i, j) > 0;
            add_scaled(head->precision, row, kept ? expf(score(head, i, j) - maximum) : 0,
                       head->value + j * head->stride, head->size);
        }
        const float factor = (head->dropout.threshold ? head->dropout.scale : 1) / sum;
        for (size_t c = 0; c < head->size; c++)
            row[c] *= factor;
    }
}

void attention_backward_plain(float *d_query, float *d_key, float *d_value, const float *d_out,
                              const float *out, const float *log_sum_exp,
                              const attention_head *head)
{
    const gemm_precision precision = head->precision;
    const size_t size = head->size, stride = head->stride;
    for (size_t j = 0; j < head->length; j++) {
        memset(d_key + j * stride, 0, size * sizeof *d_key);
        memset(d_value + j * stride, 0, size * sizeof *d_value);
    }
    for (size_t i = 0; i < head->queries; i++) {
        float *d_query_row = d_query + i * head->query_stride;
        memset(d_query_row, 0, size * sizeof *d_query_row);
        const float *d_row = d_out + i * head->out_stride;
        float correction = dot(precision, d_row, GEMM_FLOAT32, out + i * head->out_stride, size);
        for (size_t j = 0; j < head->length; j++) {
            float p = expf(score(head, i, j) - log_sum_exp[i]), keep = keep_factor_of(head, i, j);
            float d_p = dot(precision, d_row, precision, head->value + j * stride, size);
            float d_score = p * (keep * d_p - correction) * head->scale;
            add_scaled(precision, d_value + j * stride, keep * p, d_row, size);
            add_scaled(precision, d_query_row, d_score, head->key + j * stride, size);
            add_scaled(precision, d_key + j * stride, d_score, head->query + i * head->query_stride,
                       size);
        }
    }
}
