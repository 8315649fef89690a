#include "testing.h"

#include "base/file.h"
#include "bert/npy.h"

static void test_rows(void **state)
{
    (void)state;
    const char *directory = testing_directory();
    char path[512];
    snprintf(path, sizeof path, "%s/a.npy", directory);
    enum { COLUMNS = 3, ROWS = 50000 }; /* larger than the output buffer */
    static float rows[ROWS * COLUMNS];
    for (size_t i = 0; i < ROWS * COLUMNS; i++)
        rows[i] = (float)i / 8;
    bert_npy *npy;
    assert_ok(bert_npy_open(&npy, path, COLUMNS, error));
    assert_ok(bert_npy_write(npy, rows, 10, error));
    assert_ok(bert_npy_write(npy, rows + 10 * COLUMNS, ROWS - 10, error));
    assert_false(file_exists(path));
    assert_ok(bert_npy_commit(npy, error));

    file_map map;
    assert_ok(file_map_open(&map, path, error));
    assert_int_equal(map.size, 128 + sizeof rows);
    static const char begin[] = "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, "
                                "'shape': (50000, 3), } ";
    assert_memory_equal(map.data, begin, sizeof begin - 1);
    assert_int_equal(map.data[127], '\n');
    assert_memory_equal(map.data + 128, rows, sizeof rows);
    file_map_close(&map);
    assert_ok(directory_remove(directory, error));
}

static void test_discard_removes_the_file(void **state)
{
    (void)state;
    const char *directory = testing_directory();
    char path[512];
    snprintf(path, sizeof path, "%s/a.npy", directory);
    bert_npy *npy;
    assert_ok(bert_npy_open(&npy, path, 2, error));
    bert_npy_discard(npy);
    assert_int_equal(rmdir(directory), 0);
    bert_npy_discard(NULL);
    assert_fails(bert_npy_open(&npy, "/nowhere/at/all.npy", 2, error), BERT_ERROR_IO, "/nowhere");
    assert_null(npy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_discard_removes_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
