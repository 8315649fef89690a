#include "fixture.h"

#include "tokenizer/tokenizer.h"

/* The values are those of Hugging Face tokenizers 0.23.3 for the same tokenizer.json;
 * test_added_tokens_against_tokenizers.py compares random ones. */

#define VOCAB                                                                 \
    "\"[PAD]\": 0, \"[UNK]\": 1, \"[CLS]\": 2, \"[SEP]\": 3, \"[MASK]\": 4, " \
    "\"a\": 5, \"b\": 6, \"ab\": 7, \"##a\": 8, \"##b\": 9, \"<\": 10"

static bert_tokenizer *load_with(const char *vocab, const char *added, const char *more)
{
    bert_tokenizer *tokenizer;
    text content = {0};
    assert_ok(
        text_format(&content, error,
                    "{\"added_tokens\": [%s], \"normalizer\": {\"type\": \"BertNormalizer\"}, "
                    "\"pre_tokenizer\": {\"type\": \"BertPreTokenizer\"}, %s"
                    "\"model\": {\"type\": \"WordPiece\", \"vocab\": {%s}}}",
                    added, more, vocab));
    const char *path = scratch_write("tokenizer.json", content.data);
    text_free(&content);
    assert_ok(bert_tokenizer_load(&tokenizer, path, NULL, error));
    return tokenizer;
}

typedef struct expected {
    const char *added, *text;
    size_t length; /* 0: of a C string */
    size_t count;
    int32_t ids[9];
    uint32_t starts[9], ends[9];
} expected;

static void check(const expected *e)
{
    bert_tokenizer *tokenizer = load_with(VOCAB, e->added, "");
    bert_encoding encoding = {0};
    size_t length = e->length ? e->length : strlen(e->text);
    assert_ok(bert_tokenizer_encode(tokenizer, e->text, length, false, 0, &encoding, error));
    if (encoding.count != e->count)
        fail_msg("%s: %zu ids, expected %zu", e->added, encoding.count, e->count);
    for (size_t i = 0; i < e->count; i++)
        if (encoding.ids[i] != e->ids[i] || encoding.starts[i] != e->starts[i] ||
            encoding.ends[i] != e->ends[i])
            fail_msg("%s: token %zu is %d at %u to %u, expected %d at %u to %u", e->added, i,
                     encoding.ids[i], encoding.starts[i], encoding.ends[i], e->ids[i], e->starts[i],
                     e->ends[i]);
    bert_encoding_free(&encoding);
    bert_tokenizer_free(tokenizer);
}

/* Of several the longest is found, and ids follow the vocabulary whatever the file says. */
static void test_prefixes_of_each_other(void **state)
{
    (void)state;
    check(&(expected){"{\"id\": 7, \"content\": \"<e>\", \"special\": true},"
                      "{\"id\": 18, \"content\": \"<e><e>\"}, {\"id\": 9, \"content\": \"É\"},"
                      "{\"id\": 3, \"content\": \"\"}",
                      "a<e>aÉ<e><e><e é",
                      0,
                      8,
                      {5, 11, 5, 13, 12, 10, 1, 1},
                      {0, 1, 4, 5, 7, 13, 14, 16},
                      {1, 4, 5, 7, 13, 14, 15, 18}});
}

static void test_normalized(void **state)
{
    (void)state;
    check(&(expected){"{\"id\": 11, \"content\": \"<e>\", \"normalized\": true},"
                      "{\"id\": 12, \"content\": \"ÄB\", \"normalized\": true}",
                      "äb<E>a\u0308ba ÄB<e>",
                      0,
                      6,
                      {12, 11, 12, 5, 12, 11},
                      {0, 3, 6, 10, 12, 15},
                      {3, 6, 10, 11, 15, 18}});
    check(&(expected){"{\"id\": 11, \"content\": \"中文\", \"normalized\": true}",
                      "ab中文ab",
                      0,
                      3,
                      {7, 11, 7},
                      {0, 2, 8},
                      {2, 8, 10}});
    /* After those that are found in the text as it is. */
    check(&(expected){"{\"id\": 11, \"content\": \"b\", \"normalized\": true},"
                      "{\"id\": 11, \"content\": \"ab \"}",
                      "ab abb",
                      0,
                      4,
                      {11, 5, 6, 6},
                      {0, 3, 4, 5},
                      {3, 4, 5, 6}});
}

