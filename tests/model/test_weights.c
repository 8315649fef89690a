/* Weights from and to safetensors. */
#include "scratch.h"

#include "base/file.h"
#include "fixture.h"
#include "formats/safetensors.h"
#include "model/weights.h"

#include <math.h>

static char path[300];

static int set_up(void **state)
{
    scratch_make(state);
    snprintf(path, sizeof path, "%s/model.safetensors", scratch_directory);
    return 0;
}

enum { MAX_TENSORS = 64 };

/* The tensors that a file of this model holds, to be altered before they are written. */
typedef struct tensor_list {
    safetensors_tensor tensors[MAX_TENSORS];
    size_t count;
} tensor_list;

static tensor_list list_of(model *model)
{
    tensor_list list = {.count = 0};
    const parameter_table *table = model_parameter_table(model);
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        list.tensors[list.count++] = (safetensors_tensor){
            .name = entry->name,
            .type = SAFETENSORS_F32,
            .dimensions = entry->dimensions,
            .shape = {entry->shape[0], entry->shape[1]},
            .data = model_weights(model) + entry->offset,
            .bytes = entry->count * sizeof(float),
        };
    }
    return list;
}

static safetensors_tensor *tensor_named(tensor_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->tensors[i].name, name) == 0)
            return &list->tensors[i];
    fail_msg("no %s", name);
    return NULL;
}

/* Reads the list as a file into a model of the same configuration, whose values come back. */
static bert_status read_list(const tensor_list *list, const model_config *config, float *values,
                             bert_error *error)
{
    static const char *const metadata[] = {"format", "pt"};
    TRY(safetensors_write(path, list->tensors, list->count, metadata, 1, error));
    parameter_table table;
    TRY(parameter_table_create(&table, config, error));
    bert_status status = weights_load(&table, config, values, path, &(weights_options){0}, error);
    parameter_table_free(&table);
    return status;
}

static void test_written_weights_read_back(void **state)
{
    (void)state;
    model_config config = fixture_config(0.1);
    model *model = fixture_model(&config, &fixture_limits);
    const parameter_table *table = model_parameter_table(model);
    float *values = calloc(table->size, sizeof *values);
    assert_ok(parameters_write(table, model_weights(model), path, error));
    assert_ok(weights_load(table, &config, values, path, &(weights_options){0}, error));
    assert_memory_equal(values, model_weights(model), table->size * sizeof *values);

    safetensors_file file;
    assert_ok(safetensors_open(&file, path, error));
    assert_int_equal(file.count, table->count);
    assert_int_equal(file.metadata_count, 1);
    assert_string_equal(file.metadata[0], "format");
    assert_string_equal(file.metadata[1], "pt");
    assert_null(safetensors_find(&file, "cls.predictions.decoder.weight"));
    safetensors_close(&file);
    free(values);
    model_free(model);
}

/* Older and newer files carry the decoder's two tied tensors, or only their copies. */
static void test_tied_copies(void **state)
{
    (void)state;
    model_config config = fixture_config(0.1);
    model *model = fixture_model(&config, &fixture_limits);
    size_t size = model_parameter_table(model)->size;
    float *values = calloc(size, sizeof *values);
    tensor_list list = list_of(model);
    safetensors_tensor weight = *tensor_named(&list, "bert.embeddings.word_embeddings.weight");
    safetensors_tensor bias = *tensor_named(&list, "cls.predictions.bias");
    weight.name = "cls.predictions.decoder.weight";
    bias.name = "cls.predictions.decoder.bias";
    list.tensors[list.count++] = weight;
    list.tensors[list.count++] = bias;
    assert_ok(read_list(&list, &config, values, error));
    assert_memory_equal(values, model_weights(model), size * sizeof *values);

    tensor_list copies = list_of(model); /* the copies alone, in the place of the originals */
    tensor_named(&copies, "bert.embeddings.word_embeddings.weight")->name = weight.name;
    tensor_named(&copies, "cls.predictions.bias")->name = bias.name;
    memset(values, 0, size * sizeof *values);
    assert_ok(read_list(&copies, &config, values, error));
    assert_memory_equal(values, model_weights(model), size * sizeof *values);

    float other_bias[83] = {0};
    list.tensors[list.count - 1].data = other_bias;
    assert_fails(read_list(&list, &config, values, error), BERT_ERROR_UNSUPPORTED,
                 "cls.predictions.decoder.bias differs from cls.predictions.bias");
    free(values);
    model_free(model);
}

