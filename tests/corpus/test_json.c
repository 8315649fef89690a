/* JSON of every layout as a corpus. tests/corpus/test_json.py compares random files with Python. */
#include "scratch.h"

#include "bert.h"
#include "corpus/json_fields.h"
#include "kept.h"

typedef struct seen {
    text documents; /* each followed by "|" */
    char warning[512];
} seen;

static void keep_message(void *context, bert_message_level level, const char *message)
{
    if (level == BERT_MESSAGE_WARNING)
        snprintf(((seen *)context)->warning, sizeof((seen *)context)->warning, "%s", message);
}

static bert_status read_with(seen *seen, const char *path, const bert_reader_options *options,
                             bert_error *error)
{
    *seen = (struct seen){0};
    const bert_observer observer = {.context = seen, .message = keep_message};
    return bert_read_documents(&path, 1, options, kept_append, &seen->documents, NULL, &observer,
                               error);
}

static bert_status read_file(seen *seen, const char *path, const char *fields, bert_error *error)
{
    bert_reader_options options = bert_reader_options_default();
    options.text_field = fields;
    return read_with(seen, path, &options, error);
}

/* A name without an ending: the content alone says what it is. */
static void assert_documents_of(const char *name, const char *content, const char *fields,
                                const char *expected)
{
    seen seen;
    assert_ok(read_file(&seen, scratch_write(name, content), fields, error));
    assert_string_equal(seen.documents.data, expected);
    assert_string_equal(seen.warning, "");
    text_free(&seen.documents);
}

static void assert_documents(const char *content, const char *fields, const char *expected)
{
    assert_documents_of("input", content, fields, expected);
    assert_documents_of("input.json", content, fields, expected);
}

static void assert_refused_as(const char *name, const char *content, const char *fields,
                              const char *part)
{
    seen seen;
    assert_fails(read_file(&seen, scratch_write(name, content), fields, error), BERT_ERROR_INPUT,
                 part);
    text_free(&seen.documents);
}

static void assert_refused(const char *content, const char *fields, const char *part)
{
    assert_refused_as("input.json", content, fields, part);
}

static void test_objects_on_lines(void **state)
{
    (void)state;
    assert_documents("{\"text\": \"a b\"}\n{\"id\": 1, \"text\": \"c\\n\\n d \\r\\ne\"}\n\n"
                     "{\"text\": null}\n{\"text\": \" \\n\"}\r\n{\"text\": \"\\u00e4\"}",
                     NULL, "a b|c\nd\ne|\xC3\xA4|");
    assert_documents("\xEF\xBB\xBF{\"text\": \"a\"}", NULL, "a|");
    assert_documents("{\"text\":\"a\"}{\"text\":\"b\"} {\"text\":\"c\"}", NULL, "a|b|c|");
    assert_refused("{\"text\": \"a\"}\n{\"id\": 1}", NULL,
                   "input.json:2: the object has no member \"text\"; its members are: id. Name");
}

static void test_pretty_printed_objects(void **state)
{
    (void)state;
    assert_documents("{\n  \"id\": 1,\n  \"text\": \"a\"\n}\n{\n  \"text\": \"b\",\n  \"x\": {\n   "
                     " \"text\": \"no\"\n  }\n}\n",
                     NULL, "a|b|");
    assert_documents("\n\n  {\r\n\t\"text\"\r\n:\r\n\"a\"\r\n}\r\n", NULL, "a|");
    assert_refused("{\n  \"text\": \"a\"\n}\n{\n  \"text\": 1\n}\n", NULL,
                   "input.json:5: expected a string or strings in the member \"text\", found a "
                   "number. Name those with the text by options->text_field");
}

static void test_an_array_of_objects(void **state)
{
    (void)state;
    assert_documents("[\n{\"text\":\"Hello.\"},\n{\"text\":\"World.\"}\n]\n", NULL,
                     "Hello.|World.|");
    assert_documents("[{\"text\":\"a\"},{\"text\":null},{\"text\":\"b\"}]", "text", "a|b|");
    assert_refused("[]", NULL, "contains no documents");
    assert_refused("[{\"text\":\"a\"},\n{\"text\":\"b\"}", NULL,
                   "input.json:2:13: invalid JSON: found the end of the input, expected ',' or ']' "
                   "in the array that begins on line 1");
}

