/* Reads data of all kinds (make-tables.py, make-more-tables.py), and corrupted versions of it. */
#include "golden_values.h"

#include "base/memory.h"
#include "formats/arrow.h"

#include <fcntl.h>
#include <sys/mman.h>

#define TABLES "tests/formats/tables/"

typedef struct memory {
    const char *data;
    size_t size, at;
} memory;

static bert_status read_memory(void *context, void *data, size_t size, size_t *got,
                               bert_error *error)
{
    (void)error;
    memory *memory = context;
    *got = memory->size - memory->at < size ? memory->size - memory->at : size;
    memcpy(data, memory->data + memory->at, *got);
    memory->at += *got;
    return BERT_OK;
}

/* Formats like rows.txt: "two", "[1, 2]"; an empty list is "[NULL]". */
static bert_status write_row(text *out, arrow *arrow, size_t column, bert_error *error)
{
    size_t columns;
    const arrow_column *kind = &arrow_columns(arrow, &columns)[column];
    size_t count;
    TRY(arrow_value_count(arrow, column, &count, error));
    int64_t *values;
    TRY(memory_array((void **)&values, count, sizeof *values, "values", error));
    bert_status status = BERT_OK;
    if (kind->is_integer)
        TRY_OR_GO(status, arrow_integers(arrow, column, values, error), done);
    TRY_OR_GO(status, text_format(out, error, kind->is_list ? "[" : ""), done);
    for (size_t i = 0; i < count; i++) {
        const char *data;
        size_t length;
        if (i > 0)
            TRY_OR_GO(status, text_format(out, error, ", "), done);
        if (kind->is_integer) {
            TRY_OR_GO(status, text_format(out, error, "%lld", (long long)values[i]), done);
        } else {
            TRY_OR_GO(status, arrow_text(arrow, column, i, &data, &length, error), done);
            TRY_OR_GO(status, rows_append_value(out, data, length, error), done);
        }
    }
    status = text_format(out, error, "%s%s\n", count == 0 ? "NULL" : "", kind->is_list ? "]" : "");
done:
    free(values);
    return status;
}

/* The rows of a column, or of all supported columns if `name` is NULL. */
static bert_status read_column(text *out, const text *bytes, const char *name, bert_error *error)
{
    memory memory = {.data = bytes->data, .size = bytes->length};
    arrow *arrow;
    TRY(arrow_open(&arrow, (arrow_input){&memory, read_memory}, "FILE", error));
    size_t count;
    const arrow_column *columns = arrow_columns(arrow, &count);
    bert_status status = BERT_OK;
    for (;;) {
        bool found;
        TRY_OR_GO(status, arrow_next_row(arrow, &found, error), done);
        if (!found)
            break;
        for (size_t i = 0; i < count; i++)
            if ((columns[i].is_text || columns[i].is_bytes || columns[i].is_number) &&
                (!name || strcmp(columns[i].name, name) == 0))
                TRY_OR_GO(status, write_row(out, arrow, i, error), done);
    }
done:
    arrow_close(arrow);
    return status;
}

/* Opens a file of either format in the way that fits it. */
static void open_any(arrow **out, int file, const text *content, memory *memory)
{
    *memory = (struct memory){.data = content->data, .size = content->length};
    if (arrow_detect_file(content->data, content->length))
        assert_ok(arrow_open_file(out, file, "FILE", error));
    else
        assert_ok(arrow_open(out, (arrow_input){memory, read_memory}, "FILE", error));
}

static size_t find_column(const arrow *arrow, const char *name)
{
    size_t count;
    const arrow_column *columns = arrow_columns(arrow, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(columns[i].name, name) == 0)
            return i;
    fail_msg("no column %s", name);
    return 0;
}

static void append_golden_row(text *out, arrow *arrow, size_t column)
{
    size_t count, columns;
    const arrow_column *kind = &arrow_columns(arrow, &columns)[column];
    bool is_first = true;
    assert_ok(arrow_value_count(arrow, column, &count, error));
    if (kind->is_list)
        assert_ok(text_append(out, "[", 1, error));
    else
        assert_int_equal(count, 1);
    for (size_t i = 0; i < count; i++) {
        const char *data;
        size_t length;
        assert_ok(arrow_text(arrow, column, i, &data, &length, error));
        assert_ok(kind->is_list ? golden_append_item(out, data, length, &is_first, error)
                                : rows_append_value(out, data, length, error));
    }
    if (kind->is_list)
        assert_ok(text_append(out, "]", 1, error));
}