/* A token that is no word of its own hides the shorter one in it. */
static void test_single_word(void **state)
{
    (void)state;
    check(&(expected){"{\"id\": 11, \"content\": \"foo\", \"single_word\": true},"
                      "{\"id\": 12, \"content\": \"fo\"}",
                      "foo food xfoo foo_ foo. éfoo fo",
                      0,
                      9,
                      {11, 1, 1, 1, 1, 11, 1, 1, 12},
                      {0, 4, 9, 14, 17, 19, 22, 24, 30},
                      {3, 8, 13, 17, 18, 22, 23, 29, 32}});
}

static void test_white_space(void **state)
{
    (void)state;
    check(&(expected){"{\"id\": 10, \"content\": \"<\", \"lstrip\": true, \"rstrip\": true},"
                      "{\"id\": 6, \"content\": \"b\", \"rstrip\": true}",
                      "a  <   ab \u3000 a\u00a0<",
                      0,
                      6,
                      {5, 10, 5, 6, 5, 10},
                      {0, 1, 7, 8, 14, 15},
                      {1, 7, 8, 14, 15, 18}});
    check(&(expected){"{\"id\": 11, \"content\": \"\\t\", \"lstrip\": true, \"rstrip\": true, "
                      "\"normalized\": true}",
                      "a \t\t b",
                      0,
                      3,
                      {5, 11, 6},
                      {0, 1, 5},
                      {1, 5, 6}});
    /* White space that a token took is part of the one after it, too. */
    check(&(expected){"{\"id\": 11, \"content\": \" a\"},"
                      "{\"id\": 12, \"content\": \"x\", \"rstrip\": true}",
                      "x a b",
                      0,
                      3,
                      {12, 11, 6},
                      {0, 1, 4},
                      {2, 3, 5}});
}

static void test_nul(void **state)
{
    (void)state;
    check(&(expected){
        "{\"id\": 11, \"content\": \"\\u0000\"}, {\"id\": 12, \"content\": \"a\\u0000b\"},"
        "{\"id\": 13, \"content\": \"\\\\u0000\"}, {\"id\": 14, \"content\": \"\uFDD0\"},"
        "{\"id\": 15, \"content\": \"\\ufdd1\"}",
        "a\0b\0ab\\u0000\uFDD0\uFDD1",
        18,
        6,
        {12, 11, 7, 13, 14, 15},
        {0, 3, 4, 6, 12, 15},
        {3, 4, 6, 12, 15, 18}});
}

/* A later definition changes how a token is found; a form that is empty is never found. */
static void test_twice_and_never(void **state)
{
    (void)state;
    check(&(expected){"{\"id\": 11, \"content\": \"Y\", \"normalized\": true},"
                      "{\"id\": 11, \"content\": \"Y\"},"
                      "{\"id\": 12, \"content\": \"\\u0301\", \"normalized\": true}",
                      "aYb ayb",
                      0,
                      4,
                      {5, 11, 6, 1},
                      {0, 1, 2, 4},
                      {1, 2, 3, 7}});
}

