#include "fixture.h"

#include "tokenizer/tokenizer.h"

static void expect_vocab_error(const char *content, const char *part)
{
    bert_tokenizer *tokenizer;
    const char *path = scratch_write("vocab.txt", content);
    assert_fails(bert_tokenizer_load(&tokenizer, path, NULL, error), BERT_ERROR_INPUT, part);
    assert_null(tokenizer);
}

static void test_vocab_errors(void **state)
{
    (void)state;
    bert_tokenizer *tokenizer;
    expect_vocab_error("", "vocab.txt: is empty");
    expect_vocab_error("a\n", "has no [PAD]");
    expect_vocab_error("[PAD]\n[CLS]\n[SEP]\n[MASK]\na\n", "has no [UNK]");
    expect_vocab_error(FIXTURE_SPECIAL "a\nb\na\n", "vocab.txt:8: token \"a\" has both id 5 and");
    expect_vocab_error(FIXTURE_SPECIAL "a\n\nb\n", "vocab.txt:7: the token of id 6 is empty");
    expect_vocab_error(FIXTURE_SPECIAL "a\xFF\n", "vocab.txt:6: the token of id 5 is not UTF-8");
    scratch_write_bytes("nul", FIXTURE_SPECIAL "a\0b\n", sizeof FIXTURE_SPECIAL + 3);
    assert_fails(bert_tokenizer_load(&tokenizer, scratch_path("nul"), NULL, error),
                 BERT_ERROR_INPUT, "contains a NUL byte");
    assert_fails(bert_tokenizer_load(&tokenizer, scratch_path("none"), NULL, error), BERT_ERROR_IO,
                 "No such file");
    assert_ok(directory_create(scratch_path("folder"), error));
    assert_fails(bert_tokenizer_load(&tokenizer, scratch_path("folder"), NULL, error),
                 BERT_ERROR_IO, "neither tokenizer.json nor vocab.txt");
    bert_tokenizer_options options = bert_tokenizer_options_default();
    options.max_input_chars_per_word = -1;
    assert_fails(bert_tokenizer_load(&tokenizer, scratch_path("vocab.txt"), &options, error),
                 BERT_ERROR_INVALID_ARGUMENT, "max_input_chars_per_word is -1");
    options = bert_tokenizer_options_default();
    options.clean_text = (bert_switch)2;
    assert_fails(bert_tokenizer_load(&tokenizer, scratch_path("vocab.txt"), &options, error),
                 BERT_ERROR_INVALID_ARGUMENT, "clean_text is 2; expected true or false");
}

/* CRLF line endings, no final newline, and tokens that contain # or spaces. */
static void test_vocab_forms(void **state)
{
    (void)state;
    bert_tokenizer *tokenizer;
    const char *path =
        scratch_write("crlf", "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n[MASK]\r\n##a \r\n##\r\na b");
    assert_ok(bert_tokenizer_load(&tokenizer, path, NULL, error));
    assert_int_equal(bert_tokenizer_vocab_size(tokenizer), 8);
    assert_string_equal(bert_tokenizer_token(tokenizer, 5), "##a");
    assert_string_equal(bert_tokenizer_token(tokenizer, 7), "a b");
    assert_int_equal(bert_tokenizer_id(tokenizer, "##"), 6);
    assert_int_equal(bert_tokenizer_id(tokenizer, "nothing"), -1);
    assert_null(bert_tokenizer_token(tokenizer, 8));
    assert_null(bert_tokenizer_token(tokenizer, -1));
    assert_true(tokenizer_is_special(tokenizer, 4));
    assert_false(tokenizer_is_special(tokenizer, 5));
    bert_tokenizer_free(tokenizer);
    bert_tokenizer_free(NULL);
}

