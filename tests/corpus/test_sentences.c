#include "testing.h"

#include "base/random.h"
#include "base/text.h"
#include "corpus/sentences.h"

#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

/* Compares the sentences of a text, each followed by "|". */
static void assert_sentences(const char *language, const char *content, const char *expected)
{
    sentences *splitter;
    assert_ok(sentences_create(&splitter, language, error));
    text found_text = {0};
    assert_ok(text_append(&found_text, "", 0, error));
    for (int round = 0; round < 2; round++) { /* a splitter can be reused */
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

/* Trims white space at both ends of content[*start, *end). */
static void trim(const char *content, size_t *start, size_t *end)
{
    while (*start < *end) {
        size_t next = *start;
        UChar32 character;
        U8_NEXT_UNSAFE(content, next, character);
        if (!u_isUWhiteSpace(character))
            break;
        *start = next;
    }
    while (*start < *end) {
        size_t before = *end;
        UChar32 character;
        U8_PREV_UNSAFE(content, before, character);
        if (!u_isUWhiteSpace(character))
            break;
        *end = before;
    }
}

/* The sentences of a paragraph are the same as those of ICU alone. */
static void assert_same_as_icu(UBreakIterator *breaks, sentences *splitter, const char *content)
{
    UErrorCode code = U_ZERO_ERROR;
    UText opened = UTEXT_INITIALIZER;
    utext_openUTF8(&opened, content, -1, &code);
    ubrk_setUText(breaks, &opened, &code);
    assert_true(U_SUCCESS(code));
    sentences_start(splitter, content, strlen(content));
    size_t start, end, from = 0;
    bool found;
    ubrk_first(breaks);
    for (int32_t border; (border = ubrk_next(breaks)) != UBRK_DONE; from = (size_t)border) {
        size_t first = from, last = (size_t)border;
        trim(content, &first, &last);
        if (first == last)
            continue;
        assert_ok(sentences_next(splitter, &start, &end, &found, error));
        if (!found || start != first || end != last)
            fail_msg("\"%s\": a sentence from %zu to %zu, ICU has %zu to %zu", content, start, end,
                     first, last);
    }
    assert_ok(sentences_next(splitter, &start, &end, &found, error));
    assert_false(found);
    utext_close(&opened);
}

/* Every kind of character, and parts of abbreviations, in random order. */
static void test_same_as_icu(void **state)
{
    (void)state;
    static const char *const languages[] = {"en", "de", "el", "fr", "es", "it", "ru", "fi", "und"};
    static const char *const pieces[] = {".",
                                         ".",
                                         ".",
                                         "!",
                                         "?",
                                         " ",
                                         " ",
                                         " ",
                                         "  ",
                                         "\t",
                                         "a",
                                         "b",
                                         "the",
                                         "A",
                                         "B",
                                         "The",
                                         "1",
                                         "23",
                                         "(",
                                         ")",
                                         "\"",
                                         "'",
                                         "[",
                                         ",",
                                         ";",
                                         ":",
                                         "-",
                                         "@",
                                         "/",
                                         "Mr",
                                         "Dr.",
                                         "Ph.D.",
                                         "U.S.",
                                         "No",
                                         "etc",
                                         "e.g.",
                                         "z.B",
                                         "i. d. R",
                                         "St",
                                         "\xC2\xA0",
                                         "\xC3\xA9",
                                         "\xC3\x89",
                                         "\xCC\x81" /* an accent */,
                                         "\xC2\xAD" /* soft hyphen */,
                                         "\xE2\x80\x9C",
                                         "\xE2\x80\x9D",
                                         "\xE2\x80\xA6",
                                         "\xE3\x80\x82",
                                         "\xE3\x81\x82",
                                         "\xD0\xB6",
                                         "\xD0\x96",
                                         "\xCD\xBE",
                                         "\xE2\x80\xA8" /* separates lines */,
                                         "\r",
                                         "\xF0\x9F\x98\x80",
                                         "\xD9\xA1",
                                         "\xEF\xBC\x8E"};
    enum { PIECES = sizeof pieces / sizeof *pieces, ROUNDS = 20000 };
    for (size_t l = 0; l < sizeof languages / sizeof *languages; l++) {
        char locale[40];
        UErrorCode code = U_ZERO_ERROR;
        snprintf(locale, sizeof locale, "%s@ss=standard", languages[l]);
        UBreakIterator *breaks = ubrk_open(UBRK_SENTENCE, locale, NULL, 0, &code);
        sentences *splitter;
        assert_true(U_SUCCESS(code));
        assert_ok(sentences_create(&splitter, languages[l], error));
        for (uint64_t round = 0; round < ROUNDS; round++) {
            random_stream stream = random_stream_start(9, RANDOM_TEST, l, round);
            text content = {0};
            for (uint64_t left = 1 + random_below(&stream, 14); left > 0; left--) {
                const char *piece = pieces[random_below(&stream, PIECES)];
                assert_ok(text_append(&content, piece, strlen(piece), error));
            }
            assert_same_as_icu(breaks, splitter, content.data);
            text_free(&content);
        }
        sentences_free(splitter);
        ubrk_close(breaks);
    }
}

static void test_bad_language(void **state)
{
    (void)state;
    sentences *splitter;
    assert_fails(sentences_create(&splitter, "e$", error), BERT_ERROR_INVALID_ARGUMENT,
                 "\"e$\" is not a language tag");
    assert_null(splitter);
    assert_fails(sentences_create(&splitter, "", error), BERT_ERROR_INVALID_ARGUMENT,
                 "not a language tag");
    sentences_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_paragraphs_end_sentences),
        cmocka_unit_test(test_abbreviations_of_the_language),
        cmocka_unit_test(test_same_as_icu),
        cmocka_unit_test(test_bad_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
