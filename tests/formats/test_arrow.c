/* Data that Apache's library wrote (make-tables.py), and every way to break them. */
#include "testing.h"

#include "base/file.h"
#include "formats/arrow.h"

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

/* The rows of all columns of strings, as rows.txt has them. */
static bert_status read_all(text *out, const char *bytes, size_t size, bert_error *error)
{
    memory memory = {.data = bytes, .size = size};
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
        for (size_t i = 0; i < count; i++) {
            if (!columns[i].is_text)
                continue;
            const char *data;
            size_t length;
            TRY_OR_GO(status, arrow_value(arrow, i, &data, &length, error), done);
            if (!data)
                TRY_OR_GO(status, text_append(out, "NULL", 4, error), done);
            for (size_t j = 0; j < length; j++)
                TRY_OR_GO(status,
                          data[j] == '\n' ? text_append(out, "\\n", 2, error)
                                          : text_append(out, data + j, 1, error),
                          done);
            TRY_OR_GO(status, text_append(out, "\n", 1, error), done);
        }
    }
done:
    arrow_close(arrow);
    return status;
}

static const char *const tables[] = {"stream", "file", "large", "lz4", "zstd"};

static void read_table(text *content, const char *name)
{
    char path[200];
    snprintf(path, sizeof path, TABLES "%s.arrow", name);
    assert_ok(file_read(content, path, 1 << 20, error));
}

static void test_all_forms(void **state)
{
    (void)state;
    text expected = {0};
    assert_ok(file_read(&expected, TABLES "rows.txt", 1 << 20, error));
    char *lists = strstr(expected.data, "\n[");
    assert_non_null(lists);
    lists[1] = '\0';
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        text content = {0}, found = {0};
        read_table(&content, tables[i]);
        assert_ok(read_all(&found, content.data, content.length, error));
        assert_string_equal(found.data, expected.data);
        text_free(&content);
        text_free(&found);
    }
    text_free(&expected);
}

static void test_columns(void **state)
{
    (void)state;
    text content = {0};
    read_table(&content, "stream");
    assert_true(arrow_detect(content.data, content.length));
    memory memory = {.data = content.data, .size = content.length};
    arrow *arrow;
    assert_ok(arrow_open(&arrow, (arrow_input){&memory, read_memory}, "FILE", error));
    size_t count;
    const arrow_column *columns = arrow_columns(arrow, &count);
    assert_int_equal(count, 3);
    assert_string_equal(columns[0].name, "id");
    assert_string_equal(columns[0].type, "int");
    assert_string_equal(columns[1].name, "text");
    assert_string_equal(columns[1].type, "utf8");
    assert_string_equal(columns[2].type, "list");
    assert_true(!columns[0].is_text && columns[1].is_text && !columns[2].is_text);
    arrow_close(arrow);
    text_free(&content);
}

/* Whatever the bytes: rows or an error that names the input; the sanitizers watch. */
static bert_status read_damaged(const char *data, size_t size)
{
    char *exact = malloc(size > 0 ? size : 1); /* a byte too many is seen */
    assert_non_null(exact);
    memcpy(exact, data, size);
    text found = {0};
    bert_error error = {0};
    bert_status status = read_all(&found, exact, size, &error);
    if (status != BERT_OK && !strstr(error.message, "FILE: "))
        fail_msg("\"%s\" does not name the input", error.message);
    text_free(&found);
    free(exact);
    return status;
}

static void test_damage(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        text content = {0};
        read_table(&content, tables[i]);
        /* Between two messages a stream may end; a file has a mark there, and a footer behind. */
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
        for (size_t at = 0; at < content.length; at++) {
            char kept = content.data[at];
            content.data[at] ^= (char)(1 << at % 8);
            read_damaged(content.data, content.length);
            content.data[at] = (char)(at % 2 ? 0xFF : 0x80);
            read_damaged(content.data, content.length);
            content.data[at] = kept;
        }
        text_free(&content);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_forms),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