static void test_arrays_of_strings(void **state)
{
    (void)state;
    /* As `datasets` reads them: each element is a document. */
    assert_documents("[\"a b\", \"c\\nd\"]", NULL, "a b|c\nd|");
    assert_documents("[\n  [\"a.\", \"b\\nb.\"],\n  [],\n  [[\"c.\"], \"d.\", null]\n]", NULL,
                     "a.\nb b.|c.\nd.|");
    assert_documents_of("input.jsonl", "\"a\"\n\"b\"\n", NULL, "a|b|");
    assert_refused("[\"a\"]\n[\"b\"]\n", NULL,
                   "input.json:2: found an array, expected the end of the input after the array (a "
                   "path that begins with \"*\" reads the elements of every array)");
    assert_refused("[{\"text\":\"a\"}]\n{\"text\":\"b\"}\n", NULL, "input.json:2: found an object");
    assert_refused("{\"text\":\"a\"}\n[{\"text\":\"b\"}]\n", NULL,
                   "input.json:2: found an array, expected an object, as in the lines before");
    assert_refused("[\"a\", \"b\"]", "text",
                   "input.json:1: expected an object with the member \"text\", found a string.");
    assert_refused("[\"a\", 1]", NULL,
                   "input.json:1: expected a string or strings, found a number.");
}

static void test_an_object_of_documents(void **state)
{
    (void)state;
    assert_documents("{\"d1\": [\"a.\", \"b.\"], \"d2\": [], \"d3\": [\"c.\"]}", NULL,
                     "a.\nb.|c.|");
    assert_documents("{\"one\": [\"a.\", \"b.\"]}\n", NULL, "a.\nb.|");
    assert_documents("{\"d1\": \"a.\\nb.\", \"d2\": \"c.\"}", NULL, "a.\nb.|c.|");
    assert_documents("{\"d1\": [[\"a.\"], [\"b.\"]], \"d2\": \"c.\"}", "*", "a.\nb.|c.|");
    assert_documents("{\"body\": \"a.\"}", "*", "a.|");
    /* What may as well be one object among others is not taken for documents. */
    assert_refused("{\"body\": \"a\"}\n", NULL,
                   "input.json:1: the object has no member \"text\"; its members are: body. Name "
                   "those with the text by options->text_field, or \"*\" if each member is a "
                   "document");
    assert_documents("{\"sentences\": [\"a\", \"b\"]}", NULL, "a\nb|");
    assert_refused("{\"sentences\": [\"a\"], \"x\": [\"b\"]}", NULL, "no member \"text\"");
    assert_refused("{\"title\": \"a\", \"chapter\": \"b\"}", NULL, "no member \"text\"");
    assert_refused("{\"a\": \"b\", \"c\": 1}", NULL, "its members are: a, c.");
    assert_refused("{\"a\": \"b\", \"c\": \"d\"}\n{\"a\": \"e\", \"c\": \"f\"}\n", NULL,
                   "input.json:1: the object has no member \"text\"");
    assert_refused("{\"a\": [\"b\"], \"c\": [\"d\"]} 1", NULL, "no member \"text\"");

    /* An object longer than the bytes that detection sees. */
    text content = {0}, expected = {0};
    for (int i = 0; content.length < 3u << 18; i++) {
        assert_ok(text_format(&content, error, "%s\"d%d\": [\"This is %d.\", \"And this.\"]",
                              i ? ", " : "{", i, i));
        assert_ok(text_format(&expected, error, "This is %d.\nAnd this.|", i));
    }
    text broken = {0};
    assert_ok(text_format(&broken, error, "%s,\n\"x\": 1}", content.data));
    assert_ok(text_append(&content, "}", 1, error));
    assert_documents(content.data, NULL, expected.data);
    assert_refused(broken.data, NULL, "input.json:2: expected a string or strings, found a number");
    text_free(&broken);
    text_free(&content);
    text_free(&expected);
}

