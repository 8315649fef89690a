/* The model against `transformers`: logits, losses, every gradient tensor, and the parameters after
 * some steps of the optimizer, with the values of golden/make_golden.py. */
#include "testing.h"

#include "base/file.h"
#include "formats/json.h"
#include "formats/safetensors.h"
#include "model/model.h"
#include "optim/clip.h"
#include "optim/optimizers.h"
#include "optim/schedule.h"
#include "passes.h"

#include <math.h>

/* The part that float32 may differ from float64, relative to the value itself … */
static const double relative_tolerance = 1e-4;
/* … and, for single elements near zero, relative to the largest of their tensor. */
static const double floor_tolerance = 2e-6;
/* Adam divides the gradient's size out, so that the rounding of a gradient near zero becomes a part
 * of the learning rate: this much of it is allowed to every element after the steps. */
static const double learning_rate_tolerance = 1e-3;

typedef struct settings {
    const optimizer_type *optimizer;
    optimizer_settings adam;
    double learning_rate, max_grad_norm;
    const schedule_type *schedule;
    int64_t warmup_steps, total_steps, steps;
} settings;

typedef struct golden {
    safetensors_file file;
    model *model;
    settings settings;
    model_input input;
    double label_weight; /* what the loss of sequence labels is divided by */
    int32_t *tokens, *starts, *positions, *labels, *sequence_labels;
    float *targets, *class_weights;
    uint8_t *types, *pair_labels;
    uint64_t *numbers;
} golden;

/* -------------------------------------------------------------------------- golden values --- */

static const safetensors_tensor *tensor_of(const golden *golden, const char *prefix,
                                           const char *name)
{
    char full[160];
    snprintf(full, sizeof full, "%s%s", prefix, name);
    const safetensors_tensor *tensor = safetensors_find(&golden->file, full);
    if (!tensor)
        fail_msg("%s: no tensor %s", golden->file.path, full);
    return tensor;
}

static size_t tensor_count(const safetensors_tensor *tensor)
{
    size_t count = 1;
    for (int i = 0; i < tensor->dimensions; i++)
        count *= tensor->shape[i];
    return count;
}

static float *floats_of(const golden *golden, const char *prefix, const char *name, size_t expected)
{
    const safetensors_tensor *tensor = tensor_of(golden, prefix, name);
    assert_int_equal(tensor_count(tensor), expected);
    float *values = calloc(expected, sizeof *values);
    assert_ok(safetensors_read_float(&golden->file, tensor, values, expected, error));
    return values;
}

static int32_t *integers_of(const golden *golden, const char *name, int *count)
{
    const safetensors_tensor *tensor = tensor_of(golden, "batch/", name);
    assert_int_equal(tensor->type, SAFETENSORS_I32);
    *count = (int)tensor_count(tensor);
    int32_t *values = calloc((size_t)*count, sizeof *values);
    memcpy(values, tensor->data, tensor->bytes);
    return values;
}

static uint8_t *bytes_of(const golden *golden, const char *name, int expected)
{
    int count;
    int32_t *integers = integers_of(golden, name, &count);
    assert_int_equal(count, expected);
    uint8_t *bytes = calloc((size_t)count, 1);
    for (int i = 0; i < count; i++)
        bytes[i] = (uint8_t)integers[i];
    free(integers);
    return bytes;
}

static void read_labels(golden *golden, const model_config *config)
{
    model_input *input = &golden->input;
    size_t sequences = (size_t)input->sequence_count, labels = (size_t)config->num_labels;
    golden->label_weight = input->sequence_count;
    if (config->problem == MODEL_REGRESSION) {
        input->targets = golden->targets =
            floats_of(golden, "batch/", "targets", sequences * labels);
        return;
    }
    int count;
    input->labels = golden->sequence_labels = integers_of(golden, "labels", &count);
    assert_int_equal(count, sequences);
    if (!safetensors_find(&golden->file, "batch/class_weights"))
        return;
    input->class_weights = golden->class_weights =
        floats_of(golden, "batch/", "class_weights", labels);
    golden->label_weight = 0;
    for (int i = 0; i < count; i++)
        golden->label_weight += (double)input->class_weights[input->labels[i]];
}