static void test_leftovers(void **state)
{
    (void)state;
    model_config config = fixture_config(0.1);
    model *model = fixture_model(&config, &fixture_limits);
    float *values = calloc(model_parameter_table(model)->size, sizeof *values);
    tensor_list list = list_of(model);
    const int64_t numbers[2] = {0, 1};
    list.tensors[list.count++] = (safetensors_tensor){.name = "bert.embeddings.position_ids",
                                                      .type = SAFETENSORS_I64,
                                                      .dimensions = 2,
                                                      .shape = {1, 2},
                                                      .data = numbers,
                                                      .bytes = sizeof numbers};
    assert_ok(read_list(&list, &config, values, error));
    config.next_sentence_prediction = false; /* then pooler and NSP head are left where they are */
    assert_ok(read_list(&list, &config, values, error));
    config.next_sentence_prediction = true;
    list.tensors[list.count - 1].name = "bert.encoder.layer.2.output.dense.weight";
    assert_fails(read_list(&list, &config, values, error), BERT_ERROR_INPUT, "has no place");
    free(values);
    model_free(model);
}

static const char *renamed(const char *name, const char *from, const char *to)
{
    static char names[MAX_TENSORS][120];
    static int next;
    const char *place = strstr(name, from);
    if (!place)
        return name;
    char *out = names[next++ % MAX_TENSORS];
    snprintf(out, sizeof names[0], "%.*s%s%s", (int)(place - name), name, to, place + strlen(from));
    return out;
}

static void test_other_spellings(void **state)
{
    (void)state;
    model_config config = fixture_config(0.1);
    model *model = fixture_model(&config, &fixture_limits);
    size_t size = model_parameter_table(model)->size;
    float *values = calloc(size, sizeof *values);
    tensor_list list = list_of(model);
    for (size_t i = 0; i < list.count; i++) {
        list.tensors[i].name = renamed(list.tensors[i].name, "LayerNorm.weight", "LayerNorm.gamma");
        list.tensors[i].name = renamed(list.tensors[i].name, "LayerNorm.bias", "LayerNorm.beta");
        if (strncmp(list.tensors[i].name, "bert.", 5) == 0)
            list.tensors[i].name += 5;
    }
    assert_ok(read_list(&list, &config, values, error));
    assert_memory_equal(values, model_weights(model), size * sizeof *values);
    list.tensors[list.count] = list.tensors[3]; /* the same once more in the newer spelling */
    assert_string_equal(list.tensors[3].name, "embeddings.LayerNorm.gamma");
    list.tensors[list.count++].name = "bert.embeddings.LayerNorm.weight";
    assert_fails(read_list(&list, &config, values, error), BERT_ERROR_INPUT, "is there twice");
    free(values);
    model_free(model);
}

static void keep_message(void *context, bert_message_level level, const char *text)
{
    char *messages = context;
    size_t used = strlen(messages);
    snprintf(messages + used, 2000 - used, "%s%s\n", level == BERT_MESSAGE_WARNING ? "! " : "",
             text);
}

/* An encoder alone, read as a classifier; then a file of another job. */
static void test_heads_are_made_and_left(void **state)
{
    (void)state;
    char messages[2000] = "";
    const bert_observer observer = {.context = messages, .message = keep_message};
    const weights_options options = {.create_heads = true, .seed = 9, .observer = &observer};
    model_config config = fixture_kind(0.1, MODEL_BERT, MODEL_HEAD_NONE, 0);
    model *encoder = fixture_model(&config, &fixture_limits);
    assert_ok(
        parameters_write(model_parameter_table(encoder), model_weights(encoder), path, error));
    safetensors_file file;
    assert_ok(safetensors_open(&file, path, error));
    assert_non_null(safetensors_find(&file, "pooler.dense.weight")); /* no prefix, as others do */
    safetensors_close(&file);

    config.head = MODEL_HEAD_CLASSIFICATION;
    model *classifier = NULL, *fresh = NULL;
    assert_ok(model_create(&classifier, &config, &fixture_limits, error));
    assert_ok(model_create(&fresh, &config, &fixture_limits, error));
    const parameter_table *table = model_parameter_table(classifier);
    parameters_initialize(table, &config, 9, model_weights(fresh));
    assert_fails(
        weights_load(table, &config, model_weights(classifier), path, &(weights_options){0}, error),
        BERT_ERROR_INPUT, "no tensor classifier.weight");
    assert_ok(weights_load(table, &config, model_weights(classifier), path, &options, error));
    assert_non_null(strstr(messages, "! "));
    assert_non_null(strstr(messages, "random numbers: classifier.weight, classifier.bias\n"));
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i];
        model *from = entry->role == ROLE_CLASSIFIER ? fresh : encoder;
        const parameter *there = parameter_find(model_parameter_table(from), entry->name);
        assert_memory_equal(model_weights(classifier) + entry->offset,
                            model_weights(from) + there->offset, entry->count * sizeof(float));
    }

    /* The other way round the classifier is left, and said so. */
    messages[0] = '\0';
    assert_ok(parameters_write(table, model_weights(classifier), path, error));
    config.head = MODEL_HEAD_PRETRAINING;
    config.next_sentence_prediction = false;
    model *pretraining = NULL;
    assert_ok(model_create(&pretraining, &config, &fixture_limits, error));
    assert_ok(weights_load(model_parameter_table(pretraining), &config, model_weights(pretraining),
                           path, &options, error));
    assert_non_null(strstr(messages, "not used: bert.pooler.dense.bias, bert.pooler.dense.weight, "
                                     "classifier.bias, classifier.weight\n"));
    assert_non_null(strstr(messages, "random numbers: cls.predictions.bias, "));
    model_free(pretraining);
    model_free(classifier);
    model_free(fresh);
    model_free(encoder);
}

