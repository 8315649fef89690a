#include "math/attention.h"

#include "math/attention_plain.h"
#include "math/kernels/kernels.h"
#include "math/workspace.h"

#include <math.h>

typedef struct attention_job {
    const kernels *kernels;
    const attention_shape *shape;
    const float *qkv, *d_out;
    float *out, *d_qkv;
    float *log_sum_exp;
    const dropout *dropout;
    const uint64_t *row_keys;
} attention_job;

/* Work item `item` = sequence × heads + head: the head, and where its first token stands. */
static attention_head head_of(const attention_job *job, size_t item, size_t *first_token,
                              size_t *column)
{
    const attention_shape *shape = job->shape;
    size_t sequence = item / shape->heads, index = item % shape->heads;
    size_t hidden = shape->heads * shape->head_size;
    size_t first = (size_t)shape->sequence_starts[sequence];
    const float *query = job->qkv + first * 3 * hidden + index * shape->head_size;
    attention_head head = {
        .query = query,
        .key = query + hidden,
        .value = query + 2 * hidden,
        .length = (size_t)shape->sequence_starts[sequence + 1] - first,
        .size = shape->head_size,
        .stride = 3 * hidden,
        .out_stride = hidden,
        .scale = (float)(1 / sqrt((double)shape->head_size)),
        .dropout = *job->dropout,
        .row_keys = job->row_keys ? job->row_keys + first : NULL,
    };
    head.dropout.place += (uint32_t)index;
    *first_token = first;
    *column = index * shape->head_size;
    return head;
}

static void forward_item(const attention_job *job, size_t item)
{
    size_t token, column, floats;
    attention_head head = head_of(job, item, &token, &column);
    float *out = job->out + token * head.out_stride + column;
    float *log_sum_exp = NULL;
    if (job->log_sum_exp)
        log_sum_exp = job->log_sum_exp + item % job->shape->heads * job->shape->tokens + token;
    float *workspace = workspace_of_thread(&floats);
    if (job->kernels->attention_workspace(head.size) <= floats)
        job->kernels->attention_forward(out, log_sum_exp, &head, workspace, floats);
    else
        attention_forward_plain(out, log_sum_exp, &head);
}

static void backward_item(const attention_job *job, size_t item)
{
    size_t token, column, floats;
    attention_head head = head_of(job, item, &token, &column);
    size_t place = token * head.out_stride + column;
    float *d_query = job->d_qkv + token * head.stride + column;
    float *d_key = d_query + head.out_stride, *d_value = d_key + head.out_stride;
    const float *log_sum_exp =
        job->log_sum_exp + item % job->shape->heads * job->shape->tokens + token;
    float *workspace = workspace_of_thread(&floats);
    if (job->kernels->attention_workspace(head.size) <= floats)
        job->kernels->attention_backward(d_query, d_key, d_value, job->d_out + place,
                                         job->out + place, log_sum_exp, &head, workspace, floats);
    else
        attention_backward_plain(d_query, d_key, d_value, job->d_out + place, job->out + place,
                                 log_sum_exp, &head);
}

void attention_forward(float *out, float *log_sum_exp, const float *qkv,
                       const attention_shape *shape, const dropout *dropout,
                       const uint64_t *row_keys)
{
    const attention_job job = {.kernels = kernels_active(),
                               .shape = shape,
                               .qkv = qkv,
                               .out = out,
                               .log_sum_exp = log_sum_exp,
                               .dropout = dropout,
                               .row_keys = row_keys};
    /* Drawn one by one: the heads of a long sequence cost more. */
#pragma omp parallel for schedule(dynamic)
    for (size_t item = 0; item < shape->sequences * shape->heads; item++)
        forward_item(&job, item);
}

void attention_backward(float *d_qkv, const float *d_out, const float *out,
                        const float *log_sum_exp, const float *qkv, const attention_shape *shape,
                        const dropout *dropout, const uint64_t *row_keys)
{
    const attention_job job = {.kernels = kernels_active(),
                               .shape = shape,
                               .qkv = qkv,
                               .d_out = d_out,
                               .out = (float *)out, /* only read in this pass */
                               .d_qkv = d_qkv,
                               .log_sum_exp = (float *)log_sum_exp,
                               .dropout = dropout,
                               .row_keys = row_keys};
#pragma omp parallel for schedule(dynamic)
    for (size_t item = 0; item < shape->sequences * shape->heads; item++)
        backward_item(&job, item);
}
