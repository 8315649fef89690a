/* Masks by tokens, whole words and spans, on texts whose words are known. */
#include "testing.h"

#include "base/file.h"
#include "dataset/masking.h"

#include <math.h>

enum { VOCABULARY = 1000, FIRST = 5, LENGTH = 128, CLS = 2, SEP = 3, MASK = 4 };

static char directory[256];

/* Every third id begins a word; the two after it are "##" tokens. */
static bool is_piece(int32_t id)
{
    return id >= FIRST && id % 3 != 0;
}

static bert_tokenizer *make_tokenizer(void)
{
    char path[300];
    text vocabulary = {0};
    snprintf(directory, sizeof directory, "%s", testing_directory());
    snprintf(path, sizeof path, "%s/vocab.txt", directory);
    assert_ok(text_format(&vocabulary, error, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"));
    for (int id = FIRST; id < VOCABULARY; id++)
        assert_ok(text_format(&vocabulary, error, "%st%d\n", is_piece(id) ? "##" : "", id));
    assert_ok(file_write(path, vocabulary.data, vocabulary.length, error));
    text_free(&vocabulary);
    bert_tokenizer *tokenizer;
    assert_ok(bert_tokenizer_load(&tokenizer, path, NULL, error));
    assert_ok(directory_remove(directory, error));
    return tokenizer;
}

/* [CLS] words of one to five tokens [SEP] more words [SEP]; the second segment begins inside a
 * word. */
static void make_text(int32_t *tokens, uint64_t number)
{
    random_stream stream = random_stream_start(1, RANDOM_TEST, 0, number);
    int left = 0; /* tokens left of the current word */
    tokens[0] = CLS;
    tokens[LENGTH - 1] = SEP;
    for (int i = 1; i < LENGTH - 1; i++) {
        bool begins = left == 0;
        left = begins ? (int)random_below(&stream, 5) : left - 1;
        int32_t word = 6 + 3 * (int32_t)random_below(&stream, 330);
        tokens[i] = begins ? word : word + 1 + (int32_t)random_below(&stream, 2);
        if (i == LENGTH / 2) {
            tokens[i] = SEP;
            left = 3;
        }
    }
}

static bool begins_word(const int32_t *tokens, int position)
{
    return !is_piece(tokens[position]) || tokens[position - 1] == SEP ||
           tokens[position - 1] == CLS;
}

/* The length of the word at `position`, in tokens. */
static int word_length(const int32_t *tokens, int position)
{
    int end = position + 1;
    while (tokens[end] != SEP && !begins_word(tokens, end))
        end++;
    return end - position;
}

typedef struct masked_text {
    int32_t before[LENGTH], after[LENGTH], positions[LENGTH], labels[LENGTH];
    bool masked[LENGTH];
    int count;
} masked_text;

static void mask_text(masking *masking, uint64_t number, masked_text *text)
{
    random_stream stream = random_stream_start(42, RANDOM_MASKING, 0, number);
    make_text(text->before, number);
    memcpy(text->after, text->before, sizeof text->after);
    text->count =
        masking_apply(masking, &stream, text->after, LENGTH, 1000, text->positions, text->labels);
    memset(text->masked, 0, sizeof text->masked);
    for (int i = 0; i < text->count; i++) {
        int position = text->positions[i] - 1000;
        assert_in_range(position, 1, LENGTH - 2);
        assert_true(i == 0 || text->positions[i] > text->positions[i - 1]);
        assert_int_equal(text->labels[i], text->before[position]);
        assert_int_not_equal(text->before[position], SEP);
        text->masked[position] = true;
    }
    for (int i = 0; i < LENGTH; i++)
        if (!text->masked[i])
            assert_int_equal(text->after[i], text->before[i]);
}

static void check_whole_words(const masked_text *text)
{
    for (int i = 1; i < LENGTH - 1; i += text->before[i] == SEP ? 1 : word_length(text->before, i))
        for (int j = 1; text->before[i] != SEP && j < word_length(text->before, i); j++)
            assert_int_equal(text->masked[i + j], text->masked[i]);
}

static void check_unit(bert_mask_unit unit)
{
    enum { TEXTS = 5000 };
    bert_tokenizer *tokenizer = make_tokenizer();
    masking masking;
    assert_ok(masking_create(&masking, tokenizer, unit, 0.15, LENGTH, error));
    uint64_t as_mask = 0, same = 0, total = 0, broken = 0;
    static masked_text text;
    for (uint64_t number = 0; number < TEXTS; number++) {
        mask_text(&masking, number, &text);
        int budget = (int)round(0.15 * (LENGTH - 3));
        assert_in_range(text.count, unit == BERT_MASK_UNIT_TOKEN ? budget : budget - 4, budget);
        if (unit != BERT_MASK_UNIT_TOKEN)
            check_whole_words(&text);
        for (int i = 1; i < LENGTH - 1; i++) {
            if (!text.masked[i])
                continue;
            total++;
            as_mask += text.after[i] == MASK;
            same += text.after[i] == text.before[i];
            broken += text.masked[i - 1] && text.before[i - 1] != SEP &&
                      (text.after[i] == MASK) != (text.after[i - 1] == MASK);
        }
    }
    /* Tokens of a span are drawn together: its mean length of about ten tokens widens the bound. */
    double draws = (double)total / (unit == BERT_MASK_UNIT_SPAN ? 15 : 1);
    assert_true(fabs((double)as_mask / (double)total - 0.8) < 5 * sqrt(0.8 * 0.2 / draws));
    assert_true(fabs((double)same / (double)total - 0.1) < 5 * sqrt(0.1 * 0.9 / draws));
    if (unit != BERT_MASK_UNIT_SPAN)
        assert_true(broken > total / 30); /* tokens are independent */
    else
        assert_true(broken < total / 20); /* only where two spans touch */
    masking_free(&masking);
    bert_tokenizer_free(tokenizer);
}

static void test_tokens(void **state)
{
    (void)state;
    check_unit(BERT_MASK_UNIT_TOKEN);
}

static void test_words(void **state)
{
    (void)state;
    check_unit(BERT_MASK_UNIT_WORD);
}

static void test_spans(void **state)
{
    (void)state;
    check_unit(BERT_MASK_UNIT_SPAN);
}

/* Words are chosen with equal probability, whatever their number of tokens, except the last ones of
 * a sample, which must fit into the remaining budget: there short words are preferred. */
static void test_words_are_chosen_alike(void **state)
{
    (void)state;
    bert_tokenizer *tokenizer = make_tokenizer();
    masking masking;
    assert_ok(masking_create(&masking, tokenizer, BERT_MASK_UNIT_WORD, 0.15, LENGTH, error));
    uint64_t words[6] = {0}, chosen[6] = {0};
    static masked_text text;
    for (uint64_t number = 0; number < 20000; number++) {
        mask_text(&masking, number, &text);
        for (int i = 1; i < LENGTH - 1; i++)
            if (text.before[i] != SEP && begins_word(text.before, i)) {
                int length = word_length(text.before, i);
                words[length > 5 ? 5 : length]++;
                chosen[length > 5 ? 5 : length] += text.masked[i];
            }
    }
    for (int length = 1; length <= 5; length++) {
        double share = (double)chosen[length] / (double)words[length];
        if (!(share > 0.1 && share < (length == 1 ? 0.26 : 0.18)))
            fail_msg("%.4f of the words of %d tokens are masked", share, length);
    }
    masking_free(&masking);
    bert_tokenizer_free(tokenizer);
}

/* Chi-square with 9 degrees of freedom: above 33.7 once in 10,000 seeds; this seed is fixed. */
static void test_lengths_of_spans(void **state)
{
    (void)state;
    enum { DRAWS = 1000000 };
    uint64_t counts[MASK_SPAN_WORDS + 1] = {0}, sum = 0;
    random_stream stream = random_stream_start(42, RANDOM_TEST, 0, 0);
    for (int i = 0; i < DRAWS; i++) {
        int words = masking_draw_span(&stream);
        assert_in_range(words, 1, MASK_SPAN_WORDS);
        counts[words]++;
        sum += (uint64_t)words;
    }
    double chi_square = 0;
    for (int words = 1; words <= MASK_SPAN_WORDS; words++) {
        double expected = DRAWS * 0.2 * pow(0.8, words - 1) / (1 - pow(0.8, MASK_SPAN_WORDS));
        chi_square += pow((double)counts[words] - expected, 2) / expected;
    }
    if (!(chi_square < 33.7))
        fail_msg("chi-square is %.1f", chi_square);
    assert_true(fabs((double)sum / DRAWS - 3.797) < 0.015); /* 3.8 in the paper */
}

/* A word longer than the budget is not masked at all. */
static void test_no_word_fits(void **state)
{
    (void)state;
    bert_tokenizer *tokenizer = make_tokenizer();
    int32_t tokens[] = {CLS, 6, 7, 8, 7, 8, SEP}, positions[8], labels[8];
    for (bert_mask_unit unit = BERT_MASK_UNIT_WORD; unit <= BERT_MASK_UNIT_SPAN; unit++) {
        masking masking;
        assert_ok(masking_create(&masking, tokenizer, unit, 0.15, LENGTH, error));
        random_stream stream = random_stream_start(42, RANDOM_MASKING, 0, 0);
        assert_int_equal(masking_apply(&masking, &stream, tokens, 7, 0, positions, labels), 0);
        masking_free(&masking);
    }
    bert_tokenizer_free(tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_words_are_chosen_alike),
        cmocka_unit_test(test_lengths_of_spans),
        cmocka_unit_test(test_no_word_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
