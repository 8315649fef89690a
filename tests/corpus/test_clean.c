/* Cleaning and mixing: each step by itself, their order, their memory; which documents a weight
 * selects. */
#include "testing.h"

#include "base/file.h"
#include "base/random.h"
#include "bert.h"
#include "corpus/clean.h"

#include <unicode/utf8.h>
#include <xxhash.h>

static const char *clean_documents(const bert_cleaning_options *options,
                                   const char *const *documents, bert_cleaning_counts *counts)
{
    static char left[4096];
    *left = '\0';
    cleaner cleaner;
    document document = {0};
    assert_ok(cleaner_open(&cleaner, options, error));
    for (; *documents; documents++) {
        bool keep;
        text_clear(&document);
        assert_ok(text_append(&document, *documents, strlen(*documents), error));
        assert_ok(cleaner_apply(&cleaner, &document, &keep, error));
        if (keep) {
            strncat(left, document.data, sizeof left - strlen(left) - 2);
            strcat(left, "|");
        }
    }
    if (counts)
        *counts = cleaner.counts;
    cleaner_close(&cleaner);
    text_free(&document);
    return left;
}

#define DOCUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_bounds(void **state)
{
    (void)state;
    static const char *const documents[] = {
        "one two three", "one",    "d\xC3\xA9j\xC3\xA0 vu", "12 345 a", "!?! ... a b",
        "Слово и дело",  "中文字", "mixed Слово",           "12",       NULL};
    bert_cleaning_counts counts;
    bert_cleaning_options options = cleaning_options_default();
    assert_string_equal(clean_documents(&options, documents, &counts),
                        "one two three|one|d\xC3\xA9j\xC3\xA0 vu|12 345 a|!?! ... a b|Слово и "
                        "дело|中文字|mixed Слово|12|");
    assert_int_equal(counts.documents, 9);
    options.min_words = 2, options.max_words = 3;
    assert_string_equal(
        clean_documents(&options, documents, &counts),
        "one two three|d\xC3\xA9j\xC3\xA0 vu|12 345 a|Слово и дело|中文字|mixed Слово|");
    assert_int_equal(counts.dropped[BERT_DROPPED_TOO_SHORT], 2);
    assert_int_equal(counts.dropped[BERT_DROPPED_TOO_LONG], 1);
    options = cleaning_options_default();
    options.min_characters = 3, options.max_characters = 7; /* "déjà vu" has 7, and 9 bytes */
    assert_string_equal(clean_documents(&options, documents, NULL),
                        "one|d\xC3\xA9j\xC3\xA0 vu|中文字|");
    options = cleaning_options_default();
    options.min_letters = 0.5;
    assert_string_equal(clean_documents(&options, documents, &counts),
                        "one two three|one|d\xC3\xA9j\xC3\xA0 vu|Слово и дело|中文字|mixed Слово|");
    assert_int_equal(counts.dropped[BERT_DROPPED_FEW_LETTERS], 3);
    options = cleaning_options_default();
    options.max_digits = 0.1, options.max_punctuation = 0.5;
    clean_documents(&options, documents, &counts);
    assert_int_equal(counts.dropped[BERT_DROPPED_MANY_DIGITS], 2);
    assert_int_equal(counts.dropped[BERT_DROPPED_MUCH_PUNCTUATION], 1);
    options = cleaning_options_default();
    options.script = "Cyrillic";
    assert_string_equal(clean_documents(&options, documents, &counts), "Слово и дело|mixed Слово|");
    assert_int_equal(counts.dropped[BERT_DROPPED_OTHER_SCRIPT], 7);
    options.min_script = 0.6;
    assert_string_equal(clean_documents(&options, documents, NULL), "Слово и дело|");
    options.script = "Han";
    assert_string_equal(clean_documents(&options, documents, NULL), "中文字|");
}

/* The number of words of a text, as the bounds of --min-words and --max-words see it. */
static void test_words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned words;
    } cases[] = {
        {"one, two – three (!) 4", 6}, /* white space separates words, as ever */
        {"d\xC3\xA9j\xC3\xA0\xC2\xA0vu", 2},
        {"नमस्ते दुनिया", 2},
        {"한국어 문장", 2},
        {"中文字", 2},
        {"今天天气很好，我们去公园。", 8}, /* 11 characters */
        {"「今天」 「天气」", 3},
        {"ひらがな", 2},
        {"東京タワーへ行く", 5}, /* 3 characters, 5 kana: 2 + 2.5 */
        {"สวัสดีชาวโลก", 4},       /* 12 letters and marks, of which 2 are marks */
        {"ភាសាខ្មែរ", 2},         /* 5 letters */
        {"我用Python写程序", 5}, /* 5 characters and a word */
        {"iPhone手机 (中文) x", 5},
        {"第3章", 3},
        {"。 、", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned least = cases[i].words; least <= cases[i].words + 1; least++) {
            bert_cleaning_options options = cleaning_options_default();
            options.min_words = least;
            const char *left = clean_documents(&options, DOCUMENTS(cases[i].text), NULL);
            if ((*left != '\0') != (least == cases[i].words))
                fail_msg("\"%s\" has not %u words", cases[i].text, cases[i].words);
        }
}

