#include "fixture.h"

#include "tokenizer/ascii_word.h"
#include "tokenizer/text_encoder.h"

/* The cache must not change results: encoders with a cache are compared with bert_tokenizer_encode
 * of short texts, which does not use one. */

static const char tokens[] =
    FIXTURE_SPECIAL "the\nshepherd\nsheep\nun\n##aff\n##able\n##s\na\nb\nc\n##a\n##b\n##c\n##d\n"
                    "##e\n##0\n##1\n1\n1611\n!\n.\n'\n[\n]\né\n##é\n中\nThe\nT\nmask\n";

static bert_tokenizer *load_vocabulary(const char *content, bert_tokenizer_options options)
{
    bert_tokenizer *tokenizer;
    assert_ok(
        bert_tokenizer_load(&tokenizer, scratch_write("vocab.txt", content), &options, error));
    return tokenizer;
}

static bert_tokenizer *load(void)
{
    return load_vocabulary(tokens, bert_tokenizer_options_default());
}

static void start_with_cache(text_encoder *e, const bert_tokenizer *t)
{
    text_encoder_start(e, t);
    assert_ok(word_cache_bypassed(&e->cache, WORD_CACHE_FIRST_BYPASS, error));
    assert_int_equal(e->cache.bypass_left, 0);
}

/* In all windows, including the current one. */
static uint64_t looks(const word_cache *c)
{
    return c->lookups + WORD_CACHE_WINDOW - c->lookups_left;
}
static uint64_t hits(const word_cache *c)
{
    return c->hits + WORD_CACHE_WINDOW - c->lookups_left - c->misses;
}

static bert_encoding found, expected;

static void assert_same(const char *text, size_t length)
{
    bool same = found.count == expected.count && found.invalid_bytes == expected.invalid_bytes;
    if (same && found.count > 0)
        same = memcmp(found.ids, expected.ids, found.count * sizeof *found.ids) == 0 &&
               memcmp(found.starts, expected.starts, found.count * sizeof *found.starts) == 0 &&
               memcmp(found.ends, expected.ends, found.count * sizeof *found.ends) == 0 &&
               memcmp(found.type_ids, expected.type_ids, found.count) == 0;
    if (!same)
        fail_msg("\"%.*s\" differs with the cache", (int)length, text);
}

/* Encodes a text with and without the cache. */
static void check(text_encoder *e, const char *text, size_t length, bool special, size_t limit)
{
    assert_true(length < WORD_CACHE_FIRST_BYPASS);
    char *exact = malloc(length ? length : 1); /* so that sanitizers detect overreads */
    assert_non_null(exact);
    memcpy(exact, text, length);
    found.count = found.invalid_bytes = 0;
    assert_ok(text_encoder_append(e, exact, length, special, limit, &found, error));
    free(exact);
    assert_ok(bert_tokenizer_encode(e->tokenizer, text, length, special, limit, &expected, error));
    assert_same(text, length);
}

static void check_text(text_encoder *e, const char *text)
{
    check(e, text, strlen(text), false, 0);
}

/* ---------------------------------------------------------------------------- ASCII words --- */

/* Reference implementation, byte by byte. */
static unsigned read_reference(const unsigned char *text, bool lowercase, uint64_t *word)
{
    unsigned length = 0;
    *word = 0;
    for (; length < 8; length++) {
        unsigned char c = text[length];
        bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z';
        if (!upper && !lower && !(c >= '0' && c <= '9'))
            break;
        *word |= (uint64_t)(upper && lowercase ? c + 32 : c) << 8 * length;
    }
    return length;
}

