#include "scratch.h"

#include "base/file.h"
#include "base/random.h"
#include "bert.h"
#include "kept.h"
#include "packed.h"

static char path[300];

static int set_up(void **state)
{
    scratch_make(state);
    snprintf(path, sizeof path, "%s/input", scratch_directory);
    return 0;
}

static text packed;

static struct archive *pack_open(const packing_kind *packing)
{
    text_clear(&packed);
    return pack_start(packing, NULL, &packed);
}

static void pack_close(struct archive *archive)
{
    pack_end(archive);
    assert_ok(file_write(path, packed.data, packed.length, error));
}

static bert_status read_input(text *documents, bert_error *error)
{
    const char *inputs[] = {path};
    text_clear(documents);
    return bert_read_documents(inputs, 1, NULL, kept_append, documents, NULL, NULL, error);
}

/* Documents that do not compress too well. */
static text make_content(int documents)
{
    text content = {0};
    random_stream stream = random_stream_start(3, RANDOM_TEST, 0, 0);
    for (int i = 0; i < documents; i++)
        assert_ok(text_format(&content, error, "%08x %08x\n\n", random_next(&stream),
                              random_next(&stream)));
    return content;
}

static void test_compressed_equals_plain(void **state)
{
    (void)state;
    text content = make_content(40000); /* several times every buffer */
    text expected = {0}, found = {0};
    assert_ok(file_write(path, content.data, content.length, error));
    assert_ok(read_input(&expected, error));
    for (int i = 0; i < PACKINGS_ALL; i++) {
        struct archive *archive = pack_open(&packings[i]);
        pack_member(archive, "content.txt", content.data, content.length);
        pack_close(archive);
        assert_ok(read_input(&found, error));
        assert_int_equal(found.length, expected.length);
        assert_memory_equal(found.data, expected.data, found.length);
    }
    text_free(&content);
    text_free(&expected);
    text_free(&found);
}

static void test_archives(void **state)
{
    (void)state;
    text found = {0};
    for (int i = PACKINGS_SINGLE; i < PACKINGS_ALL; i++) {
        struct archive *archive = pack_open(&packings[i]);
        pack_member(archive, "a.txt", "one\n\ntwo", 8);
        pack_member(archive, "empty.txt", "", 0);
        pack_member(archive, "./.hidden", "no", 2); /* skipped, as in folders */
        pack_member(archive, "__MACOSX/._a.txt", "\0\0", 2);
        pack_member(archive, "b/state.json", "{}", 2);
        pack_member(archive, "b/c.txt", " = Title = \n \n three \n four \n", 29);
        pack_member(archive, "./d.txt", "five", 4);
        pack_close(archive);
        assert_ok(read_input(&found, error));
        assert_string_equal(found.data, "one|two|three\nfour|five|");

        archive = pack_open(&packings[i]);
        pack_member(archive, "a.txt", "one", 3);
        pack_member(archive, "b/c.png", "\x89PNG\0", 5);
        pack_close(archive);
        assert_fails(read_input(&found, error), BERT_ERROR_INPUT,
                     "input/b/c.png: is a binary file");

        archive = pack_open(&packings[i]);
        pack_member(archive, "empty.txt", "", 0);
        pack_close(archive);
        assert_fails(read_input(&found, error), BERT_ERROR_INPUT, "is empty, expected text");
    }
    text_free(&found);
}

/* Two concatenated compressed files are read as one, as by zcat. */
static void test_concatenated_files(void **state)
{
    (void)state;
    text once = {0}, found = {0};
    for (int i = 0; i < PACKINGS_ALL; i++) {
        if (!packings[i].concatenates)
            continue;
        struct archive *archive = pack_open(&packings[i]);
        pack_member(archive, "a", "one ", 4);
        pack_close(archive);
        text_clear(&once);
        assert_ok(file_read(&once, path, SIZE_MAX, error));
        size_t length = once.length;
        char *copy = memcpy(malloc(length), once.data, length);
        assert_ok(text_append(&once, copy, length, error));
        free(copy);
        assert_ok(file_write(path, once.data, once.length, error));
        bert_error error;
        if (read_input(&found, &error) != BERT_OK ||
            strcmp(found.data, i < PACKINGS_SINGLE ? "one one|" : "one|one|") != 0)
            fail_msg("%s: %s, %s", packings[i].name, found.data, error.message);
    }
    text_free(&once);
    text_free(&found);
}

static void overwrite(const char *data, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

/* A truncated file is an error, unless only bytes after the text are lost. Likewise a changed byte:
 * wrong text is never accepted. */
static void test_damage(void **state)
{
    (void)state;
    text content = make_content(60), compressed = {0}, expected = {0}, found = {0};
    overwrite(content.data, content.length);
    assert_ok(read_input(&expected, error));
    random_stream stream = random_stream_start(4, RANDOM_TEST, 0, 0);
    for (int i = 0; i < PACKINGS_ALL; i++) {
        if (strcmp(packings[i].name, "compress") == 0)
            continue; /* neither its end is marked nor is anything checked */
        struct archive *archive = pack_open(&packings[i]);
        pack_member(archive, "content.txt", content.data, content.length);
        pack_close(archive);
        text_clear(&compressed);
        assert_ok(file_read(&compressed, path, SIZE_MAX, error));
        int errors = 0, same = 0;
        for (size_t cut = 16; cut < compressed.length; cut += 3) {
            overwrite(compressed.data, cut);
            bert_error error;
            if (read_input(&found, &error) == BERT_OK) {
                same++;
                assert_string_equal(found.data, expected.data);
            } else {
                errors++;
                assert_non_null(strstr(error.message, "input"));
            }
        }
        assert_true(errors > 150 && same < 80);
        if (!packings[i].is_checked)
            continue;
        for (int round = 0; round < 200; round++) {
            size_t position = 16 + random_below(&stream, compressed.length - 16);
            char kept = compressed.data[position];
            compressed.data[position] = (char)(kept ^ (1 << random_below(&stream, 8)));
            overwrite(compressed.data, compressed.length);
            bert_error error;
            if (read_input(&found, &error) == BERT_OK && strcmp(found.data, expected.data) != 0)
                fail_msg("%s: a change at byte %zu of %zu was not detected", packings[i].name,
                         position, compressed.length);
            compressed.data[position] = kept;
        }
    }
    text_free(&content);
    text_free(&compressed);
    text_free(&expected);
    text_free(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_compressed_equals_plain, set_up, scratch_remove),
        cmocka_unit_test_setup_teardown(test_archives, set_up, scratch_remove),
        cmocka_unit_test_setup_teardown(test_concatenated_files, set_up, scratch_remove),
        cmocka_unit_test_setup_teardown(test_damage, set_up, scratch_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
