#include "testing.h"

#include "math/transpose.h"

static void test_every_element_changes_its_place(void **state)
{
    (void)state;
    static const size_t sizes[][2] = {{1, 1}, {1, 7}, {5, 1}, {16, 16}, {17, 33}, {300, 310}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        size_t rows = sizes[s][0], columns = sizes[s][1];
        float *in = malloc(rows * columns * sizeof *in);
        float *out = calloc(rows * columns, sizeof *out);
        for (size_t i = 0; i < rows * columns; i++)
            in[i] = (float)(i + 1);
        matrix_transpose(out, in, rows, columns);
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < columns; j++)
                assert_true(out[j * rows + i] == in[i * columns + j]);
        free(out);
        free(in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_element_changes_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
