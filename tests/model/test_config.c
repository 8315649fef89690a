#include "scratch.h"

#include "base/file.h"
#include "formats/json.h"
#include "model/config.h"

static char path[300];

static int set_up(void **state)
{
    scratch_make(state);
    snprintf(path, sizeof path, "%s/config.json", scratch_directory);
    return 0;
}

static bert_status read_text(model_config *config, const char *content, bert_error *error)
{
    TRY(file_write(path, content, strlen(content), error));
    return model_config_read(config, path, error);
}

/* A small valid file with `more` before its end: a later key of the same name wins. */
static bert_status read_with(model_config *config, const char *more, bert_error *error)
{
    static const char start[] =
        "{\"vocab_size\": 100, \"hidden_size\": 32, \"num_hidden_layers\": 2,"
        "\"num_attention_heads\": 4, \"intermediate_size\": 64";
    char content[1000];
    json_error_t problem;
    snprintf(content, sizeof content, "{%s}", more);
    json_t *changes = json_loads(content, 0, &problem);
    snprintf(content, sizeof content, "%s}", start);
    json_t *object = json_loads(content, 0, &problem);
    assert_non_null(changes);
    json_object_update(object, changes);
    char *text = json_dumps(object, 0);
    json_decref(object);
    json_decref(changes);
    bert_status status = read_text(config, text, error);
    free(text);
    return status;
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int layers, hidden, heads, intermediate;
    } sizes[] = {
        {"tiny", 2, 128, 2, 512},    {"mini", 4, 256, 4, 1024},   {"small", 4, 512, 8, 2048},
        {"medium", 8, 512, 8, 2048}, {"base", 12, 768, 12, 3072}, {"large", 24, 1024, 16, 4096},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        model_config config;
        assert_ok(model_config_named(&config, sizes[i].name, error));
        assert_ok(model_config_check(&config, sizes[i].name, error));
        assert_int_equal(config.num_hidden_layers, sizes[i].layers);
        assert_int_equal(config.hidden_size, sizes[i].hidden);
        assert_int_equal(config.num_attention_heads, sizes[i].heads);
        assert_int_equal(config.intermediate_size, sizes[i].intermediate);
        assert_int_equal(config.vocab_size, 30522);
        assert_int_equal(config.max_position_embeddings, 512);
    }
    model_config config;
    assert_fails(model_config_named(&config, "huge", error), BERT_ERROR_INVALID_ARGUMENT, "the model huge is neither a size by name");
}

/* Of both families, and each under its own name. */
static void test_activations_read_back(void **state)
{
    (void)state;
    static const char *const models[] = {"mini", "distil"};
    for (size_t i = 0; i < 2; i++)
        for (activation act = 0; activation_name(act); act++) {
            model_config config, read;
            text written = {0};
            char expected[64];
            assert_ok(model_config_named(&config, models[i], error));
            assert_int_equal(config.hidden_act, ACTIVATION_GELU);
            config.hidden_act = act;
            assert_ok(model_config_write(&config, path, error));
            assert_ok(file_read(&written, path, 1 << 16, error));
            snprintf(expected, sizeof expected, "\": \"%s\"", activation_name(act));
            assert_non_null(strstr(written.data, expected));
            text_free(&written);
            assert_ok(model_config_read(&read, path, error));
            assert_int_equal(read.hidden_act, act);
            config.hidden_act = -1;
            assert_fails(model_config_check(&config, "X", error), BERT_ERROR_INVALID_ARGUMENT,
                         "X: hidden_act is number -1");
        }
}

static void test_written_file_reads_back(void **state)
{
    (void)state;
    model_config config, read;
    assert_ok(model_config_named(&config, "mini", error));
    config.vocab_size = 1234;
    config.hidden_dropout_prob = 0.15;
    config.attention_probs_dropout_prob = 0.0;
    config.max_position_embeddings = 77;
    config.type_vocab_size = 3;
    config.initializer_range = 0.05;
    config.layer_norm_eps = 1e-7;
    config.pad_token_id = 5;
    for (int pairs = 0; pairs < 2; pairs++) {
        config.next_sentence_prediction = pairs;
        assert_ok(model_config_write(&config, path, error));
        assert_ok(model_config_read(&read, path, error));
        assert_int_equal(read.vocab_size, 1234);
        assert_int_equal(read.hidden_size, 256);
        assert_int_equal(read.num_hidden_layers, 4);
        assert_int_equal(read.num_attention_heads, 4);
        assert_int_equal(read.intermediate_size, 1024);
        assert_true(read.hidden_dropout_prob == 0.15);
        assert_true(read.attention_probs_dropout_prob == 0.0);
        assert_int_equal(read.max_position_embeddings, 77);
        assert_int_equal(read.type_vocab_size, 3);
        assert_true(read.initializer_range == 0.05);
        assert_true(read.layer_norm_eps == 1e-7);
        assert_int_equal(read.pad_token_id, 5);
        assert_int_equal(read.next_sentence_prediction, pairs);
    }
    config.next_sentence_prediction = false;
    config.pad_token_id = -1;
    assert_ok(model_config_write(&config, path, error));
    assert_ok(model_config_read(&read, path, error));
    assert_int_equal(read.pad_token_id, -1);
}