static void read_batch(golden *golden, const model_config *config)
{
    int starts, positions, labels;
    model_input *input = &golden->input;
    golden->tokens = integers_of(golden, "tokens", &input->token_count);
    golden->starts = integers_of(golden, "sequence_starts", &starts);
    golden->positions = integers_of(golden, "masked_positions", &positions);
    golden->labels = integers_of(golden, "masked_labels", &labels);
    assert_int_equal(positions, labels);
    input->sequence_count = starts - 1;
    input->masked_count = positions;
    golden->types = bytes_of(golden, "token_types", input->token_count);
    golden->pair_labels = bytes_of(golden, "next_sentence_labels", input->sequence_count);
    golden->numbers = calloc((size_t)input->sequence_count, sizeof *golden->numbers);
    input->tokens = golden->tokens;
    input->token_types = golden->types;
    input->sequence_starts = golden->starts;
    input->sample_numbers = golden->numbers;
    input->masked_positions = golden->positions;
    if (config->head == MODEL_HEAD_PRETRAINING)
        input->masked_labels = golden->labels;
    if (model_config_has_nsp_head(config))
        input->next_sentence_labels = golden->pair_labels;
    if (config->head == MODEL_HEAD_CLASSIFICATION)
        read_labels(golden, config);
}

static void read_settings(settings *settings, const char *path)
{
    json_t *object = NULL;
    const char *name = NULL;
    assert_ok(json_read(&object, path, error));
    assert_ok(json_get_string(object, path, "optim", true, &name, error));
    assert_ok(optimizer_type_find(&settings->optimizer, name, error));
    assert_ok(json_get_string(object, path, "lr_scheduler_type", true, &name, error));
    assert_ok(schedule_type_find(&settings->schedule, name, error));
    const struct {
        const char *key;
        double *out;
    } numbers[] = {
        {"adam_beta1", &settings->adam.beta1},       {"adam_beta2", &settings->adam.beta2},
        {"adam_epsilon", &settings->adam.epsilon},   {"weight_decay", &settings->adam.weight_decay},
        {"learning_rate", &settings->learning_rate}, {"max_grad_norm", &settings->max_grad_norm},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        assert_ok(
            json_get_number(object, path, numbers[i].key, true, 0, 100, numbers[i].out, error));
    assert_ok(json_get_integer(object, path, "warmup_steps", true, 0, 100, &settings->warmup_steps,
                               error));
    assert_ok(
        json_get_integer(object, path, "total_steps", true, 0, 100, &settings->total_steps, error));
    assert_ok(json_get_integer(object, path, "steps", true, 1, 100, &settings->steps, error));
    json_decref(object);
}

static void read_values(const golden *golden, const char *prefix, model *model)
{
    const parameter_table *table = model_parameter_table(model);
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        float *values = floats_of(golden, prefix, entry->name, entry->count);
        memcpy(model_weights(model) + entry->offset, values, entry->count * sizeof *values);
        free(values);
    }
}

static void golden_open(golden *golden, const char *name)
{
    char path[256];
    model_config config;
    memset(golden, 0, sizeof *golden);
    snprintf(path, sizeof path, "tests/model/golden/%s/settings.json", name);
    if (file_exists(path))
        read_settings(&golden->settings, path);
    snprintf(path, sizeof path, "tests/model/golden/%s/config.json", name);
    assert_ok(model_config_read(&config, path, error));
    snprintf(path, sizeof path, "tests/model/golden/%s/golden.safetensors", name);
    assert_ok(safetensors_open(&golden->file, path, error));
    read_batch(golden, &config);
    const model_limits limits = {golden->input.token_count, golden->input.sequence_count,
                                 golden->input.masked_count, true, false};
    assert_ok(model_create(&golden->model, &config, &limits, error));
    assert_ok(model_check_input(golden->model, &golden->input, error));
    read_values(golden, "values/", golden->model);
}