static void test_saved_and_read(void **state)
{
    (void)state;
    bert_tokenizer *tokenizer = load_with(
        VOCAB,
        "{\"id\": 4, \"content\": \"[MASK]\", \"lstrip\": true, \"special\": true},"
        "{\"id\": 11, \"content\": \"x\\u0000\", \"rstrip\": true, \"single_word\": true},"
        "{\"id\": 12, \"content\": \"Zz\", \"normalized\": true}",
        "");
    assert_ok(directory_create(scratch_path("saved"), error));
    assert_ok(tokenizer_save(tokenizer, scratch_path("saved"), 0, error));
    bert_tokenizer_free(tokenizer);
    for (int which = 0; which < 2; which++) {
        const char *path = scratch_path(which ? "saved" : "saved/tokenizer.json");
        static const char line[] = "a [MASK] x\0 zZb ZZ";
        static const int32_t ids[] = {5, 4, 11, 12, 6, 12};
        bert_encoding encoding = {0};
        assert_ok(bert_tokenizer_load(&tokenizer, path, NULL, error));
        assert_ok(
            bert_tokenizer_encode(tokenizer, line, sizeof line - 1, false, 0, &encoding, error));
        assert_int_equal(encoding.count, sizeof ids / sizeof *ids);
        assert_memory_equal(encoding.ids, ids, sizeof ids);
        assert_int_equal(encoding.starts[1], 1);
        bert_encoding_free(&encoding);
        bert_tokenizer_free(tokenizer);
    }
}

/* ------------------------------------------------------------------ other special tokens --- */

