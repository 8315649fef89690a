#include "testing.h"

#include "base/file.h"

#include <sys/stat.h>

static void test_write_is_atomic(void **state)
{
    (void)state;
    char directory[256], path[300], partial[310];
    snprintf(directory, sizeof directory, "%s", testing_directory());
    snprintf(path, sizeof path, "%s/file", directory);
    snprintf(partial, sizeof partial, "%s.partial", path);

    output_file file;
    assert_ok(output_file_open(&file, path, error));
    assert_ok(output_file_write(&file, "abc", 3, error));
    assert_false(file_exists(path));
    char *large = calloc(1, 3 << 20);
    assert_ok(output_file_write(&file, large, 3 << 20, error));
    free(large);
    assert_ok(output_file_commit(&file, error));
    assert_true(file_exists(path));
    assert_false(file_exists(partial));
    output_file_discard(&file); /* harmless after commit */

    text content = {0};
    assert_ok(file_read(&content, path, SIZE_MAX, error));
    assert_int_equal(content.length, 3 + (3 << 20));
    assert_memory_equal(content.data, "abc", 3);
    text_clear(&content);
    assert_fails(file_read(&content, path, 10, error), BERT_ERROR_INPUT, "more than 10 bytes");
    text_free(&content);

    assert_ok(output_file_open(&file, path, error));
    assert_ok(output_file_write(&file, "new", 3, error));
    output_file_discard(&file);
    assert_false(file_exists(partial));
    struct stat information;
    assert_int_equal(stat(path, &information), 0);
    assert_int_equal(information.st_size, 3 + (3 << 20));

    assert_ok(directory_remove(directory, error));
    assert_false(file_exists(directory));
}

static void test_full_disk_is_reported(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0)
        skip();
    output_file file;
    /* Data is written to "file.partial": make that a link to the device that is always full. */
    char directory[256], path[300], partial[310];
    snprintf(directory, sizeof directory, "%s", testing_directory());
    snprintf(path, sizeof path, "%s/file", directory);
    snprintf(partial, sizeof partial, "%s.partial", path);
    assert_int_equal(symlink("/dev/full", partial), 0);
    assert_ok(output_file_open(&file, path, error));
    assert_ok(output_file_write(&file, "abc", 3, error));
    assert_fails(output_file_commit(&file, error), BERT_ERROR_IO, "No space left on device");
    assert_false(file_exists(path));
    assert_false(file_exists(partial));
    assert_ok(directory_remove(directory, error));
}

static void test_map_and_errors(void **state)
{
    (void)state;
    char directory[256], path[300];
    snprintf(directory, sizeof directory, "%s", testing_directory());
    snprintf(path, sizeof path, "%s/a/b/c", directory);
    assert_ok(directory_create(path, error));
    assert_ok(directory_create(path, error));
    snprintf(path, sizeof path, "%s/a/b/c/file", directory);
    assert_ok(file_write(path, "hello", 5, error));
    file_map map;
    assert_ok(file_map_open(&map, path, error));
    assert_int_equal(map.size, 5);
    assert_memory_equal(map.data, "hello", 5);
    file_map_close(&map);
    assert_fails(directory_create(path, error), BERT_ERROR_IO, "not a directory");
    assert_fails(file_map_open(&map, directory, error), BERT_ERROR_IO, "expected a file");
    assert_fails(file_map_open(&map, "/nonexistent/x", error), BERT_ERROR_IO, "No such file");
    assert_ok(directory_remove(directory, error));
    assert_ok(directory_remove(directory, error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_is_atomic),
        cmocka_unit_test(test_full_disk_is_reported),
        cmocka_unit_test(test_map_and_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
