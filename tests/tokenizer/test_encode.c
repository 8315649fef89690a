#include "fixture.h"

#include "tokenizer/tokenizer.h"

/* 5 the, 6 un, 7 ##aff, 8 ##able, 9 a, 10 ##a, 11 ##ab, 12 ##c, 13 !, 14 strasse, 15 e, 16 中, … */
static const char vocabulary[] = FIXTURE_SPECIAL
    "the\nun\n##aff\n##able\na\n##a\n##ab\n##c\n!\nstrasse\ne\n中\nω\n##σ\n##ς\ni\n"
    "##\xCC\x87\n'\n[\n]\nmask\nᄒ\n##ᅡ\n##ᆫ\n##\xE0\xAF\x8D\n##\xEA\xA5\x93\nabcd\n";
enum {
    PAD,
    UNK,
    CLS,
    SEP,
    MASK,
    THE,
    UN,
    S_AFF,
    S_ABLE,
    A,
    S_A,
    S_AB,
    S_C,
    BANG,
    STRASSE,
    E,
    ZHONG,
    OMEGA,
    S_SIGMA,
    S_FINAL_SIGMA,
    I,
    S_DOT,
    QUOTE,
    OPEN,
    CLOSE,
    MASK_WORD,
    HANGUL_H,
    S_HANGUL_A,
    S_HANGUL_N,
    S_VIRAMA,
    S_REJANG,
    ABCD,
};

static bert_tokenizer *load(bert_tokenizer_options options)
{
    bert_tokenizer *tokenizer;
    assert_ok(
        bert_tokenizer_load(&tokenizer, scratch_write("vocab.txt", vocabulary), &options, error));
    return tokenizer;
}

static bert_encoding encoding; /* reused, as callers do */

typedef struct expected {
    int32_t id;
    uint32_t start, end;
} expected;

static void check_bytes(const bert_tokenizer *tokenizer, const char *text, size_t length,
                        const expected *tokens, size_t count)
{
    char *exact = malloc(length ? length : 1); /* so that sanitizers detect overreads */
    memcpy(exact, text, length);
    assert_ok(bert_tokenizer_encode(tokenizer, exact, length, false, 0, &encoding, error));
    free(exact);
    for (size_t i = 0; i < count && i < encoding.count; i++)
        if (encoding.ids[i] != tokens[i].id || encoding.starts[i] != tokens[i].start ||
            encoding.ends[i] != tokens[i].end)
            fail_msg("\"%s\", token %zu: id %d at %u to %u, expected %d at %u to %u", text, i,
                     encoding.ids[i], encoding.starts[i], encoding.ends[i], tokens[i].id,
                     tokens[i].start, tokens[i].end);
    assert_int_equal(encoding.count, count);
}

#define CHECK(tokenizer, text, ...)                                                 \
    check_bytes(tokenizer, text, sizeof(text) - 1, (const expected[]){__VA_ARGS__}, \
                sizeof((const expected[]){__VA_ARGS__}) / sizeof(expected))

static void test_words_and_pieces(void **state)
{
    (void)state;
    bert_tokenizer *t = load(bert_tokenizer_options_default());
    CHECK(t, "the Unaffable!", {THE, 0, 3}, {UN, 4, 6}, {S_AFF, 6, 9}, {S_ABLE, 9, 13},
          {BANG, 13, 14});
    CHECK(t, "  \t the\r\n", {THE, 4, 7});
    /* Longest match is greedy: aab → a ##ab, and there is no backtracking for aa ##bc. */
    CHECK(t, "aab aabc aax", {A, 0, 1}, {S_AB, 1, 3}, {A, 4, 5}, {S_AB, 5, 7}, {S_C, 7, 8},
          {UNK, 9, 12});
    /* "abcd" and its prefixes: falls back if the long token does not match. */
    CHECK(t, "abcd abca", {ABCD, 0, 4}, {UNK, 5, 9});
    CHECK(t, "aabca", {A, 0, 1}, {S_AB, 1, 3}, {S_C, 3, 4}, {S_A, 4, 5});
    check_bytes(t, "", 0, NULL, 0);
    check_bytes(t, " \xE2\x80\x8B ", 5, NULL, 0);
    bert_tokenizer_free(t);
}

