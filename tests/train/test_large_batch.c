/* What large batches need: LAMB by named tensor, steps that change in size, and a learning rate
 * that follows them. */
#include "tiny_run.h"

#include "formats/json.h"
#include "train/batch_size.h"
#include "train/learning_rate.h"
#include "train/optimizer.h"

#include <math.h>

/* ------------------------------------------------------------------------------------- LAMB --- */

enum { STEPS = 4 };

static float some_value(size_t i, int step)
{
    return sinf((float)(i % 1000) * 1.7f + (float)step) * 0.05f + (i % 7 == 0 ? 0.2f : 0.0f);
}

typedef struct reference {
    double *values, *first, *second, *direction;
} reference;

/* Algorithm 2 of You et al. 2019, in double, tensor by tensor. */
static void reference_step(reference *r, const parameter *entry, const bert_pretrain_params *params,
                           double learning_rate, int step, double scale)
{
    double values = 0, directions = 0, decay = entry->decay ? params->weight_decay : 0;
    double b1 = params->adam_beta1, b2 = params->adam_beta2;
    for (size_t i = entry->offset; i < entry->offset + entry->count; i++) {
        double gradient = some_value(i, step) * scale;
        r->first[i] = b1 * r->first[i] + (1 - b1) * gradient;
        r->second[i] = b2 * r->second[i] + (1 - b2) * gradient * gradient;
        r->direction[i] = r->first[i] / (1 - pow(b1, step)) /
                              (sqrt(r->second[i] / (1 - pow(b2, step))) + params->adam_epsilon) +
                          decay * r->values[i];
        values += r->values[i] * r->values[i];
        directions += r->direction[i] * r->direction[i];
    }
    double ratio = entry->decay && values > 0 ? sqrt(values / directions) : 1;
    for (size_t i = entry->offset; i < entry->offset + entry->count; i++)
        r->values[i] -= learning_rate * ratio * r->direction[i];
}

static void test_lamb_by_named_tensor(void **state)
{
    (void)state;
    model_config config;
    parameter_table table;
    optimizer optimizer;
    bert_pretrain_params params = tiny_params("run");
    params.weight_decay = 0.1;
    params.adam_epsilon = 1e-6;
    assert_ok(model_config_read(&config, tiny_config, error));
    assert_ok(parameter_table_create(&table, &config, error));
    const optimizer_settings settings = {.beta1 = params.adam_beta1,
                                         .beta2 = params.adam_beta2,
                                         .epsilon = params.adam_epsilon,
                                         .weight_decay = params.weight_decay};
    assert_ok(optimizer_create(&optimizer, &optimizer_lamb, &settings, false, &table,
                               cpu_operations(), NULL, error));
    float *values = calloc(table.size, sizeof *values);
    float *gradients = calloc(table.size, sizeof *gradients);
    double *memory = calloc(4 * table.size, sizeof *memory);
    reference r = {memory, memory + table.size, memory + 2 * table.size, memory + 3 * table.size};
    parameters_initialize(&table, &config, 42, values);
    /* Query, key and value are adjacent; their lengths differ, so that one ratio would not do. */
    const parameter *key = parameter_of_role(&table, ROLE_KEY, 0, false);
    for (size_t i = 0; i < key->count; i++)
        values[key->offset + i] *= 50.0f;
    for (size_t i = 0; i < table.size; i++)
        r.values[i] = values[i];
    for (int step = 1; step <= STEPS; step++) {
        for (size_t e = 0; e < table.count; e++) {
            const parameter *entry = &table.entries[e];
            for (size_t i = entry->offset; i < entry->offset + entry->count; i++)
                gradients[i] = some_value(i, step);
            reference_step(&r, entry, &params, 0.02, step, 0.5);
        }
        const optimizer_step now = {.learning_rate = 0.02,
                                    .gradient_scale = 0.5,
                                    .number = step,
                                    .operations = cpu_operations()};
        assert_ok(optimizer_update(&optimizer, values, gradients, &now, NULL, error));
    }
    for (size_t e = 0; e < table.count; e++) {
        const parameter *entry = &table.entries[e];
        for (size_t i = entry->offset; i < entry->offset + entry->count; i++)
            if (!(fabs(values[i] - r.values[i]) <= 1e-5 * (0.1 + fabs(r.values[i]))))
                fail_msg("%s, element %zu: %.9g, expected %.9g", entry->name, i - entry->offset,
                         (double)values[i], r.values[i]);
    }
    free(memory);
    free(gradients);
    free(values);
    optimizer_free(&optimizer);
    parameter_table_free(&table);
}

