#include "scratch.h"

#include "formats/json.h"
#include "formats/safetensors.h"

#include <math.h>

static char path[300];

static int set_up(void **state)
{
    scratch_make(state);
    snprintf(path, sizeof path, "%s/file.safetensors", scratch_directory);
    return 0;
}

/* Writes a file with this header and number of data bytes. */
static void write_raw(const char *header, uint64_t claimed_length, size_t data_bytes)
{
    text content = {0};
    unsigned char length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)(claimed_length >> (8 * i));
    assert_ok(text_append(&content, (char *)length, 8, error));
    assert_ok(text_append(&content, header, strlen(header), error));
    for (size_t i = 0; i < data_bytes; i++)
        assert_ok(text_append(&content, "\x01", 1, error));
    assert_ok(file_write(path, content.data, content.length, error));
    text_free(&content);
}

static void test_round_trip(void **state)
{
    (void)state;
    static const float matrix[6] = {1.5f, -0.0f, 3e-45f, INFINITY, 0.1f, -7.0f};
    static const int64_t step = 123456789012345;
    static const uint8_t bytes[3] = {1, 2, 255};
    const safetensors_tensor tensors[] = {
        {.name = "odd \"name\" ü",
         .type = SAFETENSORS_U8,
         .dimensions = 1,
         .shape = {3},
         .data = bytes,
         .bytes = sizeof bytes},
        {.name = "matrix",
         .type = SAFETENSORS_F32,
         .dimensions = 2,
         .shape = {2, 3},
         .data = matrix,
         .bytes = sizeof matrix},
        {.name = "empty", .type = SAFETENSORS_F32, .dimensions = 2, .shape = {0, 5}},
        {.name = "scalar", .type = SAFETENSORS_I64, .data = &step, .bytes = sizeof step},
    };
    static const char *const metadata[] = {"format", "pt", "step", "12"};
    assert_ok(safetensors_write(path, tensors, 4, metadata, 2, error));

    safetensors_file file;
    assert_ok(safetensors_open(&file, path, error));
    assert_int_equal(file.map.data[0] % 8,
                     0); /* header padded to 8 bytes, as in the reference implementation */
    assert_int_equal(file.count, 4);
    assert_int_equal(file.metadata_count, 2);
    assert_string_equal(file.metadata[0], "format");
    assert_string_equal(file.metadata[3], "12");
    assert_string_equal(file.tensors[0].name, "odd \"name\" ü");
    const safetensors_tensor *found = safetensors_find(&file, "matrix");
    assert_non_null(found);
    assert_int_equal(found->dimensions, 2);
    assert_int_equal(found->shape[0], 2);
    assert_int_equal(found->shape[1], 3);
    float again[6];
    assert_ok(safetensors_read_float(&file, found, again, 6, error));
    assert_memory_equal(again, matrix, sizeof matrix);
    assert_fails(safetensors_read_float(&file, found, again, 5, error), BERT_ERROR_INPUT,
                 "6 elements, expected 5");
    found = safetensors_find(&file, "scalar");
    assert_int_equal(found->dimensions, 0);
    assert_memory_equal(found->data, &step, sizeof step);
    assert_fails(safetensors_read_float(&file, found, again, 1, error), BERT_ERROR_UNSUPPORTED,
                 "floating-point");
    assert_ok(safetensors_read_float(&file, safetensors_find(&file, "empty"), again, 0, error));
    assert_null(safetensors_find(&file, "absent"));
    safetensors_close(&file);
    safetensors_close(&file);
}

