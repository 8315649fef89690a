#include "testing.h"

#include "base/threads.h"
#include "formats/json.h"
#include "optim/lamb.h"

#include <math.h>

enum { MOST = 64 };

typedef struct tensor {
    float values[MOST], gradients[MOST], first[MOST], second[MOST];
    size_t count;
    bool scaled;
} tensor;

static void read_floats(float *out, size_t *count, const json_t *array)
{
    *count = json_array_size(array);
    assert_in_range(*count, 1, MOST);
    for (size_t i = 0; i < *count; i++)
        out[i] = (float)json_number_value(json_array_get(array, i));
}

static double number(const json_t *object, const char *key)
{
    double value = 0;
    assert_ok(json_get_number(object, "lamb.json", key, true, 0, 1, &value, error));
    return value;
}

/* A step of one tensor; scaled ones are divided into `pieces` slices, as on so many ranks. */
static optimizer_slice slice_of(tensor *tensor, size_t piece, size_t pieces, double trust_ratio)
{
    size_t start = tensor->count * piece / pieces, end = tensor->count * (piece + 1) / pieces;
    return (optimizer_slice){
        .weights = tensor->values + start,
        .gradients = tensor->gradients + start,
        .states = {tensor->first + start, tensor->second + start},
        .count = end - start,
        .decay = tensor->scaled,
        .rate_factor = trust_ratio,
    };
}

static void step_tensor(tensor *tensor, const optimizer_settings *settings, double learning_rate,
                        int64_t number, size_t pieces, double gradient_scale)
{
    const optimizer_step step = {.learning_rate = learning_rate,
                                 .gradient_scale = gradient_scale,
                                 .number = number,
                                 .operations = cpu_operations()};
    tensor_squares whole = {0};
    for (size_t i = 0; tensor->scaled && i < pieces; i++) {
        const optimizer_slice slice = slice_of(tensor, i, pieces, 0);
        tensor_squares here = optimizer_lamb.prepare(&slice, settings, &step);
        whole.weights += here.weights;
        whole.direction += here.direction;
    }
    double ratio = lamb_trust_ratio(whole);
    for (size_t i = 0; i < pieces; i++) {
        const optimizer_slice slice = slice_of(tensor, i, pieces, ratio);
        optimizer_lamb.update(&slice, settings, &step);
    }
}

/* golden/make_golden.py wrote Algorithm 2 down in float64; the working directory is the project's.
 */
static void check_golden(size_t pieces, double gradient_factor)
{
    json_t *golden;
    assert_ok(json_read(&golden, "tests/optim/golden/lamb.json", error));
    const json_t *given = json_object_get(golden, "settings"), *start, *steps;
    const optimizer_settings settings = {.beta1 = number(given, "beta1"),
                                         .beta2 = number(given, "beta2"),
                                         .epsilon = number(given, "epsilon"),
                                         .weight_decay = number(given, "weight_decay")};
    start = json_object_get(golden, "start");
    steps = json_object_get(golden, "steps");
    assert_int_equal(json_array_size(start), 3);
    assert_int_equal(json_array_size(steps), 5);
    for (size_t t = 0; t < 3; t++) {
        tensor tensor = {.scaled =
                             json_is_true(json_array_get(json_object_get(golden, "scaled"), t))};
        read_floats(tensor.values, &tensor.count, json_array_get(start, t));
        for (size_t step = 0; step < 5; step++) {
            const json_t *golden_step = json_array_get(steps, step);
            float expected[MOST];
            size_t count;
            read_floats(tensor.gradients, &count,
                        json_array_get(json_object_get(golden_step, "gradients"), t));
            for (size_t i = 0; i < count; i++)
                tensor.gradients[i] *= (float)gradient_factor;
            step_tensor(&tensor, &settings, number(given, "learning_rate"), (int64_t)step + 1,
                        pieces, 1 / gradient_factor);
            read_floats(expected, &count,
                        json_array_get(json_object_get(golden_step, "values"), t));
            for (size_t i = 0; i < count; i++) {
                if (!(fabsf(tensor.values[i] - expected[i]) <= 2e-6f * (1 + fabsf(expected[i]))))
                    fail_msg("tensor %zu, step %zu, element %zu: %.9g, expected %.9g", t, step, i,
                             (double)tensor.values[i], (double)expected[i]);
            }
        }
    }
    json_decref(golden);
}