static void test_reading_eight_bytes(void **state)
{
    (void)state;
    static const char *const around[] = {"abcdefgh",       "ZZZZZZZZ", "09090909",
                                         "a\xE1Zz\xFA@[`", "{z/:aAzZ", "\x80\xFF\x7F\x00\x01zZ9",
                                         "  the   "};
    for (size_t row = 0; row < sizeof around / sizeof *around; row++)
        for (int place = 0; place < 8; place++)
            for (int byte = 0; byte < 256; byte++) {
                unsigned char text[8];
                memcpy(text, around[row], 8);
                text[place] = (unsigned char)byte;
                for (int lowercase = 0; lowercase < 2; lowercase++) {
                    uint64_t word, slow;
                    unsigned length = read_reference(text, lowercase, &slow);
                    assert_int_equal(ascii_word_read(text, lowercase ? UINT64_MAX : 0, &word),
                                     length);
                    assert_int_equal(word, slow);
                }
            }
}

typedef void with_tokenizer(const bert_tokenizer *tokenizer);

/* Every combination of settings. */
static void in_all_settings(with_tokenizer *run)
{
    for (int i = 0; i < 3 * 2 * 2 * 2 * 3; i++) {
        static const int longest[] = {0, 3, 16};
        bert_tokenizer_options options = {.strip_accents = (bert_switch)(i % 3 - 1),
                                          .lowercase = (bert_switch)(i / 3 % 2),
                                          .handle_chinese_chars = (bert_switch)(i / 6 % 2),
                                          .clean_text = (bert_switch)(i / 12 % 2),
                                          .max_input_chars_per_word = longest[i / 24]};
        bert_tokenizer *t = load_vocabulary(tokens, options);
        run(t);
        bert_tokenizer_free(t);
    }
}

/* The assumptions of ascii_word.h. */
static void check_letters_and_digits(const bert_tokenizer *t)
{
    const normalizer *n = &t->normalizer;
    for (int c = 0; c < 128; c++) {
        unsigned char text[8] = {(unsigned char)c};
        uint64_t word;
        if (ascii_word_read(text, n->settings.lowercase ? UINT64_MAX : 0, &word) == 0)
            continue;
        assert_true(n->kinds[c] == CHARACTER_SAME || n->kinds[c] == CHARACTER_MAPPED);
        assert_int_equal(n->fold[c], word);
    }
}

static void test_letters_and_digits(void **state)
{
    (void)state;
    in_all_settings(check_letters_and_digits);
}

/* ------------------------------------------------------------------------- hits and misses --- */

static const char *const texts[] = {
    "the shepherd's sheep, the unaffable sheep!",
    "The THE tHe the\tthe\nthe\r\n the",
    "",
    " ",
    "a",
    "the",
    "abcdabcdabcdabc abcdabcdabcdabcd abcdabcdabcdabcda abcdabcdabcdabcd abcdabcdabcdabc",
    "ab abc abcd abcde abab abcab",                       /* one to four tokens and more */
    "zebra the zebra the zzzzzzzzzzzzzzzzzzzz the zebra", /* [UNK] */
    "1611 16110 1 10 1611.1611",
    "caf\xC3\xA9 the\xC3\xA9 \xC3\xA9the the\xCC\x81 the",
    "the\xE4\xB8\xADthe \xE4\xB8\xAD",
    "the\x01the the\x7F the\x80the the\xFF",
    "[MASK]the the[SEP]the [MASK the[",
    "the\xE2\x80\xA8the the\xC2\xA0the",
};
enum { TEXTS = sizeof texts / sizeof *texts };

static void check_texts(const bert_tokenizer *t)
{
    text_encoder e;
    start_with_cache(&e, t);
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < TEXTS; i++) {
            check(&e, texts[i], strlen(texts[i]), round == 1, 0);
            for (size_t cut = 0; cut < strlen(texts[i]);
                 cut++) /* words at every distance from the end */
                check(&e, texts[i] + cut, strlen(texts[i]) - cut, false, 0);
            for (size_t limit = 2; limit < 9; limit++)
                check(&e, texts[i], strlen(texts[i]), true, limit);
        }
    check(&e, "the\0the the", 11, false, 0);
    assert_true(looks(&e.cache) > 1000);
    assert_true(hits(&e.cache) > looks(&e.cache) / 2);
    text_encoder_finish(&e);
}

