/* Sums in row order, and bfloat16 as a format of messages. */
#include "testing.h"

#include "math/rows_sum.h"

#include <math.h>

enum { COUNT = 3000, ROWS = 3 }; /* more than one block, with a remainder */

static float rows[ROWS][COUNT], sums[COUNT], expected[COUNT];

static void fill_rows(void)
{
    for (int row = 0; row < ROWS; row++)
        for (int i = 0; i < COUNT; i++)
            rows[row][i] = sinf((float)(row * COUNT + i)) * powf(10.0f, (float)(i % 9 - 4));
}

static void test_sums_in_order(void **state)
{
    (void)state;
    const float *pointers[ROWS] = {rows[0], rows[1], rows[2]};
    fill_rows();
    for (int i = 0; i < COUNT; i++)
        expected[i] = (rows[0][i] + rows[1][i]) + rows[2][i];
    rows_sum(sums, pointers, ROWS, COUNT);
    assert_memory_equal(sums, expected, sizeof sums);
    for (int row = 0; row < ROWS; row++) { /* into any of the rows */
        fill_rows();
        rows_sum(rows[row], pointers, ROWS, COUNT);
        assert_memory_equal(rows[row], expected, sizeof expected);
    }
    rows_sum(rows[1], pointers + 1, 1, COUNT);
    assert_memory_equal(rows[1], pointers[1], sizeof expected);
}

static void test_bfloat16_rounds_to_nearest_even(void **state)
{
    (void)state;
    static const struct {
        float value;
        uint16_t bits;
    } cases[] = {
        {0.0f, 0x0000},        {-0.0f, 0x8000},     {1.0f, 0x3f80},          {0x1.02p0f, 0x3f81},
        {0x1.01p0f, 0x3f80},   {0x1.03p0f, 0x3f82}, {0x1.010002p0f, 0x3f81}, {-0x1.03p0f, 0xbf82},
        {INFINITY, 0x7f80},    {-INFINITY, 0xff80}, {0x1.ffp127f, 0x7f80}, /* rounds to infinity */
        {0x1.fcp127f, 0x7f7e}, {0x1p-149f, 0x0000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint16_t bits;
        bfloat16_from_float(&bits, &cases[i].value, 1);
        if (bits != cases[i].bits)
            fail_msg("%a became %04x, expected %04x", (double)cases[i].value, bits, cases[i].bits);
    }
    /* A NaN whose payload is in the dropped bits, and one with all bits set. */
    for (uint32_t payload = 0x7f800001; payload; payload = payload == 0x7f800001 ? 0xffffffff : 0) {
        float nan, back;
        uint16_t bits;
        memcpy(&nan, &payload, sizeof nan);
        bfloat16_from_float(&bits, &nan, 1);
        float_from_bfloat16(&back, &bits, 1);
        assert_true(isnan(back));
    }
}

static void test_sums_of_bfloat16(void **state)
{
    (void)state;
    static uint16_t narrow[ROWS][COUNT];
    const uint16_t *pointers[ROWS] = {narrow[0], narrow[1], narrow[2]};
    fill_rows();
    for (int row = 0; row < ROWS; row++) {
        bfloat16_from_float(narrow[row], rows[row], COUNT);
        float_from_bfloat16(rows[row], narrow[row], COUNT);
    }
    rows_sum_bfloat16(sums, pointers, ROWS, COUNT);
    for (int i = 0; i < COUNT; i++)
        assert_true(sums[i] == (rows[0][i] + rows[1][i]) + rows[2][i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_in_order),
        cmocka_unit_test(test_bfloat16_rounds_to_nearest_even),
        cmocka_unit_test(test_sums_of_bfloat16),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
