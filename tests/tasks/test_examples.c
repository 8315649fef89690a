/* Labelled examples out of files: GLUE's folders, written here with the habits of the real ones,
 * and the real ones where they are. */
#include "scratch.h"

#include "base/file.h"
#include "tasks/glue.h"

#include <math.h>

static void fill_classes(class_names *classes, const glue_task *task)
{
    *classes = (class_names){0};
    for (size_t i = 0; task->labels[i]; i++)
        assert_ok(class_names_add(classes, task->labels[i], strlen(task->labels[i]), error));
}

/* "text/pair=class|", or "=score|" */
static void assert_examples(const char *path, const example_columns *columns,
                            const label_rule *rule, const char *expected)
{
    examples examples = {0};
    text found = {0};
    assert_ok(examples_read(&examples, path, columns, rule, error));
    for (size_t i = 0; i < examples.count; i++) {
        bert_input input = examples_input(&examples, i);
        assert_ok(text_append(&found, input.text, input.length, error));
        if (input.pair)
            assert_ok(text_format(&found, error, "/%.*s", (int)input.pair_length, input.pair));
        if (rule->regression)
            assert_ok(text_format(&found, error, "=%g|", examples.items[i].score));
        else
            assert_ok(text_format(&found, error, "=%d|", (int)examples.items[i].class));
    }
    assert_ok(text_format(&found, error, "%d bad, %d unlabelled", (int)examples.bad_rows,
                          (int)examples.unlabelled_rows));
    assert_string_equal(found.data, expected);
    text_free(&found);
    examples_free(&examples);
}

static void assert_task(const char *name, bool test_file, const char *content, const char *expected)
{
    const glue_task *task = glue_task_find(name);
    assert_non_null(task);
    class_names classes;
    fill_classes(&classes, task);
    const label_rule rule = {.regression = !task->labels[0], .classes = &classes};
    assert_examples(scratch_write("made.tsv", content),
                    test_file ? &task->test_columns : &task->columns, &rule, expected);
    class_names_free(&classes);
}

static void test_glue_files(void **state)
{
    (void)state;
    /* No row of names, quotation marks as they are, no line end at the end. */
    assert_task("cola", false, "gj04\t1\t\t\"They\" drank.\ngj04\t0\t*\tThey drank the pub.",
                "\"They\" drank.=1|They drank the pub.=0|0 bad, 0 unlabelled");
    assert_task("cola", true, "index\tsentence\n0\tBill.\n", "Bill.=-1|0 bad, 0 unlabelled");
    assert_task("sst2", false, "sentence\tlabel\na \"b \t1\nc\t0\r\n",
                "a \"b =1|c=0|0 bad, 0 unlabelled");
    assert_task("sst2", true, "index\tsentence\n0\ta\n", "a=-1|0 bad, 0 unlabelled");
    assert_task("mrpc", false,
                "\xEF\xBB\xBFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t7\t8\ta\tb\n",
                "a/b=1|0 bad, 0 unlabelled");
    assert_task("stsb", false,
                "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\t"
                "score\n0\tg\tf\t2012\t1\tx\ty\ta\tb\t3.800\n1\tg\tf\t2012\t2\tx\ty\tc\td\t0",
                "a/b=3.8|c/d=0|0 bad, 0 unlabelled");
    assert_task("qqp", false,
                "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n1\t2\t3\ta\tb\t1\n4\t5\t6\tc\n"
                "d\t0\n7\t8\t9\te\tf\t0\n",
                "a/b=1|e/f=0|2 bad, 0 unlabelled");
    assert_task("mnli", false,
                "index\tpromptID\tsentence1\tsentence2\tlabel1\tgold_label\n0\tp\ta\tb\tneutral\t"
                "contradiction\n1\tp\tc\td\tneutral\t-\n2\tp\te\tf\tneutral\tentailment\n",
                "a/b=2|e/f=0|0 bad, 1 unlabelled");
    assert_task("qnli", false, "index\tquestion\tsentence\tlabel\n0\ta\tb\tnot_entailment\n",
                "a/b=1|0 bad, 0 unlabelled");
    assert_task("rte", false, "index\tsentence1\tsentence2\tlabel\n0\ta\tb\tentailment\n",
                "a/b=0|0 bad, 0 unlabelled");
    assert_task("wnli", true, "index\tsentence1\tsentence2\n0\ta\tb\n",
                "a/b=-1|0 bad, 0 unlabelled");
    assert_non_null(glue_task_find("mnli-mm"));
    assert_null(glue_task_find("MNLI"));
}

static void assert_refused(const char *name, const char *content, bert_status status,
                           const char *part)
{
    const glue_task *task = glue_task_find(name);
    class_names classes;
    examples examples = {0};
    fill_classes(&classes, task);
    const label_rule rule = {.regression = !task->labels[0], .classes = &classes};
    assert_fails(
        examples_read(&examples, scratch_write("made.tsv", content), &task->columns, &rule, error),
        status, part);
    examples_free(&examples);
    class_names_free(&classes);
}

