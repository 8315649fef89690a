/* Blocking, packing and sharing of work around the register tiles of kernels/gemm.inc.
 *
 * Of A and B, the one of more lines is packed by tasks, the other one is shared. A product is made
 * of passes, each over some panels of the shared operand and some blocks of k. In a pass all
 * threads together pack the first stage of those; then they draw tasks, each a few panels of the
 * other operand, which whoever draws the task packs for itself: those of its first task at once,
 * those of others piece by piece between the tiles of the task before, after memory was asked for
 * them while the tiles were computed. So are the other stages of what is shared, between the tiles
 * of the first tasks. The threads meet once in a pass: what is shared lies in two halves by turns,
 * so whoever has no task left packs for the next pass. An A panel (in L1) meets the B panels of a
 * group of columns (in L2). An element is the sum over the blocks of k in their order, whoever
 * computes it. */
#include "math/gemm.h"

#include "base/memory.h"
#include "math/panels.h"
#include "math/stages.h"
#include "math/workspace.h"

#include <omp.h>
#include <string.h>

enum {
    GROUP_FLOATS = 96 << 10, /* B panels that one A panel meets: 384 KiB of L2 */
    PASS_COLUMNS = 4096,
    PASS_FLOATS = 3 << 19,   /* shared panels of a pass: 6 MiB of L3 */
    STAGE_PANELS = 8,        /* shared ones of A that are packed before the next are needed */
    TASK_PANELS = 8,         /* of A: up to 256 KiB of L2, and as much again for the next task */
    TASK_COLUMN_PANELS = 6,  /* of B: 288 KiB, and as much again */
    HELD_FLOATS = 144 << 10, /* A panels of all blocks of k: 576 KiB of L2 */
    LEAST_PART = 4,          /* shared panels that are worth packing another one for */
    TASKS_PER_THREAD = 8,    /* so that the last task of a pass is short */
    EVEN_PANELS = 10,        /* that are worth one more for the sake of even numbers */
    THREAD_WORK = 256 << 10, /* multiplications that are worth waking a thread: some 5 µs */
    LINE_FLOATS = MEMORY_ALIGNMENT / sizeof(float),
};
_Static_assert((int)TASK_PANELS <= (int)MOST_SIDE_PANELS &&
                   (int)TASK_COLUMN_PANELS <= (int)MOST_SIDE_PANELS,
               "the panels of a task are packed side by side");

typedef struct product {
    const kernels *kernels;
    const product_kernels *operations; /* of the kernels, for the precision */
    operand a, b;
    const operand *own, *shared; /* a and b: which tasks pack, and all threads together */
    float *c;
    size_t ldc;
    bool accumulate;
    const gemm_epilogue *epilogue; /* NULL: none */

    size_t depth;       /* the most places of a block of k */
    size_t held_blocks; /* whose panels a task packs at once: 1, or all */
    size_t pass_panels, pass_blocks;
    float *packed_shared[2]; /* of the thread that asked for the product, as its packed_own */
    float *packed_own;
    size_t own_panels, own_floats; /* of its tasks, at most; of one of two halves of packed_own */
    /* By turns, of three passes: those before and behind one are in use with it. */
    stage_counters stage_counters[3];
    atomic_size_t next_task[3];
} product;

/* Some panels of the shared operand and blocks of k. */
typedef struct pass {
    stages shared;
    size_t parts; /* that the panels are cut into where there are few of the other operand */
    atomic_size_t *next_task;
} pass;

/* Panels `first` … `end` − 1 of the operand that is not shared, with a part of the pass. */
typedef struct task {
    size_t part, first, end;
} task;

/* ------------------------------------------------------------------------------- packing --- */

static bool wants_sums(const product *product)
{
    return product->epilogue && product->epilogue->row_sums;
}