static void test_same_in_all_settings(void **state)
{
    (void)state;
    in_all_settings(check_texts);
}

static void test_which_words_are_cached(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        bool looked_up, kept;
    } rows[] = {
        {"the", true, true},
        {"THE", true, true},
        {"unaffable", true, true}, /* three tokens */
        {"abc", true, true},       /* three */
        {"abcd", true, false},     /* four */
        {"zebra", true, true},     /* [UNK] */
        {"zebrazebrazebraz", true, true},
        {"zebrazebrazebraze", false, false}, /* 17 bytes */
        {"th\xC3\xA9", false, false},
        {"the\x01", false, false},
        {"!", false, false},
    };
    bert_tokenizer *t = load();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        text_encoder e;
        start_with_cache(&e, t);
        for (uint64_t times = 1; times <= 3; times++) {
            check_text(&e, rows[i].word);
            assert_int_equal(looks(&e.cache), rows[i].looked_up ? times : 0);
            assert_int_equal(hits(&e.cache), rows[i].kept ? times - 1 : 0);
        }
        text_encoder_finish(&e);
    }
    bert_tokenizer_free(t);
}

/* An added token may begin with a letter: it ends a word in the middle of letters. */
static void test_added_tokens(void **state)
{
    (void)state;
    bert_tokenizer *t = load();
    added_numbering numbering = added_numbering_begin(&t->vocabulary, &t->added_count);
    int32_t id;
    assert_ok(
        added_token_add(&numbering, &(added_token){.content = "sheep", .length = 5}, &id, error));
    assert_int_equal(id, bert_tokenizer_id(t, "sheep"));
    assert_ok(tokenizer_finish(t, NULL, error));
    text_encoder e;
    start_with_cache(&e, t);
    for (int round = 0; round < 3; round++)
        check_text(&e, "the thesheep sheepthe thesheepthe unsheep sheep sheepsheep asheepa the");
    assert_true(hits(&e.cache) > 0);
    text_encoder_finish(&e);
    bert_tokenizer_free(t);
}

/* Random words over few letters, with lengths around the cache's maximum. */
static size_t random_text(char *text, size_t words, uint32_t *seed)
{
    static const char letters[] = "abcdeA01", between[] = "      .!\t'";
    size_t length = 0;
    for (size_t w = 0; w < words; w++) {
        *seed = *seed * 1664525 + 1013904223;
        size_t size = 1 + (*seed >> 24) % 20;
        for (size_t i = 0; i < size; i++) {
            *seed = *seed * 1664525 + 1013904223;
            text[length++] = letters[*seed >> 29];
        }
        text[length++] = between[(*seed >> 16) % (sizeof between - 1)];
    }
    return length;
}

static uint64_t place_of(word_cache *c, const char *word)
{
    char bytes[WORD_CACHE_KEY_BYTES] = {0};
    word_key key;
    memcpy(bytes, word, strlen(word));
    memcpy(&key, bytes, sizeof key);
    return (uint64_t)(word_cache_slot(c, key) - c->words);
}

/* Two words with the same slot evict each other. */
static void test_eviction(void **state)
{
    (void)state;
    bert_tokenizer *t = load();
    text_encoder e;
    start_with_cache(&e, t);
    char other[16] = "";
    uint64_t place = place_of(&e.cache, "the");
    for (int i = 0; i < 1000000 && (!*other || place_of(&e.cache, other) != place); i++)
        snprintf(other, sizeof other, "a%x", (unsigned)i);
    assert_int_equal(place_of(&e.cache, other), place);
    char text[64];
    snprintf(text, sizeof text, "the %s the %s the the %s %s", other, other, other, other);
    check_text(&e, text);
    assert_int_equal(looks(&e.cache), 8);
    assert_int_equal(hits(&e.cache), 2);
    text_encoder_finish(&e);
    bert_tokenizer_free(t);
}

