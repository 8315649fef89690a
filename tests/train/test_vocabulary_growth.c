/* New tokens of an extended tokenizer start from the rows of their old pieces. */
#include "tiny_run.h"

#include "formats/safetensors.h"
#include "model/model.h"
#include "train/vocabulary_growth.h"

#include <math.h>

static const char old_tokens[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n##a\n##b\n##ab\n";
enum { UNK = 1, A = 5, INNER_A = 7, INNER_B = 8, INNER_AB = 9, OLD = 10, ROWS = 12, NEW = 14 };

static model_config small_config(void)
{
    model_config config;
    assert_ok(model_config_named(&config, "tiny", error));
    config.vocab_size = ROWS;
    config.hidden_size = 16;
    config.num_attention_heads = 2;
    config.intermediate_size = 24;
    config.num_hidden_layers = 1;
    config.max_position_embeddings = 8;
    return config;
}

static model *make_model(const model_config *config)
{
    const model_limits limits = {8, 1, 8, false, false};
    model *model;
    assert_ok(model_create(&model, config, &limits, error));
    return model;
}

static bert_tokenizer *load_tokenizer(const char *folder, const char *more)
{
    bert_tokenizer *tokenizer;
    char path[700], content[300];
    snprintf(path, sizeof path, "%s/vocab.txt", folder);
    snprintf(content, sizeof content, "%s%s", old_tokens, more);
    assert_ok(directory_create(folder, error));
    assert_ok(file_write(path, content, strlen(content), error));
    assert_ok(bert_tokenizer_load(&tokenizer, folder, NULL, error));
    return tokenizer;
}

static void assert_mean(model *model, parameter_role role, int row, const int32_t *pieces,
                        int count)
{
    const parameter *entry =
        parameter_of_role(model_parameter_table(model), role, 0, role == ROLE_DECODER);
    size_t columns = entry->dimensions == 2 ? entry->shape[1] : 1;
    const float *values = model_weights(model) + entry->offset;
    for (size_t column = 0; column < columns; column++) {
        double mean = 0;
        for (int i = 0; i < count; i++)
            mean += (double)values[(size_t)pieces[i] * columns + column] / count;
        assert_true(fabs(values[(size_t)row * columns + column] - mean) < 1e-6);
    }
}

static void test_rows_are_the_mean_of_pieces(void **state)
{
    (void)state;
    const char *folder = tiny_path("old-model");
    model_config config = small_config();
    model *old = make_model(&config);
    for (size_t i = 0; i < model_parameter_table(old)->size; i++)
        model_weights(old)[i] = (float)(i % 97) * 0.01f;
    bert_tokenizer_free(load_tokenizer(folder, ""));
    bert_tokenizer *tokenizer =
        load_tokenizer(tiny_path("new-tokenizer"), "abab\n##ba\naab\nzzz\n");
    assert_ok(model_config_write(&config, tiny_path("old-model/config.json"), error));
    assert_ok(parameters_write(model_parameter_table(old), model_weights(old),
                               tiny_path("old-model/model.safetensors"), error));

    vocabulary_growth growth;
    assert_ok(vocabulary_growth_find(&growth, folder, tokenizer, "data", error));
    assert_int_equal(growth.old_tokens, OLD);
    assert_int_equal(growth.new_tokens, NEW);
    assert_int_equal(growth.old_rows, ROWS);
    assert_int_equal(growth.unknown, 1);
    config.vocab_size = NEW;
    model *grown = make_model(&config);
    assert_ok(vocabulary_growth_load(&growth, model_parameter_table(grown), &config,
                                     model_weights(grown), folder, &(weights_options){0}, error));
    static const struct {
        int32_t pieces[3];
        int count;
    } expected[] = {
        {{A, INNER_B, INNER_AB}, 3}, {{INNER_B, INNER_A}, 2}, {{A, INNER_AB}, 2}, {{UNK}, 1}};
    for (int i = 0; i < 4; i++) {
        assert_mean(grown, ROLE_WORD, OLD + i, expected[i].pieces, expected[i].count);
        assert_mean(grown, ROLE_DECODER, OLD + i, expected[i].pieces, expected[i].count);
    }
    const parameter_table *table = model_parameter_table(grown);
    for (size_t i = 0; i < table->count; i++) {
        const parameter *entry = &table->entries[i],
                        *from = &model_parameter_table(old)->entries[i];
        bool of_vocabulary = entry->role == ROLE_WORD || entry->role == ROLE_DECODER;
        size_t kept = of_vocabulary ? from->count / ROWS * OLD : from->count;
        assert_memory_equal(model_weights(grown) + entry->offset, model_weights(old) + from->offset,
                            kept * sizeof(float));
    }
    vocabulary_growth_free(&growth);
    bert_tokenizer_free(tokenizer);
    tokenizer = load_tokenizer(tiny_path("new-tokenizer"), "");
    assert_ok(vocabulary_growth_find(&growth, folder, tokenizer, "data", error));
    assert_int_equal(growth.piece_count, 0);
    vocabulary_growth_free(&growth);
    bert_tokenizer_free(tokenizer);
    model_free(old);
    model_free(grown);
}

static void append(const char *path, const char *line)
{
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    assert_true(fputs(line, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void keep_message(void *context, bert_message_level level, const char *text)
{
    (void)level;
    if (strstr(text, "the vocabulary grows"))
        snprintf(context, 200, "%s", strstr(text, "the vocabulary grows"));
}

/* A run on data whose tokenizer has one token more than the model's. */
static void test_a_run_goes_on_with_more_tokens(void **state)
{
    (void)state;
    char message[200] = "";
    const bert_observer observer = {.context = message, .message = keep_message};
    bert_pretrain_params params = tiny_params(tiny_path("first"));
    bert_pretrain_result first = tiny_pretrain(&params), second;
    for (int i = 0; i < 2; i++) {
        const char *const ends[] = {"idx", "bin"};
        copy_directory(tiny_path("data.%s", ends[i]), tiny_path("more.%s", ends[i]));
    }
    copy_directory(tiny_path("data.tokenizer"), tiny_path("more.tokenizer"));
    append(tiny_path("more.tokenizer/vocab.txt"), "waawab\n");
    params = tiny_params(tiny_path("second"));
    params.model = first.checkpoint;
    params.data = tiny_path("more");
    params.eval_steps = 0;
    assert_ok(bert_pretrain(&params, &second, &observer, error));
    assert_string_equal(message, "the vocabulary grows from 45 to 46 tokens; each new one starts "
                                 "as the mean of its old pieces");
    safetensors_file file;
    assert_ok(safetensors_open(&file, tiny_path("second/checkpoint-16/model.safetensors"), error));
    assert_int_equal(safetensors_find(&file, "bert.embeddings.word_embeddings.weight")->shape[0],
                     46);
    safetensors_close(&file);

    /* A token of the model must not be another in the data. */
    char path[700];
    text vocabulary = {0};
    snprintf(path, sizeof path, "%s", tiny_path("more.tokenizer/vocab.txt"));
    assert_ok(file_read(&vocabulary, path, 10000, error));
    memcpy(strstr(vocabulary.data, "wac"), "xyz", 3);
    assert_ok(file_write(path, vocabulary.data, vocabulary.length, error));
    text_free(&vocabulary);
    params.output = tiny_path("third");
    assert_fails(bert_pretrain(&params, &second, NULL, error), BERT_ERROR_INPUT, "\"wac\"");
}

/* DistilBERT learns like any other model, from masked tokens alone. */
static void test_distilbert_learns(void **state)
{
    (void)state;
    static const char config[] =
        "{\"model_type\": \"distilbert\", \"vocab_size\": 45, \"dim\": 32, \"n_layers\": 1,"
        " \"n_heads\": 2, \"hidden_dim\": 64, \"max_position_embeddings\": 64}";
    const char *path = tiny_path("distil.json");
    assert_ok(file_write(path, config, strlen(config), error));
    bert_pretrain_params params = tiny_params(tiny_path("distil"));
    params.model = path;
    params.max_steps = 200;
    params.per_device_train_batch_size = 16;
    params.warmup_steps = 20;
    params.hidden_dropout_prob = params.attention_probs_dropout_prob = 0;
    params.eval_steps = params.save_steps = 0;
    bert_pretrain_result result = tiny_pretrain(&params);
    assert_true(last_metric(params.output, "eval_mlm_loss") < 2.2); /* of log 40 = 3.69 */
    assert_true(isnan(last_metric(params.output, "nsp_loss")));
    safetensors_file file;
    char weights[700];
    snprintf(weights, sizeof weights, "%s/model.safetensors", result.checkpoint);
    assert_ok(safetensors_open(&file, weights, error));
    assert_non_null(safetensors_find(&file, "distilbert.transformer.layer.0.ffn.lin1.weight"));
    assert_non_null(safetensors_find(&file, "vocab_projector.bias"));
    safetensors_close(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_the_mean_of_pieces),
        cmocka_unit_test(test_a_run_goes_on_with_more_tokens),
        cmocka_unit_test(test_distilbert_learns),
    };
    return cmocka_run_group_tests(tests, tiny_set_up, tiny_tear_down);
}