static void test_normalisation(void **state)
{
    (void)state;
    bert_tokenizer *t = load(bert_tokenizer_options_default());
    CHECK(t, "THE t\u0301h\u200Be", {THE, 0, 3}, {THE, 4, 12});
    CHECK(t, "the中the", {THE, 0, 3}, {ZHONG, 3, 6}, {THE, 6, 9});
    CHECK(t, "ΩΣ ὩΣ", {OMEGA, 0, 2}, {S_SIGMA, 2, 4}, {OMEGA, 5, 8}, {S_SIGMA, 8, 10});
    CHECK(t, "İ", {I, 0, 2});
    CHECK(t, "\u1FEE!", {UNK, 0, 3}, {BANG, 3, 4}); /* Greek dialytika and varia: ¨ */
    CHECK(t, "한", {HANGUL_H, 0, 3}, {S_HANGUL_A, 0, 3}, {S_HANGUL_N, 0, 3});
    CHECK(t, "the\u2028the\u00A0the", {THE, 0, 3}, {THE, 6, 9}, {THE, 11, 14});
    CHECK(t,
          "t\x01h\x7F"
          "e",
          {THE, 0, 5});
    bert_tokenizer_free(t);
}

/* strip_accents keeps marks that are not nonspacing, so canonical order matters: U+A953 has class
 * 9, like U+0BCD, which is nonspacing; U+0301 has 230. */
static void test_kept_marks(void **state)
{
    (void)state;
    bert_tokenizer *t = load(bert_tokenizer_options_default());
    CHECK(t, "a\uA953", {A, 0, 1}, {S_REJANG, 1, 4});
    /* Reordered, it gets the offsets of the mark before it. */
    CHECK(t, "the a\u0301\uA953", {THE, 0, 3}, {A, 4, 5}, {S_REJANG, 5, 7});
    CHECK(t, "中\uA953", {ZHONG, 0, 3}, {UNK, 3, 6});
    bert_tokenizer_free(t);
}

static void test_settings(void **state)
{
    (void)state;
    bert_tokenizer_options options = bert_tokenizer_options_default();
    options.strip_accents = BERT_OFF;
    bert_tokenizer *t = load(options);
    CHECK(t, "İ", {I, 0, 2}, {S_DOT, 0, 2});
    CHECK(t, "the\u0301", {UNK, 0, 5});
    bert_tokenizer_free(t);

    options.strip_accents = BERT_ON;
    options.lowercase = BERT_OFF;
    t = load(options);
    CHECK(t, "the thé The", {THE, 0, 3}, {THE, 4, 8}, {UNK, 9, 12});
    bert_tokenizer_free(t);

    options = bert_tokenizer_options_default();
    options.handle_chinese_chars = BERT_OFF;
    t = load(options);
    CHECK(t, "the中", {UNK, 0, 6});
    bert_tokenizer_free(t);

    options = bert_tokenizer_options_default();
    options.clean_text = BERT_OFF;
    t = load(options);
    CHECK(t, "the\vthe", {THE, 0, 3}, {THE, 4, 7});
    CHECK(t, "the\0the\x01", {UNK, 0, 8});
    bert_tokenizer_free(t);

    options = bert_tokenizer_options_default();
    options.max_input_chars_per_word = 3;
    t = load(options);
    CHECK(t, "the thea éaa éaaa", {THE, 0, 3}, {UNK, 4, 8}, {E, 9, 11}, {S_A, 11, 12},
          {S_A, 12, 13}, {UNK, 14, 19});
    bert_tokenizer_free(t);
}

