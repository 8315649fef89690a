/* Every setting is checked by name, and run.json gives back what went in. */
#include "tiny_run.h"

#include "options/options.h"
#include "train/settings.h"

#include <math.h>

static void test_every_range_has_its_message(void **state)
{
    (void)state;
    bert_pretrain_params without_data = tiny_params("run");
    bert_pretrain_result result;
    without_data.data = NULL;
    assert_fails(bert_pretrain(&without_data, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->data is missing");
    REFUSED(data = "", "params->data is empty");
    REFUSED(model = "", "params->model is empty");
    REFUSED(output = NULL, "params->output is missing");
    REFUSED(per_device_train_batch_size = 0,
            "params->per_device_train_batch_size is 0; expected a whole number from 1");
    REFUSED(gradient_accumulation_steps = -1, "params->gradient_accumulation_steps is -1");
    REFUSED(max_seq_length = 7, "params->max_seq_length is 7; expected a whole number from 8");
    REFUSED(pairs = (bert_pairs)99, "params->pairs is 99; expected segment or sentence");
    REFUSED(sequences = BERT_SEQUENCES_STREAM, "params->sequences = stream makes no pairs");
    REFUSED(next_sentence_prediction = false;
            params.pairs = BERT_PAIRS_SENTENCE,
            "params->pairs = sentence does not go with params->next_sentence_prediction = false");
    REFUSED(mask_unit = (bert_mask_unit)99, "params->mask_unit is 99");
    REFUSED(masks = (bert_masks)99, "params->masks is 99; expected dynamic or static");
    REFUSED(sequence_schedule = "128", "expected lengths from 8 to 65536 with their shares");
    REFUSED(sequence_schedule = "128:0.5,4:0.5", "expected lengths from 8 to 65536");
    REFUSED(sequence_schedule = "128:0.9,512:0.1x", "expected lengths from 8 to 65536");
    REFUSED(sequence_schedule = "128:nan", "expected lengths from 8 to 65536");
    REFUSED(sequence_schedule = "128:0.9,512:0.2", "the shares add up to 1.1, expected 1");
    REFUSED(short_seq_probability = 1.5,
            "params->short_seq_probability is 1.5; expected a number from 0 to 1");
    REFUSED(mlm_probability = 0, "params->mlm_probability is 0; expected a number above 0");
    REFUSED(mlm_probability = NAN, "params->mlm_probability is nan");
    REFUSED(optim = (bert_optimizer)99, "params->optim is 99");
    REFUSED(learning_rate = 0, "params->learning_rate is 0; expected a number above 0");
    REFUSED(learning_rate = INFINITY, "params->learning_rate is inf");
    REFUSED(weight_decay = -0.1, "params->weight_decay");
    REFUSED(adam_beta1 = 1, "params->adam_beta1 is 1; expected a number, at least 0 and below 1");
    REFUSED(adam_beta2 = -0.5, "params->adam_beta2");
    REFUSED(adam_epsilon = 0, "params->adam_epsilon");
    REFUSED(max_grad_norm = -1, "params->max_grad_norm");
    REFUSED(lr_scheduler_type = (bert_lr_scheduler)99, "params->lr_scheduler_type is");
    REFUSED(precision = (bert_precision)99, "params->precision is 99; expected float32 or bf16");
    REFUSED(precision = BERT_PRECISION_ANY, "params->precision is -1");
    REFUSED(warmup_steps = -1, "params->warmup_steps");
    REFUSED(warmup_ratio = 1.1, "params->warmup_ratio");
    REFUSED(warmup_ratio = 0.1, "params->warmup_steps and params->warmup_ratio");
    REFUSED(lr_scheduler_type = BERT_LR_SCHEDULER_CONSTANT, "no warm-up");
    REFUSED(max_steps = -5, "params->max_steps is -5");
    REFUSED(num_train_epochs = -1, "params->num_train_epochs");
    REFUSED(max_steps = params.num_train_epochs = 0, "both 0");
    REFUSED(logging_steps = 0, "params->logging_steps is 0; expected a whole number from 1");
    REFUSED(eval_epochs = 1, "params->eval_steps and params->eval_epochs");
    REFUSED(eval_samples = -1, "params->eval_samples");
    REFUSED(save_epochs = 1, "params->save_steps and params->save_epochs");
    REFUSED(save_total_limit = -1, "params->save_total_limit");
    REFUSED(stop_after_steps = -1, "params->stop_after_steps");
    REFUSED(hidden_dropout_prob = 1, "params->hidden_dropout_prob is 1; expected a number below 1");
    REFUSED(attention_probs_dropout_prob = 2, "params->attention_probs_dropout_prob");
    REFUSED(seed = UINT64_MAX, "params->seed");
    REFUSED(threads = -1, "params->threads");
    bert_pretrain_params params = tiny_params("run");
    assert_ok(settings_check(&params, error));
}

static void test_run_json_gives_back_every_setting(void **state)
{
    (void)state;
    const char *run = tiny_path("settings");
    assert_ok(directory_create(run, error));
    bert_pretrain_params params = tiny_params("somewhere");
    params.model = "base"; /* a size, not a path */
    params.per_device_train_batch_size = 3;
    params.max_seq_length = 99;
    params.short_seq_probability = 0.1 + 0.2; /* 0.30000000000000004 */
    params.mlm_probability = 1.0 / 3;
    params.next_sentence_prediction = false;
    params.optim = BERT_OPTIMIZER_ADAM;
    params.learning_rate = 1.2345678901234567e-5;
    params.weight_decay = 5e-324;
    params.adam_beta1 = nextafter(1, 0);
    params.adam_epsilon = 1e-300;
    params.max_grad_norm = 1e300;
    params.lr_scheduler_type = BERT_LR_SCHEDULER_POLYNOMIAL;
    params.lr_end = 1.0 / 3e6;
    params.lr_power = 1.0 / 7;
    params.batch_size_ramp = "24:0.25,48:0.75";
    params.learning_rate_scaling = BERT_LEARNING_RATE_SCALING_LINEAR;
    params.base_batch_size = 12;
    params.precision = BERT_PRECISION_BF16;
    params.sequences = BERT_SEQUENCES_STREAM;
    params.mask_unit = BERT_MASK_UNIT_SPAN;
    params.masks = BERT_MASKS_STATIC;
    params.warmup_steps = 0;
    params.warmup_ratio = 0.123;
    params.max_steps = ((int64_t)1 << 53) - 1;
    params.num_train_epochs = 0.7;
    params.save_total_limit = 4;
    params.gradient_dtype = BERT_PRECISION_BF16;
    params.zero = 1;
    params.seed = ((uint64_t)1 << 53) - 1;
    params.threads = 5;
    params.stop_after_steps = 11;
    run_settings settings, again;
    assert_ok(settings_create(&settings, &params, error));
    settings.data = (data_fingerprint){
        .train = {.documents = 1, .sentences = 2, .tokens = 3, .index_checksum = UINT64_MAX},
        .validation = {.documents = 4, .sentences = 5, .tokens = 6, .token_checksum = 7},
        .tokenizer_checksum = 8,
    };
    settings.phases[0].samples_per_epoch = 1234;
    assert_ok(settings_resolve(&settings, error));
    assert_ok(settings_write(&settings, run, error));
    assert_ok(settings_read(&again, run, error));
    assert_string_equal(again.params.data, tiny_data);
    assert_string_equal(again.params.model, "base");
    assert_int_equal(again.params.output[0], '/'); /* absolute: the resume may start elsewhere */
    assert_non_null(strstr(again.params.output, "/somewhere"));
    assert_int_equal(again.params.optim, settings.params.optim);
    assert_int_equal(again.params.lr_scheduler_type, settings.params.lr_scheduler_type);
    assert_string_equal(again.params.batch_size_ramp, "24:0.25,48:0.75");
    assert_int_equal(again.params.learning_rate_scaling, settings.params.learning_rate_scaling);
    assert_memory_equal(&again.batches, &settings.batches, sizeof again.batches);
    assert_int_equal(again.params.precision, settings.params.precision);
    assert_int_equal(again.params.gradient_dtype, settings.params.gradient_dtype);
    assert_int_equal(again.ranks, 1);
    assert_int_equal(again.params.pairs, settings.params.pairs);
    assert_int_equal(again.params.sequences, settings.params.sequences);
    assert_null(again.params.sequence_schedule);
    assert_int_equal(again.params.mask_unit, settings.params.mask_unit);
    assert_int_equal(again.params.masks, settings.params.masks);
    assert_int_equal(again.params.stop_after_steps, 0);
    size_t count; /* all the rest to the last bit */
    const bert_option *options = bert_pretrain_params_table(&count);
    for (size_t i = 0; i < count; i++)
        if (!option_is_string(&options[i]) && option_number(&again.params, &options[i]) !=
                                                  option_number(&settings.params, &options[i]))
            fail_msg("%s", options[i].name);
    assert_memory_equal(&again.data, &settings.data, sizeof again.data);
    assert_int_equal(again.phases[0].samples_per_epoch, 1234);
    assert_int_equal(again.total_steps, settings.total_steps);
    assert_int_equal(again.warmup_steps, settings.warmup_steps);
    settings_free(&settings);
    settings_free(&again);
    settings_free(&again);
}

static void test_schedule_of_lengths(void **state)
{
    (void)state;
    const char *run = tiny_path("schedule");
    assert_ok(directory_create(run, error));
    bert_pretrain_params params = tiny_params("run");
    params.sequence_schedule = "16:0.75,32:0.25";
    params.max_steps = 0;
    params.num_train_epochs = 3;
    params.warmup_steps = 0;
    run_settings settings, again;
    assert_ok(settings_create(&settings, &params, error));
    assert_int_equal(settings.phase_count, 2);
    assert_int_equal(settings.params.max_seq_length, 32); /* the longest, whatever was there */
    settings.phases[0].samples_per_epoch = 400;
    settings.phases[1].samples_per_epoch = 200;
    assert_ok(settings_resolve(&settings, error)); /* 8 samples a step */
    /* A step is 0.75 × 8/400 + 0.25 × 8/200 = 0.025 epochs on average. */
    assert_int_equal(settings.total_steps, 120);
    assert_int_equal(settings.phases[1].first_step, 90);
    assert_int_equal(settings_phase_end(&settings, 0), 90);
    assert_int_equal(settings_phase_end(&settings, 1), 120);
    assert_true(fabs(settings_epoch(&settings, 90) - 1.8) < 1e-12);
    assert_true(fabs(settings_epoch(&settings, 120) - 3) < 1e-12);
    assert_ok(settings_write(&settings, run, error));
    assert_ok(settings_read(&again, run, error));
    assert_memory_equal(&again.phases, &settings.phases, sizeof again.phases);
    settings_free(&settings);
    settings_free(&again);
}

static void test_changed_data_is_named(void **state)
{
    (void)state;
    bert_pretrain_params params = tiny_params("run");
    run_settings settings;
    assert_ok(settings_create(&settings, &params, error));
    settings.data.train = settings.data.validation = (split_fingerprint){1, 2, 3, 4, 5};
    data_fingerprint now = settings.data;
    assert_ok(settings_check_data(&settings, &now, error));
    now.train.tokens++;
    assert_fails(settings_check_data(&settings, &now, error), BERT_ERROR_INPUT, "4 tokens");
    now = settings.data;
    now.validation.index_checksum++;
    assert_fails(settings_check_data(&settings, &now, error), BERT_ERROR_INPUT,
                 "data.validation.idx: has changed");
    now = settings.data;
    now.train.token_checksum++;
    assert_fails(settings_check_data(&settings, &now, error), BERT_ERROR_INPUT,
                 "data.bin: has changed");
    now = settings.data;
    now.tokenizer_checksum++;
    assert_fails(settings_check_data(&settings, &now, error), BERT_ERROR_INPUT,
                 "data.tokenizer: the vocabulary");
    settings_free(&settings);
}

static void test_rhythm(void **state)
{
    (void)state;
    bert_pretrain_params params = tiny_params("run");
    params.max_steps = 0;
    params.num_train_epochs = 2.5;
    params.warmup_steps = 0;
    params.warmup_ratio = 0.1;
    run_settings settings;
    assert_ok(settings_create(&settings, &params, error));
    settings.phases[0].samples_per_epoch = 100;
    assert_ok(settings_resolve(&settings, error)); /* 8 samples a step */
    assert_int_equal(settings.total_steps, 32);    /* 31.25, and what is left */
    assert_int_equal(settings.warmup_steps, 4);
    assert_true(settings_epoch(&settings, 25) == 2.0);
    int due = 0;
    for (int step = 1; step <= 32; step++) {
        bool expected = step == 13 || step == 25; /* the first step that reaches 100, and 200 */
        assert_int_equal(settings_is_due(&settings, 0, 1.0, step), expected);
        assert_int_equal(settings_is_due(&settings, 5, 0, step), step % 5 == 0);
        assert_false(settings_is_due(&settings, 0, 0, step));
        due += settings_is_due(&settings, 0, 0.25, step);
    }
    assert_int_equal(due, 10);
    settings.phases[0].samples_per_epoch = 0;
    assert_fails(settings_resolve(&settings, error), BERT_ERROR_INVALID_ARGUMENT, "steps");
    settings_free(&settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_range_has_its_message),
        cmocka_unit_test(test_run_json_gives_back_every_setting),
        cmocka_unit_test(test_schedule_of_lengths),
        cmocka_unit_test(test_changed_data_is_named),
        cmocka_unit_test(test_rhythm),
    };
    return cmocka_run_group_tests(tests, tiny_set_up, tiny_tear_down);
}