/* A step is a task over the blocks of k that its panels are packed for at once. */
typedef struct step {
    task task;
    size_t from; /* block */
    float *packed;
    /* Its packing is cut into `pieces`, the first `done` of which are packed: `chunks` of each
     * block of k, for each panel where matrix lines do not run across. */
    size_t chunks, pieces, done;
    bool summed;
    panel_sums sums[TASK_PANELS];
} step;

/* About as many pieces as there are calls between which they are packed. */
static void cut_packing(const product *product, step *step, size_t calls)
{
    size_t rounds = product->held_blocks;
    if (!product->own->across)
        rounds *= step->task.end - step->task.first;
    size_t most = divide_up(product->own->k / product->own->blocks, PIECE_VALUES);
    step->chunks = larger(1, smaller(most, calls / rounds));
    step->pieces = rounds * step->chunks;
    step->done = 0;
}

static piece piece_at(const product *product, const step *step, size_t number)
{
    size_t chunk = number % step->chunks, round = number / step->chunks;
    size_t first = step->task.first, end = step->task.end, panels = end - first;
    if (!product->own->across) {
        first += round % panels;
        end = first + 1;
        round /= panels;
    }
    return piece_of_block(product->own, step->from + round, first, end, chunk, step->chunks);
}

/* From a block's panels of a task to the next one's. */
static size_t held_floats(const product *product, const task *task)
{
    size_t panels = task->end - task->first;
    return panels * product->own->full * product->depth;
}

static void pack_pieces(const product *product, step *step, size_t end)
{
    for (; step->done < end; step->done++) {
        const piece piece = piece_at(product, step, step->done);
        const block block = block_at(product->own, piece.index);
        float *packed =
            step->packed + (piece.index - step->from) * held_floats(product, &step->task);
        packed = panel_place(product->own, packed, step->task.first, piece.first, block.depth);
        if (step->summed && piece.p == 0)
            for (size_t i = 0; i < TASK_PANELS; i++)
                step->sums[i] = (panel_sums){{0}};
        pack_piece(product->own, &piece, packed, step->summed ? step->sums : NULL);
        if (step->summed && piece.p + piece.k == block.k)
            add_panel_sums(product->own, product->epilogue->row_sums, step->sums, piece.first,
                           piece.end);
    }
}

/* ----------------------------------------------------------------------------- computing --- */

/* Panels of A and of B, both packed for one block of k. */
typedef struct macro_kernel_args {
    size_t index;
    size_t row_panel, end_row_panel, column_panel, end_column_panel;
    float *a, *b; /* where the first of them lie */
} meeting;

/* One panel of A with the columns of a meeting. */
static void compute(const product *product, const meeting *meeting, size_t panel, ahead *ahead)
{
    size_t row = panel_start(&product->a, panel);
    size_t rows = panel_start(&product->a, panel + 1) - row;
    size_t column = panel_start(&product->b, meeting->column_panel);
    size_t columns = panel_start(&product->b, meeting->end_column_panel) - column;
    const size_t index = meeting->index, depth = block_at(product->own, index).depth;
    size_t place = row * product->ldc + column;
    const gemm_epilogue *epilogue = product->epilogue;
    const float *bias = epilogue && epilogue->bias && index == 0 ? epilogue->bias + column : NULL;
    const float *a = panel_place(&product->a, meeting->a, meeting->row_panel, panel, depth);
    product->operations->multiply_panel(rows, columns, depth, a, meeting->b, product->c + place,
                                        product->ldc, bias, product->accumulate || index > 0,
                                        ahead);
    if (epilogue && epilogue->gelu && index + 1 == product->own->blocks)
        for (size_t i = 0; i < rows; i++, place += product->ldc)
            product->kernels->gelu_forward(epilogue->gelu + place, product->c + place, columns);
}

/* A thread in a pass. */
typedef struct worker {
    const pass *pass;
    size_t ready; /* stages that it knows to be packed */
    bool claims;  /* has claimed `unit`, and not packed it yet */
    size_t unit;
} worker;

