#include "fixture.h"

#include "tokenizer/case.h"

static bert_tokenizer *load(const char *content, bert_switch lowercase)
{
    bert_tokenizer *tokenizer;
    bert_tokenizer_options options = bert_tokenizer_options_default();
    options.lowercase = lowercase;
    assert_ok(
        bert_tokenizer_load(&tokenizer, scratch_write("vocab.txt", content), &options, error));
    return tokenizer;
}

/* Appends words of three letters, numbered from `first` on. */
static void add_words(text *content, int first, int count, const char *form)
{
    for (int i = first; i < first + count; i++)
        assert_ok(text_format(content, error, form, 'a' + i / 26 % 26, 'a' + i % 26));
}

static void expect_warning(const char *content, bert_switch lowercase, const char *part)
{
    char message[512] = "";
    bert_tokenizer *tokenizer = load(content, lowercase);
    if (bert_tokenizer_warning(tokenizer, 0, message, sizeof message) != (part != NULL))
        fail_msg("warning \"%s\", expected \"%s\"", message, part ? part : "none");
    if (part && !strstr(message, part))
        fail_msg("warning \"%s\", expected \"%s\"", message, part);
    bert_tokenizer_free(tokenizer);
}

static void test_counts(void **state)
{
    (void)state;
    bert_tokenizer *tokenizer =
        load(FIXTURE_SPECIAL "[unused1]\na\nA\nab\nAb\n##aB\n##\n##A\nÄb\näb\nΣα\n中文\n12\nСлово\n"
                             "\nab1\n[Ab]\n",
             BERT_ON);
    case_counts counts = case_count(tokenizer);
    assert_int_equal(counts.tokens, 15);
    assert_int_equal(counts.lettered, 8); /* ab Ab ##aB Äb äb Σα Слово ab1 */
    assert_int_equal(counts.capitals, 5); /* Ab ##aB Äb Σα Слово */
    bert_tokenizer_free(tokenizer);
}

static void test_cased_vocabulary(void **state)
{
    (void)state;
    text content = {0};
    assert_ok(text_append(&content, FIXTURE_SPECIAL, strlen(FIXTURE_SPECIAL), error));
    add_words(&content, 0, 180, "w%c%c\n");
    add_words(&content, 0, 20, "W%c%c\n");
    expect_warning(content.data, BERT_ON, "20 of its 200 words and pieces of words have capitals");
    expect_warning(content.data, BERT_ON, "options->lowercase = false");
    expect_warning(content.data, BERT_UNSET, "\"do_lower_case\": false in tokenizer_config.json");
    expect_warning(content.data, BERT_OFF, NULL);
    text_free(&content);
}

static void test_uncased_vocabulary(void **state)
{
    (void)state;
    text content = {0};
    assert_ok(text_append(&content, FIXTURE_SPECIAL, strlen(FIXTURE_SPECIAL), error));
    assert_ok(text_append(&content, "[unused1]\nA\nB\n##C\n", 18, error)); /* single letters */
    add_words(&content, 0, 200, "##w%c%c\n");
    expect_warning(content.data, BERT_OFF, "0 of its 200 words and pieces of words have capitals");
    expect_warning(content.data, BERT_OFF, "options->lowercase = true");
    expect_warning(content.data, BERT_ON, NULL);
    expect_warning(content.data, BERT_UNSET, NULL);
    text_free(&content);
}

/* Too little to say anything: a small vocabulary, a few stray capitals, a script without case. */
static void test_no_false_warning(void **state)
{
    (void)state;
    static const char small[] = FIXTURE_SPECIAL "ab\nAb\nBC\n##De\nef\n";
    expect_warning(small, BERT_ON, NULL);
    expect_warning(FIXTURE_SPECIAL "ab\ncd\nef\n", BERT_OFF, NULL);
    text content = {0};
    assert_ok(text_append(&content, FIXTURE_SPECIAL, strlen(FIXTURE_SPECIAL), error));
    add_words(&content, 0, 600, "w%c%c\n");
    add_words(&content, 0, 9, "W%c%c\n");
    expect_warning(content.data, BERT_ON, NULL);
    expect_warning(content.data, BERT_OFF, NULL);
    text chinese = {0};
    assert_ok(text_append(&chinese, FIXTURE_SPECIAL, strlen(FIXTURE_SPECIAL), error));
    add_words(&chinese, 0, 120, "w%c%c\n");
    for (int i = 0; i < 400; i++) {
        unsigned char bytes[4];
        int code = 0x4E00 + i;
        bytes[0] = (unsigned char)(0xE0 | code >> 12);
        bytes[1] = (unsigned char)(0x80 | (code >> 6 & 63));
        bytes[2] = (unsigned char)(0x80 | (code & 63));
        bytes[3] = '\n';
        assert_ok(text_append(&chinese, (const char *)bytes, 4, error));
    }
    expect_warning(chinese.data, BERT_OFF, NULL);
    expect_warning(chinese.data, BERT_ON, NULL);
    text_free(&chinese);
    text_free(&content);
}

/* The published vocabularies, where they are next to the checkout. */
static void test_published(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool warns_on, warns_off; /* where the text is lower-cased, and where it is not */
    } published[] = {{"cased", true, false}, {"uncased", false, true}, {"chinese", false, false}};
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        char path[256], message[512];
        snprintf(path, sizeof path, "../shared/data/vocab/bert-base-%s/vocab.txt",
                 published[i].name);
        if (!file_exists(path))
            skip();
        for (int on = 0; on < 2; on++) {
            bert_tokenizer *tokenizer;
            bert_tokenizer_options options = bert_tokenizer_options_default();
            options.lowercase = on ? BERT_ON : BERT_OFF;
            assert_ok(bert_tokenizer_load(&tokenizer, path, &options, error));
            assert_int_equal(bert_tokenizer_warning(tokenizer, 0, message, sizeof message),
                             on ? published[i].warns_on : published[i].warns_off);
            bert_tokenizer_free(tokenizer);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_cased_vocabulary),
        cmocka_unit_test(test_uncased_vocabulary),
        cmocka_unit_test(test_no_false_warning),
        cmocka_unit_test(test_published),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
