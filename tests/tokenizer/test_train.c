#include "testing.h"

#include "base/file.h"
#include "base/random.h"
#include "tokenizer/tokenizer.h"


static char directory[256];

static int make_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "%s", testing_directory());
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    return directory_remove(directory, NULL) == BERT_OK ? 0 : -1;
}

static const char *in_directory(const char *name)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

static void write_text(const char *name, const char *content)
{
    assert_ok(file_write(in_directory(name), content, strlen(content), error));
}

static bert_train_tokenizer_params params_for(const char *const *input, const char *output)
{
    bert_train_tokenizer_params params = bert_train_tokenizer_params_default();
    params.inputs = input;
    params.input_count = 1;
    params.output = output;
    params.vocab_size = 60;
    params.threads = 1;
    return params;
}

/* Worked by hand: "ab" 4 times, "abc" 3, "b" 2, "cab" 1. Pairs (a,##b) 7, then (##b,##c) … the
 * merge a+##b = ab leaves (ab,##c) 3, (c,##a) 1 and (##a,##b) 1; min_frequency 2 ends it. */
static void test_small_text_by_hand(void **state)
{
    (void)state;
    write_text("small", "ab ab ab ab\nabc abc abc b b cab\n");
    const char *input = in_directory("small"), *output = in_directory("small-out");
    bert_train_tokenizer_params params = params_for(&input, output);
    bert_train_tokenizer_result result;
    assert_ok(bert_train_tokenizer(&params, &result, NULL, error));
    assert_true(result.finished);
    assert_int_equal(result.words, 10);
    assert_int_equal(result.distinct_words, 4);
    assert_int_equal(result.bytes, 32);
    text vocab = {0};
    assert_ok(file_read(&vocab, in_directory("small-out/vocab.txt"), 1000, error));
    assert_string_equal(vocab.data, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\n##a\n##b\n##c\n"
                                    "ab\nabc\n");
    text_free(&vocab);
    assert_int_equal(result.vocab_size, 13);
}

/* Which words and how often is random, but the same in every run. */
static void write_random_text(const char *name, size_t bytes)
{
    random_stream stream = random_stream_start(1, RANDOM_TEST, 0, 0);
    text content = {0};
    while (content.length < bytes) {
        char word[12];
        int length = 1 + (int)random_below(&stream, 6);
        for (int i = 0; i < length; i++)
            word[i] = (char)('a' + random_below(&stream, 1 + random_below(&stream, 20)));
        word[length] = random_below(&stream, 9) ? ' ' : '\n';
        assert_ok(text_append(&content, word, (size_t)length + 1, error));
        if (random_below(&stream, 50) == 0)
            assert_ok(text_append(&content, "É\xCC\x81tude ", 10, error));
    }
    assert_ok(file_write(in_directory(name), content.data, content.length, error));
    text_free(&content);
}

static void assert_same_files(const char *left, const char *right)
{
    static const char *const names[] = {"vocab.txt", "tokenizer.json", "tokenizer_config.json",
                                        "special_tokens_map.json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[700];
        text a = {0}, b = {0};
        snprintf(path, sizeof path, "%s/%s", left, names[i]);
        assert_ok(file_read(&a, path, 1 << 24, error));
        snprintf(path, sizeof path, "%s/%s", right, names[i]);
        assert_ok(file_read(&b, path, 1 << 24, error));
        assert_int_equal(a.length, b.length);
        assert_memory_equal(a.data, b.data, a.length);
        text_free(&a);
        text_free(&b);
    }
}

static void test_threads_do_not_matter(void **state)
{
    (void)state;
    write_random_text("random", 5 << 20); /* several blocks */
    const char *input = in_directory("random");
    char first[512];
    snprintf(first, sizeof first, "%s", in_directory("threads-1"));
    for (int threads = 1; threads <= 3; threads++) {
        char output[512];
        snprintf(output, sizeof output, "%s/threads-%d", directory, threads);
        bert_train_tokenizer_params params = params_for(&input, output);
        params.vocab_size = 3000;
        params.threads = threads;
        bert_train_tokenizer_result result;
        assert_ok(bert_train_tokenizer(&params, &result, NULL, error));
        assert_int_equal(result.vocab_size, 3000);
        assert_same_files(first, output);
    }
}

