#include "made_data.h"

#include "formats/json.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char directory[256], input[300], vocabulary[300], prefix[300];

/* Every preparation with a validation split writes the first five. */
static const char *const endings[] = {
    ".bin",  ".idx",       ".validation.bin", ".validation.idx",
    ".json", ".tokenizer", ".sentences",      ".validation.sentences"};
enum { ENDINGS = sizeof endings / sizeof *endings };

static int set_up(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "%s", testing_directory());
    snprintf(input, sizeof input, "%s/input", directory);
    snprintf(vocabulary, sizeof vocabulary, "%s/vocab.txt", directory);
    snprintf(prefix, sizeof prefix, "%s/out/data", directory);
    static const char words[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n.\na\nb\nc\nd\n##0\n##1\n##2\n"
                                "##3\n##4\n##5\n##6\n##7\n##8\n##9\n";
    assert_ok(file_write(vocabulary, words, sizeof words - 1, error));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_ok(directory_remove(directory, error));
    return 0;
}

typedef struct observed {
    int infos, warnings;
    char message[2048];
    uint64_t done, total;
} observed;

static void keep_message(void *context, bert_message_level level, const char *message)
{
    observed *observed = context;
    ++*(level == BERT_MESSAGE_WARNING ? &observed->warnings : &observed->infos);
    snprintf(observed->message, sizeof observed->message, "%s", message);
}

static void keep_progress(void *context, const bert_progress *progress)
{
    observed *observed = context;
    assert_string_equal(progress->job, "prepare");
    assert_true(progress->done >= observed->done);
    observed->done = progress->done;
    observed->total = progress->total;
}

static observed last_observed;

/* `cleaning` may be NULL. */
static bert_status prepare_mixed(const char *const inputs[2], const bert_cleaning_options *cleaning,
                                 const char *output, double fraction, int threads,
                                 bert_prepare_result *result, bert_error *error)
{
    bert_prepare_params params = bert_prepare_params_default();
    params.inputs = inputs;
    params.input_count = inputs[1] ? 2 : 1;
    if (cleaning)
        params.reader_options.cleaning = *cleaning;
    params.tokenizer = vocabulary;
    params.output = output;
    params.validation_fraction = fraction;
    params.threads = threads;
    last_observed = (observed){0};
    bert_observer observer = {
        .context = &last_observed, .message = keep_message, .progress = keep_progress};
    return bert_prepare(&params, result, &observer, error);
}

static bert_status prepare(const char *output, double fraction, int threads,
                           bert_prepare_result *result, bert_error *error)
{
    return prepare_mixed((const char *const[]){input, NULL}, NULL, output, fraction, threads,
                         result, error);
}

/* Documents of one to nine sentences; the words contain the numbers of document and sentence. */
static void write_documents_to(const char *path, int first, int count)
{
    FILE *file = fopen(path, "wb");
    for (int document = first; document < first + count; document++) {
        for (int sentence = 0; sentence <= document % 9; sentence++)
            fprintf(file, "A%d b%d c. ", document, sentence);
        fprintf(file, "\n\n");
    }
    assert_int_equal(fclose(file), 0);
}

static void write_documents(int count)
{
    write_documents_to(input, 0, count);
}

static void assert_no_outputs(const char *of)
{
    char path[400];
    for (int i = 0; i < ENDINGS; i++) {
        snprintf(path, sizeof path, "%s%s", of, endings[i]);
        assert_false(file_exists(path));
        snprintf(path, sizeof path, "%s%s.partial", of, endings[i]);
        assert_false(file_exists(path));
    }
    snprintf(path, sizeof path, "%s.preparing", of);
    assert_false(file_exists(path));
}

/* Appends a document of a prepared file as one line of ids, for comparison. */
static void append_document(text *out, const dataset *data, uint64_t document)
{
    for (uint64_t i = dataset_document_start(data, document);
         i < dataset_document_start(data, document + 1); i++) {
        int length = (int)dataset_sentence_length(data, i);
        int32_t ids[100];
        assert_in_range(length, 1, 100);
        dataset_sentence(data, i, ids);
        for (int j = 0; j < length; j++)
            assert_ok(text_format(out, error, "%d ", ids[j]));
        assert_ok(text_format(out, error, "/ "));
    }
    assert_ok(text_format(out, error, "\n"));
}

