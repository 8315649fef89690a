/* bert_inspect_model on folders that others could have written: other names, heads that are missing
 * or left over, shards. */
#include "testing.h"

#include "base/file.h"
#include "bert.h"
#include "formats/safetensors.h"
#include "model/parameters.h"

#include <math.h>

static char directory[256];
static float *values;

static const model_config masked = {
    .family = MODEL_DISTILBERT,
    .vocab_size = 20,
    .hidden_size = 8,
    .num_hidden_layers = 3,
    .num_attention_heads = 2,
    .intermediate_size = 16,
    .max_position_embeddings = 12,
    .initializer_range = 0.02,
    .layer_norm_eps = 1e-12,
};

static const char *in_directory(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static int set_up(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "%s", testing_directory());
    assert_ok(model_config_write(&masked, in_directory("config.json"), error));
    values = calloc(1 << 16, sizeof *values);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(values);
    assert_ok(directory_remove(directory, error));
    return 0;
}

static bert_model_report inspect(const char *path)
{
    bert_inspect_model_params params = bert_inspect_model_params_default();
    bert_model_report report;
    params.path = path;
    assert_ok(bert_inspect_model(&params, &report, error));
    return report;
}

static const bert_tensor_report *tensor_of(const bert_model_report *report, const char *name)
{
    for (size_t i = 0; i < report->tensor_count; i++)
        if (strcmp(report->tensors[i].name, name) == 0)
            return &report->tensors[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

/* An encoder alone, its names without prefix, as a DistilBertForMaskedLM. */
static void test_missing_head(void **state)
{
    (void)state;
    model_config encoder = masked;
    parameter_table table;
    encoder.head = MODEL_HEAD_NONE;
    assert_ok(parameter_table_create(&table, &encoder, error));
    assert_ok(parameters_write(&table, values, in_directory("model.safetensors"), error));
    parameter_table_free(&table);

    bert_model_report report = inspect(directory);
    assert_int_equal(report.kind, BERT_KIND_MODEL);
    assert_string_equal(report.config.architecture, "DistilBertForMaskedLM");
    assert_int_equal(report.missing_count, 5);
    assert_int_equal(report.parameters[BERT_MODEL_MLM_HEAD], 0);
    /* four matrices with biases and two of the feed-forward, two normalisations, three times */
    assert_int_equal(report.parameters[BERT_MODEL_LAYERS],
                     3 * (4 * (8 * 8 + 8) + 2 * 8 * 16 + 16 + 8 + 4 * 8));
    assert_int_equal(report.parameters[BERT_MODEL_EMBEDDINGS], (20 + 12 + 2) * 8);
    assert_int_equal(report.parameter_count, report.parameters[BERT_MODEL_LAYERS] +
                                                 report.parameters[BERT_MODEL_EMBEDDINGS]);
    const bert_tensor_report *word = tensor_of(&report, "embeddings.word_embeddings.weight");
    assert_int_equal(word->use, BERT_TENSOR_USED);
    assert_int_equal(word->shape[0], 20);
    assert_string_equal(word->type, "F32");
    assert_false(report.has_tokenizer || report.has_training || report.has_manifest);
    bert_model_report_free(&report);

    /* The file alone tells its family by its names. */
    report = inspect(in_directory("model.safetensors"));
    assert_int_equal(report.kind, BERT_KIND_WEIGHTS);
    assert_null(report.config.architecture);
    assert_int_equal(report.parameters[BERT_MODEL_LAYERS], 3 * 600);
    assert_int_equal(report.parameters[BERT_MODEL_OTHER], 0);
    bert_model_report_free(&report);
}

static void write_tensors(const char *name, const safetensors_tensor *tensors, size_t count)
{
    static const char *const metadata[] = {"format", "pt"};
    assert_ok(safetensors_write(in_directory(name), tensors, count, metadata, 1, error));
}

/* Two shards: the model as it is, with a copy of its word embedding, and a tensor of another shape,
 * a buffer, another head, a layer too many. */
static void test_shards_and_misfits(void **state)
{
    (void)state;
    parameter_table table;
    text index = {0};
    safetensors_tensor first[80],
        second[] = {
            {.name = "vocab_projector.weight", .dimensions = 2, .shape = {20, 8}, .bytes = 640},
            {.name = "distilbert.embeddings.position_ids",
             .type = SAFETENSORS_I64,
             .dimensions = 1,
             .shape = {12},
             .bytes = 96},
            {.name = "qa_outputs.bias",
             .type = SAFETENSORS_F16,
             .dimensions = 1,
             .shape = {2},
             .bytes = 4},
            {.name = "distilbert.transformer.layer.3.ffn.lin1.bias",
             .dimensions = 1,
             .shape = {16},
             .bytes = 64},
        };
    assert_ok(parameter_table_create(&table, &masked, error));
    assert_ok(text_format(&index, error, "{\"weight_map\": {"));
    for (size_t i = 0; i < table.count; i++) {
        const parameter *entry = &table.entries[i];
        first[i] = (safetensors_tensor){.name = entry->name,
                                        .dimensions = entry->dimensions,
                                        .shape = {entry->shape[0], entry->shape[1]},
                                        .data = values,
                                        .bytes = entry->count * sizeof(float)};
        if (entry->role == ROLE_DECODER)
            first[i] = (safetensors_tensor){
                .name = entry->name, .dimensions = 1, .shape = {19}, .data = values, .bytes = 76};
        assert_ok(text_format(&index, error, "\"%s\": \"a.safetensors\", ", entry->name));
    }
    for (size_t i = 0; i < 4; i++) {
        second[i].data = values;
        assert_ok(text_format(&index, error, "\"%s\": \"b.safetensors\"%s", second[i].name,
                              i < 3 ? ", " : "}}"));
    }
    write_tensors("a.safetensors", first, table.count);
    write_tensors("b.safetensors", second, 4);
    assert_ok(
        file_write(in_directory("model.safetensors.index.json"), index.data, index.length, error));
    text_free(&index);

    bert_model_report report = inspect(directory);
    assert_int_equal(report.tensor_count, table.count + 4);
    assert_int_equal(report.missing_count, 0);
    assert_int_equal(tensor_of(&report, "vocab_projector.weight")->use, BERT_TENSOR_COPY);
    assert_string_equal(tensor_of(&report, "vocab_projector.weight")->file, "b.safetensors");
    assert_int_equal(tensor_of(&report, "vocab_projector.bias")->use, BERT_TENSOR_MISFIT);
    assert_int_equal(tensor_of(&report, second[1].name)->use, BERT_TENSOR_BUFFER);
    assert_int_equal(tensor_of(&report, second[2].name)->use, BERT_TENSOR_UNUSED);
    assert_int_equal(tensor_of(&report, second[3].name)->use, BERT_TENSOR_MISFIT);
    assert_int_equal(report.parameters[BERT_MODEL_EMBEDDINGS], (20 + 12 + 2) * 8);
    assert_int_equal(report.parameters[BERT_MODEL_OTHER], 2);
    bert_model_report_free(&report);
    parameter_table_free(&table);
}

static void test_states_of_others(void **state)
{
    (void)state;
    static const char content[] =
        "{\"global_step\": 7, \"max_steps\": 9, \"epoch\": 0.5, \"best_metric\": null,\n"
        "\"log_history\": [{\"loss\": 3.5}, {\"eval_loss\": 2}, {\"loss\": 3.25, \"step\": 7}]}";
    assert_ok(file_write(in_directory("trainer_state.json"), content, strlen(content), error));
    assert_ok(file_write(in_directory("vocab.txt"), "a\n", 2, error));
    bert_model_report report = inspect(directory);
    assert_int_equal(report.kind, BERT_KIND_CHECKPOINT);
    assert_non_null(strstr(report.weights_problem, "no weights in it"));
    assert_int_equal(report.parameters[BERT_MODEL_MLM_HEAD], 20 + 8 * 8 + 8 + 2 * 8);
    assert_true(report.has_tokenizer);
    assert_non_null(strstr(report.tokenizer_problem, "[UNK]"));
    assert_int_equal(report.training.step, 7);
    assert_true(report.training.train_loss == 3.25 && report.training.eval_loss == 2);
    assert_true(isnan(report.training.best_loss));
    assert_int_equal(report.training.seed, -1);
    bert_model_report_free(&report);
}

static void test_what_it_is(void **state)
{
    (void)state;
    assert_true(bert_inspect_model_detect(directory));
    assert_true(bert_inspect_model_detect("tests/formats/torch/zip.bin"));
    assert_true(bert_inspect_model_detect("tests/formats/torch/legacy.bin"));
    assert_false(bert_inspect_model_detect("tests/formats/tables"));
    assert_false(bert_inspect_model_detect("README.md"));
    assert_false(bert_inspect_model_detect("/nowhere/at/all"));
    bert_inspect_model_params params = bert_inspect_model_params_default();
    bert_model_report report;
    params.path = "/nowhere/at/all";
    assert_fails(bert_inspect_model(&params, &report, error), BERT_ERROR_IO, "/nowhere/at/all");
    bert_model_report_free(&report);
    params.verify = (bert_switch)7;
    assert_fails(bert_inspect_model(&params, &report, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->verify is 7; expected true or false");
    bert_model_report_free(&report);
    params.verify = BERT_UNSET;
    params.path = "tests/formats/torch/hostile.bin";
    assert_fails(bert_inspect_model(&params, &report, error), BERT_ERROR_UNSUPPORTED, "posix");
    bert_model_report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_missing_head, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shards_and_misfits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_states_of_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_it_is, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