/* ------------------------------------------------------------------------ bypass --- */

static void test_windows(void **state)
{
    (void)state;
    word_cache c = word_cache_new();
    assert_null(c.words); /* nothing allocated for short texts */
    assert_ok(word_cache_bypassed(&c, WORD_CACHE_FIRST_BYPASS - 1, error));
    assert_int_equal(c.bypass_left, 1);
    assert_null(c.words);
    assert_ok(word_cache_bypassed(&c, 1, error));
    assert_int_equal(c.bypass_left, 0);
    assert_non_null(c.words);
    uint64_t bypass = WORD_CACHE_SHORT_BYPASS;
    for (uint64_t times = 1; times < 8; times++) {
        for (int i = 0; i < WORD_CACHE_WINDOW / 2; i++)
            word_cache_miss(&c);
        assert_int_equal(c.bypass_left, 0);
        word_cache_miss(&c);
        assert_int_equal(c.bypass_left, bypass);
        assert_int_equal(c.bypasses, times);
        bypass = bypass < WORD_CACHE_LONGEST_BYPASS ? 2 * bypass : bypass;
        assert_ok(
            word_cache_bypassed(&c, c.bypass_left + 5, error)); /* ends in the middle of a word */
        assert_int_equal(c.bypass_left, 0);
    }
    /* If half of the lookups hit, the cache stays in use, and the next bypass is short again. */
    for (int i = 0; i < WORD_CACHE_WINDOW; i++)
        (i % 2 ? word_cache_miss : word_cache_hit)(&c);
    assert_int_equal(c.bypass_left, 0);
    assert_int_equal(c.next_bypass, WORD_CACHE_SHORT_BYPASS);
    assert_int_equal(looks(&c), 7 * (WORD_CACHE_WINDOW / 2 + 1) + WORD_CACHE_WINDOW);
    assert_int_equal(hits(&c), WORD_CACHE_WINDOW / 2);
    word_cache_free(&c);
}

/* Words that do not repeat start a bypass in the middle of a text; it ends in the middle of a text,
 * and for good once words repeat. */
static void test_bypass(void **state)
{
    (void)state;
    enum { WORDS = 4000, LENGTH = WORDS * 21 };
    bert_tokenizer *t = load();
    char *text = malloc(LENGTH);
    assert_non_null(text);
    text_encoder e;
    start_with_cache(&e, t);
    uint32_t seed = 1;
    uint64_t bypasses = 0, resumed = 0;
    for (int i = 0; i < 100; i++) {
        bool was_bypassed = e.cache.bypass_left;
        check(&e, text, random_text(text, WORDS, &seed), false, 0);
        resumed += was_bypassed && (!e.cache.bypass_left || e.cache.bypasses > bypasses);
        bypasses = e.cache.bypasses;
    }
    assert_true(bypasses >= 3 && resumed >= 2);
    assert_true(e.cache.next_bypass > WORD_CACHE_SHORT_BYPASS);
    for (int i = 0; i < 1000 && e.cache.next_bypass > WORD_CACHE_SHORT_BYPASS; i++)
        for (size_t k = 0; k < TEXTS * 200; k++)
            check_text(&e, texts[k % TEXTS]);
    assert_int_equal(e.cache.bypass_left, 0);
    assert_int_equal(e.cache.next_bypass, WORD_CACHE_SHORT_BYPASS);
    assert_int_equal(e.cache.bypasses, bypasses);
    text_encoder_finish(&e);
    free(text);
    bert_tokenizer_free(t);
}

