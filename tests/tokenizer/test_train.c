#include "fixture.h"

#include "base/random.h"
#include "tokenizer/token_pairs.h"
#include "tokenizer/tokenizer.h"

static bert_train_tokenizer_params params_for(const char *const *input, const char *output)
{
    bert_train_tokenizer_params params = bert_train_tokenizer_params_default();
    params.inputs = input;
    params.input_count = 1;
    params.output = output;
    params.vocab_size = 60;
    params.threads = 1;
    return params;
}

/* Computed by hand: "ab" 4 times, "abc" 3, "b" 2, "cab" 1. Pairs (a,##b) 7, then (##b,##c) … the
 * merge a+##b = ab leaves (ab,##c) 3, (c,##a) 1 and (##a,##b) 1; min_frequency 2 stops. */
static void test_small_text_by_hand(void **state)
{
    (void)state;
    scratch_write("small", "ab ab ab ab\nabc abc abc b b cab\n");
    const char *input = scratch_path("small"), *output = scratch_path("small-out");
    bert_train_tokenizer_params params = params_for(&input, output);
    bert_train_tokenizer_result result;
    assert_ok(bert_train_tokenizer(&params, &result, NULL, error));
    assert_true(result.finished);
    assert_int_equal(result.words, 10);
    assert_int_equal(result.distinct_words, 4);
    assert_int_equal(result.bytes, 32);
    text vocab = {0};
    assert_ok(file_read(&vocab, scratch_path("small-out/vocab.txt"), 1000, error));
    assert_string_equal(vocab.data, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\n##a\n##b\n##c\n"
                                    "ab\nabc\n");
    text_free(&vocab);
    assert_int_equal(result.vocab_size, 13);
}

/* ##b ##c 2 / (5 × 2) is more than a ##b 5 / (7 × 5) and a ##d 2 / (7 × 2); then all are equal, and
 * ids break the tie: a ##b first, which leaves 1/4 for a ##d and a ##bc. By frequency, ##bc is
 * never formed. */
/* Compaction removes pairs without occurrences; the others are found, in their order, and new ones
 * can be added. */
static void test_pairs_are_compacted(void **state)
{
    (void)state;
    enum { PAIRS = 50000 };
    token_pairs pairs = {0};
    uint32_t index;
    for (int i = 0; i < PAIRS; i++) {
        assert_ok(token_pairs_find(&pairs, pair_key(i, i / 2), &index, error));
        assert_int_equal(index, i);
        pairs.pairs[index].count = i % 3;
    }
    const uint32_t *moved = token_pairs_compact(&pairs);
    for (uint32_t i = 0; i < PAIRS; i++)
        if (i % 3)
            assert_int_equal(moved[i], i - i / 3 - 1);
    token_pairs_rehash(&pairs);
    assert_int_equal(pairs.count, PAIRS - (PAIRS + 2) / 3);
    for (int i = 1; i < PAIRS; i++) {
        size_t count = pairs.count;
        assert_ok(token_pairs_find(&pairs, pair_key(i, i / 2), &index, error));
        assert_int_equal(pairs.count, count + (i % 3 == 0));
        assert_int_equal(index, i % 3 ? (uint32_t)(i - i / 3 - 1) : count);
        assert_int_equal(pairs.pairs[index].count, i % 3);
    }
    token_pairs_free(&pairs);
}

static void test_likelihood_by_hand(void **state)
{
    (void)state;
    const char *input = scratch_write("likely", "abc abc ab ab ab ad ad");
    const char *output = scratch_path("likelihood-out");
    bert_train_tokenizer_params params = params_for(&input, output);
    params.algorithm = BERT_ALGORITHM_LIKELIHOOD;
    assert_ok(bert_train_tokenizer(&params, NULL, NULL, error));
    text vocab = {0};
    assert_ok(file_read(&vocab, scratch_path("likelihood-out/vocab.txt"), 1000, error));
    assert_string_equal(vocab.data,
                        FIXTURE_SPECIAL "a\nb\nc\nd\n##b\n##c\n##d\n##bc\nab\nad\nabc\n");
    text_free(&vocab);
}