static void test_trained_folder_loads(void **state)
{
    (void)state;
    const char *output = in_directory("threads-1");
    bert_tokenizer *tokenizer;
    assert_ok(bert_tokenizer_load(&tokenizer, output, NULL, error));
    assert_int_equal(bert_tokenizer_vocab_size(tokenizer), 3000);
    tokenizer_special_ids special = tokenizer_special(tokenizer);
    assert_int_equal(special.pad, 0);
    assert_int_equal(special.unk, 1);
    assert_int_equal(special.cls, 2);
    assert_int_equal(special.sep, 3);
    assert_int_equal(special.mask, 4);
    assert_ok(directory_create(in_directory("again"), error));
    assert_ok(tokenizer_save(tokenizer, in_directory("again"), error));
    assert_same_files(output, in_directory("again"));
    bert_tokenizer_free(tokenizer);
}

static void test_errors(void **state)
{
    (void)state;
    write_text("empty", "");
    write_text("blank", " \n\t\n \xE2\x80\x8B\n");
    write_text("words", "one two three");
    const char *input = in_directory("empty");
    char output[512];
    snprintf(output, sizeof output, "%s", in_directory("errors-out"));
    bert_train_tokenizer_params params = params_for(&input, output);
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_INPUT, "is empty");
    input = in_directory("blank");
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_INPUT, "no words");
    input = in_directory("missing");
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_IO, "No such file");
    input = directory;
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_IO, "directory");
    input = in_directory("words");
    params.vocab_size = 12;
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_USAGE,
                 "special tokens and characters alone are 18");
    params.vocab_size = 3;
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_USAGE, "vocab_size");
    params.vocab_size = 40;
    params.input_count = 0;
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_USAGE, "no text");
    params.input_count = 1;
    assert_false(file_exists(output)); /* nothing is left of all these */

    params.output = directory;
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_USAGE,
                 "is not empty");
    params.output = input;
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_IO,
                 "cannot be read as a folder");
    params.output = "/proc/nothing/here";
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_IO, "/proc/nothing");
    params.output = output; /* an empty folder is taken */
    assert_ok(directory_create(output, error));
    assert_ok(bert_train_tokenizer(&params, NULL, NULL, error));
    assert_true(file_exists(in_directory("errors-out/vocab.txt")));
}

static void count_warnings(void *context, bert_message_level level, const char *message)
{
    if (level == BERT_MESSAGE_WARNING && strstr(message, "3 bytes"))
        ++*(int *)context;
}

static bool stop(void *context)
{
    (void)context;
    return true;
}

static void test_observer(void **state)
{
    (void)state;
    write_text("invalid", "word\xFF word\xE2\x82 word\n");
    const char *input = in_directory("invalid");
    char output[512];
    snprintf(output, sizeof output, "%s", in_directory("observer-out"));
    bert_train_tokenizer_params params = params_for(&input, output);
    bert_train_tokenizer_result result;
    int warnings = 0;
    bert_observer observer = {.context = &warnings, .message = count_warnings};
    observer.should_stop = stop;
    assert_ok(bert_train_tokenizer(&params, &result, &observer, error));
    assert_false(result.finished);
    assert_false(file_exists(output));
    observer.should_stop = NULL;
    assert_ok(bert_train_tokenizer(&params, &result, &observer, error));
    assert_int_equal(result.invalid_bytes, 3);
    assert_int_equal(result.distinct_words, 1); /* U+FFFD is dropped by clean_text */
    assert_int_equal(warnings, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_text_by_hand),
        cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_trained_folder_loads),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_observer),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
