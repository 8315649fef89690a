#include "reference.h"

#include "math/activation.h"
#include "math/cross_entropy.h"

/* Numbers of both signs, log-uniform from `limit` down to limit / 2^30. */
static size_t spread(float *values, size_t most, float limit)
{
    size_t count = 0;
    for (size_t i = 0; i < most / 2; i++) {
        float value = limit * (float)pow(2, -30.0 * (double)i / ((double)most / 2));
        values[count++] = value;
        values[count++] = -value;
    }
    return count;
}

/* The error in units in the last place of the float nearest to `expected`. */
static double ulps(float got, double expected)
{
    int exponent;
    frexp(fmax(fabs(expected), 0x1p-126), &exponent);
    return fabs(got - expected) / ldexp(1, exponent - 24);
}

enum { COUNT = 100003 };

static void test_gelu_forward_error(void **state)
{
    (void)state;
    float *in = math_zeros(COUNT), *out = math_zeros(COUNT);
    size_t count = spread(in, COUNT, 30);
    activation_forward(ACTIVATION_GELU, out, in, count);
    for (size_t i = 0; i < count; i++) {
        double expected = reference_gelu(in[i]), bound = 1e-7 * fmax(1, fabs(in[i]));
        if (!(fabs(out[i] - expected) <= bound))
            fail_msg("gelu(%.9g) = %.9g, expected %.9g", (double)in[i], (double)out[i], expected);
        /* In the lower tail, where 1 + erf would cancel, the bound is relative. */
        double relative = 5e-7 + 4e-8 * (double)in[i] * in[i];
        if (in[i] > -12.5 && in[i] < 0 && !(fabs(out[i] - expected) <= relative * fabs(expected)))
            fail_msg("tail: gelu(%.9g) = %.9g, expected %.9g", (double)in[i], (double)out[i],
                     expected);
    }
}

static void test_gelu_backward_error(void **state)
{
    (void)state;
    float *in = math_zeros(COUNT), *d_out = math_random(COUNT, 1, 1), *d_in = math_zeros(COUNT);
    size_t count = spread(in, COUNT, 30);
    activation_backward(ACTIVATION_GELU, d_in, d_out, in, count);
    for (size_t i = 0; i < count; i++) {
        /* Five-point finite differences of the reference: error of order h⁴. */
        const double h = 1e-3, x = in[i];
        double slope = (8 * (reference_gelu(x + h) - reference_gelu(x - h)) -
                        (reference_gelu(x + 2 * h) - reference_gelu(x - 2 * h))) /
                       (12 * h);
        if (!(fabs(d_in[i] - d_out[i] * slope) <= 4e-7 * fabs(d_out[i])))
            fail_msg("gelu'(%.9g) = %.9g, expected %.9g", x, (double)(d_in[i] / d_out[i]), slope);
    }
}

static double reference_gelu_by_tanh(double x)
{
    return 0.5 * x * (1 + tanh(sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x)));
}

static double reference_relu(double x)
{
    return x > 0 ? x : 0;
}

static double reference_silu(double x)
{
    return x / (1 + exp(-x));
}

/* What each name computes. */
static const struct {
    const char *name;
    double (*function)(double x);
} references[] = {
    {"gelu", reference_gelu},
    {"gelu_python", reference_gelu},
    {"gelu_new", reference_gelu_by_tanh},
    {"gelu_pytorch_tanh", reference_gelu_by_tanh},
    {"relu", reference_relu},
    {"silu", reference_silu},
    {"swish", reference_silu},
};