static void test_long_words(void **state)
{
    (void)state;
    bert_tokenizer *t = load(bert_tokenizer_options_default());
    char word[104] = "the a";
    memset(word, 'a', 101);
    assert_ok(bert_tokenizer_encode(t, word, 100, false, 0, &encoding, error));
    assert_int_equal(encoding.count, 100);
    assert_ok(bert_tokenizer_encode(t, word, 101, false, 0, &encoding, error));
    assert_int_equal(encoding.count, 1);
    assert_int_equal(encoding.ids[0], UNK);
    assert_int_equal(encoding.ends[0], 101);
    memcpy(word + 99, "é", 2); /* 100 characters in 101 bytes */
    assert_ok(bert_tokenizer_encode(t, word, 101, false, 0, &encoding, error));
    assert_int_equal(encoding.ids[0], UNK); /* there is no ##e */
    word[98] = ' ';
    assert_ok(bert_tokenizer_encode(t, word, 101, false, 0, &encoding, error));
    assert_int_equal(encoding.count, 99);
    bert_tokenizer_free(t);
}

static void test_special_tokens_in_text(void **state)
{
    (void)state;
    bert_tokenizer *t = load(bert_tokenizer_options_default());
    CHECK(t, "the[MASK]the [mask] [ MASK]", {THE, 0, 3}, {MASK, 3, 9}, {THE, 9, 12}, {OPEN, 13, 14},
          {MASK_WORD, 14, 18}, {CLOSE, 18, 19}, {OPEN, 20, 21}, {MASK_WORD, 22, 26},
          {CLOSE, 26, 27});
    CHECK(t, "[[CLS][PAD][MASK", {OPEN, 0, 1}, {CLS, 1, 6}, {PAD, 6, 11}, {OPEN, 11, 12},
          {MASK_WORD, 12, 16});
    bert_tokenizer_free(t);
}

static void test_invalid_utf8(void **state)
{
    (void)state;
    bert_tokenizer *t = load(bert_tokenizer_options_default());
    static const struct {
        const char *bytes;
        size_t length, invalid;
    } texts[] = {
        {"the\xFF", 4, 1},     {"the\xC3", 4, 1},
        {"the\xE4\xB8", 5, 2}, {"the\xF0\x9F\x98", 6, 3},
        {"\xC0\x80the", 5, 2}, {"\xED\xA0\x80the", 6, 3},
        {"\x80\xBFthe", 5, 2}, {"t\xF4\x90\x80\x80he", 7, 4},
        {"\xE4\xB8the", 5, 2}, {"the\xF5", 4, 1},
        {"t\xE0\x80he", 5, 2},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *exact = malloc(texts[i].length);
        memcpy(exact, texts[i].bytes, texts[i].length);
        assert_ok(bert_tokenizer_encode(t, exact, texts[i].length, false, 0, &encoding, error));
        free(exact);
        assert_int_equal(encoding.count, 1); /* clean_text removes U+FFFD */
        assert_int_equal(encoding.ids[0], THE);
        assert_int_equal(encoding.invalid_bytes, texts[i].invalid);
    }
    /* Counted once, although the marks that follow cause a second pass over the word. */
    static const char twice[] = "t\xFFhe\uA953";
    assert_ok(bert_tokenizer_encode(t, twice, sizeof twice - 1, false, 0, &encoding, error));
    assert_int_equal(encoding.invalid_bytes, 1);
    bert_tokenizer_free(t);
}