static void test_repeats_and_duplicates(void **state)
{
    (void)state;
    static const char *const documents[] = {"home\na b", "home\nc d", "home\na b", "home",
                                            "e f",       "e f",       NULL};
    bert_cleaning_counts counts;
    bert_cleaning_options options = cleaning_options_default();
    options.drop_duplicates = true;
    assert_string_equal(clean_documents(&options, documents, &counts),
                        "home\na b|home\nc d|home|e f|");
    assert_int_equal(counts.dropped[BERT_DROPPED_DUPLICATE], 2);
    options.max_repeats = 2; /* applied first, so it changes which documents are duplicates */
    assert_string_equal(clean_documents(&options, documents, &counts),
                        "home\na b|home\nc d|a b|e f|");
    assert_int_equal(counts.repeated_paragraphs, 2);
    assert_int_equal(counts.dropped[BERT_DROPPED_EMPTIED], 1);
    assert_int_equal(counts.dropped[BERT_DROPPED_DUPLICATE], 1);
    options.max_repeats = 1, options.drop_duplicates = false;
    assert_string_equal(clean_documents(&options, documents, NULL), "home\na b|c d|e f|");
}

static void test_hash_counts(void **state)
{
    (void)state;
    hash_counts counts = {.memory = 1 << 20};
    unsigned before;
    bool remembered;
    uint64_t forgotten = 0, known = 0;
    for (int turn = 0; turn < 2; turn++)
        for (uint32_t i = 0; i < 200000; i++) {
            uint32_t out[4];
            random_philox((uint32_t[4]){i}, (uint32_t[2]){1}, out);
            assert_ok(hash_counts_add(&counts, (uint64_t)out[0] << 32 | out[1], &before,
                                      &remembered, error));
            forgotten += !remembered;
            known += before;
            assert_true(before == 0 || turn == 1);
        }
    assert_true(counts.capacity * sizeof *counts.slots <= 1 << 20);
    assert_true(known >= 40000 && known + forgotten / 2 == 200000);
    for (int i = 0; i < 300; i++)
        assert_ok(hash_counts_add(&counts, 42, &before, &remembered, error));
    hash_counts_free(&counts);
    for (unsigned i = 0; i < 300; i++) {
        assert_ok(hash_counts_add(&counts, 7, &before, &remembered, error));
        assert_int_equal(before, i < 255 ? i : 255);
    }
    hash_counts_free(&counts);
}

/* `count` words: the first `shared` ones from stream `base`, the rest from another stream. */
static void make_words(text *text, uint32_t base, uint32_t stream, int count, int shared)
{
    text_clear(text);
    for (int i = 0; i < count; i++) {
        uint32_t out[4];
        random_philox((uint32_t[4]){(uint32_t)i, i < shared ? base : stream}, (uint32_t[2]){9},
                      out);
        assert_ok(text_format(text, error, "%x%s", out[0], i % 12 == 11 ? ".\n" : " "));
    }
}

static void test_similarity(void **state)
{
    (void)state;
    static const struct {
        int shared; /* of 1,000 words */
    } cases[] = {{1000}, {950}, {900}, {800}, {500}, {0}};
    text first = {0}, second = {0};
    uint8_t a[NEAR_VALUES], b[NEAR_VALUES];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double expected = 0, estimate = 0;
        for (uint32_t stream = 1; stream <= 50; stream++) {
            make_words(&first, stream, 0, 1000, 1000);
            make_words(&second, stream, 100 + stream, 1000, cases[i].shared);
            assert_true(near_duplicates_sign(first.data, first.length, a));
            assert_true(near_duplicates_sign(second.data, second.length, b));
            estimate += near_duplicates_compare(a, b) / 50;
        }
        double common = cases[i].shared >= 5 ? cases[i].shared - 4 : 0;
        expected = common / (2 * 996 - common);
        assert_true(estimate > expected - 0.03 && estimate < expected + 0.03);
    }
    text_free(&first);
    text_free(&second);
}

