/* Blocking, packing and sharing of work around the register tiles of kernels/gemm.inc.
 *
 * A product is made of passes, each over a range of columns and some blocks of k. In a pass all
 * threads together pack the panels of B; then they draw tasks, each a few panels of rows. Whoever
 * draws a task packs those panels of A for itself, block by block, while they are warm: an A panel
 * (in L1) meets the B panels of a group of columns (in L2). The threads meet once in a pass: B lies
 * in two halves by turns, so whoever has no task left packs for the next pass. An element is the
 * sum over the blocks of k in their order, whoever computes it. */
#include "math/gemm.h"

#include "math/kernels/kernels.h"
#include "math/workspace.h"

#include <omp.h>
#include <stdatomic.h>

enum {
    GROUP_FLOATS = 96 << 10, /* B panels that one A panel meets: 384 KiB of L2 */
    PASS_COLUMNS = 4096,
    PASS_FLOATS = 3 << 19,   /* B panels of a pass: 6 MiB of L3 */
    UNIT_PANELS = 4,         /* of B, packed by one thread */
    PACK_LINES = 32,         /* fewer than the first translation buffer has pages */
    TASK_PANELS = 8,         /* of A, at most: 168 or 256 KiB of L2 */
    HELD_FLOATS = 144 << 10, /* A panels of all blocks of k: 576 KiB of L2 */
    LEAST_PART = 4,          /* B panels that are worth packing a panel of A for */
    TASKS_PER_THREAD = 8,    /* so that the last task of a pass is short */
    EVEN_PANELS = 10,        /* that are worth one more for the sake of even numbers */
    THREAD_WORK = 256 << 10, /* multiplications that are worth waking a thread: some 5 µs */
};
_Static_assert(PACK_LINES % PIECE_VALUES == 0, "pack_lines packs panels in pieces");
_Static_assert(UNIT_PANELS <= TASK_PANELS, "panels that are packed side by side");

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

    size_t row_panels;    /* of equal height, to waste none */
    size_t blocks, depth; /* of k; depth: the most of a block */
    size_t pass_columns, pass_blocks;
    float *packed_a, *packed_b[2]; /* of the thread that asked for the product */
    size_t packed_a_panels;
    size_t held_blocks; /* whose panels of A a task packs at once: 1, or all */
    /* By turns, as packed_b: what is drawn next. */
    atomic_size_t next_unit[2], next_task[2];
} product;

/* Some columns of C and blocks of k. */
typedef struct pass {
    size_t column, columns, first_block, end_block;
    float *packed_b;
    size_t column_panels;
    size_t parts; /* that the columns are cut into where there are few rows */
} pass;

/* A block of k: its start, its length, and how deep its panels are. */
typedef struct block {
    size_t p, k, depth;
} block;

