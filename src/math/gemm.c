/* The loops around the micro-kernels of kernels/gemm.inc, in the manner of BLIS (Van Zee and van de
 * Geijn 2015) and Goto: cache blocking, packing, and the sharing of work between threads.
 *
 * Both operands are cut into panels of mr rows (A) or nr columns (B) and, along k, into blocks of
 * at most kc. The operand with more rows or columns is the tasks' own: each thread packs the panels
 * of its tasks for itself. The other is shared: all threads pack it together, in stages.
 *
 * A pass covers some panels of the shared operand and some blocks of k. In a pass the threads pack
 * the first stage together, wait at a barrier, then take tasks, each a few panels of the own
 * operand. The panels of a thread's next task, and the shared panels of the next stage, are packed
 * piece by piece between calls of the micro-kernel for the present task; what is about to be packed
 * is prefetched while the micro-kernel runs. There is one barrier a pass: the shared buffer is
 * double, so a thread that finds no task left packs for the next pass.
 *
 * In the macro-kernel one A panel (in L1) is multiplied by a group of B panels (in L2). An element
 * of C is the sum over the blocks of k in rising order, whichever thread computes it: results do
 * not depend on the number of threads. */
#include "math/gemm.h"

#include "base/memory.h"
#include "math/panels.h"
#include "math/stages.h"
#include "math/workspace.h"

#include <omp.h>
#include <string.h>

enum {
    GROUP_FLOATS = 96 << 10, /* B panels that an A panel is multiplied by: 384 KiB of L2 */
    NC = 4096,
    PASS_FLOATS = 3 << 19,  /* shared panels of a pass: 6 MiB of L3 */
    STAGE_PANELS = 8,       /* of a stage of a shared A */
    TASK_PANELS = 8,        /* of A: up to 256 KiB of L2, and as much again for the next task */
    TASK_COLUMN_PANELS = 6, /* of B: 288 KiB, and as much again */
    RESIDENT_FLOATS = 144 << 10, /* A panels of all blocks of k, kept in L2: 576 KiB */
    PART_PANELS_MIN = 4,         /* shared panels in a part, at least: each packs the own again */
    TASKS_PER_THREAD = 8,        /* so that the last task of a pass is short */
    EVEN_PANELS = 10, /* so many justify one more, if all threads then have the same number */
    THREAD_WORK = 256 << 10, /* multiplications that justify another thread: about 5 µs */
    LINE_FLOATS = MEMORY_ALIGNMENT / sizeof(float),
};
_Static_assert((int)TASK_PANELS <= (int)PANELS_MAX && (int)TASK_COLUMN_PANELS <= (int)PANELS_MAX,
               "the panels of a task are packed in one call");

typedef struct matmul {
    const kernels *kernels;
    const gemm_kernels *gemm_kernels; /* those of the kernels for this precision */
    operand a, b;
    const operand *own, *shared; /* a or b: packed by each task; packed by all threads together */
    float *c;
    size_t ldc;
    bool accumulate;
    const gemm_epilogue *epilogue; /* NULL: none */

    size_t depth;           /* of the longest block of k, in packed elements */
    size_t resident_blocks; /* blocks of k that a task packs at once: 1, or all */
    size_t pass_panels, pass_blocks;
    float *packed_shared[2]; /* in the calling thread's workspace, as packed_own */
    float *packed_own;
    size_t own_panels, own_floats; /* of a task, at most; in each half of packed_own */
    /* Indexed by pass modulo 3: the passes before and after the present one are in use too. */
    stage_counters stage_counters[3];
    atomic_size_t next_task[3];
} matmul;

/* Some panels of the shared operand and blocks of k. */
typedef struct pass {
    stages shared;
    /* The panels are divided into parts where the own operand has too few panels for all threads.
     */
    size_t parts;
    atomic_size_t *next_task;
} pass;

/* Panels `first` … `end` − 1 of the own operand, times one part of the pass. */
typedef struct task {
    size_t part, first, end;
} task;

/* ------------------------------------------------------------------------------- packing --- */

static bool needs_row_sums(const matmul *matmul)
{
    return matmul->epilogue && matmul->epilogue->row_sums;
}

/* A task over the blocks of k that its panels are packed for at once. */
typedef struct step {
    task task;
    size_t from; /* block */
    float *packed;
    /* Its packing is cut into `pieces`, the first `done` of which are packed: `chunks` of each
     * block of k; separately for each panel where the operand is contiguous along k. */
    size_t chunks, pieces, done;
    bool summed;
    panel_sums sums[TASK_PANELS];
} step;

