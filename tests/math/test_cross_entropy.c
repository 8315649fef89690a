#include "reference.h"

#include "math/cross_entropy.h"
#include "math/distillation.h"
#include "math/squared_error.h"

typedef struct entropy {
    size_t rows, classes;
    const float *logits;
    const int32_t *labels;
    float *gradient; /* [rows × classes], then probabilities */
    double loss;
    double *x;
} entropy;

static const float scale = 0.37f;

static entropy make_entropy(size_t rows, size_t classes, double spread)
{
    entropy e = {.rows = rows, .classes = classes};
    e.logits = math_random(rows * classes, spread, 1);
    int32_t *labels = math_memory(rows, sizeof *labels);
    for (size_t row = 0; row < rows; row++)
        labels[row] = (int32_t)(row * 7919 % classes);
    e.labels = labels;
    e.gradient = math_zeros(2 * rows * classes);
    e.x = math_doubles(e.logits, rows * classes);
    return e;
}

static double reference_loss(void *context)
{
    entropy *e = context;
    double loss = 0;
    for (size_t row = 0; row < e->rows; row++) {
        const double *x = e->x + row * e->classes;
        double sum = 0, maximum = -INFINITY;
        for (size_t i = 0; i < e->classes; i++)
            maximum = fmax(maximum, x[i]);
        for (size_t i = 0; i < e->classes; i++)
            sum += exp(x[i] - maximum);
        loss += maximum + log(sum) - x[e->labels[row]];
    }
    return loss;
}

static void run(void *context)
{
    entropy *e = context;
    memcpy(e->gradient, e->logits, e->rows * e->classes * sizeof(float));
    e->loss =
        cross_entropy_forward_backward(e->gradient, e->labels, e->rows, e->classes, scale).loss;
    softmax_forward(e->gradient + e->rows * e->classes, e->logits, e->rows, e->classes);
}

static void test_against_finite_differences(void **state)
{
    (void)state;
    static const size_t shapes[][2] = {{1, 1}, {1, 2}, {3, 17}, {5, 33}, {12, 64}, {300, 3}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        entropy e = make_entropy(shapes[s][0], shapes[s][1], 3);
        size_t count = e.rows * e.classes;
        run(&e);
        double expected = reference_loss(&e), *gradient = math_memory(count, sizeof *gradient);
        assert_true(fabs(e.loss - expected) <= 1e-6 * fmax(expected, 1));
        assert_true(cross_entropy_forward(e.logits, e.labels, e.rows, e.classes).loss == e.loss);
        reference_gradient(gradient, e.x, count, reference_loss, &e);
        double *probabilities = math_memory(count, sizeof *probabilities);
        for (size_t i = 0; i < count; i++) {
            bool label = (size_t)e.labels[i / e.classes] == i % e.classes;
            probabilities[i] = gradient[i] + label;
            gradient[i] *= (double)scale;
        }
        if (e.classes > 1)
            assert_close("gradient", e.gradient, gradient, count, 2e-6);
        assert_close("probabilities", e.gradient + count, probabilities, count, 2e-6);
    }
}

static void test_a_whole_vocabulary(void **state)
{
    (void)state;
    entropy e = make_entropy(3, 30522, 4);
    run(&e);
    assert_true(fabs(e.loss - reference_loss(&e)) <= 1e-6 * e.loss);
    double *expected = math_memory(30522, sizeof *expected), sum = 0;
    for (size_t i = 0; i < 30522; i++)
        sum += expected[i] = exp(e.x[i]);
    for (size_t i = 0; i < 30522; i++)
        expected[i] = (double)scale * (expected[i] / sum - (i == (size_t)e.labels[0]));
    assert_close("gradient", e.gradient, expected, 30522, 2e-6);
}

static void test_correct_answers(void **state)
{
    (void)state;
    const float logits[] = {1, 5, 5, 2, /**/ 1, 5, 5, 2, /**/ 9, 0, 0, 9, /**/ 0, 0, 0, 1e-30f};
    const int32_t labels[] = {1, 2, 0, 3}; /* in a tie, the first class is the prediction */
    assert_int_equal(cross_entropy_forward(logits, labels, 4, 4).correct, 3);
}

static void test_extreme_logits(void **state)
{
    (void)state;
    const float logits[] = {1e30f, -1e30f, 0, -200, 0, -INFINITY};
    const int32_t labels[] = {0, 0, 0};
    cross_entropy_sums sums = cross_entropy_forward(logits, labels, 2, 3);
    assert_true(sums.loss == 200.0 && sums.correct == 1);
    float with_nan[] = {1, NAN, 2};
    assert_true(isnan(cross_entropy_forward(with_nan, labels, 1, 3).loss));
    assert_true(isnan(cross_entropy_forward_backward(with_nan, labels, 1, 3, 1).loss));
    assert_true(isnan(with_nan[0]));
}