static void test_lamb_learns(void **state)
{
    (void)state;
    bert_pretrain_params params = tiny_params(tiny_path("lamb"));
    params.optim = BERT_OPTIMIZER_LAMB;
    params.per_device_train_batch_size = 64;
    params.max_steps = 200;
    params.warmup_steps = 10;
    params.learning_rate = 0.05;
    params.eval_steps = params.save_steps = 0;
    tiny_pretrain(&params);
    double loss = last_metric(params.output, "mlm_loss");
    if (!(loss < 2.6)) /* chance is 3.7 */
        fail_msg("MLM loss %g", loss);
}

/* --------------------------------------------------------------- steps that change in size --- */

static bert_pretrain_params ramp_params(const char *output)
{
    bert_pretrain_params params = tiny_params(output);
    params.optim = BERT_OPTIMIZER_LAMB;
    params.learning_rate = 0.01;
    params.lr_scheduler_type = BERT_LR_SCHEDULER_POLYNOMIAL;
    params.lr_end = 1e-4;
    params.lr_power = 0.5;
    params.learning_rate_scaling = BERT_LEARNING_RATE_SCALING_SQRT;
    params.base_batch_size = 8;
    params.per_device_train_batch_size = 3;
    params.batch_size_ramp = "4:0.25,16:0.375,9:0.375"; /* borders: steps 4 and 10 of 16 */
    params.sequence_schedule = "24:0.5,32:0.5";         /* border: step 8 */
    params.logging_steps = 1;
    return params;
}

static int64_t size_of_step(int step)
{
    return step < 4 ? 4 : step < 10 ? 16 : 9;
}

/* The two phases of BERT's training, steps that grow and shrink, LAMB and a polynomial in one run:
 * stopped anywhere, also at and between the borders, it goes on to the same bits. */
static void test_resumed_anywhere(void **state)
{
    (void)state;
    const char *whole = tiny_path("whole");
    bert_pretrain_params params = ramp_params(whole);
    assert_true(tiny_pretrain(&params).finished);
    for (int stop = 1; stop < 16; stop++) {
        const char *run = tiny_path("stopped-%d", stop);
        params = ramp_params(run);
        params.stop_after_steps = stop;
        assert_false(tiny_pretrain(&params).finished);
        assert_true(tiny_resume(run, 0).finished);
        assert_same_runs(whole, run, 16);
    }
    const char *threads = tiny_path("two-threads");
    params = ramp_params(threads);
    params.threads = 2;
    tiny_pretrain(&params);
    assert_same_runs(whole, threads, 16);
}

static double number(const json_t *object, const char *key)
{
    double value = 0;
    assert_ok(json_get_number(object, "a line", key, true, 0, 1e9, &value, error));
    return value;
}

static void test_every_step_is_told(void **state)
{
    (void)state;
    text content = {0};
    int step = 0;
    double samples = 0;
    assert_ok(file_read(&content, tiny_path("whole/metrics.jsonl"), 1 << 20, error));
    for (char *line = strtok(content.data, "\n"); line; line = strtok(NULL, "\n")) {
        json_t *object = json_loads(line, 0, NULL);
        if (json_object_get(object, "learning_rate")) {
            double size = (double)size_of_step(step), scale = sqrt(size / 8);
            double rate =
                step < 2 ? 0.01 * step / 2 : (0.01 - 1e-4) * sqrt((16.0 - step) / 14) + 1e-4;
            samples += size;
            assert_true(fabs(number(object, "learning_rate") - rate * scale) < 1e-15);
            assert_true(number(object, "batch_size") == size);
            assert_true(number(object, "samples") == samples);
            step++;
        }
        json_decref(object);
    }
    text_free(&content);
    assert_int_equal(step, 16);
    json_t *run;
    assert_ok(json_read(&run, tiny_path("whole/run.json"), error));
    const json_t *batches = json_object_get(json_object_get(run, "resolved"), "batches");
    assert_int_equal(json_array_size(batches), 3);
    assert_true(number(json_array_get(batches, 1), "batch_size") == 16);
    assert_true(number(json_array_get(batches, 1), "first_step") == 4);
    assert_true(fabs(number(json_array_get(batches, 1), "learning_rate") - 0.01 * sqrt(2)) < 1e-15);
    json_decref(run);
}