/* About as many pieces as calls of the micro-kernel between which they are packed. */
static void cut_packing(const matmul *matmul, step *step, size_t calls)
{
    size_t rounds = matmul->resident_blocks;
    if (!matmul->own->mn_contiguous)
        rounds *= step->task.end - step->task.first;
    size_t most = divide_up(matmul->own->k / matmul->own->blocks, K_SLICE_MIN);
    step->chunks = max_size(1, min_size(most, calls / rounds));
    step->pieces = rounds * step->chunks;
    step->done = 0;
}

static piece piece_at(const matmul *matmul, const step *step, size_t number)
{
    size_t chunk = number % step->chunks, round = number / step->chunks;
    size_t first = step->task.first, end = step->task.end, panels = end - first;
    if (!matmul->own->mn_contiguous) {
        first += round % panels;
        end = first + 1;
        round /= panels;
    }
    return piece_of_block(matmul->own, step->from + round, first, end, chunk, step->chunks);
}

/* Floats from the panels of a task in one block of k to those in the next. */
static size_t resident_floats(const matmul *matmul, const task *task)
{
    size_t panels = task->end - task->first;
    return panels * matmul->own->width * matmul->depth;
}

static void pack_pieces(const matmul *matmul, step *step, size_t end)
{
    for (; step->done < end; step->done++) {
        const piece piece = piece_at(matmul, step, step->done);
        const block block = block_at(matmul->own, piece.index);
        float *packed =
            step->packed + (piece.index - step->from) * resident_floats(matmul, &step->task);
        packed = panel_address(matmul->own, packed, step->task.first, piece.first, block.depth);
        if (step->summed && piece.p == 0)
            for (size_t i = 0; i < TASK_PANELS; i++)
                step->sums[i] = (panel_sums){{0}};
        pack_piece(matmul->own, &piece, packed, step->summed ? step->sums : NULL);
        if (step->summed && piece.p + piece.k == block.k)
            add_panel_sums(matmul->own, matmul->epilogue->row_sums, step->sums, piece.first,
                           piece.end);
    }
}

/* -------------------------------------------------------------------------- macro-kernel --- */

/* Panels of A and of B, both packed for one block of k. */
typedef struct macro_kernel_args {
    size_t index;
    size_t row_panel, end_row_panel, column_panel, end_column_panel;
    float *a, *b; /* first packed panel of each */
} macro_kernel_args;

/* One panel of A times all columns of `args`. */
static void multiply_row_panel(const matmul *matmul, const macro_kernel_args *args, size_t panel,
                               prefetch_range *prefetch)
{
    size_t row = panel_start(&matmul->a, panel);
    size_t rows = panel_start(&matmul->a, panel + 1) - row;
    size_t column = panel_start(&matmul->b, args->column_panel);
    size_t columns = panel_start(&matmul->b, args->end_column_panel) - column;
    const size_t index = args->index, depth = block_at(matmul->own, index).depth;
    size_t offset = row * matmul->ldc + column;
    const gemm_epilogue *epilogue = matmul->epilogue;
    const float *bias = epilogue && epilogue->bias && index == 0 ? epilogue->bias + column : NULL;
    const float *a = panel_address(&matmul->a, args->a, args->row_panel, panel, depth);
    matmul->gemm_kernels->multiply_panel(rows, columns, depth, a, args->b, matmul->c + offset,
                                         matmul->ldc, bias, matmul->accumulate || index > 0,
                                         prefetch);
    if (epilogue && epilogue->activated && index + 1 == matmul->own->blocks)
        for (size_t i = 0; i < rows; i++, offset += matmul->ldc)
            matmul->kernels->activations[epilogue->activation].forward(epilogue->activated + offset,
                                                                       matmul->c + offset, columns);
}

/* The state of a thread in a pass. */
typedef struct worker {
    const pass *pass;
    size_t ready; /* stages known to be packed */
    bool claims;  /* `unit` is claimed, and not packed yet */
    size_t unit;
} worker;

/* How far a thread is in a step, while it packs the next one and units of the next shared stage. */
typedef struct progress {
    worker *worker;
    size_t calls, call; /* of multiply_row_panel: all, done */
    size_t prefetches;  /* that one call issues, about */
    step *next;         /* NULL: none */
    prefetch_range prefetch, after;
} progress;