static void test_missing_keys_have_defaults_but_sizes(void **state)
{
    (void)state;
    model_config config;
    assert_ok(read_with(&config, "", error));
    assert_int_equal(config.max_position_embeddings, 512);
    assert_int_equal(config.type_vocab_size, 2);
    assert_int_equal(config.pad_token_id, 0);
    assert_true(config.hidden_dropout_prob == 0.1);
    assert_true(config.layer_norm_eps == 1e-12);
    assert_true(config.next_sentence_prediction);
    assert_fails(read_text(&config, "{\"hidden_size\": 32}", error), BERT_ERROR_INPUT,
                 "vocab_size");
    assert_fails(read_text(&config, "{\"vocab_size\": 32, \"hidden_size\": 64}", error),
                 BERT_ERROR_INPUT, "num_hidden_layers");
}

static void test_architectures(void **state)
{
    (void)state;
    model_config config;
    assert_ok(read_with(&config, "\"architectures\": [\"BertForPreTraining\"]", error));
    assert_true(config.next_sentence_prediction);
    assert_ok(read_with(&config, "\"architectures\": [\"BertForMaskedLM\"]", error));
    assert_false(config.next_sentence_prediction);
    assert_ok(read_with(&config, "\"architectures\": null", error));
    assert_true(config.next_sentence_prediction);
    assert_fails(read_with(&config, "\"architectures\": [7]", error), BERT_ERROR_INPUT,
                 "architectures");
    assert_ok(read_with(&config, "\"architectures\": [\"BertForQuestionAnswering\"]", error));
    assert_int_equal(config.head, MODEL_HEAD_NONE); /* its encoder */
    assert_fails(read_with(&config, "\"architectures\": \"BertModel\"", error), BERT_ERROR_INPUT,
                 "architectures");
}

static void test_every_kind_reads_back(void **state)
{
    (void)state;
    static const char *const names[2][3] = {
        {"BertForMaskedLM", "BertModel", "BertForSequenceClassification"},
        {"DistilBertForMaskedLM", "DistilBertModel", "DistilBertForSequenceClassification"},
    };
    for (int family = 0; family < 2; family++)
        for (int head = 0; head < 3; head++) {
            model_config config, read;
            assert_ok(model_config_named(&config, family ? "distil" : "base", error));
            model_config_set_head(&config, (model_head)head);
            config.sinusoidal_positions = family;
            config.num_labels = head == MODEL_HEAD_CLASSIFICATION ? 5 : 0;
            config.problem = head == MODEL_HEAD_CLASSIFICATION ? MODEL_REGRESSION : 0;
            config.classifier_dropout = 0.25;
            assert_string_equal(model_config_architecture(&config), names[family][head]);
            assert_ok(model_config_write(&config, path, error));
            assert_ok(model_config_read(&read, path, error));
            assert_int_equal(read.family, family);
            assert_int_equal(read.head, head);
            assert_int_equal(read.num_hidden_layers, family ? 6 : 12);
            assert_int_equal(read.type_vocab_size, family ? 0 : 2);
            assert_int_equal(read.sinusoidal_positions, family);
            assert_false(read.next_sentence_prediction);
            assert_int_equal(read.num_labels, config.num_labels);
            assert_int_equal(read.problem, config.problem);
            if (head == MODEL_HEAD_CLASSIFICATION)
                assert_true(read.classifier_dropout == 0.25);
        }
}

