/* TensorFlow checkpoints: valid ones, written by make-tensor-bundles.py independently of the
 * reader, and invalid ones. */
#include "scratch.h"

#include "formats/protobuf.h"
#include "formats/sstable.h"
#include "formats/tensor_bundle.h"
#include "made_table.h"

static char prefix[300], index_path[320], data_path[320];

static int set_up(void **state)
{
    scratch_make(state);
    snprintf(prefix, sizeof prefix, "%s/model.ckpt", scratch_directory);
    snprintf(index_path, sizeof index_path, "%s.index", prefix);
    snprintf(data_path, sizeof data_path, "%s.data-00000-of-00001", prefix);
    return 0;
}

static const char *made(const char *name)
{
    static char path[100];
    snprintf(path, sizeof path, "tests/formats/bundles/%s", name);
    return path;
}

/* Without fsync, because the tests write thousands of files. */
static void write_quickly(const char *path, const void *content, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* ----------------------------------------------------------------------------- checksums --- */

/* Test vectors of RFC 3720 B.4, and the usual check value of "123456789". */
static void test_crc32c(void **state)
{
    (void)state;
    unsigned char bytes[32];
    assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(crc32c(0, bytes, sizeof bytes), 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(crc32c(0, bytes, sizeof bytes), 0x62a8ab43);
    for (unsigned char i = 0; i < sizeof bytes; i++)
        bytes[i] = i;
    assert_int_equal(crc32c(0, bytes, sizeof bytes), 0x46dd794e);
    for (size_t cut = 0; cut <= sizeof bytes; cut++)
        assert_int_equal(crc32c(crc32c(0, bytes, cut), bytes + cut, sizeof bytes - cut),
                         0x46dd794e);
    assert_int_equal(crc32c(0, NULL, 0), 0);
    assert_int_equal(crc32c_mask(0), 0xa282ead8);
    assert_int_equal(crc32c_mask(0x12345678), 0x12345678u / 32768 + 0xacf00000u + 0xa282ead8u);
}

/* ------------------------------------------------------------------------------- protobuf --- */

static void test_varints(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        bool good;
        uint64_t number;
    } cases[] = {
        {"\0", 1, true, 0},
        {"\x7f", 1, true, 127},
        {"\xac\x02", 2, true, 300},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, true, UINT64_MAX},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10, false, 0},
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11, false, 0},
        {"\x80", 1, false, 0},
        {"", 0, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const unsigned char *bytes = (const unsigned char *)cases[i].bytes, *next = bytes;
        uint64_t number = 0;
        assert_int_equal(varint_take(&next, bytes + cases[i].size, &number), cases[i].good);
        assert_int_equal(number, cases[i].number);
        assert_ptr_equal(next, cases[i].good ? bytes + cases[i].size : bytes);
    }
}

static size_t fields_of(const char *bytes, size_t size, bool *failed)
{
    const unsigned char *data = (const unsigned char *)bytes;
    protobuf message = {.next = data, .end = data + size};
    size_t count = 0;
    for (protobuf_field field; protobuf_next(&message, &field);)
        count++;
    *failed = message.failed;
    return count;
}