/* Writes a tokenizer.json with these components. */
static const char *write_json(const char *model, const char *normalizer, const char *pre_tokenizer,
                              const char *post_processor, const char *added)
{
    text content = {0};
    assert_ok(text_format(&content, error,
                          "{\"added_tokens\": [%s], \"normalizer\": %s, \"pre_tokenizer\": %s, "
                          "\"post_processor\": %s, \"model\": %s}",
                          added, normalizer, pre_tokenizer, post_processor, model));
    scratch_write("tokenizer.json", content.data);
    text_free(&content);
    return scratch_path("tokenizer.json");
}

#define VOCAB "\"[PAD]\": 0, \"[UNK]\": 1, \"[CLS]\": 2, \"[SEP]\": 3, \"[MASK]\": 4, \"a\": 5"
#define MODEL "{\"type\": \"WordPiece\", \"vocab\": {" VOCAB "}}"
#define NORMALIZER "{\"type\": \"BertNormalizer\"}"
#define PRE_TOKENIZER "{\"type\": \"BertPreTokenizer\"}"

static void expect_json_error(const char *path, bert_status status, const char *part)
{
    bert_tokenizer *tokenizer;
    assert_fails(bert_tokenizer_load(&tokenizer, path, NULL, error), status, part);
    assert_null(tokenizer);
}

static void test_json_errors(void **state)
{
    (void)state;
    const bert_status input = BERT_ERROR_INPUT, unsupported = BERT_ERROR_UNSUPPORTED;
    expect_json_error(scratch_write("x.json", "{\"model\": "), input, "invalid JSON");
    expect_json_error(scratch_write("x.json", "[]"), input, "top level");
    expect_json_error(scratch_write("x.json", "{}"), unsupported, "has no model");
    expect_json_error(
        write_json("{\"type\": \"BPE\", \"vocab\": {}}", NORMALIZER, PRE_TOKENIZER, "null", ""),
        unsupported, "the model is of type BPE");
    expect_json_error(write_json(MODEL, "{\"type\": \"Sequence\"}", PRE_TOKENIZER, "null", ""),
                      unsupported, "the normalizer is of type Sequence");
    expect_json_error(write_json(MODEL, "null", PRE_TOKENIZER, "null", ""), unsupported,
                      "has no normalizer");
    expect_json_error(write_json(MODEL, NORMALIZER, "{\"type\": \"ByteLevel\"}", "null", ""),
                      unsupported, "the pre_tokenizer is of type ByteLevel");
    expect_json_error(
        write_json(MODEL, NORMALIZER, PRE_TOKENIZER, "{\"type\": \"RobertaProcessing\"}", ""),
        unsupported, "the post_processor is of type RobertaProcessing");
    expect_json_error(write_json(MODEL, NORMALIZER, PRE_TOKENIZER,
                                 "{\"type\": \"TemplateProcessing\", \"single\": [{\"Sequence\": "
                                 "{\"id\": \"A\"}}]}",
                                 ""),
                      unsupported, "[CLS] text [SEP]");
    expect_json_error(write_json("{\"vocab\": {}}", NORMALIZER, PRE_TOKENIZER, "null", ""), input,
                      "no \"vocab\"");
    expect_json_error(write_json("{\"vocab\": [\"a\"]}", NORMALIZER, PRE_TOKENIZER, "null", ""),
                      input, "no \"vocab\"");
    expect_json_error(
        write_json("{\"vocab\": {" VOCAB ", \"a\": 6}}", NORMALIZER, PRE_TOKENIZER, "null", ""),
        input, "duplicate");
    expect_json_error(
        write_json("{\"vocab\": {" VOCAB ", \"b\": 5}}", NORMALIZER, PRE_TOKENIZER, "null", ""),
        input, "id 5 is both \"a\" and \"b\"");
    expect_json_error(write_json("{\"vocab\": {" VOCAB ", \"b\": 2000000000}}", NORMALIZER,
                                 PRE_TOKENIZER, "null", ""),
                      input, "id 2000000000 of token \"b\"");
    expect_json_error(
        write_json("{\"vocab\": {" VOCAB ", \"b\": -1}}", NORMALIZER, PRE_TOKENIZER, "null", ""),
        input, "id -1");
    expect_json_error(
        write_json("{\"vocab\": {" VOCAB ", \"b\": \"6\"}}", NORMALIZER, PRE_TOKENIZER, "null", ""),
        input, "not an integer");
    expect_json_error(write_json("{\"vocab\": {" VOCAB "}, \"continuing_subword_prefix\": \"@@\"}",
                                 NORMALIZER, PRE_TOKENIZER, "null", ""),
                      unsupported, "continuing_subword_prefix is \"@@\"");
    expect_json_error(write_json("{\"vocab\": {" VOCAB "}, \"max_input_chars_per_word\": 0}",
                                 NORMALIZER, PRE_TOKENIZER, "null", ""),
                      input, "max_input_chars_per_word");
    expect_json_error(write_json(MODEL, "{\"type\": \"BertNormalizer\", \"lowercase\": 1}",
                                 PRE_TOKENIZER, "null", ""),
                      input, "\"lowercase\" is 1");
    expect_json_error(write_json(MODEL, NORMALIZER, PRE_TOKENIZER, "null",
                                 "{\"id\": 9, \"content\": \"x\", \"lstrip\": true}"),
                      unsupported, "\"lstrip\": true");
    expect_json_error(
        write_json(MODEL, NORMALIZER, PRE_TOKENIZER, "null", "{\"id\": 9, \"content\": \"a\"}"),
        input, "id 9, but 5 in the vocabulary");
    expect_json_error(write_json(MODEL, NORMALIZER, PRE_TOKENIZER, "null", "7"), input,
                      "added token 0 is not an object");
}