static bool shared_ready(const worker *worker)
{
    return worker->ready == stages_count(&worker->pass->shared);
}

/* A claimed unit is prefetched in the first half of the next call, and packed after that call. */
static void plan_prefetch(const matmul *matmul, progress *progress)
{
    const worker *worker = progress->worker;
    const step *next = progress->next;
    size_t prefetches = progress->prefetches, planned = 0;
    progress->prefetch = progress->after = (prefetch_range){0};
    if (worker->claims) {
        planned = divide_up(prefetches, 2);
        progress->prefetch = stage_prefetch_range(&worker->pass->shared, worker->unit, planned);
    }
    if (!next || next->done == next->pieces)
        return;
    size_t due = divide_up((next->done + 1) * progress->calls, next->pieces);
    const piece piece = piece_at(matmul, next, next->done);
    size_t steps = (due - progress->call) * prefetches;
    progress->after =
        prefetch_range_of_piece(matmul->own, &piece, steps > planned ? steps - planned : 1);
    if (progress->prefetch.rows > 0)
        progress->prefetch.next = &progress->after;
    else
        progress->prefetch = progress->after;
}

static void pack_claimed(worker *worker)
{
    if (worker->claims)
        stage_pack(&worker->pass->shared, worker->unit);
    worker->claims = false;
}

/* Between two calls of multiply_row_panel. */
static void pack_ahead(const matmul *matmul, progress *progress)
{
    worker *worker = progress->worker;
    step *next = progress->next;
    bool packed = worker->claims;
    pack_claimed(worker);
    size_t due = next ? progress->call * next->pieces / progress->calls : 0;
    if (next && due > next->done) {
        pack_pieces(matmul, next, due);
        packed = true;
    }
    if (progress->call < progress->calls && !shared_ready(worker))
        worker->claims = stage_claim(&worker->pass->shared, worker->ready, &worker->unit);
    if (packed || worker->claims)
        plan_prefetch(matmul, progress);
}

/* Until the shared panels up to `last` of a block of k are packed, by this thread or by others. */
static void wait_for_shared(worker *worker, size_t index, size_t last)
{
    const stages *shared = &worker->pass->shared;
    size_t needed = stage_of(shared, index, last);
    if (needed < worker->ready)
        return;
    pack_claimed(worker);
    stage_pack_all(shared, needed);
    stage_wait(shared, worker->ready, needed);
    worker->ready = needed + 1;
}

static void macro_kernel(const matmul *matmul, const macro_kernel_args *args, progress *progress)
{
    worker *worker = progress->worker;
    for (size_t panel = args->row_panel; panel < args->end_row_panel; panel++) {
        if (matmul->shared->side == A_PANEL && !shared_ready(worker))
            wait_for_shared(worker, args->index, panel);
        multiply_row_panel(matmul, args, panel, &progress->prefetch);
        progress->call++;
        if (progress->next || !shared_ready(worker))
            pack_ahead(matmul, progress);
    }
}

/* The shared panels of a part of the pass. */
static void part_panels(const pass *pass, size_t part, size_t *first, size_t *end)
{
    size_t start = pass->shared.first, panels = pass->shared.end - start;
    *first = start + part * panels / pass->parts;
    *end = start + (part + 1) * panels / pass->parts;
}

/* Groups that the B panels of a step are divided into, each small enough for L2. A task of B panels
 * is one group. */
static size_t groups_of(const matmul *matmul, size_t column_panels)
{
    if (matmul->own->side == B_PANEL)
        return 1;
    size_t floats = column_panels * matmul->kernels->nr * matmul->depth * matmul->resident_blocks;
    return min_size(column_panels, 1 + floats / GROUP_FLOATS);
}

/* The loop order: usually the blocks of k are outermost, one step each. Where A's panels of all
 * blocks of k fit L2 and are smaller than the rows of C, the groups of columns are outermost: the
 * elements of C then stay in cache from the first block to the last. Packs step `next` meanwhile;
 * NULL: there is none. */