/* Where a thread is in a step while it packs the next one, and shared panels of the next stage. */
typedef struct progress {
    worker *worker;
    size_t calls, call; /* of compute: in all, done */
    size_t asks;        /* that a call makes for what lies ahead, about */
    step *next;         /* NULL: none */
    ahead ahead, then;
} progress;

static bool shared_ready(const worker *worker)
{
    return worker->ready == stages_count(&worker->pass->shared);
}

/* A unit is asked for in the first half of a call, and packed behind it. */
static void look_ahead(const product *product, progress *progress)
{
    const worker *worker = progress->worker;
    const step *next = progress->next;
    size_t asks = progress->asks, asked = 0;
    progress->ahead = progress->then = (ahead){0};
    if (worker->claims) {
        asked = divide_up(asks, 2);
        progress->ahead = stage_ahead(&worker->pass->shared, worker->unit, asked);
    }
    if (!next || next->done == next->pieces)
        return;
    size_t due = divide_up((next->done + 1) * progress->calls, next->pieces);
    const piece piece = piece_at(product, next, next->done);
    size_t steps = (due - progress->call) * asks;
    progress->then = ahead_of_piece(product->own, &piece, steps > asked ? steps - asked : 1);
    if (progress->ahead.rows > 0)
        progress->ahead.then = &progress->then;
    else
        progress->ahead = progress->then;
}

static void pack_claimed(worker *worker)
{
    if (worker->claims)
        stage_pack(&worker->pass->shared, worker->unit);
    worker->claims = false;
}

/* Between two calls of compute. */
static void pack_ahead(const product *product, progress *progress)
{
    worker *worker = progress->worker;
    step *next = progress->next;
    bool packed = worker->claims;
    pack_claimed(worker);
    size_t due = next ? progress->call * next->pieces / progress->calls : 0;
    if (next && due > next->done) {
        pack_pieces(product, next, due);
        packed = true;
    }
    if (progress->call < progress->calls && !shared_ready(worker))
        worker->claims = stage_claim(&worker->pass->shared, worker->ready, &worker->unit);
    if (packed || worker->claims)
        look_ahead(product, progress);
}

/* So that the shared panels up to `last` of a block can be used. */
static void await_shared(worker *worker, size_t index, size_t last)
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

static void compute_all_panels(const product *product, const meeting *meeting, progress *progress)
{
    worker *worker = progress->worker;
    for (size_t panel = meeting->row_panel; panel < meeting->end_row_panel; panel++) {
        if (product->shared->side == A_PANEL && !shared_ready(worker))
            await_shared(worker, meeting->index, panel);
        compute(product, meeting, panel, &progress->ahead);
        progress->call++;
        if (progress->next || !shared_ready(worker))
            pack_ahead(product, progress);
    }
}

/* The shared panels of a part. */
static void part_panels(const pass *pass, size_t part, size_t *first, size_t *end)
{
    size_t start = pass->shared.first, panels = pass->shared.end - start;
    *first = start + part * panels / pass->parts;
    *end = start + (part + 1) * panels / pass->parts;
}

/* Groups of columns that the B panels of a step are taken in. They stay in L2; those of a task of B
 * are one. */
static size_t groups_of(const product *product, size_t column_panels)
{
    if (product->own->side == B_PANEL)
        return 1;
    size_t floats =
        column_panels * product->kernels->tile_columns * product->depth * product->held_blocks;
    return smaller(column_panels, 1 + floats / GROUP_FLOATS);
}

/* Either the blocks of k are the outer loop, of steps, or, where A's panels of all blocks are
 * smaller than the rows of C, the groups of columns: their C then is in cache from the first block
 * to the last. Meanwhile step `next` is packed; NULL: none. */