static void test_added_tokens(void **state)
{
    (void)state;
    const char *path = write_json(MODEL, NORMALIZER, PRE_TOKENIZER, "null",
                                  "{\"id\": 7, \"content\": \"<e>\", \"special\": true},"
                                  "{\"id\": 8, \"content\": \"<e><e>\"},"
                                  "{\"id\": 9, \"content\": \"É\"}");
    bert_tokenizer *tokenizer;
    assert_ok(bert_tokenizer_load(&tokenizer, path, NULL, error));
    assert_int_equal(bert_tokenizer_vocab_size(tokenizer), 10);
    assert_null(bert_tokenizer_token(tokenizer, 6));
    bert_encoding encoding = {0};
    static const char text[] = "a<e>aÉ<e><e><e [MASK]é";
    const int32_t ids[] = {5, 7, 5, 9, 8, 1, 1, 4, 1};
    assert_ok(bert_tokenizer_encode(tokenizer, text, sizeof text - 1, false, 0, &encoding, error));
    assert_int_equal(encoding.count, sizeof ids / sizeof *ids);
    assert_memory_equal(encoding.ids, ids, sizeof ids);
    assert_int_equal(encoding.starts[4], 7);
    assert_int_equal(encoding.ends[4], 13);
    bert_encoding_free(&encoding);
    bert_tokenizer_free(tokenizer);
}

static int32_t first_id(const char *path, const bert_tokenizer_options *options, const char *word)
{
    bert_tokenizer *tokenizer;
    bert_encoding encoding = {0};
    assert_ok(bert_tokenizer_load(&tokenizer, path, options, error));
    assert_ok(bert_tokenizer_encode(tokenizer, word, strlen(word), false, 0, &encoding, error));
    int32_t id = encoding.ids[0];
    bert_encoding_free(&encoding);
    bert_tokenizer_free(tokenizer);
    return id;
}