static void run_step(const matmul *matmul, worker *worker, const step *step, struct step *next)
{
    const pass *pass = worker->pass;
    const task *task = &step->task;
    const bool own_a = matmul->own->side == A_PANEL;
    size_t first, end;
    part_panels(pass, task->part, &first, &end);
    const size_t columns = own_a ? first : task->first;
    const size_t column_panels = own_a ? end - first : task->end - task->first;
    const size_t groups = groups_of(matmul, column_panels);
    macro_kernel_args args = {.row_panel = own_a ? task->first : first,
                              .end_row_panel = own_a ? task->end : end};
    progress progress = {
        .worker = worker,
        .calls = groups * matmul->resident_blocks * (args.end_row_panel - args.row_panel),
        .prefetches =
            divide_up(column_panels, groups) * divide_up(matmul->depth, PREFETCH_INTERVAL),
        .next = next};
    if (next)
        cut_packing(matmul, next, progress.calls);
    plan_prefetch(matmul, &progress);
    for (size_t group = 0; group < groups; group++)
        for (size_t i = 0; i < matmul->resident_blocks; i++) {
            args.index = step->from + i;
            args.column_panel = columns + group * column_panels / groups;
            args.end_column_panel = columns + (group + 1) * column_panels / groups;
            size_t depth = block_at(matmul->own, args.index).depth;
            float *own = step->packed + i * resident_floats(matmul, task);
            float *shared =
                panel_address(matmul->shared, stages_panels(&pass->shared, args.index),
                              pass->shared.first, own_a ? args.column_panel : first, depth);
            args.a = own_a ? own : shared;
            args.b = own_a ? shared : own;
            if (own_a && !shared_ready(worker))
                wait_for_shared(worker, args.index, args.end_column_panel - 1);
            macro_kernel(matmul, &args, &progress);
        }
    pack_claimed(worker);
    if (next)
        pack_pieces(matmul, next, next->pieces);
}

/* Guided scheduling: tasks shrink with what is left, and never cross parts. */
static bool take_task(const matmul *matmul, const pass *pass, size_t most_panels, size_t threads,
                      task *task)
{
    size_t panels = matmul->own->panels, all = panels * pass->parts, count;
    size_t offset = atomic_load_explicit(pass->next_task, memory_order_relaxed);
    do {
        if (offset >= all)
            return false;
        task->part = offset / panels;
        task->first = offset % panels;
        count = threads == 1 ? most_panels : max_size(1, (all - offset) / (2 * threads));
        count = min_size(min_size(count, most_panels), panels - task->first);
    } while (!atomic_compare_exchange_weak_explicit(pass->next_task, &offset, offset + count,
                                                    memory_order_relaxed, memory_order_relaxed));
    task->end = task->first + count;
    return true;
}

/* A thread's memory for packed tasks: two halves of `floats`, each for `panels` panels. */
typedef struct task_buffer {
    float *packed;
    size_t floats, panels;
} task_buffer;

/* The step after `step`: of the same task, or the first of a new one; false: none is left. */
static bool next_step(const matmul *matmul, const pass *pass, const task_buffer *buffer,
                      size_t threads, const step *step, struct step *next)
{
    next->packed =
        !step || step->packed != buffer->packed ? buffer->packed : buffer->packed + buffer->floats;
    if (step && step->from + matmul->resident_blocks < pass->shared.end_block) {
        next->task = step->task;
        next->from = step->from + matmul->resident_blocks;
    } else {
        if (!take_task(matmul, pass, buffer->panels, threads, &next->task))
            return false;
        next->from = pass->shared.first_block;
    }
    next->summed = matmul->own->side == A_PANEL && needs_row_sums(matmul) &&
                   pass->shared.first == 0 && next->task.part == 0;
    return true;
}

static void run_tasks(const matmul *matmul, const pass *pass, const task_buffer *buffer,
                      size_t threads)
{
    worker worker = {.pass = pass, .ready = 1};
    step steps[2];
    if (!next_step(matmul, pass, buffer, threads, NULL, &steps[0]))
        return;
    cut_packing(matmul, &steps[0], 1);
    pack_pieces(matmul, &steps[0], steps[0].pieces);
    bool more = true;
    for (int turn = 0; more; turn = !turn) {
        more = next_step(matmul, pass, buffer, threads, &steps[turn], &steps[!turn]);
        run_step(matmul, &worker, &steps[turn], more ? &steps[!turn] : NULL);
    }
}

/* A stage holds what run_step uses before it needs the next one. Where a task needs only a part of
 * the shared panels, there is a single stage. */
