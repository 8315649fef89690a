/* Compressed files that consist of several: empty ones, frames to be skipped, padding; and the
 * windows of Zstandard. */
#include "scratch.h"

#include "bert.h"
#include "kept.h"
#include "packed.h"

#include <lz4frame.h>

static text content, found;

static int tear_down(void **state)
{
    text_free(&content);
    text_free(&found);
    return scratch_remove(state);
}

static void add(const char *packing, const char *data)
{
    pack(&content, packing, "a", data, strlen(data));
}

static void add_bytes(const char *data, size_t length)
{
    assert_ok(text_append(&content, data, length, error));
}

#define ADD_BYTES(literal) add_bytes(literal, sizeof(literal) - 1)

static void add_zeros(size_t count)
{
    char *zeros = calloc(count, 1);
    add_bytes(zeros, count);
    free(zeros);
}

/* A frame to be skipped, as pzstd and seekable formats write it. */
static void add_skippable(int kind, size_t size)
{
    const char head[8] = {
        (char)(0x50 + kind), '\x2A', '\x4D', '\x18', (char)size, (char)(size >> 8),
        (char)(size >> 16),  '\0'};
    add_bytes(head, sizeof head);
    for (size_t i = 0; i < size; i++)
        add_bytes("x", 1);
}

/* Reads what was added, and empties it. */
static bert_status read_as(const char *name, const bert_reader_options *options, bert_error *error)
{
    const char *path = scratch_write_bytes(name, content.data, content.length);
    text_clear(&content);
    text_clear(&found);
    return bert_read_documents(&path, 1, options, kept_append, &found, NULL, NULL, error);
}

static void assert_text(const char *expected)
{
    assert_ok(read_as("a", NULL, error));
    assert_string_equal(found.data, expected);
}

static void assert_refused(bert_status status, const char *part)
{
    assert_fails(read_as("a", NULL, error), status, part);
}

static void test_empty_members(void **state)
{
    (void)state;
    for (size_t i = 0; i < PACKINGS_SINGLE; i++) {
        const char *packing = packings[i].name;
        add(packing, "");
        assert_refused(BERT_ERROR_INPUT, "a: is empty, expected text");
        if (!packings[i].concatenates)
            continue;
        add(packing, ""), add(packing, "One.\n");
        assert_text("One.|");
        add(packing, ""), add(packing, "");
        assert_refused(BERT_ERROR_INPUT, "a: is empty, expected text");
        if (strcmp(packing, "lzip") == 0)
            continue; /* libarchive stops at empty ones that are not the first: an error */
        add(packing, ""), add(packing, ""), add(packing, "One."), add(packing, "");
        add(packing, "\n\nTwo."), add(packing, "");
        assert_text("One.|Two.|");
    }
}

/* Zeros after the last member are padding where the format's own program takes them. Other bytes
 * are not lost quietly. */
static void test_what_follows(void **state)
{
    (void)state;
    static const char *const padded[] = {"gzip", "bzip2", "xz", "lzip"};
    for (size_t i = 0; i < sizeof padded / sizeof *padded; i++)
        for (size_t zeros = 4; zeros < 1000000; zeros = zeros * 3 / 4 * 4 + 8) {
            add(padded[i], "One.\n"), add_zeros(zeros);
            assert_text("One.|");
        }
    add("gzip", "One.\n"), add_zeros(600000), add("gzip", "Two.\n"); /* as Python reads it */
    assert_text("One. Two.|");
    add("xz", "One.\n"), add_zeros(8), add("xz", "Two.\n"); /* stream padding */
    assert_text("One. Two.|");
    for (size_t i = 0; i < PACKINGS_SINGLE; i++) {
        if (strcmp(packings[i].name, "compress") == 0)
            continue; /* its end is not marked */
        const char *junk[] = {"x", "junk\n", "a longer text that is not compressed at all"};
        for (size_t j = 0; j < 3; j++) {
            add(packings[i].name, "One.\n");
            add_bytes(junk[j], strlen(junk[j]));
            assert_refused(BERT_ERROR_INPUT, "a: cannot decompress at byte ");
        }
        if (!packings[i].concatenates)
            continue;
        add(packings[i].name, "One.\n"); /* a second member, cut off anywhere */
        size_t whole = content.length;
        add(packings[i].name, "Two.\n");
        for (size_t size = whole + 1; size < content.length; size++) {
            text all = content;
            content = (text){0};
            add_bytes(all.data, size);
            assert_refused(BERT_ERROR_INPUT, "a: cannot decompress at byte ");
            text_free(&content);
            content = all;
        }
        text_clear(&content);
    }
}

static void test_skippable_frames(void **state)
{
    (void)state;
    static const char *const packings[] = {"zstd", "lz4"};
    for (size_t i = 0; i < 2; i++) {
        const char *packing = packings[i];
        add_skippable(0, 4), add(packing, "First document.\n\nSecond.\n"); /* as of pzstd */
        assert_text("First document.|Second.|");
        add_skippable(15, 0), add_skippable(7, 3000), add(packing, ""), add(packing, "One.");
        add_skippable(1, 9), add(packing, " Two."), add_skippable(14, 300000);
        assert_text("One. Two.|");
        add_skippable(0, 9), add(packing, "One.\n"), ADD_BYTES("\x50\x2A\x4D\x18\x09\0\0\0cut");
        assert_refused(BERT_ERROR_INPUT, "truncated");
    }
    add_skippable(0, 700000), add("zstd", "One.\n"); /* longer than what is looked at */
    assert_text("One.|");
    add_skippable(0, 8);
    assert_refused(BERT_ERROR_INPUT, "a: is empty, expected text");
}