static void read_golden(text *rows, char *type, const char *path, const char *name)
{
    text content = {0};
    memory memory;
    arrow *arrow;
    int file = open(path, O_RDONLY);
    assert_true(file >= 0);
    assert_ok(file_read(&content, path, 1 << 20, error));
    open_any(&arrow, file, &content, &memory);
    size_t count, column = find_column(arrow, name);
    snprintf(type, 60, "%s", arrow_columns(arrow, &count)[column].type);
    for (bool found, is_first = true;; is_first = false) {
        assert_ok(arrow_next_row(arrow, &found, error));
        if (!found)
            break;
        if (!is_first)
            assert_ok(text_append(rows, "|", 1, error));
        append_golden_row(rows, arrow, column);
    }
    arrow_close(arrow);
    close(file);
    text_free(&content);
}

static void test_all_kinds_of_columns(void **state)
{
    (void)state;
    golden_check(".arrow", read_golden);
}

static const char *const tables[] = {"stream", "file", "large", "lz4", "zstd"};

static void read_table(text *content, const char *name)
{
    char path[200];
    snprintf(path, sizeof path, TABLES "%s.arrow", name);
    assert_ok(file_read(content, path, 1 << 20, error));
}

static void test_all_formats(void **state)
{
    (void)state;
    text expected = {0};
    assert_ok(file_read(&expected, TABLES "rows.txt", 1 << 20, error));
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        text content = {0}, found = {0};
        read_table(&content, tables[i]);
        assert_ok(read_column(&found, &content, "text", error));
        assert_ok(read_column(&found, &content, "tags", error));
        assert_string_equal(found.data, expected.data);
        text_free(&content);
        text_free(&found);
    }
    text_free(&expected);
}

