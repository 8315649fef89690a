#include "testing.h"

#include "bert.h"
#include "formats/json.h"
#include "optim/schedule.h"

#include <math.h>

static void test_names(void **state)
{
    (void)state;
    const char *name;
    const schedule_type *type;
    for (int i = 0; (name = bert_lr_scheduler_name((bert_lr_scheduler)i)); i++) {
        assert_ok(schedule_type_find(&type, name, error)); /* each of the option */
        assert_string_equal(type->name, name);
        assert_int_equal(type->has_warmup, !type->instead);
        assert_int_equal(type->has_warmup,
                         i != BERT_LR_SCHEDULER_CONSTANT && i != BERT_LR_SCHEDULER_ONE_CYCLE);
    }
    assert_fails(schedule_type_find(&type, "cosinus", error), BERT_ERROR_INVALID_ARGUMENT,
                 "'cosinus': expected linear, cosine");
    assert_string_equal(schedule_with_figure(SCHEDULE_POWER), "polynomial");
}

static const schedule_type *type_of(const char *name)
{
    const schedule_type *type = NULL;
    assert_ok(schedule_type_find(&type, name, error));
    return type;
}

static double factor(const char *name, int64_t step, int64_t warmup_steps, int64_t total_steps)
{
    const schedule schedule = schedule_default(type_of(name), warmup_steps, total_steps);
    return schedule_factor(&schedule, step);
}

/* transformers.get_linear_schedule_with_warmup(num_warmup_steps=4, num_training_steps=10) and
 * get_constant_schedule_with_warmup(num_warmup_steps=4), step by step, to the bit. */
static void test_exact_values(void **state)
{
    (void)state;
    const double linear[] = {0.0,       0.25,      0.5,       0.75,      1.0, 5.0 / 6.0,
                             4.0 / 6.0, 3.0 / 6.0, 2.0 / 6.0, 1.0 / 6.0, 0.0, 0.0};
    for (int step = 0; step < 12; step++) {
        assert_true(factor("linear", step, 4, 10) == linear[step]);
        assert_true(factor("constant_with_warmup", step, 4, 10) == (step < 4 ? linear[step] : 1.0));
        assert_true(factor("constant", step, 4, 10) == 1.0);
    }
}

static schedule read_schedule(const json_t *golden, const char *path)
{
    const char *name = NULL;
    int64_t warmup = 0, total = 0;
    assert_ok(json_get_string(golden, path, "name", true, &name, error));
    assert_ok(json_get_integer(golden, path, "warmup_steps", true, 0, 100, &warmup, error));
    assert_ok(json_get_integer(golden, path, "total_steps", true, 1, 100, &total, error));
    schedule schedule = schedule_default(type_of(name), warmup, total);
    const json_t *settings = json_object_get(golden, "settings");
    const struct {
        const char *key;
        double *out;
    } numbers[] = {{"power", &schedule.power},
                   {"end", &schedule.end},
                   {"pct_start", &schedule.pct_start},
                   {"div_factor", &schedule.div_factor},
                   {"final_div_factor", &schedule.final_div_factor},
                   {"decay_ratio", &schedule.decay_ratio}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        assert_ok(
            json_get_number(settings, path, numbers[i].key, false, 0, 1e5, numbers[i].out, error));
    const char *decay = json_string_value(json_object_get(settings, "decay_type"));
    if (decay)
        assert_ok(bert_lr_decay_parse(&schedule.decay_type, decay, error));
    assert_ok(json_get_integer(settings, path, "cycles", false, 1, 9, &schedule.cycles, error));
    return schedule;
}

/* Made by golden/make_golden.py with transformers and torch; the working directory is the
 * project's.
 */
static void test_every_step_of_transformers_and_pytorch(void **state)
{
    (void)state;
    static const char path[] = "tests/optim/golden/schedules.json";
    json_t *root, *golden;
    size_t i, seen = 0;
    const char *names[] = {
        "linear",       "cosine",    "cosine_with_restarts", "polynomial", "constant_with_warmup",
        "inverse_sqrt", "one_cycle", "warmup_stable_decay"};
    enum { NAMES = sizeof names / sizeof *names };
    bool seen_of[NAMES] = {false};
    assert_ok(json_read(&root, path, error));
    json_array_foreach(json_object_get(root, "cases"), i, golden)
    {
        const json_t *factors = json_object_get(golden, "factors");
        const schedule schedule = read_schedule(golden, path);
        for (int name = 0; name < NAMES; name++)
            seen_of[name] |= schedule.type == type_of(names[name]);
        for (size_t step = 0; step < json_array_size(factors); step++, seen++) {
            double expected = json_number_value(json_array_get(factors, step));
            double found = schedule_factor(&schedule, (int64_t)step);
            if (!(fabs(found - expected) <= 1e-14))
                fail_msg("case %zu, %s, step %zu: %.17g, expected %.17g", i,
                         json_string_value(json_object_get(golden, "name")), step, found, expected);
        }
    }
    json_decref(root);
    assert_true(seen > 300);
    for (int name = 0; name < NAMES; name++)
        assert_true(seen_of[name]);
}

static void test_edges(void **state)
{
    (void)state;
    assert_true(factor("cosine", 0, 0, 10) == 1.0);
    assert_true(factor("linear", 0, 0, 10) == 1.0); /* no warm-up */
    assert_true(factor("linear", 0, 0, 0) == 0.0);
    assert_true(factor("linear", 9, 10, 10) == 0.9); /* nothing but warm-up */
    assert_true(factor("linear", 10, 10, 10) == 0.0);
    assert_true(factor("inverse_sqrt", 30000, 0, 10) == 0.5); /* in units of 10,000 steps */
    /* Where PyTorch would divide by zero: the top is the first step, or the run one step. */
    schedule schedule = schedule_default(type_of("one_cycle"), 0, 10);
    schedule.pct_start = 0.1;
    assert_true(schedule_factor(&schedule, 0) == 1.0);
    schedule.total_steps = 1;
    assert_true(isfinite(schedule_factor(&schedule, 0)));
    assert_true(schedule_factor(&schedule, 7) == schedule_factor(&schedule, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_exact_values),
        cmocka_unit_test(test_every_step_of_transformers_and_pytorch),
        cmocka_unit_test(test_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
