/* Matrix multiplications of operands rounded to bfloat16: the rounding against its definition, the
 * results against double precision on operands rounded by that definition. */
#include "reference.h"

#include "math/kernels/kernels.h"

static const char *const kernel_names[] = {"amx_emulated", "avx512_amx", "avx512_bf16",
                                           "avx512",       "avx2",       "generic"};
enum { KERNELS = sizeof kernel_names / sizeof *kernel_names };

/* A packed panel of either side: `width` rows of A or columns of B, the first `count` of which come
 * from the matrix, and `depth` elements of each. */
typedef struct panel {
    const kernels *kernels;
    panel_side side;
    size_t count, width, k, depth;
    float *elements;
} panel;

static float *aligned_elements(size_t count)
{
    float *elements = aligned_alloc(64, (count * sizeof *elements + 63) / 64 * 64);
    assert_non_null(elements);
    return elements;
}

static panel make_panel(const kernels *kernels, panel_side side, size_t count, size_t k)
{
    size_t values = kernels->bfloat16.k_pack;
    panel panel = {.kernels = kernels, .side = side, .count = count, .k = k};
    panel.width = side == A_PANEL ? count : kernels->nr;
    panel.depth = (k + values - 1) / values;
    panel.elements = aligned_elements(panel.depth * panel.width);
    memset(panel.elements, 0xff, panel.depth * panel.width * sizeof *panel.elements);
    return panel;
}

/* Value p of row (column) i, as the bits of a float. */
static uint32_t panel_value(const panel *panel, size_t p, size_t i)
{
    const gemm_kernels *operations = &panel->kernels->bfloat16;
    size_t element = p / operations->k_pack, at = element * panel->width + i;
    if (panel->side == A_PANEL) {
        size_t in_block = element % operations->block_depth, start = element - in_block;
        size_t left = panel->depth - start;
        size_t block_depth = left < operations->block_depth ? left : operations->block_depth;
        at = start * panel->width + i * block_depth + in_block;
    }
    uint32_t bits = bits_of(panel->elements[at]);
    if (operations->k_pack == 1)
        return bits;
    return p % 2 ? bits & 0xffff0000u : bits << 16;
}

/* Value p of row (column) i is in[i × mn_stride + p × k_stride], rounded; padding is zero. */
static void check_values(const panel *panel, const float *in, size_t mn_stride, size_t k_stride,
                         const char *how)
{
    const gemm_kernels *operations = &panel->kernels->bfloat16;
    for (size_t p = 0; p < panel->depth * operations->k_pack; p++)
        for (size_t i = 0; i < panel->width; i++) {
            uint32_t expected = 0;
            if (p < panel->k && i < panel->count)
                expected = bits_of(reference_bfloat16(in[i * mn_stride + p * k_stride]));
            if (panel_value(panel, p, i) != expected)
                fail_msg("%s, side %d, %zu x %zu %s: value %zu of row or column %zu: %08x, "
                         "expected %08x",
                         panel->kernels->name, panel->side, panel->count, panel->k, how, p, i,
                         panel_value(panel, p, i), expected);
        }
}

/* Packs in[count][k], or by columns in[k][count], the latter in slices of `piece` values of k. */
static void check_panel(const kernels *kernels, panel_side side, const float *in, size_t count,
                        size_t k, bool columns, size_t piece)
{
    const gemm_kernels *operations = &kernels->bfloat16;
    panel panel = make_panel(kernels, side, count, k);
    if (!columns)
        operations->pack_rows(panel.elements, in, k, count, k, side);
    for (size_t p = 0; columns && p < k; p += piece)
        operations->pack_columns(
            &(panel_group){.count = 1,
                           .out = {panel.elements + p / operations->k_pack * panel.width},
                           .mn = {count}},
            in + p * count, count, p + piece < k ? piece : k - p, side, NULL);
    if (columns)
        check_values(&panel, in, 1, count, "by columns");
    else
        check_values(&panel, in, k, 1, "by rows");
    free(panel.elements);
}