/* A text so long that bert_tokenizer_encode uses the cache. */
static void test_one_long_text(void **state)
{
    (void)state;
    bert_tokenizer *t = load();
    text whole = {0};
    bert_encoding long_one = {0};
    enum { TIMES = 8000 };
    for (size_t i = 0; i < TIMES; i++)
        assert_ok(text_format(&whole, error, "%s\n", texts[i % TEXTS]));
    assert_true(whole.length > 2 * WORD_CACHE_FIRST_BYPASS);
    assert_ok(bert_tokenizer_encode(t, whole.data, whole.length, false, 0, &long_one, error));
    size_t at = 0, start = 0;
    for (size_t i = 0; i < TIMES; i++) {
        const char *part = texts[i % TEXTS];
        assert_ok(bert_tokenizer_encode(t, part, strlen(part), false, 0, &expected, error));
        for (size_t k = 0; k < expected.count; k++, at++) {
            assert_true(at < long_one.count);
            assert_int_equal(long_one.ids[at], expected.ids[k]);
            assert_int_equal(long_one.starts[at], start + expected.starts[k]);
            assert_int_equal(long_one.ends[at], start + expected.ends[k]);
        }
        start += strlen(part) + 1;
    }
    assert_int_equal(at, long_one.count);
    bert_encoding_free(&long_one);
    text_free(&whole);
    bert_tokenizer_free(t);
}

/* ----------------------------------------------------------- several tokenizers and threads --- */

typedef struct line_check {
    const bert_tokenizer *tokenizer;
    size_t lines;
} line_check;

static bert_status check_line(void *context, const char *line, size_t length,
                              const bert_encoding *encoding, bert_error *error)
{
    line_check *check = context;
    TRY(bert_tokenizer_encode(check->tokenizer, line, length, true, 40, &expected, error));
    bert_encoding kept = found;
    found = *encoding;
    assert_same(line, length);
    found = kept;
    check->lines++;
    return BERT_OK;
}

/* Tokenizers with different results for the same words, one after the other, on any number of
 * threads. */
static void test_tokenizers_and_threads(void **state)
{
    (void)state;
    enum { LINES = 60000 };
    bert_tokenizer_options cased = bert_tokenizer_options_default();
    cased.lowercase = BERT_OFF;
    text block = {0};
    char words[32 * 21];
    uint32_t seed = 7;
    for (size_t i = 0; i < LINES; i++) {
        assert_ok(text_append(&block, texts[i % TEXTS], strcspn(texts[i % TEXTS], "\n"), error));
        if (i / 8192 % 2) /* passages of words that do not repeat */
            assert_ok(text_append(&block, words, random_text(words, 32, &seed), error));
        assert_ok(text_append(&block, "\n", 1, error));
    }
    for (int threads = 1; threads <= 3; threads++)
        for (int kind = 0; kind < 3; kind++) {
            bert_tokenizer *t = kind == 0 ? load()
                                : kind == 1
                                    ? load_vocabulary(tokens, cased)
                                    : load_vocabulary(FIXTURE_SPECIAL "sheep\nthe\n##e\nt\n##h\n",
                                                      bert_tokenizer_options_default());
            line_check check = {.tokenizer = t};
            assert_ok(bert_tokenizer_encode_lines(t, block.data, block.length, true, 40, threads,
                                                  check_line, &check, error));
            assert_int_equal(check.lines, LINES);
            bert_tokenizer_free(t);
        }
    text_free(&block);
}

static int free_all(void **state)
{
    bert_encoding_free(&found);
    bert_encoding_free(&expected);
    return scratch_remove(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading_eight_bytes),
        cmocka_unit_test(test_letters_and_digits),
        cmocka_unit_test(test_same_in_all_settings),
        cmocka_unit_test(test_which_words_are_cached),
        cmocka_unit_test(test_added_tokens),
        cmocka_unit_test(test_eviction),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_bypass),
        cmocka_unit_test(test_one_long_text),
        cmocka_unit_test(test_tokenizers_and_threads),
    };
    return cmocka_run_group_tests(tests, scratch_make, free_all);
}