static void test_near_duplicates(void **state)
{
    (void)state;
    bert_cleaning_counts counts;
    bert_cleaning_options options = cleaning_options_default();
    options.drop_near_duplicates = 0.8;
    text texts[4] = {{0}};
    make_words(&texts[0], 0, 0, 100, 100);
    make_words(&texts[1], 0, 1, 100, 97); /* 0.94 */
    make_words(&texts[2], 0, 2, 100, 50); /* 0.32 */
    make_words(&texts[3], 0, 3, 100, 0);
    char left[8] = "";
    cleaner cleaner;
    assert_ok(cleaner_open(&cleaner, &options, error));
    for (int i = 0; i < 4; i++) {
        bool keep;
        assert_ok(cleaner_apply(&cleaner, &texts[i], &keep, error));
        strcat(left, keep ? "1" : "0");
        text_free(&texts[i]);
    }
    assert_string_equal(left, "1011");
    assert_int_equal(cleaner.counts.dropped[BERT_DROPPED_NEAR_DUPLICATE], 1);
    cleaner_close(&cleaner);
    /* Case, punctuation and line breaks are ignored; short texts are compared in full. */
    assert_string_equal(clean_documents(&options,
                                        DOCUMENTS("A b, c!", "a B c", "a b d", "...", "??",
                                                  "你好世界你好", "你好，世界你好", "你好世界再见"),
                                        &counts),
                        "A b, c!|a b d|...|??|你好世界你好|你好世界再见|");
    assert_int_equal(counts.dropped[BERT_DROPPED_NEAR_DUPLICATE], 2);
    /* Many short texts are not similar by chance. */
    options.memory = 1 << 20; /* capacity of 4,096 documents */
    assert_ok(cleaner_open(&cleaner, &options, error));
    for (int i = 0; i < 6000; i++) {
        document document = {0};
        bool keep;
        assert_ok(text_format(&document, error, "word%d", i));
        assert_ok(cleaner_apply(&cleaner, &document, &keep, error));
        assert_true(keep);
        text_free(&document);
    }
    assert_int_equal(cleaner.counts.not_remembered, 6000 - 4096);
    cleaner_close(&cleaner);
}

/* `count` letters from U+`first` on, a random one of `letters` each, with a mark after every third;
 * the one at `changed` is another. */
static void make_letters(text *text, UChar32 first, unsigned letters, const char *mark, int count,
                         int changed)
{
    text_clear(text);
    for (int i = 0; i < count; i++) {
        uint32_t out[4];
        random_philox((uint32_t[4]){(uint32_t)i, (uint32_t)first}, (uint32_t[2]){7}, out);
        char bytes[4];
        size_t size = 0;
        UChar32 letter = first + (UChar32)((out[0] + (i == changed)) % letters);
        U8_APPEND_UNSAFE(bytes, size, letter);
        assert_ok(text_append(text, bytes, size, error));
        if (i % 3 == 2)
            assert_ok(text_append(text, mark, strlen(mark), error));
    }
}