static void run_step(const product *product, worker *worker, const step *step, struct step *next)
{
    const pass *pass = worker->pass;
    const task *task = &step->task;
    const bool own_a = product->own->side == A_PANEL;
    size_t first, end;
    part_panels(pass, task->part, &first, &end);
    const size_t columns = own_a ? first : task->first;
    const size_t column_panels = own_a ? end - first : task->end - task->first;
    const size_t groups = groups_of(product, column_panels);
    meeting meeting = {.row_panel = own_a ? task->first : first,
                       .end_row_panel = own_a ? task->end : end};
    progress progress = {
        .worker = worker,
        .calls = groups * product->held_blocks * (meeting.end_row_panel - meeting.row_panel),
        .asks = divide_up(column_panels, groups) * divide_up(product->depth, AHEAD_PLACES),
        .next = next};
    if (next)
        cut_packing(product, next, progress.calls);
    look_ahead(product, &progress);
    for (size_t group = 0; group < groups; group++)
        for (size_t i = 0; i < product->held_blocks; i++) {
            meeting.index = step->from + i;
            meeting.column_panel = columns + group * column_panels / groups;
            meeting.end_column_panel = columns + (group + 1) * column_panels / groups;
            size_t depth = block_at(product->own, meeting.index).depth;
            float *own = step->packed + i * held_floats(product, task);
            float *shared =
                panel_place(product->shared, stages_panels(&pass->shared, meeting.index),
                            pass->shared.first, own_a ? meeting.column_panel : first, depth);
            meeting.a = own_a ? own : shared;
            meeting.b = own_a ? shared : own;
            if (own_a && !shared_ready(worker))
                await_shared(worker, meeting.index, meeting.end_column_panel - 1);
            compute_all_panels(product, &meeting, &progress);
        }
    pack_claimed(worker);
    if (next)
        pack_pieces(product, next, next->pieces);
}

/* Tasks are large as long as many panels are left, and never of two parts. */
static bool take_task(const product *product, const pass *pass, size_t most_panels, size_t threads,
                      task *task)
{
    size_t panels = product->own->panels, all = panels * pass->parts, count;
    size_t place = atomic_load_explicit(pass->next_task, memory_order_relaxed);
    do {
        if (place >= all)
            return false;
        task->part = place / panels;
        task->first = place % panels;
        count = threads == 1 ? most_panels : larger(1, (all - place) / (2 * threads));
        count = smaller(smaller(count, most_panels), panels - task->first);
    } while (!atomic_compare_exchange_weak_explicit(pass->next_task, &place, place + count,
                                                    memory_order_relaxed, memory_order_relaxed));
    task->end = task->first + count;
    return true;
}

/* What a thread has for its tasks: two halves of `floats`, room for so many panels each. */
typedef struct own_room {
    float *packed;
    size_t floats, panels;
} own_room;

/* The step behind `step` of the same task, or the first one of a new task; false: there is none. */
static bool next_step(const product *product, const pass *pass, const own_room *room,
                      size_t threads, const step *step, struct step *next)
{
    next->packed =
        !step || step->packed != room->packed ? room->packed : room->packed + room->floats;
    if (step && step->from + product->held_blocks < pass->shared.end_block) {
        next->task = step->task;
        next->from = step->from + product->held_blocks;
    } else {
        if (!take_task(product, pass, room->panels, threads, &next->task))
            return false;
        next->from = pass->shared.first_block;
    }
    next->summed = product->own->side == A_PANEL && wants_sums(product) &&
                   pass->shared.first == 0 && next->task.part == 0;
    return true;
}

static void run_tasks(const product *product, const pass *pass, const own_room *room,
                      size_t threads)
{
    worker worker = {.pass = pass, .ready = 1};
    step steps[2];
    if (!next_step(product, pass, room, threads, NULL, &steps[0]))
        return;
    cut_packing(product, &steps[0], 1);
    pack_pieces(product, &steps[0], steps[0].pieces);
    bool more = true;
    for (int turn = 0; more; turn = !turn) {
        more = next_step(product, pass, room, threads, &steps[turn], &steps[!turn]);
        run_step(product, &worker, &steps[turn], more ? &steps[!turn] : NULL);
    }
}