static pass pass_at(matmul *matmul, size_t first, size_t first_block, size_t number, size_t threads)
{
    const operand *shared = matmul->shared;
    pass pass = {
        .shared = {.operand = shared,
                   .first = first,
                   .end = min_size(first + matmul->pass_panels, shared->panels),
                   .first_block = first_block,
                   .end_block = min_size(first_block + matmul->pass_blocks, shared->blocks),
                   .depth = matmul->depth,
                   .packed = matmul->packed_shared[number % 2],
                   .row_sums = shared->side == A_PANEL && needs_row_sums(matmul)
                                   ? matmul->epilogue->row_sums
                                   : NULL,
                   .counters = &matmul->stage_counters[number % 3]},
        .next_task = &matmul->next_task[number % 3],
    };
    size_t panels = pass.shared.end - first, chunks = divide_up(panels, STAGE_PANELS);
    size_t wanted = threads == 1 ? 1 : divide_up(threads * TASKS_PER_THREAD, matmul->own->panels);
    pass.parts = max_size(1, min_size(wanted, panels / PART_PANELS_MIN));
    if (shared->side == B_PANEL)
        chunks = groups_of(matmul, panels);
    bool whole = pass.parts > 1;
    stages_plan(&pass.shared, whole ? 1 : chunks, !whole && matmul->resident_blocks == 1);
    return pass;
}

/* Of a pass that no thread has begun. */
static void reset_counters(matmul *matmul, size_t number)
{
    stage_counters *counters = &matmul->stage_counters[number % 3];
    atomic_store_explicit(&counters->claimed, 0, memory_order_relaxed);
    for (size_t i = 0; i < MOST_STAGES; i++)
        atomic_store_explicit(&counters->packed[i], 0, memory_order_relaxed);
    atomic_store_explicit(&matmul->next_task[number % 3], 0, memory_order_relaxed);
}

/* Divides `floats` of a workspace. */
static task_buffer task_buffer_in(const matmul *matmul, float *packed, size_t floats)
{
    const operand *own = matmul->own;
    size_t panel = own->width * max_size(matmul->depth, 1) * matmul->resident_blocks;
    size_t most = own->side == A_PANEL ? TASK_PANELS : TASK_COLUMN_PANELS;
    size_t panels = min_size(most, floats / 2 / panel);
    /* Vectors of B are loaded aligned. */
    return (task_buffer){packed, divide_up(panels * panel, LINE_FLOATS) * LINE_FLOATS, panels};
}

/* Called by all threads of the team. */
static void run_passes(matmul *matmul, size_t thread, size_t threads)
{
    task_buffer buffer = {matmul->packed_own, matmul->own_floats, matmul->own_panels};
    if (thread > 0) {
        size_t floats;
        float *workspace = workspace_of_thread(&floats);
        buffer = task_buffer_in(matmul, workspace, floats);
    }
    size_t number = 0;
    for (size_t first = 0; first < matmul->shared->panels; first += matmul->pass_panels)
        for (size_t index = 0; index < matmul->own->blocks; index += matmul->pass_blocks) {
            const pass pass = pass_at(matmul, first, index, number, threads);
            stage_pack_all(&pass.shared, 0);
            /* All threads have left the pass before the previous one; none has begun the next. */
            if (thread == 0)
                reset_counters(matmul, number + 1);
            if (threads > 1) {
#pragma omp barrier
            }
            run_tasks(matmul, &pass, &buffer, threads);
            number++;
        }
}

/* ------------------------------------------------------------------------------ planning --- */

/* Whether tasks pack all blocks of k of A at once (run_step). */
static bool worth_keeping_resident(const matmul *matmul, size_t floats)
{
    size_t depth = matmul->own->blocks * matmul->depth;
    size_t columns = min_size(matmul->b.mn, NC);
    return matmul->own->side == A_PANEL && matmul->own->blocks > 1 && depth < columns &&
           floats > WORKSPACE_LEAST &&
           TASK_PANELS * matmul->gemm_kernels->mr * depth <= RESIDENT_FLOATS;
}

/* As few as the rows need, or a few more where that gives all threads the same number and a panel
 * costs in proportion to its rows. */
static size_t panels_of_rows(const matmul *matmul, size_t threads)
{
    size_t least = divide_up(matmul->a.mn, matmul->gemm_kernels->mr);
    size_t even = divide_up(least, threads) * threads;
    bool by_row = matmul->gemm_kernels->block_depth == 1;
    return by_row && EVEN_PANELS * (even - least) <= least ? even : least;
}