static text documents_of(const char *of)
{
    dataset data;
    text out = {0};
    assert_ok(dataset_open(&data, of, error));
    assert_ok(dataset_check(&data, error));
    for (uint64_t i = 0; i < data.document_count; i++)
        append_document(&out, &data, i);
    dataset_close(&data);
    return out;
}

static void test_text_becomes_ids(void **state)
{
    (void)state;
    static const char content[] = "A1 b.\nC?  d2\n\nz. \n\n \xFF a.\n";
    assert_ok(file_write(input, content, sizeof content - 1, error));
    bert_prepare_result result;
    assert_ok(prepare(prefix, 0, 0, &result, error));
    assert_int_equal(result.train.documents, 3);
    assert_int_equal(result.train.sentences, 5);
    assert_int_equal(result.train.tokens, 12);
    assert_int_equal(result.validation.documents, 0);
    assert_int_equal(result.bytes, sizeof content - 1);
    assert_int_equal(result.invalid_bytes, 1);
    assert_int_equal(result.unknown_tokens, 2); /* "?" and "z"; cleaning removes U+FFFD */
    text ids = documents_of(prefix);
    assert_string_equal(ids.data, "6 11 7 5 / 8 1 / 9 12 / \n1 5 / \n6 5 / \n");
    text_free(&ids);
}

static void test_description_and_tokenizer(void **state)
{
    (void)state;
    write_documents(1000);
    bert_prepare_result result;
    assert_ok(prepare(prefix, 0.1, 0, &result, error));
    assert_int_equal(result.train.documents + result.validation.documents, 1000);
    assert_in_range(result.validation.documents, 60, 150);
    assert_int_equal(last_observed.done, last_observed.total);
    assert_int_equal(last_observed.infos + last_observed.warnings, 0);

    char path[400];
    snprintf(path, sizeof path, "%s.json", prefix);
    json_t *value;
    assert_ok(json_read(&value, path, error));
    int64_t number;
    assert_ok(json_get_integer(json_object_get(value, "train"), path, "documents", true, 0, 1000,
                               &number, error));
    assert_int_equal(number, result.train.documents);
    assert_ok(json_get_integer(json_object_get(value, "vocabulary"), path, "size", true, 0, 1000,
                               &number, error));
    assert_int_equal(number, 20);
    double fraction;
    assert_ok(json_get_number(value, path, "validation_fraction", true, 0, 1, &fraction, error));
    assert_true(fraction == 0.1);
    json_decref(value);

    char *tokenizer_directory;
    bert_tokenizer *tokenizer;
    assert_ok(dataset_tokenizer_directory(&tokenizer_directory, prefix, error));
    assert_ok(bert_tokenizer_load(&tokenizer, tokenizer_directory, NULL, error));
    assert_int_equal(bert_tokenizer_vocab_size(tokenizer), 20);
    bert_tokenizer_free(tokenizer);
    free(tokenizer_directory);
}

static void assert_same_file(const char *a, const char *b, const char *ending)
{
    char path[400];
    text contents[2] = {{0}, {0}};
    snprintf(path, sizeof path, "%s%s", a, ending);
    assert_ok(file_read(&contents[0], path, SIZE_MAX, error));
    snprintf(path, sizeof path, "%s%s", b, ending);
    assert_ok(file_read(&contents[1], path, SIZE_MAX, error));
    assert_true(contents[0].length > 0);
    assert_int_equal(contents[0].length, contents[1].length);
    assert_memory_equal(contents[0].data, contents[1].data, contents[0].length);
    text_free(&contents[0]);
    text_free(&contents[1]);
}

