/* Tables of options: that they are well-formed, and that members are set, read and checked by name.
 */
#include "tables.h"
#include "testing.h"

#include <float.h>
#include <math.h>

/* What holds of every option of every table, and of the defaults. */
static void assert_well_formed(const bert_option *option, const void *defaults)
{
    bool is_number = option->type >= BERT_OPTION_INT && option->type <= BERT_OPTION_DOUBLE;
    bool is_flag = option->type <= BERT_OPTION_SWITCH;
    assert_true(option->name && option->help && option->help[0]);
    assert_true(option->help[strlen(option->help) - 1] != '.');
    assert_true(is_flag == !option->value);
    assert_true(!option->opposite || is_flag);
    assert_true(is_number ? option->minimum < option->maximum : option->maximum == 0);
    assert_true((option->type == BERT_OPTION_CHOICE) == !!option->choices);
    assert_true(!option->optional || option->type >= BERT_OPTION_CHOICE);
    char text[256], expected[512];
    assert_true(bert_option_get(defaults, option, text, sizeof text) < sizeof text);
    bert_option_expected(option, expected, sizeof expected);
    assert_true(expected[0] && strlen(expected) + 1 < sizeof expected);
}

/* A default is what setting its own text gives, so that it is within its range, too. A string
 * without default has to be given. */
static void assert_default_can_be_set(void *params, const bert_option *option)
{
    char text[256];
    if (bert_option_get(params, option, text, sizeof text) == 0)
        return;
    assert_ok(bert_option_set(params, option, text, error));
    char again[256];
    bert_option_get(params, option, again, sizeof again);
    assert_string_equal(again, text);
}

static void test_every_table(void **state)
{
    (void)state;
#define TABLE(struct_name)                                                                    \
    {                                                                                         \
        size_t count;                                                                         \
        const bert_option *options = struct_name##_table(&count);                             \
        struct_name params = struct_name##_default();                                         \
        for (size_t i = 0; i < count; i++) {                                                  \
            assert_true(options[i].offset < sizeof params);                                   \
            assert_ptr_equal(bert_option_find(options, count, options[i].name), &options[i]); \
            assert_well_formed(&options[i], &params);                                         \
            assert_default_can_be_set(&params, &options[i]);                                  \
        }                                                                                     \
    }
    EVERY_TABLE
#undef TABLE
}

static bert_pretrain_params params;

static const bert_option *find(const char *name)
{
    size_t count;
    const bert_option *options = bert_pretrain_params_table(&count);
    const bert_option *option = bert_option_find(options, count, name);
    assert_non_null(option);
    return option;
}

#define SET(name, text) assert_ok(bert_option_set(&params, find(name), text, error))
#define REFUSED(name, text, message)                                                             \
    assert_fails(bert_option_set(&params, find(name), text, error), BERT_ERROR_INVALID_ARGUMENT, \
                 message)
#define READS(name, expected)                                    \
    do {                                                         \
        char text[64];                                           \
        bert_option_get(&params, find(name), text, sizeof text); \
        assert_string_equal(text, expected);                     \
    } while (0)

static void test_set(void **state)
{
    (void)state;
    params = bert_pretrain_params_default();
    SET("learning-rate", "2.5e-4");
    assert_true(params.learning_rate == 2.5e-4);
    SET("max_steps", "9007199254740992");
    assert_int_equal(params.max_steps, (int64_t)1 << 53);
    SET("next_sentence_prediction", "false");
    assert_false(params.next_sentence_prediction);
    SET("optim", "lamb");
    assert_int_equal(params.optim, BERT_OPTIMIZER_LAMB);
    SET("output", "run");
    assert_string_equal(params.output, "run");
    REFUSED("learning_rate", "0", "learning_rate is \"0\"; expected a number above 0");
    REFUSED("learning_rate", "nan", "a number above 0");
    REFUSED("learning_rate", "0x1p-3", "a number above 0");
    REFUSED("learning_rate", "1e999", "a number above 0");
    REFUSED("learning_rate", " 1", "a number above 0");
    REFUSED("mlm_probability", "1", "a number above 0 and below 1");
    REFUSED("adam_beta1", "1", "a number, at least 0 and below 1");
    REFUSED("hidden_dropout_prob", "1", "a number below 1");
    REFUSED("lr_power", "1001", "a number above 0, at most 1000");
    REFUSED("threads", "3000000000", "a whole number from 0 to 4096");
    REFUSED("threads", "1e3", "a whole number");
    REFUSED("seed", "-1", "a whole number from 0 to 2^53");
    REFUSED("seed", "18446744073709551616", "from 0 to 2^53");
    REFUSED("seed", "9007199254740993", "from 0 to 2^53"); /* a double rounds it to 2^53 */
    REFUSED("max_steps", "9007199254740993", "from 0 to 2^53");
    REFUSED("next_sentence_prediction", "yes", "expected true or false");
    REFUSED("optim", "lars", "optim is \"lars\"; expected adamw, adam");
    assert_true(params.learning_rate == 2.5e-4); /* as before */
}