/* A stage is what run_step goes through before it needs the next one; where tasks need but a part
 * of what is shared, there is one stage of everything. */
static pass pass_at(product *product, size_t first, size_t first_block, size_t number,
                    size_t threads)
{
    const operand *shared = product->shared;
    pass pass = {
        .shared = {.operand = shared,
                   .first = first,
                   .end = smaller(first + product->pass_panels, shared->panels),
                   .first_block = first_block,
                   .end_block = smaller(first_block + product->pass_blocks, shared->blocks),
                   .depth = product->depth,
                   .packed = product->packed_shared[number % 2],
                   .row_sums = shared->side == A_PANEL && wants_sums(product)
                                   ? product->epilogue->row_sums
                                   : NULL,
                   .counters = &product->stage_counters[number % 3]},
        .next_task = &product->next_task[number % 3],
    };
    size_t panels = pass.shared.end - first, chunks = divide_up(panels, STAGE_PANELS);
    size_t wanted = threads == 1 ? 1 : divide_up(threads * TASKS_PER_THREAD, product->own->panels);
    pass.parts = larger(1, smaller(wanted, panels / LEAST_PART));
    if (shared->side == B_PANEL)
        chunks = groups_of(product, panels);
    bool whole = pass.parts > 1;
    stages_plan(&pass.shared, whole ? 1 : chunks, !whole && product->held_blocks == 1);
    return pass;
}

/* Of a pass that nobody has begun. */
static void reset_counters(product *product, size_t number)
{
    stage_counters *counters = &product->stage_counters[number % 3];
    atomic_store_explicit(&counters->claimed, 0, memory_order_relaxed);
    for (size_t i = 0; i < MOST_STAGES; i++)
        atomic_store_explicit(&counters->packed[i], 0, memory_order_relaxed);
    atomic_store_explicit(&product->next_task[number % 3], 0, memory_order_relaxed);
}

/* Room in `floats` of a workspace. */
static own_room room_in(const product *product, float *packed, size_t floats)
{
    const operand *own = product->own;
    size_t panel = own->full * larger(product->depth, 1) * product->held_blocks;
    size_t most = own->side == A_PANEL ? TASK_PANELS : TASK_COLUMN_PANELS;
    size_t panels = smaller(most, floats / 2 / panel);
    /* Vectors of B are loaded aligned. */
    return (own_room){packed, divide_up(panels * panel, LINE_FLOATS) * LINE_FLOATS, panels};
}

/* All threads of the team call this together. */
static void compute_all(product *product, size_t thread, size_t threads)
{
    own_room room = {product->packed_own, product->own_floats, product->own_panels};
    if (thread > 0) {
        size_t floats;
        float *workspace = workspace_of_thread(&floats);
        room = room_in(product, workspace, floats);
    }
    size_t number = 0;
    for (size_t first = 0; first < product->shared->panels; first += product->pass_panels)
        for (size_t index = 0; index < product->own->blocks; index += product->pass_blocks) {
            const pass pass = pass_at(product, first, index, number, threads);
            stage_pack_all(&pass.shared, 0);
            /* Everybody has left the pass before the last one, and nobody has begun the next. */
            if (thread == 0)
                reset_counters(product, number + 1);
            if (threads > 1) {
#pragma omp barrier
            }
            run_tasks(product, &pass, &room, threads);
            number++;
        }
}

/* ------------------------------------------------------------------------------ planning --- */

/* Whether tasks pack A of all blocks of k at once: see run_step. */
static bool worth_holding(const product *product, size_t floats)
{
    size_t depth = product->own->blocks * product->depth;
    size_t columns = smaller(product->b.lines, PASS_COLUMNS);
    return product->own->side == A_PANEL && product->own->blocks > 1 && depth < columns &&
           floats > WORKSPACE_LEAST &&
           TASK_PANELS * product->operations->tile_rows * depth <= HELD_FLOATS;
}

/* As few as the rows need; a few more where threads then have equally many and panels of any height
 * cost what their rows do. */