/* Random words with a fixed seed. */
static void write_random_text(const char *name, size_t bytes)
{
    random_stream stream = random_stream_start(1, RANDOM_TEST, 0, 0);
    text content = {0};
    while (content.length < bytes) {
        char word[12];
        int length = 1 + (int)random_below(&stream, 6);
        for (int i = 0; i < length; i++)
            word[i] = (char)('a' + random_below(&stream, 1 + random_below(&stream, 20)));
        word[length] = random_below(&stream, 9) ? ' ' : '\n';
        assert_ok(text_append(&content, word, (size_t)length + 1, error));
        if (random_below(&stream, 50) == 0)
            assert_ok(text_append(&content, "É\xCC\x81tude ", 9, error));
    }
    assert_ok(file_write(scratch_path(name), content.data, content.length, error));
    text_free(&content);
}

static void assert_same_files(const char *left, const char *right)
{
    static const char *const names[] = {"vocab.txt", "tokenizer.json", "tokenizer_config.json",
                                        "special_tokens_map.json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[700];
        text a = {0}, b = {0};
        snprintf(path, sizeof path, "%s/%s", left, names[i]);
        assert_ok(file_read(&a, path, 1 << 24, error));
        snprintf(path, sizeof path, "%s/%s", right, names[i]);
        assert_ok(file_read(&b, path, 1 << 24, error));
        assert_int_equal(a.length, b.length);
        assert_memory_equal(a.data, b.data, a.length);
        text_free(&a);
        text_free(&b);
    }
}

static void test_any_number_of_threads(void **state)
{
    (void)state;
    write_random_text("random", 5 << 20); /* several blocks */
    const char *input = scratch_path("random");
    char first[512];
    snprintf(first, sizeof first, "%s", scratch_path("threads-1"));
    for (int threads = 1; threads <= 3; threads++) {
        char output[512];
        snprintf(output, sizeof output, "%s/threads-%d", scratch_directory, threads);
        bert_train_tokenizer_params params = params_for(&input, output);
        params.vocab_size = 3000;
        params.threads = threads;
        bert_train_tokenizer_result result;
        assert_ok(bert_train_tokenizer(&params, &result, NULL, error));
        assert_int_equal(result.vocab_size, 3000);
        assert_same_files(first, output);
    }
}

static void test_trained_folder_loads(void **state)
{
    (void)state;
    const char *output = scratch_path("threads-1");
    bert_tokenizer *tokenizer;
    assert_ok(bert_tokenizer_load(&tokenizer, output, NULL, error));
    assert_int_equal(bert_tokenizer_vocab_size(tokenizer), 3000);
    tokenizer_special_ids special = tokenizer_special(tokenizer);
    assert_int_equal(special.pad, 0);
    assert_int_equal(special.unk, 1);
    assert_int_equal(special.cls, 2);
    assert_int_equal(special.sep, 3);
    assert_int_equal(special.mask, 4);
    assert_ok(directory_create(scratch_path("again"), error));
    assert_ok(tokenizer_save(tokenizer, scratch_path("again"), 0, error));
    assert_same_files(output, scratch_path("again"));
    bert_tokenizer_free(tokenizer);
}

static void count_warnings(void *context, bert_message_level level, const char *message)
{
    if (level == BERT_MESSAGE_WARNING && (strstr(message, "3 bytes") || strstr(message, "dropped")))
        ++*(int *)context;
}

/* An unbounded vocabulary in which most words occur once. The frequent words are kept, for any
 * number of threads and of prunings. */