static void test_special_tokens_and_limit(void **state)
{
    (void)state;
    bert_tokenizer *t = load(bert_tokenizer_options_default());
    static const char text[] = "the unaffable the!";
    const int32_t whole[] = {CLS, THE, UN, S_AFF, S_ABLE, THE, BANG, SEP};
    const size_t count = sizeof whole / sizeof *whole;
    assert_ok(bert_tokenizer_encode(t, text, sizeof text - 1, true, 0, &encoding, error));
    assert_int_equal(encoding.count, count);
    assert_memory_equal(encoding.ids, whole, sizeof whole);
    assert_int_equal(encoding.starts[0] + encoding.ends[0], 0);
    assert_int_equal(encoding.starts[count - 1] + encoding.ends[count - 1], 0);
    for (size_t limit = 2; limit <= count + 1; limit++) {
        size_t expected = limit < count ? limit : count;
        assert_ok(bert_tokenizer_encode(t, text, sizeof text - 1, true, limit, &encoding, error));
        assert_int_equal(encoding.count, expected);
        assert_memory_equal(encoding.ids, whole, (expected - 1) * sizeof *whole);
        assert_int_equal(encoding.ids[expected - 1], SEP);
        for (size_t i = 0; i < expected; i++)
            assert_int_equal(encoding.type_ids[i], 0);
    }
    assert_ok(bert_tokenizer_encode(t, text, sizeof text - 1, false, 3, &encoding, error));
    assert_int_equal(encoding.count, 3);
    assert_int_equal(encoding.ids[2], S_AFF);
    assert_fails(bert_tokenizer_encode(t, text, 3, true, 1, &encoding, error),
                 BERT_ERROR_INVALID_ARGUMENT, "max_length is 1");
    bert_tokenizer_free(t);
}

static void check_pair(const bert_tokenizer *t, size_t max_length, const int32_t *ids,
                       const uint8_t *type_ids, size_t count)
{
    assert_ok(bert_tokenizer_encode_pair(t, "the unaffable", 13, "aab the!", 8, true, max_length,
                                         &encoding, error));
    assert_int_equal(encoding.count, count);
    assert_memory_equal(encoding.ids, ids, count * sizeof *ids);
    assert_memory_equal(encoding.type_ids, type_ids, count);
}

#define IDS(...)      \
    (const int32_t[]) \
    {                 \
        __VA_ARGS__   \
    }
#define TYPES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static void test_pairs(void **state)
{
    (void)state;
    bert_tokenizer *t = load(bert_tokenizer_options_default());
    check_pair(t, 0, IDS(CLS, THE, UN, S_AFF, S_ABLE, SEP, A, S_AB, THE, BANG, SEP),
               TYPES(0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1));
    assert_int_equal(encoding.starts[8], 4); /* in the second text */
    assert_int_equal(encoding.ends[9], 8);
    check_pair(t, 10, IDS(CLS, THE, UN, S_AFF, SEP, A, S_AB, THE, BANG, SEP),
               TYPES(0, 0, 0, 0, 0, 1, 1, 1, 1, 1));
    check_pair(t, 4, IDS(CLS, SEP, A, SEP), TYPES(0, 0, 1, 1));
    check_pair(t, 3, IDS(CLS, SEP, SEP), TYPES(0, 0, 1));
    assert_ok(bert_tokenizer_encode_pair(t, "", 0, "", 0, false, 0, &encoding, error));
    assert_int_equal(encoding.count, 0);
    assert_fails(bert_tokenizer_encode_pair(t, "a", 1, "a", 1, true, 2, &encoding, error),
                 BERT_ERROR_INVALID_ARGUMENT, "at least 3");
    bert_tokenizer_free(t);
}

typedef struct line_check {
    const bert_tokenizer *tokenizer;
    const char *next; /* expected position of the next line */
    size_t lines, stop_after;
} line_check;

static bert_status check_line(void *context, const char *line, size_t length,
                              const bert_encoding *found, bert_error *error)
{
    line_check *check = context;
    assert_ptr_equal(line, check->next);
    check->next += length + 1;
    TRY(bert_tokenizer_encode(check->tokenizer, line, length, true, 9, &encoding, error));
    assert_int_equal(found->count, encoding.count);
    assert_memory_equal(found->ids, encoding.ids, found->count * sizeof *found->ids);
    assert_memory_equal(found->starts, encoding.starts, found->count * sizeof *found->starts);
    assert_int_equal(found->invalid_bytes, encoding.invalid_bytes);
    if (++check->lines == check->stop_after)
        return error_set(error, BERT_ERROR_IO, "enough");
    return BERT_OK;
}