static void test_threads_do_not_matter(void **state)
{
    (void)state;
    write_documents(60000); /* about 4 MB: several steps of the pipeline */
    char names[3][320];
    for (int threads = 1; threads <= 3; threads++) {
        snprintf(names[threads - 1], sizeof names[0], "%s%d", prefix, threads);
        assert_ok(prepare(names[threads - 1], 0.01, threads, NULL, error));
    }
    for (int i = 0; i < 5; i++) {
        assert_same_file(names[0], names[1], endings[i]);
        assert_same_file(names[0], names[2], endings[i]);
    }
}

static void test_threads_do_not_matter_to_cleaning(void **state)
{
    (void)state;
    char late[320], inputs[2][340], names[2][320];
    snprintf(late, sizeof late, "%s-late", input);
    write_documents(20000);
    write_documents_to(late, 10000, 20000); /* half of them are duplicates */
    snprintf(inputs[0], sizeof inputs[0], "early=%s:1.3", input);
    snprintf(inputs[1], sizeof inputs[1], "late=%s", late);
    bert_cleaning_options cleaning = bert_reader_options_default().cleaning;
    cleaning.min_words = 4; /* more than one sentence */
    cleaning.drop_duplicates = true;
    cleaning.drop_near_duplicates = 0.9;
    for (int i = 0; i < 2; i++) {
        bert_prepare_result result;
        snprintf(names[i], sizeof names[i], "%s%d", prefix, i);
        assert_ok(prepare_mixed((const char *const[]){inputs[0], inputs[1]}, &cleaning, names[i],
                                0.01, 1 + 2 * i, &result, error));
        assert_in_range(result.corpus.cleaning.dropped[BERT_DROPPED_TOO_SHORT], 4000, 5000);
        assert_in_range(result.corpus.cleaning.dropped[BERT_DROPPED_DUPLICATE], 8000, 10000);
        assert_true(result.corpus.sources[0].taken > result.corpus.sources[0].documents);
    }
    for (int i = 0; i < 5; i++)
        assert_same_file(names[0], names[1], endings[i]);
}

