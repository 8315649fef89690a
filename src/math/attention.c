#include "math/attention.h"

#include "math/attention_plain.h"
#include "math/kernels/kernels.h"
#include "math/workspace.h"

#include <math.h>
#include <stdbool.h>

typedef struct attention_job {
    const kernels *kernels;
    gemm_precision precision;
    const attention_shape *shape;
    const float *qkv, *d_out;
    float *out, *d_qkv;
    float *log_sum_exp;
    const dropout *dropout;
    const uint64_t *row_keys;
} attention_job;

/* Not every token is a query. */
static bool has_query_rows(const attention_shape *shape)
{
    return shape->query_starts != NULL;
}

/* One head of one sequence, and its offsets in the arrays. */
typedef struct attention_item {
    attention_head head;
    size_t query_offset, key_offset; /* in qkv and d_qkv */
    size_t out_offset;
    size_t row; /* in log_sum_exp */
} attention_item;

/* Number `number` = sequence × heads + head. */
static attention_item item_at(const attention_job *job, size_t number)
{
    const attention_shape *shape = job->shape;
    size_t sequence = number / shape->heads, index = number % shape->heads;
    size_t hidden = shape->heads * shape->head_size, column = index * shape->head_size;
    const int32_t *starts = shape->sequence_starts;
    const int32_t *query_starts = has_query_rows(shape) ? shape->query_starts : starts;
    size_t first = (size_t)starts[sequence], first_query = (size_t)query_starts[sequence];
    size_t query_stride = has_query_rows(shape) ? hidden : 3 * hidden;
    size_t stride = has_query_rows(shape) ? 2 * hidden : 3 * hidden;
    size_t query_start = has_query_rows(shape) ? shape->tokens * stride : 0;
    size_t key_start = has_query_rows(shape) ? 0 : hidden;
    attention_item item = {
        .query_offset = query_start + first_query * query_stride + column,
        .key_offset = key_start + first * stride + column,
        .out_offset = first_query * hidden + column,
        .row = index * (has_query_rows(shape) ? shape->queries : shape->tokens) + first_query,
    };
    item.head = (attention_head){
        .query = job->qkv + item.query_offset,
        .key = job->qkv + item.key_offset,
        .value = job->qkv + item.key_offset + hidden,
        .queries = (size_t)query_starts[sequence + 1] - first_query,
        .length = (size_t)starts[sequence + 1] - first,
        .size = shape->head_size,
        .query_stride = query_stride,
        .stride = stride,
        .out_stride = hidden,
        .scale = (float)(1 / sqrt((double)shape->head_size)),
        .dropout = *job->dropout,
        .row_keys = job->row_keys ? job->row_keys + first_query : NULL,
        .precision = job->precision,
    };
    item.head.dropout.site += (uint32_t)index;
    return item;
}

static void forward_item(const attention_job *job, size_t number)
{
    const attention_item item = item_at(job, number);
    const attention_head *head = &item.head;
    float *out = job->out + item.out_offset;
    float *log_sum_exp = job->log_sum_exp ? job->log_sum_exp + item.row : NULL;
    size_t floats;
    float *workspace = workspace_of_thread(&floats);
    if (job->kernels->attention_workspace(head->size) <= floats)
        job->kernels->attention_forward(out, log_sum_exp, head, workspace, floats);
    else
        attention_forward_plain(out, log_sum_exp, head);
}

static void backward_item(const attention_job *job, size_t number)
{
    const attention_item item = item_at(job, number);
    const attention_head *head = &item.head;
    float *d_query = job->d_qkv + item.query_offset;
    float *d_key = job->d_qkv + item.key_offset, *d_value = d_key + head->out_stride;
    const float *d_out = job->d_out + item.out_offset, *out = job->out + item.out_offset;
    const float *log_sum_exp = job->log_sum_exp + item.row;
    size_t floats;
    float *workspace = workspace_of_thread(&floats);
    /* The kernels write the gradients of keys with those of the first queries. */
    if (head->queries > 0 && job->kernels->attention_workspace(head->size) <= floats)
        job->kernels->attention_backward(d_query, d_key, d_value, d_out, out, log_sum_exp, head,
                                         workspace, floats);
    else
        attention_backward_plain(d_query, d_key, d_value, d_out, out, log_sum_exp, head);
}

void attention_forward(gemm_precision precision, float *out, float *log_sum_exp, const float *qkv,
                       const attention_shape *shape, const dropout *dropout,
                       const uint64_t *row_keys)
{
    const attention_job job = {.kernels = kernels_active(),
                               .precision = precision,
                               .shape = shape,
                               .qkv = qkv,
                               .out = out,
                               .log_sum_exp = log_sum_exp,
                               .dropout = dropout,
                               .row_keys = row_keys};
    /* Scheduled one by one: the heads of a long sequence cost more. */
#pragma omp parallel for schedule(dynamic)
    for (size_t number = 0; number < shape->sequences * shape->heads; number++)
        forward_item(&job, number);
}

void attention_backward(gemm_precision precision, float *d_qkv, const float *d_out,
                        const float *out, const float *log_sum_exp, const float *qkv,
                        const attention_shape *shape, const dropout *dropout,
                        const uint64_t *row_keys)
{
    const attention_job job = {.kernels = kernels_active(),
                               .precision = precision,
                               .shape = shape,
                               .qkv = qkv,
                               .d_out = d_out,
                               .out = (float *)out, /* only read in this pass */
                               .d_qkv = d_qkv,
                               .log_sum_exp = (float *)log_sum_exp,
                               .dropout = dropout,
                               .row_keys = row_keys};
#pragma omp parallel for schedule(dynamic)
    for (size_t number = 0; number < shape->sequences * shape->heads; number++)
        backward_item(&job, number);
}
