#include "testing.h"

#include "base/memory.h"
#include "base/threads.h"
#include "formats/json.h"
#include "optim/optimizers.h"

#include <math.h>

enum { STEPS = 10, MOST = 256 };

typedef struct matrix {
    size_t rows, columns, count;
    float *weights, *gradients, *momentum, *second; /* [count] of `memory` */
    float *workspace;
    void *memory;
    size_t bytes;
} matrix;

static void matrix_create(matrix *matrix, size_t rows, size_t columns)
{
    size_t workspace = optimizer_muon.workspace(rows, columns);
    *matrix = (struct matrix){.rows = rows, .columns = columns, .count = rows * columns};
    assert_in_range(matrix->count, 1, MOST);
    matrix->bytes = (4 * MOST + workspace) * sizeof(float);
    assert_ok(cpu_operations()->memory_map(&matrix->memory, matrix->bytes, "a matrix", error));
    matrix->weights = matrix->memory;
    matrix->gradients = matrix->weights + MOST;
    matrix->momentum = matrix->gradients + MOST;
    matrix->second = matrix->momentum + MOST;
    matrix->workspace = matrix->second + MOST;
    for (size_t i = 0; i < matrix->count; i++)
        matrix->weights[i] = (float)cos(0.3 * (double)(i * i));
}

static void matrix_free(matrix *matrix)
{
    cpu_operations()->memory_unmap(matrix->memory, matrix->bytes);
}

/* As golden/make_muon.py has them; clipping divides them by `factor` again. */
static void set_gradients(matrix *matrix, int number, double factor)
{
    for (size_t i = 0; i < matrix->count; i++) {
        double x = 0.7 * (double)(i * i) + 1.3 * number + (double)i;
        matrix->gradients[i] = (float)factor * (float)sin(x);
    }
}

static void step_matrix(matrix *matrix, const optimizer_settings *settings, int number,
                        double factor, size_t pieces)
{
    const optimizer_step step = {.learning_rate = 0.02,
                                 .gradient_scale = 1 / factor,
                                 .number = number,
                                 .operations = cpu_operations(),
                                 .precision = GEMM_FLOAT32};
    optimizer_slice slices[4];
    set_gradients(matrix, number, factor);
    for (size_t i = 0; i < pieces; i++) {
        size_t start = matrix->count * i / pieces, end = matrix->count * (i + 1) / pieces;
        slices[i] = (optimizer_slice){
            .weights = matrix->weights + start,
            .gradients = matrix->gradients + start,
            .states = {matrix->momentum + start, matrix->second + start},
            .count = end - start,
            .decay = true,
            .matrix = true,
            .rate_factor = optimizer_muon.rate_factor(settings, matrix->rows, matrix->columns),
        };
        optimizer_muon.direct(&slices[i], settings, &step);
    }
    const optimizer_matrix whole = {matrix->gradients, matrix->rows, matrix->columns};
    optimizer_muon.orthogonalize(&whole, matrix->workspace, settings, &step);
    for (size_t i = 0; i < pieces; i++)
        optimizer_muon.update(&slices[i], settings, &step);
}

static void check_case(const json_t *given, double factor, size_t pieces)
{
    bert_muon_adjustment adjustment;
    assert_ok(bert_muon_adjustment_parse(
        &adjustment, json_string_value(json_object_get(given, "adjust_lr_fn")), error));
    const optimizer_settings settings = {
        .weight_decay = 0.1, .momentum = 0.95, .muon_adjustment = adjustment};
    matrix matrix;
    matrix_create(&matrix, (size_t)json_integer_value(json_object_get(given, "rows")),
                  (size_t)json_integer_value(json_object_get(given, "columns")));
    for (int number = 1; number <= STEPS; number++)
        step_matrix(&matrix, &settings, number, factor, pieces);
    const json_t *expected = json_object_get(given, "weights");
    for (size_t i = 0; i < matrix.count; i++) {
        double value = json_number_value(json_array_get(expected, i));
        if (!(fabs(matrix.weights[i] - value) <= 1e-5))
            fail_msg("%zu × %zu, element %zu: %.9g, expected %.9g", matrix.rows, matrix.columns, i,
                     (double)matrix.weights[i], value);
        assert_true(matrix.second[i] == 0); /* AdamW's alone */
    }
    matrix_free(&matrix);
}

static void check_golden(double factor, size_t pieces)
{
    json_t *golden;
    assert_ok(json_read(&golden, "tests/optim/golden/muon.json", error));
    const json_t *cases = json_object_get(golden, "cases");
    assert_int_equal(json_array_size(cases), 20);
    for (size_t i = 0; i < json_array_size(cases); i++)
        check_case(json_array_get(cases, i), factor, pieces);
    json_decref(golden);
}

static void test_equals_pytorch(void **state)
{
    (void)state;
    check_golden(1, 1);
}

static void test_clipping_and_shards(void **state)
{
    (void)state;
    check_golden(8, 1);
    check_golden(0.25, 4);
}

/* A matrix without gradients has no direction to be divided by the norm of. */
static void test_zero_gradients(void **state)
{
    (void)state;
    const optimizer_settings settings = {.weight_decay = 0, .momentum = 0.95};
    const optimizer_step step = {
        .learning_rate = 1, .gradient_scale = 1, .number = 1, .operations = cpu_operations()};
    matrix matrix;
    matrix_create(&matrix, 3, 5);
    const optimizer_matrix whole = {matrix.gradients, 3, 5};
    optimizer_muon.orthogonalize(&whole, matrix.workspace, &settings, &step);
    for (size_t i = 0; i < matrix.count; i++)
        assert_true(matrix.gradients[i] == 0);
    matrix_free(&matrix);
}

/* What is no matrix of the encoder takes AdamW's step. */
static void test_others_are_adamw(void **state)
{
    (void)state;
    const optimizer_settings settings = {
        .beta1 = 0.9, .beta2 = 0.99, .epsilon = 1e-8, .weight_decay = 0.1, .momentum = 0.95};
    float values[2][4][3] = {{{1, -2, 3}, {0.5f, 0.25f, -1}}, {{1, -2, 3}, {0.5f, 0.25f, -1}}};
    const optimizer_type *types[2] = {&optimizer_muon, &optimizer_adamw};
    const optimizer_step step = {
        .learning_rate = 0.1, .gradient_scale = 1, .number = 1, .operations = cpu_operations()};
    for (int i = 0; i < 2; i++)
        types[i]->update(&(optimizer_slice){.weights = values[i][0],
                                            .gradients = values[i][1],
                                            .states = {values[i][2], values[i][3]},
                                            .count = 3,
                                            .decay = true,
                                            .rate_factor = 1},
                         &settings, &step);
    assert_memory_equal(values[0], values[1], sizeof values[0]);
    assert_true(values[0][0][0] < 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_pytorch),
        cmocka_unit_test(test_clipping_and_shards),
        cmocka_unit_test(test_zero_gradients),
        cmocka_unit_test(test_others_are_adamw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