static void test_memory_is_bounded(void **state)
{
    (void)state;
    text content = {0};
    random_stream stream = random_stream_start(2, RANDOM_TEST, 0, 0);
    while (content.length < 17 << 20) {
        if (random_below(&stream, 4))
            assert_ok(text_append(&content, "often again ", 12, error));
        assert_ok(text_format(&content, error, "x%u\n", random_next(&stream)));
    }
    const char *input = scratch_write("endless", content.data);
    text_free(&content);
    char first[512];
    for (int threads = 1; threads <= 3; threads++) {
        char output[512];
        snprintf(output, sizeof output, "%s/memory-%d", scratch_directory, threads);
        bert_train_tokenizer_params params = params_for(&input, output);
        params.vocab_size = 200;
        params.memory = 1 << 20;
        params.threads = threads;
        bert_train_tokenizer_result result;
        int warnings = 0;
        bert_observer observer = {.context = &warnings, .message = count_warnings};
        assert_ok(bert_train_tokenizer(&params, &result, &observer, error));
        assert_int_equal(warnings, 1);
        assert_true(result.dropped_words > 100000);
        assert_in_range(result.count_error, 1, 9);
        assert_true(result.distinct_words < (1 << 20) / 60);
        if (threads == 1)
            snprintf(first, sizeof first, "%s", output);
        assert_same_files(first, output);
    }
    bert_tokenizer *tokenizer;
    assert_ok(bert_tokenizer_load(&tokenizer, first, NULL, error));
    assert_true(bert_tokenizer_id(tokenizer, "often") >= 0);
    assert_true(bert_tokenizer_id(tokenizer, "again") >= 0);
    bert_tokenizer_free(tokenizer);
}

static void test_alphabet(void **state)
{
    (void)state;
    const char *input = scratch_write("letters", "aaaa aaaa bbb bbb cc dd e\n");
    char output[512];
    snprintf(output, sizeof output, "%s", scratch_path("alphabet-out"));
    bert_train_tokenizer_params params = params_for(&input, output);
    params.limit_alphabet = 5; /* é and z are always kept; of c and d, equally frequent, c */
    params.initial_alphabet = "zé";
    params.min_frequency = 100;
    assert_ok(bert_train_tokenizer(&params, NULL, NULL, error));
    text vocab = {0};
    assert_ok(file_read(&vocab, scratch_path("alphabet-out/vocab.txt"), 1000, error));
    assert_string_equal(vocab.data, FIXTURE_SPECIAL "a\nb\nc\nz\né\n##a\n##b\n##c\n");
    text_free(&vocab);
    params.initial_alphabet = "a\xFF";
    params.output = scratch_path("alphabet-out-2");
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "initial alphabet is not UTF-8 (byte 2 is 0xff)");
}

/* play ##ing is known, the domain's words are not. Old ids are kept. */
static void test_extension(void **state)
{
    (void)state;
    assert_ok(directory_create(scratch_path("old"), error));
    scratch_write("old/vocab.txt",
                  FIXTURE_SPECIAL "play\n##ing\nm\n##y\n##o\n##c\n##ard\n##i\n##um\n##al\n.\n");
    scratch_write("old/tokenizer_config.json", "{\"do_lower_case\": false}");
    const char *input =
        scratch_write("domain", "myocardium myocardial playing. myocardium\nmyocardial Xyz Xyz\n");
    char output[512];
    snprintf(output, sizeof output, "%s", scratch_path("extended"));
    char old[512];
    snprintf(old, sizeof old, "%s", scratch_path("old"));
    bert_train_tokenizer_params params = params_for(&input, output);
    params.extend = old;
    params.add = 8;
    bert_train_tokenizer_result result;
    assert_ok(bert_train_tokenizer(&params, &result, NULL, error));
    text vocab = {0};
    assert_ok(file_read(&vocab, scratch_path("extended/vocab.txt"), 1000, error));
    /* By count, then by ids: m ##y, ##o ##c, ##ard ##i and their merges, 4 times each; the two
     * endings twice. Xyz is [UNK] and ignored, so there is no eighth token. */
    assert_string_equal(vocab.data, FIXTURE_SPECIAL
                        "play\n##ing\nm\n##y\n##o\n##c\n##ard\n##i\n##um\n##al\n.\n"
                        "my\n##oc\n##ardi\nmyoc\nmyocardi\nmyocardium\nmyocardial\n");
    text_free(&vocab);
    assert_int_equal(result.vocab_size, 23);
    bert_tokenizer *tokenizer;
    assert_ok(bert_tokenizer_load(&tokenizer, output, NULL, error));
    bert_encoding encoding = {0};
    assert_ok(
        bert_tokenizer_encode(tokenizer, "myocardial playing", 18, false, 0, &encoding, error));
    assert_int_equal(encoding.count, 3);
    assert_int_equal(encoding.ids[0], 22);
    assert_int_equal(encoding.ids[1], 5);
    bert_encoding_free(&encoding);
    bert_tokenizer_free(tokenizer);

    params.output = scratch_path("extended-again");
    params.add = 0;
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "expected 1 to");
    params.add = 3;
    params.algorithm = BERT_ALGORITHM_LIKELIHOOD;
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "by frequency, not by likelihood");
    params.algorithm = (bert_algorithm)99;
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->algorithm is 99");
    params.algorithm = BERT_ALGORITHM_FREQUENCY;
    params.extend = output;
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_INPUT,
                 "no new token for");
    params.extend = NULL;
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "no tokenizer to extend");
}