/* Precedence: options, tokenizer_config.json, tokenizer.json, defaults. */
static void test_precedence_of_settings(void **state)
{
    (void)state;
    assert_ok(directory_create(scratch_path("settings"), error));
    char folder[512];
    snprintf(folder, sizeof folder, "%s", scratch_path("settings"));
    scratch_write("settings/vocab.txt", FIXTURE_SPECIAL "a\nA\n");
    assert_int_equal(first_id(folder, NULL, "A"), 5);
    scratch_write("settings/tokenizer_config.json", "{\"do_lower_case\": false}");
    assert_int_equal(first_id(folder, NULL, "A"), 6);
    bert_tokenizer_options options = bert_tokenizer_options_default();
    options.lowercase = BERT_ON;
    assert_int_equal(first_id(folder, &options, "A"), 5);
    scratch_write("settings/tokenizer.json",
                  "{\"normalizer\": {\"type\": \"BertNormalizer\", \"lowercase\": true,"
                  "\"strip_accents\": null}, \"pre_tokenizer\": " PRE_TOKENIZER
                  ", \"model\": {\"vocab\": {" VOCAB ", \"A\": 6}}}");
    assert_int_equal(first_id(folder, NULL, "A"), 6);
    scratch_write("settings/tokenizer_config.json", "{\"strip_accents\": false}");
    assert_int_equal(first_id(folder, NULL, "A"), 5);
    assert_int_equal(first_id(folder, NULL, "á"), 1);
    scratch_write("settings/tokenizer_config.json", "{\"strip_accents\": \"no\"}");
    bert_tokenizer *tokenizer;
    assert_fails(bert_tokenizer_load(&tokenizer, folder, NULL, error), BERT_ERROR_INPUT,
                 "\"strip_accents\"");
}

static void test_save_round_trip(void **state)
{
    (void)state;
    bert_tokenizer *tokenizer;
    bert_tokenizer_options options = {.lowercase = BERT_OFF,
                                      .strip_accents = BERT_ON,
                                      .handle_chinese_chars = BERT_OFF,
                                      .clean_text = BERT_OFF,
                                      .max_input_chars_per_word = 7};
    const char *vocab = scratch_write("odd", FIXTURE_SPECIAL "\"\\/\x7F\nÄ\n中\n##\u2028x\n");
    assert_ok(bert_tokenizer_load(&tokenizer, vocab, &options, error));
    assert_ok(directory_create(scratch_path("saved"), error));
    assert_ok(tokenizer_save(tokenizer, scratch_path("saved"), error));
    bert_tokenizer_free(tokenizer);
    assert_ok(bert_tokenizer_load(&tokenizer, scratch_path("saved"), NULL, error));
    assert_int_equal(bert_tokenizer_id(tokenizer, "\"\\/\x7F"), 5);
    assert_ok(directory_create(scratch_path("saved-again"), error));
    assert_ok(tokenizer_save(tokenizer, scratch_path("saved-again"), error));
    bert_tokenizer_free(tokenizer);
    text first = {0}, second = {0};
    assert_ok(file_read(&first, scratch_path("saved/tokenizer.json"), 1 << 20, error));
    assert_ok(file_read(&second, scratch_path("saved-again/tokenizer.json"), 1 << 20, error));
    assert_string_equal(first.data, second.data);
    assert_non_null(strstr(first.data, "\"clean_text\": false"));
    assert_non_null(strstr(first.data, "\"strip_accents\": true"));
    assert_non_null(strstr(first.data, "\"max_input_chars_per_word\": 7"));
    text_free(&first);
    text_free(&second);
}

static void test_holes_cannot_be_saved(void **state)
{
    (void)state;
    const char *path =
        write_json("{\"vocab\": {" VOCAB ", \"b\": 7}}", NORMALIZER, PRE_TOKENIZER, "null", "");
    bert_tokenizer *tokenizer;
    assert_ok(bert_tokenizer_load(&tokenizer, path, NULL, error));
    assert_fails(tokenizer_save(tokenizer, scratch_directory, error), BERT_ERROR_UNSUPPORTED,
                 "no token has id 6");
    bert_tokenizer_free(tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vocab_errors),
        cmocka_unit_test(test_vocab_forms),
        cmocka_unit_test(test_json_errors),
        cmocka_unit_test(test_added_tokens),
        cmocka_unit_test(test_precedence_of_settings),
        cmocka_unit_test(test_save_round_trip),
        cmocka_unit_test(test_holes_cannot_be_saved),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
