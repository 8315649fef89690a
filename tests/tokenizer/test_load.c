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
    expect_vocab_error("[PAD]\n[UNK]\n[CLS]\n[SEP]\n", "has no [MASK]; BERT needs");
    expect_vocab_error(FIXTURE_SPECIAL "a\xFF\n", "vocab.txt:6: the token of id 5 is not UTF-8");
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

static bert_tokenizer *load_bytes(const char *content, size_t length)
{
    bert_tokenizer *tokenizer;
    scratch_write_bytes("vocab", content, length);
    assert_ok(bert_tokenizer_load(&tokenizer, scratch_path("vocab"), NULL, error));
    return tokenizer;
}

static void expect_ids(const bert_tokenizer *tokenizer, const char *text, const int32_t *ids,
                       size_t count)
{
    bert_encoding encoding = {0};
    assert_ok(bert_tokenizer_encode(tokenizer, text, strlen(text), false, 0, &encoding, error));
    if (encoding.count != count || memcmp(encoding.ids, ids, count * sizeof *ids) != 0)
        fail_msg("\"%s\": %zu ids, the first is %d, expected %zu and %d", text, encoding.count,
                 encoding.count ? encoding.ids[0] : -1, count, count ? ids[0] : -1);
    bert_encoding_free(&encoding);
}
#define EXPECT_IDS(tokenizer, text, ...)                        \
    expect_ids(tokenizer, text, (const int32_t[]){__VA_ARGS__}, \
               sizeof((const int32_t[]){__VA_ARGS__}) / sizeof(int32_t))

static void expect_token(const bert_tokenizer *tokenizer, int32_t id, const char *token)
{
    const char *found = bert_tokenizer_token(tokenizer, id);
    if (!token)
        assert_null(found);
    else
        assert_string_equal(found ? found : "none", token);
}

/* What BertWordPieceTokenizer of tokenizers 0.23.3 makes of these files. */
static void test_vocab_lines(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        size_t size;
        const char *tokens[6]; /* from id 5 on */
        int32_t ids[2];        /* of "hello a" */
    } files[] = {
        {"a\n\nhello\n", 8, {"a", "", "hello"}, {7, 5}},
        {"a\r\n\r\nhello", 8, {"a", "", "hello"}, {7, 5}},
        {"\n\na\n\n\nhello", 11, {NULL, NULL, "a", NULL, "", "hello"}, {10, 7}},
        {"a\nb\na\n", 8, {NULL, "b", "a"}, {1, 7}},
        {"a \nb\u00a0\n hello\n\u3000\nc\vd\n", 10, {"a", "b", " hello", "", "c\vd"}, {1, 5}},
        {"a\rb\nc\r\r\nhello\n", 8, {"a\rb", "c", "hello"}, {7, 1}},
        {"##a \r\n##\r\na b", 8, {"##a", "##", "a b"}, {1, 1}},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        for (int marked = 0; marked < 2; marked++) { /* a byte order mark changes nothing */
            char content[256];
            int length = snprintf(content, sizeof content, "%s%s%s", marked ? "\xEF\xBB\xBF" : "",
                                  FIXTURE_SPECIAL, files[i].lines);
            bert_tokenizer *tokenizer = load_bytes(content, (size_t)length);
            assert_int_equal(bert_tokenizer_vocab_size(tokenizer), files[i].size);
            for (size_t k = 0; k + 5 < files[i].size; k++)
                expect_token(tokenizer, (int32_t)k + 5, files[i].tokens[k]);
            expect_ids(tokenizer, "hello a", files[i].ids, 2);
            bert_tokenizer_free(tokenizer);
        }
    }
}

static void test_vocab_nul(void **state)
{
    (void)state;
    static const char content[] = FIXTURE_SPECIAL "a\0b\n\0\nab\n";
    bert_tokenizer *tokenizer = load_bytes(content, sizeof content - 1);
    assert_int_equal(bert_tokenizer_vocab_size(tokenizer), 8);
    expect_token(tokenizer, 5, "a"); /* up to its NUL */
    expect_token(tokenizer, 6, "");
    bert_encoding encoding = {0};
    /* clean_text removes it from texts. */
    assert_ok(bert_tokenizer_encode(tokenizer, "a\0b", 3, false, 0, &encoding, error));
    assert_int_equal(encoding.count, 1);
    assert_int_equal(encoding.ids[0], 7);
    bert_tokenizer_free(tokenizer);
    const bert_tokenizer_options keep = {.lowercase = BERT_UNSET,
                                         .strip_accents = BERT_UNSET,
                                         .handle_chinese_chars = BERT_UNSET,
                                         .clean_text = BERT_OFF};
    assert_ok(bert_tokenizer_load(&tokenizer, scratch_path("vocab"), &keep, error));
    assert_ok(bert_tokenizer_encode(tokenizer, "a\0b \0", 5, false, 0, &encoding, error));
    assert_int_equal(encoding.count, 2);
    assert_int_equal(encoding.ids[0], 5);
    assert_int_equal(encoding.ids[1], 6);
    bert_text text = {0};
    assert_ok(bert_tokenizer_decode(tokenizer, encoding.ids, 2, false, false, &text, error));
    assert_int_equal(text.length, 5);
    assert_memory_equal(text.data, "a\0b \0", 5);
    bert_text_free(&text);
    bert_encoding_free(&encoding);
    bert_tokenizer_free(tokenizer);
}