/* Stages of the same size are one: nothing is lost or seen twice where they join; and micro-batches
 * of the ramp are those of --gradient-accumulation-steps. */
static void test_a_border_changes_nothing(void **state)
{
    (void)state;
    bert_pretrain_params params = tiny_params(tiny_path("plain"));
    params.per_device_train_batch_size = 4;
    params.gradient_accumulation_steps = 2;
    tiny_pretrain(&params);
    params.output = tiny_path("bordered");
    params.gradient_accumulation_steps = 1;
    params.batch_size_ramp = "8:0.3,8:0.001,8:0.699";
    tiny_pretrain(&params);
    static const char *const files[] = {"model", "optimizer"};
    for (size_t i = 0; i < 2; i++)
        assert_same_file(tiny_path("plain/checkpoint-16/%s.safetensors", files[i]),
                         tiny_path("bordered/checkpoint-16/%s.safetensors", files[i]));
}

static void test_samples_and_epochs(void **state)
{
    (void)state;
    bert_pretrain_params params = ramp_params("run");
    run_settings settings;
    params.max_steps = 0;
    params.num_train_epochs = 2;
    assert_ok(settings_create(&settings, &params, error));
    settings.phases[0].samples_per_epoch = 100;
    settings.phases[1].samples_per_epoch = 200;
    assert_ok(settings_resolve(&settings, error));
    /* A step is 0.25 × 4/100 + 0.25 × 16/100 + 0.125 × 16/200 + 0.375 × 9/200 = 0.076875 epochs. */
    assert_int_equal(settings.total_steps, 27);
    assert_int_equal(settings.batches[1].first_step, 7);
    assert_int_equal(settings.batches[2].first_step, 17);
    assert_int_equal(settings.phases[1].first_step, 14);
    int64_t samples = 0;
    for (int step = 0; step < 40; step++) { /* beyond the end, too: batches are made ahead */
        int64_t size = step < 7 ? 4 : step < 17 ? 16 : 9;
        assert_int_equal(settings_samples_before(&settings, step), samples);
        assert_int_equal(settings_samples_in_step(&settings, step), size);
        samples += size;
    }
    assert_int_equal(settings_most_samples(&settings, 0, 7), 4);
    assert_int_equal(settings_most_samples(&settings, 3, 8), 16);
    assert_int_equal(settings_most_samples(&settings, 17, 27), 9);
    assert_true(fabs(settings_epoch(&settings, 14) - (7 * 4 + 7 * 16) / 100.0) < 1e-12);
    assert_true(fabs(settings_epoch(&settings, 27) - 1.4 - (3 * 16 + 10 * 9) / 200.0) < 1e-12);
    assert_ok(batch_size_check_ranks(&settings, 4, error));
    assert_fails(batch_size_check_ranks(&settings, 5, error), BERT_ERROR_INVALID_ARGUMENT,
                 "4 sequences cannot be shared by 5 ranks");
    settings_free(&settings);
    params.batch_size_ramp = "16777216:1";
    params.sequence_schedule = NULL;
    params.max_seq_length = 512;
    assert_ok(settings_create(&settings, &params, error));
    settings.phases[0].samples_per_epoch = 1 << 30;
    assert_ok(settings_resolve(&settings, error));
    assert_fails(
        batch_size_check_ranks(&settings, 1, error), BERT_ERROR_INVALID_ARGUMENT,
        "16777216 sequences (params->batch_size_ramp) of 512 tokens, expected at most 4194303");
    settings_free(&settings);
}

static void test_scales(void **state)
{
    (void)state;
    bert_pretrain_params params = tiny_params("run");
    assert_true(learning_rate_scale(&params, 4096) == 1);
    params.base_batch_size = 256;
    params.learning_rate_scaling = BERT_LEARNING_RATE_SCALING_SQRT;
    assert_true(learning_rate_scale(&params, 4096) == 4);
    assert_true(learning_rate_scale(&params, 64) == 0.5);
    params.learning_rate_scaling = BERT_LEARNING_RATE_SCALING_LINEAR;
    assert_true(learning_rate_scale(&params, 4096) == 16);
    assert_true(learning_rate_scale(&params, 256) == 1);
}