#define OTHER_VOCAB "\"<s>\": 0, \"<pad>\": 1, \"</s>\": 2, \"<unk>\": 3, \"a\": 4, \"<mask>\": 5"
#define TEMPLATE                                                                              \
    "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": " \
    "{\"id\": \"%s\", \"type_id\": 0}}, {\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}, "    \
    "{\"SpecialToken\": {\"id\": \"%s\", \"type_id\": 0}}]}, "

static void expect_special(const bert_tokenizer *t, int32_t pad, int32_t unk, int32_t cls,
                           int32_t sep, int32_t mask)
{
    bert_special_ids ids = bert_tokenizer_special_ids(t);
    assert_int_equal(ids.pad, pad);
    assert_int_equal(ids.unk, unk);
    assert_int_equal(ids.cls, cls);
    assert_int_equal(ids.sep, sep);
    assert_int_equal(ids.mask, mask);
}

static void expect_ids(const bert_tokenizer *tokenizer, const char *text, const int32_t *ids,
                       size_t count)
{
    bert_encoding encoding = {0};
    assert_ok(bert_tokenizer_encode(tokenizer, text, strlen(text), true, 0, &encoding, error));
    assert_int_equal(encoding.count, count);
    assert_memory_equal(encoding.ids, ids, count * sizeof *ids);
    bert_encoding_free(&encoding);
}

static void test_names_of_special_tokens(void **state)
{
    (void)state;
    static const int32_t ids[] = {0, 4, 3, 5, 2};
    char template[512];
    snprintf(template, sizeof template, TEMPLATE, "<s>", "</s>");
    bert_tokenizer *tokenizer = load_with(OTHER_VOCAB, "", template);
    expect_special(tokenizer, 1, 3, 0, 2, 5);
    expect_ids(tokenizer, "a b<mask>", ids, 5);
    bert_tokenizer_free(tokenizer);
    /* A vocab.txt alone has no names: those that it has are taken. */
    const char *path = scratch_write("plain.txt", "<s>\n<pad>\n</s>\n<unk>\na\n<mask>\n");
    assert_ok(bert_tokenizer_load(&tokenizer, path, NULL, error));
    expect_special(tokenizer, 1, 3, 0, 2, 5);
    expect_ids(tokenizer, "a b<mask>", ids, 5);
    assert_ok(directory_create(scratch_path("others"), error));
    assert_ok(tokenizer_save(tokenizer, scratch_path("others"), 0, error));
    bert_tokenizer_free(tokenizer);
    assert_ok(bert_tokenizer_load(&tokenizer, scratch_path("others"), NULL, error));
    expect_ids(tokenizer, "a b<mask>", ids, 5);
    bert_tokenizer_free(tokenizer);
}

/* A folder's files name them; the later of two counts, unless the first has added_tokens_decoder.
 */
static void test_names_in_settings(void **state)
{
    (void)state;
    bert_tokenizer *tokenizer;
    assert_ok(directory_create(scratch_path("names"), error));
    scratch_write("names/vocab.txt", "P\nU\nC\nS\na\nM\nN\n");
    scratch_write("names/tokenizer_config.json",
                  "{\"pad_token\": \"P\", \"unk_token\": \"U\", \"cls_token\": \"C\","
                  "\"sep_token\": \"S\", \"mask_token\": {\"__type\": \"AddedToken\", \"content\": "
                  "\"M\", \"lstrip\": true}}");
    assert_ok(bert_tokenizer_load(&tokenizer, scratch_path("names"), NULL, error));
    expect_special(tokenizer, 0, 1, 2, 3, 5);
    expect_ids(tokenizer, "a   M b", (const int32_t[]){2, 4, 5, 1, 3}, 5);
    bert_tokenizer_free(tokenizer);
    scratch_write("names/special_tokens_map.json",
                  "{\"mask_token\": \"N\", \"additional_special_tokens\": [\"<e>\", \"a\"]}");
    scratch_write("names/added_tokens.json", "{\"Fé\": 7}");
    assert_ok(bert_tokenizer_load(&tokenizer, scratch_path("names"), NULL, error));
    expect_special(tokenizer, 0, 1, 2, 3, 6);
    expect_ids(tokenizer, "fe<e>aa", (const int32_t[]){2, 7, 8, 4, 4, 3}, 6);
    bert_tokenizer_free(tokenizer);
    scratch_write("names/tokenizer_config.json",
                  "{\"pad_token\": \"P\", \"unk_token\": \"U\", \"cls_token\": \"C\","
                  "\"sep_token\": \"S\", \"mask_token\": \"M\", \"added_tokens_decoder\": {\"9\": "
                  "{\"content\": \"later\"}, \"7\": {\"content\": \"Q\", \"rstrip\": true}}}");
    assert_ok(bert_tokenizer_load(&tokenizer, scratch_path("names"), NULL, error));
    expect_special(tokenizer, 0, 1, 2, 3, 5);
    expect_ids(tokenizer, "Q  alater", (const int32_t[]){2, 7, 4, 8, 3}, 5);
    char message[512];
    assert_true(bert_tokenizer_warning(tokenizer, 0, message, sizeof message));
    assert_non_null(strstr(message, "\"later\" has id 9 in the files, but gets 8"));
    assert_false(bert_tokenizer_warning(tokenizer, 1, message, sizeof message));
    bert_tokenizer_free(tokenizer);
}

static void expect_config_error(const char *config, const char *part)
{
    bert_tokenizer *tokenizer;
    scratch_write("wrong/tokenizer_config.json", config);
    assert_fails(bert_tokenizer_load(&tokenizer, scratch_path("wrong"), NULL, error),
                 BERT_ERROR_INPUT, part);
}

static void test_errors_of_settings(void **state)
{
    (void)state;
    assert_ok(directory_create(scratch_path("wrong"), error));
    scratch_write("wrong/vocab.txt", FIXTURE_SPECIAL "a\n");
    expect_config_error("{\"truncation_side\": \"up\"}",
                        "truncation_side is \"up\", expected left or right");
    expect_config_error("{\"model_max_length\": 0}", "model_max_length is not a positive number");
    expect_config_error("{\"model_max_length\": \"512\"}", "model_max_length is not");
    expect_config_error("{\"pad_token\": 7}", "\"pad_token\" is not a token");
    expect_config_error("{\"mask_token\": {\"special\": true}}", "\"content\"");
    expect_config_error("{\"added_tokens_decoder\": {\"x\": {\"content\": \"y\"}}}",
                        "\"x\" of added_tokens_decoder is not an id with a token");
    expect_config_error("{\"added_tokens_decoder\": {\"6\": \"y\"}}", "not an id with a token");
    expect_config_error("{\"unk_token\": \"\"}", "the unk_token is \"\", which is not");
}

/* ---------------------------------------------------------------------------- truncation --- */

static void test_truncation_side(void **state)
{
    (void)state;
    static const struct {
        const char *text, *pair;
        size_t limit;
        int32_t right[8], left[8]; /* ended by -1 */
    } cuts[] = {
        {"a b ab a", NULL, 4, {2, 5, 6, 3, -1}, {2, 7, 5, 3, -1}},
        {"a b ab a", NULL, 2, {2, 3, -1}, {2, 3, -1}},
        {"a b ab a", NULL, 6, {2, 5, 6, 7, 5, 3, -1}, {2, 5, 6, 7, 5, 3, -1}},
        {"a b ab a", "b a", 7, {2, 5, 6, 3, 6, 5, 3, -1}, {2, 7, 5, 3, 6, 5, 3, -1}},
        {"a b", "b a ab", 6, {2, 5, 3, 6, 5, 3, -1}, {2, 6, 3, 5, 7, 3, -1}},
        {"a b ab a", "b a ab", 3, {2, 3, 3, -1}, {2, 3, 3, -1}},
    };
    for (int left = 0; left < 3; left++) {
        bert_tokenizer *tokenizer =
            load_with(VOCAB, "",
                      left ? "\"truncation\": {\"direction\": \"Left\", \"max_length\": 3, "
                             "\"strategy\": \"LongestFirst\", \"stride\": 0}, "
                           : "");
        if (left == 2) { /* also when saved */
            assert_ok(directory_create(scratch_path("left"), error));
            assert_ok(tokenizer_save(tokenizer, scratch_path("left"), 0, error));
            bert_tokenizer_free(tokenizer);
            assert_ok(bert_tokenizer_load(&tokenizer, scratch_path("left"), NULL, error));
        }
        for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
            bert_encoding e = {0};
            const char *text = cuts[i].text, *pair = cuts[i].pair;
            if (pair)
                assert_ok(bert_tokenizer_encode_pair(tokenizer, text, strlen(text), pair,
                                                     strlen(pair), true, cuts[i].limit, &e, error));
            else
                assert_ok(bert_tokenizer_encode(tokenizer, text, strlen(text), true, cuts[i].limit,
                                                &e, error));
            const int32_t *ids = left ? cuts[i].left : cuts[i].right;
            size_t count = 0;
            while (ids[count] >= 0)
                count++;
            assert_int_equal(e.count, count);
            assert_memory_equal(e.ids, ids, count * sizeof *ids);
            bert_encoding_free(&e);
        }
        bert_tokenizer_free(tokenizer);
    }
}