static void check_activation(activation activation, double (*function)(double))
{
    float *in = math_zeros(COUNT), *d_out = math_random(COUNT, 1, 1);
    float *out = math_zeros(COUNT), *d_in = math_zeros(COUNT), *again = math_zeros(COUNT);
    size_t count = spread(in, COUNT, 30);
    activation_forward(activation, out, in, count);
    activation_backward_recompute(activation, d_in, again, d_out, in, count);
    assert_memory_equal(again, out, count * sizeof *out);
    activation_backward(activation, again, d_out, in, count);
    assert_memory_equal(again, d_in, count * sizeof *d_in);
    for (size_t i = 0; i < count; i++) {
        const double h = 1e-3, x = in[i];
        if (!(fabs(out[i] - function(x)) <= 2e-7 * fmax(1, fabs(x))))
            fail_msg("%s(%.9g) = %.9g, expected %.9g", activation_name(activation), x,
                     (double)out[i], function(x));
        if (function == reference_relu && fabs(x) < 3 * h)
            continue; /* it has no slope at 0 */
        double slope = (8 * (function(x + h) - function(x - h)) -
                        (function(x + 2 * h) - function(x - 2 * h))) /
                       (12 * h);
        if (!(fabs(d_in[i] - d_out[i] * slope) <= 6e-7 * fabs(d_out[i])))
            fail_msg("%s'(%.9g) = %.9g, expected %.9g", activation_name(activation), x,
                     (double)(d_in[i] / d_out[i]), slope);
    }
}

static void check_special_values(activation activation)
{
    const float in[5] = {0, NAN, INFINITY, -1e30f, 1e30f}, ones[5] = {1, 1, 1, 1, 1};
    float out[5];
    activation_forward(activation, out, in, 5);
    assert_true(out[0] == 0 && isnan(out[1]) && out[2] == INFINITY && out[3] == 0 &&
                out[4] == in[4]);
    activation_backward(activation, out, ones, in, 5);
    assert_true(out[3] == 0 && out[4] == 1);
}

static void test_every_activation(void **state)
{
    (void)state;
    int known = sizeof references / sizeof *references;
    for (activation found = 0; activation_name(found); found++) {
        int i = 0;
        while (i < known && strcmp(references[i].name, activation_name(found)) != 0)
            i++;
        if (i == known)
            fail_msg("no reference for %s", activation_name(found));
        check_activation(found, references[i].function);
        check_special_values(found);
    }
    for (int i = 0; i < known; i++) {
        activation found;
        assert_true(activation_find(&found, references[i].name));
        assert_string_equal(activation_name(found), references[i].name);
    }
    activation none;
    assert_false(activation_find(&none, "GELU"));
    assert_null(activation_name(-1));
    assert_null(activation_name(known));
    assert_string_equal(activation_name(ACTIVATION_GELU), "gelu");
    assert_string_equal(activation_name(ACTIVATION_RELU), "relu");
}

static void test_tanh_error(void **state)
{
    (void)state;
    float *in = math_zeros(COUNT), *out = math_zeros(COUNT), *d_in = math_zeros(COUNT);
    float *d_out = math_random(COUNT, 1, 1);
    size_t count = spread(in, COUNT, 60);
    tanh_forward(out, in, count);
    tanh_backward(d_in, d_out, out, count);
    for (size_t i = 0; i < count; i++) {
        double expected = tanh(in[i]), slope = 1 - expected * expected;
        if (!(ulps(out[i], expected) <= 2))
            fail_msg("tanh(%.9g) = %.9g, expected %.9g", (double)in[i], (double)out[i], expected);
        if (!(fabs(d_in[i] - d_out[i] * slope) <= 4e-7 * fabs(d_out[i])))
            fail_msg("tanh'(%.9g) = %.9g", (double)in[i], (double)(d_in[i] / d_out[i]));
    }
}

/* math/ exports no exp; softmax over {x, 0} with x below −30 is exp(x) up to the rounding of one
 * division and one multiplication. */
static void test_exp_error(void **state)
{
    (void)state;
    for (double x = -30; x > -86.5; x -= 0.00137) {
        float logits[2] = {(float)x, 0}, probabilities[2];
        softmax_forward(probabilities, logits, 1, 2);
        double expected = exp((double)logits[0]);
        if (!(ulps(probabilities[0], expected) <= 2))
            fail_msg("exp(%.9g) = %.9g, expected %.9g", x, (double)probabilities[0], expected);
        assert_true(probabilities[1] == 1);
    }
    float below[2] = {-87, 0}, infinite[2] = {-INFINITY, 0};
    softmax_forward(below, below, 1, 2);
    softmax_forward(infinite, infinite, 1, 2);
    assert_true(below[0] == 0 && infinite[0] == 0);
}