static void test_nested(void **state)
{
    (void)state;
    static const char *const names[] = {"nested", "nested-zstd"};
    static const struct {
        const char *column, *type, *rows;
    } cases[] = {
        {"ids", "list<int32>", "[1, -2]\n[NULL]\n[NULL]\n[2147483647]\n[5, 6, 7]\n"},
        {"types", "list<uint8>", "[0, 1]\n[255]\n[NULL]\n[NULL]\n[3]\n"},
        {"fixed", "fixed-size list<int16>", "[1, 2]\n[3, 4]\n[NULL]\n[5, 6]\n[-7, 8]\n"},
        {"label", "int64", "0\n1\n-9223372036854775808\n9223372036854775807\n4\n"},
        {"texts", "list<large_utf8>", "[a, NULL]\n[NULL]\n[NULL]\n[bc]\n[, d]\n"},
        {"translation.en", "utf8", "one\nNULL\nNULL\nfour\nfive\n"},
        {"translation.de", "utf8", "eins\nNULL\ndrei\nvier\nNULL\n"},
        {"turns.text", "list<utf8>", "[hi, ho]\n[NULL]\n[NULL]\n[NULL]\n[NULL, x]\n"},
        {"deep", "list<list<utf8>>", "[z]\n[z]\n[z]\n[z]\n[z]\n"},
        {"kind", "dictionary<utf8>", "u\nv\nu\nNULL\nv\n"},
        {"after", "utf8", "v\nw\nx\ny\nz\n"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        text content = {0};
        read_table(&content, names[i]);
        memory memory = {.data = content.data, .size = content.length};
        arrow *arrow;
        assert_ok(arrow_open(&arrow, (arrow_input){&memory, read_memory}, "FILE", error));
        size_t count;
        const arrow_column *columns = arrow_columns(arrow, &count);
        assert_int_equal(count, sizeof cases / sizeof *cases);
        for (size_t j = 0; j < count; j++) {
            assert_string_equal(columns[j].name, cases[j].column);
            assert_string_equal(columns[j].type, cases[j].type);
            assert_true(columns[j].is_text || columns[j].is_integer);
            assert_int_equal(columns[j].is_list, strstr(cases[j].type, "list") != NULL);
            assert_int_equal(columns[j].list_length, cases[j].type[0] == 'f' ? 2 : 0);
            text found = {0};
            assert_ok(read_column(&found, &content, cases[j].column, error));
            assert_string_equal(found.data, cases[j].rows);
            text_free(&found);
        }
        arrow_close(arrow);
        text_free(&content);
    }
}

/* Expected values from shared/data/README.md. */
static void test_real_ids(void **state)
{
    (void)state;
    const char *path =
        "../shared/data/rocm-dataset/wikiTokenizedValid.hf/data-00000-of-00001.arrow";
    if (!file_exists(path)) {
        print_message("skipped: no shared data\n");
        skip();
    }
    text content = {0};
    assert_ok(file_read(&content, path, 1 << 24, error));
    memory memory = {.data = content.data, .size = content.length};
    arrow *arrow;
    assert_ok(arrow_open(&arrow, (arrow_input){&memory, read_memory}, "FILE", error));
    size_t columns, rows = 0, firsts[4] = {0}; /* sums of the first values */
    arrow_columns(arrow, &columns);
    assert_int_equal(columns, 4);
    bool found;
    for (;; rows++) {
        assert_ok(arrow_next_row(arrow, &found, error));
        if (!found)
            break;
        int64_t values[128];
        for (size_t i = 0; i < columns; i++) {
            size_t count;
            assert_ok(arrow_value_count(arrow, i, &count, error));
            assert_int_equal(count, i < 3 ? 128 : 1);
            assert_ok(arrow_integers(arrow, i, values, error));
            if (i == 0)
                assert_true(values[0] == 101); /* [CLS] */
            firsts[i] += (size_t)values[0];
        }
    }
    assert_int_equal(rows, 3083);
    assert_int_equal(firsts[3], 2018);
    assert_int_equal(firsts[2], 3083); /* every row attends to its first token */
    arrow_close(arrow);
    text_free(&content);
}

/* Arbitrary bytes give rows, or an error that names the input. Meant to run under sanitizers. */
static bert_status read_damaged(const char *data, size_t size)
{
    char *exact = malloc(size > 0 ? size : 1); /* so that sanitizers detect overreads */
    assert_non_null(exact);
    memcpy(exact, data, size);
    text found = {0};
    bert_error error = {0};
    bert_status status = read_column(&found, &(text){.data = exact, .length = size}, NULL, &error);
    if (status != BERT_OK && !strstr(error.message, "FILE: "))
        fail_msg("\"%s\" does not name the input", error.message);
    text_free(&found);
    free(exact);
    return status;
}

/* The same by its footer, if it has the file format. */
static void read_damaged_file(const char *data, size_t size)
{
    int file = memfd_create("arrow", 0);
    assert_true(file >= 0);
    assert_int_equal(write(file, data, size), size);
    arrow *arrow;
    bert_error error = {0};
    if (arrow_open_file(&arrow, file, "FILE", &error) == BERT_OK) {
        text found = {0};
        size_t count;
        const arrow_column *columns = arrow_columns(arrow, &count);
        for (bool more = true; more;) {
            if (arrow_next_row(arrow, &more, &error) != BERT_OK)
                break;
            for (size_t i = 0; more && i < count; i++)
                if ((columns[i].is_text || columns[i].is_bytes || columns[i].is_number) &&
                    write_row(&found, arrow, i, &error) != BERT_OK)
                    more = false;
        }
        text_free(&found);
        arrow_close(arrow);
    }
    if (error.status != BERT_OK && !strstr(error.message, "FILE: "))
        fail_msg("\"%s\" does not name the input", error.message);
    close(file);
}

static void read_damaged_both(const char *data, size_t size)
{
    read_damaged(data, size);
    if (arrow_detect_file(data, size))
        read_damaged_file(data, size);
}

static void damage_everywhere(text *content)
{
    for (size_t at = 0; at < content->length; at++) {
        char saved = content->data[at];
        content->data[at] ^= (char)(1 << at % 8);
        read_damaged_both(content->data, content->length);
        content->data[at] = (char)(at % 2 ? 0xFF : 0x80);
        read_damaged_both(content->data, content->length);
        content->data[at] = saved;
    }
}

static void test_damage(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        text content = {0};
        read_table(&content, tables[i]);
        /* A stream may end between two messages; a file has an end marker and a footer. */
        bool is_file = memcmp(content.data, "ARROW1", 6) == 0;
        const char *mark = memmem(content.data, content.length, "\xFF\xFF\xFF\xFF\0\0\0", 8);
        assert_non_null(mark);
        int whole = 0;
        for (size_t size = 0; size < (size_t)(mark - content.data) + (is_file ? 8 : 0); size++) {
            bert_status status = read_damaged(content.data, size);
            assert_true(status == BERT_OK || status == BERT_ERROR_INPUT);
            whole += status == BERT_OK;
        }
        assert_int_equal(whole, is_file ? 0 : 3); /* 0, 1 and 2 of 3 record batches */
        damage_everywhere(&content);
        text_free(&content);
    }
}

static void test_damage_nested(void **state)
{
    (void)state;
    static const char *const names[] = {"nested", "kinds-file", "dictionaries", "polars"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        text content = {0};
        read_table(&content, names[i]);
        damage_everywhere(&content);
        text_free(&content);
    }
}

static void open_memory(const char *data, size_t size, bert_status status, const char *part)
{
    memory memory = {.data = data, .size = size};
    arrow *arrow;
    assert_true(arrow_detect(data, size));
    assert_fails(arrow_open(&arrow, (arrow_input){&memory, read_memory}, "FILE", error), status,
                 part);
}

