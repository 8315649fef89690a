/* Blocking, packing and sharing of work around the register tiles of kernels/gemm.inc.
 *
 * C is taken in chunks, k in blocks. The panels of a chunk of A and of B for one block of k are
 * packed by all threads together; then they draw tasks, each a range of rows times a range of
 * columns. In a task one A panel (in L1) meets all B panels of the range (in L2). An element is the
 * sum over the blocks of k in their order, whoever computes it. */
#include "math/gemm.h"

#include "math/kernels/kernels.h"
#include "math/workspace.h"

#include <omp.h>
#include <stdatomic.h>

enum {
    BLOCK_DEPTH = 384,       /* 14 rows of it fill two thirds of a 32 KiB L1 */
    TASK_FLOATS = 96 << 10,  /* B panels of a task: 384 KiB of L2 */
    CHUNK_ROWS = 4096,       /* A panels of a chunk: 6 MiB of L3 */
    CHUNK_COLUMNS = 4096,    /* B panels of a chunk: 6 MiB of L3 */
    PACK_PANELS = 4,         /* packed side by side by one thread */
    PACK_LINES = 32,         /* fewer than the first translation buffer has pages; even */
    TASKS_PER_THREAD = 16,   /* so that the last task of a chunk is short */
    THREAD_WORK = 256 << 10, /* multiplications that are worth waking a thread: some 5 µs */
};

typedef struct product {
    const kernels *kernels;
    const product_kernels *operations; /* of the kernels, for the precision */
    gemm_kind kind;
    size_t m, n, k;
    const float *a, *b;
    size_t lda, ldb;
    float *c;
    size_t ldc;
    bool accumulate;
    const gemm_epilogue *epilogue; /* NULL: none */

    float *packed_a, *packed_b;
    size_t chunk_rows, chunk_columns; /* the most that the workspace holds */
    atomic_size_t next_task;
} product;

/* One chunk of C and block of k. Rows are cut into panels of equal height, to waste none. */
typedef struct chunk {
    size_t row, rows, column, columns, p, k;
    size_t depth; /* of the panels */
    size_t row_panels;
    bool first, last; /* block of k */
} chunk;

