/* Fine-tuning on a language that a very small model can learn in seconds: sentences with the letter
 * "e" are of class "has", those without of "lacks"; a regression counts the letters "f". */
#include "made_model.h"

#include "bert/finetune.h"
#include "formats/json.h"

#include <math.h>

static char directory[256], folder[512], output[512], train_file[512], validation_file[512];

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "%s", make_folder(randomize, VOCAB));
    snprintf(directory, sizeof directory, "%s", testing_directory());
    snprintf(output, sizeof output, "%s/run", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_ok(directory_remove(folder, error));
    assert_ok(directory_remove(directory, error));
    return 0;
}

enum { TRAIN = 256, VALIDATION = 64 };

static void write_examples(char path[512], const char *name, uint64_t first, size_t count)
{
    text lines = {0};
    assert_ok(text_format(&lines, error, "text\tlabel\tcount\n"));
    for (size_t i = 0; i < count; i++) {
        random_stream stream = random_stream_start(3, RANDOM_TEST, 0, first + i);
        bool has = false;
        int others = 0;
        for (int k = 0; k < 8; k++) {
            char letter = (char)('a' + random_below(&stream, k == 0 ? 12 : 4));
            if (k == 0 && letter > 'f')
                letter = 'e';
            if (k > 0 && random_below(&stream, 4) == 0)
                letter = 'f';
            has = has || letter == 'e';
            others += letter == 'f';
            assert_ok(text_format(&lines, error, "%c ", letter));
        }
        assert_ok(text_format(&lines, error, "\t%s\t%d\n", has ? "has" : "lacks", others));
    }
    snprintf(path, 512, "%s/%s", directory, name);
    assert_ok(file_write(path, lines.data, lines.length, error));
    text_free(&lines);
}

/* Of a small model that learns a few examples by heart. */
static bert_finetune_params small_params(int epochs, int batch_size)
{
    bert_finetune_params params = bert_finetune_params_default();
    params.model = folder;
    params.output = output;
    params.max_seq_length = POSITIONS;
    params.learning_rate = 1e-2;
    params.num_train_epochs = epochs;
    params.hidden_dropout_prob = params.attention_probs_dropout_prob = 0;
    params.per_device_train_batch_size = batch_size;
    params.threads = 1;
    return params;
}

static bert_finetune_params params_for_examples(void)
{
    write_examples(train_file, "train.tsv", 0, TRAIN);
    write_examples(validation_file, "validation.tsv", TRAIN, VALIDATION);
    bert_finetune_params params = small_params(15, 8);
    params.train_file = train_file;
    params.validation_file = validation_file;
    return params;
}

static const bert_score *find_score(const bert_score_set *set, const char *name)
{
    for (int i = 0; i < set->score_count; i++)
        if (strcmp(set->scores[i].name, name) == 0)
            return &set->scores[i];
    fail_msg("no score %s", name);
    return NULL;
}

static void read_output(text *content, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", output, name);
    *content = (text){0};
    assert_ok(file_read(content, path, 1 << 26, error));
}

static void test_learns_and_leaves_a_model(void **state)
{
    (void)state;
    bert_finetune_params params = params_for_examples();
    params.test_file = validation_file;
    bert_finetune_result result;
    assert_ok(bert_finetune(&params, &result, NULL, error));
    assert_true(result.finished);
    assert_int_equal(result.seeds, 1);
    assert_true(find_score(&result.model, "accuracy")->mean > 0.95);
    assert_true(isnan(find_score(&result.model, "accuracy")->deviation));
    assert_true(find_score(&result.constant, "accuracy")->mean < 0.8);
    assert_true(find_score(&result.constant, "matthews_correlation")->mean == 0);
    assert_int_equal(result.baseline.score_count, 0);

    /* The folder's model answers as the scores say, and as the answers' file does. */
    bert_model *loaded;
    assert_ok(bert_model_load(&loaded, output, error));
    assert_int_equal(bert_model_label_count(loaded), 2);
    assert_string_equal(bert_model_label(loaded, 0), "has");
    assert_string_equal(bert_model_label(loaded, 1), "lacks");
    assert_false(bert_model_is_regression(loaded));
    const bert_input inputs[] = {{.text = "e a b c", .length = 7},
                                 {.text = "f a b c", .length = 7}};
    bert_predict_params predict = bert_predict_params_default();
    float answers[4];
    assert_ok(bert_predict(loaded, NULL, inputs, 2, &predict, answers, NULL, error));
    assert_true(answers[0] > 0.5f && answers[3] > 0.5f);
    assert_true(fabsf(answers[0] + answers[1] - 1) < 1e-5f);
    bert_filled filled;
    assert_fails(bert_fill_masks(loaded, NULL, &(bert_input){.text = "[MASK]", .length = 6}, 1, 1,
                                 &filled, NULL, error),
                 BERT_ERROR_INVALID_ARGUMENT,
                 "the model has no head for masked tokens (it is a BertForSequenceClassification)");
    bert_model_free(loaded);

    text lines;
    read_output(&lines, "predictions.tsv");
    assert_true(strncmp(lines.data, "index\tprediction\n0\t", 19) == 0);
    size_t count = 0;
    for (const char *at = lines.data; (at = strchr(at, '\n')); at++)
        count++;
    assert_int_equal(count, VALIDATION + 1);
    text_free(&lines);
}