static void check_panels(const kernels *kernels, panel_side side, const float *in, size_t count,
                         size_t k)
{
    check_panel(kernels, side, in, count, k, false, k);
    check_panel(kernels, side, in, count, k, true, k);
    check_panel(kernels, side, in, count, k, true, K_SLICE_MIN);
}

/* Every upper half, with the lower halves around each rounding boundary, in B panels without their
 * last column, with odd k. */
static void test_rounding_of_every_number(void **state)
{
    (void)state;
    static const uint32_t low[] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
    enum { LOW = sizeof low / sizeof *low, ALL = LOW << 16, K = 1023 };
    float *values = math_zeros(ALL + 64 * K);
    for (uint32_t i = 0; i < ALL; i++)
        values[i] = float_of((i / LOW) << 16 | low[i % LOW]);
    for (int i = 0; i < KERNELS; i++) {
        const kernels *kernels = kernels_named(kernel_names[i]);
        if (!kernels)
            continue;
        size_t count = kernels->nr - 1;
        for (size_t first = 0; first < ALL; first += count * K)
            check_panels(kernels, B_PANEL, values + first, count, K);
    }
}

static void test_panels_of_every_shape(void **state)
{
    (void)state;
    enum { K = 67 };
    const float *values = math_random(64 * K, 1, 1);
    for (int i = 0; i < KERNELS; i++) {
        const kernels *kernels = kernels_named(kernel_names[i]);
        for (size_t k = 1; kernels && k <= K; k++) {
            for (size_t rows = 1; rows <= kernels->bfloat16.mr; rows++)
                check_panels(kernels, A_PANEL, values, rows, k);
            for (size_t columns = 1; columns <= kernels->nr; columns++)
                check_panels(kernels, B_PANEL, values, columns, k);
        }
    }
}

enum { GROUP_PANELS = 3, GROUP_WIDTH = GROUP_PANELS * MR_MAX + 5 };

/* Several panels of in[k][GROUP_WIDTH] in one call, and the row sums of A. */
static void check_group(const kernels *kernels, panel_side side, const size_t widths[GROUP_PANELS],
                        const float *in, size_t k)
{
    panel panels[GROUP_PANELS];
    panel_group group = {.count = GROUP_PANELS};
    panel_sums sums[GROUP_PANELS] = {{{0}}};
    for (size_t i = 0; i < GROUP_PANELS; i++) {
        panels[i] = make_panel(kernels, side, widths[i], k);
        group.out[i] = panels[i].elements;
        group.mn[i] = widths[i];
    }
    kernels->bfloat16.pack_columns(&group, in, GROUP_WIDTH, k, side, side == A_PANEL ? sums : NULL);
    for (size_t i = 0; i < GROUP_PANELS; in += widths[i++]) {
        check_values(&panels[i], in, 1, GROUP_WIDTH, "in a group");
        free(panels[i].elements);
        for (size_t row = 0; side == A_PANEL && row < widths[i]; row++) {
            double sum = 0;
            for (size_t p = 0; p < k; p++)
                sum += (double)in[p * GROUP_WIDTH + row];
            assert_float_equal(sums[i].row_sums[row], sum, 1e-5);
        }
    }
}

static void test_panel_groups(void **state)
{
    (void)state;
    enum { K = 67 };
    const float *in = math_random(K * GROUP_WIDTH, 1, 1);
    for (int i = 0; i < KERNELS; i++) {
        const kernels *kernels = kernels_named(kernel_names[i]);
        if (!kernels)
            continue;
        size_t rows = kernels->bfloat16.mr, columns = kernels->nr;
        for (size_t k = 1; k <= K; k++) {
            check_group(kernels, A_PANEL, (size_t[]){rows, 1, rows - 1}, in, k);
            check_group(kernels, A_PANEL, (size_t[]){rows - 1, rows, 2}, in, k);
            check_group(kernels, B_PANEL, (size_t[]){columns, columns, columns - 1}, in, k);
        }
    }
}

/* c[rows][columns] from panels against double precision; elements after the last column must not
 * change. */