static void test_classification(void **state)
{
    (void)state;
    model_config config;
    model_labels labels;
#define CLASSIFIER "\"architectures\": [\"BertForSequenceClassification\"]"
    assert_ok(read_with(&config, CLASSIFIER, error));
    assert_int_equal(config.num_labels, 2);
    assert_int_equal(config.problem, MODEL_CLASSIFICATION);
    assert_true(config.classifier_dropout < 0);
    assert_true(model_config_classifier_dropout(&config) == config.hidden_dropout_prob);
    assert_ok(read_with(&config, CLASSIFIER ", \"id2label\": {\"0\": \"score\"}", error));
    assert_int_equal(config.problem, MODEL_REGRESSION);
    assert_ok(read_with(&config,
                        CLASSIFIER ", \"classifier_dropout\": null, \"id2label\": {\"1\": \"so\","
                                   "\"0\": \"no\", \"2\": \"yes\"}",
                        error));
    assert_int_equal(config.num_labels, 3);
    assert_ok(model_labels_read(&labels, 3, path, error));
    assert_string_equal(labels.names[0], "no");
    assert_string_equal(labels.names[2], "yes");
    assert_ok(model_config_write_labelled(&config, &labels, path, error));
    model_labels_free(&labels);
    assert_ok(model_labels_read(&labels, 3, path, error));
    assert_string_equal(labels.names[1], "so");
    model_labels_free(&labels);
    assert_ok(model_config_write(&config, path, error));
    assert_ok(model_labels_read(&labels, 3, path, error));
    assert_string_equal(labels.names[2], "LABEL_2");
    model_labels_free(&labels);
    assert_ok(read_with(&config, CLASSIFIER ", \"id2label\": {\"0\": \"a\", \"7\": \"b\"}", error));
    assert_fails(model_labels_read(&labels, 2, path, error), BERT_ERROR_INPUT, "label 1");
    assert_fails(read_with(&config, CLASSIFIER ", \"num_labels\": 0", error), BERT_ERROR_INPUT,
                 "num_labels");
    assert_fails(read_with(&config, CLASSIFIER ", \"classifier_dropout\": 1", error),
                 BERT_ERROR_INPUT, "classifier_dropout");
    assert_fails(
        read_with(&config, CLASSIFIER ", \"problem_type\": \"multi_label_classification\"", error),
        BERT_ERROR_UNSUPPORTED, "multi_label_classification");
#undef CLASSIFIER
}

static void test_other_arithmetic_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *member, *key;
    } refused[] = {
        {"\"hidden_act\": \"mish\"", "hidden_act is \"mish\"; supported are \"gelu\", \"relu\", "},
        {"\"position_embedding_type\": \"relative_key\"", "position_embedding_type"},
        {"\"is_decoder\": true", "is_decoder is true"},
        {"\"is_encoder_decoder\": true", "is_encoder_decoder"},
        {"\"add_cross_attention\": true", "add_cross_attention"},
        {"\"tie_word_embeddings\": false", "tie_word_embeddings is false"},
        {"\"model_type\": \"roberta\"", "model_type is \"roberta\""},
        {"\"pruned_heads\": {\"0\": [1]}", "pruned_heads"},
        {"\"quantization_config\": {\"bits\": 4}", "quantization_config"},
    };
    model_config config;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_fails(read_with(&config, refused[i].member, error), BERT_ERROR_UNSUPPORTED,
                     refused[i].key);
    assert_ok(read_with(&config,
                        "\"use_cache\": true, \"gradient_checkpointing\": false, "
                        "\"pruned_heads\": {}, \"is_decoder\": false, \"directionality\": \"bidi\"",
                        error));
}

static void test_ranges(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"\"vocab_size\": 0", "vocab_size"},
        {"\"vocab_size\": 4294967396", "vocab_size"},
        {"\"vocab_size\": \"100\"", "vocab_size"},
        {"\"hidden_size\": -32", "hidden_size"},
        {"\"hidden_size\": 30", "multiple"},
        {"\"hidden_size\": 1073741824", "hidden_size"},
        {"\"num_hidden_layers\": 0", "num_hidden_layers"},
        {"\"num_hidden_layers\": 1025", "num_hidden_layers"},
        {"\"num_attention_heads\": 0", "num_attention_heads"},
        {"\"intermediate_size\": 0", "intermediate_size"},
        {"\"intermediate_size\": 64.5", "intermediate_size"},
        {"\"max_position_embeddings\": 1048576", "max_position_embeddings"},
        {"\"type_vocab_size\": 257", "type_vocab_size"},
        {"\"pad_token_id\": 100", "pad_token_id"},
        {"\"hidden_dropout_prob\": 1.0", "hidden_dropout_prob"},
        {"\"attention_probs_dropout_prob\": -0.1", "attention_probs_dropout_prob"},
        {"\"initializer_range\": -0.02", "initializer_range"},
        {"\"layer_norm_eps\": -1e-12", "layer_norm_eps"},
    };
    model_config config = {.vocab_size = 7};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_fails(read_with(&config, wrong[i][0], error), BERT_ERROR_INPUT, wrong[i][1]);
        assert_fails(read_with(&config, wrong[i][0], error), BERT_ERROR_INPUT, path);
    }
    assert_int_equal(config.vocab_size, 7); /* untouched by failures */
    assert_fails(read_text(&config, "[]", error), BERT_ERROR_INPUT, path);
    assert_fails(read_text(&config, "", error), BERT_ERROR_INPUT, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_written_file_reads_back),
        cmocka_unit_test(test_activations_read_back),
        cmocka_unit_test(test_missing_keys_have_defaults_but_sizes),
        cmocka_unit_test(test_architectures),
        cmocka_unit_test(test_every_kind_reads_back),
        cmocka_unit_test(test_classification),
        cmocka_unit_test(test_other_arithmetic_is_refused_by_name),
        cmocka_unit_test(test_ranges),
    };
    return cmocka_run_group_tests(tests, set_up, scratch_remove);
}