static size_t divide_up(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t panel_start(const chunk *chunk, size_t panel)
{
    return panel * chunk->rows / chunk->row_panels;
}

/* Of the rows of one panel of A, over a block of k. */
typedef struct panel_sums {
    float of_rows[MOST_TILE_ROWS];
} panel_sums;

/* Panels of a matrix whose lines run across them are packed side by side, some lines at a time:
 * what one panel leaves of a cache line, and of a page, the next one takes. `sums` [panels] may be
 * NULL. */
static void pack_lines(const product *product, float *const out[], const size_t starts[],
                       const size_t strides[], size_t panels, const float *in, size_t ld, size_t k,
                       panel_sums *sums)
{
    const product_kernels *operations = product->operations;
    for (size_t p = 0; p < k; p += PACK_LINES)
        for (size_t i = 0; i < panels; i++)
            operations->pack_columns(out[i] + p / operations->values_in_place * strides[i],
                                     in + p * ld + starts[i], ld, starts[i + 1] - starts[i],
                                     smaller(PACK_LINES, k - p), strides[i],
                                     sums ? sums[i].of_rows : NULL);
}

/* A panels `first` … `end` − 1, PACK_PANELS at most. */
static void pack_a(const product *product, const chunk *chunk, size_t first, size_t end)
{
    float *out[PACK_PANELS];
    float *row_sums = product->epilogue ? product->epilogue->row_sums : NULL;
    size_t starts[PACK_PANELS + 1], counts[PACK_PANELS], panels = end - first;
    for (size_t i = 0; i <= panels; i++)
        starts[i] = panel_start(chunk, first + i);
    for (size_t i = 0; i < panels; i++) {
        out[i] = product->packed_a + starts[i] * chunk->depth;
        counts[i] = starts[i + 1] - starts[i];
    }
    if (product->kind != GEMM_TN) {
        for (size_t i = 0; i < panels; i++)
            product->operations->pack_rows(
                out[i], product->a + (chunk->row + starts[i]) * product->lda + chunk->p,
                product->lda, counts[i], chunk->k, counts[i]);
        return;
    }
    panel_sums sums[PACK_PANELS] = {{{0}}};
    bool summed = row_sums && chunk->column == 0;
    pack_lines(product, out, starts, counts, panels,
               product->a + chunk->p * product->lda + chunk->row, product->lda, chunk->k,
               summed ? sums : NULL);
    for (size_t i = 0; summed && i < panels; i++)
        for (size_t row = 0; row < counts[i]; row++)
            row_sums[chunk->row + starts[i] + row] += sums[i].of_rows[row];
}

/* The same for B. */
static void pack_b(const product *product, const chunk *chunk, size_t first, size_t end)
{
    const size_t width = product->kernels->tile_columns;
    float *out[PACK_PANELS];
    size_t starts[PACK_PANELS + 1], strides[PACK_PANELS], panels = end - first;
    for (size_t i = 0; i <= panels; i++)
        starts[i] = smaller((first + i) * width, chunk->columns);
    for (size_t i = 0; i < panels; i++) {
        out[i] = product->packed_b + starts[i] * chunk->depth;
        strides[i] = width;
    }
    if (product->kind != GEMM_NT)
        pack_lines(product, out, starts, strides, panels,
                   product->b + chunk->p * product->ldb + chunk->column, product->ldb, chunk->k,
                   NULL);
    else
        for (size_t i = 0; i < panels; i++)
            product->operations->pack_rows(
                out[i], product->b + (chunk->column + starts[i]) * product->ldb + chunk->p,
                product->ldb, starts[i + 1] - starts[i], chunk->k, width);
}

/* Rows of `panel` times `columns` columns from `column` of the chunk. */
static void compute(const product *product, const chunk *chunk, size_t panel, size_t column,
                    size_t columns)
{
    size_t start = panel_start(chunk, panel), rows = panel_start(chunk, panel + 1) - start;
    size_t place = (chunk->row + start) * product->ldc + chunk->column + column;
    const gemm_epilogue *epilogue = chunk->last ? product->epilogue : NULL;
    const float *bias = epilogue && epilogue->bias ? epilogue->bias + chunk->column + column : NULL;
    product->operations->multiply_panel(
        rows, columns, chunk->depth, product->packed_a + start * chunk->depth,
        product->packed_b + column * chunk->depth, product->c + place, product->ldc, bias,
        product->accumulate || !chunk->first);
    if (epilogue && epilogue->gelu)
        for (size_t row = 0; row < rows; row++, place += product->ldc)
            product->kernels->gelu_forward(epilogue->gelu + place, product->c + place, columns);
}

static void compute_tasks(product *product, const chunk *chunk, size_t threads)
{
    size_t width = product->kernels->tile_columns;
    size_t column_panels = divide_up(chunk->columns, width);
    size_t floats = column_panels * width * chunk->depth;
    size_t column_groups = smaller(column_panels, 1 + floats / TASK_FLOATS);
    size_t wanted = threads == 1 ? 1 : threads * TASKS_PER_THREAD;
    size_t row_groups = smaller(chunk->row_panels, divide_up(wanted, column_groups));
    for (;;) {
        size_t task = atomic_fetch_add_explicit(&product->next_task, 1, memory_order_relaxed);
        size_t column_group = task / row_groups, row_group = task % row_groups;
        if (column_group >= column_groups)
            return;
        size_t first = column_group * column_panels / column_groups * width;
        size_t end = (column_group + 1) * column_panels / column_groups * width;
        for (size_t panel = row_group * chunk->row_panels / row_groups;
             panel < (row_group + 1) * chunk->row_panels / row_groups; panel++)
            compute(product, chunk, panel, first, smaller(end, chunk->columns) - first);
    }
}

/* All threads of the team call this together. `more`: another chunk follows. */
static void compute_chunk(product *product, const chunk *chunk, bool new_b, bool more,
                          size_t thread, size_t threads)
{
    size_t column_panels = divide_up(chunk->columns, product->kernels->tile_columns);
    if (new_b)
        for (size_t panel = thread * PACK_PANELS; panel < column_panels;
             panel += threads * PACK_PANELS)
            pack_b(product, chunk, panel, smaller(panel + PACK_PANELS, column_panels));
    for (size_t panel = thread * PACK_PANELS; panel < chunk->row_panels;
         panel += threads * PACK_PANELS)
        pack_a(product, chunk, panel, smaller(panel + PACK_PANELS, chunk->row_panels));
    if (thread == 0)
        atomic_store_explicit(&product->next_task, 0, memory_order_relaxed);
    if (threads > 1) {
#pragma omp barrier
    }
    compute_tasks(product, chunk, threads);
    if (threads > 1 && more) { /* the panels are in use until here */
#pragma omp barrier
    }
}

static void compute_all(product *product, size_t thread, size_t threads)
{
    size_t values = product->operations->values_in_place;
    size_t blocks = product->k > 0 ? divide_up(product->k, BLOCK_DEPTH * values) : 1;
    for (size_t column = 0; column < product->n; column += product->chunk_columns)
        for (size_t row = 0; row < product->m; row += product->chunk_rows)
            for (size_t block = 0; block < blocks; block++) {
                size_t p = block * product->k / blocks;
                chunk chunk = {
                    .row = row,
                    .rows = smaller(product->chunk_rows, product->m - row),
                    .column = column,
                    .columns = smaller(product->chunk_columns, product->n - column),
                    .p = p,
                    .k = (block + 1) * product->k / blocks - p,
                    .first = block == 0,
                    .last = block + 1 == blocks,
                };
                chunk.depth = divide_up(chunk.k, values);
                chunk.row_panels = divide_up(chunk.rows, product->kernels->tile_rows);
                /* B stays packed from one chunk of rows to the next where k is a single block. */
                bool more = !chunk.last || row + chunk.rows < product->m ||
                            column + chunk.columns < product->n;
                compute_chunk(product, &chunk, blocks > 1 || row == 0, more, thread, threads);
            }
}

/* Rows and columns of a chunk: the wanted ones, or what a small workspace has room for. */
static void plan_chunks(product *product, float *workspace, size_t floats)
{
    const kernels *kernels = product->kernels;
    size_t depth =
        smaller(divide_up(product->k, product->operations->values_in_place), BLOCK_DEPTH);
    size_t limit = floats / (depth > 0 ? depth : 1);
    size_t rows = smaller(product->m, CHUNK_ROWS), columns = smaller(product->n, CHUNK_COLUMNS);
    columns = divide_up(columns, kernels->tile_columns) * kernels->tile_columns;
    if (rows + columns > limit) {
        rows = smaller(rows, limit / 2);
        columns = (limit - rows) / kernels->tile_columns * kernels->tile_columns;
    }
    product->chunk_rows = rows;
    product->chunk_columns = columns;
    product->packed_b = workspace; /* first: its vectors are loaded aligned */
    product->packed_a = workspace + columns * depth;
}

void gemm_fused(gemm_precision precision, gemm_kind kind, size_t m, size_t n, size_t k,
                const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc,
                bool accumulate, const gemm_epilogue *epilogue)
{
    if (m == 0 || n == 0)
        return;
    const kernels *kernels = kernels_active();
    product product = {.kernels = kernels,
                       .operations =
                           precision == GEMM_BFLOAT16 ? &kernels->bfloat16 : &kernels->float32,
                       .kind = kind,
                       .m = m,
                       .n = n,
                       .k = k,
                       .a = a,
                       .b = b,
                       .lda = lda,
                       .ldb = ldb,
                       .c = c,
                       .ldc = ldc,
                       .accumulate = accumulate,
                       .epilogue = epilogue};
    size_t floats;
    float *workspace = workspace_of_thread(&floats);
    plan_chunks(&product, workspace, floats);
    size_t threads = omp_in_parallel() ? 1 : (size_t)omp_get_max_threads();
    threads = smaller(threads, 1 + (size_t)((double)m * (double)n * (double)k / THREAD_WORK));
    if (threads == 1) {
        compute_all(&product, 0, 1);
        return;
    }
#pragma omp parallel num_threads((int)threads)
    compute_all(&product, (size_t)omp_get_thread_num(), (size_t)omp_get_num_threads());
}

void gemm(gemm_kind kind, size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
          size_t ldb, float *c, size_t ldc, bool accumulate)
{
    gemm_fused(GEMM_FLOAT32, kind, m, n, k, a, lda, b, ldb, c, ldc, accumulate, NULL);
}

const char *gemm_kernel_name(void)
{
    return kernels_active()->name;
}
