/* Google's BERTs as TensorFlow saved them: names, which tensor is in which file, what is reported
 * of the rest. Their numbers are held against `transformers` in test_transformers.py. */
#include "testing.h"

#include "base/file.h"
#include "base/observer.h"
#include "formats/tensor_bundle.h"
#include "model/folder.h"
#include "model/tensorflow_names.h"
#include "model/weights.h"

static const char folder[] = "tests/model/google-bert";
static const char *directory;
static char copied[300]; /* a folder with files of the first, some of them changed */

static int set_up(void **state)
{
    (void)state;
    directory = testing_directory();
    snprintf(copied, sizeof copied, "%s/copied", directory);
    return directory_create(copied, NULL) != BERT_OK;
}

static int tear_down(void **state)
{
    (void)state;
    return directory_remove(directory, NULL) != BERT_OK;
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *variable, *name;
        bool transposed;
    } cases[] = {
        {"bert/embeddings/word_embeddings", "bert.embeddings.word_embeddings.weight", false},
        {"bert/embeddings/LayerNorm/gamma", "bert.embeddings.LayerNorm.weight", false},
        {"bert/encoder/layer_11/attention/self/query/kernel",
         "bert.encoder.layer.11.attention.self.query.weight", true},
        {"bert/encoder/layer_0/output/LayerNorm/beta", "bert.encoder.layer.0.output.LayerNorm.bias",
         false},
        {"bert/encoder/layer_0/intermediate/dense/bias",
         "bert.encoder.layer.0.intermediate.dense.bias", false},
        {"cls/predictions/output_bias", "cls.predictions.bias", false},
        {"cls/seq_relationship/output_weights", "cls.seq_relationship.weight", false},
        {"cls/seq_relationship/output_bias", "cls.seq_relationship.bias", false},
        {"output_weights", "classifier.weight", false},
        {"output_bias", "classifier.bias", false},
        {"kernel/of/nothing", "kernel.of.nothing", false},
        {"a//layer_/b/", "a..layer_.b.", false},
        {"", "", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *name;
        bool transposed;
        assert_ok(tensorflow_name(&name, &transposed, cases[i].variable, error));
        assert_string_equal(name, cases[i].name);
        assert_int_equal(transposed, cases[i].transposed);
        assert_false(tensorflow_is_optimizer(cases[i].variable));
        free(name);
    }
    assert_true(tensorflow_is_optimizer("bert/pooler/dense/kernel/adam_m"));
    assert_true(tensorflow_is_optimizer("bert/pooler/dense/kernel/adam_v"));
    assert_true(tensorflow_is_optimizer("a/AdamWeightDecayOptimizer_1"));
    assert_true(tensorflow_is_optimizer("global_step"));
    assert_false(tensorflow_is_optimizer("bert/adam_man"));
}

static void assert_found(const char *model, const char *in_folder, const char *config)
{
    char *found;
    assert_ok(model_find_folder(&found, model, error));
    assert_string_equal(found, in_folder);
    free(found);
    assert_ok(model_find_config(&found, model, error));
    assert_string_equal(found, config);
    free(found);
}

static void test_what_lies_where(void **state)
{
    (void)state;
    static const char config[] = "tests/model/google-bert/bert_config.json";
    assert_found(folder, folder, config);
    assert_found("tests/model/google-bert/bert_model.ckpt", "tests/model/google-bert/", config);
    assert_found("tests/model/google-bert/bert_model.ckpt.index", "tests/model/google-bert/",
                 config);
    assert_false(model_names_checkpoint(folder));
    assert_found("nowhere", "nowhere", "nowhere/config.json");
    assert_int_equal(chdir(folder), 0);
    assert_found("bert_model.ckpt", ".", "./bert_config.json");
    assert_int_equal(chdir("../../.."), 0);
}

/* ----------------------------------------------------------------------------------- loading ---
 */

static void keep_message(void *context, bert_message_level level, const char *text)
{
    char *messages = context;
    size_t used = strlen(messages);
    snprintf(messages + used, 2000 - used, "%s%s\n", level == BERT_MESSAGE_WARNING ? "! " : "",
             text);
}

static char messages[2000];

/* The weights of this model for the configuration; *values is the caller's. */
static bert_status load(const char *model, const model_config *config, parameter_table *table,
                        float **values, bert_error *error)
{
    const bert_observer observer = {.context = messages, .message = keep_message};
    const weights_options options = {.create_heads = true, .seed = 9, .observer = &observer};
    messages[0] = '\0';
    TRY(parameter_table_create(table, config, error));
    *values = calloc(table->size, sizeof **values);
    return weights_load(table, config, *values, model, &options, error);
}

static bert_status load_only(const char *model, const model_config *config, bert_error *error)
{
    parameter_table table = {0};
    float *values = NULL;
    bert_status status = load(model, config, &table, &values, error);
    parameter_table_free(&table);
    free(values);
    return status;
}

static model_config read_config(void)
{
    model_config config;
    assert_ok(model_folder_read_config(&config, folder, error));
    assert_true(config.next_sentence_prediction);
    assert_int_equal(config.hidden_size, 8);
    return config;
}

