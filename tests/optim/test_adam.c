#include "testing.h"

#include "bert.h"
#include "optim/adam.h"

#include "base/threads.h"

#include <math.h>

enum { SIZE = 4, STEPS = 5 };

/* Five steps of torch.optim's two classes in float64 (PyTorch 1.13), learning rate 0.01, decay 0.1,
 * from {0.5, −1.25, 2, −0.001} with the gradients of gradient_at. */
static const double adamw_values[SIZE] = {0.4490943092711583, -1.199841424903988, 2.004323453124596,
                                          -0.000995009990004999};
static const double adamw_first[SIZE] = {0.13144099999999997, -0.051467999999999986, -8.371e-06,
                                         0.0};
static const double adamw_second[SIZE] = {0.0005495002699200105, 0.00013127249211759013,
                                          4.990009995001005e-11, 0.0};
static const double adam_values[SIZE] = {0.45078787299741224, -1.2026509873221811,
                                         1.950021857076769, -0.005521039419265017};
static const double adam_first[SIZE] = {0.15102265570692575, -0.10177991099538429,
                                        0.08098889042697341, -2.7612563154443494e-05};
static const double adam_second[SIZE] = {0.0007029264128413824, 0.00037602832796530074,
                                         0.00019559556787568483, 1.5070067000440308e-09};

static void gradient_at(float *gradients, int step, double scale)
{
    gradients[0] = (float)(0.1 * step * scale);
    gradients[1] = (float)(-0.3 / step * scale);
    gradients[2] = (float)((step % 2 ? -1e-4 : 1e-4) * scale);
    gradients[3] = 0.0f;
}

static void assert_near(const float *found, const double *expected, double tolerance)
{
    for (int i = 0; i < SIZE; i++)
        if (!(fabs(found[i] - expected[i]) <= tolerance * fabs(expected[i])))
            fail_msg("element %d: %.9g, expected %.9g", i, found[i], expected[i]);
}

static void run(float *values, float *first, float *second, bool decoupled, bool decay,
                double gradient_factor)
{
    const optimizer_settings settings = {
        .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.1};
    const optimizer_type *type = decoupled ? &optimizer_adamw : &optimizer_adam;
    const float start[SIZE] = {0.5f, -1.25f, 2.0f, -0.001f};
    float gradients[SIZE];
    memcpy(values, start, sizeof start);
    memset(first, 0, SIZE * sizeof *first);
    memset(second, 0, SIZE * sizeof *second);
    for (int step = 1; step <= STEPS; step++) {
        gradient_at(gradients, step, gradient_factor);
        type->update(&(optimizer_slice){.weights = values,
                                        .gradients = gradients,
                                        .states = {first, second},
                                        .count = SIZE,
                                        .decay = decay},
                     &settings,
                     &(optimizer_step){.learning_rate = 0.01,
                                       .gradient_scale = 1.0 / gradient_factor,
                                       .number = step,
                                       .operations = cpu_operations()});
    }
}

static void test_adamw_equals_pytorch(void **state)
{
    (void)state;
    float values[SIZE], first[SIZE], second[SIZE];
    run(values, first, second, true, true, 1.0);
    assert_near(values, adamw_values, 1e-6);
    assert_near(first, adamw_first, 1e-5); /* the third one's terms cancel */
    assert_near(second, adamw_second, 1e-6);
}

static void test_adam_equals_pytorch(void **state)
{
    (void)state;
    float values[SIZE], first[SIZE], second[SIZE];
    run(values, first, second, false, true, 1.0);
    assert_near(values, adam_values, 1e-6);
    assert_near(first, adam_first, 1e-6);
    assert_near(second, adam_second, 1e-6);
}

static void test_gradient_scale_undoes_a_factor(void **state)
{
    (void)state;
    float values[SIZE], first[SIZE], second[SIZE];
    run(values, first, second, true, true, 8.0);
    assert_near(values, adamw_values, 1e-6);
    assert_near(second, adamw_second, 1e-6);
}

static void test_without_decay_both_kinds_are_one(void **state)
{
    (void)state;
    float decoupled[SIZE], coupled[SIZE], first[SIZE], second[SIZE];
    run(decoupled, first, second, true, false, 1.0);
    run(coupled, first, second, false, false, 1.0);
    assert_memory_equal(decoupled, coupled, sizeof coupled);
    assert_true(decoupled[3] == -0.001f); /* no gradient, no decay: nothing moves */
    assert_true(decoupled[0] > (float)adamw_values[0]);
}

static void test_threads_do_not_change_bits(void **state)
{
    (void)state;
    enum { COUNT = 50021 };
    static float results[3][4][COUNT];
    const optimizer_settings settings = {
        .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.01};
    int before = threads_count();
    for (int threads = 1; threads <= 3; threads++) {
        float(*arrays)[COUNT] = results[threads - 1];
        threads_use(threads);
        for (int i = 0; i < COUNT; i++)
            arrays[0][i] = sinf((float)i);
        for (int step = 1; step <= 2; step++) {
            for (int i = 0; i < COUNT; i++)
                arrays[1][i] = cosf((float)(i * step));
            const optimizer_slice slice = {.weights = arrays[0],
                                           .gradients = arrays[1],
                                           .states = {arrays[2], arrays[3]},
                                           .count = COUNT,
                                           .decay = true};
            adamw_update(&slice, &settings,
                         &(optimizer_step){.learning_rate = 1e-3,
                                           .gradient_scale = 0.7,
                                           .number = step,
                                           .operations = cpu_operations()});
        }
    }
    threads_use(before);
    assert_memory_equal(results[0], results[1], sizeof results[0]);
    assert_memory_equal(results[0], results[2], sizeof results[0]);
    assert_true(results[0][0][COUNT - 1] != sinf((float)(COUNT - 1)));
}

static void test_names(void **state)
{
    (void)state;
    const optimizer_type *type;
    const char *name;
    for (int i = 0; (name = bert_optimizer_name((bert_optimizer)i)); i++) { /* each of the option */
        assert_ok(optimizer_type_find(&type, name, error));
        assert_string_equal(type->name, name);
        assert_true(optimizer_state_count(type) <= OPTIMIZER_STATES_MAX);
    }
    assert_fails(optimizer_type_find(&type, "lars", error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->optim is \"lars\", expected adamw, adam");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_adamw_equals_pytorch),
        cmocka_unit_test(test_adam_equals_pytorch),
        cmocka_unit_test(test_gradient_scale_undoes_a_factor),
        cmocka_unit_test(test_without_decay_both_kinds_are_one),
        cmocka_unit_test(test_threads_do_not_change_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