static void test_messages(void **state)
{
    (void)state;
    bool failed;
#define FIELDS(text) fields_of(text, sizeof text - 1, &failed)
    assert_int_equal(FIELDS("\x08\x96\x01\x12\x02hi\x1d\1\2\3\4\x21\1\2\3\4\5\6\7\x08"), 4);
    assert_false(failed);
    assert_int_equal(FIELDS(""), 0);
    assert_false(failed);
    assert_int_equal(FIELDS("\x08\x01\x12\x03hi"), 1); /* a truncated string */
    assert_true(failed);
    assert_int_equal(FIELDS("\x0b"), 0); /* a group */
    assert_true(failed);
    assert_int_equal(FIELDS("\x00\x01"), 0); /* field 0 */
    assert_true(failed);
    assert_int_equal(FIELDS("\x1d\1\2\3"), 0);
    assert_true(failed);
    assert_int_equal(FIELDS("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 0);
    assert_true(failed);
#undef FIELDS
}

/* ------------------------------------------------------------------------- valid files --- */

static const safetensors_tensor *tensor_of(const tensor_bundle *bundle, const char *name)
{
    for (size_t i = 0; i < bundle->count; i++)
        if (strcmp(bundle->tensors[i].name, name) == 0)
            return &bundle->tensors[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

static void assert_floats(const tensor_bundle *bundle, const char *name, int dimensions,
                          const float *expected, size_t count)
{
    float found[8];
    const safetensors_tensor *tensor = tensor_of(bundle, name);
    assert_int_equal(tensor->dimensions, dimensions);
    assert_ok(tensor_bundle_verify(bundle, tensor, error));
    assert_ok(safetensors_tensor_read(bundle->prefix, tensor, found, count, error));
    if (count)
        assert_memory_equal(found, expected, count * sizeof *found);
}

static void test_valid_checkpoints(void **state)
{
    (void)state;
    static const char *const names[] = {"plain", "blocks", "snappy", "plain.index"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        tensor_bundle bundle;
        assert_true(tensor_bundle_named(made(names[i])));
        assert_ok(tensor_bundle_open(&bundle, made(names[i]), error));
        assert_int_equal(bundle.count, 11);
        assert_int_equal(bundle.shard_count, i == 1 ? 3 : 1);
        assert_floats(&bundle, "matrix/of", 2, (float[]){1.5f, -2, 3, 0.25f, 5, -6}, 6);
        assert_int_equal(tensor_of(&bundle, "matrix/of")->shape[0], 2);
        assert_int_equal(tensor_of(&bundle, "matrix/of")->shape[1], 3);
        assert_floats(&bundle, "matrix/of/adam_m", 2, (float[6]){0}, 6);
        assert_floats(&bundle, "half", 1, (float[]){1, -2, 65504}, 3);
        assert_floats(&bundle, "brain", 1, (float[]){1, -3.140625f}, 2);
        assert_floats(&bundle, "wide", 1, (float[]){0.1f}, 1);
        assert_floats(&bundle, "scalar", 0, (float[]){4.5f}, 1);
        assert_floats(&bundle, "empty", 2, NULL, 0);
        assert_int_equal(tensor_of(&bundle, "numbers")->type, SAFETENSORS_I64);
        assert_int_equal(tensor_of(&bundle, "numbers")->shape[1], 3);
        assert_int_equal(tensor_of(&bundle, "small")->type, SAFETENSORS_I32);
        assert_int_equal(tensor_of(&bundle, "flag")->type, SAFETENSORS_OTHER);
        assert_int_equal(tensor_of(&bundle, "text")->type, SAFETENSORS_OTHER);
        assert_int_equal(tensor_of(&bundle, "text")->bytes, 10);
        tensor_bundle_close(&bundle);
        tensor_bundle_close(&bundle);
    }
    tensor_bundle bundle;
    assert_ok(tensor_bundle_open(&bundle, made("nothing"), error));
    assert_int_equal(bundle.count, 0);
    tensor_bundle_close(&bundle);
}

static void test_unsupported_checkpoints(void **state)
{
    (void)state;
    tensor_bundle bundle;
    assert_fails(tensor_bundle_open(&bundle, made("big-endian"), error), BERT_ERROR_UNSUPPORTED,
                 "little endian");
    assert_fails(tensor_bundle_open(&bundle, made("newer"), error), BERT_ERROR_UNSUPPORTED,
                 "needs a reader of version 2");
    assert_fails(tensor_bundle_open(&bundle, made("sliced"), error), BERT_ERROR_UNSUPPORTED,
                 "tensor matrix/of was saved in slices");
    assert_fails(tensor_bundle_open(&bundle, made("sliced-whole"), error), BERT_ERROR_UNSUPPORTED,
                 "tensor matrix/of was saved in slices");
    assert_true(tensor_bundle_named(made("first-format.ckpt")));
    assert_fails(tensor_bundle_open(&bundle, made("first-format.ckpt"), error),
                 BERT_ERROR_UNSUPPORTED, "old format (V1");
    assert_false(tensor_bundle_named("README.md"));
    assert_false(tensor_bundle_named("tests"));
    assert_false(tensor_bundle_named("/nonexistent"));
    assert_fails(tensor_bundle_open(&bundle, "/nonexistent", error), BERT_ERROR_IO,
                 "/nonexistent.index: cannot open");
}

/* ------------------------------------------------------------------------ after checksums --- */

/* Adds an entry to a block; its key shares `shared` bytes with the previous key. */
static void add_entry(made_bytes *block, size_t shared, const char *key, size_t key_length,
                      const char *value, size_t value_length)
{
    made_varint(block, shared);
    made_varint(block, key_length);
    made_varint(block, value_length);
    made_add(block, key, key_length);
    made_add(block, value, value_length);
}

static void write_table(const void *block, size_t size, unsigned char compression)
{
    unsigned char *file = malloc(size + MADE_TABLE_OVERHEAD);
    assert_non_null(file);
    write_quickly(index_path, file, made_table(file, block, size, compression));
    free(file);
}

static void end_block(made_bytes *block, uint64_t restart, uint64_t restarts)
{
    made_number(block, restart, 4);
    made_number(block, restarts, 4);
    write_table(block->data, block->size, 0);
}

#define HEADER "\x08\x01" /* one shard */
#define BYTES(text) text, sizeof(text) - 1

/* Writes an index with this header and one tensor "a" with this entry; the data has 24 bytes. */
static bert_status open_entry(const char *header, size_t header_size, const char *entry,
                              size_t entry_size, bert_error *error)
{
    unsigned char content[1000];
    made_bytes block = {.data = content};
    tensor_bundle bundle;
    add_entry(&block, 0, "", 0, header, header_size);
    add_entry(&block, 0, "a", 1, entry, entry_size);
    end_block(&block, 0, 1);
    bert_status status = tensor_bundle_open(&bundle, prefix, error);
    if (status == BERT_OK)
        tensor_bundle_close(&bundle);
    return status;
}

static void test_bad_messages(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t header_size;
        const char *entry;
        size_t entry_size;
        const char *message; /* NULL: valid */
    } cases[] = {
        /* float [2, 3], 24 bytes */
        {BYTES(HEADER), BYTES("\x08\1\x12\x08\x12\2\x08\2\x12\2\x08\3\x28\x18"), NULL},
        {BYTES(HEADER), BYTES("\x08\1\x12\x08\x12\2\x08\2\x12\2\x08\3\x28\x18\x50\1"), NULL},
        {BYTES(HEADER), BYTES("\x08\1\x12\x08\x12\2\x08\2\x12\2\x08\2\x28\x18"), "need 16"},
        {BYTES(HEADER), BYTES("\x08\2\x12\x08\x12\2\x08\2\x12\2\x08\3\x28\x18"), "double need 48"},
        {BYTES(HEADER), BYTES("\x08\1\x12\4\x12\2\x08\6\x28\x18\x20\1"),
         "bytes at offset 1 are not"},
        {BYTES(HEADER), BYTES("\x08\1\x12\4\x12\2\x08\6\x28\x18\x18\1"), "is in data file 1 of 1"},
        {BYTES(HEADER), BYTES("\x08\1\x12\4\x12\2\x08\7\x28\x1c"), "28 bytes at offset 0"},
        {BYTES(HEADER),
         BYTES("\x08\1\x12\4\x12\2\x08\6\x28\x18\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"),
         "at offset 18446744073709551615"},
        {BYTES(HEADER), BYTES("\x08\1\x12\4\x12\2\x08\6\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"),
         "need 24"},
        /* a size of 2^62, and twice 2^61 */
        {BYTES(HEADER), BYTES("\x08\1\x12\xd\x12\xb\x08\x80\x80\x80\x80\x80\x80\x80\x80\x40"),
         "damaged"},
        {BYTES(HEADER), BYTES("\x08\1\x12\xc\x12\xa\x08\x80\x80\x80\x80\x80\x80\x80\x80\x40"),
         "overflows"},
        /* a size of -1, an unknown rank, nine sizes */
        {BYTES(HEADER), BYTES("\x08\1\x12\xd\x12\xb\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"),
         "all known"},
        {BYTES(HEADER), BYTES("\x08\1\x12\2\x18\1\x28\4"), "all known"},
        {BYTES(HEADER),
         BYTES("\x08\1\x12\x12\x12\0\x12\0\x12\0\x12\0\x12\0\x12\0\x12\0\x12\0\x12\0"),
         "at most 8 sizes"},
        {BYTES(HEADER), BYTES("\x0a\1x"), "entry of tensor a is damaged"},
        {BYTES(HEADER), BYTES("\x12\5x"), "entry of tensor a is damaged"},
        {BYTES(HEADER), BYTES("\x12\1\xff"), "entry of tensor a is damaged"},
        {BYTES(HEADER), BYTES("\x08\7\x28\x18"), NULL},   /* a string */
        {BYTES(HEADER), BYTES("\x08\x63\x28\x18"), NULL}, /* a type of a future version */
        {BYTES(HEADER), BYTES("\x08\x63\x28\x19"), "25 bytes"},
        {BYTES(""), BYTES(""), "0 data files"},
        {BYTES("\x08\xff\xff\3"), BYTES(""), "65535 data files"},
        {BYTES("\x08\2"), BYTES(""), "data-00000-of-00002: cannot open"},
        {BYTES("\x08"), BYTES(""), "header is damaged"},
        {BYTES("\x1a\1\xff"), BYTES(""), "header is damaged"},
        {BYTES("\x08\1\x10\1"), BYTES(""), "little endian"},
    };
    write_quickly(data_path, "123456781234567812345678", 24);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bert_error error = {0};
        bert_status status = open_entry(cases[i].header, cases[i].header_size, cases[i].entry,
                                        cases[i].entry_size, &error);
        const char *message = cases[i].message;
        if (message ? status == BERT_OK || !strstr(error.message, message) ||
                          !strstr(error.message, prefix)
                    : status != BERT_OK)
            fail_msg("case %zu: \"%s\", expected \"%s\"", i, error.message, message ? message : "");
    }
}

static bert_status visit_nothing(void *context, const sstable_entry *entry, bert_error *error)
{
    (void)entry;
    (void)error;
    ++*(size_t *)context;
    return BERT_OK;
}

/* Reads the table at index_path and counts its entries. */
static bert_status read_table(size_t *count, bert_error *error)
{
    file_map map;
    *count = 0;
    TRY(file_map_open(&map, index_path, error));
    bert_status status = sstable_read(index_path, &map, visit_nothing, count, error);
    file_map_close(&map);
    return status;
}

static void test_bad_blocks(void **state)
{
    (void)state;
    static const struct {
        const char *block;
        size_t size;
        unsigned char compression;
        const char *message; /* NULL: valid */
    } cases[] = {
        {BYTES("\0\1\1ax\0\1\1by\0\0\0\0\1\0\0\0"), 0, NULL},
        {BYTES("\0\1\1ax\1\1\1by\0\0\0\0\1\0\0\0"), 0, NULL},
        {BYTES("\0\1\1ax\0\1\1by\0\0\0\0\5\0\0\0\2\0\0\0"), 0, NULL},
        {BYTES("\0\0\0\0\1\0\0\0"), 0, NULL},
        {BYTES("\0\0\0\0"), 0, NULL},
        {BYTES(""), 0, "too short"},
        {BYTES("\1\0\0"), 0, "too short"},
        {BYTES("\0\0\0\0\2\0\0\0"), 0, "too short for its restart points"},
        {BYTES("\0\0\0\0\xff\xff\xff\xff"), 0, "too short for its restart points"},
        {BYTES("\0\1\1ax\0\1\1by\0\0\0\0\4\0\0\0\2\0\0\0"), 0,
         "a restart point is not at an entry"},
        {BYTES("\0\1\1ax\0\1\1by\4\0\0\0\1\0\0\0"), 0, "a restart point is not at an entry"},
        {BYTES("\0\1\1ax\1\1\1by\0\0\0\0\5\0\0\0\2\0\0\0"), 0, "shares more"},
        {BYTES("\1\1\1ax\0\0\0\0\1\0\0\0"), 0, "shares more"},
        {BYTES("\0\1\1ax\2\1\1by\0\0\0\0\1\0\0\0"), 0, "shares more"},
        {BYTES("\0\1\1bx\0\1\1ay\0\0\0\0\1\0\0\0"), 0, "not in ascending order"},
        {BYTES("\0\1\1ax\0\1\1ay\0\0\0\0\1\0\0\0"), 0, "not in ascending order"},
        {BYTES("\0\1\1ax\1\0\1y\0\0\0\0\1\0\0\0"), 0, "not in ascending order"},
        {BYTES("\0\1\5ax\0\0\0\0\1\0\0\0"), 0, "extends past the end"},
        {BYTES("\0\5\1ax\0\0\0\0\1\0\0\0"), 0, "extends past the end"},
        {BYTES("\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\1ax\0\0\0\0\1\0\0\0"), 0,
         "extends past the end"},
        {BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\1\1ax\0\0\0\0\1\0\0\0"), 0, "shares more"},
        {BYTES("\0\1"), 0, "too short"},
        {BYTES("\0\1\0\0\0\0"), 0, "extends past the end"},
        {BYTES("\x08\x1c\0\0\0\0\1\0\0\0"), 1, NULL},
        {BYTES("\x80\x80\x80\x80\x08\x1c\0\0\0\0\1\0\0\0"), 1, "too large"},
        {BYTES("\xff"), 1, "no length"},
        {BYTES("\x09\x1c\0\0\0\0\1\0\0\0"), 1, "damaged snappy data: truncated"},
        {BYTES("\x08\x1c\0\0"), 1, "damaged snappy data"},
        {BYTES("\0\0\0\0\1\0\0\0"), 2, "compression type 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bert_error error = {0};
        size_t count;
        write_table(cases[i].block, cases[i].size, cases[i].compression);
        bert_status status = read_table(&count, &error);
        const char *message = cases[i].message;
        if (message ? status == BERT_OK || !strstr(error.message, message) ||
                          !strstr(error.message, index_path)
                    : status != BERT_OK)
            fail_msg("case %zu: \"%s\", expected \"%s\"", i, error.message, message ? message : "");
    }
}

static void test_long_keys(void **state)
{
    (void)state;
    char key[SSTABLE_MAX_KEY + 1];
    unsigned char content[SSTABLE_MAX_KEY + 100];
    memset(key, 'k', sizeof key);
    for (size_t more = 0; more < 2; more++) {
        made_bytes block = {.data = content};
        size_t count;
        add_entry(&block, 0, key, SSTABLE_MAX_KEY, "", 0);
        if (more)
            add_entry(&block, SSTABLE_MAX_KEY, "k", 1, "", 0);
        end_block(&block, 0, 1);
        if (more)
            assert_fails(read_table(&count, error), BERT_ERROR_INPUT, "longer than 1024 bytes");
        else
            assert_ok(read_table(&count, error));
        assert_int_equal(count, 1);
    }
}

/* Reads a table whose index has an entry with this block handle. */
static bert_status read_with_handle(const char *handle, size_t size, bert_error *error)
{
    unsigned char content[200], position[32];
    made_bytes file = {.data = content}, value = {.data = position};
    made_add(&file, "\0\0\0\0\1\0\0\0", 8);
    made_trailer(&file, 0, 0);
    made_add(&value, handle, size);
    made_end(&file, &value);
    write_quickly(index_path, content, file.size);
    size_t count;
    return read_table(&count, error);
}

static void test_bad_handles(void **state)
{
    (void)state;
    assert_ok(read_with_handle(BYTES("\0\x08"), error));
    assert_fails(read_with_handle(BYTES("\0"), error), BERT_ERROR_INPUT, "invalid block handle");
    assert_fails(read_with_handle(BYTES(""), error), BERT_ERROR_INPUT, "invalid block handle");
    assert_fails(read_with_handle(BYTES("\0\x07"), error), BERT_ERROR_INPUT,
                 "the checksum of a block");
    assert_fails(read_with_handle(BYTES("\1\x08"), error), BERT_ERROR_INPUT,
                 "the checksum of a block");
    assert_fails(read_with_handle(BYTES("\0\xff\1"), error), BERT_ERROR_INPUT,
                 "past the end of the file");
    assert_fails(read_with_handle(BYTES("\xff\1\0"), error), BERT_ERROR_INPUT,
                 "past the end of the file");
    assert_fails(read_with_handle(BYTES("\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"), error),
                 BERT_ERROR_INPUT, "past the end of the file");
    assert_fails(read_with_handle(BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\x08"), error),
                 BERT_ERROR_INPUT, "past the end of the file");
}

static void test_header_is_needed(void **state)
{
    (void)state;
    unsigned char content[100];
    made_bytes block = {.data = content};
    tensor_bundle bundle;
    end_block(&block, 0, 1);
    assert_fails(tensor_bundle_open(&bundle, prefix, error), BERT_ERROR_INPUT, "is empty");
    block.size = 0;
    add_entry(&block, 0, BYTES("a"), BYTES("\x08\1"));
    end_block(&block, 0, 1);
    assert_fails(tensor_bundle_open(&bundle, prefix, error), BERT_ERROR_INPUT, "has no header");
    block.size = 0;
    add_entry(&block, 0, "", 0, BYTES(HEADER));
    add_entry(&block, 0, BYTES("a\0b"), BYTES("\x08\1"));
    end_block(&block, 0, 1);
    assert_fails(tensor_bundle_open(&bundle, prefix, error), BERT_ERROR_INPUT, "is damaged");
}

/* -------------------------------------------------------------------------- damaged files --- */

static void copy_made(text *index, text *data, const char *name)
{
    char path[140];
    snprintf(path, sizeof path, "%s.index", made(name));
    assert_ok(file_read(index, path, 1 << 20, error));
    snprintf(path, sizeof path, "%s.data-00000-of-00001", made(name));
    assert_ok(file_read(data, path, 1 << 20, error));
    write_quickly(index_path, index->data, index->length);
    write_quickly(data_path, data->data, data->length);
}

static void flip_bit(text *content, size_t position)
{
    content->data[position] = (char)(content->data[position] ^ (char)(1 << position % 8));
}

/* Whether a checksum covers this byte. Not covered are the metaindex block, which is not read, and
 * the handles and padding of the footer. */
static bool is_checked(const text *index, size_t position)
{
    size_t footer = index->length - 48;
    const unsigned char *next = (const unsigned char *)index->data + footer;
    uint64_t offset = 0, size = 0;
    assert_true(varint_take(&next, next + 10, &offset) && varint_take(&next, next + 10, &size));
    return position < offset || (position >= offset + size + 5 && position < footer) ||
           position >= footer + 40;
}

static void test_every_change_of_the_index_is_detected(void **state)
{
    (void)state;
    static const char *const names[] = {"plain", "snappy"};
    for (size_t i = 0; i < 2; i++) {
        text index = {0}, data = {0};
        tensor_bundle bundle;
        copy_made(&index, &data, names[i]);
        assert_ok(tensor_bundle_open(&bundle, prefix, error));
        tensor_bundle_close(&bundle);
        for (size_t position = 0; position < index.length; position++) {
            bert_error error = {0};
            bool checked = is_checked(&index, position);
            flip_bit(&index, position);
            write_quickly(index_path, index.data, index.length);
            bert_status status = tensor_bundle_open(&bundle, prefix, &error);
            if (status == BERT_OK)
                tensor_bundle_close(&bundle);
            else
                assert_non_null(strstr(error.message, prefix));
            if (checked && status == BERT_OK)
                fail_msg("%s: byte %zu of %zu", names[i], position, index.length);
            flip_bit(&index, position);
        }
        for (size_t length = 0; length < index.length; length++) {
            write_quickly(index_path, index.data, length);
            assert_fails(tensor_bundle_open(&bundle, prefix, error), BERT_ERROR_INPUT, prefix);
        }
        text_free(&data);
        text_free(&index);
    }
}

static void test_damaged_data(void **state)
{
    (void)state;
    text index = {0}, data = {0};
    copy_made(&index, &data, "plain");
    for (size_t position = 0; position < data.length; position++) {
        tensor_bundle bundle;
        size_t wrong = 0;
        flip_bit(&data, position);
        write_quickly(data_path, data.data, data.length);
        assert_ok(tensor_bundle_open(&bundle, prefix, error));
        for (size_t i = 0; i < bundle.count; i++) {
            bert_error error = {0};
            bool bad = tensor_bundle_verify(&bundle, &bundle.tensors[i], &error) != BERT_OK;
            assert_true(!bad || strstr(error.message, bundle.tensors[i].name));
            assert_true(!bad || strstr(error.message, "data-00000-of-00001: damaged"));
            wrong += bad;
        }
        assert_int_equal(wrong, 1);
        tensor_bundle_close(&bundle);
        flip_bit(&data, position);
    }
    for (size_t length = 0; length < data.length; length++) {
        tensor_bundle bundle;
        write_quickly(data_path, data.data, length);
        assert_fails(tensor_bundle_open(&bundle, prefix, error), BERT_ERROR_INPUT, "truncated");
    }
    text_free(&data);
    text_free(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc32c),
        cmocka_unit_test(test_varints),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_valid_checkpoints),
        cmocka_unit_test(test_unsupported_checkpoints),
        cmocka_unit_test(test_bad_messages),
        cmocka_unit_test(test_bad_blocks),
        cmocka_unit_test(test_long_keys),
        cmocka_unit_test(test_bad_handles),
        cmocka_unit_test(test_header_is_needed),
        cmocka_unit_test(test_every_change_of_the_index_is_detected),
        cmocka_unit_test(test_damaged_data),
    };
    return cmocka_run_group_tests(tests, set_up, scratch_remove);
}