static void golden_close(golden *golden)
{
    model_free(golden->model);
    safetensors_close(&golden->file);
    free(golden->tokens);
    free(golden->starts);
    free(golden->positions);
    free(golden->labels);
    free(golden->sequence_labels);
    free(golden->targets);
    free(golden->class_weights);
    free(golden->types);
    free(golden->pair_labels);
    free(golden->numbers);
}

/* ----------------------------------------------------------------------------- comparison --- */

/* Norm of the difference, and every element, to which `floor` is allowed whatever its size. */
static void assert_tensor_near(const char *what, const float *found, const float *expected,
                               size_t count, double floor)
{
    double difference = 0, norm = 0, largest = 0;
    for (size_t i = 0; i < count; i++) {
        double d = (double)found[i] - expected[i];
        difference += d * d;
        norm += (double)expected[i] * expected[i];
        largest = fmax(largest, fabs(expected[i]));
    }
    if (!(sqrt(difference) <= relative_tolerance * sqrt(norm)))
        fail_msg("%s: the difference has norm %.3g, the expected tensor %.3g", what,
                 sqrt(difference), sqrt(norm));
    for (size_t i = 0; i < count; i++) {
        double allowed = relative_tolerance * fabs(expected[i]) + floor_tolerance * largest + floor;
        if (!(fabs((double)found[i] - expected[i]) <= allowed))
            fail_msg("%s[%zu]: %.9g, expected %.9g", what, i, found[i], expected[i]);
    }
}

/* softmax(q · (k + b)) does not depend on b, as it shifts all scores of a query alike. */
static bool is_key_bias(const parameter *entry)
{
    return entry->role == ROLE_KEY && entry->bias;
}

static void compare_all(const golden *golden, const char *prefix, const float *buffer, double floor)
{
    const parameter_table *table = model_parameter_table(golden->model);
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        if (is_key_bias(entry))
            continue;
        float *expected = floats_of(golden, prefix, entry->name, entry->count);
        assert_tensor_near(entry->name, buffer + entry->offset, expected, entry->count, floor);
        free(expected);
    }
}

static double one_float(const golden *golden, const char *name)
{
    float *value = floats_of(golden, "", name, 1);
    double result = value[0];
    free(value);
    return result;
}

typedef void logits_function(model_workspace *workspace, const model_input *input, float *logits);

static void compare_head(const golden *golden, const char *name, logits_function *function,
                         size_t count)
{
    float *expected = floats_of(golden, "", name, count);
    float *logits = calloc(count, sizeof *logits);
    function(model_own_workspace(golden->model), &golden->input, logits);
    assert_tensor_near(name, logits, expected, count, 0);
    free(expected);
    free(logits);
}

static void compare_logits(const golden *golden)
{
    const model_config *config = model_configuration(golden->model);
    size_t masked = (size_t)golden->input.masked_count;
    size_t sequences = (size_t)golden->input.sequence_count;
    if (config->head == MODEL_HEAD_PRETRAINING)
        compare_head(golden, "mlm_logits", model_mlm_logits, masked * (size_t)config->vocab_size);
    if (model_config_has_nsp_head(config))
        compare_head(golden, "nsp_logits", model_nsp_logits, 2 * sequences);
    if (config->head == MODEL_HEAD_CLASSIFICATION)
        compare_head(golden, "label_logits", model_label_logits,
                     sequences * (size_t)config->num_labels);
}

/* A loss that the batch has no labels for is an empty sum. */
static void compare_loss(const golden *golden, const char *name, double sum, double divisor,
                         bool present)
{
    if (!present)
        assert_true(sum == 0 && divisor == 0);
    else
        assert_true(fabs(sum / divisor / one_float(golden, name) - 1) < 1e-5);
}

