#include "reference.h"

#include "math/activation.h"
#include "math/linear.h"

typedef struct layer {
    gemm_precision precision;
    size_t rows, inputs, outputs;
    const float *in, *weight, *bias, *d_out;
    const float *weight_before, *bias_before;          /* the gradients before accumulation */
    float *out, *activated, *d_in, *d_weight, *d_bias; /* one allocation */
    size_t result_count;
    double *x_in, *x_weight, *x_bias;
    bool with_gelu;
} layer;

static layer make_layer(size_t rows, size_t inputs, size_t outputs)
{
    layer l = {.rows = rows, .inputs = inputs, .outputs = outputs};
    l.in = math_random(rows * inputs, 1, 1);
    l.weight = math_random(outputs * inputs, 0.3, 2);
    l.bias = math_random(outputs, 1, 3);
    l.d_out = math_random(rows * outputs, 1, 4);
    l.weight_before = math_random(outputs * inputs, 1, 5);
    l.bias_before = math_random(outputs, 1, 6);
    l.result_count = 2 * rows * outputs + rows * inputs + outputs * inputs + outputs;
    l.out = math_zeros(l.result_count);
    l.activated = l.out + rows * outputs;
    l.d_in = l.activated + rows * outputs;
    l.d_weight = l.d_in + rows * inputs;
    l.d_bias = l.d_weight + outputs * inputs;
    l.x_in = math_doubles(l.in, rows * inputs);
    l.x_weight = math_doubles(l.weight, outputs * inputs);
    l.x_bias = math_doubles(l.bias, outputs);
    return l;
}

static void run(void *context)
{
    layer *l = context;
    memset(l->out, 0xff, l->result_count * sizeof(float));
    memcpy(l->d_weight, l->weight_before, l->outputs * l->inputs * sizeof(float));
    memcpy(l->d_bias, l->bias_before, l->outputs * sizeof(float));
    linear_activation_forward(l->precision, ACTIVATION_GELU, l->activated, l->out, l->in, l->weight,
                              l->bias, l->rows, l->inputs, l->outputs);
    linear_backward_input(l->precision, l->d_in, l->d_out, l->weight, l->rows, l->inputs,
                          l->outputs);
    linear_backward_weight(l->precision, l->d_weight, l->d_bias, l->d_out, l->in, l->rows,
                           l->inputs, l->outputs);
}

static double output(const layer *l, size_t row, size_t j)
{
    double sum = l->x_bias[j];
    for (size_t i = 0; i < l->inputs; i++)
        sum += l->x_in[row * l->inputs + i] * l->x_weight[j * l->inputs + i];
    return sum;
}

static double loss(void *context)
{
    const layer *l = context;
    double sum = 0;
    for (size_t row = 0; row < l->rows; row++)
        for (size_t j = 0; j < l->outputs; j++)
            sum += output(l, row, j) * l->d_out[row * l->outputs + j];
    return sum;
}

static void test_forward_and_backward(void **state)
{
    (void)state;
    static const size_t sizes[][3] = {{1, 1, 1}, {3, 7, 2}, {17, 5, 33}, {20, 19, 16}};
    for (size_t c = 0; c < sizeof sizes / sizeof *sizes; c++) {
        layer l = make_layer(sizes[c][0], sizes[c][1], sizes[c][2]);
        run(&l);
        size_t out_count = l.rows * l.outputs, weights = l.outputs * l.inputs;
        double *expected = math_memory(out_count, sizeof *expected);
        for (size_t i = 0; i < out_count; i++)
            expected[i] = output(&l, i / l.outputs, i % l.outputs);
        assert_close("out", l.out, expected, out_count, 2e-6);
        float *plain = math_zeros(out_count);
        linear_forward(GEMM_FLOAT32, plain, l.in, l.weight, l.bias, l.rows, l.inputs, l.outputs);
        assert_memory_equal(plain, l.out, out_count * sizeof *plain);
        for (size_t i = 0; i < out_count; i++)
            expected[i] = reference_gelu(expected[i]);
        assert_close("activated", l.activated, expected, out_count, 2e-6);

        double *d_in = math_memory(l.rows * l.inputs, sizeof *d_in);
        double *d_weight = math_memory(weights, sizeof *d_weight);
        double *d_bias = math_memory(l.outputs, sizeof *d_bias);
        reference_gradient(d_in, l.x_in, l.rows * l.inputs, loss, &l);
        reference_gradient(d_weight, l.x_weight, weights, loss, &l);
        reference_gradient(d_bias, l.x_bias, l.outputs, loss, &l);
        for (size_t i = 0; i < weights; i++)
            d_weight[i] += l.weight_before[i];
        for (size_t i = 0; i < l.outputs; i++)
            d_bias[i] += l.bias_before[i];
        assert_close("d_in", l.d_in, d_in, l.rows * l.inputs, 2e-6);
        assert_close("d_weight", l.d_weight, d_weight, weights, 2e-6);
        assert_close("d_bias", l.d_bias, d_bias, l.outputs, 2e-6);
        math_teardown(NULL);
    }
}

