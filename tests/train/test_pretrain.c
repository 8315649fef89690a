/* Runs from end to end: what they learn, what does not change it, and what is refused. */
#include "tiny_run.h"

#include "formats/json.h"
#include "formats/safetensors.h"

#include <math.h>
#include <sys/stat.h>

static void test_learns(void **state)
{
    (void)state;
    const char *run = tiny_path("learns");
    bert_pretrain_params params = tiny_params(run);
    params.max_steps = 200;
    params.logging_steps = 20;
    params.eval_steps = 0;
    params.save_steps = 0;
    params.per_device_train_batch_size = 16;
    params.warmup_steps = 20;
    params.hidden_dropout_prob = params.attention_probs_dropout_prob = 0;
    bert_pretrain_result result = tiny_pretrain(&params);
    assert_true(result.finished);
    assert_int_equal(result.steps, 200);
    assert_string_equal(result.checkpoint, tiny_path("learns/checkpoint-200"));
    /* Nothing learned: log 40 = 3.69 for a word and log 2 = 0.69 for a pair. The topic learned:
     * log 5 = 1.61 for a word. */
    assert_true(last_metric(run, "eval_mlm_loss") < 2.2);
    assert_true(last_metric(run, "eval_nsp_accuracy") > 0.75);
    assert_true(result.train_loss < 3.0);
    assert_true(last_metric(run, "eval_loss") == result.eval_loss);
    assert_true(last_metric(run, "loss") == result.train_loss);
    assert_true(last_metric(run, "learning_rate") < 1e-2 / 150);

    bert_evaluate_params evaluate = bert_evaluate_params_default();
    bert_evaluation evaluation, again;
    evaluate.model = run; /* its last checkpoint */
    evaluate.data = tiny_data;
    evaluate.max_seq_length = 32;
    assert_ok(bert_evaluate(&evaluate, &evaluation, NULL, error));
    assert_true(fabs(evaluation.mlm_loss + evaluation.nsp_loss - result.eval_loss) < 1e-5);
    assert_true(fabs(exp(evaluation.mlm_loss) - evaluation.mlm_perplexity) < 1e-9);
    assert_true(evaluation.mlm_baseline_accuracy > 0 && evaluation.mlm_baseline_accuracy < 0.2);
    assert_true(evaluation.nsp_baseline_accuracy >= 0.5);
    assert_int_equal(evaluation.nsp_count, evaluation.samples);
    evaluate.model = result.checkpoint;
    evaluate.batch_size = 1;
    assert_ok(bert_evaluate(&evaluate, &again, NULL, error));
    assert_int_equal(again.mlm_count, evaluation.mlm_count);
    assert_true(fabs(again.mlm_loss - evaluation.mlm_loss) < 1e-5);
    assert_true(again.mlm_baseline_accuracy == evaluation.mlm_baseline_accuracy);
    evaluate.train_split = true;
    evaluate.samples = 7;
    assert_ok(bert_evaluate(&evaluate, &again, NULL, error));
    assert_int_equal(again.samples, 7);

    /* Further training begins with these weights, with pairs and without. */
    params = tiny_params(tiny_path("further"));
    params.model = run;
    params.max_steps = 1;
    params.logging_steps = 1;
    params.hidden_dropout_prob = params.attention_probs_dropout_prob = 0;
    bert_pretrain_result further = tiny_pretrain(&params);
    assert_true(further.train_loss < 3.0);
    params.output = tiny_path("further-alone");
    params.next_sentence_prediction = false;
    further = tiny_pretrain(&params);
    assert_true(further.train_loss < 2.3);

    assert_int_equal(truncate(tiny_path("learns/checkpoint-200/config.json"), 100), 0);
    params.output = tiny_path("further-damaged");
    assert_fails(bert_pretrain(&params, &further, NULL, error), BERT_ERROR_INPUT,
                 "checkpoint-200/config.json: has 100 bytes");
}