static size_t panels_of_rows(const product *product, size_t threads)
{
    size_t least = divide_up(product->a.lines, product->operations->tile_rows);
    size_t even = divide_up(least, threads) * threads;
    bool by_row = product->operations->block_places == 1;
    return by_row && EVEN_PANELS * (even - least) <= least ? even : least;
}

/* A and B, cut into panels, of which the own are the more. */
static void plan_operands(product *product, size_t threads)
{
    const product_kernels *operations = product->operations;
    const size_t k = product->a.k, values = operations->values_in_place;
    product->a.full = operations->tile_rows;
    product->a.panels = panels_of_rows(product, threads);
    product->b.full = product->kernels->tile_columns;
    product->b.panels = divide_up(product->b.lines, product->b.full);
    size_t blocks = larger(1, divide_up(k, operations->best_depth * values));
    product->a.blocks = product->b.blocks = blocks;
    product->depth = divide_up(divide_up(k, blocks), values);
    bool own_a = product->a.lines >= product->b.lines;
    product->own = own_a ? &product->a : &product->b;
    product->shared = own_a ? &product->b : &product->a;
}

/* What a task and a pass take: the wanted, or what a small workspace has room for. */
static void plan_passes(product *product)
{
    size_t floats;
    float *workspace = workspace_of_thread(&floats);
    product->held_blocks = worth_holding(product, floats) ? product->own->blocks : 1;
    const own_room room = room_in(product, workspace, floats / 2);
    product->packed_own = workspace;
    product->own_panels = room.panels;
    product->own_floats = room.floats;

    size_t half = (floats - 2 * room.floats) / 2 / LINE_FLOATS * LINE_FLOATS;
    half = smaller(half, PASS_FLOATS);
    const operand *shared = product->shared;
    size_t panel = shared->full * larger(1, product->depth) * product->held_blocks;
    size_t most = smaller(half / panel, shared->panels);
    if (shared->side == B_PANEL)
        most = smaller(most, PASS_COLUMNS / shared->full);
    product->pass_panels = divide_up(shared->panels, divide_up(shared->panels, most)); /* alike */
    product->pass_blocks = product->held_blocks * larger(1, half / (product->pass_panels * panel));
    product->pass_blocks = smaller(product->pass_blocks, product->own->blocks);
    if (product->held_blocks == 1)
        product->pass_blocks = smaller(product->pass_blocks, MOST_STAGES);
    product->packed_shared[0] = workspace + 2 * room.floats;
    product->packed_shared[1] = product->packed_shared[0] + half;
}

void gemm_fused(gemm_precision precision, gemm_kind kind, size_t m, size_t n, size_t k,
                const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc,
                bool accumulate, const gemm_epilogue *epilogue)
{
    if (m == 0 || n == 0)
        return;
    const kernels *kernels = kernels_active();
    const product_kernels *operations =
        precision == GEMM_BFLOAT16 ? &kernels->bfloat16 : &kernels->float32;
    product product = {
        .kernels = kernels,
        .operations = operations,
        .a = {operations, A_PANEL, a, lda, kind == GEMM_TN, m, k, 0, 0, 0},
        .b = {operations, B_PANEL, b, ldb, kind != GEMM_NT, n, k, 0, 0, 0},
        .c = c,
        .ldc = ldc,
        .accumulate = accumulate,
        .epilogue = epilogue,
    };
    size_t threads = omp_in_parallel() ? 1 : (size_t)omp_get_max_threads();
    threads = smaller(threads, 1 + (size_t)((double)m * (double)n * (double)k / THREAD_WORK));
    plan_operands(&product, threads);
    plan_passes(&product);
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

gemm_precision gemm_precision_named(const char *name)
{
    return strcmp(name, "bf16") == 0 ? GEMM_BFLOAT16 : GEMM_FLOAT32;
}

const char *gemm_kernel_name(void)
{
    return kernels_active()->name;
}