/* One letter of 300 changes 5 of 296 rows. */
static void test_near_duplicates_without_spaces(void **state)
{
    (void)state;
    static const struct {
        UChar32 first;
        unsigned letters;
        const char *mark;
    } scripts[] = {
        {0x0E01, 40, "\xE0\xB8\xB1"}, /* Thai */
        {0x0E94, 4, "\xE0\xBA\xB1"},  /* Lao */
        {0x1000, 33, "\xE1\x80\xAD"}, /* Burmese */
        {0x1780, 33, "\xE1\x9E\xB7"}, /* Khmer */
        {0x4E00, 2000, ""},           /* Chinese */
        {0x3042, 60, ""},             /* hiragana */
        {0x1000, 33, "\xE2\x80\x8B"}, /* a space of no width between words */
    };
    text first = {0}, second = {0};
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        uint8_t a[NEAR_VALUES], b[NEAR_VALUES];
        double similarity = 0;
        for (int changed = 10; changed < 290; changed += 10) {
            make_letters(&first, scripts[i].first, scripts[i].letters, scripts[i].mark, 300, -1);
            make_letters(&second, scripts[i].first, scripts[i].letters, scripts[i].mark, 300,
                         changed);
            assert_string_not_equal(first.data, second.data);
            assert_true(near_duplicates_sign(first.data, first.length, a));
            assert_true(near_duplicates_sign(second.data, second.length, b));
            similarity += near_duplicates_compare(a, b) / 28;
        }
        if (scripts[i].letters > 4)
            assert_true(similarity > 291.0 / 301 - 0.03 && similarity < 291.0 / 301 + 0.03);
        assert_true(similarity > 0.9);
        /* Half of it is another text. */
        make_letters(&second, scripts[i].first + 1, scripts[i].letters - 1, "", 300, -1);
        assert_true(near_duplicates_sign(second.data, second.length, b));
        if (scripts[i].letters > 4)
            assert_true(near_duplicates_compare(a, b) < 0.1);
    }
    text_free(&first);
    text_free(&second);
    bert_cleaning_options options = cleaning_options_default();
    options.drop_near_duplicates = 0.8;
    /* Words among letters count as words; invisible characters, and punctuation of ASCII, as none.
     */
    assert_string_equal(
        clean_documents(&options,
                        DOCUMENTS("ใช้ Python เขียนโปรแกรม", "ใช้python, เขียน\xE2\x80\x8Bโปรแกรม!",
                                  "我用Python写程序", "我用 python 写程序。", "ភាសាខ្មែរ",
                                  "ភាសាខ្មែរល្អ"),
                        NULL),
        "ใช้ Python เขียนโปรแกรม|我用Python写程序|ភាសាខ្មែរ|ភាសាខ្មែរល្អ|");
}

/* What was prepared before stays comparable: signatures of text with spaces, hashed. */
static void test_signatures_stay(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t hash;
    } cases[] = {
        {"The quick brown fox jumps over the lazy dog; it’s 3.5 m high, isn't it?",
         0x6DCC7BA06D263F33},
        {"Съешь же ещё этих мягких французских булок, да выпей чаю.", 0x3C174426DA8C8DB6},
        {"نص حكيم له سر قاطع وذو شأن عظيم مكتوب على ثوب أخضر", 0x02781D6315B7B1AC},
        {"ऋषियों को सताने वाले दुष्ट राक्षसों के राजा रावण का सर्वनाश करने वाले", 0xEB2FCAEB5A669261},
        {"키스의 고유조건은 입술끼리 만나야 하고 특별한 기술은 필요치 않다", 0x9A5C608FC714A5DD},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t signature[NEAR_VALUES];
        assert_true(near_duplicates_sign(cases[i].text, strlen(cases[i].text), signature));
        assert_int_equal(XXH3_64bits(signature, sizeof signature), cases[i].hash);
    }
}