static void test_equals_the_algorithm(void **state)
{
    (void)state;
    check_golden(1, 1);
    check_golden(3, 1);
    check_golden(1, 8);
}

static void test_ratio(void **state)
{
    (void)state;
    assert_true(lamb_trust_ratio((tensor_squares){9, 4}) == 1.5);
    assert_true(lamb_trust_ratio((tensor_squares){0, 4}) == 1.0); /* weights that are all zero */
    assert_true(lamb_trust_ratio((tensor_squares){9, 0}) == 1.0);
    assert_true(lamb_trust_ratio((tensor_squares){1e80, 1e80}) == 1.0);
}

/* Whatever the gradients are multiplied by, a tensor moves by the learning rate times its length.
 */
static void test_length_of_a_step(void **state)
{
    (void)state;
    const optimizer_settings settings = {.beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-12};
    for (int power = -3; power <= 3; power++) {
        tensor tensor = {.count = 40, .scaled = true};
        double length = 0, moved = 0;
        float before[40];
        for (size_t i = 0; i < 40; i++) {
            before[i] = tensor.values[i] = cosf((float)i);
            tensor.gradients[i] = sinf((float)i + 1) * powf(10, (float)power);
            length += (double)before[i] * before[i];
        }
        step_tensor(&tensor, &settings, 0.01, 1, 1, 1);
        for (size_t i = 0; i < 40; i++)
            moved += pow((double)tensor.values[i] - before[i], 2);
        assert_true(fabs(sqrt(moved) / sqrt(length) - 0.01) < 1e-6);
    }
}

static void test_threads_do_not_change_bits(void **state)
{
    (void)state;
    enum { COUNT = 600011 }; /* beyond one run of blocks */
    static float results[3][4][COUNT];
    tensor_squares squares[3];
    const optimizer_settings settings = {
        .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.01};
    const optimizer_step step = {
        .learning_rate = 1e-3, .gradient_scale = 0.7, .number = 1, .operations = cpu_operations()};
    int before = threads_count();
    for (int threads = 1; threads <= 3; threads++) {
        float(*arrays)[COUNT] = results[threads - 1];
        threads_use(threads);
        for (int i = 0; i < COUNT; i++) {
            arrays[0][i] = sinf((float)i);
            arrays[1][i] = cosf((float)i);
        }
        optimizer_slice slice = {.weights = arrays[0],
                                 .gradients = arrays[1],
                                 .states = {arrays[2], arrays[3]},
                                 .count = COUNT,
                                 .decay = true};
        squares[threads - 1] = optimizer_lamb.prepare(&slice, &settings, &step);
        slice.rate_factor = lamb_trust_ratio(squares[threads - 1]);
        optimizer_lamb.update(&slice, &settings, &step);
    }
    threads_use(before);
    assert_memory_equal(results[0], results[1], sizeof results[0]);
    assert_memory_equal(results[0], results[2], sizeof results[0]);
    assert_memory_equal(&squares[0], &squares[1], sizeof squares[0]);
    assert_memory_equal(&squares[0], &squares[2], sizeof squares[0]);
    assert_true(fabs(squares[0].weights / COUNT - 0.5) < 1e-4); /* the mean of sin² */
    assert_true(results[0][0][COUNT - 1] != sinf((float)(COUNT - 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_the_algorithm),
        cmocka_unit_test(test_ratio),
        cmocka_unit_test(test_length_of_a_step),
        cmocka_unit_test(test_threads_do_not_change_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