static void test_model_max_length(void **state)
{
    (void)state;
    static const struct {
        const char *config;
        size_t length;
    } files[] = {
        {"{\"model_max_length\": 128}", 128},
        {"{\"max_len\": 64}", 64},
        {"{\"model_max_length\": 1000000000000000019884624838656}", 0},
        {"{\"model_max_length\": null, \"padding_side\": \"left\"}", 0},
        {"{}", 0},
    };
    assert_ok(directory_create(scratch_path("length"), error));
    scratch_write("length/vocab.txt", FIXTURE_SPECIAL "a\n");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        bert_tokenizer *tokenizer;
        scratch_write("length/tokenizer_config.json", files[i].config);
        assert_ok(bert_tokenizer_load(&tokenizer, scratch_path("length"), NULL, error));
        assert_int_equal(tokenizer_model_max_length(tokenizer), files[i].length);
        bert_tokenizer_free(tokenizer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prefixes_of_each_other),
        cmocka_unit_test(test_normalized),
        cmocka_unit_test(test_single_word),
        cmocka_unit_test(test_white_space),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_twice_and_never),
        cmocka_unit_test(test_saved_and_read),
        cmocka_unit_test(test_names_of_special_tokens),
        cmocka_unit_test(test_names_in_settings),
        cmocka_unit_test(test_errors_of_settings),
        cmocka_unit_test(test_truncation_side),
        cmocka_unit_test(test_model_max_length),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