/* The position of field `field` of a FlatBuffers table, in its vtable. */
static size_t field_slot(const text *content, size_t table, unsigned field)
{
    int32_t offset;
    memcpy(&offset, content->data + table, sizeof offset);
    return (size_t)((int64_t)table - offset) + 4 + 2 * field;
}

static size_t follow(const text *content, size_t position)
{
    uint32_t offset;
    memcpy(&offset, content->data + position, sizeof offset);
    return position + offset;
}

static size_t follow_field(const text *content, size_t table, unsigned field)
{
    uint16_t offset;
    memcpy(&offset, content->data + field_slot(content, table, field), sizeof offset);
    return follow(content, table + offset);
}

static void test_what_is_refused_is_named(void **state)
{
    (void)state;
    open_memory("FEA1\0\0\0\0 and columns", 20, BERT_ERROR_UNSUPPORTED,
                "FILE: is a Feather file of version 1, expected version 2");
    text content = {0};
    read_table(&content, "stream");
    size_t message = follow(&content, 8), schema = follow_field(&content, message, 2);
    /* The endianness is absent, which means little; its slot is made to point to a 1. */
    size_t slot = field_slot(&content, schema, 0), one = schema;
    while (memcmp(content.data + one, "\1\0", 2) != 0)
        one++;
    uint16_t offset = (uint16_t)(one - schema), absent;
    memcpy(&absent, content.data + slot, sizeof absent);
    assert_int_equal(absent, 0);
    memcpy(content.data + slot, &offset, sizeof offset);
    open_memory(content.data, content.length, BERT_ERROR_UNSUPPORTED, "is big-endian Arrow data");
    text_clear(&content);
    read_table(&content, "stream");
    slot = field_slot(&content, message, 0); /* its version */
    memcpy(&offset, content.data + slot, sizeof offset);
    content.data[message + offset] = 9;
    open_memory(content.data, content.length, BERT_ERROR_UNSUPPORTED,
                "metadata of version 10, expected 4");
    text_free(&content);
}

static void test_truncated_files_are_named(void **state)
{
    (void)state;
    text content = {0};
    read_table(&content, "file");
    for (size_t size = 8; size < content.length; size += size < content.length - 12 ? 100 : 1) {
        int file = memfd_create("arrow", 0);
        assert_int_equal(write(file, content.data, size), size);
        arrow *arrow;
        assert_fails(arrow_open_file(&arrow, file, "FILE", error), BERT_ERROR_INPUT,
                     "FILE: begins like an Arrow file but does not end like one: truncated?");
        close(file);
    }
    text_free(&content);
}

/* Text that begins with small numbers is not a stream of before Arrow 0.15. */
static void test_detection(void **state)
{
    (void)state;
    static const char text[] = "\x10\0\0\0 some bytes that are no schema at all";
    assert_false(arrow_detect(text, sizeof text));
    assert_false(arrow_detect("FEA1 is a word", 14));
    assert_false(arrow_detect("plain text of a corpus", 22));
}

/* Booleans are integers for labels, and a list is read as a whole. */
static void test_integers(void **state)
{
    (void)state;
    text content = {0};
    read_table(&content, "numbers");
    memory memory = {.data = content.data, .size = content.length};
    arrow *arrow;
    assert_ok(arrow_open(&arrow, (arrow_input){&memory, read_memory}, "FILE", error));
    size_t boolean = find_column(arrow, "bool"), large = find_column(arrow, "uint64"), count;
    assert_true(arrow_columns(arrow, &count)[boolean].is_integer);
    assert_false(arrow_columns(arrow, &count)[find_column(arrow, "float32")].is_integer);
    bool found;
    int64_t value;
    assert_ok(arrow_next_row(arrow, &found, error));
    assert_ok(arrow_integers(arrow, boolean, &value, error));
    assert_int_equal(value, 1);
    assert_ok(arrow_next_row(arrow, &found, error));
    assert_ok(arrow_integers(arrow, boolean, &value, error));
    assert_int_equal(value, 0);
    assert_fails(arrow_integers(arrow, large, &value, error), BERT_ERROR_INPUT,
                 "an integer of more than 63 bits");
    assert_ok(arrow_next_row(arrow, &found, error));
    assert_fails(arrow_integers(arrow, boolean, &value, error), BERT_ERROR_INPUT,
                 "a null where an integer was expected");
    arrow_close(arrow);
    text_free(&content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_formats),
        cmocka_unit_test(test_all_kinds_of_columns),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_detection),
        cmocka_unit_test(test_what_is_refused_is_named),
        cmocka_unit_test(test_truncated_files_are_named),
        cmocka_unit_test(test_real_ids),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_damage_nested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