static void check_panels_product(const kernels *kernels, size_t rows, size_t columns, size_t k,
                                 const float *bias, bool accumulate)
{
    const gemm_kernels *operations = &kernels->bfloat16;
    const size_t width = kernels->nr, ldc = columns + 3;
    float *a = math_random(rows * k, 1, rows), *b = math_random(columns * k, 1, columns + 100);
    float *c = math_random(rows * ldc, 1, k + 200);
    double *expected = math_doubles(c, rows * ldc);
    reference_gemm(GEMM_NT, rows, columns, k, math_rounded(a, rows * k), k,
                   math_rounded(b, columns * k), k, expected, ldc, accumulate);
    for (size_t i = 0; bias && i < rows * columns; i++)
        expected[i / columns * ldc + i % columns] += bias[i % columns];
    panel panel = make_panel(kernels, A_PANEL, rows, k);
    size_t panels = (columns + width - 1) / width;
    float *b_panels = aligned_elements(panels * width * panel.depth);
    operations->pack_rows(panel.elements, a, k, rows, k, A_PANEL);
    for (size_t j = 0; j < columns; j += width)
        operations->pack_rows(b_panels + j * panel.depth, b + j * k, k,
                              columns - j < width ? columns - j : width, k, B_PANEL);
    prefetch_range nothing = {0};
    operations->multiply_panel(rows, columns, panel.depth, panel.elements, b_panels, c, ldc, bias,
                               accumulate, &nothing);
    char what[100];
    snprintf(what, sizeof what, "%s, %zu x %zu x %zu%s%s: c", kernels->name, rows, columns, k,
             bias ? ", bias" : "", accumulate ? ", accumulated" : "");
    assert_close(what, c, expected, rows * ldc, 2e-6);
    free(b_panels);
    free(panel.elements);
}

/* All panel heights, remainders of k and remainders of columns, by all kernels. */
static void test_multiply_panel(void **state)
{
    (void)state;
    static const size_t depths[] = {1, 2, 15, 16, 17, 31, 32, 33, 34, 63, 64, 65, 301};
    static const size_t widths[] = {1, 2, 15, 16, 17, 31, 32, 33, 65};
    enum { DEPTHS = sizeof depths / sizeof *depths, WIDTHS = sizeof widths / sizeof *widths };
    for (int i = 0; i < KERNELS; i++) {
        const kernels *kernels = kernels_named(kernel_names[i]);
        for (size_t rows = 1; kernels && rows <= kernels->bfloat16.mr; rows++)
            for (size_t j = 0; j < DEPTHS; j++)
                for (size_t l = 0; l < WIDTHS; l++) {
                    const float *bias = math_random(65, 1, 300);
                    check_panels_product(kernels, rows, widths[l], depths[j],
                                         (rows + l) % 2 ? bias : NULL, (rows / 2 + j) % 2);
                    math_teardown(NULL);
                }
    }
}

static void test_sweep_of_odd_sizes(void **state)
{
    (void)state;
    check_gemm_sizes(GEMM_BFLOAT16);
}

/* More than one block of k, chunk of rows, chunk of columns and task. */
static void test_sizes_beyond_the_blocks(void **state)
{
    (void)state;
    for (int kind = GEMM_NN; kind <= GEMM_TN; kind++)
        for (int accumulate = 0; accumulate < 2; accumulate++) {
            check_gemm(GEMM_BFLOAT16, (gemm_kind)kind, 30, 70, 1601, accumulate);
            check_gemm(GEMM_BFLOAT16, (gemm_kind)kind, 4101, 35, 50, accumulate);
            check_gemm(GEMM_BFLOAT16, (gemm_kind)kind, 17, 4200, 31, accumulate);
            check_gemm(GEMM_BFLOAT16, (gemm_kind)kind, 130, 300, 769, accumulate);
        }
}

