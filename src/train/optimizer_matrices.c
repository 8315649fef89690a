#include "train/optimizer_matrices.h"

#include "base/memory.h"
#include "base/minmax.h"

#include <stdlib.h>
#include <string.h>

struct matrix_work {
    const optimizer_type *type;
    const operations *operations;
    bert_job *job;
    const parameter **matrices; /* [count], from the largest to the smallest; owned */
    size_t count;
    float *workspace; /* [workspace_size] of operations->memory_map */
    size_t workspace_size;
    exchange *exchange; /* of a round; NULL: alone */
    float *round;       /* [ranks × largest]: what the ranks made in a round */
    size_t largest;     /* floats of a matrix */
};

static int compare_sizes(const void *a, const void *b)
{
    const parameter *left = *(const parameter *const *)a, *right = *(const parameter *const *)b;
    if (left->count != right->count)
        return left->count < right->count ? 1 : -1;
    return left->offset < right->offset ? -1 : left->offset > right->offset;
}

static bert_status find_matrices(matrix_work *work, const parameter_table *table, bert_error *error)
{
    TRY(memory_array((void **)&work->matrices, table->count, sizeof *work->matrices, "matrices",
                     error));
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        if (!parameter_is_matrix(entry))
            continue;
        size_t size = work->type->workspace(entry->shape[0], entry->shape[1]);
        work->workspace_size = max_size(work->workspace_size, size);
        work->largest = max_size(work->largest, entry->count);
        work->matrices[work->count++] = entry;
    }
    qsort(work->matrices, work->count, sizeof *work->matrices, compare_sizes);
    return BERT_OK;
}

static bert_status create(matrix_work *work, const parameter_table *table, bert_error *error)
{
    TRY(find_matrices(work, table, error));
    TRY(work->operations->memory_map((void **)&work->workspace,
                                     work->workspace_size * sizeof(float),
                                     "a workspace for matrices", error));
    if (!work->job)
        return BERT_OK;
    size_t ranks = (size_t)bert_job_size(work->job), size = ranks * work->largest;
    TRY(work->operations->memory_map((void **)&work->round, size * sizeof(float),
                                     "matrices of a round", error));
    /* One bucket, the shard of a rank being its matrix. */
    layout layout = layout_make(size, (int)ranks, size);
    return exchange_create(&work->exchange, work->job, &layout, false, error);
}

bert_status matrix_work_create(matrix_work **out, const optimizer_type *type,
                               const parameter_table *table, const operations *operations,
                               bert_job *job, bert_error *error)
{
    matrix_work *work;
    *out = NULL;
    TRY(memory_array((void **)&work, 1, sizeof *work, "the work on matrices", error));
    *work = (struct matrix_work){.type = type, .operations = operations, .job = job};
    bert_status status = create(work, table, error);
    if (status == BERT_OK)
        *out = work;
    else
        matrix_work_free(work);
    return status;
}

void matrix_work_free(matrix_work *work)
{
    if (!work)
        return;
    exchange_free(work->exchange);
    if (work->round)
        work->operations->memory_unmap(work->round, (size_t)bert_job_size(work->job) *
                                                        work->largest * sizeof(float));
    if (work->workspace)
        work->operations->memory_unmap(work->workspace, work->workspace_size * sizeof(float));
    free(work->matrices);
    free(work);
}

static void orthogonalize(const matrix_work *work, const parameter *entry, float *directions,
                          const optimizer_settings *settings, const optimizer_step *step)
{
    const optimizer_matrix matrix = {.direction = directions + entry->offset,
                                     .rows = entry->shape[0],
                                     .columns = entry->shape[1]};
    work->type->orthogonalize(&matrix, work->workspace, settings, step);
}

/* Matrices [first, first + ranks), one of each rank. */
static bert_status run_round(matrix_work *work, size_t first, float *directions,
                             const optimizer_settings *settings, const optimizer_step *step,
                             bert_error *error)
{
    size_t ranks = (size_t)bert_job_size(work->job), rank = (size_t)bert_job_rank(work->job);
    const operations *operations = work->operations;
    if (first + rank < work->count) {
        const parameter *mine = work->matrices[first + rank];
        orthogonalize(work, mine, directions, settings, step);
        operations->values_copy(work->round + rank * work->largest, directions + mine->offset,
                                mine->count);
    }
    exchange_begin(work->exchange, EXCHANGE_ALLGATHER, work->round);
    exchange_ready(work->exchange, 0);
    TRY(exchange_finish(work->exchange, error));
    for (size_t other = 0; other < ranks && first + other < work->count; other++) {
        const parameter *entry = work->matrices[first + other];
        if (other != rank)
            operations->values_copy(directions + entry->offset, work->round + other * work->largest,
                                    entry->count);
    }
    return BERT_OK;
}

bert_status matrix_work_run(matrix_work *work, float *directions,
                            const optimizer_settings *settings, const optimizer_step *step,
                            bert_error *error)
{
    if (!work->job) {
        for (size_t i = 0; i < work->count; i++)
            orthogonalize(work, work->matrices[i], directions, settings, step);
        return BERT_OK;
    }
    for (size_t first = 0; first < work->count; first += (size_t)bert_job_size(work->job))
        TRY(run_round(work, first, directions, settings, step, error));
    return BERT_OK;
}