static void test_numbers_of_any_kind(void **state)
{
    (void)state;
    assert_documents("{\"id\":18446744073709551615,\"text\":\"Hello.\"}\n{\"id\":1,\"text\":"
                     "\"World.\"}\n",
                     NULL, "Hello.|World.|");
    assert_documents("{\"id\":1,\"text\":\"Hello.\"}\n{\"id\":18446744073709551615,\"text\":"
                     "\"World.\"}\n",
                     "text", "Hello.|World.|");
    assert_documents("{\"x\":NaN,\"y\":[Infinity,-Infinity],\"text\":\"a\"}\n", NULL, "a|");
    assert_documents("{\"x\":-1e99999,\"text\":\"a\",\"y\":0.1E+400}\n", NULL, "a|");
    text content = {0};
    assert_ok(text_format(&content, error, "{\"n\":"));
    for (int i = 0; i < 5000; i++)
        assert_ok(text_append(&content, "7", 1, error));
    assert_ok(text_format(&content, error, ",\"text\":\"a\"}"));
    assert_documents(content.data, NULL, "a|");
    text_free(&content);
}

static void assert_warned(const char *content, const char *fields, const char *expected,
                          const char *warning)
{
    seen seen;
    assert_ok(read_file(&seen, scratch_write("input.jsonl", content), fields, error));
    assert_string_equal(seen.documents.data, expected);
    assert_memory_equal(seen.warning, warning, strlen(warning));
    text_free(&seen.documents);
}

static void test_text_that_is_not_unicode(void **state)
{
    (void)state;
#define R "\xEF\xBF\xBD"
    assert_warned("{\"text\": \"a\\ud800b\"}\n{\"text\": \"\\udc00\\ud83d\\ude00\\ud83d\"}\n", NULL,
                  "a" R "b|" R "\xF0\x9F\x98\x80" R "|",
                  "18 bytes are not valid UTF-8 and replaced by U+FFFD, the first in ");
    assert_warned("{\"body\": \"a\xFF\", \"text\": 1}\n", "body", "a" R "|", "1 byte is not valid");
    assert_warned("{\"text\": \"\xED\xA0\x80\"}\n", NULL, R R R "|", "3 bytes are not valid");
    /* What is not asked for is not counted; a zero byte is text. */
    assert_warned("{\"x\": \"\\ud800\", \"\\ud800\": 1, \"text\": \"a\"}\n", NULL, "a|", "");
    seen seen;
    assert_ok(
        read_file(&seen, scratch_write("input.jsonl", "{\"text\": \"a\\u0000b\"}"), NULL, error));
    assert_int_equal(seen.documents.length, 4);
    assert_memory_equal(seen.documents.data, "a\0b|", 4);
    text_free(&seen.documents);
}

static void test_members_of_the_same_name(void **state)
{
    (void)state;
    assert_documents("{\"text\":\"a\",\"text\":\"b\"}\n{\"text\":1,\"text\":\"c\"}", NULL, "b|c|");
    assert_documents("{\"text\":[\"a\",\"b\"],\"text\":[\"c\"]}\n{\"text\":\"d\",\"text\":null}"
                     "{\"text\":\"\",\"text\":\"e\"}",
                     "text", "c|e|");
    assert_documents("{\"a\":{\"b\":\"x\",\"b\":\"y\"},\"c\":\"z\"}", "a.b,c", "y\nz|");
    assert_documents("{\"l\":[{\"b\":\"x\",\"b\":\"y\"},{\"b\":\"z\"}],\"c\":\"w\"}", "c,l.b",
                     "w\ny\nz|");
    assert_refused("{\"text\":\"a\",\"text\":1}", NULL, "found a number");
    assert_refused("{\"a\":{\"b\":\"x\"},\"a\":{}}", "a.b", "no member \"a.b\"");
}

