#include "math/attention.h"

#include "base/random.h"

#include <math.h>
#include <string.h>

/* One head of one sequence: where its vectors start, and how far apart tokens are. */
typedef struct head {
    const float *query, *key, *value;
    size_t first_token, length, size, stride, hidden, index;
    float scale;
} head;

static head head_at(const float *qkv, const attention_shape *shape, size_t sequence, size_t index)
{
    size_t hidden = shape->heads * shape->head_size;
    size_t first = (size_t)shape->sequence_starts[sequence];
    const float *base = qkv + first * 3 * hidden + index * shape->head_size;
    return (head){
        .query = base,
        .key = base + hidden,
        .value = base + 2 * hidden,
        .first_token = first,
        .length = (size_t)shape->sequence_starts[sequence + 1] - first,
        .size = shape->head_size,
        .stride = 3 * hidden,
        .hidden = hidden,
        .index = index,
        .scale = (float)(1 / sqrt((double)shape->head_size)),
    };
}

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
static float keep_factor(const dropout *dropout, uint64_t row_key, size_t head_index, size_t column)
{
    if (dropout->threshold == 0)
        return 1;
    const uint32_t counter[4] = {(uint32_t)(column / 128 * 16 + column % 16), (uint32_t)row_key,
                                 (uint32_t)(row_key >> 32), dropout->place + (uint32_t)head_index};
    uint32_t bits[4];
    random_philox(counter, dropout->key, bits);
    size_t part = column % 128 / 16;
    uint32_t chance = bits[part / 2] >> part % 2 * 16 & 0xffff;
    return chance < dropout->threshold ? 0 : dropout->scale;
}

static float score(const head *head, size_t i, size_t j)
{
    return head->scale *
           dot(head->query + i * head->stride, head->key + j * head->stride, head->size);
}

static void query_forward(float *out, float *log_sum_exp, const head *head, size_t i,
                          const dropout *dropout, const uint64_t *row_keys)
{
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
        *log_sum_exp = normaliser;
    memset(out, 0, head->size * sizeof *out);
    for (size_t j = 0; j < head->length; j++) {
        float keep = dropout->threshold == 0
                         ? 1
                         : keep_factor(dropout, row_keys[head->first_token + i], head->index, j);
        if (keep != 0)
            add_scaled(out, keep * expf(score(head, i, j) - normaliser),
                       head->value + j * head->stride, head->size);
    }
}

void attention_forward(float *out, float *log_sum_exp, const float *qkv,
                       const attention_shape *shape, const dropout *dropout,
                       const uint64_t *row_keys)
{
#pragma omp parallel for collapse(2) schedule(dynamic)
    for (size_t sequence = 0; sequence < shape->sequences; sequence++)
        for (size_t index = 0; index < shape->heads; index++) {
            head head = head_at(qkv, shape, sequence, index);
            for (size_t i = 0; i < head.length; i++) {
                size_t token = head.first_token + i;
                query_forward(out + token * head.hidden + index * head.size,
                              log_sum_exp ? log_sum_exp + index * shape->tokens + token : NULL,
                              &head, i, dropout, row_keys);
            }
        }
}

void attention_backward(float *d_qkv, const float *d_out, const float *out,
                        const float *log_sum_exp, const float *qkv, const attention_shape *shape,
                        const dropout *dropout, const uint64_t *row_keys)
{
    memset(d_qkv, 0, shape->tokens * 3 * shape->heads * shape->head_size * sizeof *d_qkv);
#pragma omp parallel for collapse(2) schedule(dynamic)
    for (size_t sequence = 0; sequence < shape->sequences; sequence++)
        for (size_t index = 0; index < shape->heads; index++) {
            head head = head_at(qkv, shape, sequence, index);
            float *d_query = d_qkv + (head.query - qkv);
            float *d_key = d_qkv + (head.key - qkv), *d_value = d_qkv + (head.value - qkv);
            for (size_t i = 0; i < head.length; i++) {
                size_t token = head.first_token + i;
                size_t place = token * head.hidden + index * head.size;
                float correction = dot(d_out + place, out + place, head.size);
                for (size_t j = 0; j < head.length; j++) {
                    float p = expf(score(&head, i, j) - log_sum_exp[index * shape->tokens + token]);
                    float keep = dropout->threshold == 0
                                     ? 1
                                     : keep_factor(dropout, row_keys[token], index, j);
                    float d_p = dot(d_out + place, head.value + j * head.stride, head.size);
                    float d_score = p * (keep * d_p - correction) * head.scale;
                    add_scaled(d_value + j * head.stride, keep * p, d_out + place, head.size);
                    add_scaled(d_query + i * head.stride, d_score, head.key + j * head.stride,
                               head.size);
                    add_scaled(d_key + j * head.stride, d_score, head.query + i * head.stride,
                               head.size);
                }
            }
        }
}