static void test_narrow_and_wide_floats(void **state)
{
    (void)state;
    static const uint16_t halves[] = {0x3c00, 0xc000, 0x0001, 0x8000, 0x7bff, 0x7c00, 0x0400};
    static const float halves_expected[] = {1.0f,     -2.0f,    0x1p-24f, -0.0f,
                                            65504.0f, INFINITY, 0x1p-14f};
    static const uint16_t brains[] = {0x3f80, 0xc049};
    static const float brains_expected[] = {1.0f, -3.140625f};
    static const double wide[] = {0.1, -1e300};
    const safetensors_tensor tensors[] = {
        {.name = "odd",
         .type = SAFETENSORS_U8,
         .dimensions = 1,
         .shape = {1},
         .data = "x",
         .bytes = 1}, /* makes the following tensors unaligned */
        {.name = "half",
         .type = SAFETENSORS_F16,
         .dimensions = 1,
         .shape = {7},
         .data = halves,
         .bytes = sizeof halves},
        {.name = "brain",
         .type = SAFETENSORS_BF16,
         .dimensions = 1,
         .shape = {2},
         .data = brains,
         .bytes = sizeof brains},
        {.name = "wide",
         .type = SAFETENSORS_F64,
         .dimensions = 1,
         .shape = {2},
         .data = wide,
         .bytes = sizeof wide},
    };
    assert_ok(safetensors_write(path, tensors, 4, NULL, 0, error));
    safetensors_file file;
    assert_ok(safetensors_open(&file, path, error));
    assert_int_equal(file.metadata_count, 0);
    float out[7];
    assert_ok(safetensors_read_float(&file, safetensors_find(&file, "half"), out, 7, error));
    assert_memory_equal(out, halves_expected, sizeof halves_expected);
    assert_ok(safetensors_read_float(&file, safetensors_find(&file, "brain"), out, 2, error));
    assert_memory_equal(out, brains_expected, sizeof brains_expected);
    assert_ok(safetensors_read_float(&file, safetensors_find(&file, "wide"), out, 2, error));
    assert_true(out[0] == 0.1f && isinf(out[1]));
    safetensors_close(&file);
}

#define F32_ENTRY(name, size, begin, end) \
    "\"" name "\":{\"dtype\":\"F32\",\"shape\":[" size "],\"data_offsets\":[" begin "," end "]}"

static void test_invalid_files(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        uint64_t length; /* 0: the actual length */
        size_t data;
        const char *message;
    } cases[] = {
        {"{}", UINT64_MAX, 0, "truncated"},
        {"{}", 3, 0, "truncated"},
        {"{}", (uint64_t)1 << 40, 0, "truncated"},
        {"{\"a\"", 0, 0, "not a JSON object"},
        {"[1]", 0, 0, "not a JSON object"},
        {"", 0, 0, "not a JSON object"},
        {"{}", 0, 4, "cover 0 bytes of 4"},
        {"{\"a\":7}", 0, 0, "not an object"},
        {"{" F32_ENTRY("a", "1", "0", "4") "}", 0, 3, "not inside"},
        {"{" F32_ENTRY("a", "1", "0", "4") "}", 0, 5, "cover 4 bytes of 5"},
        {"{" F32_ENTRY("a", "2", "0", "4") "}", 0, 4, "need 8"},
        {"{" F32_ENTRY("a", "1", "-4", "0") "}", 0, 4, "not inside"},
        {"{" F32_ENTRY("a", "1", "4", "0") "}", 0, 4, "not inside"},
        {"{" F32_ENTRY("a", "1", "0", "9223372036854775807") "}", 0, 4, "not inside"},
        {"{" F32_ENTRY("a", "1", "0", "99999999999999999999") "}", 0, 4, "not a JSON object"},
        {"{" F32_ENTRY("a", "-1", "0", "4") "}", 0, 4, "not an integer"},
        {"{" F32_ENTRY("a", "1.0", "0", "4") "}", 0, 4, "not an integer"},
        {"{" F32_ENTRY("a", "4294967296,4294967296", "0", "0") "}", 0, 0, "overflows"},
        {"{" F32_ENTRY("a", "4611686018427387904", "0", "0") "}", 0, 0, "overflows"},
        {"{" F32_ENTRY("a", "1,1,1,1,1,1,1,1,1", "0", "4") "}", 0, 4, "at most 8"},
        {"{" F32_ENTRY("a", "1", "0", "4") "," F32_ENTRY("b", "1", "0", "4") "}", 0, 4, "overlap"},
        {"{" F32_ENTRY("a", "1", "0", "4") "," F32_ENTRY("b", "1", "8", "12") "}", 0, 12, "a hole"},
        {"{" F32_ENTRY("a", "1", "4", "8") "}", 0, 8, "a hole"},
        {"{" F32_ENTRY("a", "1", "0", "4") "," F32_ENTRY("a", "1", "4", "8") "}", 0, 8,
         "duplicate"},
        {"{\"a\":{\"dtype\":\"F33\",\"shape\":[1],\"data_offsets\":[0,4]}}", 0, 4, "F33"},
        {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 0, 4, "unknown dtype"},
        {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 0, 4, "shape"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 0, 4, "data_offsets"},
        {"{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,1]}}", 0, 1, "overflows"},
        {"{\"__metadata__\":[]}", 0, 0, "__metadata__"},
        {"{\"__metadata__\":{\"a\":\"b\",\"c\":1}}", 0, 0, "\"c\" is not a string"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        safetensors_file file;
        size_t length = strlen(cases[i].header);
        write_raw(cases[i].header, cases[i].length ? cases[i].length : length, cases[i].data);
        assert_fails(safetensors_open(&file, path, error), BERT_ERROR_INPUT, cases[i].message);
        assert_null(file.tensors);
    }
    safetensors_file file;
    assert_ok(file_write(path, "1234567", 7, error));
    assert_fails(safetensors_open(&file, path, error), BERT_ERROR_INPUT, "too short");
    assert_ok(file_write(path, "", 0, error));
    assert_fails(safetensors_open(&file, path, error), BERT_ERROR_INPUT, "too short");
    assert_fails(safetensors_open(&file, "/nonexistent", error), BERT_ERROR_IO, "No such file");
}