static int compare_lines(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Sorts the lines, to compare the content of two files without its order. */
static void sort_lines(text *lines)
{
    char *sorted[4096], *rest = lines->data;
    int count = 0;
    for (char *line; (line = strsep(&rest, "\n")) && *line;)
        sorted[count++] = line;
    qsort(sorted, (size_t)count, sizeof *sorted, compare_lines);
    text joined = {0};
    for (int i = 0; i < count; i++)
        assert_ok(text_format(&joined, error, "%s\n", sorted[i]));
    text_free(lines);
    *lines = joined;
}

static void test_side_depends_on_the_text_alone(void **state)
{
    (void)state;
    char reversed[320], validation[340];
    write_documents(500);
    assert_ok(prepare(prefix, 0.1, 0, NULL, error));
    FILE *file = fopen(input, "wb"); /* the same documents in reverse order, each twice */
    for (int document = 499; document >= 0; document--)
        for (int times = 0; times < 2; times++) {
            for (int sentence = 0; sentence <= document % 9; sentence++)
                fprintf(file, "A%d b%d c. ", document, sentence);
            fprintf(file, "\n\n");
        }
    fclose(file);
    snprintf(reversed, sizeof reversed, "%s-reversed", prefix);
    assert_ok(prepare(reversed, 0.1, 0, NULL, error));

    snprintf(validation, sizeof validation, "%s.validation", prefix);
    text once = documents_of(validation);
    text doubled = {0};
    assert_ok(text_append(&doubled, once.data, once.length, error));
    assert_ok(text_append(&doubled, once.data, once.length, error));
    snprintf(validation, sizeof validation, "%s.validation", reversed);
    text other = documents_of(validation);
    sort_lines(&doubled);
    sort_lines(&other);
    assert_string_equal(doubled.data, other.data);
    text_free(&once);
    text_free(&doubled);
    text_free(&other);
}

static text validation_of(const char *name, const char *first, const char *second)
{
    char output[320], validation[340];
    snprintf(output, sizeof output, "%s-%s", prefix, name);
    snprintf(validation, sizeof validation, "%s.validation", output);
    assert_ok(
        prepare_mixed((const char *const[]){first, second}, NULL, output, 0.1, 0, NULL, error));
    return documents_of(validation);
}

/* The side of a document depends neither on other sources nor on weights. */
static void test_side_does_not_depend_on_sources(void **state)
{
    (void)state;
    char other[320], weighed[340], named[340];
    snprintf(other, sizeof other, "%s-other", input);
    snprintf(weighed, sizeof weighed, "one=%s:2", input);
    snprintf(named, sizeof named, "other=%s", other);
    write_documents(500);
    write_documents_to(other, 1000, 500);
    text one = validation_of("one", input, NULL), two = validation_of("two", other, NULL);
    text mixed = validation_of("mixed", weighed, named), expected = {0};
    for (int times = 0; times < 2; times++)
        assert_ok(text_append(&expected, one.data, one.length, error));
    assert_ok(text_append(&expected, two.data, two.length, error));
    sort_lines(&expected);
    sort_lines(&mixed);
    assert_string_equal(expected.data, mixed.data);
    text_free(&one);
    text_free(&two);
    text_free(&mixed);
    text_free(&expected);
}

/* At least two documents go to validation, if as many remain for training. */
static void test_small_splits(void **state)
{
    (void)state;
    char name[320], path[340];
    static const int counts[] = {1, 2, 3, 4, 5, 6, 40};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        int documents = counts[i];
        write_documents(documents);
        snprintf(name, sizeof name, "%s%d", prefix, documents);
        bert_prepare_result result;
        assert_ok(prepare(name, 1e-9, 0, &result, error));
        assert_int_equal(result.validation.documents, documents < 4 ? 0 : 2);
        assert_int_equal(result.train.documents, documents - (documents < 4 ? 0 : 2));
        assert_int_equal(last_observed.warnings, 1);
        assert_non_null(strstr(last_observed.message, documents < 4
                                                          ? "too few for a validation split"
                                                          : "too few to tell by the loss"));
        assert_int_equal(last_observed.infos, documents >= 4);
        snprintf(path, sizeof path, "%s.validation.idx", name);
        assert_int_equal(file_exists(path), documents >= 4);
        text all = documents_of(name);
        if (documents >= 4) {
            snprintf(path, sizeof path, "%s.validation", name);
            text more = documents_of(path);
            assert_ok(text_append(&all, more.data, more.length, error));
            text_free(&more);
        }
        char whole[320];
        snprintf(whole, sizeof whole, "%s%d-whole", prefix, documents);
        assert_ok(prepare(whole, 0, 0, NULL, error));
        text expected = documents_of(whole);
        sort_lines(&all);
        sort_lines(&expected);
        assert_string_equal(all.data, expected.data);
        text_free(&all);
        text_free(&expected);
    }
}

