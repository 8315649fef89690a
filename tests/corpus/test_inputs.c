/* Sets of files: folders, empty files among full ones, and what cannot be read. */
#include "scratch.h"

#include "bert.h"
#include "corpus/corpus.h"
#include "packed.h"

#include <unistd.h>

static text found;
static char said[1024]; /* messages, "i: " or "w: " in front of each */

static int set_up(void **state)
{
    said[0] = '\0';
    return scratch_make(state);
}

static int tear_down(void **state)
{
    text_free(&found);
    return scratch_remove(state);
}

static void keep_message(void *context, bert_message_level level, const char *message)
{
    (void)context;
    snprintf(said + strlen(said), sizeof said - strlen(said), "%c: %s\n",
             level == BERT_MESSAGE_WARNING ? 'w' : 'i', message);
}

static bert_status keep_document(void *context, const char *data, size_t length, bert_error *error)
{
    (void)context;
    return text_format(&found, error, "%.*s|", (int)length, data);
}

static bert_status read_inputs(const char *const *inputs, size_t count, const char *field,
                               bert_error *error)
{
    bert_reader_options options = bert_reader_options_default();
    options.text_field = field;
    const bert_observer observer = {.message = keep_message};
    text_clear(&found);
    said[0] = '\0';
    return bert_read_documents(inputs, count, &options, keep_document, NULL, NULL, &observer,
                               error);
}

static bert_status read_folder(const char *name, bert_error *error)
{
    const char *path = scratch_path(name);
    return read_inputs(&path, 1, NULL, error);
}

static void assert_folder(const char *name, const char *documents)
{
    assert_ok(read_folder(name, error));
    assert_string_equal(found.data, documents);
}

static void assert_said(const char *part)
{
    if (!strstr(said, part))
        fail_msg("said \"%s\", expected \"%s\"", said, part);
}

static void make_folder(const char *name)
{
    assert_ok(directory_create(scratch_path(name), error));
}

static void test_empty_shards(void **state)
{
    (void)state;
    make_folder("a");
    scratch_write("a/part-0.jsonl", "{\"text\": \"One.\"}\n");
    scratch_write("a/part-1.jsonl", "");
    scratch_write("a/part-2.jsonl", "{\"text\": \"Two.\"}\n");
    scratch_write("a/part-3.csv", "");
    scratch_write("a/_SUCCESS", ""); /* of Hadoop and Spark: a mark, no text */
    assert_folder("a", "One.|Two.|");
    assert_said("i: 2 files have no text, the first ");
    assert_said("/a/part-1.jsonl\n");
    assert_null(strstr(said, "w: "));

    /* Named one by one, with a column. */
    char first[512], second[512];
    snprintf(first, sizeof first, "%s", scratch_path("a/part-1.jsonl"));
    snprintf(second, sizeof second, "%s", scratch_path("a/part-2.jsonl"));
    const char *inputs[] = {first, second};
    assert_ok(read_inputs(inputs, 2, "text", error));
    assert_string_equal(found.data, "Two.|");
    assert_said("i: 1 file has no text, the first ");
}

/* What has only a header or blank lines has no text either. */
static void test_shards_without_rows(void **state)
{
    (void)state;
    make_folder("a");
    scratch_write("a/1.csv", "text,id\n");
    scratch_write("a/2.csv", "text,id\nOne.,1\n");
    scratch_write("a/3.csv", "text,id");
    scratch_write("a/4.tsv", "text\tid\r\n\r\n");
    scratch_write("a/5.jsonl", "\n\n");
    scratch_write("a/6.jsonl", "{\"text\": \"Two.\"}\n");
    scratch_write("a/7.txt", " \n\t\n");
    assert_folder("a", "One.|Two.|");
    assert_said("i: 5 files have no text, the first ");
    assert_said("/a/1.csv\n");
}

static void test_empty_files_of_archives(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++) {
        text packed = {0}, nothing = {0};
        pack(&nothing, "gzip", "a", "", 0);
        struct archive *archive = pack_start(packing_named(round ? "tar" : "zip"), NULL, &packed);
        pack_member(archive, "empty.txt", "", 0);
        pack_member(archive, "a.txt", "One.\n", 5);
        pack_member(archive, "b.txt.gz", nothing.data, nothing.length);
        pack_member(archive, "c.csv", "text,id\n", 8);
        pack_member(archive, "d.txt", "Two.\n", 5);
        pack_end(archive);
        const char *path = scratch_write_bytes("a", packed.data, packed.length);
        text_free(&packed);
        text_free(&nothing);
        assert_ok(read_inputs(&path, 1, NULL, error));
        assert_string_equal(found.data, "One.|Two.|");
        assert_said("i: 3 files have no text, the first ");
        assert_said("/a/empty.txt\n");
    }
}