/* Cuts A and B into panels; the own operand is the one with more rows or columns. */
static void plan_operands(matmul *matmul, size_t threads)
{
    const gemm_kernels *gemm_kernels = matmul->gemm_kernels;
    const size_t k = matmul->a.k, values = gemm_kernels->k_pack;
    matmul->a.width = gemm_kernels->mr;
    matmul->a.panels = panels_of_rows(matmul, threads);
    matmul->b.width = matmul->kernels->nr;
    matmul->b.panels = divide_up(matmul->b.mn, matmul->b.width);
    size_t blocks = max_size(1, divide_up(k, gemm_kernels->kc * values));
    matmul->a.blocks = matmul->b.blocks = blocks;
    matmul->depth = divide_up(divide_up(k, blocks), values);
    bool own_a = matmul->a.mn >= matmul->b.mn;
    matmul->own = own_a ? &matmul->a : &matmul->b;
    matmul->shared = own_a ? &matmul->b : &matmul->a;
}

/* The sizes of a task and of a pass, from what is wanted and what the workspace holds. */
static void plan_passes(matmul *matmul)
{
    size_t floats;
    float *workspace = workspace_of_thread(&floats);
    matmul->resident_blocks = worth_keeping_resident(matmul, floats) ? matmul->own->blocks : 1;
    const task_buffer buffer = task_buffer_in(matmul, workspace, floats / 2);
    matmul->packed_own = workspace;
    matmul->own_panels = buffer.panels;
    matmul->own_floats = buffer.floats;

    size_t half = (floats - 2 * buffer.floats) / 2 / LINE_FLOATS * LINE_FLOATS;
    half = min_size(half, PASS_FLOATS);
    const operand *shared = matmul->shared;
    size_t panel = shared->width * max_size(1, matmul->depth) * matmul->resident_blocks;
    size_t most = min_size(half / panel, shared->panels);
    if (shared->side == B_PANEL)
        most = min_size(most, NC / shared->width);
    matmul->pass_panels =
        divide_up(shared->panels, divide_up(shared->panels, most)); /* equal sizes */
    matmul->pass_blocks =
        matmul->resident_blocks * max_size(1, half / (matmul->pass_panels * panel));
    matmul->pass_blocks = min_size(matmul->pass_blocks, matmul->own->blocks);
    if (matmul->resident_blocks == 1)
        matmul->pass_blocks = min_size(matmul->pass_blocks, MOST_STAGES);
    matmul->packed_shared[0] = workspace + 2 * buffer.floats;
    matmul->packed_shared[1] = matmul->packed_shared[0] + half;
}

void gemm_fused(gemm_precision precision, gemm_kind kind, size_t m, size_t n, size_t k,
                const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc,
                bool accumulate, const gemm_epilogue *epilogue)
{
    if (m == 0 || n == 0)
        return;
    const kernels *kernels = kernels_active();
    const gemm_kernels *gemm_kernels =
        precision == GEMM_BFLOAT16 ? &kernels->bfloat16 : &kernels->float32;
    matmul matmul = {
        .kernels = kernels,
        .gemm_kernels = gemm_kernels,
        .a = {gemm_kernels, A_PANEL, a, lda, kind == GEMM_TN, m, k, 0, 0, 0},
        .b = {gemm_kernels, B_PANEL, b, ldb, kind != GEMM_NT, n, k, 0, 0, 0},
        .c = c,
        .ldc = ldc,
        .accumulate = accumulate,
        .epilogue = epilogue,
    };
    size_t threads = omp_in_parallel() ? 1 : (size_t)omp_get_max_threads();
    threads = min_size(threads, 1 + (size_t)((double)m * (double)n * (double)k / THREAD_WORK));
    plan_operands(&matmul, threads);
    plan_passes(&matmul);
    if (threads == 1) {
        run_passes(&matmul, 0, 1);
        return;
    }
#pragma omp parallel num_threads((int)threads)
    run_passes(&matmul, (size_t)omp_get_thread_num(), (size_t)omp_get_num_threads());
}

void gemm(gemm_kind kind, size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
          size_t ldb, float *c, size_t ldc, bool accumulate)
{
    gemm_fused(GEMM_FLOAT32, kind, m, n, k, a, lda, b, ldb, c, ldc, accumulate, NULL);
}

gemm_precision gemm_precision_of(bert_precision precision)
{
    return precision == BERT_PRECISION_BF16 ? GEMM_BFLOAT16 : GEMM_FLOAT32;
}

const char *gemm_kernel_name(void)
{
    return kernels_active()->name;
}