static void test_files_that_are_wrong(void **state)
{
    (void)state;
    assert_refused("sst2", "sentence\tlabel\na\t1\nb\t2\n", BERT_ERROR_INPUT,
                   "made.tsv:3: the label is \"2\", expected one of: 0, 1");
    assert_refused("sst2", "sentence\tlabel\na\t\n", BERT_ERROR_INPUT,
                   "made.tsv:2: the label is \"\", expected the name of a class");
    assert_refused("sst2", "text\tlabel\na\t1\n", BERT_ERROR_INPUT,
                   "made.tsv:1: has no column \"sentence\"; the columns are: text, label. Is this "
                   "the GLUE task's own file?");
    assert_refused("sst2", "sentence\tlabel\n", BERT_ERROR_INPUT, "holds no examples");
    assert_refused("wnli", "index\tsentence1\tsentence2\tlabel\n0\ta\t1\n", BERT_ERROR_INPUT,
                   "made.tsv:2: has 3 columns, but the first row has 4");
    assert_refused("stsb", "sentence1\tsentence2\tscore\na\tb\thigh\n", BERT_ERROR_INPUT,
                   "made.tsv:2: the label is \"high\", expected a number");
    assert_refused("stsb", "sentence1\tsentence2\tscore\na\tb\tnan\n", BERT_ERROR_INPUT,
                   "the label is \"nan\"");
    assert_refused("stsb", "sentence1\tsentence2\tscore\na\tb\t3,5\n", BERT_ERROR_INPUT,
                   "the label is \"3,5\"");
}

static void test_classes_are_learned_and_sorted(void **state)
{
    (void)state;
    class_names classes = {0};
    examples examples = {0};
    const example_columns columns = {.text = "t", .label = "l", .hint = ""};
    const label_rule rule = {.classes = &classes, .learns_classes = true};
    const char *path = scratch_write("a.csv", "t,l\na,pos\nb,neg\nc,\"neu, tral\"\nd,pos\n");
    assert_ok(examples_read(&examples, path, &columns, &rule, error));
    class_names_sort(&classes);
    assert_int_equal(classes.count, 3);
    assert_string_equal(classes.names[0], "neg");
    assert_string_equal(classes.names[1], "neu, tral");
    assert_string_equal(classes.names[2], "pos");
    class_names_free(&classes);
    examples_free(&examples);

    path = scratch_write("a.jsonl", "{\"t\": \"a\", \"l\": 10}\n{\"t\": \"b\", \"l\": -1}\n"
                                    "{\"t\": \"c\", \"l\": 9}\n");
    assert_ok(examples_read(&examples, path, &columns, &rule, error));
    class_names_sort(&classes);
    assert_string_equal(classes.names[0], "-1");
    assert_string_equal(classes.names[1], "9");
    assert_string_equal(classes.names[2], "10");
    class_names_free(&classes);
    examples_free(&examples);
}

static void test_folders(void **state)
{
    (void)state;
    const glue_task *cola = glue_task_find("cola");
    char *folder, expected[512];
    assert_fails(glue_folder(&folder, cola, scratch_directory, error), BERT_ERROR_IO,
                 "holds neither a folder CoLA nor a file train.tsv");
    scratch_write("train.tsv", "");
    assert_ok(glue_folder(&folder, cola, scratch_directory, error));
    assert_string_equal(folder, scratch_directory);
    free(folder);
    snprintf(expected, sizeof expected, "%s/CoLA", scratch_directory);
    assert_ok(directory_create(expected, error));
    assert_ok(glue_folder(&folder, cola, scratch_directory, error));
    assert_string_equal(folder, expected);
    free(folder);
}

/* What the real files hold, as counted by wc and cut. */
static void test_real_files(void **state)
{
    (void)state;
    static const struct {
        const char *task, *file;
        size_t count;
        int first_class;
        double first_score;
    } files[] = {
        {"cola", "CoLA/train.tsv", 8551, 1, NAN},   {"cola", "CoLA/dev.tsv", 1043, 1, NAN},
        {"cola", "CoLA/test.tsv", 1063, -1, NAN},   {"sst2", "SST-2/train.tsv", 67349, 0, NAN},
        {"sst2", "SST-2/dev.tsv", 872, 1, NAN},     {"sst2", "SST-2/test.tsv", 1821, -1, NAN},
        {"stsb", "STS-B/train.tsv", 5749, -1, 5.0}, {"stsb", "STS-B/dev.tsv", 1500, -1, 5.0},
        {"wnli", "WNLI/train.tsv", 635, 1, NAN},    {"wnli", "WNLI/dev.tsv", 71, 0, NAN},
        {"wnli", "WNLI/test.tsv", 146, -1, NAN},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[256];
        snprintf(path, sizeof path, "../shared/data/glue/%s", files[i].file);
        if (!file_exists(path)) {
            print_message("skipped: no shared data\n");
            skip();
        }
        const glue_task *task = glue_task_find(files[i].task);
        class_names classes;
        examples examples = {0};
        fill_classes(&classes, task);
        const label_rule rule = {.regression = !task->labels[0], .classes = &classes};
        bool is_test = strstr(path, "test.tsv") != NULL;
        assert_ok(examples_read(&examples, path, is_test ? &task->test_columns : &task->columns,
                                &rule, error));
        assert_int_equal(examples.count, files[i].count);
        assert_int_equal(examples.items[0].class, files[i].first_class);
        if (!isnan(files[i].first_score))
            assert_true(examples.items[0].score == files[i].first_score);
        examples_free(&examples);
        class_names_free(&classes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_glue_files, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(test_files_that_are_wrong, scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(test_classes_are_learned_and_sorted, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(test_folders, scratch_make, scratch_remove),
        cmocka_unit_test(test_real_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