static void assert_close_weights(const char *left, const char *right, float tolerance)
{
    char path[700];
    safetensors_file a, b;
    float largest = 0;
    snprintf(path, sizeof path, "%s/model.safetensors", left);
    assert_ok(safetensors_open(&a, path, error));
    snprintf(path, sizeof path, "%s/model.safetensors", right);
    assert_ok(safetensors_open(&b, path, error));
    assert_int_equal(a.count, b.count);
    for (size_t i = 0; i < a.count; i++) {
        /* The gradient of a key's bias is zero but for rounding, which Adam makes large. */
        if (strstr(a.tensors[i].name, "key.bias"))
            continue;
        uint64_t count = a.tensors[i].bytes / sizeof(float);
        float *x = malloc(a.tensors[i].bytes), *y = malloc(a.tensors[i].bytes);
        assert_ok(safetensors_read_float(&a, &a.tensors[i], x, count, error));
        assert_ok(safetensors_read_float(&b, &b.tensors[i], y, count, error));
        for (uint64_t j = 0; j < count; j++)
            if (fabsf(x[j] - y[j]) > largest)
                largest = fabsf(x[j] - y[j]);
        free(x);
        free(y);
    }
    safetensors_close(&a);
    safetensors_close(&b);
    if (!(largest <= tolerance))
        fail_msg("weights differ by %g", largest);
}

/* The same global batch of 8 samples, split into 1, 2 and 8 micro-batches, and these into smaller
 * ones of few tokens or not, with dropout. */
static void test_any_cut_of_the_batch_is_the_same(void **state)
{
    (void)state;
    bert_pretrain_params params = tiny_params(tiny_path("cut-1"));
    params.max_steps = 4;
    params.logging_steps = 1;
    params.learning_rate = 1e-3;
    params.adam_epsilon = 1e-4; /* rounding stays rounding where a gradient is near zero */
    tiny_pretrain(&params);
    double loss = last_metric(tiny_path("cut-1"), "loss");
    double norm = last_metric(tiny_path("cut-1"), "grad_norm");
    for (int pieces = 2; pieces <= 8; pieces *= 4) {
        const char *run = tiny_path("cut-%d", pieces);
        params.output = run;
        params.per_device_train_batch_size = 8 / pieces;
        params.gradient_accumulation_steps = pieces;
        params.micro_batch_tokens = pieces == 2 ? 40 : 0;
        tiny_pretrain(&params);
        assert_true(fabs(last_metric(run, "loss") - loss) < 1e-5);
        assert_true(fabs(last_metric(run, "grad_norm") - norm) < 1e-4);
        assert_true(last_metric(run, "tokens") == last_metric(tiny_path("cut-1"), "tokens"));
        assert_close_weights(tiny_path("cut-1/checkpoint-4"),
                             tiny_path("cut-%d/checkpoint-4", pieces), 2e-5f);
    }
}

static void test_threads_change_nothing(void **state)
{
    (void)state;
    bert_pretrain_params params = tiny_params(tiny_path("threads-1"));
    tiny_pretrain(&params);
    params.output = tiny_path("threads-2");
    params.threads = 2;
    tiny_pretrain(&params);
    assert_same_runs(tiny_path("threads-1"), tiny_path("threads-2"), 16);
}

static void test_the_seed_changes_everything(void **state)
{
    (void)state;
    bert_pretrain_params params = tiny_params(tiny_path("seed-42"));
    params.max_steps = 2;
    bert_pretrain_result first = tiny_pretrain(&params);
    params.output = tiny_path("seed-7");
    params.seed = 7;
    bert_pretrain_result second = tiny_pretrain(&params);
    assert_true(first.train_loss != second.train_loss);
}

static void test_masked_language_model_alone(void **state)
{
    (void)state;
    const char *run = tiny_path("mlm");
    bert_pretrain_params params = tiny_params(run);
    params.next_sentence_prediction = false;
    params.optim = BERT_OPTIMIZER_ADAM;
    params.lr_scheduler_type = BERT_LR_SCHEDULER_CONSTANT_WITH_WARMUP;
    bert_pretrain_result result = tiny_pretrain(&params);
    assert_true(isnan(last_metric(run, "nsp_loss")));
    assert_true(last_metric(run, "loss") == last_metric(run, "mlm_loss"));
    assert_true(last_metric(run, "learning_rate") == 1e-2);
    safetensors_file file;
    assert_ok(safetensors_open(&file, tiny_path("mlm/checkpoint-16/model.safetensors"), error));
    assert_null(safetensors_find(&file, "cls.seq_relationship.weight"));
    safetensors_close(&file);

    bert_evaluate_params evaluate = bert_evaluate_params_default();
    bert_evaluation evaluation;
    evaluate.model = result.checkpoint;
    evaluate.data = tiny_data;
    assert_ok(bert_evaluate(&evaluate, &evaluation, NULL, error));
    assert_int_equal(evaluation.nsp_count, 0);
    assert_true(isnan(evaluation.nsp_loss) && isnan(evaluation.nsp_accuracy) &&
                isnan(evaluation.nsp_baseline_accuracy));

    params = tiny_params(tiny_path("mlm-further"));
    params.model = result.checkpoint;
    assert_ok(bert_pretrain(&params, &result, NULL, error)); /* the head begins anew */
    assert_ok(
        safetensors_open(&file, tiny_path("mlm-further/checkpoint-16/model.safetensors"), error));
    assert_non_null(safetensors_find(&file, "cls.seq_relationship.weight"));
    safetensors_close(&file);
    assert_true(isfinite(last_metric(params.output, "nsp_loss")));
}