static void test_errors(void **state)
{
    (void)state;
    scratch_write("empty", "");
    scratch_write("blank", " \n\t\n \xE2\x80\x8B\n");
    scratch_write("words", "one two three");
    const char *input = scratch_path("empty");
    char output[512];
    snprintf(output, sizeof output, "%s", scratch_path("errors-out"));
    bert_train_tokenizer_params params = params_for(&input, output);
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_INPUT, "is empty");
    input = scratch_path("blank");
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_INPUT, "no words");
    input = scratch_path("missing");
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_IO, "No such file");
    input = scratch_path("words");
    params.vocab_size = 12;
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "special tokens and characters alone are 18");
    params.vocab_size = 3;
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "vocab_size");
    params.vocab_size = 40;
    params.input_count = 0;
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "no input");
    params.input_count = 1;
    assert_false(file_exists(output)); /* failures leave no output */

    params.output = scratch_directory;
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "is not empty");
    params.output = input;
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_IO,
                 "not a readable folder");
    params.output = "/proc/nothing/here";
    assert_fails(bert_train_tokenizer(&params, NULL, NULL, error), BERT_ERROR_IO, "/proc/nothing");
    params.output = output; /* an empty folder is accepted */
    assert_ok(directory_create(output, error));
    assert_ok(bert_train_tokenizer(&params, NULL, NULL, error));
    assert_true(file_exists(scratch_path("errors-out/vocab.txt")));
}

static bool stop(void *context)
{
    (void)context;
    return true;
}

static void test_observer(void **state)
{
    (void)state;
    scratch_write("invalid", "word\xFF word\xE2\x82 word\n");
    const char *input = scratch_path("invalid");
    char output[512];
    snprintf(output, sizeof output, "%s", scratch_path("observer-out"));
    bert_train_tokenizer_params params = params_for(&input, output);
    bert_train_tokenizer_result result;
    int warnings = 0;
    bert_observer observer = {.context = &warnings, .message = count_warnings};
    observer.should_stop = stop;
    assert_ok(bert_train_tokenizer(&params, &result, &observer, error));
    assert_false(result.finished);
    assert_false(file_exists(output));
    observer.should_stop = NULL;
    assert_ok(bert_train_tokenizer(&params, &result, &observer, error));
    assert_int_equal(result.invalid_bytes, 3);
    assert_int_equal(result.distinct_words, 1); /* clean_text removes U+FFFD */
    assert_int_equal(warnings, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_text_by_hand),
        cmocka_unit_test(test_pairs_are_compacted),
        cmocka_unit_test(test_likelihood_by_hand),
        cmocka_unit_test(test_any_number_of_threads),
        cmocka_unit_test(test_trained_folder_loads),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_alphabet),
        cmocka_unit_test(test_extension),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_observer),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
