#include "testing.h"

#include "base/text.h"
#include "corpus/sentences.h"

/* The sentences of a text, each with "|" behind it. */
static void assert_sentences(const char *language, const char *content, const char *expected)
{
    sentences *splitter;
    assert_ok(sentences_create(&splitter, language, error));
    text found_text = {0};
    assert_ok(text_append(&found_text, "", 0, error));
    for (int round = 0; round < 2; round++) { /* a splitter is used again */
        text_clear(&found_text);
        sentences_start(splitter, content, strlen(content));
        for (;;) {
            size_t start, end;
            bool found;
            assert_ok(sentences_next(splitter, &start, &end, &found, error));
            if (!found)
                break;
            assert_true(start < end && end <= strlen(content));
            assert_ok(text_append(&found_text, content + start, end - start, error));
            assert_ok(text_append(&found_text, "|", 1, error));
        }
        assert_string_equal(found_text.data, expected);
    }
    text_free(&found_text);
    sentences_free(splitter);
}

static void test_sentences(void **state)
{
    (void)state;
    assert_sentences("en", "", "");
    assert_sentences("en", " \n\t\n", "");
    assert_sentences("en", "One", "One|");
    assert_sentences("en", " One.  Two! Three?\n", "One.|Two!|Three?|");
    assert_sentences("en", "It cost 3.5 dollars. e.g. this.", "It cost 3.5 dollars. e.g. this.|");
    assert_sentences("en", "\xC2\xA0 A b.\xE3\x80\x80 C d.\xC2\xA0", "A b.|C d.|");
    assert_sentences("en", "\xE2\x80\x9CReally?\xE2\x80\x9D She left.",
                     "\xE2\x80\x9CReally?\xE2\x80\x9D|She left.|");
    assert_sentences("ja", "\xE3\x81\x82\xE3\x80\x82\xE3\x81\x84\xE3\x80\x82",
                     "\xE3\x81\x82\xE3\x80\x82|\xE3\x81\x84\xE3\x80\x82|");
}

static void test_paragraphs_end_sentences(void **state)
{
    (void)state;
    assert_sentences("en", "one\ntwo.\n\nthree", "one|two.|three|");
    assert_sentences("en", "by Mr.\nSmith", "by Mr.|Smith|");
}

static void test_abbreviations_of_the_language(void **state)
{
    (void)state;
    assert_sentences("en", "Mr. Smith left. Then he slept.", "Mr. Smith left.|Then he slept.|");
    assert_sentences("de", "Sie z.B. Bleibt. Er geht.", "Sie z.B. Bleibt.|Er geht.|");
    assert_sentences("de_AT", "Sie z.B. Bleibt. Er geht.", "Sie z.B. Bleibt.|Er geht.|");
    assert_sentences("en", "Sie z.B. Bleibt. Er geht.", "Sie z.B.|Bleibt.|Er geht.|");
}

static void test_bad_language(void **state)
{
    (void)state;
    sentences *splitter;
    assert_fails(sentences_create(&splitter, "e$", error), BERT_ERROR_USAGE,
                 "\"e$\" is not a language tag");
    assert_null(splitter);
    assert_fails(sentences_create(&splitter, "", error), BERT_ERROR_USAGE, "not a language tag");
    sentences_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_paragraphs_end_sentences),
        cmocka_unit_test(test_abbreviations_of_the_language),
        cmocka_unit_test(test_bad_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