static void write_index(const char *content)
{
    char index[320];
    snprintf(index, sizeof index, "%s/folder/model.safetensors.index.json", scratch_directory);
    assert_ok(file_write(index, content, strlen(content), error));
}

static void test_shards(void **state)
{
    (void)state;
    char folder[300], shard[320];
    text map = {0};
    model_config config = fixture_config(0.1);
    model *model = fixture_model(&config, &fixture_limits);
    const parameter_table *table = model_parameter_table(model);
    float *values = calloc(table->size, sizeof *values);
    tensor_list list = list_of(model);
    size_t half = list.count / 2;
    snprintf(folder, sizeof folder, "%s/folder", scratch_directory);
    assert_ok(directory_create(folder, error));
#define LOAD() weights_load(table, &config, values, folder, &(weights_options){0}, error)
    assert_fails(LOAD(), BERT_ERROR_IO, "no weights in it");
    for (size_t part = 0; part < 2; part++) {
        snprintf(shard, sizeof shard, "%s/part-%zu.safetensors", folder, part);
        assert_ok(safetensors_write(shard, list.tensors + (part ? half : 0),
                                    part ? list.count - half : half, NULL, 0, error));
    }
    assert_ok(text_format(&map, error, "{\"weight_map\": {"));
    for (size_t i = 0; i < list.count; i++)
        assert_ok(text_format(&map, error, "%s\"%s\": \"part-%d.safetensors\"", i ? ", " : "",
                              list.tensors[i].name, i >= half));
    assert_ok(text_format(&map, error, "}}"));
    write_index(map.data);
    assert_ok(LOAD());
    assert_memory_equal(values, model_weights(model), table->size * sizeof *values);

    write_index("{\"weight_map\": {\"a\": \"part-0.safetensors\"}}");
    assert_fails(LOAD(), BERT_ERROR_INPUT, "no tensor");
    write_index("{\"weight_map\": {\"a\": \"part-7.safetensors\"}}");
    assert_fails(LOAD(), BERT_ERROR_IO, "part-7.safetensors");
    write_index("{\"weight_map\": {\"a\": \"../part-0.safetensors\"}}");
    assert_fails(LOAD(), BERT_ERROR_INPUT, "expected a file in the same folder");
    write_index("{\"weight_map\": {\"a\": 7}}");
    assert_fails(LOAD(), BERT_ERROR_INPUT, "expected a file in the same folder");
    write_index("{\"weight_map\": []}");
    assert_fails(LOAD(), BERT_ERROR_INPUT, "weight_map");
    write_index("{\"weight_map\": {}}");
    assert_fails(LOAD(), BERT_ERROR_INPUT, "holds no tensors");
#undef LOAD
    text_free(&map);
    free(values);
    model_free(model);
}

static void test_what_does_not_fit_is_named(void **state)
{
    (void)state;
    model_config config = fixture_config(0.1);
    model *model = fixture_model(&config, &fixture_limits);
    float *values = calloc(model_parameter_table(model)->size, sizeof *values);
    tensor_list list = list_of(model);
    tensor_named(&list, "bert.encoder.layer.1.intermediate.dense.bias")->name = "spare";
    assert_fails(read_list(&list, &config, values, error), BERT_ERROR_INPUT,
                 "no tensor bert.encoder.layer.1.intermediate.dense.bias");
    list = list_of(model);
    safetensors_tensor *weight = tensor_named(&list, "bert.encoder.layer.0.output.dense.weight");
    weight->shape[0] = 40;
    weight->shape[1] = 24;
    assert_fails(read_list(&list, &config, values, error), BERT_ERROR_INPUT,
                 "has shape [40, 24], expected [24, 40]");
    list = list_of(model);
    const parameter *entry =
        parameter_find(model_parameter_table(model), "cls.predictions.transform.dense.bias");
    model_weights(model)[entry->offset] = INFINITY;
    assert_fails(read_list(&list, &config, values, error), BERT_ERROR_NOT_FINITE,
                 "cls.predictions.transform.dense.bias");
    assert_fails(read_list(&list, &config, values, error), BERT_ERROR_NOT_FINITE, path);
    free(values);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_weights_read_back),
        cmocka_unit_test(test_tied_copies),
        cmocka_unit_test(test_leftovers),
        cmocka_unit_test(test_other_spellings),
        cmocka_unit_test(test_heads_are_made_and_left),
        cmocka_unit_test(test_shards),
        cmocka_unit_test(test_what_does_not_fit_is_named),
    };
    return cmocka_run_group_tests(tests, set_up, scratch_remove);
}