static void test_paths(void **state)
{
    (void)state;
    const char *translation = "{\"id\": 1, \"translation\": {\"de\": \"eins\", \"en\": \"one\"}}\n";
    assert_documents(translation, "translation.en", "one|");
    assert_documents(translation, "translation.en,translation.de", "one\neins|");
    assert_refused(translation, "translation.fr",
                   "input.json:1: the object has no member \"translation.fr\"; its members are: "
                   "id, translation, translation.de, translation.en. Name");
    assert_refused(translation, "translation",
                   "expected a string or strings in the member \"translation\", found an object.");
    assert_refused(translation, "id.x", "expected an object in the member \"id\", found a number.");
    /* A member whose own name has a dot comes first, wherever it stands. */
    assert_documents("{\"a.b\":\"x\",\"a\":{\"b\":\"y\"}}\n{\"a\":{\"b\":\"y\"},\"a.b\":\"x\"}\n"
                     "{\"a\":{\"b\":1},\"a.b\":\"z\"}\n{\"a\":{\"b\":\"w\"}}",
                     "a.b", "x|x|z|w|");
    assert_documents("{\"a\":{\"b\":{\"c\":\"1\"},\"b.c\":\"2\"},\"a.b\":{\"c\":\"3\"}}", "a.b.c",
                     "3|");
    assert_documents("{\"a\":{\"b\":{\"c\":\"1\"},\"b.c\":\"2\"}}", "a.b.c", "2|");
    assert_refused("{\"x\\ny\\u001b\": 1}", "z", "its members are: x?y?. Name");
    assert_documents("{\"a\":null}\n{\"a\":{\"b\":\"x\"}}\n{\"a\":{\"b\":null}}", "a.b", "x|");
    /* Names with commas. */
    const char *comma = "{\"a\": \"x\\n\\ny\", \"b\": \"z\", \"a,b\": 1}\n";
    assert_documents(comma, "b,a", "z\nx\ny|");
    assert_refused(comma, "a,b", "in the member \"a,b\"");
    assert_documents("{\"a,b\": \"x\"}", "a,b", "x|");
    assert_refused(comma, "a,c", "the object has no member \"c\"; its members are: a, b, a,b.");
}

static void test_lists(void **state)
{
    (void)state;
    assert_documents("{\"text\": [\"One.\", \"Two\\nlines.\", null, \"\", \"Three.\"]}", NULL,
                     "One.\nTwo lines.\nThree.|");
    assert_documents("{\"p\": [[\"a\", [\"b\"]], [], [\"c\"]]}", "p", "a\nb\nc|");
    assert_documents("{\"sentences\": [{\"text\": \"a\", \"n\": 1}, {\"text\": \"b\"}]}",
                     "sentences.text", "a\nb|");
    const char *chat = "{\"turns\": [{\"role\": \"user\", \"content\": \"Hi.\"},\n"
                       "{\"role\": \"tool\"}, {\"role\": \"bot\", \"content\": \"Ho.\"}]}";
    assert_documents(chat, "turns.content", "Hi.\nHo.|");
    assert_documents(chat, "turns.role,turns.content", "user\ntool\nbot\nHi.\nHo.|");
    assert_refused(chat, "turns.text",
                   "no member \"turns.text\"; its members are: turns, turns.role, turns.content.");
    assert_documents("{\"m\":[{\"c\":[{\"t\":\"a\"},{\"t\":[\"b\"]}]},{\"c\":[]}]}", "m.c.t",
                     "a\nb|");
    assert_refused("{\"text\": [\"a\", 1]}", NULL, "found a number in a list");
    assert_refused("{\"text\": [\"a\",\n {\"b\": 1}]}", NULL,
                   "input.json:2: expected a string or strings in the member \"text\", found an "
                   "object in a list");
    assert_refused("{\"m\": [{\"c\": \"a\"}, \"b\"]}", "m.c",
                   "expected an object in the member \"m\", found a string in a list");
}

static void test_rows_below_a_star(void **state)
{
    (void)state;
    const char *squad = "{\"version\": 1, \"data\": [{\"text\": \"a\"}, {\"text\": \"b\"}]}\n";
    assert_documents(squad, "data.*.text", "a|b|");
    assert_documents(squad, "data.text", "a\nb|");
    assert_documents(
        "{\"x\":{\"y\":{\"p\":{\"t\":\"a\"},\"q\":{\"t\":\"b\"}}}}\n{\"x\":{\"y\":[]}}", "x.y.*.t",
        "a|b|");
    assert_documents("{\"p\":{\"t\":\"a\",\"u\":\"1\"},\"q\":{\"t\":\"b\",\"u\":\"2\"}}", "*.u,*.t",
                     "1\na|2\nb|");
    assert_documents("[{\"t\":\"a\"},{\"t\":\"b\"}]", "*.t", "a|b|");
    assert_documents("[\"a\",\"b\"]\n[]\n[[\"c\",\"d\"]]", "*", "a|b|c\nd|");
    assert_refused(squad, "date.*.text",
                   "input.json:1: the object has no member \"date\"; its members are: version, "
                   "data.");
    assert_refused(squad, "version.*", "found a number, expected an object or an array before");
    assert_refused(squad, "data.*.body", "no member \"body\"; its members are: text.");
    seen seen;
    assert_fails(read_file(&seen, scratch_write("input.json", squad), "data.*.text,version", error),
                 BERT_ERROR_INVALID_ARGUMENT,
                 "the path \"version\" differs from the others before its star");
    text_free(&seen.documents);
    assert_fails(read_file(&seen, scratch_write("input.json", squad), "data.*.list.*.t", error),
                 BERT_ERROR_INVALID_ARGUMENT,
                 "the path \"data.*.list.*.t\" has a second star, expected one");
    text_free(&seen.documents);
}