/* An integer weight equals that many repetitions of the row. */
static void test_weights_count_as_repetitions(void **state)
{
    (void)state;
    static const float logits[] = {0.5f, -1, 2, 1, 0, 0.25f}, weights[] = {0, 3, 1};
    static const float repeated[] = {0.5f, -1, 2, 0.5f, -1, 2, 0.5f, -1, 2, 1, 0, 0.25f};
    static const int32_t labels[] = {1, 2}, repeated_labels[] = {1, 1, 1, 2};
    float gradient[6], repeated_gradient[12];
    memcpy(gradient, logits, sizeof gradient);
    memcpy(repeated_gradient, repeated, sizeof repeated_gradient);
    weighted_cross_entropy_sums sums =
        weighted_cross_entropy(gradient, gradient, labels, weights, 2, 3, scale);
    cross_entropy_sums expected =
        cross_entropy_forward_backward(repeated_gradient, repeated_labels, 4, 3, scale);
    assert_true(fabs(sums.loss - expected.loss) < 1e-6);
    assert_true(sums.weight == 4);
    assert_int_equal(sums.correct, 0);
    for (int i = 0; i < 3; i++) {
        assert_true(fabsf(gradient[i] - 3 * repeated_gradient[i]) < 1e-6f);
        assert_true(fabsf(gradient[3 + i] - repeated_gradient[9 + i]) < 1e-6f);
    }
    sums = weighted_cross_entropy(logits, NULL, labels, NULL, 2, 3, scale);
    assert_true(sums.weight == 2);
    assert_true(sums.loss == cross_entropy_forward(logits, labels, 1, 3).loss +
                                 cross_entropy_forward(logits + 3, labels + 1, 1, 3).loss);
}

static void test_squared_error(void **state)
{
    (void)state;
    static const float predictions[] = {1, 2, -1, 0.5f}, targets[] = {0, 4, -1, 1};
    static const float expected[] = {1, -2, 0, -0.5f};
    float gradient[4];
    double loss = squared_error(predictions, gradient, targets, 2, 2, 1);
    assert_true(loss == (1 + 4) / 2.0 + 0.25 / 2.0);
    for (int i = 0; i < 4; i++)
        assert_true(gradient[i] == expected[i]);
    assert_true(squared_error(predictions, NULL, targets, 4, 1, 1) == 2 * loss);
}

/* softmax(row / temperature) in double. */
static void soften(double *out, const float *row, size_t classes, double temperature)
{
    double sum = 0;
    for (size_t i = 0; i < classes; i++)
        sum += out[i] = exp((double)row[i] / temperature);
    for (size_t i = 0; i < classes; i++)
        out[i] /= sum;
}

/* More classes than one chunk, and a temperature that is not a power of two. */
static void test_soft_targets(void **state)
{
    (void)state;
    enum { ROWS = 3, CLASSES = 2500 };
    const double temperature = 1.7;
    const float *student = math_random(ROWS * CLASSES, 3, 1);
    float *teacher = math_random(ROWS * CLASSES, 3, 2);
    double *expected = math_memory(ROWS * CLASSES, sizeof *expected), loss = 0;
    double *known = math_memory(CLASSES, sizeof *known),
           *learned = math_memory(CLASSES, sizeof *learned);
    for (size_t row = 0; row < ROWS; row++) {
        soften(known, teacher + row * CLASSES, CLASSES, temperature);
        soften(learned, student + row * CLASSES, CLASSES, temperature);
        for (size_t i = 0; i < CLASSES; i++) {
            loss += temperature * temperature * known[i] * log(known[i] / learned[i]);
            expected[row * CLASSES + i] = (double)scale * temperature * (learned[i] - known[i]);
        }
    }
    double found = soft_targets(student, teacher, ROWS, CLASSES, (float)temperature, scale);
    assert_true(fabs(found / loss - 1) < 1e-5);
    assert_close("gradient", teacher, expected, ROWS * CLASSES, 1e-5);
    memcpy(teacher, student, ROWS * CLASSES * sizeof *teacher); /* no loss, no gradient */
    assert_true(fabs(soft_targets(student, teacher, ROWS, CLASSES, 2, scale)) < 1e-9);
}

static void test_cosine_distance(void **state)
{
    (void)state;
    const float student[] = {3, 4, 1, 0, 2, 2}, teacher[] = {6, 8, 0, 5, -1, -1};
    float gradient[6] = {0.5f};
    double sum = cosine_distance(gradient, student, teacher, 3, 2, scale);
    assert_true(fabs(sum - (0 + 1 + 2)) < 1e-6);
    const double expected[] = {0.5, 0, 0, -(double)scale, 0, 0}; /* accumulated */
    for (int i = 0; i < 6; i++)
        assert_true(fabs(gradient[i] - expected[i]) < 1e-6);
}

static void test_threads_give_the_same_bits(void **state)
{
    (void)state;
    entropy e = make_entropy(601, 99, 3);
    assert_same_for_threads("cross-entropy", run, &e, e.gradient, 2 * e.rows * e.classes);
    double loss = e.loss;
    run(&e);
    assert_true(e.loss == loss);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        math_test(test_against_finite_differences),
        math_test(test_a_whole_vocabulary),
        math_test(test_correct_answers),
        math_test(test_extreme_logits),
        math_test(test_weights_count_as_repetitions),
        math_test(test_squared_error),
        math_test(test_soft_targets),
        math_test(test_cosine_distance),
        math_test(test_threads_give_the_same_bits),
    };
    return cmocka_run_group_tests(tests, math_setup, NULL);
}