static void test_every_truncation_is_detected(void **state)
{
    (void)state;
    static const float values[4] = {1, 2, 3, 4};
    const safetensors_tensor tensor = {.name = "a",
                                       .type = SAFETENSORS_F32,
                                       .dimensions = 1,
                                       .shape = {4},
                                       .data = values,
                                       .bytes = sizeof values};
    assert_ok(safetensors_write(path, &tensor, 1, NULL, 0, error));
    text content = {0};
    assert_ok(file_read(&content, path, 1000, error));
    for (size_t length = 0; length < content.length; length++) {
        safetensors_file file;
        assert_ok(file_write(path, content.data, length, error));
        assert_fails(safetensors_open(&file, path, error), BERT_ERROR_INPUT, "file.safetensors");
    }
    text_free(&content);
}

static void test_tensors_out_of_file_order(void **state)
{
    (void)state;
    const char *header =
        "{" F32_ENTRY("second", "1", "4", "8") "," F32_ENTRY("first", "1", "0", "4") "}";
    write_raw(header, strlen(header), 8);
    safetensors_file file;
    assert_ok(safetensors_open(&file, path, error));
    assert_string_equal(file.tensors[0].name, "first");
    assert_string_equal(file.tensors[1].name, "second");
    safetensors_close(&file);
}

static void test_writer_rejects_invalid_tensors(void **state)
{
    (void)state;
    static const float values[2] = {1, 2};
    safetensors_tensor tensors[2] = {
        {.name = "a",
         .type = SAFETENSORS_F32,
         .dimensions = 1,
         .shape = {1},
         .data = values,
         .bytes = 4},
        {.name = "a",
         .type = SAFETENSORS_F32,
         .dimensions = 1,
         .shape = {1},
         .data = values,
         .bytes = 4},
    };
    unlink(path);
    assert_fails(safetensors_write(path, tensors, 2, NULL, 0, error), BERT_ERROR_INVALID_ARGUMENT,
                 "duplicate");
    tensors[1].name = "b";
    tensors[1].bytes = 8;
    assert_fails(safetensors_write(path, tensors, 2, NULL, 0, error), BERT_ERROR_INVALID_ARGUMENT,
                 "8, expected 4");
    assert_false(file_exists(path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_narrow_and_wide_floats),
        cmocka_unit_test(test_invalid_files),
        cmocka_unit_test(test_every_truncation_is_detected),
        cmocka_unit_test(test_tensors_out_of_file_order),
        cmocka_unit_test(test_writer_rejects_invalid_tensors),
    };
    return cmocka_run_group_tests(tests, set_up, scratch_remove);
}
