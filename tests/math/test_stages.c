/* Panels packed by several threads together, against the same panels packed one by one. */
#include "math/stages.h"

#include "reference.h"

enum { LINES = 150, K = 1700, BLOCKS = 3, FIRST = 1, FIRST_BLOCK = 1, THREADS = 3 };

typedef struct setting {
    operand operand;
    size_t floats; /* of all panels of all blocks */
    const float *expected;
    float *packed;
} setting;

static size_t depth_of(const operand *operand)
{
    return divide_up(divide_up(operand->k, operand->blocks), operand->kernels->k_pack);
}

static setting make_setting(panel_side side, bool mn_contiguous, const float *values)
{
    const kernels *all = kernels_active();
    const gemm_kernels *kernels = &all->bfloat16;
    size_t full = side == A_PANEL ? kernels->mr : all->nr;
    setting setting = {.operand = {.kernels = kernels,
                                   .side = side,
                                   .values = values,
                                   .ld = mn_contiguous ? LINES : K,
                                   .mn_contiguous = mn_contiguous,
                                   .mn = LINES,
                                   .k = K,
                                   .panels = divide_up(LINES, full),
                                   .width = full,
                                   .blocks = BLOCKS}};
    const operand *operand = &setting.operand;
    setting.floats = BLOCKS * operand->panels * full * depth_of(operand);
    setting.packed = math_zeros(setting.floats);
    float *expected = math_zeros(setting.floats);
    for (size_t index = 0; index < BLOCKS; index++)
        for (size_t panel = FIRST; panel < operand->panels && index >= FIRST_BLOCK; panel++) {
            const piece piece = piece_of_block(operand, index, panel, panel + 1, 0, 1);
            size_t offset = (index - FIRST_BLOCK) * (operand->panels - FIRST) * full;
            pack_piece(operand, &piece,
                       panel_address(operand, expected + offset * depth_of(operand), FIRST, panel,
                                     block_at(operand, index).depth),
                       NULL);
        }
    setting.expected = expected;
    return setting;
}

/* The number of panels of a stage, already waited for, that differ from the expected ones. */
static size_t wrong_in_stage(const stages *stages, const setting *setting, size_t stage)
{
    const operand *operand = stages->operand;
    size_t wrong = 0;
    for (size_t index = FIRST_BLOCK; index < BLOCKS; index++)
        for (size_t panel = FIRST; panel < operand->panels; panel++) {
            if (stage_of(stages, index, panel) != stage)
                continue;
            size_t depth = block_at(operand, index).depth;
            const float *got =
                panel_address(operand, stages_panels(stages, index), FIRST, panel, depth);
            size_t lines = operand->side == A_PANEL
                               ? panel_start(operand, panel + 1) - panel_start(operand, panel)
                               : operand->width;
            wrong += memcmp(got, setting->expected + (got - setting->packed),
                            lines * depth * sizeof *got) != 0;
        }
    return wrong;
}

/* Each thread packs some units of the next stage, as it would between its tiles, then the rest. */
static size_t run_thread(const stages *stages, const setting *setting)
{
    size_t wrong = 0, unit;
    stage_pack_all(stages, 0);
    for (size_t stage = 0; stage < stages_count(stages); stage++) {
        stage_wait(stages, stage, stage);
        wrong += wrong_in_stage(stages, setting, stage);
        for (int i = 0; i < 2 && stage + 1 < stages_count(stages); i++)
            if (stage_claim(stages, stage + 1, &unit))
                stage_pack(stages, unit);
        if (stage + 1 < stages_count(stages))
            stage_pack_all(stages, stage + 1);
    }
    return wrong;
}

static void check_sums(const operand *operand, const float *sums)
{
    double expected[LINES] = {0};
    size_t start = panel_start(operand, FIRST);
    for (size_t line = start; line < LINES; line++)
        for (size_t p = block_at(operand, FIRST_BLOCK).p; p < K; p++)
            expected[line] += (double)operand->values[p * LINES + line];
    assert_close("sums", sums, expected, LINES, 1e-5);
}

static void check(panel_side side, bool mn_contiguous, bool summed, size_t chunks, bool one_block)
{
    const float *values = math_random(LINES * K, 1, 1);
    setting setting = make_setting(side, mn_contiguous, values);
    float *sums = math_zeros(LINES);
    static stage_counters counters;
    memset(&counters, 0, sizeof counters);
    stages stages = {.operand = &setting.operand,
                     .first = FIRST,
                     .end = setting.operand.panels,
                     .first_block = FIRST_BLOCK,
                     .end_block = BLOCKS,
                     .depth = depth_of(&setting.operand),
                     .packed = setting.packed,
                     .row_sums = summed ? sums : NULL,
                     .counters = &counters};
    stages_plan(&stages, chunks, one_block);
    assert_true(stages_count(&stages) >= 1 && stages_count(&stages) <= MOST_STAGES);
    size_t wrong = 0, unit;
#pragma omp parallel num_threads(THREADS) reduction(+ : wrong)
    wrong += run_thread(&stages, &setting);
    assert_int_equal(wrong, 0);
    assert_false(stage_claim(&stages, stages_count(&stages) - 1, &unit));
    assert_memory_equal(setting.packed, setting.expected, setting.floats * sizeof(float));
    if (summed)
        check_sums(&setting.operand, sums);
}

static void test_every_way_to_cut(void **state)
{
    (void)state;
    static const size_t chunks[] = {1, 2, 3, 1000};
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++)
        for (int one_block = 0; one_block < 2; one_block++) {
            check(A_PANEL, true, true, chunks[i], one_block);
            for (int mn_contiguous = 0; mn_contiguous < 2; mn_contiguous++) {
                check(A_PANEL, mn_contiguous, false, chunks[i], one_block);
                check(B_PANEL, mn_contiguous, false, chunks[i], one_block);
            }
        }
}

/* With MOST_STAGES blocks, each block is a single stage. */
static void test_no_more_stages_than_counters(void **state)
{
    (void)state;
    setting setting = make_setting(A_PANEL, true, math_random(LINES * K, 1, 1));
    setting.operand.blocks = MOST_STAGES;
    stages stages = {.operand = &setting.operand, .end = 5, .end_block = MOST_STAGES};
    stages_plan(&stages, 4, true);
    assert_int_equal(stages_count(&stages), MOST_STAGES);
    stages_plan(&stages, 4, false);
    assert_int_equal(stages_count(&stages), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        math_test(test_every_way_to_cut),
        math_test(test_no_more_stages_than_counters),
    };
    return cmocka_run_group_tests(tests, math_setup, NULL);
}