static void test_refusals(void **state)
{
    (void)state;
    REFUSED(optim = (bert_optimizer)99, "params->optim is 99; expected adamw, ");
    REFUSED(batch_size_ramp = "", "params->batch_size_ramp is empty");
    REFUSED(batch_size_ramp = "8",
            "params->batch_size_ramp is \"8\", expected numbers of sequences from 1");
    REFUSED(batch_size_ramp = "0:1", "from 1 to 16777216 with their shares of the steps, as 256");
    REFUSED(batch_size_ramp = "8:0.5,16777217:0.5", "expected numbers of sequences");
    REFUSED(batch_size_ramp = "99999999999999999999:1", "expected numbers of sequences");
    REFUSED(batch_size_ramp = "8:0.5;16:0.5", "expected numbers of sequences");
    REFUSED(batch_size_ramp = "8:0.5,16:0.4", "the shares add up to 0.9, expected 1");
    REFUSED(batch_size_ramp = "1:.05,1:.05,1:.05,1:.05,1:.05,1:.05,1:.05,1:.05,1:.05,1:.05,1:.05,"
                              "1:.05,1:.05,1:.05,1:.05,1:.05,1:.2",
            "params->batch_size_ramp has more than 16 numbers of sequences");
    REFUSED(batch_size_ramp = "8:1";
            params.gradient_accumulation_steps = 2,
            "params->gradient_accumulation_steps and params->batch_size_ramp are both given");
    REFUSED(learning_rate_scaling = (bert_learning_rate_scaling)99,
            "params->learning_rate_scaling is 99; expected none, sqrt or linear");
    REFUSED(learning_rate_scaling = BERT_LEARNING_RATE_SCALING_SQRT,
            "needs params->base_batch_size");
    REFUSED(base_batch_size = 64,
            "params->base_batch_size is for params->learning_rate_scaling = sqrt");
    REFUSED(base_batch_size = -1, "params->base_batch_size is -1");
    REFUSED(lr_end = 1e-6,
            "params->lr_end is for params->lr_scheduler_type = polynomial; the schedule is linear");
    REFUSED(lr_power = 2, "params->lr_power is for params->lr_scheduler_type = polynomial");
    REFUSED(lr_power = 0, "params->lr_power is 0; expected a number above 0");
    REFUSED(lr_num_cycles = 2,
            "params->lr_num_cycles is for params->lr_scheduler_type = cosine_with_restarts");
    REFUSED(pct_start = 0.5, "params->pct_start is for params->lr_scheduler_type = one_cycle");
    REFUSED(lr_decay_ratio = 0.5,
            "params->lr_decay_ratio is for params->lr_scheduler_type = warmup_stable_decay");
    REFUSED(lr_decay_type = BERT_LR_DECAY_LINEAR,
            "params->lr_decay_type is for params->lr_scheduler_type = warmup_stable_decay");
    REFUSED(muon_momentum = 0.9,
            "params->muon_momentum is for params->optim = muon; the optimizer is adamw");
    REFUSED(muon_adjust_lr_fn = BERT_MUON_ADJUSTMENT_ORIGINAL,
            "params->muon_adjust_lr_fn is for params->optim = muon; the optimizer is adamw");
    REFUSED(div_factor = 2, "params->div_factor is for params->lr_scheduler_type = one_cycle");
    REFUSED(final_div_factor = 2,
            "params->final_div_factor is for params->lr_scheduler_type = one_cycle");
    REFUSED(div_factor = 0.5, "params->div_factor is 0.5; expected a number, at least 1");
    REFUSED(lr_scheduler_type = BERT_LR_SCHEDULER_ONE_CYCLE,
            "one_cycle has no warm-up; its rise is params->pct_start");
    REFUSED(lr_scheduler_type = BERT_LR_SCHEDULER_POLYNOMIAL;
            params.lr_end = params.learning_rate, "expected below params->learning_rate");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lamb_by_named_tensor),
        cmocka_unit_test(test_lamb_learns),
        cmocka_unit_test(test_resumed_anywhere),
        cmocka_unit_test(test_every_step_is_told),
        cmocka_unit_test(test_a_border_changes_nothing),
        cmocka_unit_test(test_samples_and_epochs),
        cmocka_unit_test(test_scales),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, tiny_set_up, tiny_tear_down);
}