static void test_get(void **state)
{
    (void)state;
    params = bert_pretrain_params_default();
    READS("learning_rate", "0.0001");
    READS("lr_end", "1e-07");
    READS("optim", "adamw");
    READS("next_sentence_prediction", "true");
    READS("tokenizer", "");
    params.weight_decay = 0.1 + 0.2;
    READS("weight_decay", "0.30000000000000004");
    char two[2];
    assert_int_equal(bert_option_get(&params, find("learning_rate"), two, sizeof two), 6);
    assert_string_equal(two, "0");
}

static void test_check(void **state)
{
    (void)state;
    size_t count;
    const bert_option *options = bert_tune_params_table(&count);
    bert_tune_params tune = bert_tune_params_default();
    assert_ok(bert_options_check(options, count, &tune, error));
    tune.seconds = NAN;
    assert_fails(bert_options_check(options, count, &tune, error), BERT_ERROR_INVALID_ARGUMENT,
                 "seconds is nan; expected a number, at least 0");
    tune.seconds = 1;
    tune.model = NULL;
    assert_fails(bert_options_check(options, count, &tune, error), BERT_ERROR_INVALID_ARGUMENT,
                 "model is missing");
    tune.model = "";
    assert_fails(bert_options_check(options, count, &tune, error), BERT_ERROR_INVALID_ARGUMENT,
                 "model is empty, expected a value");
    tune.model = "base";
    tune.precision = (bert_precision)99;
    assert_fails(bert_options_check(options, count, &tune, error), BERT_ERROR_INVALID_ARGUMENT,
                 "precision is 99; expected any, float32 or bf16");
    options = bert_resume_params_table(&count);
    bert_resume_params resume = bert_resume_params_default();
    resume.run = "run";
    assert_ok(bert_options_check(options, count, &resume, error));
    resume.zero = (bert_switch)2;
    assert_fails(bert_options_check(options, count, &resume, error), BERT_ERROR_INVALID_ARGUMENT,
                 "zero is 2; expected true or false");
    params = bert_pretrain_params_default();
    params.seed = ((uint64_t)1 << 53) + 1;
    assert_fails(bert_options_check(find("seed"), 1, &params, error), BERT_ERROR_INVALID_ARGUMENT,
                 "seed is 9007199254740993; expected a whole number from 0 to 2^53");
    params.max_steps = ((int64_t)1 << 53) + 1;
    assert_fails(bert_options_check(find("max_steps"), 1, &params, error),
                 BERT_ERROR_INVALID_ARGUMENT, "max_steps is 9007199254740993");
    options = bert_tune_params_table(&count);
    assert_null(bert_option_find(options, count, "secondss"));
    assert_null(bert_option_find(options, count, "second"));
}

static void test_choices(void **state)
{
    (void)state;
    bert_lr_scheduler scheduler = BERT_LR_SCHEDULER_LINEAR;
    assert_string_equal(bert_lr_scheduler_name(BERT_LR_SCHEDULER_ONE_CYCLE), "one_cycle");
    assert_null(bert_lr_scheduler_name((bert_lr_scheduler)99));
    assert_null(bert_pairs_name(BERT_PAIRS_UNSET));
    assert_ok(bert_lr_scheduler_parse(&scheduler, "inverse_sqrt", error));
    assert_int_equal(scheduler, BERT_LR_SCHEDULER_INVERSE_SQRT);
    assert_fails(bert_lr_scheduler_parse(&scheduler, "cosinus", error), BERT_ERROR_INVALID_ARGUMENT,
                 "\"cosinus\": expected linear, cosine");
    assert_int_equal(scheduler, BERT_LR_SCHEDULER_INVERSE_SQRT);
    size_t count;
    const bert_option *options = bert_evaluate_params_table(&count);
    const bert_option *pairs = bert_option_find(options, count, "pairs");
    bert_evaluate_params evaluate = bert_evaluate_params_default();
    char text[16];
    assert_int_equal(bert_option_get(&evaluate, pairs, text, sizeof text), 0);
    assert_ok(bert_option_set(&evaluate, pairs, "sentence", error));
    assert_int_equal(evaluate.pairs, BERT_PAIRS_SENTENCE);
    bert_option_get(&evaluate, pairs, text, sizeof text);
    assert_string_equal(text, "sentence");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_table), cmocka_unit_test(test_set),
        cmocka_unit_test(test_get),         cmocka_unit_test(test_check),
        cmocka_unit_test(test_choices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