static void test_existing_outputs_are_refused(void **state)
{
    (void)state;
    write_documents(4);
    char path[400], parent[300];
    snprintf(parent, sizeof parent, "%s/out", directory);
    assert_ok(directory_create(parent, error));
    for (int i = 0; i < ENDINGS; i++) {
        snprintf(path, sizeof path, "%s%s", prefix, endings[i]);
        assert_ok(file_write(path, "kept", 4, error));
        assert_fails(prepare(prefix, 0.01, 0, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                     "exists already; choose another params->output");
        text content = {0};
        assert_ok(file_read(&content, path, 100, error));
        assert_string_equal(content.data, "kept");
        text_free(&content);
        assert_int_equal(unlink(path), 0);
        assert_no_outputs(prefix);
    }
}

/* A file of another program with that name is not overwritten. */
static void test_foreign_sentences_are_kept(void **state)
{
    (void)state;
    write_documents(4);
    char path[400];
    const char *const inputs[] = {input};
    bert_prepare_params params = bert_prepare_params_default();
    params.inputs = inputs;
    params.input_count = 1;
    params.tokenizer = vocabulary;
    params.output = prefix;
    assert_ok(bert_prepare(&params, NULL, NULL, error));
    snprintf(path, sizeof path, "%s.sentences", prefix);
    assert_ok(file_write(path, "Some sentences.\n", 16, error));
    params.overwrite = true;
    assert_fails(bert_prepare(&params, NULL, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "data.sentences: exists and was not written by bert prepare");
    text content = {0};
    assert_ok(file_read(&content, path, 100, error));
    assert_string_equal(content.data, "Some sentences.\n");
    text_free(&content);
    assert_int_equal(unlink(path), 0);
    params.layout = BERT_LAYOUT_DOCUMENTS;
    assert_ok(bert_prepare(&params, NULL, NULL, error));
    assert_true(file_exists(path));
    params.layout = BERT_LAYOUT_SENTENCES;
    assert_ok(bert_prepare(&params, NULL, NULL, error));
    assert_false(file_exists(path));
    params.layout = (bert_layout)99;
    assert_fails(bert_prepare(&params, NULL, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "params->layout is 99; expected sentences or documents");
}

static void assert_prepare_fails(bert_status status, const char *part)
{
    assert_fails(prepare(prefix, 0.01, 0, NULL, error), status, part);
    assert_no_outputs(prefix);
}

static void test_errors_leave_nothing(void **state)
{
    (void)state;
    assert_prepare_fails(BERT_ERROR_IO, "input: cannot open: No such file");
    assert_ok(file_write(input, "", 0, error));
    assert_prepare_fails(BERT_ERROR_INPUT, "input: is empty");
    assert_ok(file_write(input, "\n\n", 2, error));
    assert_prepare_fails(BERT_ERROR_INPUT, "input: contains no documents");
    assert_ok(file_write(input, "\x01\x02\n\n\x03", 5, error));
    assert_prepare_fails(BERT_ERROR_INPUT, "the tokenizer removes all of the text");
    write_documents(4);
    assert_fails(prepare(prefix, 1, 0, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "validation_fraction is 1");
    assert_fails(prepare("", 0, 0, NULL, error), BERT_ERROR_INVALID_ARGUMENT, "output is empty");
    assert_fails(prepare(prefix, 0, -1, NULL, error), BERT_ERROR_INVALID_ARGUMENT, "threads is -1");
    assert_int_equal(unlink(vocabulary), 0);
    assert_prepare_fails(BERT_ERROR_IO, "vocab.txt");
    bert_prepare_params params = bert_prepare_params_default();
    assert_fails(bert_prepare(&params, NULL, NULL, error), BERT_ERROR_INVALID_ARGUMENT,
                 "tokenizer is missing");
}

/* A limit on the size of files simulates a full disk, in each of the files. */
static void test_full_disk(void **state)
{
    (void)state;
    write_documents(1000);
    struct rlimit limit, before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN); /* an error instead */
    for (rlim_t size = 0; size < 70000; size = size * 3 + 100) {
        limit = before;
        limit.rlim_cur = size;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        bert_error error;
        bert_status status = prepare(prefix, 0.01, 0, NULL, &error);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(status, BERT_ERROR_IO);
        assert_non_null(strstr(error.message, "File too large"));
        assert_no_outputs(prefix);
    }
    assert_ok(prepare(prefix, 0.01, 0, NULL, error));
}

static bool stop(void *context)
{
    (void)context;
    return true;
}

static void test_stop(void **state)
{
    (void)state;
    write_documents(100);
    bert_prepare_params params = bert_prepare_params_default();
    const char *inputs[] = {input};
    params.inputs = inputs;
    params.input_count = 1;
    params.tokenizer = vocabulary;
    params.output = prefix;
    bert_observer observer = {.should_stop = stop};
    assert_fails(bert_prepare(&params, NULL, &observer, error), BERT_ERROR_IO,
                 "stopped before the end; nothing was written");
    assert_no_outputs(prefix);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_text_becomes_ids, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_description_and_tokenizer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_threads_do_not_matter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_threads_do_not_matter_to_cleaning, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_side_depends_on_the_text_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_side_does_not_depend_on_sources, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_small_splits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_existing_outputs_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_foreign_sentences_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_errors_leave_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stop, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
