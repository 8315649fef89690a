#include "testing.h"

#include "optim/schedule.h"

static void test_names(void **state)
{
    (void)state;
    schedule_kind kind;
    assert_ok(schedule_parse(&kind, "linear", error));
    assert_int_equal(kind, SCHEDULE_LINEAR);
    assert_ok(schedule_parse(&kind, "constant", error));
    assert_int_equal(kind, SCHEDULE_CONSTANT);
    assert_ok(schedule_parse(&kind, "constant_with_warmup", error));
    assert_int_equal(kind, SCHEDULE_CONSTANT_WITH_WARMUP);
    assert_ok(schedule_parse(&kind, "cosine", error));
    assert_int_equal(kind, SCHEDULE_COSINE);
    assert_fails(schedule_parse(&kind, "cosinus", error), BERT_ERROR_USAGE, "'cosinus'");
}

/* transformers.get_linear_schedule_with_warmup(num_warmup_steps=4, num_training_steps=10) and
 * get_constant_schedule_with_warmup(num_warmup_steps=4), step by step. */
static void test_values_of_transformers(void **state)
{
    (void)state;
    const double linear[] = {0.0,       0.25,      0.5,       0.75,      1.0, 5.0 / 6.0,
                             4.0 / 6.0, 3.0 / 6.0, 2.0 / 6.0, 1.0 / 6.0, 0.0, 0.0};
    for (int step = 0; step < 12; step++) {
        assert_true(schedule_factor(SCHEDULE_LINEAR, step, 4, 10) == linear[step]);
        assert_true(schedule_factor(SCHEDULE_CONSTANT_WITH_WARMUP, step, 4, 10) ==
                    (step < 4 ? linear[step] : 1.0));
        assert_true(schedule_factor(SCHEDULE_CONSTANT, step, 4, 10) == 1.0);
    }
}

/* transformers.get_cosine_schedule_with_warmup(num_warmup_steps=4, num_training_steps=10): at
 * sixths of the half wave, whose cosines are roots of 3 and halves. */
static void test_cosine(void **state)
{
    (void)state;
    const double root = 0.86602540378443864676;
    const double cosine[] = {0.0,  0.25, 0.5,  0.75,           1.0, (1 + root) / 2,
                             0.75, 0.5,  0.25, (1 - root) / 2, 0.0, 0.0};
    for (int step = 0; step < 12; step++) {
        double difference = schedule_factor(SCHEDULE_COSINE, step, 4, 10) - cosine[step];
        assert_true(difference < 1e-15 && difference > -1e-15);
    }
}

static void test_edges(void **state)
{
    (void)state;
    assert_true(schedule_factor(SCHEDULE_COSINE, 0, 0, 10) == 1.0);
    assert_true(schedule_factor(SCHEDULE_LINEAR, 0, 0, 10) == 1.0); /* no warm-up */
    assert_true(schedule_factor(SCHEDULE_LINEAR, 0, 0, 0) == 0.0);
    assert_true(schedule_factor(SCHEDULE_LINEAR, 9, 10, 10) == 0.9); /* nothing but warm-up */
    assert_true(schedule_factor(SCHEDULE_LINEAR, 10, 10, 10) == 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_values_of_transformers),
        cmocka_unit_test(test_cosine),
        cmocka_unit_test(test_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
