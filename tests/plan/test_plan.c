#include "testing.h"

#include "bert/plan.h"
#include "plan/network.h"

#include <math.h>

#define assert_near(found, expected)                                                    \
    do {                                                                                \
        double near_found = (found), near_expected = (expected);                        \
        if (!(fabs(near_found - near_expected) <= 1e-9 * fabs(near_expected)))          \
            fail_msg("%s is %.12g; expected %.12g", #found, near_found, near_expected); \
    } while (0)

static void test_collectives(void **state)
{
    (void)state;
    network_link link = {.bandwidth = 1e9, .latency = 1e-5};
    assert_true(network_all_reduce_seconds(&link, 1, 1e9) == 0);
    assert_near(network_reduce_scatter_seconds(&link, 2, 1e9), 0.5 + 1e-5);
    assert_near(network_all_gather_seconds(&link, 8, 1e9), 0.875 + 3e-5);
    assert_near(network_all_reduce_seconds(&link, 8, 1e9), 1.75 + 6e-5);
    assert_near(network_all_reduce_seconds(&link, 5, 0), 6e-5); /* a part of a round is a round */
}

static void test_waiting(void **state)
{
    (void)state;
    const network_bucket hidden[] = {{0, 1}, {2, 1}, {3, 1}};
    assert_true(network_waiting_seconds(hidden, 3, 4) == 0);
    assert_true(network_waiting_seconds(hidden, 3, 3) == 1);
    const network_bucket queue[] = {{0, 3}, {1, 3}, {2, 3}}; /* each waits for the one before */
    assert_true(network_waiting_seconds(queue, 3, 2) == 7);
    assert_true(network_waiting_seconds(NULL, 0, 2) == 0);
}

static bert_plan_params tiny_plan(void)
{
    bert_plan_params params = bert_plan_params_default();
    params.model = "tiny";
    params.tokens_per_second = 1000;
    params.batch_size = 64;
    params.max_steps = 100;
    return params;
}

static void test_one_node(void **state)
{
    (void)state;
    bert_plan_params params = tiny_plan();
    params.update_seconds = 0.5;
    params.price_per_hour = 2;
    params.watts = 250;
    params.price_per_kilowatt_hour = 0.5;
    bert_plan_result plan;
    assert_ok(bert_plan(&params, &plan, error));
    assert_int_equal(plan.parameters, 4433468); /* BertForPreTraining of 2 × 128 */
    assert_near(plan.tokens, 64 * 128 * 100.0);
    assert_near(plan.step_seconds, 8.192 + 0.5);
    assert_near(plan.hours, 869.2 / 3600);
    assert_near(plan.cost, 2 * 869.2 / 3600);
    assert_near(plan.kilowatt_hours, 0.25 * 869.2 / 3600);
    assert_near(plan.energy_cost, 0.125 * 869.2 / 3600);
    assert_true(plan.bytes_sent == 0 && plan.network_seconds == 0 && plan.efficiency == 1);
}

/* Counted by hand: tiny has 2 layers of 198,272 parameters, embeddings of 3,972,864 and heads of
 * 64,060 (pooler, NSP, MLM transform and bias). Of the multiplications of a token the first layer
 * has 128 × (12 × 128 + 2 × 128) = 229,376 and the heads 0.15 × 128 × (128 + 30,522) = 588,480. The
 * second layer has 128 × 2 × 128 for all tokens, and the other 196,608 for 0.15 of them and for one
 * of 128. */
static void test_two_nodes(void **state)
{
    (void)state;
    bert_plan_params params = tiny_plan();
    params.nodes = 2;
    params.bandwidth = 0.008; /* 1 MB/s */
    params.latency = 0;
    params.micro_batch_tokens = 4096; /* 32 sequences of 128: one pass */
    bert_plan_result plan;
    assert_ok(bert_plan(&params, &plan, error));
    assert_near(plan.compute_seconds, 4.096);
    assert_near(plan.bytes_sent, 4 * 4433468.0);
    assert_near(plan.network_seconds, 4 * 4.433468);
    /* Heads first, the second layer soon after them, the first at the end, then the embeddings. */
    double backward = 4.096 * 2 / 3, layers = 4 * 0.198272;
    double second = 32768 + 196608 * (0.15 + 1 / 128.0), all = 588480 + second + 229376;
    double heads = backward * 588480 / all;
    double free_at = fmax(heads + backward * second / all, heads + 4 * 0.064060) + layers;
    free_at = fmax(backward, free_at) + layers;
    assert_near(plan.waiting_seconds, free_at + 4 * 3.972864 - backward);
    assert_near(plan.efficiency, 8.192 / (2 * plan.step_seconds));
    assert_near(plan.step_seconds_without_overlap, 4.096 + plan.network_seconds);

    params.micro_batch_tokens = 2048; /* two passes: the window is half as long */
    bert_plan_result halves;
    assert_ok(bert_plan(&params, &halves, error));
    assert_true(halves.waiting_seconds > plan.waiting_seconds);

    params.gradient_dtype = BERT_PRECISION_BF16;
    assert_ok(bert_plan(&params, &plan, error));
    assert_near(plan.bytes_sent, 2 * 4433468.0);

    params.zero = true; /* float32 parameters come back */
    params.update_seconds = 1;
    assert_ok(bert_plan(&params, &plan, error));
    assert_near(plan.bytes_sent, (2 + 4) / 2.0 * 4433468);
    assert_near(plan.compute_seconds, 4.096 + 0.5);
}

/* What was measured with the network in it gives itself back. */
static void test_measured_on_several(void **state)
{
    (void)state;
    bert_plan_params params = tiny_plan();
    params.tokens_per_second = 0;
    params.seconds_per_step = 3;
    params.measured_nodes = params.nodes = 4;
    bert_plan_result plan;
    assert_ok(bert_plan(&params, &plan, error));
    assert_near(plan.step_seconds, 3);
    assert_true(plan.compute_seconds < 3 && plan.waiting_seconds > 0);

    params.seconds_per_step = 0;
    params.run_hours = 300 / 3600.0;
    assert_ok(bert_plan(&params, &plan, error));
    assert_near(plan.step_seconds, 3);

    params.run_hours = 1e-9;
    assert_fails(bert_plan(&params, &plan, error), BERT_ERROR_INVALID_ARGUMENT, "network alone");
}

static void test_shares(void **state)
{
    (void)state;
    bert_plan_params params = tiny_plan();
    bert_plan_result plan;
    params.nodes = 48; /* some take 2 sequences, all wait for them */
    assert_ok(bert_plan(&params, &plan, error));
    assert_near(plan.compute_seconds, 2 * 0.128);
    params.nodes = 65;
    assert_fails(bert_plan(&params, &plan, error), BERT_ERROR_INVALID_ARGUMENT, "65 nodes");
    params.grow_batch = true;
    assert_ok(bert_plan(&params, &plan, error));
    assert_near(plan.compute_seconds, 8.192);
    assert_int_equal(plan.batch_size, 64 * 65);
    assert_int_equal(plan.steps, 2); /* 100 / 65, the last one begun is ended */
}

static void test_wrong_values(void **state)
{
    (void)state;
    bert_plan_result plan;
    bert_plan_params params = tiny_plan();
    params.tokens_per_second = 0;
    assert_fails(bert_plan(&params, &plan, error), BERT_ERROR_INVALID_ARGUMENT, "no speed");
    params = tiny_plan();
    params.run_hours = 1;
    assert_fails(bert_plan(&params, &plan, error), BERT_ERROR_INVALID_ARGUMENT, "more than once");
    params = tiny_plan();
    params.measured_nodes = 2;
    assert_fails(bert_plan(&params, &plan, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->measured_nodes");
    params = tiny_plan();
    params.bandwidth = 0;
    assert_fails(bert_plan(&params, &plan, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->bandwidth is 0; expected a number above 0");
    params = tiny_plan();
    params.latency = NAN;
    assert_fails(bert_plan(&params, &plan, error), BERT_ERROR_INVALID_ARGUMENT, "params->latency");
    params = tiny_plan();
    params.model = "gigantic";
    assert_fails(bert_plan(&params, &plan, error), BERT_ERROR_INVALID_ARGUMENT, "gigantic");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collectives),
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_one_node),
        cmocka_unit_test(test_two_nodes),
        cmocka_unit_test(test_measured_on_several),
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_wrong_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
