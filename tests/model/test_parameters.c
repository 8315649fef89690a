#include "testing.h"

#include "base/threads.h"
#include "model/model.h"

#include <math.h>

static model_config config_small(void)
{
    return (model_config){
        .vocab_size = 503,
        .hidden_size = 36, /* 36 × 36 is no multiple of a cache line: neighbours stay neighbours */
        .num_hidden_layers = 2,
        .num_attention_heads = 3,
        .intermediate_size = 50,
        .max_position_embeddings = 40,
        .type_vocab_size = 2,
        .initializer_range = 0.02,
        .pad_token_id = 3,
        .next_sentence_prediction = true,
    };
}

static size_t offset_of(const parameter_table *table, const char *name)
{
    const parameter *entry = parameter_find(table, name);
    if (!entry)
        fail_msg("no %s", name);
    return entry->offset;
}

static uint64_t parameter_count(const char *size, bool pairs)
{
    model_config config;
    parameter_table table;
    assert_ok(model_config_named(&config, size, error));
    config.next_sentence_prediction = pairs;
    assert_ok(parameter_table_create(&table, &config, error));
    uint64_t count = 0;
    for (size_t i = 0; i < table.count; i++)
        count += table.entries[i].count;
    parameter_table_free(&table);
    return count;
}

/* What `transformers` says: sum(p.numel() for p in model.parameters()). */
static void test_counts_of_published_sizes(void **state)
{
    (void)state;
    assert_int_equal(parameter_count("base", true), 110106428);
    assert_int_equal(parameter_count("base", false), 109514298);
    assert_int_equal(parameter_count("large", true), 336226108);
    assert_int_equal(parameter_count("tiny", true), 4433468);
}

static void test_layout(void **state)
{
    (void)state;
    model_config config = config_small();
    parameter_table table;
    assert_ok(parameter_table_create(&table, &config, error));
    size_t end = 0;
    for (size_t i = 0; i < table.count; i++) {
        const parameter *entry = &table.entries[i];
        assert_true(entry->offset >= end && entry->offset < end + 16);
        bool in_group = strstr(entry->name, "self.key") || strstr(entry->name, "self.value");
        assert_true(in_group ? entry->offset == end : entry->offset % 16 == 0);
        assert_int_equal(entry->count,
                         entry->shape[0] * (entry->dimensions == 2 ? entry->shape[1] : 1));
        bool is_bias = strcmp(entry->name + strlen(entry->name) - 5, ".bias") == 0;
        assert_int_equal(entry->decay, !is_bias && !strstr(entry->name, "LayerNorm"));
        assert_ptr_equal(parameter_find(&table, entry->name), entry);
        end = entry->offset + entry->count;
    }
    assert_int_equal(table.size, end);
    size_t query = offset_of(&table, "bert.encoder.layer.1.attention.self.query.weight");
    assert_int_equal(offset_of(&table, "bert.encoder.layer.1.attention.self.value.weight"),
                     query + 2 * 36 * 36);
    assert_null(parameter_find(&table, "cls.predictions.decoder.weight"));
    assert_null(parameter_find(&table, "bert.encoder.layer.2.output.dense.bias"));
    size_t pairs = table.count;
    parameter_table_free(&table);

    config.next_sentence_prediction = false;
    assert_ok(parameter_table_create(&table, &config, error));
    assert_int_equal(table.count, pairs - 4);
    assert_null(parameter_find(&table, "bert.pooler.dense.weight"));
    assert_null(parameter_find(&table, "cls.seq_relationship.bias"));
    parameter_table_free(&table);

    config.num_attention_heads = 5;
    assert_fails(parameter_table_create(&table, &config, error), BERT_ERROR_INPUT, "multiple");
}

static float *initialized(const parameter_table *table, const model_config *config, uint64_t seed)
{
    float *values = calloc(table->size, sizeof *values);
    parameters_initialize(table, config, seed, values);
    return values;
}

