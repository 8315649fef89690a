#include "tiny_run.h"

#include "dataset/dataset.h"
#include "formats/json.h"

#include <math.h>

char tiny_directory[256], tiny_data[300], tiny_config[300];

enum { FIRST_WORD = 5, TOPICS = 8, TOPIC_WORDS = 5, WORDS = TOPICS * TOPIC_WORDS, SENTENCE = 6 };
enum { VOCABULARY = FIRST_WORD + WORDS };

const char *tiny_path(const char *format, ...)
{
    static char buffers[64][600]; /* enough for the paths of one test */
    static int next = 0;
    char *buffer = buffers[next++ % 64];
    int length = snprintf(buffer, sizeof buffers[0], "%s/", tiny_directory);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(buffer + length, sizeof buffers[0] - (size_t)length, format, arguments);
    va_end(arguments);
    return buffer;
}

static void write_vocabulary(void)
{
    const char *folder = tiny_path("data.tokenizer");
    assert_ok(directory_create(folder, error));
    text vocabulary = {0};
    assert_ok(text_format(&vocabulary, error, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"));
    for (int word = 0; word < WORDS; word++)
        assert_ok(text_format(&vocabulary, error, "w%c%c\n", 'a' + word / 10, 'a' + word % 10));
    char path[700];
    snprintf(path, sizeof path, "%s/vocab.txt", folder);
    assert_ok(file_write(path, vocabulary.data, vocabulary.length, error));
    text_free(&vocabulary);
}

static void write_documents(const char *prefix, int first, int count)
{
    dataset_writer *writer;
    assert_ok(dataset_writer_open(&writer, prefix, VOCABULARY, error));
    for (int document = first; document < first + count; document++) {
        int topic = document % TOPICS, word = document;
        for (int sentence = 0; sentence < 6 + document % 5; sentence++) {
            int32_t ids[SENTENCE];
            for (int i = 0; i < SENTENCE; i++, word++)
                ids[i] = FIRST_WORD + topic * TOPIC_WORDS + word % TOPIC_WORDS;
            assert_ok(dataset_writer_sentence(writer, ids, SENTENCE, error));
        }
        assert_ok(dataset_writer_end_document(writer, error));
    }
    assert_ok(dataset_writer_commit(writer, error));
}

int tiny_set_up(void **state)
{
    (void)state;
    static const char config[] =
        "{\"model_type\": \"bert\", \"architectures\": [\"BertForPreTraining\"],\n"
        " \"vocab_size\": 45, \"hidden_size\": 32, \"num_hidden_layers\": 1,\n"
        " \"num_attention_heads\": 2, \"intermediate_size\": 64, \"hidden_act\": \"gelu\",\n"
        " \"max_position_embeddings\": 64, \"type_vocab_size\": 2}\n";
    snprintf(tiny_directory, sizeof tiny_directory, "%s", testing_directory());
    snprintf(tiny_data, sizeof tiny_data, "%s/data", tiny_directory);
    snprintf(tiny_config, sizeof tiny_config, "%s/tiny.json", tiny_directory);
    assert_ok(file_write(tiny_config, config, strlen(config), error));
    write_vocabulary();
    write_documents(tiny_data, 0, 40);
    write_documents(tiny_path("data.validation"), 40, 8);
    return 0;
}

int tiny_tear_down(void **state)
{
    (void)state;
    return directory_remove(tiny_directory, NULL) != BERT_OK;
}

bert_pretrain_params tiny_params(const char *output)
{
    bert_pretrain_params params = bert_pretrain_params_default();
    params.data = tiny_data;
    params.model = tiny_config;
    params.output = output;
    params.per_device_train_batch_size = 8;
    params.max_seq_length = 32;
    params.learning_rate = 1e-2;
    params.warmup_steps = 2;
    params.max_steps = 16;
    params.logging_steps = 3;
    params.eval_steps = 5;
    params.save_steps = 4;
    params.threads = 1;
    return params;
}

bert_pretrain_result tiny_pretrain(const bert_pretrain_params *params)
{
    bert_pretrain_result result;
    assert_ok(bert_pretrain(params, &result, NULL, error));
    return result;
}

bert_pretrain_result tiny_resume(const char *run, int64_t stop_after_steps)
{
    bert_resume_params params = bert_resume_params_default();
    bert_pretrain_result result;
    params.run = run;
    params.stop_after_steps = stop_after_steps;
    assert_ok(bert_pretrain_resume(&params, &result, NULL, error));
    return result;
}

void assert_same_file(const char *left, const char *right)
{
    file_map a, b;
    assert_ok(file_map_open(&a, left, error));
    assert_ok(file_map_open(&b, right, error));
    if (a.size != b.size || (a.size && memcmp(a.data, b.data, a.size) != 0))
        fail_msg("%s (%zu bytes) and %s (%zu bytes) differ", left, a.size, right, b.size);
    file_map_close(&a);
    file_map_close(&b);
}

void assert_same_runs(const char *left, const char *right, int64_t last_step)
{
    static const char *const names[] = {"model.safetensors", "optimizer.safetensors",
                                        "trainer_state.json"};
    char a[700], b[700];
    snprintf(a, sizeof a, "%s/metrics.jsonl", left);
    snprintf(b, sizeof b, "%s/metrics.jsonl", right);
    assert_same_file(a, b);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(a, sizeof a, "%s/checkpoint-%lld/%s", left, (long long)last_step, names[i]);
        snprintf(b, sizeof b, "%s/checkpoint-%lld/%s", right, (long long)last_step, names[i]);
        assert_same_file(a, b);
    }
}

void copy_documents(const char *from, const char *to, uint64_t first, uint64_t end,
                    bert_layout layout)
{
    dataset data;
    dataset_writer *writer;
    assert_ok(dataset_open(&data, from, error));
    assert_ok(dataset_writer_open(&writer, to, VOCABULARY, error));
    dataset_writer_use_layout(writer, layout);
    for (uint64_t document = first; document < end; document++) {
        for (uint64_t s = dataset_document_start(&data, document);
             s < dataset_document_start(&data, document + 1); s++) {
            int32_t ids[64];
            dataset_sentence(&data, s, ids);
            assert_ok(dataset_writer_sentence(writer, ids,
                                              (size_t)dataset_sentence_length(&data, s), error));
        }
        assert_ok(dataset_writer_end_document(writer, error));
    }
    assert_ok(dataset_writer_commit(writer, error));
    dataset_close(&data);
}

void copy_directory(const char *from, const char *to)
{
    char command[1300];
    snprintf(command, sizeof command, "cp -r '%s' '%s'", from, to);
    assert_int_equal(system(command), 0);
}

double last_metric(const char *run, const char *key)
{
    char path[700];
    text content = {0};
    double value = NAN;
    snprintf(path, sizeof path, "%s/metrics.jsonl", run);
    assert_ok(file_read(&content, path, 1 << 20, error));
    for (char *line = strtok(content.data, "\n"); line; line = strtok(NULL, "\n")) {
        json_t *object = json_loads(line, 0, NULL);
        assert_non_null(object);
        if (json_object_get(object, key))
            value = json_number_value(json_object_get(object, key));
        json_decref(object);
    }
    text_free(&content);
    return value;
}