static void test_special_values(void **state)
{
    (void)state;
    const float in[5] = {0, NAN, INFINITY, -1e30f, 1e30f};
    float out[5];
    activation_forward(ACTIVATION_GELU, out, in, 5);
    assert_true(out[0] == 0 && isnan(out[1]) && out[2] == INFINITY && out[3] == 0 &&
                out[4] == in[4]);
    tanh_forward(out, in, 5);
    assert_true(out[0] == 0 && isnan(out[1]) && out[2] == 1 && out[3] == -1 && out[4] == 1);
    const float ones[5] = {1, 1, 1, 1, 1};
    activation_backward(ACTIVATION_GELU, out, ones, in, 5);
    assert_true(out[0] == 0.5f && isnan(out[1]) && out[3] == 0 && out[4] == 1);
}

/* In place, and with every remainder of the vector width. */
static void test_lengths_and_in_place(void **state)
{
    (void)state;
    const float *in = math_random(70, 2, 1), *d_out = math_random(70, 1, 2);
    float whole[70], d_whole[70];
    activation_forward(ACTIVATION_GELU, whole, in, 70);
    activation_backward(ACTIVATION_GELU, d_whole, d_out, in, 70);
    for (size_t count = 0; count <= 35; count++) {
        float out[71], d_in[71];
        memcpy(out, in, sizeof *out * 70);
        memcpy(d_in, d_out, sizeof *d_in * 70);
        activation_forward(ACTIVATION_GELU, out, out, count);
        activation_backward(ACTIVATION_GELU, d_in, d_in, in, count);
        assert_memory_equal(out, whole, count * sizeof *out);
        assert_memory_equal(d_in, d_whole, count * sizeof *d_in);
        assert_memory_equal(out + count, in + count, (70 - count) * sizeof *out);
        assert_memory_equal(d_in + count, d_out + count, (70 - count) * sizeof *d_in);
    }
}

typedef struct activation_run {
    const float *in, *d_out;
    float *results; /* four arrays of COUNT */
} activation_run;

static void test_relu(void **state)
{
    (void)state;
    const float in[] = {-1.5f, -0.0f, 0.0f, 2.5f, INFINITY, -INFINITY};
    const float expected[] = {0, 0, 0, 2.5f, INFINITY, 0};
    const float d_out[] = {1, 2, 3, 4, 5, 6}, d_expected[] = {0, 0, 0, 4, 5, 0};
    float out[6], d_in[6];
    activation_forward(ACTIVATION_RELU, out, in, 6);
    activation_backward(ACTIVATION_RELU, d_in, d_out, out, 6);
    for (int i = 0; i < 6; i++) {
        assert_true(out[i] == expected[i]);
        assert_true(d_in[i] == d_expected[i]);
    }
}

static void run(void *context)
{
    activation_run *r = context;
    activation_forward(ACTIVATION_GELU, r->results, r->in, COUNT);
    activation_backward(ACTIVATION_GELU, r->results + COUNT, r->d_out, r->in, COUNT);
    tanh_forward(r->results + 2 * COUNT, r->in, COUNT);
    tanh_backward(r->results + 3 * COUNT, r->d_out, r->results + 2 * COUNT, COUNT);
}

static void test_threads_give_the_same_bits(void **state)
{
    (void)state;
    activation_run r = {math_random(COUNT, 1, 1), math_random(COUNT, 1, 2), math_zeros(4 * COUNT)};
    assert_same_for_threads("activations", run, &r, r.results, 4 * COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        math_test(test_gelu_forward_error),
        math_test(test_gelu_backward_error),
        math_test(test_every_activation),
        math_test(test_tanh_error),
        math_test(test_relu),
        math_test(test_exp_error),
        math_test(test_special_values),
        math_test(test_lengths_and_in_place),
        math_test(test_threads_give_the_same_bits),
    };
    return cmocka_run_group_tests(tests, math_setup, NULL);
}