/* A file of 0 bytes whose format has at least a header was cut off. */
static void test_cut_files(void **state)
{
    (void)state;
    static const char *const names[] = {"x.parquet", "x.arrow", "x.jsonl.gz", "x.txt.ZST", "x.zip"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char folder[16], path[64];
        snprintf(folder, sizeof folder, "%zu", i);
        make_folder(folder);
        snprintf(path, sizeof path, "%s/a.txt", folder);
        scratch_write(path, "One.\n");
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        scratch_write(path, "");
        assert_folder(folder, "One.|");
        assert_said("w: 1 file has 0 bytes, which cannot be right for its name, the first ");
        assert_said(names[i]);
        assert_null(strstr(said, "i: "));
    }
    /* That which decompresses to nothing is what it should be. */
    make_folder("whole");
    text nothing = {0};
    pack(&nothing, "xz", "a", "", 0);
    scratch_write_bytes("whole/a.txt.xz", nothing.data, nothing.length);
    text_free(&nothing);
    scratch_write("whole/b.txt", "One.\n");
    assert_folder("whole", "One.|");
    assert_said("i: 1 file has no text");
    assert_null(strstr(said, "w: "));
}

static void test_all_are_empty(void **state)
{
    (void)state;
    make_folder("a");
    scratch_write("a/1.txt", "");
    assert_fails(read_folder("a", error), BERT_ERROR_INPUT, "/a/1.txt: is empty, expected text");
    scratch_write("a/2.txt", "");
    assert_fails(read_folder("a", error), BERT_ERROR_INPUT,
                 "/a/1.txt: is empty, expected text (and the other inputs)");
    scratch_write("a/2.csv", "text,id\n");
    assert_fails(read_folder("a", error), BERT_ERROR_INPUT,
                 "/a/1.txt: contains no documents, only blank lines or a header (and the other "
                 "inputs)");
}

static void test_folders_without_files(void **state)
{
    (void)state;
    make_folder("a");
    assert_fails(read_folder("a", error), BERT_ERROR_INPUT, "/a: contains no files to read");
    make_folder("a/below");
    scratch_write("a/.hidden", "text\n");
    scratch_write("a/below/_SUCCESS", "");
    assert_fails(read_folder("a", error), BERT_ERROR_INPUT, "/a: contains no files to read");
    const char *missing = scratch_path("b*.txt");
    assert_fails(read_inputs(&missing, 1, NULL, error), BERT_ERROR_IO,
                 "/b*.txt: no file matches this pattern");
}

/* Found before the first document is read. */
static void test_unreadable_files(void **state)
{
    (void)state;
    make_folder("a");
    scratch_write("a/1.txt", "One.\n");
    char link[512];
    snprintf(link, sizeof link, "%s", scratch_path("a/2.txt"));
    assert_int_equal(symlink("nowhere", link), 0);
    assert_fails(read_folder("a", error), BERT_ERROR_IO,
                 "/a/2.txt: cannot open: No such file or directory");
    assert_int_equal(found.length, 0);
    assert_int_equal(unlink(link), 0);
    scratch_write("a/2.txt", "Two.\n");
    assert_int_equal(chmod(link, 0), 0);
    if (geteuid() != 0) { /* root may read everything */
        assert_fails(read_folder("a", error), BERT_ERROR_IO,
                     "/a/2.txt: cannot open: Permission denied");
        assert_int_equal(found.length, 0);
    }
}

/* A DatasetDict: its test split is easily trained on by mistake. */
static void test_all_splits(void **state)
{
    (void)state;
    make_folder("set");
    make_folder("set/train");
    scratch_write("set/dataset_dict.json", "{\"splits\": [\"train\", \"test\"]}");
    scratch_write("set/train/a.txt", "One.\n");
    assert_folder("set", "One.|");
    assert_string_equal(said, "");
    make_folder("set/test");
    scratch_write("set/test/a.txt", "Two.\n");
    assert_folder("set", "Two.|One.|");
    assert_said("w: ");
    assert_said("/set: is a data set of several splits, all of which are read; name the folder");
    assert_folder("set/train", "One.|");
    assert_string_equal(said, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_empty_shards, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shards_without_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_empty_files_of_archives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cut_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_all_are_empty, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_folders_without_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unreadable_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_all_splits, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