static void check_entry(const parameter *entry, const float *values, const model_config *config)
{
    double sum = 0, squares = 0;
    bool is_word = strstr(entry->name, "word_embeddings") != NULL;
    for (size_t i = 0; i < entry->count; i++) {
        bool is_pad = is_word && i / 36 == (size_t)config->pad_token_id;
        if (is_pad)
            assert_true(values[i] == 0.0f);
        else if (!entry->decay)
            assert_true(values[i] == (strstr(entry->name, "LayerNorm.weight") ? 1.0f : 0.0f));
        sum += values[i];
        squares += (double)values[i] * values[i];
    }
    if (!entry->decay)
        return;
    double count = (double)entry->count, deviation = config->initializer_range;
    assert_true(fabs(sum / count) < 4 * deviation / sqrt(count));
    assert_true(fabs(sqrt(squares / count) / deviation - 1) < 4 / sqrt(2 * count) + 0.002);
}

static void test_initial_weights(void **state)
{
    (void)state;
    model_config config = config_small();
    parameter_table table;
    assert_ok(parameter_table_create(&table, &config, error));
    float *values = initialized(&table, &config, 42);
    size_t end = 0;
    for (size_t i = 0; i < table.count; i++) {
        const parameter *entry = &table.entries[i];
        check_entry(entry, values + entry->offset, &config);
        for (; end < entry->offset; end++)
            assert_true(values[end] == 0.0f); /* padding */
        end = entry->offset + entry->count;
    }
    /* Two tensors of one shape, and two seeds, have nothing in common. */
    size_t query = offset_of(&table, "bert.encoder.layer.0.attention.self.query.weight");
    size_t key = offset_of(&table, "bert.encoder.layer.0.attention.self.key.weight");
    float *other = initialized(&table, &config, 43);
    double between = 0, across = 0, itself = 0;
    for (size_t i = 0; i < 36 * 36; i++) {
        between += (double)values[query + i] * values[key + i];
        across += (double)values[query + i] * other[query + i];
        itself += (double)values[query + i] * values[query + i];
    }
    assert_true(fabs(between) < 0.15 * itself && fabs(across) < 0.15 * itself);
    free(other);
    free(values);
    parameter_table_free(&table);
}

/* DistilBERT's choice of the layers of base: 0, 2, 4, 7, 9, 11. */
static void test_layers_from_a_teacher(void **state)
{
    (void)state;
    static const int layers[] = {0, 2, 4, 7, 9, 11};
    model_config config = config_small(), distil = config_small();
    parameter_table teacher, student;
    config.num_hidden_layers = 12;
    distil.family = MODEL_DISTILBERT;
    distil.next_sentence_prediction = false;
    distil.type_vocab_size = 0;
    distil.num_hidden_layers = 6;
    assert_ok(parameter_table_create(&teacher, &config, error));
    assert_ok(parameter_table_create(&student, &distil, error));
    float *known = initialized(&teacher, &config, 1), *values = initialized(&student, &distil, 2);
    parameters_from_teacher(&student, values, &teacher, known);
    for (size_t i = 0; i < student.count; i++) {
        const parameter *entry = &student.entries[i];
        int layer = role_is_in_layer(entry->role) ? layers[entry->layer] : 0;
        const parameter *from = parameter_of_role(&teacher, entry->role, layer, entry->bias);
        assert_memory_equal(values + entry->offset, known + from->offset,
                            entry->count * sizeof *values);
    }
    free(known);
    free(values);
    parameter_table_free(&teacher);
    parameter_table_free(&student);
}

static void test_threads_do_not_change_weights(void **state)
{
    (void)state;
    model_config config = config_small();
    parameter_table table;
    assert_ok(parameter_table_create(&table, &config, error));
    int before = threads_use(1);
    float *one = initialized(&table, &config, 42);
    threads_use(3);
    float *three = initialized(&table, &config, 42);
    threads_use(before);
    assert_memory_equal(one, three, table.size * sizeof *one);
    free(one);
    free(three);
    parameter_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_of_published_sizes),
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_initial_weights),
        cmocka_unit_test(test_layers_from_a_teacher),
        cmocka_unit_test(test_threads_do_not_change_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
