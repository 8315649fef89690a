#include "testing.h"

#include "base/memory.h"

static void test_products_are_checked(void **state)
{
    (void)state;
    void *out;
    assert_fails(memory_array(&out, SIZE_MAX / 2, 16, "lengths", error), BERT_ERROR_MEMORY,
                 "lengths");
    void *array = NULL;
    size_t capacity = 0;
    assert_fails(memory_grow(&array, &capacity, SIZE_MAX / 4, 16, "ids", error), BERT_ERROR_MEMORY,
                 "ids");
    assert_null(array);
    assert_int_equal(capacity, 0);
}

static void test_grow_keeps_content(void **state)
{
    (void)state;
    int *array = NULL;
    size_t capacity = 0;
    for (int i = 0; i < 1000; i++) {
        assert_ok(
            memory_grow((void **)&array, &capacity, (size_t)i + 1, sizeof *array, "n", error));
        array[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(array[i], i);
    free(array);
}

static void test_arena_measures_then_allocates(void **state)
{
    (void)state;
    arena measure = {0};
    assert_null(arena_take(&measure, 3, 4));
    assert_null(arena_take(&measure, 100, 8));
    void *block;
    assert_ok(memory_map(&block, measure.used, "arena", error));
    arena real = {.block = block, .size = measure.used};
    unsigned char *first = arena_take(&real, 3, 4), *second = arena_take(&real, 100, 8);
    assert_ptr_equal(first, block);
    assert_int_equal(second - first, MEMORY_ALIGNMENT);
    assert_null(arena_take(&real, 1, 1));
    memory_unmap(block, measure.used);
    arena overflow = {0};
    assert_null(arena_take(&overflow, SIZE_MAX / 2, 4));
    assert_true(overflow.used >= SIZE_MAX / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products_are_checked),
        cmocka_unit_test(test_grow_keeps_content),
        cmocka_unit_test(test_arena_measures_then_allocates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