static size_t divide_up(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t panel_start(const product *product, size_t panel)
{
    return panel * product->m / product->row_panels;
}

static block block_at(const product *product, size_t index)
{
    size_t p = index * product->k / product->blocks;
    size_t k = (index + 1) * product->k / product->blocks - p;
    return (block){p, k, divide_up(k, product->operations->values_in_place)};
}

/* Of the rows of one panel of A, over a block of k. */
typedef struct panel_sums {
    float of_rows[MOST_TILE_ROWS];
} panel_sums;

/* Panels of a matrix whose lines run across them are packed side by side, some lines at a time:
 * what one panel leaves of a cache line, and of a page, the next one takes. `sums` [panels] may be
 * NULL. */
static void pack_lines(const product *product, panel_side side, float *const out[],
                       const size_t starts[], size_t panels, const float *in, size_t ld, size_t k,
                       panel_sums *sums)
{
    const product_kernels *operations = product->operations;
    for (size_t p = 0; p < k; p += PACK_LINES)
        for (size_t i = 0; i < panels; i++) {
            size_t count = starts[i + 1] - starts[i];
            size_t line = side == A_PANEL ? count : product->kernels->tile_columns;
            operations->pack_columns(out[i] + p / operations->values_in_place * line,
                                     in + p * ld + starts[i], ld, count, smaller(PACK_LINES, k - p),
                                     side, sums ? sums[i].of_rows : NULL);
        }
}

/* A panels `first` … `end` − 1 of a block of k, TASK_PANELS at most, one behind the other. */
static void pack_a(const product *product, size_t index, size_t first, size_t end, bool summed,
                   float *packed)
{
    const block block = block_at(product, index);
    float *out[TASK_PANELS];
    size_t starts[TASK_PANELS + 1], panels = end - first;
    for (size_t i = 0; i <= panels; i++)
        starts[i] = panel_start(product, first + i);
    for (size_t i = 0; i < panels; i++)
        out[i] = packed + (starts[i] - starts[0]) * block.depth;
    if (product->kind != GEMM_TN) {
        for (size_t i = 0; i < panels; i++)
            product->operations->pack_rows(out[i], product->a + starts[i] * product->lda + block.p,
                                           product->lda, starts[i + 1] - starts[i], block.k,
                                           A_PANEL);
        return;
    }
    panel_sums sums[TASK_PANELS] = {{{0}}};
    pack_lines(product, A_PANEL, out, starts, panels, product->a + block.p * product->lda,
               product->lda, block.k, summed ? sums : NULL);
    for (size_t i = 0; summed && i < panels; i++)
        for (size_t row = 0; row < starts[i + 1] - starts[i]; row++)
            product->epilogue->row_sums[starts[i] + row] += sums[i].of_rows[row];
}

static float *b_panels(const product *product, const pass *pass, size_t index)
{
    size_t width = product->kernels->tile_columns;
    return pass->packed_b +
           (index - pass->first_block) * pass->column_panels * width * product->depth;
}

/* B panels `first` … `end` − 1 of a block of k. */
static void pack_b(const product *product, const pass *pass, size_t index, size_t first, size_t end)
{
    const size_t width = product->kernels->tile_columns;
    const block block = block_at(product, index);
    float *out[TASK_PANELS], *packed = b_panels(product, pass, index);
    size_t starts[TASK_PANELS + 1], panels = end - first;
    for (size_t i = 0; i <= panels; i++)
        starts[i] = smaller((first + i) * width, pass->columns);
    for (size_t i = 0; i < panels; i++)
        out[i] = packed + starts[i] * block.depth;
    if (product->kind != GEMM_NT)
        pack_lines(product, B_PANEL, out, starts, panels,
                   product->b + block.p * product->ldb + pass->column, product->ldb, block.k, NULL);
    else
        for (size_t i = 0; i < panels; i++)
            product->operations->pack_rows(
                out[i], product->b + (pass->column + starts[i]) * product->ldb + block.p,
                product->ldb, starts[i + 1] - starts[i], block.k, B_PANEL);
}

static void pack_units(product *product, const pass *pass, atomic_size_t *next)
{
    size_t in_block = divide_up(pass->column_panels, UNIT_PANELS);
    size_t units = in_block * (pass->end_block - pass->first_block);
    for (;;) {
        size_t unit = atomic_fetch_add_explicit(next, 1, memory_order_relaxed);
        if (unit >= units)
            return;
        size_t first = unit % in_block * UNIT_PANELS;
        pack_b(product, pass, pass->first_block + unit / in_block, first,
               smaller(first + UNIT_PANELS, pass->column_panels));
    }
}

/* A packed panel of A times `columns` columns from `column` of the pass. */
static void compute(const product *product, const pass *pass, size_t index, const float *a,
                    size_t panel, size_t column, size_t columns)
{
    size_t start = panel_start(product, panel), rows = panel_start(product, panel + 1) - start;
    size_t depth = block_at(product, index).depth;
    size_t place = start * product->ldc + pass->column + column;
    const gemm_epilogue *epilogue = product->epilogue;
    const float *bias = NULL;
    if (epilogue && epilogue->bias && index == 0)
        bias = epilogue->bias + pass->column + column;
    product->operations->multiply_panel(
        rows, columns, depth, a, b_panels(product, pass, index) + column * depth,
        product->c + place, product->ldc, bias, product->accumulate || index > 0);
    if (epilogue && epilogue->gelu && index + 1 == product->blocks)
        for (size_t row = 0; row < rows; row++, place += product->ldc)
            product->kernels->gelu_forward(epilogue->gelu + place, product->c + place, columns);
}

/* A panels `first` … `end` − 1, packed, times a group of columns. */
static void multiply_group(const product *product, const pass *pass, size_t index, size_t first,
                           size_t end, size_t column, size_t columns, const float *packed_a)
{
    size_t start = panel_start(product, first), depth = block_at(product, index).depth;
    for (size_t panel = first; panel < end; panel++)
        compute(product, pass, index, packed_a + (panel_start(product, panel) - start) * depth,
                panel, column, columns);
}

/* A panels `first` … `end` − 1 times the columns of a part, in groups of columns whose B panels
 * stay in L2. Either the blocks of k are the outer loop, or, where A's panels of all blocks are
 * smaller than the rows of C, the groups: their C then is in cache from the first block to the
 * last. */
static void run_task(const product *product, const pass *pass, size_t part, size_t first,
                     size_t end, float *packed_a)
{
    const size_t width = product->kernels->tile_columns;
    const size_t rows = panel_start(product, end) - panel_start(product, first);
    size_t part_start = part * pass->column_panels / pass->parts;
    size_t panels = (part + 1) * pass->column_panels / pass->parts - part_start;
    size_t blocks = pass->end_block - pass->first_block;
    size_t inner = product->held_blocks, outer = blocks / inner;
    const size_t held = rows * product->depth; /* from a block's panels of A to the next one's */
    size_t groups = smaller(panels, 1 + panels * width * product->depth * inner / GROUP_FLOATS);
    bool summed =
        product->epilogue && product->epilogue->row_sums && pass->column == 0 && part == 0;
    for (size_t o = 0; o < outer; o++) {
        size_t from = pass->first_block + o * inner;
        for (size_t index = from; index < from + inner; index++)
            pack_a(product, index, first, end, summed, packed_a + (index - from) * held);
        for (size_t group = 0; group < groups; group++) {
            size_t column = (part_start + group * panels / groups) * width;
            size_t column_end = (part_start + (group + 1) * panels / groups) * width;
            for (size_t index = from; index < from + inner; index++)
                multiply_group(product, pass, index, first, end, column,
                               smaller(column_end, pass->columns) - column,
                               packed_a + (index - from) * held);
        }
    }
}

/* Tasks are large as long as many panels are left, and never of two parts. */
static bool draw_task(const product *product, const pass *pass, atomic_size_t *next,
                      size_t most_panels, size_t threads, size_t *part, size_t *first, size_t *end)
{
    size_t all = product->row_panels * pass->parts, count;
    size_t place = atomic_load_explicit(next, memory_order_relaxed);
    do {
        if (place >= all)
            return false;
        *part = place / product->row_panels;
        *first = place % product->row_panels;
        count = threads == 1 ? most_panels : larger(1, (all - place) / (2 * threads));
        count = smaller(smaller(count, most_panels), product->row_panels - *first);
    } while (!atomic_compare_exchange_weak_explicit(next, &place, place + count,
                                                    memory_order_relaxed, memory_order_relaxed));
    *end = *first + count;
    return true;
}

/* The panels of A that fit into `floats`. */
static size_t panels_in(const product *product, size_t floats)
{
    size_t panel = product->operations->tile_rows * larger(product->depth, 1);
    panel *= product->held_blocks;
    return smaller(TASK_PANELS, floats / panel);
}

static pass pass_at(const product *product, size_t column, size_t first_block, int half,
                    size_t threads)
{
    pass pass = {.column = column,
                 .columns = smaller(product->pass_columns, product->n - column),
                 .first_block = first_block,
                 .end_block = smaller(first_block + product->pass_blocks, product->blocks),
                 .packed_b = product->packed_b[half]};
    pass.column_panels = divide_up(pass.columns, product->kernels->tile_columns);
    size_t wanted = threads == 1 ? 1 : divide_up(threads * TASKS_PER_THREAD, product->row_panels);
    pass.parts = larger(1, smaller(wanted, pass.column_panels / LEAST_PART));
    return pass;
}

/* All threads of the team call this together. */
static void compute_all(product *product, size_t thread, size_t threads)
{
    float *packed_a = product->packed_a;
    size_t most_panels = product->packed_a_panels;
    if (thread > 0) {
        size_t floats;
        packed_a = workspace_of_thread(&floats);
        most_panels = panels_in(product, floats);
    }
    int half = 0;
    for (size_t column = 0; column < product->n; column += product->pass_columns)
        for (size_t index = 0; index < product->blocks; index += product->pass_blocks) {
            const pass pass = pass_at(product, column, index, half, threads);
            size_t part, first, end;
            pack_units(product, &pass, &product->next_unit[half]);
            if (threads > 1) {
#pragma omp barrier
            }
            /* Nobody is in the pass before this one any more. */
            if (thread == 0) {
                atomic_store_explicit(&product->next_unit[!half], 0, memory_order_relaxed);
                atomic_store_explicit(&product->next_task[!half], 0, memory_order_relaxed);
            }
            while (draw_task(product, &pass, &product->next_task[half], most_panels, threads, &part,
                             &first, &end))
                run_task(product, &pass, part, first, end, packed_a);
            half = !half;
        }
}

/* Whether tasks pack A of all blocks of k at once: see run_task. */
static bool worth_holding(const product *product, size_t columns, size_t floats)
{
    size_t depth = product->blocks * product->depth;
    return product->blocks > 1 && depth < columns && floats > WORKSPACE_LEAST &&
           TASK_PANELS * product->operations->tile_rows * depth <= HELD_FLOATS;
}

/* As few as the rows need; a few more where threads then have equally many and panels of any height
 * cost what their rows do. */
static size_t panels_of_rows(const product *product, size_t threads)
{
    size_t least = divide_up(product->m, product->operations->tile_rows);
    size_t even = divide_up(least, threads) * threads;
    bool by_row = product->operations->block_places == 1;
    return by_row && EVEN_PANELS * (even - least) <= least ? even : least;
}

/* What a pass takes: the wanted, or what a small workspace has room for. */
static void plan_passes(product *product, size_t threads)
{
    const size_t width = product->kernels->tile_columns;
    const size_t values = product->operations->values_in_place;
    size_t floats, columns = smaller(product->n, PASS_COLUMNS);
    float *workspace = workspace_of_thread(&floats);
    product->row_panels = panels_of_rows(product, threads);
    product->blocks = larger(1, divide_up(product->k, product->operations->best_depth * values));
    product->depth = divide_up(divide_up(product->k, product->blocks), values);
    product->held_blocks = worth_holding(product, columns, floats) ? product->blocks : 1;
    product->packed_a_panels = panels_in(product, floats / 2);
    size_t depth = larger(1, product->depth) * product->held_blocks; /* in a pass, at least */
    size_t packed_a = product->packed_a_panels * product->operations->tile_rows * depth;
    packed_a = divide_up(packed_a, width) * width; /* vectors of B are loaded aligned */
    size_t half = smaller((floats - packed_a) / 2 / width * width, PASS_FLOATS);
    columns = smaller(columns, half / depth / width * width);
    columns = divide_up(product->n, divide_up(product->n, columns)); /* alike in all passes */
    columns = divide_up(columns, width) * width;
    product->pass_columns = columns;
    product->pass_blocks = product->held_blocks * larger(1, half / (columns * depth));
    product->pass_blocks = smaller(product->pass_blocks, product->blocks);
    product->packed_a = workspace;
    product->packed_b[0] = workspace + packed_a;
    product->packed_b[1] = product->packed_b[0] + half;
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
    size_t threads = omp_in_parallel() ? 1 : (size_t)omp_get_max_threads();
    threads = smaller(threads, 1 + (size_t)((double)m * (double)n * (double)k / THREAD_WORK));
    plan_passes(&product, threads);
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