static void compare_losses(const golden *golden, const pass_losses *losses)
{
    const model_input *input = &golden->input;
    bool labels = input->labels || input->targets;
    assert_int_equal(losses->mlm.count, input->masked_count);
    assert_int_equal(losses->nsp.count, input->next_sentence_labels ? input->sequence_count : 0);
    assert_int_equal(losses->labels.count, labels ? input->sequence_count : 0);
    assert_true(!labels || fabs(losses->labels.weight - golden->label_weight) < 1e-6);
    compare_loss(golden, "mlm_loss", losses->mlm.sum, (double)losses->mlm.count,
                 input->masked_labels);
    compare_loss(golden, "nsp_loss", losses->nsp.sum, (double)losses->nsp.count,
                 input->next_sentence_labels);
    compare_loss(golden, "label_loss", losses->labels.sum, losses->labels.weight, labels);
}

static double norm(const float *gradients, size_t count)
{
    return sqrt(cpu_operations()->sum_of_squares(gradients, count));
}

static void train(golden *golden, pass_losses *losses)
{
    *losses = (pass_losses){0};
    const model_input *input = &golden->input;
    const pass_scales scales = {
        .mlm = input->masked_count ? 1.0 / input->masked_count : 0,
        .nsp = 1.0 / input->sequence_count,
        .labels = golden->label_weight > 0 ? 1.0 / golden->label_weight : 0,
    };
    train_pass(golden->model, &golden->input, 1, 0, &scales, losses);
}

/* --------------------------------------------------------------------------------- tests --- */

static void check_forward_and_gradients(const char *name)
{
    golden golden;
    golden_open(&golden, name);
    compare_logits(&golden);
    pass_losses losses = {0};
    evaluate_pass(golden.model, &golden.input, &losses);
    compare_losses(&golden, &losses);
    train(&golden, &losses);
    compare_losses(&golden, &losses);
    const float *gradients = model_gradients(golden.model);
    compare_all(&golden, "gradients/", gradients, 0);
    const parameter_table *table = model_parameter_table(golden.model);
    for (size_t i = 0; i < table->count; i++) { /* the query's bias shows what is small here */
        const parameter *entry = &table->entries[i];
        if (is_key_bias(entry))
            assert_true(norm(gradients + entry->offset, entry->count) <
                        1e-4 * norm(gradients + entry[-1].offset, entry->count));
    }
    golden_close(&golden);
}

static void check_steps(const char *name)
{
    golden golden;
    golden_open(&golden, name);
    const settings *s = &golden.settings;
    const parameter_table *table = model_parameter_table(golden.model);
    float *values = model_weights(golden.model), *gradients = model_gradients(golden.model);
    float *moments = calloc(2 * table->size, sizeof *moments);
    const schedule falling = schedule_default(s->schedule, s->warmup_steps, s->total_steps);
    for (int64_t step = 0; step < s->steps; step++) {
        pass_losses losses;
        memset(gradients, 0, table->size * sizeof *gradients);
        train(&golden, &losses);
        const optimizer_step update = {
            .learning_rate = s->learning_rate * schedule_factor(&falling, step),
            .gradient_scale = clip_scale(norm(gradients, table->size), s->max_grad_norm),
            .number = step + 1,
            .operations = cpu_operations(),
        };
        for (size_t i = 0; i < table->count; i++) {
            const parameter *entry = &table->entries[i];
            const optimizer_slice slice = {
                .weights = values + entry->offset,
                .gradients = gradients + entry->offset,
                .states = {moments + entry->offset, moments + table->size + entry->offset},
                .count = entry->count,
                .decay = entry->decay,
            };
            s->optimizer->update(&slice, &s->adam, &update);
        }
    }
    compare_all(&golden, "after/", values, learning_rate_tolerance * s->learning_rate);
    free(moments);
    golden_close(&golden);
}

static void test_pre_training_equals_transformers(void **state)
{
    (void)state;
    check_forward_and_gradients("pair");
}

static void test_masked_lm_equals_transformers(void **state)
{
    (void)state;
    check_forward_and_gradients("masked");
}

static void test_distilbert_equals_transformers(void **state)
{
    (void)state;
    check_forward_and_gradients("distil");
}

