/* Attention by simple loops, without any workspace: for heads so large, or memory so short, that
 * the blocks of kernels/attention.inc do not fit. Each score is computed twice. */
#include "math/attention_plain.h"

#include "base/random.h"

#include <math.h>
#include <string.h>

static float dot(const float *a, const float *b, size_t count)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

static void add_scaled(float *out, float factor, const float *in, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] += factor * in[i];
}

/* 0 where the probability of column `column` is dropped, else the scale (see math/dropout.h). */
static float keep_factor(const dropout *dropout, uint64_t row_key, size_t column)
{
    const uint32_t counter[4] = {(uint32_t)(column / 128 * 16 + column % 16), (uint32_t)row_key,
                                 (uint32_t)(row_key >> 32), dropout->place};
    uint32_t bits[4];
    random_philox(counter, dropout->key, bits);
    size_t part = column % 128 / 16;
    uint32_t chance = bits[part / 2] >> part % 2 * 16 & 0xffff;
    return chance < dropout->threshold ? 0 : dropout->scale;
}

static float score(const attention_head *head, size_t i, size_t j)
{
    return head->scale *
           dot(head->query + i * head->query_stride, head->key + j * head->stride, head->size);
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
        float normaliser = maximum + logf(sum);
        if (log_sum_exp)
            log_sum_exp[i] = normaliser;
        float *row = out + i * head->out_stride;
        memset(row, 0, head->size * sizeof *row);
        for (size_t j = 0; j < head->length; j++)
            add_scaled(row, keep_factor_of(head, i, j) * expf(score(head, i, j) - normaliser),
                       head->value + j * head->stride, head->size);
    }
}

void attention_backward_plain(float *d_query, float *d_key, float *d_value, const float *d_out,
                              const float *out, const float *log_sum_exp,
                              const attention_head *head)
{
    const size_t size = head->size, stride = head->stride;
    for (size_t j = 0; j < head->length; j++) {
        memset(d_key + j * stride, 0, size * sizeof *d_key);
        memset(d_value + j * stride, 0, size * sizeof *d_value);
    }
    for (size_t i = 0; i < head->queries; i++) {
        float *d_asked = d_query + i * head->query_stride;
        memset(d_asked, 0, size * sizeof *d_asked);
        const float *d_row = d_out + i * head->out_stride;
        float correction = dot(d_row, out + i * head->out_stride, size);
        for (size_t j = 0; j < head->length; j++) {
            float p = expf(score(head, i, j) - log_sum_exp[i]), keep = keep_factor_of(head, i, j);
            float d_p = dot(d_row, head->value + j * stride, size);
            float d_score = p * (keep * d_p - correction) * head->scale;
            add_scaled(d_value + j * stride, keep * p, d_row, size);
            add_scaled(d_asked, d_score, head->key + j * stride, size);
            add_scaled(d_key + j * stride, d_score, head->query + i * head->query_stride, size);
        }
    }
}