static void test_rows_of_a_document(void **state)
{
    (void)state;
    const char *path = scratch_write("input.jsonl", "{\"id\": 1, \"text\": \"A.\"}\n"
                                                    "{\"text\": \"B.\", \"id\": 1}\n"
                                                    "{\"id\": \"1a\", \"text\": \"C.\"}\n"
                                                    "{\"id\": null, \"text\": \"D.\"}\n");
    bert_reader_options options = bert_reader_options_default();
    options.document_column = "id";
    seen seen;
    assert_ok(read_with(&seen, path, &options, error));
    assert_string_equal(seen.documents.data, "A.\nB.|C.|D.|");
    text_free(&seen.documents);
    options.document_column = "no";
    assert_fails(read_with(&seen, path, &options, error), BERT_ERROR_INPUT,
                 "input.jsonl:1: the object has no member \"no\"; its members are: id, text.");
    text_free(&seen.documents);
    path = scratch_write("input.jsonl", "{\"id\": [1], \"text\": \"A.\"}\n");
    options.document_column = "id";
    assert_fails(read_with(&seen, path, &options, error), BERT_ERROR_INPUT,
                 "expected a string or a number in the member \"id\", found an array");
    text_free(&seen.documents);
    options.document_column = "m.*.id";
    options.text_field = "m.*.t";
    path = scratch_write("input.json", "{\"m\": [{\"id\": 1, \"t\": \"A.\"}, {\"id\": 1, \"t\": "
                                       "\"B.\"}, {\"t\": \"C.\", \"id\": 2.5}]}");
    assert_ok(read_with(&seen, path, &options, error));
    assert_string_equal(seen.documents.data, "A.\nB.|C.|");
    text_free(&seen.documents);
    options.document_column = "id";
    assert_fails(read_with(&seen, path, &options, error), BERT_ERROR_INVALID_ARGUMENT,
                 "the path \"m.*.t\" differs from the others before its star");
    text_free(&seen.documents);
    options.text_field = options.document_column = NULL;
    options.document_separator = BERT_DOCUMENT_SEPARATOR_FILE;
    path = scratch_write("input.jsonl", "{\"text\": \"A.\"}\n{\"text\": \"B.\"}\n");
    assert_ok(read_with(&seen, path, &options, error));
    assert_string_equal(seen.documents.data, "A.\nB.|");
    text_free(&seen.documents);
    /* WikiText, a line in each object. */
    assert_documents("{\"text\": \"\"}\n{\"text\": \" = One = \\n\"}\n{\"text\": \"\"}\n"
                     "{\"text\": \" a . \\n\"}\n{\"text\": \" b . \\n\"}\n{\"text\": \"\"}\n"
                     "{\"text\": \" = Two = \\n\"}\n{\"text\": \"\"}\n{\"text\": \" c . \\n\"}\n",
                     NULL, "a .\nb .|c .|");
}