/* A frame of Zstandard whose header states a window, with the content "xxx…\n". */
static void add_window(int exponent, int mantissa)
{
    const char window = (char)((exponent - 10) << 3 | mantissa);
    ADD_BYTES("\x28\xB5\x2F\xFD\x00");
    add_bytes(&window, 1);
    ADD_BYTES("\x22\x00\x00x"    /* a block of four times "x" */
              "\x09\x00\x00\n"); /* and the last one, of one byte */
}

static bert_status read_window(int exponent, int mantissa, int allowed, bert_error *error)
{
    bert_reader_options options = bert_reader_options_default();
    if (allowed)
        options.zstd_window_log = allowed;
    add_window(exponent, mantissa);
    return read_as("a.zst", &options, error);
}

static void test_windows(void **state)
{
    (void)state;
    static const struct {
        int exponent, mantissa, allowed;
    } readable[] = {{10, 0, 0}, {27, 0, 0}, {31, 0, 31}, {28, 0, 28}, {27, 1, 28}, {20, 0, 20}};
    for (size_t i = 0; i < sizeof readable / sizeof *readable; i++) {
        assert_ok(
            read_window(readable[i].exponent, readable[i].mantissa, readable[i].allowed, error));
        assert_string_equal(found.data, "xxxx|");
    }
    assert_fails(read_window(31, 0, 0, error), BERT_ERROR_INPUT,
                 "a.zst: cannot decompress at byte 0: its zstd window takes 2048 MiB of memory, "
                 "the limit is 128 MiB; set options->zstd_window_log to 31 to allow it");
    assert_fails(read_window(27, 1, 0, error), BERT_ERROR_INPUT,
                 "takes 144 MiB of memory, the limit is 128 MiB; set options->zstd_window_log to "
                 "28 to allow it");
    assert_fails(read_window(21, 0, 20, error), BERT_ERROR_INPUT,
                 "takes 2 MiB of memory, the limit is 1 MiB; set options->zstd_window_log to 21");
    assert_fails(read_window(34, 0, 31, error), BERT_ERROR_UNSUPPORTED, "more than the zstd");
    assert_fails(read_window(27, 0, 32, error), BERT_ERROR_INVALID_ARGUMENT, "zstd_window_log");
    /* Of a later frame, whose header is cut by the end of a piece that is read. */
    for (size_t before = 1; before < 14; before++) {
        add_skippable(0, 4), add("zstd", "One.\n");
        add_skippable(0, (1 << 18) - content.length - 8 - before);
        add_window(29, 3);
        assert_refused(BERT_ERROR_INPUT, "takes 704 MiB of memory, the limit is 128 MiB; set "
                                         "options->zstd_window_log to 30");
    }
}

/* Frames whose blocks decompress to far more than a piece. */
static void test_large_blocks(void **state)
{
    (void)state;
    const size_t size = 3 << 20;
    char *data = malloc(size);
    for (size_t i = 0; i < size; i++)
        data[i] = "abcde "[i / 7 % 6];
    for (size_t i = 0; i < PACKINGS_SINGLE; i++) {
        pack(&content, packings[i].name, "a", data, size);
        assert_ok(read_as("a", NULL, error));
        assert_int_equal(found.length, size + (data[size - 1] != ' '));
        assert_memory_equal(found.data, data, size - 8);
    }
    /* LZ4 in one block of 4 MiB, which is complete before its output was all taken. */
    LZ4F_preferences_t preferences = {.frameInfo.blockSizeID = LZ4F_max4MB};
    size_t bound = LZ4F_compressFrameBound(size, &preferences);
    char *frame = malloc(bound);
    size_t length = LZ4F_compressFrame(frame, bound, data, size, &preferences);
    assert_false(LZ4F_isError(length));
    add_bytes(frame, length);
    assert_ok(read_as("a.lz4", NULL, error));
    assert_memory_equal(found.data, data, size - 8);
    free(frame);
    free(data);
}

static void test_what_is_not_read(void **state)
{
    (void)state;
    ADD_BYTES("7z\xBC\xAF\x27\x1C\0\4");
    assert_refused(BERT_ERROR_UNSUPPORTED, "a: is a 7-Zip archive, which is not read; unpack it");
    ADD_BYTES("Rar!\x1A\x07\x01\0");
    assert_refused(BERT_ERROR_UNSUPPORTED, "a: is a RAR archive, which is not read; unpack it");
    ADD_BYTES("\x89LZO\0\r\n\x1A\n");
    assert_refused(BERT_ERROR_UNSUPPORTED, "a: is compressed by lzop, which is not read");
    ADD_BYTES("\xFF\x06\0\0sNaPpY");
    assert_refused(BERT_ERROR_UNSUPPORTED, "a: is compressed by snappy (framed)");
    ADD_BYTES("LRZI\0\6");
    assert_refused(BERT_ERROR_UNSUPPORTED, "a: is compressed by lrzip");
    /* Zstandard with a dictionary: descriptor with an identifier of one byte. */
    ADD_BYTES("\x28\xB5\x2F\xFD\x01\x58\x07\x09\x00\x00\n");
    assert_refused(BERT_ERROR_UNSUPPORTED, "compressed with a zstd dictionary");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_empty_members, scratch_make, tear_down),
        cmocka_unit_test_setup_teardown(test_what_follows, scratch_make, tear_down),
        cmocka_unit_test_setup_teardown(test_skippable_frames, scratch_make, tear_down),
        cmocka_unit_test_setup_teardown(test_windows, scratch_make, tear_down),
        cmocka_unit_test_setup_teardown(test_large_blocks, scratch_make, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_not_read, scratch_make, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