/* The bias, its gradient and GELU stay in float32. */
static void test_epilogues(void **state)
{
    (void)state;
    enum { M = 45, N = 77, K = 801 };
    float *a = math_random(M * K, 0.05, 1), *b = math_random(N * K, 1, 2);
    float *bias = math_random(N, 1, 3), *c = math_zeros(M * N), *gelu = math_zeros(M * N);
    const gemm_epilogue epilogue = {.bias = bias, .activated = gelu};
    gemm_fused(GEMM_BFLOAT16, GEMM_NT, M, N, K, a, K, b, K, c, N, false, &epilogue);
    double *expected = math_memory(M * N, sizeof *expected);
    reference_gemm(GEMM_NT, M, N, K, math_rounded(a, M * K), K, math_rounded(b, N * K), K, expected,
                   N, false);
    for (size_t i = 0; i < M * N; i++)
        expected[i] += bias[i % N];
    assert_close("biased", c, expected, M * N, 2e-6);
    for (size_t i = 0; i < M * N; i++)
        expected[i] = reference_gelu(expected[i]);
    assert_close("gelu", gelu, expected, M * N, 2e-6);

    enum { WIDE = 4200, ROWS = 29, DEPTH = 501 };
    float *left = math_random(DEPTH * ROWS, 1, 4), *right = math_random(DEPTH * WIDE, 1, 5);
    float *sums = math_random(ROWS, 1, 6), *wide = math_zeros(ROWS * WIDE);
    double *expected_sums = reference_row_sums(sums, left, ROWS, DEPTH);
    const gemm_epilogue with_sums = {.row_sums = sums};
    gemm_fused(GEMM_BFLOAT16, GEMM_TN, ROWS, WIDE, DEPTH, left, ROWS, right, WIDE, wide, WIDE, true,
               &with_sums);
    assert_close("row sums", sums, expected_sums, ROWS, 2e-6);
}

typedef struct product {
    gemm_kind kind;
    size_t m, n, k;
    const float *a, *b;
    float *c;
} product;

static void multiply(void *context)
{
    product *p = context;
    gemm_fused(GEMM_BFLOAT16, p->kind, p->m, p->n, p->k, p->a, p->kind == GEMM_TN ? p->m : p->k,
               p->b, p->kind == GEMM_NT ? p->k : p->n, p->c, p->n, false, NULL);
}

static void test_threads_give_the_same_bits(void **state)
{
    (void)state;
    static const size_t sizes[][3] = {{515, 131, 1601}, {20, 3000, 501}, {1500, 33, 101}};
    for (int kind = GEMM_NN; kind <= GEMM_TN; kind++)
        for (size_t i = 0; i < 3; i++) {
            size_t m = sizes[i][0], n = sizes[i][1], k = sizes[i][2];
            product product = {
                (gemm_kind)kind,  m, n, k, math_random(m * k, 1, 1), math_random(n * k, 1, 2),
                math_zeros(m * n)};
            assert_same_for_threads("gemm", multiply, &product, product.c, m * n);
        }
}

/* Infinities and NaNs must reach the loss, where training checks for them. */
static void test_numbers_that_are_not_finite(void **state)
{
    (void)state;
    enum { M = 5, N = 7, K = 9 };
    float *a = math_random(M * K, 1, 1), *b = math_random(N * K, 1, 2), c[M * N];
    a[2 * K + 8] =
        float_of(0x7f800001u); /* the payload is in the lower half, which rounding drops */
    b[3 * K + 1] = INFINITY;
    gemm_fused(GEMM_BFLOAT16, GEMM_NT, M, N, K, a, K, b, K, c, N, false, NULL);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++)
            if (i == 2)
                assert_true(isnan(c[i * N + j]));
            else
                assert_true(j == 3 ? isinf(c[i * N + j]) : isfinite(c[i * N + j]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        math_test(test_rounding_of_every_number),
        math_test(test_panels_of_every_shape),
        math_test(test_panel_groups),
        math_test(test_multiply_panel),
        math_test(test_sweep_of_odd_sizes),
        math_test(test_sizes_beyond_the_blocks),
        math_test(test_epilogues),
        math_test(test_threads_give_the_same_bits),
        math_test(test_numbers_that_are_not_finite),
    };
    return cmocka_run_group_tests(tests, math_setup, NULL);
}