static void test_length_and_rhythm_in_epochs(void **state)
{
    (void)state;
    const char *run = tiny_path("epochs");
    bert_pretrain_params params = tiny_params(run);
    params.max_steps = 0;
    params.num_train_epochs = 2;
    params.eval_steps = params.save_steps = 0;
    params.eval_epochs = 0.5;
    params.save_epochs = 1;
    params.eval_samples = 5;
    bert_pretrain_result result = tiny_pretrain(&params);
    json_t *json;
    int64_t samples = 0;
    assert_ok(json_read(&json, tiny_path("epochs/run.json"), error));
    assert_ok(json_get_integer(json_object_get(json, "resolved"), run, "samples_per_epoch", true, 1,
                               10000, &samples, error));
    json_decref(json);
    assert_int_equal(result.steps, (2 * samples + 7) / 8);
    assert_true(last_metric(run, "eval_samples") == 5);
    assert_true(path_is_directory(tiny_path("epochs/checkpoint-%d", (int)((samples + 7) / 8))));
    text content = {0};
    int evaluations = 0;
    assert_ok(file_read(&content, tiny_path("epochs/metrics.jsonl"), 1 << 20, error));
    for (const char *at = content.data; (at = strstr(at, "eval_loss")); at++)
        evaluations++;
    text_free(&content);
    assert_int_equal(evaluations, 4);
}

/* ---------------------------------------------------------------------------------- refusals ---
 */

static void test_output_that_cannot_be(void **state)
{
    (void)state;
    bert_pretrain_result result;
    bert_pretrain_params params = tiny_params(tiny_path("taken"));
    assert_ok(directory_create(params.output, error));
    assert_ok(file_write(tiny_path("taken/letter"), "dear", 4, error));
    assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "not empty (it holds letter)");
    assert_true(file_exists(tiny_path("taken/letter")));
    assert_false(file_exists(tiny_path("taken/run.json")));

    params.output = tiny_path("empty/"); /* an empty one is as good as none */
    params.max_steps = 1;
    assert_ok(directory_create(tiny_path("empty"), error));
    tiny_pretrain(&params);
    assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "bert pretrain --resume");

    params.output = tiny_path("my brother's run");
    tiny_pretrain(&params);
    assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "/my brother'\\''s run'");

    params.output = tiny_path("taken/letter");
    assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "no directory");
    params.output = tiny_path("taken/letter/run");
    assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_IO, "cannot create");
    if (geteuid() != 0) {
        assert_ok(directory_create(tiny_path("closed"), error));
        chmod(tiny_path("closed"), 0500);
        params.output = tiny_path("closed");
        assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_IO, "cannot write");
    }
}

static void test_a_failure_before_the_first_step_leaves_nothing(void **state)
{
    (void)state;
    static const char small[] =
        "{\"architectures\": [\"BertForPreTraining\"], \"vocab_size\": 44, \"hidden_size\": 32,\n"
        " \"num_hidden_layers\": 1, \"num_attention_heads\": 2, \"intermediate_size\": 64}\n";
    const char *config = tiny_path("small.json");
    bert_pretrain_result result;
    bert_pretrain_params params = tiny_params(tiny_path("nothing"));
    assert_ok(file_write(config, small, strlen(small), error));
    params.model = config;
    assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_INPUT, "44");
    assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_INPUT, "45 tokens");
    params.model = "gigantic";
    assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "gigantic");
    params = tiny_params(params.output);
    params.max_seq_length = 65;
    assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->max_seq_length is 65");
    params = tiny_params(params.output);
    params.data = tiny_path("absent");
    assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_IO, "absent.idx");
    params = tiny_params(params.output);
    params.per_device_train_batch_size = params.gradient_accumulation_steps = 65536;
    assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "at most");
    assert_false(file_exists(params.output));
}