static void test_wrong_options(void **state)
{
    (void)state;
    cleaner cleaner;
    bert_cleaning_options options = cleaning_options_default();
#define REJECTS(member, value, part)                                                          \
    options = cleaning_options_default();                                                     \
    options.member = value;                                                                   \
    assert_fails(cleaner_open(&cleaner, &options, error), BERT_ERROR_INVALID_ARGUMENT, part); \
    cleaner_close(&cleaner)
    REJECTS(script, "Latn1", "the Unicode name of a script");
    REJECTS(drop_near_duplicates, 0.4,
            "drop_near_duplicates is 0.4; expected 0 or a number from 0.5 to 1");
    REJECTS(min_letters, 1.5, "min_letters is 1.5");
    REJECTS(max_repeats, 256, "from 0 to 255");
    REJECTS(memory, 1000, "cleaning_memory is 1000; expected a whole number from 1048576");
    options.min_words = 3, options.max_words = 2, options.memory = 1 << 20;
    assert_fails(cleaner_open(&cleaner, &options, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->min_words is 3, more than params->max_words, which is 2");
    cleaner_close(&cleaner);
}

/* ------------------------------------------------------------------------------------ mixing */

enum { DOCUMENT_COUNT = 2000 };
static char directory[256];

static int set_up(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "%s", testing_directory());
    for (int name = 'a'; name <= 'b'; name++) {
        char path[300];
        snprintf(path, sizeof path, "%s/%c.txt", directory, name);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        for (int i = 0; i < DOCUMENT_COUNT; i++)
            fprintf(file, "%c document %d\n\n", name, i);
        assert_int_equal(fclose(file), 0);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_ok(directory_remove(directory, error));
    return 0;
}

static bert_status count_document(void *context, const char *data, size_t length, bert_error *error)
{
    (void)length, (void)error;
    int(*taken)[DOCUMENT_COUNT] = context;
    taken[*data - 'a'][atoi(data + strlen("a document "))]++;
    return BERT_OK;
}

static bert_status mix(const char *first, const char *second, uint64_t seed,
                       int taken[2][DOCUMENT_COUNT], bert_corpus_counts *counts, bert_error *error)
{
    char paths[2][400];
    const char *inputs[2] = {paths[0], paths[1]};
    snprintf(paths[0], sizeof paths[0], first, directory);
    snprintf(paths[1], sizeof paths[1], second ? second : "", directory);
    memset(taken, 0, 2 * sizeof *taken);
    bert_reader_options options = bert_reader_options_default();
    options.seed = seed;
    return bert_read_documents(inputs, second ? 2 : 1, &options, count_document, taken, counts,
                               NULL, error);
}

static void test_weights(void **state)
{
    (void)state;
    static int alone[2][DOCUMENT_COUNT], both[2][DOCUMENT_COUNT], more[2][DOCUMENT_COUNT];
    bert_corpus_counts counts;
    assert_ok(mix("a=%s/a.txt:0.1", NULL, 42, alone, &counts, error));
    assert_int_equal(counts.source_count, 1);
    assert_string_equal(counts.sources[0].name, "a");
    assert_int_equal(counts.sources[0].documents, DOCUMENT_COUNT);
    assert_true(counts.sources[0].taken > 150 && counts.sources[0].taken < 250);
    /* Other sources and their order do not change which documents are selected; a larger weight
     * adds to them. */
    assert_ok(mix("b=%s/[b].txt:2.5", "a=%s/a.txt:0.1", 42, both, &counts, error));
    assert_memory_equal(alone[0], both[0], sizeof alone[0]);
    assert_int_equal(counts.sources[0].weight * 10, 25);
    assert_true(counts.sources[0].taken > 4800 && counts.sources[0].taken < 5200);
    for (int i = 0; i < DOCUMENT_COUNT; i++)
        assert_true(both[1][i] == 2 || both[1][i] == 3);
    assert_ok(mix("a=%s/a.txt:0.2", NULL, 42, more, &counts, error));
    int other = 0;
    for (int i = 0; i < DOCUMENT_COUNT; i++)
        assert_true(more[0][i] >= alone[0][i]);
    assert_ok(mix("a=%s/a.txt:0.1", NULL, 43, more, &counts, error));
    for (int i = 0; i < DOCUMENT_COUNT; i++)
        other += more[0][i] != alone[0][i];
    assert_true(other > 100);
    assert_ok(mix("%s/a.txt", "b=%s", 42, both, &counts, error)); /* no weight: all documents */
    assert_int_equal(counts.source_count, 2);
    assert_int_equal(counts.sources[1].taken, 2 * DOCUMENT_COUNT);
    assert_int_equal(both[0][7], 2);
}

static void test_wrong_sources(void **state)
{
    (void)state;
    static int taken[2][DOCUMENT_COUNT];
    assert_fails(mix("a=%s/a.txt:0", NULL, 42, taken, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "weight is 0, expected more than 0");
    assert_fails(mix("a=%s/a.txt:nan", NULL, 42, taken, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "weight is nan");
    assert_fails(mix("a=%s/a.txt:0.5", "a=%s/b.txt", 42, taken, NULL, error),
                 BERT_ERROR_INVALID_ARGUMENT, "a: the source has two weights, 0.5 and 1");
    assert_fails(mix("a=%s/none.txt:0.5", NULL, 42, taken, NULL, error), BERT_ERROR_IO,
                 "none.txt: cannot open");
    assert_fails(mix("a=%s/a.txt:1e-9", NULL, 42, taken, NULL, error), BERT_ERROR_INPUT,
                 "cleaning and weights drop all of 2000 documents");
    /* An existing file of this name takes precedence. */
    char path[300], input[300];
    snprintf(path, sizeof path, "%s/c=d:2", directory);
    snprintf(input, sizeof input, "%%s/c=d:2");
    assert_ok(file_write(path, "a document 3\n", 13, error));
    bert_corpus_counts counts;
    assert_ok(mix(input, NULL, 42, taken, &counts, error));
    assert_string_equal(counts.sources[0].name, "");
    assert_int_equal(counts.sources[0].taken, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_repeats_and_duplicates),
        cmocka_unit_test(test_hash_counts),
        cmocka_unit_test(test_similarity),
        cmocka_unit_test(test_near_duplicates),
        cmocka_unit_test(test_near_duplicates_without_spaces),
        cmocka_unit_test(test_signatures_stay),
        cmocka_unit_test(test_wrong_options),
        cmocka_unit_test_setup_teardown(test_weights, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_sources, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
