/* Scores against what scikit-learn and scipy give (golden/scores.inc). */
#include "testing.h"

#include "tasks/scores.h"

#include <math.h>

enum { MOST = 64 };

struct classification_case {
    const char *name;
    size_t count, classes;
    int32_t predictions[MOST], labels[MOST];
    double accuracy, f1, matthews; /* f1 is NaN where there are more than two classes */
};

struct regression_case {
    const char *name;
    size_t count;
    double predictions[MOST], labels[MOST];
    double pearson, spearman;
};

#include "golden/scores.inc"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void assert_near(const char *name, const char *what, double found, double expected)
{
    if (isnan(found) != isnan(expected) || fabs(found - expected) > 1e-12)
        fail_msg("%s: %s is %.17g, expected %.17g", name, what, found, expected);
}

static void test_classification(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(classification_cases); i++) {
        const struct classification_case *c = &classification_cases[i];
        double matthews;
        assert_near(c->name, "accuracy", score_accuracy(c->predictions, c->labels, c->count),
                    c->accuracy);
        if (!isnan(c->f1))
            assert_near(c->name, "F1", score_f1(c->predictions, c->labels, c->count), c->f1);
        assert_ok(
            score_matthews(&matthews, c->predictions, c->labels, c->count, c->classes, error));
        assert_near(c->name, "Matthews", matthews, c->matthews);
    }
}

static void test_regression(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(regression_cases); i++) {
        const struct regression_case *c = &regression_cases[i];
        double spearman;
        assert_near(c->name, "Pearson", score_pearson(c->predictions, c->labels, c->count),
                    c->pearson);
        assert_ok(score_spearman(&spearman, c->predictions, c->labels, c->count, error));
        assert_near(c->name, "Spearman", spearman, c->spearman);
    }
}

/* scipy and scikit-learn refuse these. */
static void test_too_few_examples(void **state)
{
    (void)state;
    const double one = 1;
    const int32_t none = 0;
    double score;
    assert_true(isnan(score_accuracy(&none, &none, 0)));
    assert_true(isnan(score_pearson(&one, &one, 1)));
    assert_true(isnan(score_pearson(&one, &one, 0)));
    assert_ok(score_spearman(&score, &one, &one, 1, error));
    assert_true(isnan(score));
    assert_ok(score_matthews(&score, &none, &none, 0, 2, error));
    assert_true(score == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classification),
        cmocka_unit_test(test_regression),
        cmocka_unit_test(test_too_few_examples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
