/* A stopped preparation resumes and writes the same bytes as an uninterrupted one (kill-prepare:
 * the same for a killed process). */
#include "testing.h"

#include "base/file.h"
#include "bert.h"

#include <sys/stat.h>

static char directory[256], input[300], vocabulary[300], twice[320], again[320];
static const char *const endings[] = {".bin",
                                      ".idx",
                                      ".sentences",
                                      ".validation.bin",
                                      ".validation.idx",
                                      ".validation.sentences",
                                      ".json",
                                      ".tokenizer/tokenizer.json"};
enum { ENDINGS = sizeof endings / sizeof *endings, DOCUMENTS = 60000 };

static void write_documents(int first_number)
{
    FILE *file = fopen(input, "wb");
    for (int document = first_number; document < first_number + DOCUMENTS; document++) {
        for (int sentence = 0; sentence <= document % 9; sentence++)
            fprintf(file, "A%d b%d c d a b. ", document, sentence);
        fprintf(file, "\n\n");
    }
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    (void)state;
    static const char words[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n.\na\nb\nc\nd\n##0\n##1\n##2\n"
                                "##3\n##4\n##5\n##6\n##7\n##8\n##9\n";
    snprintf(directory, sizeof directory, "%s", testing_directory());
    snprintf(input, sizeof input, "%s/input", directory);
    snprintf(vocabulary, sizeof vocabulary, "%s/vocab.txt", directory);
    assert_ok(file_write(vocabulary, words, sizeof words - 1, error));
    snprintf(twice, sizeof twice, "twice=%s:1.5", input);
    snprintf(again, sizeof again, "again=%s", input);
    write_documents(0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_ok(directory_remove(directory, error));
    return 0;
}

typedef struct watch {
    int calls, stop_at; /* 0: never */
} watch;

static bool count_down(void *context)
{
    watch *watch = context;
    return ++watch->calls == watch->stop_at;
}

static bert_prepare_params params_for(const char *output)
{
    static const char *inputs[] = {input};
    bert_prepare_params params = bert_prepare_params_default();
    params.inputs = inputs;
    params.input_count = 1;
    params.tokenizer = vocabulary;
    params.output = output;
    params.threads = 1;
    return params;
}

static bert_status run(const bert_prepare_params *params, int stop_at, bert_prepare_result *result,
                       bert_error *error)
{
    watch watch = {.stop_at = stop_at};
    bert_observer observer = {.context = &watch, .should_stop = count_down};
    return bert_prepare(params, result, &observer, error);
}

static void assert_same_outputs(const char *a, const char *b)
{
    for (int i = 0; i < ENDINGS; i++) {
        char left[400], right[400];
        file_map one, other;
        snprintf(left, sizeof left, "%s%s", a, endings[i]);
        snprintf(right, sizeof right, "%s%s", b, endings[i]);
        assert_int_equal(file_exists(left), file_exists(right));
        if (!file_exists(left))
            continue;
        assert_ok(file_map_open(&one, left, error));
        assert_ok(file_map_open(&other, right, error));
        if (one.size != other.size || memcmp(one.data, other.data, one.size) != 0)
            fail_msg("%s and %s differ", left, right);
        file_map_close(&one);
        file_map_close(&other);
    }
    char path[400];
    snprintf(path, sizeof path, "%s.preparing", b);
    assert_false(file_exists(path));
}

static void check_stops(bert_prepare_params params, const char *name)
{
    char whole[300], pieces[300];
    snprintf(whole, sizeof whole, "%s/whole-%s", directory, name);
    snprintf(pieces, sizeof pieces, "%s/pieces-%s", directory, name);
    params.output = whole;
    bert_prepare_result expected, result;
    assert_ok(run(&params, 0, &expected, error));
    params.output = pieces;
    /* Skipping finished documents queries the observer once for each of them; then exactly one
     * batch is written, in the third step. */
    unsigned long long done = 0;
    int stops = 0;
    for (;; stops++) {
        bert_error error;
        params.threads = 1 + stops % 2;
        if (done > 0) { /* stopped while skipping: nothing has changed */
            assert_int_equal(run(&params, (int)done / 2, &result, &error), BERT_ERROR_IO);
            assert_non_null(strstr(error.message, "the same command resumes"));
        }
        bert_status status = run(&params, (int)done + 3, &result, &error);
        if (status == BERT_OK)
            break;
        const char *after = strstr(error.message, "stopped after ");
        unsigned long long before = done;
        assert_int_equal(status, BERT_ERROR_IO);
        assert_non_null(after);
        assert_int_equal(sscanf(after, "stopped after %llu documents", &done), 1);
        assert_true(done > before);
    }
    assert_true(stops > 2);
    assert_memory_equal(&result, &expected, sizeof result);
    assert_same_outputs(whole, pieces);
}

static void test_stopped_again_and_again(void **state)
{
    (void)state;
    bert_prepare_params params = params_for(NULL);
    check_stops(params, "some");
    params.layout = BERT_LAYOUT_DOCUMENTS;
    check_stops(params, "documents");
    params.layout = BERT_LAYOUT_SENTENCES;
    params.validation_fraction = 0;
    check_stops(params, "none");
    params.validation_fraction = 1e-12; /* no document by its hash: two are held back to the end */
    check_stops(params, "held");
}

/* Deduplication after resuming knows the documents before the interruption. */
static void test_cleaned_and_mixed(void **state)
{
    (void)state;
    const char *inputs[] = {twice, again};
    bert_prepare_params params = params_for(NULL);
    params.inputs = inputs;
    params.input_count = 2;
    params.reader_options.cleaning.min_words = 14; /* more than one sentence */
    params.reader_options.cleaning.drop_duplicates = true;
    params.reader_options.cleaning.max_repeats = 2;
    check_stops(params, "cleaned");
}

static void test_other_inputs_or_settings(void **state)
{
    (void)state;
    char prefix[300], folder[320], whole[300];
    snprintf(prefix, sizeof prefix, "%s/changed", directory);
    snprintf(folder, sizeof folder, "%s.preparing", prefix);
    snprintf(whole, sizeof whole, "%s/whole-other", directory);
    bert_prepare_params params = params_for(prefix);
    assert_fails(run(&params, 4, NULL, error), BERT_ERROR_IO, "the same command resumes");
    params.seed++;
    assert_fails(
        run(&params, 0, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
        "contains an interrupted preparation with other settings (tokenizer, text, borders");
    params.seed--;
    params.layout = BERT_LAYOUT_DOCUMENTS;
    assert_fails(run(&params, 0, NULL, error), BERT_ERROR_INVALID_ARGUMENT, "other settings");
    params.layout = BERT_LAYOUT_SENTENCES;
    bert_cleaning_options *cleaning = &params.reader_options.cleaning;
    cleaning->min_words = 2;
    assert_fails(run(&params, 0, NULL, error), BERT_ERROR_INVALID_ARGUMENT, "other settings");
    cleaning->min_words = 0;
    cleaning->drop_duplicates = true;
    assert_fails(run(&params, 0, NULL, error), BERT_ERROR_INVALID_ARGUMENT, "other settings");
    cleaning->drop_duplicates = false;
    params.reader_options.format = BERT_FORMAT_TEXT;
    assert_fails(run(&params, 0, NULL, error), BERT_ERROR_INVALID_ARGUMENT, "other settings");
    params.reader_options.format = BERT_FORMAT_UNSET;
    const char *const *plain = params.inputs;
    params.inputs = (const char *const[]){again};
    assert_fails(run(&params, 0, NULL, error), BERT_ERROR_INVALID_ARGUMENT, "other settings");
    params.inputs = plain;
    write_documents(1);
    assert_fails(run(&params, 0, NULL, error), BERT_ERROR_INPUT,
                 "the inputs differ from those of the interrupted preparation");
    assert_ok(file_write(input, "A1 b.\n\nA2 b.\n", 13, error));
    assert_fails(run(&params, 0, NULL, error), BERT_ERROR_INPUT, "the inputs differ");
    assert_true(path_is_directory(folder)); /* an error leaves the work intact */
    write_documents(1);
    params.overwrite = true;
    assert_ok(run(&params, 0, NULL, error));
    params.overwrite = false;
    params.output = whole;
    assert_ok(run(&params, 0, NULL, error));
    assert_same_outputs(whole, prefix);
    write_documents(0);
}

static void test_damaged_journal(void **state)
{
    (void)state;
    char prefix[300], path[400];
    snprintf(prefix, sizeof prefix, "%s/damaged", directory);
    bert_prepare_params params = params_for(prefix);
    assert_fails(run(&params, 4, NULL, error), BERT_ERROR_IO, "the same command resumes");
    snprintf(path, sizeof path, "%s.preparing/train.bin", prefix);
    assert_int_equal(truncate(path, 10), 0);
    assert_fails(run(&params, 0, NULL, error), BERT_ERROR_INPUT, "has 10 bytes, expected at least");
    snprintf(path, sizeof path, "%s.preparing/journal.json", prefix);
    assert_ok(file_write(path, "{\"finished\": 3}", 15, error));
    assert_fails(run(&params, 0, NULL, error), BERT_ERROR_INPUT, "journal.json");
    params.overwrite = true;
    assert_ok(run(&params, 0, NULL, error));
}

/* Outputs are replaced at the end, and interrupted renaming resumes. */
static void test_overwrite_and_unfinished_moves(void **state)
{
    (void)state;
    char prefix[300], whole[300], path[400];
    snprintf(prefix, sizeof prefix, "%s/replaced", directory);
    snprintf(whole, sizeof whole, "%s/whole-again", directory);
    bert_prepare_params params = params_for(whole);
    bert_prepare_result expected, result;
    assert_ok(run(&params, 0, &expected, error));
    assert_int_equal(expected.corpus.sources[0].taken, DOCUMENTS);
    params.output = prefix;
    params.seed++;
    params.layout = BERT_LAYOUT_DOCUMENTS; /* whose .sentences files must be removed */
    assert_ok(run(&params, 0, NULL, error));
    params.seed--;
    params.layout = BERT_LAYOUT_SENTENCES;
    assert_fails(run(&params, 0, NULL, error), BERT_ERROR_INVALID_ARGUMENT, "exists already");
    params.overwrite = true;
    snprintf(path, sizeof path, "%s.idx", prefix);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0777), 0); /* blocks the last rename */
    assert_fails(run(&params, 0, NULL, error), BERT_ERROR_IO, "cannot rename");
    assert_int_equal(rmdir(path), 0);
    params.overwrite = false;
    assert_ok(run(&params, 0, &result, error));
    assert_memory_equal(&result, &expected, sizeof result);
    assert_same_outputs(whole, prefix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stopped_again_and_again),
        cmocka_unit_test(test_cleaned_and_mixed),
        cmocka_unit_test(test_other_inputs_or_settings),
        cmocka_unit_test(test_damaged_journal),
        cmocka_unit_test(test_overwrite_and_unfinished_moves),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