static void test_classification_equals_transformers(void **state)
{
    (void)state;
    check_forward_and_gradients("classes");
    check_forward_and_gradients("distil_classes");
}

static void test_regression_equals_transformers(void **state)
{
    (void)state;
    check_forward_and_gradients("score");
    check_forward_and_gradients("distil_scores");
}

static void test_activations_equal_transformers(void **state)
{
    (void)state;
    static const char *const names[] = {
        "gelu_new", "gelu_pytorch_tanh", "gelu_python", "relu", "silu", "swish", "distil_relu"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_forward_and_gradients(names[i]);
}

/* The weights of the losses are those of DistilBERT's training. */
static void test_distillation_equals_transformers(void **state)
{
    (void)state;
    golden golden;
    golden_open(&golden, "distillation");
    model_config config;
    model *teacher;
    const model_input *input = &golden.input;
    const model_limits limits = {.tokens = input->token_count,
                                 .sequences = input->sequence_count,
                                 .masked = input->masked_count};
    assert_ok(model_config_read(&config, "tests/model/golden/distillation/teacher.json", error));
    assert_ok(model_check_teacher(model_configuration(golden.model), &config, "teacher", error));
    assert_ok(model_create(&teacher, &config, &limits, error));
    read_values(&golden, "teacher/", teacher);
    const distillation_scales scales = {.mlm = 2.0 / input->masked_count,
                                        .soft = 5.0 / input->masked_count,
                                        .cosine = 1.0 / input->token_count};
    loss_term mlm = {0}, soft = {0}, cosine = {0};
    model_pass pass = model_forward(model_own_workspace(golden.model), input, ROWS_ALL, true, 1, 0);
    model_pass taught = model_forward(model_own_workspace(teacher), input, ROWS_ALL, false, 0, 0);
    model_distillation_loss(&pass, &taught, 2.0, &scales, &mlm, &soft, &cosine);
    model_backward(&pass);
    compare_loss(&golden, "mlm_loss", mlm.sum, input->masked_count, true);
    compare_loss(&golden, "soft_loss", soft.sum, input->masked_count, true);
    compare_loss(&golden, "cosine_loss", cosine.sum, input->token_count, true);
    assert_int_equal(mlm.count, input->masked_count);
    assert_int_equal(soft.count, input->masked_count);
    assert_int_equal(cosine.count, input->token_count);
    compare_all(&golden, "gradients/", model_gradients(golden.model), 0);

    config.hidden_size = 48;
    assert_fails(model_check_teacher(model_configuration(golden.model), &config, "T", error),
                 BERT_ERROR_INPUT, "T: the teacher's hidden_size is 48, the student's 24");
    config = *model_configuration(teacher);
    model_config_set_head(&config, MODEL_HEAD_NONE);
    assert_fails(model_check_teacher(model_configuration(golden.model), &config, "T", error),
                 BERT_ERROR_INPUT, "BertModel has no MLM head");
    config = *model_configuration(teacher);
    config.num_hidden_layers = 1;
    assert_fails(model_check_teacher(model_configuration(golden.model), &config, "T", error),
                 BERT_ERROR_INPUT, "at least as many");
    model_free(teacher);
    golden_close(&golden);
}

static void test_adamw_steps_equal_transformers(void **state)
{
    (void)state;
    check_steps("pair");
}

static void test_adam_steps_equal_transformers(void **state)
{
    (void)state;
    check_steps("masked");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pre_training_equals_transformers),
        cmocka_unit_test(test_masked_lm_equals_transformers),
        cmocka_unit_test(test_distilbert_equals_transformers),
        cmocka_unit_test(test_classification_equals_transformers),
        cmocka_unit_test(test_regression_equals_transformers),
        cmocka_unit_test(test_activations_equal_transformers),
        cmocka_unit_test(test_distillation_equals_transformers),
        cmocka_unit_test(test_adamw_steps_equal_transformers),
        cmocka_unit_test(test_adam_steps_equal_transformers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