/* The backward pass of GELU between two layers: the gradient of its input, and its output
 * recomputed. */
static void test_backward_through_gelu(void **state)
{
    (void)state;
    static const size_t sizes[][3] = {{1, 1, 1}, {3, 7, 2}, {17, 5, 33}, {40, 130, 801}};
    for (size_t c = 0; c < sizeof sizes / sizeof *sizes; c++) {
        size_t rows = sizes[c][0], inputs = sizes[c][1], outputs = sizes[c][2];
        size_t count = rows * inputs;
        const float *d_out = math_random(rows * outputs, 1, 1), *before = math_random(count, 2, 2);
        const float *weight = math_random(outputs * inputs, 0.1, 3);
        float *d_before = math_zeros(count), *activated = math_zeros(count);
        float *d_activated = math_zeros(count), *expected = math_zeros(count);
        linear_activation_backward_input(GEMM_FLOAT32, ACTIVATION_GELU, d_before, activated, d_out,
                                         before, weight, rows, inputs, outputs);
        activation_forward(ACTIVATION_GELU, expected, before, count);
        assert_memory_equal(activated, expected, count * sizeof *expected);
        linear_backward_input(GEMM_FLOAT32, d_activated, d_out, weight, rows, inputs, outputs);
        activation_backward(ACTIVATION_GELU, expected, d_activated, before, count);
        assert_memory_equal(d_before, expected, count * sizeof *expected);

        float *sum = math_random(count, 1, 4);
        double *expected_sum = math_doubles(sum, count);
        for (size_t i = 0; i < count; i++)
            expected_sum[i] += d_activated[i];
        linear_backward_input_add(GEMM_FLOAT32, sum, d_out, weight, rows, inputs, outputs);
        assert_close("sum", sum, expected_sum, count, 2e-6);
        math_teardown(NULL);
    }
}

static void test_without_bias(void **state)
{
    (void)state;
    layer l = make_layer(5, 6, 7);
    run(&l);
    float *out = math_zeros(35), *d_weight = math_copy(l.weight_before, 42);
    linear_forward(GEMM_FLOAT32, out, l.in, l.weight, NULL, 5, 6, 7);
    memset(l.x_bias, 0, 7 * sizeof *l.x_bias);
    double expected[35];
    for (size_t i = 0; i < 35; i++)
        expected[i] = output(&l, i / 7, i % 7);
    assert_close("out", out, expected, 35, 2e-6);
    linear_backward_weight(GEMM_FLOAT32, d_weight, NULL, l.d_out, l.in, 5, 6, 7);
    assert_memory_equal(d_weight, l.d_weight, 42 * sizeof *d_weight);
}

static void test_threads_give_the_same_bits(void **state)
{
    (void)state;
    layer l = make_layer(431, 67, 230);
    assert_same_for_threads("float32", run, &l, l.out, l.result_count);
    l.precision = GEMM_BFLOAT16;
    assert_same_for_threads("bfloat16", run, &l, l.out, l.result_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        math_test(test_forward_and_backward),
        math_test(test_backward_through_gelu),
        math_test(test_without_bias),
        math_test(test_threads_give_the_same_bits),
    };
    return cmocka_run_group_tests(tests, math_setup, NULL);
}