static void test_numbers_that_explode(void **state)
{
    (void)state;
    bert_pretrain_result result;
    bert_pretrain_params params = tiny_params(tiny_path("explodes"));
    params.learning_rate = 1e37;
    params.lr_scheduler_type = BERT_LR_SCHEDULER_CONSTANT;
    params.warmup_steps = 0;
    params.save_steps = 0;
    assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_NOT_FINITE, "step 2");
    assert_fails(
        bert_pretrain_resume(&(bert_resume_params){.run = params.output}, &result, NULL, error),
        BERT_ERROR_NOT_FINITE, "samples 8 to 15");
    assert_fails(
        bert_pretrain_resume(&(bert_resume_params){.run = params.output}, &result, NULL, error),
        BERT_ERROR_NOT_FINITE, "first tensor: ");
    /* Caught at the save where no further step would notice. */
    params.output = tiny_path("explodes-at-the-end");
    params.learning_rate = 1e300;
    params.max_steps = 1;
    assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_NOT_FINITE,
                 "not finite after the update");
    assert_false(file_exists(tiny_path("explodes-at-the-end/checkpoint-1")));
}

static void test_evaluation_without_split(void **state)
{
    (void)state;
    bert_pretrain_result result;
    bert_pretrain_params params = tiny_params(tiny_path("no-split"));
    copy_directory(tiny_path("data.tokenizer"), tiny_path("alone.tokenizer"));
    assert_int_equal(link(tiny_path("data.idx"), tiny_path("alone.idx")), 0);
    assert_int_equal(link(tiny_path("data.bin"), tiny_path("alone.bin")), 0);
    params.data = tiny_path("alone");
    assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_INPUT,
                 "alone.validation.idx");
    params.eval_steps = 0; /* not asked for: trains without */
    result = tiny_pretrain(&params);
    assert_true(isnan(result.eval_loss));
    bert_evaluate_params evaluate = bert_evaluate_params_default();
    bert_evaluation evaluation;
    evaluate.model = params.output;
    evaluate.data = tiny_path("alone");
    assert_fails(bert_evaluate(&evaluate, &evaluation, NULL, error), BERT_ERROR_INPUT,
                 "no validation split");
}

static void test_another_tokenizer_is_noticed(void **state)
{
    (void)state;
    bert_pretrain_params params = tiny_params(tiny_path("swapped"));
    params.max_steps = 1;
    bert_pretrain_result result = tiny_pretrain(&params);
    copy_directory(result.checkpoint, tiny_path("foreign"));
    unlink(tiny_path("foreign/manifest.json"));
    unlink(tiny_path("foreign/tokenizer.json"));
    text vocabulary = {0};
    assert_ok(file_read(&vocabulary, tiny_path("foreign/vocab.txt"), 10000, error));
    memcpy(strstr(vocabulary.data, "wbc"), "xyz", 3);
    assert_ok(
        file_write(tiny_path("foreign/vocab.txt"), vocabulary.data, vocabulary.length, error));
    text_free(&vocabulary);
    bert_evaluate_params evaluate = bert_evaluate_params_default();
    bert_evaluation evaluation;
    evaluate.model = tiny_path("foreign");
    evaluate.data = tiny_data;
    assert_fails(bert_evaluate(&evaluate, &evaluation, NULL, error), BERT_ERROR_INPUT,
                 "id 17 is \"xyz\"");
    params.output = tiny_path("swapped-further");
    params.model = evaluate.model;
    assert_fails(bert_pretrain(&params, &result, NULL, error), BERT_ERROR_INPUT, "\"wbc\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learns),
        cmocka_unit_test(test_any_cut_of_the_batch_is_the_same),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_the_seed_changes_everything),
        cmocka_unit_test(test_masked_language_model_alone),
        cmocka_unit_test(test_length_and_rhythm_in_epochs),
        cmocka_unit_test(test_output_that_cannot_be),
        cmocka_unit_test(test_a_failure_before_the_first_step_leaves_nothing),
        cmocka_unit_test(test_numbers_that_explode),
        cmocka_unit_test(test_evaluation_without_split),
        cmocka_unit_test(test_another_tokenizer_is_noticed),
    };
    return cmocka_run_group_tests(tests, tiny_set_up, tiny_tear_down);
}