static void test_kernels_are_turned_round(void **state)
{
    (void)state;
    model_config config = read_config();
    parameter_table table = {0};
    float *values = NULL, stored[8 * 12];
    tensor_bundle bundle;
    assert_ok(load(folder, &config, &table, &values, error));
    assert_null(strstr(messages, "! "));
    assert_non_null(strstr(messages, "not used: cls/squad/output_weights\n"));
    assert_non_null(strstr(messages, "not used: 53 variables of the optimizer\n"));
    const parameter *entry =
        parameter_find(&table, "bert.encoder.layer.0.intermediate.dense.weight");
    assert_int_equal(entry->shape[0], 12);
    assert_ok(tensor_bundle_open(&bundle, "tests/model/google-bert/bert_model.ckpt", error));
    for (size_t i = 0; i < bundle.count; i++)
        if (strcmp(bundle.tensors[i].name, "bert/encoder/layer_0/intermediate/dense/kernel") == 0)
            assert_ok(safetensors_tensor_read(folder, &bundle.tensors[i], stored, 96, error));
    for (size_t in = 0; in < 8; in++)
        for (size_t out = 0; out < 12; out++)
            assert_true(values[entry->offset + out * 8 + in] == stored[in * 12 + out]);
    tensor_bundle_close(&bundle);
    parameter_table_free(&table);
    free(values);
}

static void test_heads_are_made_and_left(void **state)
{
    (void)state;
    model_config config = read_config();
    model_config_set_head(&config, MODEL_HEAD_CLASSIFICATION);
    config.num_labels = 3;
    config.classifier_dropout = -1;
    assert_ok(load_only(folder, &config, error));
    assert_non_null(strstr(messages, "random numbers: classifier.weight, classifier.bias\n"));
    assert_non_null(strstr(messages, "cls/predictions/output_bias, "));
    assert_non_null(strstr(messages, "cls/seq_relationship/output_weights, "));
}

static void test_what_does_not_fit_is_named(void **state)
{
    (void)state;
    model_config config = read_config();
    config.intermediate_size = 16;
    assert_fails(load_only(folder, &config, error), BERT_ERROR_INPUT,
                 "google-bert/bert_model.ckpt: bert/encoder/layer_0/intermediate/dense/kernel has "
                 "shape [8, 12], expected [8, 16]");
    config = read_config();
    config.num_hidden_layers = 2;
    assert_fails(load_only(folder, &config, error), BERT_ERROR_INPUT,
                 "no tensor bert.encoder.layer.1.attention.self.query.weight");
    config = read_config();
    config.family = MODEL_DISTILBERT;
    config.type_vocab_size = 0;
    config.next_sentence_prediction = false;
    assert_fails(load_only(folder, &config, error), BERT_ERROR_INPUT, "no tensor distilbert.");
    config = read_config();
    assert_fails(load_only("tests/formats/bundles/plain", &config, error), BERT_ERROR_INPUT,
                 "not of Google's BERT: it has brain, but no bert/embeddings/word_embeddings");
    assert_fails(load_only("tests/formats/bundles/nothing", &config, error), BERT_ERROR_INPUT,
                 "it has no variable");
    assert_fails(load_only("tests/formats/bundles/first-format.ckpt", &config, error),
                 BERT_ERROR_UNSUPPORTED, "old format (V1");
    assert_fails(load_only("tests/formats/bundles", &config, error), BERT_ERROR_IO,
                 "bert_model.ckpt.index");
}

/* There is none among the shards of safetensors. */
static void test_a_checkpoint_is_no_shard(void **state)
{
    (void)state;
    static const char index[] = "{\"weight_map\": {\"a\": \"bert_model.ckpt.index\","
                                " \"b\": \"other.index\"}}";
    model_config config = read_config();
    char path[400];
    for (int other = 0; other < 2; other++) {
        text content = {0};
        assert_ok(
            file_read(&content, "tests/model/google-bert/bert_model.ckpt.index", 1 << 20, error));
        snprintf(path, sizeof path, "%s/%s", copied,
                 other ? "other.index" : "bert_model.ckpt.index");
        assert_ok(file_write(path, content.data, content.length, error));
        text_free(&content);
    }
    snprintf(path, sizeof path, "%s/model.safetensors.index.json", copied);
    assert_ok(file_write(path, index, sizeof index - 1, error));
    assert_fails(load_only(copied, &config, error), BERT_ERROR_INPUT, "is not what torch.save");
    assert_int_equal(unlink(path), 0);
}

/* A copy of one of the folder's files, a byte of it changed where `place` is below its size. */
static void copy_changed(const char *name, size_t place)
{
    char path[400];
    text content = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_ok(file_read(&content, path, 1 << 20, error));
    if (place < content.length)
        content.data[place] = (char)(content.data[place] ^ 1);
    snprintf(path, sizeof path, "%s/%s", copied, name);
    assert_ok(file_write(path, content.data, content.length, error));
    text_free(&content);
}

static void test_damage_is_named(void **state)
{
    (void)state;
    model_config config = read_config();
    copy_changed("bert_model.ckpt.index", SIZE_MAX);
    assert_fails(load_only(copied, &config, error), BERT_ERROR_IO, "data-00000-of-00001");
    copy_changed("bert_model.ckpt.data-00000-of-00001", SIZE_MAX);
    assert_ok(load_only(copied, &config, error));
    copy_changed("bert_model.ckpt.data-00000-of-00001", 5);
    assert_fails(load_only(copied, &config, error), BERT_ERROR_INPUT,
                 "bert_model.ckpt.data-00000-of-00001: damaged: the checksum of tensor "
                 "bert/embeddings/LayerNorm/");
    copy_changed("bert_model.ckpt.index", 70);
    assert_fails(load_only(copied, &config, error), BERT_ERROR_INPUT,
                 "bert_model.ckpt.index: damaged table");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_what_lies_where),
        cmocka_unit_test(test_kernels_are_turned_round),
        cmocka_unit_test(test_heads_are_made_and_left),
        cmocka_unit_test(test_what_does_not_fit_is_named),
        cmocka_unit_test(test_a_checkpoint_is_no_shard),
        cmocka_unit_test(test_damage_is_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