static void test_token_queries(void **state)
{
    (void)state;
    static const char content[] = FIXTURE_SPECIAL "##a\n##";
    bert_tokenizer *tokenizer = load_bytes(content, sizeof content - 1);
    assert_int_equal(bert_tokenizer_id(tokenizer, "##"), 6);
    assert_int_equal(bert_tokenizer_id(tokenizer, "nothing"), -1);
    assert_null(bert_tokenizer_token(tokenizer, 7));
    assert_null(bert_tokenizer_token(tokenizer, -1));
    assert_true(tokenizer_is_special(tokenizer, 4));
    assert_false(tokenizer_is_special(tokenizer, 5));
    assert_int_equal(bert_tokenizer_special_ids(tokenizer).sep, 3);
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
    expect_json_error(write_json(MODEL, NORMALIZER, PRE_TOKENIZER,
                                 "{\"type\": \"BertProcessing\", \"cls\": [\"[CLS]\", 2], "
                                 "\"sep\": [\"[SEP]\", 4]}",
                                 ""),
                      input, "\"[SEP]\" is id 4 in the post_processor, but 3 in the vocabulary");
    expect_json_error(
        write_json(MODEL, NORMALIZER, PRE_TOKENIZER,
                   "{\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": "
                   "\"[CLS]\", \"type_id\": 0}}, {\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}, "
                   "{\"SpecialToken\": {\"id\": \"[SEP]\", \"type_id\": 0}}], \"special_tokens\": "
                   "{\"[CLS]\": {\"ids\": [5]}}}",
                   ""),
        input, "\"[CLS]\" is id 5 in the post_processor, but 2 in the vocabulary");
    expect_json_error(
        write_json(MODEL, NORMALIZER, PRE_TOKENIZER,
                   "{\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": "
                   "\"[CLS]\", \"type_id\": 0}}, {\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}, "
                   "{\"SpecialToken\": {\"id\": \"[SEP]\", \"type_id\": 0}}], \"pair\": "
                   "[{\"SpecialToken\": {\"id\": \"[CLS]\", \"type_id\": 0}}]}",
                   ""),
        unsupported, "and, of pairs, \"[CLS] text [SEP] text [SEP]\" with types 0 and 1");
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
    expect_json_error(write_json("{\"vocab\": {" VOCAB ", \"b\": 7}}", NORMALIZER, PRE_TOKENIZER,
                                 "null", "{\"id\": 8, \"content\": \"x\"}"),
                      input,
                      "added token \"x\" gets id 7, the number of tokens, but that is \"b\"");
    expect_json_error(write_json("{\"vocab\": {" VOCAB "}, \"unk_token\": \"<unk>\"}", NORMALIZER,
                                 PRE_TOKENIZER, "null", ""),
                      input, "the unk_token is \"<unk>\", which is not in the vocabulary");
    expect_json_error(write_json(MODEL, NORMALIZER, PRE_TOKENIZER, "null", "7"), input,
                      "added token 0 is not an object");
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
    assert_ok(tokenizer_save(tokenizer, scratch_path("saved"), 0, error));
    bert_tokenizer_free(tokenizer);
    assert_ok(bert_tokenizer_load(&tokenizer, scratch_path("saved"), NULL, error));
    assert_int_equal(bert_tokenizer_id(tokenizer, "\"\\/\x7F"), 5);
    assert_ok(directory_create(scratch_path("saved-again"), error));
    assert_ok(tokenizer_save(tokenizer, scratch_path("saved-again"), 0, error));
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

/* An id that no token has is a blank line of vocab.txt, and so is a token that no line can be. */
static void test_gaps_are_saved(void **state)
{
    (void)state;
    const char *path =
        write_json("{\"vocab\": {" VOCAB ", \"b\": 7, \"c \": 8, \"\\u0000d\": 9}}", NORMALIZER,
                   PRE_TOKENIZER, "null", "{\"id\": 0, \"content\": \"b\", \"rstrip\": true}");
    bert_tokenizer *tokenizer;
    assert_ok(bert_tokenizer_load(&tokenizer, path, NULL, error));
    assert_ok(directory_create(scratch_path("gaps"), error));
    assert_ok(tokenizer_save(tokenizer, scratch_path("gaps"), 64, error));
    bert_tokenizer_free(tokenizer);
    text vocab = {0};
    assert_ok(file_read(&vocab, scratch_path("gaps/vocab.txt"), 1 << 20, error));
    static const char expected[] = FIXTURE_SPECIAL "a\n\nb\n\n\0d\n";
    assert_int_equal(vocab.length, sizeof expected - 1);
    assert_memory_equal(vocab.data, expected, sizeof expected - 1);
    text_free(&vocab);
    assert_ok(bert_tokenizer_load(&tokenizer, scratch_path("gaps"), NULL, error));
    assert_int_equal(bert_tokenizer_vocab_size(tokenizer), 10);
    expect_token(tokenizer, 6, NULL);
    expect_token(tokenizer, 8, "c ");
    EXPECT_IDS(tokenizer, "ab b a", 5, 7, 7, 5);
    assert_int_equal(tokenizer_model_max_length(tokenizer), 64);
    bert_tokenizer_free(tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vocab_errors),    cmocka_unit_test(test_vocab_lines),
        cmocka_unit_test(test_vocab_nul),       cmocka_unit_test(test_token_queries),
        cmocka_unit_test(test_json_errors),     cmocka_unit_test(test_precedence_of_settings),
        cmocka_unit_test(test_save_round_trip), cmocka_unit_test(test_gaps_are_saved),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