static void test_prose_stays_prose(void **state)
{
    (void)state;
    static const char *const prose[] = {
        "{a} b",
        "[1] Smith, J.",
        "[1, 2]",
        "[Illustration] A.",
        "[[Link]] and",
        "{{template}} text.",
        "[\"Yes,\" he said.",
        "{\"quoted\" text}",
        "[\"a\"] and so",
        "{ }, the empty set",
        "[] is a list",
        "{'a' or 'b'}",
        "\"a\" b",
        "{",
        "[",
    };
    for (size_t i = 0; i < sizeof prose / sizeof *prose; i++) {
        char expected[64];
        snprintf(expected, sizeof expected, "%s|", prose[i]);
        assert_documents_of("input", prose[i], NULL, expected);
        assert_refused_as("input.json", prose[i], NULL, "input.json:1");
    }
    /* Where a member is named, what is no JSON at all is refused by the reader of any format. */
    assert_refused_as("input", "[Illustration] A.", "text", "input: is neither JSON");
    assert_refused_as("input", "{{template}} text.", "text", "input: is neither JSON");
}

static void test_broken_json_is_no_prose(void **state)
{
    (void)state;
    static const char *const endings[] = {".json", ".jsonl", ".ndjson", ".JSONL"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char name[32];
        snprintf(name, sizeof name, "input%s", endings[i]);
        assert_refused_as(name, "Prose.", NULL, ":1:1: invalid JSON: found 'P', expected a value");
    }
    assert_refused_as("input", "{'text': 'a'}", NULL, "strings have double quotation marks");
    assert_refused_as("input", "[{'text': 'a'}]", NULL, "strings have double quotation marks");
    assert_refused_as("input", "{text: 1}", "text", "input:1:2: invalid JSON: found 't'");
    assert_refused_as("input", "{\"text\": \"a\"}\n\n{\"text\": \"a}\n", NULL,
                      "input:3:13: invalid JSON: found the end of the line");
    assert_refused_as("input", "{\"text\": \"a\"", NULL, "found the end of the input");
    assert_refused_as("input", "{\"text\": \"a\x01\"}", NULL, "found the byte 0x01");
    assert_refused_as("input", "{\"text\": \"a\"}, {\"text\": \"b\"}", NULL, "found ','");
    assert_refused_as("input", "{\"text\": \"a\"}\n1\n", NULL,
                      "input:2: expected a string or strings, found a number");
}

static void test_long_first_objects(void **state)
{
    (void)state;
    /* Longer than what detection sees: one string, and members before the text. */
    text content = {0};
    assert_ok(text_format(&content, error, "{\"id\": 1, \"text\": \""));
    size_t begin = content.length;
    while (content.length < 3u << 20)
        assert_ok(text_format(&content, error, "w\\u00f6rd "));
    assert_ok(text_format(&content, error, "\", \"x\": [%s1", ""));
    while (content.length < 4u << 20)
        assert_ok(text_format(&content, error, ", {\"a\": null}"));
    assert_ok(text_format(&content, error, "]}\n{\"text\": \"b\"}\n"));
    seen seen;
    assert_ok(read_file(&seen, scratch_write("input", content.data), NULL, error));
    size_t words = ((3u << 20) - begin + 9) / 10;
    assert_int_equal(seen.documents.length, words * 6 - 1 + strlen("|b|"));
    text_free(&seen.documents);
    text_free(&content);
}

static void test_long_texts_are_refused(void **state)
{
    (void)state;
    FILE *file = fopen(scratch_path("input.json"), "wb");
    assert_non_null(file);
    fputs("{\"text\": [\n", file);
    for (int i = 0; i <= JSON_TEXT_LIMIT >> 20; i++)
        fprintf(file, "\"%*s\",\n", 1 << 20, "a");
    fputs("\"\"]}\n", file);
    fclose(file);
    seen seen;
    assert_fails(read_file(&seen, scratch_path("input.json"), NULL, error), BERT_ERROR_INPUT,
                 "input.json:66: a text of more than 64 MiB");
    text_free(&seen.documents);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_remove)
    const struct CMUnitTest tests[] = {
        TEST(test_objects_on_lines),
        TEST(test_pretty_printed_objects),
        TEST(test_an_array_of_objects),
        TEST(test_arrays_of_strings),
        TEST(test_an_object_of_documents),
        TEST(test_numbers_of_any_kind),
        TEST(test_text_that_is_not_unicode),
        TEST(test_members_of_the_same_name),
        TEST(test_paths),
        TEST(test_lists),
        TEST(test_rows_below_a_star),
        TEST(test_rows_of_a_document),
        TEST(test_prose_stays_prose),
        TEST(test_broken_json_is_no_prose),
        TEST(test_long_first_objects),
        TEST(test_long_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
