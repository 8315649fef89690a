/* bert_train_tokenizer trains on the text of the corpus readers, regardless of its line structure.
 */
#include "scratch.h"

#include "base/file.h"
#include "base/random.h"
#include "bert.h"

enum { WORDS = 500000 };
static char *path_of(const char *name)
{
    char *path;
    assert_ok(path_join(&path, scratch_directory, name, error));
    return path;
}

/* The same words with different separators. */
static text words_with(const char *between)
{
    random_stream stream = random_stream_start(3, RANDOM_TEST, 0, 0);
    text content = {0};
    for (int words = 0; words < WORDS; words++) {
        char word[10];
        uint32_t length = 1 + random_below(&stream, 9);
        for (uint32_t i = 0; i < length; i++)
            word[i] = (char)('a' + random_below(&stream, 7));
        assert_ok(text_append(&content, word, length, error));
        assert_ok(text_append(&content, between, strlen(between), error));
    }
    return content;
}

/* Trains and returns the vocabulary. */
static text train_on(const char *name, const text *content, bert_train_tokenizer_result *result)
{
    char *input = path_of(name), *output, *vocab;
    assert_ok(path_format(&output, error, "%s-out", input));
    assert_ok(path_join(&vocab, output, "vocab.txt", error));
    assert_ok(file_write(input, content->data, content->length, error));
    bert_train_tokenizer_params params = bert_train_tokenizer_params_default();
    params.inputs = (const char *const[]){input};
    params.input_count = 1;
    params.output = output;
    params.vocab_size = 2000;
    params.threads = 2;
    assert_ok(bert_train_tokenizer(&params, result, NULL, error));
    text tokens = {0};
    assert_ok(file_read(&tokens, vocab, 1 << 20, error));
    free(input);
    free(output);
    free(vocab);
    return tokens;
}

/* A line of several MiB is read in many pieces, which must neither split nor join words. */
static void test_layout_does_not_matter(void **state)
{
    (void)state;
    static const char *const between[] = {" ", "\n", "\r\n", "\n\n", " \t "};
    text wanted = {0};
    for (size_t i = 0; i < sizeof between / sizeof *between; i++) {
        char name[] = "layout-0";
        name[7] = (char)('0' + i);
        text content = words_with(between[i]);
        bert_train_tokenizer_result result;
        text tokens = train_on(name, &content, &result);
        assert_int_equal(result.words, WORDS);
        assert_int_equal(result.bytes, content.length);
        if (i == 0)
            assert_ok(text_append(&wanted, tokens.data, tokens.length, error));
        assert_string_equal(tokens.data, wanted.data);
        text_free(&tokens);
        text_free(&content);
    }
    text_free(&wanted);
}

/* Cleaning sees a document of several MiB as a whole, though training reads in pieces. */
static void test_cleaning_sees_whole_documents(void **state)
{
    (void)state;
    text content = words_with(" ");
    char *input = path_of("long"), *output = path_of("none");
    assert_ok(file_write(input, content.data, content.length, error));
    bert_train_tokenizer_params params = bert_train_tokenizer_params_default();
    params.inputs = (const char *const[]){input};
    params.input_count = 1;
    params.output = output;
    params.reader_options.cleaning.max_words = WORDS - 1;
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_INPUT,
                 "cleaning and weights drop all of 1 documents");
    params.reader_options.cleaning.max_words = WORDS;
    bert_train_tokenizer_result result;
    assert_ok(bert_train_tokenizer(&params, &result, NULL, error));
    assert_int_equal(result.words, WORDS);
    free(input);
    free(output);
    text_free(&content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout_does_not_matter),
        cmocka_unit_test(test_cleaning_sees_whole_documents),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