static void test_lines(void **state)
{
    (void)state;
    static const char *const lines[] = {"the unaffable the aabc", "", "\xFF", "中the é\r",
                                        "[MASK] the"};
    text block = {0};
    size_t count = 60000; /* several rounds of chunks for every thread */
    for (size_t i = 0; i < count; i++)
        assert_ok(text_format(&block, error, "%s\n", lines[i * i % 7 % 5]));
    block.length--; /* the last line has no newline */
    bert_tokenizer *t = load(bert_tokenizer_options_default());
    for (int threads = 1; threads <= 3; threads++) {
        line_check check = {.tokenizer = t, .next = block.data};
        assert_ok(bert_tokenizer_encode_lines(t, block.data, block.length, true, 9, threads,
                                              check_line, &check, error));
        assert_int_equal(check.lines, count - (block.data[block.length - 1] == '\n'));
    }
    line_check check = {.tokenizer = t, .next = block.data, .stop_after = 5};
    assert_fails(bert_tokenizer_encode_lines(t, block.data, block.length, true, 9, 2, check_line,
                                             &check, error),
                 BERT_ERROR_IO, "enough");
    assert_int_equal(check.lines, 5);
    assert_fails(bert_tokenizer_encode_lines(t, block.data, block.length, true, 1, 2, check_line,
                                             &check, error),
                 BERT_ERROR_INVALID_ARGUMENT, "max_length is 1");
    text_free(&block);
    bert_tokenizer_free(t);
}

static void test_decoding(void **state)
{
    (void)state;
    static const struct {
        int32_t ids[6];
        size_t count;
        bool skip, clean_up;
        const char *text;
    } rows[] = {
        {{CLS, THE, UN, S_AFF, S_ABLE, SEP}, 6, false, true, "[CLS] the unaffable [SEP]"},
        {{CLS, THE, UN, S_AFF, S_ABLE, SEP}, 6, true, true, "the unaffable"},
        {{THE, BANG, QUOTE, THE}, 4, false, true, "the! ' the"},
        {{THE, BANG}, 2, false, false, "the !"},
        {{S_AFF, -1, 1000000, S_ABLE}, 4, false, true, "##affable"},
        {{PAD, SEP}, 2, true, true, ""},
        {{0}, 0, true, true, ""},
    };
    bert_tokenizer *t = load(bert_tokenizer_options_default());
    bert_text decoded = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_ok(bert_tokenizer_decode(t, rows[i].ids, rows[i].count, rows[i].skip,
                                        rows[i].clean_up, &decoded, error));
        assert_string_equal(decoded.data, rows[i].text);
        assert_int_equal(decoded.length, strlen(rows[i].text));
    }
    bert_text_free(&decoded);
    bert_tokenizer_free(t);
}

static int free_encoding(void **state)
{
    bert_encoding_free(&encoding);
    return scratch_remove(state);
}

/* Two texts without tokens, into an encoding without allocated memory. */
static void test_empty_pair(void **state)
{
    (void)state;
    bert_tokenizer *t = load(bert_tokenizer_options_default());
    bert_encoding empty = {0};
    for (size_t limit = 0; limit < 5; limit++) {
        assert_ok(bert_tokenizer_encode_pair(t, "", 0, "", 0, false, limit, &empty, error));
        assert_int_equal(empty.count, 0);
    }
    bert_encoding_free(&empty);
    bert_tokenizer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_and_pieces),
        cmocka_unit_test(test_normalisation),
        cmocka_unit_test(test_kept_marks),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_long_words),
        cmocka_unit_test(test_special_tokens_in_text),
        cmocka_unit_test(test_invalid_utf8),
        cmocka_unit_test(test_special_tokens_and_limit),
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_empty_pair),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_decoding),
    };
    return cmocka_run_group_tests(tests, scratch_make, free_encoding);
}
