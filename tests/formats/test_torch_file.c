/* Files of torch.save, and unsupported or malicious ones (written by make-torch-files.py). */
#include "scratch.h"

#include "formats/pickle.h"
#include "formats/torch_file.h"

#include <math.h>

static char path[300];

static int set_up(void **state)
{
    scratch_make(state);
    snprintf(path, sizeof path, "%s/weights.bin", scratch_directory);
    return 0;
}

static const char *made(const char *name)
{
    static char file[100];
    snprintf(file, sizeof file, "tests/formats/torch/%s.bin", name);
    return file;
}

static const safetensors_tensor *tensor_of(const torch_file *file, const char *name)
{
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->tensors[i].name, name) == 0)
            return &file->tensors[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

static void assert_floats(const torch_file *file, const char *name, int dimensions,
                          const float *expected, size_t count)
{
    float found[8];
    const safetensors_tensor *tensor = tensor_of(file, name);
    assert_int_equal(tensor->dimensions, dimensions);
    assert_ok(safetensors_tensor_read(file->path, tensor, found, count, error));
    assert_memory_equal(found, expected, count * sizeof *found);
}

static void test_supported_files(void **state)
{
    (void)state;
    static const char *const names[] = {"zip", "legacy", "protocol4", "little-endian"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        torch_file file;
        assert_ok(torch_file_open(&file, made(names[i]), error));
        assert_int_equal(file.count, 11);
        assert_floats(&file, "matrix", 2, (float[]){1.5f, -2, 3, 0.25f, 5, -6}, 6);
        assert_int_equal(tensor_of(&file, "matrix")->shape[0], 2);
        assert_int_equal(tensor_of(&file, "matrix")->shape[1], 3);
        assert_floats(&file, "half", 1, (float[]){1, -2, 65504}, 3);
        assert_floats(&file, "brain", 1, (float[]){1, -3.140625f}, 2);
        assert_floats(&file, "wide", 1, (float[]){0.1f}, 1);
        assert_floats(&file, "parameter", 1, (float[]){7}, 1);
        assert_floats(&file, "scalar", 0, (float[]){4.5f}, 1);
        assert_floats(&file, "empty", 2, NULL, 0);
        assert_floats(&file, "tail", 1, (float[]){6, 7, 8, 9}, 4);
        assert_floats(&file, "head", 1, (float[]){0, 1}, 2);
        assert_int_equal(tensor_of(&file, "numbers")->type, SAFETENSORS_I64);
        assert_int_equal(tensor_of(&file, "flag")->type, SAFETENSORS_OTHER);
        torch_file_close(&file);
        torch_file_close(&file);
    }
}

static void test_rejected_files(void **state)
{
    (void)state;
    torch_file file;
    assert_fails(torch_file_open(&file, made("hostile"), error), BERT_ERROR_UNSUPPORTED,
                 "posix.system");
    assert_fails(torch_file_open(&file, made("hostile-legacy"), error), BERT_ERROR_UNSUPPORTED,
                 "posix.system");
    assert_fails(torch_file_open(&file, made("packed"), error), BERT_ERROR_UNSUPPORTED,
                 "compressed");
    assert_fails(torch_file_open(&file, made("big-endian"), error), BERT_ERROR_UNSUPPORTED,
                 "little endian");
    assert_fails(torch_file_open(&file, made("transposed"), error), BERT_ERROR_INPUT,
                 "weight is not contiguous");
    assert_fails(torch_file_open(&file, made("nested"), error), BERT_ERROR_INPUT,
                 "model is not a tensor");
    assert_fails(torch_file_open(&file, made("list"), error), BERT_ERROR_INPUT,
                 "a dict of tensors");
    assert_fails(torch_file_open(&file, "README.md", error), BERT_ERROR_INPUT, "torch.save");
    assert_fails(torch_file_open(&file, "/nonexistent.bin", error), BERT_ERROR_IO, "No such file");
}

/* Without fsync, because the tests write thousands of files. */
static void write_quickly(const char *content, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void read_made(text *content, const char *name)
{
    assert_ok(file_read(content, made(name), 1 << 20, error));
}

static void test_every_truncation_is_detected(void **state)
{
    (void)state;
    static const char *const names[] = {"zip", "legacy"};
    for (size_t i = 0; i < 2; i++) {
        text content = {0};
        read_made(&content, names[i]);
        for (size_t length = 0; length < content.length; length += length < 900 ? 1 : 37) {
            torch_file file;
            write_quickly(content.data, length);
            assert_fails(torch_file_open(&file, path, error), BERT_ERROR_INPUT, "weights.bin");
        }
        text_free(&content);
    }
}

/* Changes every byte to some other values: nothing crashes, and a file that opens can be read
 * completely. */
static void test_mutations(void **state)
{
    (void)state;
    static const char *const names[] = {"zip", "legacy"};
    static const unsigned char changes[] = {0x01, 0x80, 0xff};
    size_t opened = 0, rejected = 0;
    for (size_t i = 0; i < 2; i++) {
        text content = {0};
        read_made(&content, names[i]);
        for (size_t place = 0; place < content.length; place++) {
            unsigned char change = changes[place % sizeof changes];
            torch_file file;
            bert_error problem = {0};
            content.data[place] = (char)(content.data[place] ^ change);
            write_quickly(content.data, content.length);
            bert_status status = torch_file_open(&file, path, &problem);
            for (size_t t = 0; status == BERT_OK && t < file.count; t++) {
                unsigned char sum = 0;
                for (uint64_t b = 0; b < file.tensors[t].bytes; b++)
                    sum ^= ((const unsigned char *)file.tensors[t].data)[b];
                (void)sum;
            }
            if (status != BERT_OK)
                assert_non_null(strstr(problem.message, "weights.bin"));
            *(status == BERT_OK ? &opened : &rejected) += 1;
            torch_file_close(&file);
            content.data[place] = (char)(content.data[place] ^ change);
        }
        text_free(&content);
    }
    assert_true(opened > 0 &&
                rejected > 1000); /* a changed float of the legacy format is still a float */
}

/* ---------------------------------------------------------------------------------- pickles --- */

static bert_status read_bytes(pickle *pickle, const char *bytes, size_t size, bert_error *error)
{
    static const char *const allowed[] = {"collections OrderedDict", "torch FloatStorage", NULL};
    size_t used;
    unsigned char *exact = malloc(size + !size); /* so that sanitizers detect overreads */
    memcpy(exact, bytes, size);
    bert_status status = pickle_read(pickle, "p", exact, size, allowed, &used, error);
    if (status == BERT_OK)
        pickle_free(pickle);
    free(exact);
    return status;
}

static void test_pickles(void **state)
{
    (void)state;
#define BYTES(text) text, sizeof text - 1
    pickle pickle;
    static const struct {
        const char *bytes;
        size_t size;
        const char *message; /* NULL: valid */
    } cases[] = {
        {BYTES("\x80\x02N."), NULL},
        {BYTES("ccollections\nOrderedDict\n)R(X\1\0\0\0aK\1u."), NULL},
        {BYTES("]q\0h\0a."), NULL}, /* a list that contains itself */
        {BYTES("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."), NULL},
        {BYTES("(K\1K\2(K\3tt."), NULL},
        {BYTES(""), "truncated"},
        {BYTES("N"), "truncated"},
        {BYTES("."), "stack is empty"},
        {BYTES("(."), "stack is empty"},
        {BYTES("\x80\x09."), "protocol"},
        {BYTES("X\xff\xff\xff\xff."), "truncated"},
        {BYTES("J\1\2"), "truncated"},
        {BYTES("h\0."), "never stored"},
        {BYTES("Nr\xff\xff\xff\xff."), "too large"},
        {BYTES("q\0."), "stack is empty"},
        {BYTES("t."), "a mark is missing"},
        {BYTES("u."), "a mark is missing"},
        {BYTES("\x87."), "stack is empty"},
        {BYTES("(N\x86."), "stack is empty"},
        {BYTES("NNNs."), "not a container"},
        {BYTES("}(Nu."), "without a value"},
        {BYTES("NNa."), "not a container"},
        {BYTES("N)R."), "not callable"},
        {BYTES("ctorch\nFloatStorage\nNR."), "not callable"},
        {BYTES("NNb."), "attributes"},
        {BYTES("cos\nsystem\n."), "refers to os.system"},
        {BYTES("ctorch\nFloatStorage\x00x\n."), "refers to torch.FloatStorage"},
        {BYTES("X\2\0\0\0osX\6\0\0\0system\x93."), "refers to os.system"},
        {BYTES("NN\x93."), "not a string"},
        {BYTES("cos"), "unterminated"},
        {BYTES("i"), "opcode 0x69"},
        {BYTES("I1\n."), "opcode 0x49"},
        {BYTES("\x8b\xff\xff\xff\xff."), "opcode 0x8b"},
    };
#undef BYTES
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bert_error error = {0};
        bert_status status = read_bytes(&pickle, cases[i].bytes, cases[i].size, &error);
        if (cases[i].message ? status == BERT_OK || !strstr(error.message, cases[i].message)
                             : status != BERT_OK)
            fail_msg("case %zu: \"%s\", expected \"%s\"", i, error.message,
                     cases[i].message ? cases[i].message : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_supported_files),
        cmocka_unit_test(test_rejected_files),
        cmocka_unit_test(test_every_truncation_is_detected),
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_pickles),
    };
    return cmocka_run_group_tests(tests, set_up, scratch_remove);
}