/* Stops a run at the n-th time that it asks. */
typedef struct stopper {
    int questions, stop_at;
} stopper;

static bool should_stop(void *context)
{
    stopper *stopper = context;
    return ++stopper->questions >= stopper->stop_at;
}

static void test_seeds_baseline_and_resume(void **state)
{
    (void)state;
    static const char *const files[] = {"results.json", "metrics.jsonl", "model.safetensors",
                                        "config.json"};
    bert_finetune_params params = params_for_examples();
    params.num_train_epochs = 2;
    params.early_stopping_patience = 2;
    params.seeds = 3;
    params.baseline = true;
    params.baseline_learning_rate = 1e-3;
    bert_finetune_result whole, part;
    assert_ok(bert_finetune(&params, &whole, NULL, error));
    assert_int_equal(whole.seeds, 3);
    const bert_score *accuracy = find_score(&whole.model, "accuracy");
    assert_true(accuracy->deviation >= 0 && accuracy->deviation < 0.5);
    assert_int_equal(whole.baseline.score_count, whole.model.score_count);
    text before[4];
    for (size_t i = 0; i < 4; i++)
        read_output(&before[i], files[i]);

    snprintf(output, sizeof output, "%s/stopped", directory);
    stopper stopper = {.stop_at = 150}; /* 64 steps each: in the third of six */
    const bert_observer observer = {.context = &stopper, .should_stop = should_stop};
    assert_ok(bert_finetune(&params, &part, &observer, error));
    assert_false(part.finished);
    assert_int_equal(part.seeds, 1);
    assert_fails(bert_finetune(&params, &part, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "not empty");
    params.resume = true;
    params.learning_rate = 1;
    assert_fails(bert_finetune(&params, &part, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "this run began with learning_rate 0.01");
    params.learning_rate = 1e-2;
    assert_ok(bert_finetune(&params, &part, NULL, error));
    assert_true(part.finished);
    assert_true(find_score(&part.model, "accuracy")->mean == accuracy->mean);
    for (size_t i = 0; i < 4; i++) {
        text after;
        read_output(&after, files[i]);
        assert_int_equal(after.length, before[i].length);
        assert_memory_equal(after.data, before[i].data, after.length);
        text_free(&after);
        text_free(&before[i]);
    }
}

static void test_regression_from_scratch(void **state)
{
    (void)state;
    bert_finetune_params params = params_for_examples();
    char config[1024];
    snprintf(config, sizeof config, "%s/config.json", folder);
    params.model = NULL;
    params.from_scratch = config;
    params.tokenizer = folder;
    params.validation_file = NULL;
    params.label_column = "count";
    params.problem_type = BERT_PROBLEM_TYPE_REGRESSION;
    params.num_train_epochs = 20;
    bert_finetune_result result;
    assert_ok(bert_finetune(&params, &result, NULL, error));
    assert_true(find_score(&result.model, "pearson")->mean > 0.7);
    assert_true(find_score(&result.model, "spearman")->mean > 0.7);
    assert_true(isnan(find_score(&result.constant, "pearson")->mean));
    bert_model *loaded;
    assert_ok(bert_model_load(&loaded, output, error));
    assert_true(bert_model_is_regression(loaded));
    assert_int_equal(bert_model_label_count(loaded), 1);
    bert_model_free(loaded);
}

/* The rarer class gets more of the answers where it counts more; how examples are cut into
 * micro-batches changes nothing but rounding. */
static void test_class_weights_and_micro_batches(void **state)
{
    (void)state;
    bert_finetune_params params = params_for_examples();
    params.num_train_epochs = 1;
    params.test_file = validation_file;
    static const char *const weights[] = {"1,1000", "1000,1"};
    size_t counts[2];
    for (size_t i = 0; i < 2; i++) {
        snprintf(output, sizeof output, "%s/weights-%zu", directory, i);
        params.class_weights = weights[i];
        bert_finetune_result result;
        text lines;
        assert_ok(bert_finetune(&params, &result, NULL, error));
        read_output(&lines, "predictions.tsv");
        counts[i] = 0;
        for (const char *at = lines.data; (at = strstr(at, "lacks")); at++)
            counts[i]++;
        text_free(&lines);
    }
    assert_int_equal(counts[0], VALIDATION);
    assert_int_equal(counts[1], 0);

    bert_finetune_result one, other;
    params.class_weights = "balanced";
    snprintf(output, sizeof output, "%s/balanced", directory);
    assert_ok(bert_finetune(&params, &one, NULL, error));
    params.micro_batch_tokens = 30;
    snprintf(output, sizeof output, "%s/cut", directory);
    assert_ok(bert_finetune(&params, &other, NULL, error));
    assert_true(fabs(find_score(&one.model, "accuracy")->mean -
                     find_score(&other.model, "accuracy")->mean) < 0.04);

    snprintf(output, sizeof output, "%s/wrong", directory);
    params.class_weights = "1,2,3";
    assert_fails(bert_finetune(&params, &one, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "expected balanced, or 2 numbers above 0 with commas between, one for each class "
                 "from \"has\" to \"lacks\"");
    assert_false(file_exists(output)); /* nothing is left of a run that did not begin */
}

/* A file that is named as the task is the training file, also to a run that goes on. */
static void test_task_is_a_file(void **state)
{
    (void)state;
    bert_finetune_params params = params_for_examples();
    params.num_train_epochs = 1;
    bert_finetune_result result;
    text by_file, by_task;
    assert_ok(bert_finetune(&params, &result, NULL, error));
    read_output(&by_file, "finetune.json");
    params.task = params.train_file;
    params.train_file = NULL;
    params.resume = true;
    assert_ok(bert_finetune(&params, &result, NULL, error));
    params.resume = false;
    snprintf(output, sizeof output, "%s/task", directory);
    assert_ok(bert_finetune(&params, &result, NULL, error));
    read_output(&by_task, "finetune.json");
    assert_string_equal(by_task.data, by_file.data);
    text_free(&by_task);
    text_free(&by_file);
}

static void write_glue(const char *folder_name, const char *name, const char *header, int labelled)
{
    char path[1024];
    text lines = {0};
    snprintf(path, sizeof path, "%s/%s", directory, folder_name);
    assert_ok(directory_create(path, error));
    assert_ok(text_format(&lines, error, "%s", header));
    for (int i = 0; i < 48; i++) /* the second sentence tells */
        assert_ok(text_format(&lines, error, "%d\ta b\t%s%s\n", i,
                              i % 2 ? "c c c c c" : "e e e e e",
                              !labelled ? ""
                              : i % 2   ? "\tcontradiction"
                                        : "\tentailment"));
    snprintf(path + strlen(path), sizeof path - strlen(path), "/%s", name);
    assert_ok(file_write(path, lines.data, lines.length, error));
    text_free(&lines);
}

/* MNLI has all that a task of GLUE can have: two validation files, two test files of its own, and
 * the diagnostic sentences. */
static void test_glue_and_submissions(void **state)
{
    (void)state;
    static const char *const labelled[] = {"train.tsv", "dev_matched.tsv", "dev_mismatched.tsv"};
    for (size_t i = 0; i < 3; i++)
        write_glue("MNLI", labelled[i], "index\tsentence1\tsentence2\tgold_label\n", 1);
    static const char test_header[] = "index\tsentence1\tsentence2\n";
    write_glue("MNLI", "test_mismatched.tsv", test_header, 0); /* and no matched one */
    write_glue("diagnostic", "diagnostic.tsv", test_header, 0);
    bert_finetune_params params = small_params(20, 4);
    params.task = "mnli";
    params.data = directory;
    bert_finetune_result result;
    assert_ok(bert_finetune(&params, &result, NULL, error));
    assert_true(find_score(&result.model, "accuracy")->mean == 1);
    assert_true(find_score(&result.model, "mismatched_accuracy")->mean == 1);
    static const char *const answers[] = {"MNLI-mm.tsv", "AX.tsv"};
    for (size_t i = 0; i < 2; i++) {
        text lines;
        read_output(&lines, answers[i]);
        static const char begin[] = "index\tprediction\n0\tentailment\n1\tcontradiction\n";
        assert_memory_equal(lines.data, begin, strlen(begin));
        assert_non_null(strstr(lines.data, "\n47\tcontradiction\n"));
        text_free(&lines);
    }
    char path[1024];
    snprintf(path, sizeof path, "%s/MNLI-m.tsv", output);
    assert_false(file_exists(path));

    params.task = "mnli-mm";
    snprintf(output, sizeof output, "%s/mismatched", directory);
    params.num_train_epochs = 1;
    assert_ok(bert_finetune(&params, &result, NULL, error));
    assert_int_equal(result.model.score_count, 1);
}

static void test_early_stopping(void **state)
{
    (void)state;
    bert_finetune_params params = params_for_examples();
    params.learning_rate = 1e-12; /* no epoch is better than the first */
    params.num_train_epochs = 9;
    params.early_stopping_patience = 2;
    bert_finetune_result result;
    text content;
    assert_ok(bert_finetune(&params, &result, NULL, error));
    assert_int_equal(result.best_epoch, 1);
    read_output(&content, "results.json");
    assert_non_null(strstr(content.data, "\"epochs\": 3,"));
    text_free(&content);
}

/* What the training step offers reaches fine-tuning: a step of two batches is one of a batch twice
 * as large, activations that are computed again are the same, optimizers and schedules are not. */
static void test_every_kind_of_step(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bert_optimizer optim;
        bert_lr_scheduler schedule;
        int batch, accumulation;
        bool checkpointing;
        bool close, same; /* to the first one's weights */
    } cases[] = {
        {"adamw", BERT_OPTIMIZER_ADAMW, BERT_LR_SCHEDULER_LINEAR, 16, 1, false, true, true},
        {"accumulated", BERT_OPTIMIZER_ADAMW, BERT_LR_SCHEDULER_LINEAR, 8, 2, false, true, false},
        {"checkpointing", BERT_OPTIMIZER_ADAMW, BERT_LR_SCHEDULER_LINEAR, 16, 1, true, true, true},
        {"adam", BERT_OPTIMIZER_ADAM, BERT_LR_SCHEDULER_LINEAR, 16, 1, false, false, false},
        {"lamb", BERT_OPTIMIZER_LAMB, BERT_LR_SCHEDULER_LINEAR, 16, 1, false, false, false},
        {"polynomial", BERT_OPTIMIZER_ADAMW, BERT_LR_SCHEDULER_POLYNOMIAL, 16, 1, false, false,
         false},
        {"one-cycle", BERT_OPTIMIZER_ADAMW, BERT_LR_SCHEDULER_ONE_CYCLE, 16, 1, false, false,
         false},
    };
    text first = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bert_finetune_params params = params_for_examples();
        bert_finetune_result result;
        text weights;
        snprintf(output, sizeof output, "%s/%s", directory, cases[i].name);
        params.num_train_epochs = 1;
        params.learning_rate = 1e-3;
        params.weight_decay = 0.1;
        params.optim = cases[i].optim;
        params.lr_scheduler_type = cases[i].schedule;
        params.lr_power = cases[i].schedule == BERT_LR_SCHEDULER_POLYNOMIAL ? 2 : 1;
        params.per_device_train_batch_size = cases[i].batch;
        params.gradient_accumulation_steps = cases[i].accumulation;
        params.gradient_checkpointing = cases[i].checkpointing;
        assert_ok(bert_finetune(&params, &result, NULL, error));
        read_output(&weights, "model.safetensors");
        if (i == 0)
            first = weights;
        assert_int_equal(weights.length, first.length);
        assert_int_equal(memcmp(weights.data, first.data, first.length) == 0, cases[i].same);
        float largest = 0; /* headers are the same */
        for (size_t at = first.length % 4; at < first.length; at += 4) {
            float one, other;
            memcpy(&one, first.data + at, sizeof one);
            memcpy(&other, weights.data + at, sizeof other);
            if (one != other)
                largest = fmaxf(largest, fabsf(one - other));
        }
        if (cases[i].close ? !(largest < 1e-4f) : !(largest > 1e-4f))
            fail_msg("%s: weights differ by %g", cases[i].name, (double)largest);
        if (i > 0)
            text_free(&weights);
    }
    text_free(&first);
}

/* A run that an older bert began, before a setting was there, did what is the setting's default. */
static void test_resumes_what_knew_fewer_settings(void **state)
{
    (void)state;
    bert_finetune_params params = params_for_examples();
    params.num_train_epochs = 1;
    bert_finetune_result result;
    assert_ok(bert_finetune(&params, &result, NULL, error));
    char path[1024];
    json_t *settings;
    snprintf(path, sizeof path, "%s/finetune.json", output);
    assert_ok(json_read(&settings, path, error));
    assert_int_equal(json_object_del(settings, "optim"), 0);
    assert_int_equal(json_object_del(settings, "ranks"), 0);
    assert_ok(json_write(settings, path, error));
    json_decref(settings);
    params.resume = true;
    assert_ok(bert_finetune(&params, &result, NULL, error));
    params.optim = BERT_OPTIMIZER_LAMB;
    assert_fails(bert_finetune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "this run began with optim \"adamw\", not \"lamb\"");
}

static void test_contradictions(void **state)
{
    (void)state;
    bert_finetune_params params = bert_finetune_params_default();
    bert_finetune_result result;
    assert_fails(bert_finetune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->task");
    params.task = "cola2";
    assert_fails(bert_finetune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->task is \"cola2\", expected one of cola, sst2");
    assert_fails(bert_finetune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "no such file exists");
    params.train_file = "train.tsv";
    assert_fails(bert_finetune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->task is \"cola2\" and params->train_file is \"train.tsv\"");
    params.task = NULL;
    params.data = directory;
    assert_fails(bert_finetune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "it does not go with a file of your own (train.tsv)");
    params.train_file = params.data = NULL;
    params.task = "cola";
    assert_fails(bert_finetune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->data");
    params.data = directory;
    assert_fails(bert_finetune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->model");
    params.from_scratch = "tiny";
    assert_fails(bert_finetune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->tokenizer");
    params.tokenizer = folder;
    params.baseline = true;
    assert_fails(bert_finetune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->baseline");
    params.baseline = false;
    params.baseline_learning_rate = 1e-3;
    assert_fails(bert_finetune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->baseline_learning_rate is for params->baseline");
    params.baseline_learning_rate = 0;
    assert_fails(bert_finetune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->output");
    params.output = output;
    params.num_train_epochs = 0;
    assert_fails(bert_finetune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->num_train_epochs is 0");
    params.num_train_epochs = 1;
    params.lr_scheduler_type = (bert_lr_scheduler)99;
    assert_fails(bert_finetune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->lr_scheduler_type is 99; expected linear");
    params.lr_scheduler_type = BERT_LR_SCHEDULER_LINEAR;
    params.lr_power = 2;
    assert_fails(
        bert_finetune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
        "params->lr_power is for params->lr_scheduler_type = polynomial; the schedule is linear");
    params.lr_power = 1;
    params.muon_momentum = 0.9;
    assert_fails(bert_finetune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->muon_momentum is for params->optim = muon; the optimizer is adamw");
    params.muon_momentum = 0.95;
    params.optim = (bert_optimizer)99;
    assert_fails(bert_finetune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->optim is 99; expected adamw, ");
    params.optim = BERT_OPTIMIZER_ADAM;
    params.gradient_dtype = (bert_precision)99;
    assert_fails(bert_finetune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->gradient_dtype is 99; expected float32 or bf16");
    params.gradient_dtype = BERT_PRECISION_BF16;
    params.zero = 2;
    assert_fails(bert_finetune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->zero is 2");
    params.zero = 1;
    params.gradient_accumulation_steps = 0;
    assert_fails(bert_finetune(&params, &result, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->gradient_accumulation_steps is 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_learns_and_leaves_a_model, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_seeds_baseline_and_resume, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_regression_from_scratch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_class_weights_and_micro_batches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_task_is_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_glue_and_submissions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_early_stopping, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_kind_of_step, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_resumes_what_knew_fewer_settings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_contradictions, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
